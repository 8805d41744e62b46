# SPDX-License-Identifier: Apache-2.0
"""Access tokens of the service: JSON Web Tokens, signed with a secret."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from typing import Protocol

#: Seconds for which a token is valid, as on the platform.
LIFE = 3600


#: Number of tokens that are remembered.
_MAX_KNOWN = 1000
_SALT = "salt of access tokens"


class Settings(Protocol):
    """Values that outlive a process."""

    def setting(self, name: str, default: bytes) -> bytes:
        """Return a value; ``default`` becomes the value if there is none."""

    def set_setting(self, name: str, value: bytes) -> None:
        """Replace a value."""


class Tokens:
    """Issues access tokens for an API key, and checks them."""

    def __init__(self, api_key: str, settings: Settings | None = None) -> None:
        """Make a secret.

        Args:
            api_key: The API key.
            settings: Where a part of the secret is kept, so that tokens are valid for a later instance with the same
                key. By default, the secret is a random one, and tokens are valid for this instance only.
        """
        self._api_key = api_key
        self._settings = settings
        #: Good tokens, and when they expire: checking one again would be a tenth of the time of a request.
        self._known: dict[str, float] = {}
        fresh = secrets.token_bytes(32)
        self._secret = self._derived(fresh if settings is None else settings.setting(_SALT, fresh))

    def _derived(self, salt: bytes) -> bytes:
        """Return the secret: it tells nothing about the key to who does not know the salt, which is random."""
        return hmac.new(salt, b"access tokens\0" + self._api_key.encode(), hashlib.sha256).digest()

    def __repr__(self) -> str:
        return "<Tokens>"

    def is_key(self, key: str) -> bool:
        """Return whether ``key`` is the API key."""
        return hmac.compare_digest(key.encode(), self._api_key.encode())

    def issue(self, life: int = LIFE) -> tuple[str, int]:
        """Return a token, and the time at which it expires, in seconds since 1970."""
        issued = int(time.time())
        claims = {"iat": issued, "exp": issued + life, "iss": "local", "sub": "local"}
        text = (
            f"{_encoded(json.dumps({'alg': 'HS256', 'typ': 'JWT'}).encode())}.{_encoded(json.dumps(claims).encode())}"
        )
        return f"{text}.{self._signature(text)}", issued + life

    def accepts(self, authorization: str) -> bool:
        """Return whether the value of an ``Authorization`` header is valid now."""
        scheme, _, value = authorization.partition(" ")
        if scheme.lower() == "apikey":
            return self.is_key(value)
        known = self._known.get(authorization)
        if known is not None:
            return known > time.time()
        text, _, signature = value.rpartition(".")
        if scheme.lower() != "bearer" or not hmac.compare_digest(signature.encode(), self._signature(text).encode()):
            return False
        payload = text.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        if len(self._known) >= _MAX_KNOWN:
            self._known.clear()
        self._known[authorization] = float(claims["exp"])
        return bool(claims["exp"] > time.time())

    def expire(self) -> None:
        """Invalidate all tokens, also for later instances."""
        salt = secrets.token_bytes(32)
        self._known = {}
        self._secret = self._derived(salt)
        if self._settings is not None:
            self._settings.set_setting(_SALT, salt)

    def _signature(self, text: str) -> str:
        return _encoded(hmac.new(self._secret, text.encode(), hashlib.sha256).digest())


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

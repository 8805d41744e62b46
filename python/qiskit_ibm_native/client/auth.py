# SPDX-License-Identifier: Apache-2.0
"""Access tokens of IAM, which are exchanged for an API key and renewed before they expire.

IBM's SDK stalls all requests of the next minute after a failed renewal. Here a valid token is used on while a new one
cannot be fetched, and a failure is raised at once.
"""

from __future__ import annotations

import base64
import copy
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import orjson

from .._deadline import seconds_left
from .._logger import logger
from .._redaction import redact
from .._threads import Lock
from ..exceptions import ApiIBMProtocolError, IBMError, IBMNotAuthorizedError, RequestsApiError
from .transport import TIMED_OUT

if TYPE_CHECKING:
    from .transport import HttpResponse, Transport

_GRANT = "urn:ibm:params:oauth:grant-type:apikey"
#: Seconds by which a token counts as expired early, for requests that are on their way.
_MARGIN = 10.0
#: Fraction of a token's life after which it is renewed: of an hour, twelve minutes are left for an outage of IAM.
_RENEWAL = 0.8
#: Seconds until a failed early renewal is tried again: six tries a minute load no service.
_RENEWAL_BACKOFF = 10.0


class Authenticator:
    """Source of ``Authorization`` headers. Threads may share one."""

    def __init__(
        self, api_key: str, iam_url: str, transport: Transport, clock: Callable[[], float] = time.time
    ) -> None:
        """Create an authenticator; the first header fetches a token."""
        self._api_key = api_key
        self._iam_url = iam_url
        self._transport = transport
        self._clock = clock
        self._lock = Lock()
        self._token = ""
        self._renewal = self._expiry = 0.0
        self._failure: tuple[float, IBMError] | None = None
        redact.hide_key(api_key)

    def __repr__(self) -> str:
        return f"<Authenticator at {self._iam_url}>"

    def header(self) -> str:
        """Return the value of the header, with a token that is valid for ten seconds at least.

        Raises:
            IBMNotAuthorizedError: IAM does not accept the API key.
            RequestsApiError: IAM cannot be reached.
        """
        asked, now = time.monotonic(), self._clock()
        if now < self._renewal:
            return f"Bearer {self._token}"
        # While the token is valid, one thread renews it and the others use it; afterwards they wait for the new one.
        with self._transport.call():
            is_needed = now >= self._expiry
            if self._lock.acquire(timeout=max(seconds_left(), 0.0) if is_needed else 0.0):
                try:
                    self._renew_if_needed(asked)
                finally:
                    self._lock.release()
            elif is_needed:
                raise RequestsApiError(
                    "POST /identity/token: another thread has waited for a token for too long.", code=TIMED_OUT
                )
        return f"Bearer {self._token}"

    def authorized(self, headers: dict[str, str], send: Callable[[], HttpResponse]) -> HttpResponse:
        """Send a request with a token, and once more with a new token if the first one is refused.

        Args:
            headers: Headers of the request, to which the token is added.
            send: Function that sends the request with these headers.

        Raises:
            IBMNotAuthorizedError: The new token is refused, too.
        """
        headers["Authorization"] = self.header()
        try:
            return send()
        except IBMNotAuthorizedError as error:
            # A token may be revoked before it expires.
            if ": 401 " not in str(error):
                raise
            self.refused(headers["Authorization"])
        headers["Authorization"] = self.header()
        return send()

    def refused(self, header: str) -> None:
        """Forget the token, if it is that of a refused header."""
        with self._lock:
            if header == f"Bearer {self._token}":
                self._renewal = self._expiry = 0.0

    def _renew_if_needed(self, asked: float) -> None:
        now = self._clock()
        if now < self._renewal:
            return
        if self._failure is not None and self._failure[0] > asked and now >= self._expiry:
            # This thread waited for an attempt of another one, which failed.
            raise copy.copy(self._failure[1])
        try:
            self._fetch()
        except IBMError as error:
            # A copy: the raised error holds the frames of its caller.
            self._failure = time.monotonic(), copy.copy(error)
            if now >= self._expiry or isinstance(error, IBMNotAuthorizedError):
                raise
            self._renewal = min(now + _RENEWAL_BACKOFF, self._expiry)
            logger.warning("The access token could not be renewed yet, and the present one is still used: %s", error)

    def _fetch(self) -> None:
        body = urlencode({"grant_type": _GRANT, "apikey": self._api_key, "response_type": "cloud_iam"})
        headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        failure = None
        try:
            reply = self._transport.request(
                "POST", f"{self._iam_url}/identity/token", "POST /identity/token",
                headers=headers, body=body, repeatable=True, check=lambda reply: reply.object(access_token=str),
            )  # fmt: skip
        except (RequestsApiError, IBMNotAuthorizedError) as error:
            failure = error
        if failure is not None:
            raise self._explained(failure)
        content = reply.object(access_token=str)
        self._token = content["access_token"]
        redact.hide_token(self._token)
        issued, expiry = _lifetime(content, self._clock())
        self._expiry = expiry - _MARGIN
        self._renewal = min(issued + _RENEWAL * (expiry - issued), self._expiry)

    def _explained(self, failure: RequestsApiError | IBMNotAuthorizedError) -> IBMError:
        text = str(failure)
        if isinstance(failure, RequestsApiError) and failure.status_code not in (400, 404):
            # The request that needs the token has not been sent.
            return RequestsApiError(text, failure.status_code, failure.code, failure.body, maybe_processed=False)
        return IBMNotAuthorizedError(
            f"The API key is not accepted ({text}). Check token=, QISKIT_IBM_TOKEN or the saved account; API keys are"
            " made at https://quantum.cloud.ibm.com."
        )


def _lifetime(content: dict[str, Any], now: float) -> tuple[float, float]:
    """Return the times at which a token was issued and expires, in seconds by this machine's clock.

    Only the difference of IAM's times is used: the two clocks need not agree.
    """
    try:
        payload = content["access_token"].split(".")[1]
        claims = orjson.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        life = float(claims["exp"]) - float(claims["iat"])
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        life = content.get("expires_in", 0)
        if not isinstance(life, int | float) or life <= 0:
            raise ApiIBMProtocolError(
                "POST /identity/token: the reply does not say how long the token is valid."
            ) from None
    return now, now + float(life)

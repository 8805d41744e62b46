# SPDX-License-Identifier: Apache-2.0
"""Texts without keys, tokens, passwords and names of instances."""

from __future__ import annotations

import re
from collections import deque

#: Shorter words than any real secret would only garble texts.
_SHORTEST = 8
#: How many access tokens are remembered. One is good for an hour, and nobody echoes older ones.
_TOKENS = 4
_PATTERNS = (
    (re.compile(r"(?i)\b(bearer|apikey)\s+[^\s\"',;]+"), r"\1 ***"),
    (re.compile(r"(?i)(\bapikey=)[^&\s\"']+"), r"\1***"),
    (re.compile(r'(?i)("(?:apikey|access_token|refresh_token)"\s*:\s*")[^"]*'), r"\1***"),
    (re.compile(r"//[^/@\s]+@"), "//***@"),
    (re.compile(r"(?i)\bcrn(:|%3a)v1[^\s\"'<>,;]*"), "crn:***"),
)


def without_secrets(text: str) -> str:
    """Return a text without what looks like a key, a token, the password of a URL, or the CRN of an instance."""
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


class Redactor:
    """Takes known secrets out of texts. However long a process runs, it remembers a handful of them."""

    def __init__(self) -> None:
        """Create a redactor that knows no secrets yet."""
        self._keys: set[str] = set()
        self._tokens: deque[str] = deque(maxlen=_TOKENS)

    def hide_key(self, key: str) -> None:
        """Let a key appear in no text, for as long as there is this object."""
        if len(key) >= _SHORTEST:
            self._keys.add(key)

    def hide_token(self, token: str) -> None:
        """Let an access token appear in no text; only the latest ones are remembered."""
        if len(token) >= _SHORTEST:
            self._tokens.append(token)

    def __call__(self, text: str) -> str:
        """Return a text without secrets."""
        for secret in (*self._keys, *self._tokens):
            text = text.replace(secret, "***")
        return without_secrets(text)

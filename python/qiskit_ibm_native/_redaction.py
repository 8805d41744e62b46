# SPDX-License-Identifier: Apache-2.0
"""Removal of keys, tokens, passwords and CRNs from texts.

All messages of errors and of the log of this package go through :data:`redact`.
"""

from __future__ import annotations

import re
from collections import deque

#: Characters of the shortest secret that is removed. Real ones have 40 and more; shorter words would garble texts.
_SHORTEST = 8
#: Characters of a secret by which it is recognised, because texts are cut.
_START = 12
#: Access tokens, and keys, that are remembered. A token is valid for an hour, and no service echoes older ones.
_TOKENS = 32
_PATTERNS = (
    (re.compile(r"(?i)\b(bearer|apikey)\s+[^\s\"',;]+"), r"\1 ***"),
    (re.compile(r"(?i)(\bapikey=)[^&\s\"']+"), r"\1***"),
    (re.compile(r'(?i)("(?:apikey|access_token|refresh_token)"\s*:\s*")[^"]*'), r"\1***"),
    (re.compile(r"//[^/@\s]+@"), "//***@"),
    (re.compile(r"(?i)\bcrn(:|%3a)v1[^\s\"'<>,;]*"), "crn:***"),
)


def without_secrets(text: str) -> str:
    """Return a text without anything that looks like a key, a token, a password of a URL, or a CRN."""
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


class Redactor:
    """Removes known secrets from texts. It remembers the latest ones only, however long a process runs."""

    def __init__(self) -> None:
        """Create a redactor without known secrets."""
        self._keys: deque[str] = deque(maxlen=_TOKENS)
        self._tokens: deque[str] = deque(maxlen=_TOKENS)

    def hide_key(self, key: str) -> None:
        """Remember a key."""
        if len(key) >= _SHORTEST and key not in self._keys:
            self._keys.append(key)

    def hide_token(self, token: str) -> None:
        """Remember an access token."""
        if len(token) >= _SHORTEST:
            self._tokens.append(token)

    def __call__(self, text: str) -> str:
        """Return a text without secrets."""
        for secret in (*self._keys, *self._tokens):
            # The rest of a secret may be cut off.
            start = secret[:_START]
            if start in text:
                text = re.sub(rf"{re.escape(start)}[\w.~+/=-]*", "***", text)
        return without_secrets(text)


#: The redactor of this process.
redact = Redactor()

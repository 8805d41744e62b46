# SPDX-License-Identifier: Apache-2.0
"""Texts without keys, tokens, passwords and names of instances.

Errors and the log of this package go through :data:`redact`, whoever made them of whatever a service said.
"""

from __future__ import annotations

import re
from collections import deque

#: Shorter words than any real secret would only garble texts.
_SHORTEST = 8
#: So much of a secret at least is taken for it.
_START = 12
#: How many access tokens, and how many keys, are remembered. A token is good for an hour, and nobody echoes older ones.
_TOKENS = 32
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
    """Takes known secrets out of texts. However long a process runs, it remembers a few of them."""

    def __init__(self) -> None:
        """Create a redactor that knows no secrets yet."""
        self._keys: deque[str] = deque(maxlen=_TOKENS)
        self._tokens: deque[str] = deque(maxlen=_TOKENS)

    def hide_key(self, key: str) -> None:
        """Let a key appear in no text; only the latest ones are remembered."""
        if len(key) >= _SHORTEST and key not in self._keys:
            self._keys.append(key)

    def hide_token(self, token: str) -> None:
        """Let an access token appear in no text; only the latest ones are remembered."""
        if len(token) >= _SHORTEST:
            self._tokens.append(token)

    def __call__(self, text: str) -> str:
        """Return a text without secrets."""
        for secret in (*self._keys, *self._tokens):
            # Texts are cut: a start of a secret is hidden with what follows it.
            start = secret[:_START]
            if start in text:
                text = re.sub(rf"{re.escape(start)}[\w.~+/=-]*", "***", text)
        return without_secrets(text)


#: What all texts of this process go through.
redact = Redactor()

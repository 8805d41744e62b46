# SPDX-License-Identifier: Apache-2.0
"""Payloads that the official client would decode at once, kept as bytes until something looks into them."""

from __future__ import annotations

import json
import locale
import logging
from typing import TYPE_CHECKING, Any

from .. import _native
from ..exceptions import BackendPayloadError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

logger = logging.getLogger(__name__)

#: First bytes of JSON values that Python cannot change: text, numbers, ``true``, ``false``, ``null``, ``NaN``.
_SCALARS = frozenset(b'"-0123456789tfnNI')


#: Tests put mocks in its place.
_LOAD = json.load


class CheckedPayload:
    """The bytes of a payload that the official client is known to decode.

    Attributes:
        content: The bytes as received.
        members: Byte ranges of the top-level values by key.
        open_gates: Names of the gates of a configuration whose parameters are ``null``.
        listed_qubits: The number of qubits that properties have values of; ``None`` for a configuration.
    """

    __slots__ = ("content", "listed_qubits", "members", "open_gates")

    def __init__(self, content: bytes, *, is_properties: bool) -> None:
        """Check a payload.

        Raises:
            BackendPayloadError: The client may refuse the payload, or convert it in another way than this package.
        """
        self.content = content
        self.open_gates: list[str] = []
        self.listed_qubits: int | None = None
        self.members: Mapping[str, tuple[int, int]]
        if is_properties:
            self.members, self.listed_qubits = _native.check_official_properties(content)
        else:
            self.members, self.open_gates = _native.check_official_configuration(content)

    @property
    def is_properties(self) -> bool:
        """Whether this is a calibration rather than a configuration."""
        return self.listed_qubits is not None

    def decode(self) -> dict[str, Any]:
        """Return the payload as the client decodes it."""
        decoded: dict[str, Any] = json.loads(self.content)
        return decoded

    def is_scalar(self, key: str) -> bool:
        """Return whether the value of a key is text, a number, a flag or ``null``."""
        return self.content[self.members[key][0]] in _SCALARS

    def length(self, key: str) -> int:
        """Return the number of bytes of the value of a key."""
        start, end = self.members[key]
        return end - start

    def value(self, key: str) -> Any:
        """Return the value of a key."""
        start, end = self.members[key]
        return json.loads(self.content[start:end])


def checked_payload(content: object, *, is_properties: bool) -> CheckedPayload | None:
    """Return a payload that may be decoded later; ``None`` if the official client had better decode it now."""
    # A mock of a response has no bytes.
    if type(content) is not bytes:
        return None
    try:
        return CheckedPayload(content, is_properties=is_properties)
    except BackendPayloadError as error:
        logger.info("The official client decodes a payload itself: %s", error)
        return None


class SessionKeepingBytes:
    """A session of the official client whose responses decode their body later."""

    def __init__(self, session: Any, make: Callable[[bytes], Any]) -> None:
        """Wrap a session; ``make`` returns what stands for a decoded body, or ``None``."""
        self._session, self._make = session, make

    def get(self, *arguments: Any, **keywords: Any) -> _Response:
        """Send a request."""
        return _Response(self._session.get(*arguments, **keywords), self._make)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)


class _Response:
    def __init__(self, response: Any, make: Callable[[bytes], Any]) -> None:
        self._response, self._make = response, make

    def json(self, **keywords: Any) -> Any:
        # An encoding in the header is one that the client decodes with; without one it looks for UTF-8.
        is_utf_8 = getattr(self._response, "encoding", None) in (None, "utf-8", "UTF-8")
        made = self._make(getattr(self._response, "content", None)) if is_utf_8 and not keywords else None  # type: ignore[arg-type]
        return self._response.json(**keywords) if made is None else made

    def __getattr__(self, name: str) -> Any:
        return getattr(self._response, name)


class JsonKeepingBytes:
    """Python's ``json``, as the module of fake devices sees it, whose files are decoded later."""

    def __init__(self, make: Callable[[bytes], Any]) -> None:
        """Wrap the module; ``make`` returns what stands for a decoded file, or ``None``."""
        self._make = make

    def load(self, file: Any, **keywords: Any) -> Any:
        """Read a file in JSON."""
        buffer = getattr(file, "buffer", None)
        if buffer is None or keywords or json.load is not _LOAD or not _is_utf_8(file):
            return json.load(file, **keywords)
        content = buffer.read()
        made = self._make(content)
        return json.loads(content.decode(file.encoding, file.errors)) if made is None else made

    def __getattr__(self, name: str) -> Any:
        return getattr(json, name)


def _is_utf_8(file: Any) -> bool:
    name = file.encoding or locale.getpreferredencoding(do_setlocale=False)
    return name.lower().replace("-", "") == "utf8"

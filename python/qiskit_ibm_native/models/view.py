# SPDX-License-Identifier: Apache-2.0
"""The base of all models: an immutable view of a payload, whose top-level values are decoded on first access."""

from __future__ import annotations

import datetime
import json
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from typing_extensions import Self

    Payload = bytes | bytearray | memoryview | str


class PayloadView:
    """A view of one payload.

    Attributes are the payload's top-level keys. Subclasses convert the values; a value is decoded on first access, and
    kept.
    """

    _payload_name: ClassVar[str]
    #: Conversions of values of keys to values of attributes; keys without one keep the value.
    _conversions: ClassVar[Mapping[str, Callable[[Any], Any]]] = {}

    #: Conversions of values of keys to values of ``to_dict()``; keys without one keep the value.
    _contents: ClassVar[Mapping[str, Callable[[Any], Any]]] = {}

    _native: Any
    _payload: bytes
    _spans: dict[str, tuple[int, int]]
    #: The source from which a backend or an archive got the payload, see :attr:`Snapshot.source`.
    source: str | None

    @classmethod
    def _view(cls, native: Any, payload: bytes, spans: dict[str, tuple[int, int]], source: str | None = None) -> Self:
        view = object.__new__(cls)
        vars(view).update(_native=native, _payload=payload, _spans=spans, source=source)
        return view

    @property
    def payload(self) -> bytes:
        """The payload, exactly as received."""
        return self._payload

    def _decode(self, key: str) -> Any:
        """Return the value of a top-level key as JSON means it; KeyError if the payload does not have it."""
        start, end = self._spans[key]
        try:
            return json.loads(self._payload[start:end])
        except ValueError as error:
            # JSON it is, but Python does not convert integers of thousands of digits.
            raise self._senseless(key, error) from error

    def _attribute(self, key: str) -> Any:
        """Return the value of a key as the attribute has it; KeyError if there is no such attribute."""
        convert = self._conversions.get(key)
        return self._decode(key) if convert is None else self._converted(key, convert)

    def _converted(self, key: str, convert: Callable[[Any], Any]) -> Any:
        """Return what ``convert`` makes of the value of a key; KeyError if the payload does not have it."""
        value = self._decode(key)
        try:
            return convert(value)
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise self._senseless(key, error) from error

    def _senseless(self, key: str, error: Exception) -> Exception:
        from ..exceptions import BackendPayloadError

        offset = self._spans[key][0]
        message = f"{self._payload_name} payload, $.{key} (byte {offset}): the value makes no sense here ({error})"
        return BackendPayloadError(message, self._payload_name, f"$.{key}", offset)

    def __getattr__(self, name: str) -> Any:
        # Only reached when there is no attribute of that name yet.
        if not name.startswith("__"):
            try:
                value = self._attribute(name)
            except KeyError:
                pass
            else:
                vars(self)[name] = value
                return value
        raise AttributeError(f"Attribute {name} is not defined")

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"cannot set {name!r}: a {type(self).__name__} is a view of an immutable snapshot")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"cannot delete {name!r}: a {type(self).__name__} is a view of an immutable snapshot")

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and hasattr(self, name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._spans})

    def to_dict(self) -> dict[str, Any]:
        """Return the content of the payload: its keys and its values, in its units.

        Dates are datetimes, and what stands for complex numbers is complex.
        """
        return {
            key: self._converted(key, self._contents[key]) if key in self._contents else self._decode(key)
            for key in self._spans
        }

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, type(self)):
            return NotImplemented
        return self._payload == other._payload or self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self


def encode(data: Mapping[str, Any]) -> bytes:
    """Return a payload with the content of a ``to_dict()``."""
    return json.dumps(data, default=_wire_value).encode()


def _wire_value(value: Any) -> Any:
    if isinstance(value, complex):
        return [value.real, value.imag]
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    raise TypeError(f"a payload cannot contain a {type(value).__name__}")

# SPDX-License-Identifier: Apache-2.0
"""Dictionaries that stand for decoded payloads, and decode them when something looks into them."""

from __future__ import annotations

import copy
import os
import threading
import weakref
from typing import TYPE_CHECKING, Any

import dateutil.parser

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .payloads import CheckedPayload

    Step = Callable[[dict[str, Any]], Any]
    #: Functions that make the attributes of a model and put them in.
    Fillers = tuple[Callable[[Any, dict[str, Any]], Any], Callable[[Any, Any, "Source"], None]]

#: The one key of a dictionary that is not decoded yet. C code that does not ask the class, such as ``json``'s, would
#: take an empty dictionary for a decoded one; at this key it fails instead, or asks.
_UNREAD = object()

#: Held while a dictionary or a model is filled, so that it happens once. A child of a fork gets a free one.
filling = threading.RLock()
# As the standard library's own locks do.
os.register_at_fork(after_in_child=filling._at_fork_reinit)  # type: ignore[attr-defined]


class Source:
    """The content of a dictionary before it is decoded: a payload, and what the client did with it so far.

    Attributes:
        payload: The payload.
        name: The name that replaces the payload's ``backend_name``; ``None`` to keep it.
        steps: Changes that the client made in place, in order, applied when the payload is decoded.
        use_fractional_gates: ``False`` once the client has left out fractional gates.
        is_decoded: Whether the client has converted dates and complex numbers.
        is_shared: Whether the client makes several models of one dictionary, as of a fake device's, whose lists they
            have in common.
    """

    __slots__ = ("is_decoded", "is_shared", "name", "payload", "steps", "use_fractional_gates")

    def __init__(self, payload: CheckedPayload, *, is_shared: bool = False) -> None:
        """Begin with a payload as received."""
        self.payload = payload
        self.is_shared = is_shared
        self.name: str | None = None
        self.steps: tuple[Step, ...] = ()
        self.use_fractional_gates = True
        self.is_decoded = False

    def copied(self) -> Source:
        """Return a copy, of which later steps are its own."""
        return copy.copy(self)

    def is_same(self, other: Source) -> bool:
        """Return whether two sources are decoded into equal content."""
        return self.payload.content == other.payload.content and (self.name, self.steps) == (other.name, other.steps)

    def decode(self) -> dict[str, Any]:
        """Return the content, decoded anew."""
        decoded = self.payload.decode()
        if self.name is not None:
            decoded["backend_name"] = self.name
        for step in self.steps:
            step(decoded)
        return decoded

    def scalar(self, key: str) -> Any:
        """Return the value of a key that nobody can change; LookupError if the payload has to be decoded for it."""
        if key == "backend_name" and self.name is not None:
            return self.name
        if not self.payload.is_scalar(key):
            raise LookupError(key)
        if key == "last_update_date" and self.is_decoded:
            raise LookupError(key)
        value = self.payload.value(key)
        return dateutil.parser.isoparse(value) if key == "online_date" and self.is_decoded else value


class PayloadDict(dict):  # type: ignore[type-arg]
    """A dictionary that was decoded from a payload; ``_source`` tells from which."""

    __slots__ = ("_dependents", "_source")

    _source: Source
    #: Models made of this dictionary, by identity.
    _dependents: dict[int, tuple[weakref.ref[Any], Fillers]]

    def fill(self) -> PayloadDict:
        """Return this dictionary, which is decoded already."""
        return self

    def __reduce_ex__(self, protocol: object) -> tuple[Any, ...]:
        return dict, (dict(self),)

    def __copy__(self) -> Any:
        return self.copy()

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[str, Any]:
        copied = memo[id(self)] = {}
        copied.update((key, copy.deepcopy(value, memo)) for key, value in self.items())
        return copied


class UnreadDict(PayloadDict):
    """A dictionary whose payload is not decoded yet. Decoding makes it a :class:`PayloadDict`."""

    __slots__ = ()

    @classmethod
    def of(cls, source: Source) -> UnreadDict:
        """Return a dictionary with the content of a source."""
        made = cls()
        made._source = source
        made._dependents = {}
        dict.__setitem__(made, _UNREAD, None)
        return made

    def before_changes(self, model: Any, fillers: Fillers) -> None:
        """Fill a model, if there still is one, when this dictionary is decoded.

        Args:
            model: The model.
            fillers: A function that returns what fills the model with a decoded dictionary, and one that puts it in.
        """
        dependents, identity = self._dependents, id(model)
        reference = weakref.ref(model, lambda _: dependents.pop(identity, None))
        dependents[identity] = reference, fillers

    def _models(self) -> list[tuple[Any, Fillers]]:
        found = [(reference(), fillers) for reference, fillers in list(self._dependents.values())]
        return [(model, fillers) for model, fillers in found if model is not None]

    def add_step(self, step: Step | None) -> Source | None:
        """Put off a change in place, if there is one, until the payload is decoded.

        Returns:
            The source; ``None``, with nothing put off, if the payload has been decoded meanwhile.
        """
        with filling:
            if type(self) is not UnreadDict:
                return None
            if step is not None and self._models():
                # Models do not follow the dictionary that they were made of.
                self.fill()
                return None
            if step is not None:
                self._source.steps += (step,)
            return self._source

    def fill(self) -> PayloadDict:
        """Decode the payload.

        Everything is made before anything is put in, so that an exception, an interruption or a fork in between leaves
        a dictionary that can be decoded again.
        """
        with filling:
            # Another thread may have done it in the meantime.
            if type(self) is UnreadDict:
                decoded = self._source.decode()
                made = [(model, put, make(model, decoded)) for model, (make, put) in self._models()]
                for model, put, attributes in made:
                    put(model, attributes, self._source)
                dict.clear(self)
                dict.update(self, decoded)
                self.__class__ = PayloadDict  # type: ignore[assignment]
                self._dependents.clear()
        return self

    def copy(self) -> Any:
        with filling:
            # The lists of a shallow copy are those of the dictionary.
            if type(self) is UnreadDict and not self._source.is_shared:
                return UnreadDict.of(self._source.copied())
        return dict(self.fill())

    def get(self, key: Any, default: Any = None) -> Any:
        try:
            return self[key]
        except KeyError:
            return default

    def __getitem__(self, key: Any) -> Any:
        with filling:
            if type(self) is UnreadDict:
                if key not in self:
                    raise KeyError(key)
                try:
                    return self._source.scalar(key)
                except LookupError:
                    pass
        return dict.__getitem__(self.fill(), key)

    def __setitem__(self, key: Any, value: Any) -> None:
        with filling:
            if type(self) is UnreadDict and key == "backend_name" and isinstance(value, str):
                if value == self._source.scalar(key):
                    return
                if not self._models():
                    self._source.name = value
                    return
        dict.__setitem__(self.fill(), key, value)

    def __contains__(self, key: object) -> bool:
        return key in self._source.payload.members if type(self) is UnreadDict else dict.__contains__(self, key)

    def __eq__(self, other: object) -> bool:
        with filling:
            if type(self) is type(other) is UnreadDict and self._source.is_same(other._source):
                return True
        return dict.__eq__(self.fill(), other.fill() if isinstance(other, PayloadDict) else other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> bool:
        return True


def _reading(name: str) -> Callable[..., Any]:
    """Return a method of dictionaries that decodes the payload first."""
    method = getattr(dict, name)

    def read(self: UnreadDict, *arguments: Any, **keywords: Any) -> Any:
        return method(self.fill(), *arguments, **keywords)

    read.__name__ = name
    read.__doc__ = method.__doc__
    return read


def _methods() -> Iterator[str]:
    own = {*vars(UnreadDict), "__class__", "__new__", "__init__", "__getattribute__", "__setattr__", "__delattr__"}
    own |= {"__reduce_ex__", "__reduce__", "__init_subclass__", "__subclasshook__", "__class_getitem__", "fromkeys"}
    own |= {"__dir__", "__getstate__", "__sizeof__", "__doc__", "__hash__", "__copy__", "__deepcopy__"}
    return (name for name in dir(dict) if name not in own)


for _name in _methods():
    setattr(UnreadDict, _name, _reading(_name))

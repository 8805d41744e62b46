# SPDX-License-Identifier: Apache-2.0
"""Models of the official client that are filled when something looks into them.

A model that is not filled yet is an instance of a subclass. It becomes one of the official class itself as soon as it
is filled, by the client's own code, and then nothing tells it from a model that was filled at once.
"""

from __future__ import annotations

import copy
import weakref
from functools import cache
from typing import TYPE_CHECKING, Any

from .dictionaries import filling

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .dictionaries import PayloadDict, Source, UnreadDict

    #: The client's function that makes a model of a class and a dictionary.
    Maker = Callable[[type, dict[str, Any]], Any]

#: Key of the state in the attributes of a model that is not filled.
_STATE = "_qiskit_ibm_native"
#: Longer values, in bytes, are not read one by one: filling the model costs no more.
_LONGEST_VALUE = 4096
#: Keys of configurations whose values the client changes or wraps, so that they are not read one by one.
_WHOLE = frozenset({"gates", "coupling_map", "u_channel_lo"})
#: Attributes of configurations that show the value of another key.
_ALIASES = {"num_qubits": "n_qubits"}
#: Arguments that the constructor of configurations demands, in place of those that a probe does not need.
_NEEDED: Mapping[str, Any] = {
    "backend_name": "", "backend_version": "", "n_qubits": 0, "basis_gates": [], "gates": [], "local": False,
    "simulator": False, "conditional": False, "open_pulse": False, "memory": False, "coupling_map": [],
}  # fmt: skip


class _State:
    """The state of a model that is not filled.

    Attributes:
        kind: The official class.
        content: The dictionary that the model is made of. It fills the model when it is decoded itself, because the
            client's model does not follow later changes of the dictionary.
        make: The client's function that makes the model.
        read: Values of attributes that were read one by one.
    """

    __slots__ = ("content", "kind", "make", "read")

    def __init__(self, kind: type, content: UnreadDict, make: Maker) -> None:
        self.kind, self.content, self.make = kind, content, make
        self.read: dict[str, Any] = {}

    def single(self, name: str) -> Any:
        """Return the value of one attribute of a configuration.

        Raises:
            LookupError: The model has to be filled for it.
            AttributeError: The configuration has no such attribute.
        """
        return getattr(self.probe(name), name)

    def probe(self, name: str) -> Any:
        """Return a configuration that is right in one attribute, made by the constructor of the official class.

        Raises:
            LookupError: The attribute does not follow from one short value of the payload.
        """
        key, source = _ALIASES.get(name, name), self.content._source
        payload = source.payload
        if payload.is_properties or key in _WHOLE or (name not in _ALIASES and hasattr(self.kind, name)):
            raise LookupError(name)
        if key not in payload.members:
            return self.kind(**_NEEDED)
        if payload.length(key) > _LONGEST_VALUE:
            raise LookupError(name)
        try:
            value = source.scalar(key)
        except LookupError:
            partial = {key: payload.value(key)}
            if not source.use_fractional_gates:
                _leave_out_fractional_gates(partial)
            value = partial[key]
        return self.kind(**{**_NEEDED, key: value})


def _leave_out_fractional_gates(partial: dict[str, Any]) -> None:
    from qiskit_ibm_runtime.utils.backend_decoder import filter_raw_configuration

    filter_raw_configuration(partial, use_fractional_gates=False)


def unread_model(kind: type, content: UnreadDict, make: Maker) -> Any:
    """Return a model that is filled later.

    Args:
        kind: The official class.
        content: The dictionary to fill it from.
        make: The client's function that makes the model.
    """
    model: Any = object.__new__(_unread_class(kind))
    _attributes(model)[_STATE] = _State(kind, content, make)
    content.before_changes(model, _complete)
    return model


def _attributes(model: Any) -> dict[str, Any]:
    attributes: dict[str, Any] = object.__getattribute__(model, "__dict__")
    return attributes


def _state(model: Any) -> _State | None:
    return _attributes(model).get(_STATE) if type(type(model)) is _UnreadType else None


def _fill(model: Any) -> None:
    """Make a model one of the official class, with all of its attributes."""
    with filling:
        state = _state(model)
        if state is not None:
            state.content.fill()


def _complete(model: Any, decoded: PayloadDict) -> None:
    state = _state(model)
    if state is None:
        return
    full: Any = vars(state.make(state.kind, decoded))
    for name, value in state.read.items():
        # Whoever has read a list holds the one that stays.
        for holder in (full, full["_data"]):
            if name in holder:
                holder[name] = value
    attributes = _attributes(model)
    attributes.clear()
    attributes.update(full)
    model.__class__ = state.kind
    track(model, decoded._source, state.make)


class _UnreadType(type):
    """The class of the classes of models that are not filled."""


@cache
def _unread_class(kind: type) -> type:
    body = {
        "__getattribute__": _read_attribute,
        "__getattr__": _miss_attribute,
        "__setattr__": _set_attribute,
        "__delattr__": _delete_attribute,
        "__module__": kind.__module__,
        "__qualname__": kind.__qualname__,
        "__doc__": kind.__doc__,
    }
    if hasattr(kind, "__contains__"):
        body["__contains__"] = _contains
    return _UnreadType(kind.__name__, (kind,), body)


def _read_attribute(model: Any, name: str) -> Any:
    with filling:
        state = _state(model)
        if state is not None:
            if name == "__class__":
                return state.kind
            if name == "__deepcopy__":
                return lambda memo: _deep_copy(model, memo)
            if name in state.read:
                return state.read[name]
            if not name.startswith("_"):
                try:
                    value = state.read[name] = state.single(name)
                except LookupError:
                    pass
                else:
                    return value
            _fill(model)
    return getattr(model, name)


def _miss_attribute(model: Any, name: str) -> Any:
    state = _state(model)
    # The client's own way of missing it; its method would fill the model.
    return getattr(state.kind(**_NEEDED) if state is not None else model, name)


def _contains(model: Any, name: object) -> bool:
    with filling:
        state = _state(model)
        if state is not None and isinstance(name, str):
            try:
                return name in vars(state.probe(name))
            except LookupError:
                _fill(model)
    return name in model


def _set_attribute(model: Any, name: str, value: object) -> None:
    if name == "__class__":
        object.__setattr__(model, name, value)
        return
    _fill(model)
    setattr(model, name, value)


def _delete_attribute(model: Any, name: str) -> None:
    _fill(model)
    delattr(model, name)


def _deep_copy(model: Any, memo: dict[int, Any]) -> Any:
    with filling:
        state = _state(model)
        if state is None:
            return copy.deepcopy(model, memo)
        copied = unread_model(state.kind, state.content.copy(), state.make)
        _attributes(copied)[_STATE].read.update(copy.deepcopy(state.read, memo))
        memo[id(model)] = copied
    return copied


#: Sources of filled configurations by identity. Models are not hashable.
_tracked: dict[int, tuple[weakref.ref[Any], Source, Maker]] = {}


def track(model: Any, source: Source, make: Maker) -> None:
    """Remember the source of a filled configuration. Properties cost less to convert than to compare."""
    if source.payload.is_properties:
        return
    identity = id(model)
    reference = weakref.ref(model, lambda _: _tracked.pop(identity, None))
    _tracked[identity] = reference, source.copied(), make


def payload_of(model: Any) -> bytes | None:
    """Return the payload of a model of the official client that has not been changed, for :meth:`Snapshot.of`."""
    source = unchanged_source(model)
    return None if source is None else source.payload.content


def unchanged_source(model: Any) -> Source | None:
    """Return the source of a model that still has the content of its payload; ``None`` if there is none."""
    with filling:
        state = _state(model)
        if state is not None:
            is_same = all(state.single(name) == value for name, value in state.read.items())
            return state.content._source.copied() if is_same else None
    tracked = _tracked.get(id(model))
    if tracked is None:
        return None
    reference, source, make = tracked
    is_same = reference() is model and vars(make(type(model), source.decode())) == vars(model)
    return source if is_same else None

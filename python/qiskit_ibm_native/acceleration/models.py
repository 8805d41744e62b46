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

from ..snapshot.acceptance import KnownPayload
from .dictionaries import UnreadDict, filling

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .dictionaries import Source

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
        if source.is_shared and key in payload.members and not payload.is_scalar(key):
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
    content.before_changes(model, (_make_attributes, _put_attributes))
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
        elif type(model) in _classes:
            # Filled, and interrupted before its class was set; or made by somebody who asked for the type of a model.
            object.__setattr__(model, "__class__", _classes[type(model)])


def _make_attributes(model: Any, decoded: dict[str, Any]) -> dict[str, Any] | None:
    state = _state(model)
    if state is None:
        return None
    made: Any = state.make(state.kind, decoded)
    full: dict[str, Any] = vars(made)
    for name, value in state.read.items():
        # Whoever has read a list holds the one that stays.
        for holder in (full, full["_data"]):
            if name in holder:
                holder[name] = value
    return full


def _put_attributes(model: Any, attributes: dict[str, Any] | None, source: Source) -> None:
    state = _state(model)
    if state is not None and attributes is not None:
        object.__setattr__(model, "__dict__", attributes)
        object.__setattr__(model, "__class__", state.kind)
        track(model, source, state.make)


class _UnreadType(type):
    """The class of the classes of models that are not filled."""

    def __call__(cls, *arguments: Any, **keywords: Any) -> Any:
        """Make an instance of the official class, for those who ask for the type of a model."""
        return (
            official_class(cls)(*arguments, **keywords) if cls in _classes else super().__call__(*arguments, **keywords)
        )


#: Official classes by the classes of models that are not filled.
_classes: dict[type, type] = {}


def official_class(kind: type) -> type:
    """Return the official class for the class of a model, be it filled or not."""
    return _classes.get(kind, kind)


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
    made = _UnreadType(kind.__name__, (kind,), body)
    _classes[made] = kind
    return made


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
    return object.__getattribute__(model, name)


def _miss_attribute(model: Any, name: str) -> Any:
    state = _state(model)
    # The client's own way of missing it; its method would fill a configuration.
    made = model if state is None or state.content._source.payload.is_properties else state.kind(**_NEEDED)
    return official_class(type(made)).__getattr__(made, name)  # type: ignore[attr-defined]


def _contains(model: Any, name: object) -> bool:
    with filling:
        state = _state(model)
        if state is not None and isinstance(name, str):
            try:
                return name in vars(state.probe(name))
            except LookupError:
                pass
        _fill(model)
    return name in vars(model)


def _set_attribute(model: Any, name: str, value: object) -> None:
    _fill(model)
    object.__setattr__(model, name, value)


def _delete_attribute(model: Any, name: str) -> None:
    _fill(model)
    object.__delattr__(model, name)


def _deep_copy(model: Any, memo: dict[int, Any]) -> Any:
    with filling:
        state = _state(model)
        if state is None:
            return copy.deepcopy(model, memo)
        source = state.content._source.copied()
        source.is_shared = False
        copied = unread_model(state.kind, UnreadDict.of(source), state.make)
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


def payload_of(model: Any) -> KnownPayload | None:
    """Return the payload of a model of the official client that has not been changed, for :meth:`Snapshot.of`."""
    source = unchanged_source(model)
    # A fake device has a name of its own.
    if source is None or source.name is not None:
        return None
    payload = source.payload
    gates = {key: payload.value(key) for key in ("basis_gates", "supported_instructions") if key in payload.members}
    chosen = dict(gates)
    if not source.use_fractional_gates:
        _leave_out_fractional_gates(chosen)
    return KnownPayload(payload.content, payload.value("backend_name"), lacks_gates=chosen != gates)


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

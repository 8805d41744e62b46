# SPDX-License-Identifier: Apache-2.0
"""The content of a pass manager as plain values, of which identifiers are made: the same in every process."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

from .class_sources import class_sources
from .fingerprint import fingerprint
from .targets import target_fingerprint

#: State of passes that tells nothing of what they do, or differs from process to process.
_IGNORED = frozenset({"_hash", "property_set", "_pass_sets", "fake_backend"})


def content_of(manager: Any) -> Any:
    """Return the content of a pass manager.

    Raises:
        TypeError: There is an object whose content cannot be read.
    """
    return _Reader().read(manager)


class _Reader:
    """Reads objects once each; the second time a number stands for them."""

    def __init__(self) -> None:
        self._seen: dict[int, tuple[int, Any]] = {}

    def read(self, value: Any) -> Any:
        if value is None or isinstance(value, bool | int | float | complex | str | bytes | type):
            return value
        if isinstance(value, list | tuple):
            return [self.read(item) for item in value]
        if id(value) in self._seen:
            return ("again", self._seen[id(value)][0])
        # The object is kept, so that no other one gets its identity.
        self._seen[id(value)] = len(self._seen), value
        return self._content(value)

    def _content(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            # In an order of their own: numbers of objects must not depend on that of a dictionary made of a set.
            items = sorted(((fingerprint(_Reader().read(key)), item) for key, item in value.items()), key=_first)
            return ("mapping", [(key, self.read(item)) for key, item in items])
        if isinstance(value, AbstractSet):
            return ("set", sorted(fingerprint(_Reader().read(item)) for item in value))
        if isinstance(value, FunctionType):
            return self._function(value)
        if isinstance(value, BuiltinFunctionType | MethodType):
            return ("method", value.__name__, self.read(value.__self__))
        known = _known_content(value)
        return self._state(value) if known is None else known

    def _function(self, function: FunctionType) -> Any:
        """Return the name of a function of Qiskit with the values that it holds; others have their code, too."""
        cells = [self.read(cell.cell_contents) for cell in function.__closure__ or ()]
        is_known = str(function.__module__).startswith("qiskit.")
        name = f"{function.__module__}.{function.__qualname__}"
        return ("function", name, cells, None if is_known else fingerprint(function, class_sources(function)))

    def _state(self, value: Any) -> Any:
        """Return class and attributes of an object; of one that has none, what its pickle is made of."""
        kind = type(value)
        slots = [slot for base in kind.__mro__ for slot in _slots(base)]
        own = [] if str(kind.__module__).partition(".")[0] == "qiskit" else [fingerprint(kind, class_sources(kind))]
        name = f"{kind.__module__}.{kind.__qualname__}"
        if not hasattr(value, "__dict__") and not slots:
            reduced = value.__reduce_ex__(4)
            parts = [reduced] if isinstance(reduced, str) else [part for part in reduced if part is not None]
            return (name, own, [list(part) if hasattr(part, "__next__") else self.read(part) for part in parts])
        state = dict(getattr(value, "__dict__", {}))
        state.update({slot: getattr(value, slot) for slot in slots if hasattr(value, slot)})
        if not own:
            # Qiskit makes lists of names from sets, whose order is another one in each process.
            state = {key: sorted(item) if _are_names(item) else item for key, item in state.items()}
        return (name, own, [(key, self.read(state[key])) for key in sorted(state) if key not in _IGNORED])


def _are_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _first(pair: tuple[bytes, Any]) -> bytes:
    return pair[0]


def _known_content(value: Any) -> Any:
    """Return the content of objects of Qiskit and numpy that have digests, ``None`` for others."""
    if any(str(kind.__module__).startswith("stevedore.") for kind in type(value).__mro__):
        # Plug-ins, by entry point: objects of these differ from process to process.
        return ("plug-ins", sorted(f"{entry.name} {entry.entry_point_target}" for entry in value))
    import numpy as np
    from qiskit import QuantumCircuit
    from qiskit.circuit import EquivalenceLibrary, Operation
    from qiskit.transpiler import CouplingMap, Target

    if isinstance(value, Target):
        return ("target", target_fingerprint(value))
    if isinstance(value, CouplingMap):
        return ("coupling", value.size(), [tuple(edge) for edge in value.get_edges()])
    if isinstance(value, QuantumCircuit | Operation | np.ndarray | np.generic):
        return fingerprint(value)
    if isinstance(value, EquivalenceLibrary):
        # Qiskit's own rules are known by its version.
        return ("equivalences", sorted(f"{key.name}/{key.num_qubits}" for key in value.keys()))  # noqa: SIM118
    return None


def _slots(kind: type) -> tuple[str, ...]:
    slots = kind.__dict__.get("__slots__", ())
    return (slots,) if isinstance(slots, str) else tuple(slots)

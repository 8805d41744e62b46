# SPDX-License-Identifier: Apache-2.0
"""Circuits as passes leave them before the seed, or the values of a calibration, matter.

The passes before the seed matters unroll the circuit and search for a layout that needs no routing. They need not run
again for the next seed, nor, unless there is such a layout, for the next calibration. Layout by ``SabreLayout`` and
routing depend on the seed, and on the gates of the device, but not on values: for the next calibration and the same
seed, only what follows is done again. The circuits are those of a whole run, bit by bit.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from cachetools import LRUCache

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

    from .passes import CutPasses, Passed, State

#: Bytes of all states, roughly: some 400 routed circuits of a thousand gates on 156 qubits.
_ROOM = 192 << 20
#: The share of a limit of memory that may be taken.
_SHARE = 8
#: Bytes of a state: in any case, of a qubit with its place in layouts, and of an operation.
_EMPTY, _QUBIT, _OPERATION = 4_000, 900, 300
#: Options that change nothing about the passes of which this module knows what they depend on, and those that choose
#: the passes, with the choices that do not.
_OPTIONS = frozenset(
    {"optimization_level", "seed_transpiler", "initial_layout", "approximation_degree", "dt", "qubits_initially_zero"}
)
_CHOICES = {
    "init_method": (None, "default"),
    "layout_method": (None, "default", "sabre", "trivial"),
    "routing_method": (None, "default", "sabre"),
    "translation_method": (None, "default", "translator"),
    "optimization_method": (None, "default"),
    "scheduling_method": (None, "default", "alap", "as_late_as_possible", "asap", "as_soon_as_possible"),
    "unitary_synthesis_method": ("default",),
}


class PassMemory:
    """States of circuits between passes, by circuit, target and setting."""

    def __init__(self, room: int = _ROOM) -> None:
        """Make room for so many bytes."""
        self._largest = self._room = room
        self._states: LRUCache[Hashable, State] = LRUCache(math.inf, getsizeof=_size)

    @property
    def size(self) -> int:
        """Bytes of all states, roughly."""
        return int(self._states.currsize)

    def fit(self, limit: int | None) -> None:
        """Take no more than a share of the memory that tasks may allocate.

        Args:
            limit: Bytes; ``None`` for no limit.
        """
        self._room = self._largest if limit is None else min(self._largest, limit // _SHARE)
        self._drop()

    def run(
        self, passes: CutPasses, circuit: QuantumCircuit, seed: int, key: Hashable, device: Hashable, topology: Hashable
    ) -> Passed:
        """Transpile a circuit, from the last state that is known.

        Args:
            passes: The passes.
            circuit: The circuit.
            seed: The transpiler's seed.
            key: The circuit and the setting.
            device: The target.
            topology: The target without the values of its calibration; ``None`` if they cannot be left out.
        """
        shared = device if topology is None or _needs_values(circuit) else topology
        before_seed, before_values = (key, shared), (key, shared, seed)
        begun = self._states.get(before_values) or self._states.get(before_seed)
        passed = passes.run(circuit, seed, begun)
        for place, state in ((before_seed, passed.before_seed), (before_values, passed.before_values)):
            if state is not None:
                self._states[place] = state
        self._drop()
        return passed

    def _drop(self) -> None:
        while self._states.currsize > self._room:
            self._states.popitem()


def is_known(options: dict[str, Any]) -> bool:
    """Return whether these options lead to passes of Qiskit of which is known what they depend on."""
    return all(name in _OPTIONS or value is None or value in _CHOICES.get(name, ()) for name, value in options.items())


def _needs_values(circuit: QuantumCircuit) -> bool:
    """Return whether a circuit has unitaries that are synthesised at once, for which errors may count."""
    if circuit.has_control_flow_op():
        return True
    return "unitary" in circuit.count_ops() and any(
        instruction.name == "unitary" and len(instruction.qubits) > 2 for instruction in circuit.data
    )


def _size(state: State) -> int:
    dag = state.dag
    return _EMPTY + _QUBIT * int(dag.num_qubits()) + _OPERATION * int(dag.size(recurse=True))

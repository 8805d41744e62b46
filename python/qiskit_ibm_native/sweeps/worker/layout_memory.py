# SPDX-License-Identifier: Apache-2.0
"""Searches for perfect layouts that found none, so that the next seed or calibration need not search again.

At levels 2 and 3, Qiskit first searches for a layout that needs no routing (``VF2Layout``), which takes up to half of
the time, and lays out by ``SabreLayout`` if there is none. Whether there is one depends on the circuit, on the gates of
the device and on the options, but neither on the seed nor on the values of a calibration. A pass manager whose layout
stage is that of ``layout_method="sabre"`` does the rest in the same way, bit by bit: the two stages differ in that
search alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any

from cachetools import LRUCache

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.transpiler import StagedPassManager, Target

#: Circuits on topologies of which is known whether a perfect layout exists.
_SIZE = 100_000
#: Options with which layouts are searched for; with any other option of layouts, Qiskit does something else.
_LEVELS = (2, 3)


class LayoutMemory:
    """Whether circuits have a perfect layout, by circuit, topology and options."""

    def __init__(self) -> None:
        """Begin knowing nothing."""
        self._has_layout: LRUCache[Hashable, bool] = LRUCache(_SIZE)

    def run(
        self,
        key: Hashable,
        circuit: QuantumCircuit,
        searching: Callable[[], StagedPassManager],
        direct: Callable[[], StagedPassManager],
    ) -> QuantumCircuit:
        """Transpile a circuit.

        Args:
            key: Circuit, topology and options.
            circuit: The circuit.
            searching: Returns the pass manager that searches for a perfect layout.
            direct: Returns the one that does not.
        """
        known = self._has_layout.get(key)
        if known is not None:
            return (searching if known else direct)().run(circuit)
        reasons: list[Any] = []

        def notice(**state: Any) -> None:
            if type(state["pass_"]).__name__ == "VF2Layout":
                reasons.append(state["property_set"]["VF2Layout_stop_reason"])

        transpiled = searching().run(circuit, callback=notice)
        # One search that ended without a solution, by its limit of steps or because there is none.
        self._has_layout[key] = len(reasons) != 1 or reasons[0].name == "SOLUTION_FOUND"
        return transpiled


def searches_for_layouts(options: dict[str, Any], target: Target) -> bool:
    """Return whether Qiskit's pass manager for some options begins with a search that depends on nothing else."""
    return (
        options.get("optimization_level") in _LEVELS
        and options.get("layout_method") is None
        and options.get("initial_layout") is None
        and target.build_coupling_map() is not None
    )


def topology(target: Target) -> bytes:
    """Return a digest of what a search for layouts can see of a target.

    These are operations and their qargs. An error of 1, or one that is no number, may make qubits unusable; values of
    other errors rank layouts, and matter when one is found.
    """
    digest = hashlib.sha256(repr(target.num_qubits).encode())
    for name in sorted(target.operation_names):
        entries = target[name]
        known = (
            None
            if entries is None
            else sorted(
                (qargs or (), _is_odd(getattr(properties, "error", None))) for qargs, properties in entries.items()
            )
        )
        digest.update(f"{name} {known}".encode())
    return digest.digest()


def _is_odd(error: float | None) -> bool | None:
    return None if error is None else not 0.0 <= error < 1.0

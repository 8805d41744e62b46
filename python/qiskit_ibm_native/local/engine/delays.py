# SPDX-License-Identifier: Apache-2.0
"""Delays of large circuits: those that change nothing, and those whose relaxation Pauli errors tell wrongly.

Twirled relaxation takes a 0 to 1 as often as a 1 to 0, where a device only does the latter.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .components import ConnectedComponent, Step
    from .noise import DeviceNoise

#: Lengths of delays in T1, in sum, from which on results say that their relaxation is symmetric.
TOLD = 0.05
#: Gates that leave a qubit in 0.
_DIAGONAL = frozenset({"id", "rz", "z", "s", "sdg", "t", "tdg", "p", "u1", "cz", "cp", "crz", "rzz", "global_phase"})


def without_idle_delays(component: ConnectedComponent) -> ConnectedComponent:
    """Return a component without delays on qubits that are in 0, where relaxation leaves them."""
    excited: set[int] = set()
    kept: list[Step] = []
    for step in component.steps:
        if step.name == "delay" and excited.isdisjoint(step.qubits):
            continue
        if step.name == "reset":
            excited.difference_update(step.qubits)
        elif step.name not in _DIAGONAL and step.name not in ("delay", "measure"):
            excited.update(step.qubits)
        kept.append(step)
    return replace(component, steps=tuple(kept))


def symmetric_relaxation(component: ConnectedComponent, noise: DeviceNoise, has_resets: bool) -> float:
    """Return the length in T1, in sum, of a component's delays that relax both ways.

    Args:
        component: The component.
        noise: The noise of the device.
        has_resets: Whether relaxation is a mixture with resets where it can be one.
    """
    total = 0.0
    for step in component.steps:
        if step.name == "delay" and not (has_resets and noise.relaxes_by_resets(step.qubits[0])):
            t1 = noise.times(step.qubits[0])[0]
            total += noise.seconds(step.params[0]) / t1 if t1 > 0 else 0.0
    return total

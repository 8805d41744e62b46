# SPDX-License-Identifier: Apache-2.0
"""Noise amplified by gates that are done, undone, and done again: Giurgica-Tiron et al., arXiv:2005.10921."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..checks.choices import FOLDING

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

#: Gates that are their own inverse.
_SELF_INVERSE = frozenset({"cx", "cy", "cz", "ch", "ecr", "swap"})


def is_random(circuit: QuantumCircuit, factor: float, amplifier: str) -> bool:
    """Return whether folding the circuit again gives another one."""
    gates = len(_folded_gates(circuit))
    return FOLDING[amplifier] == "random" and _folds(gates, factor)[1] not in (0, gates)


def fold(circuit: QuantumCircuit, factor: float, amplifier: str, random: np.random.Generator) -> QuantumCircuit:
    """Return the circuit with two-qubit gates repeated until there are ``factor`` times as many.

    Args:
        circuit: The circuit.
        factor: A number from 1.
        amplifier: One of :data:`~..checks.choices.FOLDING`.
        random: The source of random numbers.
    """
    gates = _folded_gates(circuit)
    whole, more = _folds(len(gates), factor)
    if not gates or not (whole or more):
        return circuit
    order = gates if FOLDING[amplifier] == "front" else gates[::-1]
    chosen = set((random.permutation(gates) if FOLDING[amplifier] == "random" else order)[:more])
    is_folded = set(gates)
    folded = circuit.copy_empty_like()
    for index, step in enumerate(circuit.data):
        folded.append(step)
        if index in is_folded:
            # Qiskit's inverse of ecr is a gate of another kind.
            inverse = step if step.name in _SELF_INVERSE else step.replace(operation=step.operation.inverse())
            for _ in range(whole + (index in chosen)):
                folded.append(inverse)
                folded.append(step)
    return folded


def _folded_gates(circuit: QuantumCircuit) -> list[int]:
    return [
        index
        for index, step in enumerate(circuit.data)
        if len(step.qubits) == 2 and not step.clbits and not step.is_control_flow() and step.name != "barrier"
    ]


def _folds(gates: int, factor: float) -> tuple[int, int]:
    """Return how often each gate is folded, and how many gates once more."""
    whole, part = divmod((factor - 1) / 2, 1)
    return int(whole), round(part * gates)

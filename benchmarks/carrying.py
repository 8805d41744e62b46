# SPDX-License-Identifier: Apache-2.0
"""Share of a year of daily calibrations for which nothing has to be transpiled, by tolerance."""

from __future__ import annotations

from typing import Any

import numpy as np
from qiskit import QuantumCircuit, transpile
from qiskit.transpiler import TranspilerError
from tests.support.calibrations import DAY, Drift
from tests.support.sweeping import ghz, qaoa, qft

from qiskit_ibm_native import Snapshot, build_target, score
from qiskit_ibm_native.snapshot.diff import instructions

DAYS, WINDOW = 365, 14
#: Probability that one of the 2,000 qubits and gates fails on a day: about once a month.
FAILS = 2e-5
TOLERANCES = (0.0, 0.01, 0.05, 0.2)


def carrying() -> dict[str, Any]:
    """Days of a synthetic year whose circuits are those of one of the 14 days before, by the rule of ``carry_over``."""
    snapshots = Snapshot.parse_many(list(Drift("fez", step=DAY, fails=FAILS).calibrations(DAYS)))
    circuits = [ghz(3), ghz(5), qft(4), qaoa(6, 1), ghz(12)]
    anew = [[transpiled(circuit, snapshot) for circuit in circuits] for snapshot in snapshots]
    used = [[frozenset(() if circuit is None else instructions(circuit)) for circuit in made] for made in anew]
    worth = np.array(
        [[worth_of(circuit, snapshot) for circuit in made] for made, snapshot in zip(anew, snapshots, strict=True)]
    )
    found = {str(rtol): carried(snapshots, anew, used, worth, rtol) for rtol in TOLERANCES}
    return {"days": DAYS, "window": WINDOW, "circuits": [circuit.name for circuit in circuits], "by_rtol": found}


def transpiled(circuit: QuantumCircuit, snapshot: Snapshot) -> QuantumCircuit | None:
    """Return ``None`` on a day when a gate does not work where Qiskit needs it."""
    try:
        return transpile(circuit, target=build_target(snapshot), optimization_level=2, seed_transpiler=0)
    except TranspilerError:
        return None


def worth_of(circuit: QuantumCircuit | None, snapshot: Snapshot) -> float:
    return np.nan if circuit is None else float(score(circuit, snapshot).esp[0])


def carried(
    snapshots: list[Snapshot], anew: list[Any], used: list[list[Any]], worth: np.ndarray, rtol: float
) -> dict[str, Any]:
    """Go through the days; a circuit is taken from the nearest day that transpiled it, if it stays right."""
    origins: list[list[int]] = [[] for _ in used[0]]
    losses, by_circuit = [], [0] * len(origins)
    for day, snapshot in enumerate(snapshots):
        differences: dict[int, Any] = {}
        for number, days in enumerate(origins):
            origin = None
            for before in reversed([then for then in days if then >= day - WINDOW]):
                if before not in differences:
                    differences[before] = snapshots[before].diff(snapshot, rtol)
                if not differences[before].affects_any(used[before][number]):
                    origin = before
                    break
            if origin is None:
                days.extend([day] if anew[day][number] is not None else [])
                continue
            by_circuit[number] += 1
            losses.append(worth[day, number] - worth_of(anew[origin][number], snapshot))
    return {
        "saved": sum(by_circuit) / (DAYS * len(origins)), "saved_by_circuit": [count / DAYS for count in by_circuit],
        "esp_lost": {"mean": float(np.nanmean(losses)), "greatest": float(np.nanmax(losses))} if losses else None,
    }  # fmt: skip

# SPDX-License-Identifier: Apache-2.0
"""Histories of a device of which everything that happens is written down, or drawn."""

from __future__ import annotations

import datetime
import json
import random
from typing import TYPE_CHECKING, Any

from tests.support.calibrations import BEGINNING, DAY
from tests.support.histories import Published

from qiskit_ibm_native import Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

    #: Changes the content of a properties payload of a day.
    Edit = Callable[[dict[str, Any], int], object]


def told(
    days: int, edit: Edit | None = None, *, device: str = "lima", step: datetime.timedelta = DAY, first: int = 0
) -> list[Published]:
    """Return a calibration a day in which every value is another one than before, but for what ``edit`` changes."""
    configuration, properties, _ = Snapshot.load(device).payloads
    assert properties is not None
    published = []
    for day in range(first, days):
        content = json.loads(properties)
        time = BEGINNING + day * step
        content["last_update_date"] = time.isoformat()
        for number, quantity in enumerate(quantities(content)):
            if quantity["name"] not in ("gate_length", "readout_length", "anharmonicity"):
                quantity["value"] *= 1 + 1e-4 * (day % 3 + number / 1000)
        if edit is not None:
            edit(content, day)
        published.append(Published(time, configuration, json.dumps(content).encode()))
    return published


def drawn(seed: int, count: int, device: str = "lima") -> list[Published]:
    """Return a history at irregular times, in which everything that an event may be about happens at random."""
    configuration, properties, _ = Snapshot.load(device).payloads
    assert properties is not None
    source, time = random.Random(seed), BEGINNING
    published, content, gone = [], json.loads(properties), list[dict[str, Any]]()
    for _ in range(count):
        time += datetime.timedelta(hours=source.choice([12, 20, 24, 24, 24, 30, 100]))
        content["last_update_date"] = time.isoformat()
        for owner in [*content["qubits"], *(gate["parameters"] for gate in content["gates"])]:
            _change(owner, source)
        gone = _list_and_delist(content, gone, source)
        published.append(Published(time, configuration, json.dumps(content).encode()))
    return published


def _change(owner: list[dict[str, Any]], source: random.Random) -> None:
    for quantity in [*owner]:
        if quantity["name"] == "operational":
            if source.random() < 0.3:
                owner.remove(quantity)
            continue
        if quantity["name"] == "gate_error" and source.random() < 0.05:
            quantity["value"] = 1.0 if quantity["value"] < 1 else 0.01 * source.random()
        elif quantity["name"] not in ("gate_length", "readout_length") and source.random() < 0.15:
            quantity["value"] = quantity["value"] * source.uniform(0.8, 1.2)
        elif source.random() < 0.01:
            owner.remove(quantity)
    if source.random() < 0.02:
        owner.append({"name": "operational", "unit": "", "value": False, "date": BEGINNING.isoformat()})


def _list_and_delist(
    content: dict[str, Any], gone: list[dict[str, Any]], source: random.Random
) -> list[dict[str, Any]]:
    """Take gates out of a payload and put earlier ones back; return those that are out."""
    returning = [gate for gate in gone if source.random() < 0.2]
    leaving = [gate for gate in content["gates"] if gate["gate"] == "cx" and source.random() < 0.02]
    content["gates"] = [gate for gate in content["gates"] if gate not in leaving] + returning
    return [gate for gate in gone if gate not in returning] + leaving


def quantities(content: dict[str, Any]) -> list[dict[str, Any]]:
    """Return all values of a payload."""
    return [quantity for owner in [*content["qubits"], *map(_parameters, content["gates"])] for quantity in owner]


def _parameters(gate: dict[str, Any]) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = gate["parameters"]
    return parameters


def of_qubit(content: dict[str, Any], qubit: int, name: str) -> dict[str, Any]:
    """Return a value of a qubit."""
    return next(each for each in content["qubits"][qubit] if each["name"] == name)


def of_gate(content: dict[str, Any], gate: str, qubits: list[int]) -> dict[str, Any]:
    """Return what a payload says of a gate."""
    return next(each for each in content["gates"] if (each["gate"], each["qubits"]) == (gate, qubits))


def error_of(content: dict[str, Any], gate: str, qubits: list[int]) -> dict[str, Any]:
    """Return the error of a gate."""
    return next(each for each in of_gate(content, gate, qubits)["parameters"] if each["name"] == "gate_error")


def flag(owner: list[dict[str, Any]], value: bool = False) -> None:
    """Add a flag to the values of a qubit or gate."""
    owner.append({"name": "operational", "unit": "", "value": value, "date": BEGINNING.isoformat()})

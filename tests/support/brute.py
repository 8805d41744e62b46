# SPDX-License-Identifier: Apache-2.0
"""Values of payloads by a plain reader of JSON, with which columns, series and archives are compared."""

from __future__ import annotations

import datetime
import functools
import json
import math
from typing import Any

_POWERS = {"f": -15, "p": -12, "n": -9, "u": -6, "µ": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15}


#: The reader of payloads, which are asked for one quantity after the other.
_parsed = functools.lru_cache(maxsize=8)(json.loads)


def scaled(quantity: dict[str, Any]) -> float | None:
    """Return the value of a quantity in SI units."""
    value, unit = quantity["value"], quantity.get("unit") or ""
    if value is None:
        return None
    if len(unit) > 1:
        power = _POWERS[unit[0]]
        value = value / 10**-power if power < 0 else value * 10**power
    return float(value)


def qubit_values(properties: bytes, name: str, num_qubits: int) -> list[float | None]:
    """Return a quantity of all qubits."""
    values: list[float | None] = [None] * num_qubits
    for qubit, quantities in enumerate(_parsed(properties)["qubits"][:num_qubits]):
        for quantity in quantities:
            if quantity["name"] == name:
                values[qubit] = scaled(quantity)
    return values


def qubits_operational(properties: bytes, num_qubits: int) -> list[bool]:
    """Return whether qubits may be used."""
    flags = [True] * num_qubits
    for qubit, quantities in enumerate(_parsed(properties)["qubits"][:num_qubits]):
        for quantity in quantities:
            if quantity["name"] == "operational":
                flags[qubit] = bool(quantity["value"])
    return flags


def gate_rows(properties: bytes, gate: str) -> list[dict[str, Any]]:
    """Return the rows of a gate: ``qubits``, ``error``, ``duration``, ``operational``, ``updated`` of each."""
    rows = []
    for listed in _parsed(properties)["gates"]:
        if listed["gate"] != gate:
            continue
        row: dict[str, Any] = {
            "qubits": tuple(listed["qubits"]),
            "error": None,
            "duration": None,
            "operational": True,
            "updated": None,
        }
        dates = {}
        for quantity in listed["parameters"]:
            name = {"gate_error": "error", "gate_length": "duration"}.get(quantity["name"])
            if name:
                row[name] = scaled(quantity)
                dates[name] = quantity.get("date")
            elif quantity["name"] == "operational":
                row["operational"] = bool(quantity["value"])
        row["updated"] = dates.get("error") or dates.get("duration")
        rows.append(row)
    return rows


def updated(properties: bytes) -> datetime.datetime:
    """Return when properties were last updated."""
    text = _parsed(properties)["last_update_date"]
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(datetime.timezone.utc)


def is_same(found: Any, expected: list[float | None]) -> bool:
    """Return whether an array has these values, bit by bit, and ``nan`` for none."""
    values = [math.nan if each is None else each for each in expected]
    return len(found) == len(values) and all(
        (a != a and b != b) or a == b for a, b in zip(found.tolist(), values, strict=True)
    )

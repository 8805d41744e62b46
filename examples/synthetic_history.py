# SPDX-License-Identifier: Apache-2.0
"""An archive of synthetic calibrations: a bundled device whose errors and coherence times change each midnight.

For programs that are to be tried before an archive of real calibrations has grown. Nothing in it was measured, but for
the first day.
"""

from __future__ import annotations

import datetime
import json
import math
import random
from pathlib import Path
from typing import Any

from qiskit_ibm_native import CalibrationArchive, Snapshot

#: By how much values differ from day to day: standard deviations of their logarithms.
SPREAD = {"T1": 0.15, "T2": 0.15, "gate_error": 0.25, "readout_error": 0.2}
#: Probability that a value is bad for a day, as two-level systems make some, and the factor then.
BAD, FACTOR = 0.02, 6.0


def write(path: Path, device: str, start: datetime.datetime, days: int, seed: int = 1) -> None:
    """Write an archive with a calibration a day, at midnight.

    Args:
        path: The file.
        device: Name of a bundled device.
        start: The first midnight.
        days: Number of calibrations.
        seed: Decides about everything that is drawn.
    """
    configuration, properties, _ = Snapshot.load(device).payloads
    measured = json.loads(properties or b"{}")
    draw = random.Random(seed)  # noqa: S311 (no secret)
    with CalibrationArchive(path) as archive:
        for day in range(days):
            date = (start + datetime.timedelta(days=day)).isoformat()
            content = {**measured, "last_update_date": date}
            if day:
                content["qubits"] = [[_drawn(value, date, draw) for value in qubit] for qubit in measured["qubits"]]
                content["gates"] = [
                    {**gate, "parameters": [_drawn(value, date, draw) for value in gate["parameters"]]}
                    for gate in measured["gates"]
                ]
            archive.add(Snapshot.from_payloads(configuration, json.dumps(content)))


def _drawn(value: dict[str, Any], date: str, draw: random.Random) -> dict[str, Any]:
    """Return a value of another day, around the one that was measured."""
    spread = SPREAD.get(value["name"])
    # An error of 1 stands for a gate that does not work.
    if spread is None or (value["unit"] == "" and value["value"] >= 1):
        return value
    factor = math.exp(draw.gauss(0, spread))
    if draw.random() < BAD:
        factor = FACTOR if value["unit"] == "" else 1 / FACTOR
    changed = value["value"] * factor
    return {**value, "date": date, "value": min(changed, 0.5) if value["unit"] == "" else changed}

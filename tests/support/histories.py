# SPDX-License-Identifier: Apache-2.0
"""Archives of devices that change from day to day, and the calibrations that they are made of."""

from __future__ import annotations

import datetime
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.support.calibrations import BEGINNING, DAY, Drift

from qiskit_ibm_native import CalibrationArchive, Snapshot

if TYPE_CHECKING:
    from pathlib import Path


class Published(NamedTuple):
    """A calibration as it was published."""

    time: datetime.datetime
    configuration: bytes
    properties: bytes


def drifting(device: str, days: int, first: int = 0) -> list[Published]:
    """Return a calibration a day from 2025-01-01 on, of which the first ones may be left out."""
    made = enumerate(Drift(device, step=DAY).calibrations(days))
    return [Published(BEGINNING + number * DAY, *payloads) for number, payloads in made if number >= first]


def reading_ones_as_zeros(device: str, probabilities: list[float]) -> list[Published]:
    """Return a calibration a day; on each, qubits in 1 are read as 0 with a probability, and those in 0 as 0."""
    configuration, properties, _ = Snapshot.load(device).payloads
    assert properties is not None
    content = json.loads(properties)
    published = []
    for number, probability in enumerate(probabilities):
        time = BEGINNING + number * DAY
        content["last_update_date"] = time.isoformat()
        values = {"prob_meas0_prep1": probability, "prob_meas1_prep0": 0.0, "readout_error": probability / 2}
        for quantities in content["qubits"]:
            for quantity in quantities:
                quantity["value"] = values.get(quantity["name"], quantity["value"])
        published.append(Published(time, configuration, json.dumps(content).encode()))
    return published


def archived(path: Path, *devices: list[Published]) -> Path:
    """Write calibrations to an archive; return its path."""
    with CalibrationArchive(path) as archive:
        for published in devices:
            for calibration in published:
                archive.add(Snapshot.from_payloads(calibration.configuration, calibration.properties))
    return path


def in_force(published: list[Published], moment: datetime.datetime) -> bytes | None:
    """Return the properties that a device had at a moment, found by looking at all of them."""
    earlier = [calibration for calibration in published if calibration.time <= moment]
    return max(earlier, key=lambda calibration: calibration.time).properties if earlier else None


def date_of(properties: Any) -> datetime.datetime:
    """Return the time of a properties payload, or of the content of one."""
    content = properties if isinstance(properties, dict) else json.loads(properties)
    return datetime.datetime.fromisoformat(content["last_update_date"])

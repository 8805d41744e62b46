# SPDX-License-Identifier: Apache-2.0
"""Months of calibrations, derived from a published one: values drift, dates advance, qubits fail and come back.

Nothing of it was measured. What is as in real calibrations is the shape: the payloads are text of the same form and
length, and most of what is listed changes a little each time, some of it not at all.
"""

from __future__ import annotations

import datetime
import json
import math
import random
from typing import TYPE_CHECKING, Any

from qiskit_ibm_native import Snapshot, build_target

if TYPE_CHECKING:
    from collections.abc import Iterator

#: The time of the first calibration: some of the period is summer time, where offsets differ.
BEGINNING = datetime.datetime(2025, 1, 1, tzinfo=datetime.timezone.utc)
STEP = datetime.timedelta(hours=2, minutes=37, seconds=11)
DAY = datetime.timedelta(days=1)
#: By how much a value changes at a time, as a share of itself.
_DRIFT = {
    "T1": 0.05, "T2": 0.05, "readout_error": 0.08, "prob_meas0_prep1": 0.08, "prob_meas1_prep0": 0.08,
    "gate_error": 0.04, "frequency": 1e-6,
}  # fmt: skip
#: Probabilities at each calibration: a value is measured again, a qubit or gate fails, one comes back, the
#: configuration changes. Failures are many more than devices have, so that a short history has some of each kind.
_MEASURED, _FAILS, _RETURNS, _CHANGES = 0.6, 0.002, 0.15, 0.002


class Drift:
    """A device whose calibrations go on from one to the next, the same ones for the same seed."""

    def __init__(self, device: str, seed: int = 0, *, step: datetime.timedelta = STEP, fails: float = _FAILS) -> None:
        """Start at a bundled device; ``fails`` is the probability that a qubit or gate fails at a calibration."""
        configuration, properties, _ = Snapshot.load(device).payloads
        assert properties is not None
        self._random = random.Random(f"{device} {seed}")
        self._configuration: dict[str, Any] = json.loads(configuration)
        self._configuration_payload = configuration
        self._properties: dict[str, Any] = json.loads(properties)
        self._first = json.loads(properties)
        self._version = 0
        self._step = step
        self._fails = fails

    def calibrations(self, count: int) -> Iterator[tuple[bytes, bytes]]:
        """Return configuration and properties payloads; the configuration is the same object until it changes."""
        for number in range(count):
            self._advance(BEGINNING + number * self._step)
            yield self._configuration_payload, json.dumps(self._properties).encode()

    def _advance(self, now: datetime.datetime) -> None:
        stamp = _local(now).isoformat()
        self._properties["last_update_date"] = stamp
        lists = zip(self._quantities(self._properties), self._quantities(self._first), strict=True)
        for quantities, first in lists:
            for quantity, at_first in zip(quantities, first, strict=False):
                self._measure(quantity, at_first, stamp)
            self._fail(quantities, stamp)
        if self._random.random() < _CHANGES:
            self._version += 1
            self._configuration["backend_version"] = f"9.0.{self._version}"
            self._configuration_payload = json.dumps(self._configuration).encode()

    @staticmethod
    def _quantities(properties: dict[str, Any]) -> list[list[dict[str, Any]]]:
        return [*properties["qubits"], *(gate["parameters"] for gate in properties["gates"])]

    def _measure(self, quantity: dict[str, Any], first: dict[str, Any], stamp: str) -> None:
        drift, value = _DRIFT.get(quantity["name"]), first["value"]
        if drift is None or not value or self._random.random() > _MEASURED:
            return
        # A value that strayed far is drawn back to its start.
        strayed = math.log(quantity["value"] / value)
        moved = quantity["value"] * math.exp(self._random.gauss(-0.1 * strayed, drift))
        # An error of 1 marks a gate that does not work, and stays.
        if quantity["unit"] != "" or value < 1:
            quantity["value"] = moved
        if quantity["unit"] == "":
            quantity["value"] = min(quantity["value"], 1.0)
        quantity["date"] = stamp

    def _fail(self, quantities: list[dict[str, Any]], stamp: str) -> None:
        if quantities and quantities[-1]["name"] == "operational":
            if self._random.random() < _RETURNS:
                quantities.pop()
        elif self._random.random() < self._fails:
            quantities.append({"date": stamp, "name": "operational", "unit": "", "value": False})


def _local(now: datetime.datetime) -> datetime.datetime:
    """Return a time as devices on the east coast of the United States write it, roughly."""
    is_summer = 3 <= now.month <= 10
    return now.astimezone(datetime.timezone(datetime.timedelta(hours=-4 if is_summer else -5)))


def is_universal(snapshot: Snapshot) -> bool:
    """Return whether the basis gates are all there: a gate that counts for all qubits at once may have failed."""
    target = build_target(snapshot)
    return all(name in target.operation_names and target[name] for name in ("sx", "rz", "x"))

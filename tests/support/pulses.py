# SPDX-License-Identifier: Apache-2.0
"""Pulse defaults payloads of 44 devices, and what Qiskit 1.4.5 made of them."""

from __future__ import annotations

import json
import lzma
from functools import cache
from typing import Any

import numpy as np
from tests.support import TESTS

from qiskit_ibm_native import PulseDefaults, Snapshot, bundled_devices

GOLDEN = TESTS / "golden" / "pulse"
#: As in golden/make_pulse.py.
PARAMETERS = {"P0": 0.3, "P1": 0.5, "P2": 0.7}
_SIGNS = 1.0 - 2.0 * np.random.RandomState(20261122).randint(2, size=(2, 1 << 19))


def devices() -> list[str]:
    """Return the names of all devices with pulse defaults."""
    return sorted(path.name.removesuffix(".json.xz") for path in GOLDEN.glob("*.json.xz"))


@cache
def payload(name: str) -> bytes:
    """Return the pulse defaults payload of a device."""
    if name in bundled_devices():
        bundled = Snapshot.load(name).payloads.defaults
        if bundled is not None:
            return bundled
    return lzma.decompress((TESTS / "payloads" / "defaults" / f"{name}.json.xz").read_bytes())


@cache
def defaults(name: str) -> PulseDefaults:
    """Return the pulse defaults of a device."""
    made = PulseDefaults.from_payload(payload(name))
    assert made is not None
    return made


def golden(name: str) -> dict[str, Any]:
    """Return what Qiskit 1.4.5 made of a device."""
    return json.loads(lzma.decompress((GOLDEN / f"{name}.json.xz").read_bytes()))


def sums(samples: np.ndarray) -> list[float]:
    """Return a few numbers that change when any sample changes."""
    values = _SIGNS[:, : len(samples)] @ samples
    return [*values.real.tolist(), *values.imag.tolist()]

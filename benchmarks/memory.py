# SPDX-License-Identifier: Apache-2.0
"""Peak memory of one conversion beyond what is left of it, in a process of its own.

Usage: python memory.py DEVICE-OR-GRID, where a grid is WIDTHxHEIGHT, or python memory.py defaults:DEVICE for the pulse
defaults of a device. Prints bytes as JSON.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import sys
from collections.abc import Callable
from typing import Any

from grids import grid
from qiskit_ibm_native import PulseDefaults, Snapshot
from sides import native


def resident() -> int:
    """Return the memory that this process has now, in bytes."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def peak_of(call: Callable[[], Any]) -> tuple[Any, int, int]:
    """Return the result of a call, and the peak and the rest of the memory that it took."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    # The high-water mark starts anew here.
    with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
        file.write("5")
    before = resident()
    result = call()
    with open("/proc/self/status", encoding="ascii") as file:
        peak = next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM"))
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    return result, peak - before, resident() - before


def target(name: str) -> dict[str, int]:
    """Return the memory of making a target."""
    payloads = grid(*map(int, name.split("x"))) if "x" in name else tuple(Snapshot.load(name).payloads[:2])
    native(tuple(Snapshot.load("lima").payloads[:2]))
    made, peak, kept = peak_of(lambda: native(payloads))
    size = sum(map(len, payloads))
    return {"payload": size, "target": kept, "beyond_target": peak - kept, "operations": len(made)}


def defaults(name: str) -> dict[str, int]:
    """Return the memory of reading pulse defaults, beside the payload itself."""

    def read(payload: bytes | None) -> Any:
        made = PulseDefaults.from_payload(payload or b"")
        assert made is not None
        assert made.instruction_schedule_map.has("x", 0)
        return made

    read(Snapshot.load("lima").payloads.defaults)
    payload = Snapshot.load(name).payloads.defaults
    assert payload is not None
    _, peak, kept = peak_of(lambda: read(payload))
    return {"payload": len(payload), "beyond": peak, "kept": kept}


kind, _, device = sys.argv[1].rpartition(":")
print(json.dumps(defaults(device) if kind else target(device)))

# SPDX-License-Identifier: Apache-2.0
"""Peak memory of one conversion beyond what is left of it, in a process of its own.

Usage: python memory.py DEVICE-OR-GRID, where a grid is WIDTHxHEIGHT. Prints bytes as JSON.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import sys

from grids import grid
from qiskit_ibm_native import Snapshot
from sides import native


def resident() -> int:
    """Return the memory that this process has now, in bytes."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    """Convert once, and print how much memory it took."""
    name = sys.argv[1]
    payloads = grid(*map(int, name.split("x"))) if "x" in name else tuple(Snapshot.load(name).payloads[:2])
    native(tuple(Snapshot.load("lima").payloads[:2]))
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    # The high-water mark starts anew here.
    with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
        file.write("5")
    before = resident()
    target = native(payloads)
    with open("/proc/self/status", encoding="ascii") as file:
        peak = next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM"))
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    kept = resident() - before
    size = sum(map(len, payloads))
    print(
        json.dumps({"payload": size, "target": kept, "beyond_target": peak - before - kept, "operations": len(target)})
    )


main()

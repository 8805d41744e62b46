# SPDX-License-Identifier: Apache-2.0
"""Timing two sides against each other, and what a machine and a build are."""

from __future__ import annotations

import gc
import os
import platform
import statistics
import subprocess
import sys
import time
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from qiskit_ibm_native import _native

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def refuse_debug_build() -> None:
    """End the program if the extension is a debug build."""
    if _native.build_profile != "release":
        sys.exit("the extension is a debug build; `make build` makes a release build")


def rounds(
    sides: dict[str, tuple[Callable[[], Any], int]], count: int, *, collect: bool = True
) -> dict[str, dict[str, float]]:
    """Time sides in turn.

    Args:
        sides: By name, what to call, and how often in a round.
        count: How many rounds.
        collect: Leave the garbage collector on, as users have it; otherwise collect once before each turn.

    Returns:
        By name, ``median``, ``low`` and ``high`` (quartiles) in microseconds, and ``runs``.
    """
    times: dict[str, list[float]] = {name: [] for name in sides}
    for call, _ in sides.values():
        call()
    for _ in range(count):
        for name, (call, repeats) in sides.items():
            if not collect:
                gc.collect()
                gc.disable()
            for _ in range(repeats):
                start = time.perf_counter()
                result = call()
                times[name].append(time.perf_counter() - start)
                # Not before the clock has stopped, for either side.
                del result
            gc.enable()
    return {name: summary(each) for name, each in times.items()}


def summary(seconds: Sequence[float]) -> dict[str, float]:
    """Return median and quartiles in microseconds, and how many runs they are of."""
    low, median, high = statistics.quantiles(seconds, n=4) if len(seconds) > 1 else (seconds[0],) * 3
    microseconds = {"median": median, "low": low, "high": high}
    return {**{name: round(value * 1e6, 3) for name, value in microseconds.items()}, "runs": len(seconds)}


def processes(programs: dict[str, str], count: int) -> dict[str, dict[str, float]]:
    """Time Python programs as whole processes, in turn."""
    times: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(count):
        for name, code in programs.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True)
            times[name].append(time.perf_counter() - start)
    return {name: summary(each) for name, each in times.items()}


def environment() -> dict[str, Any]:
    """Return what the figures were measured on."""
    packages = ("qiskit-ibm-native", "qiskit", "qiskit-ibm-runtime", "orjson", "pysimdjson")
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            cpu = next((line.partition(":")[2].strip() for line in file if line.startswith("model name")), "")
    except OSError:
        cpu = ""
    return {
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {os.cpu_count()} processors, {cpu or platform.processor()}",
        "packages": {name: version(name) for name in packages},
    }

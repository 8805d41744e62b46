# SPDX-License-Identifier: Apache-2.0
"""The official client against itself, accelerated, in one process: processor time, collection on as users have it."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qiskit_ibm_runtime import QiskitRuntimeService
from qiskit_ibm_runtime.fake_provider import FakeFez, FakeProviderForBackendV2
from tests.support.equality import assert_targets_equal
from tests.support.official_suite import ABOUT_BACKENDS, fetch_tests, run

from measure import summary
from provider import DEVICE, service
from qiskit_ibm_native import accelerate
from qiskit_ibm_native.acceleration import is_accelerated

if TYPE_CHECKING:
    from collections.abc import Callable


def accelerated() -> dict[str, Any]:
    """The official client with and without acceleration, the results having been found equal."""
    warnings.simplefilter("ignore")
    return {**fake_devices(), **refreshes(), "tests": official_tests()}


def fake_devices() -> dict[str, Any]:
    """Fake devices: one of 156 qubits, and all of them."""

    def fez() -> Any:
        return FakeFez().target

    def every() -> list[Any]:
        return [backend.target for backend in FakeProviderForBackendV2().backends()]

    without = every()
    with accelerate():
        for official, native in zip(without, every(), strict=True):
            assert_targets_equal(official, native)
    del without
    found = {name: compared(work, runs) for name, work, runs in (("fake_fez", fez, 12), ("all_fake_devices", every, 4))}
    return {**found, "first_fake_fez": first_uses()}


def refreshes() -> dict[str, Any]:
    """``backend.target`` after ``refresh()``, over the local service in a process of its own."""
    with service():
        client = QiskitRuntimeService()
        backends = {False: client.backend(DEVICE)}
        with accelerate():
            backends[True] = client.backend(DEVICE)

        def refreshed() -> Any:
            backend = backends[is_accelerated()]
            backend.refresh()
            return backend.target

        without = refreshed()
        with accelerate():
            assert_targets_equal(without, refreshed())

        return {"refresh": compared(refreshed, 12)}


def compared(work: Callable[[], Any], runs: int) -> dict[str, Any]:
    """Return processor times of both sides, taken in turn, and how many times less the accelerated one takes."""
    times: dict[str, list[float]] = {"official": [], "accelerated": []}
    with accelerate():
        timed(work)
    timed(work)
    for _ in range(runs):
        times["official"].append(timed(work))
        with accelerate():
            times["accelerated"] += [timed(work) for _ in range(5)]
    return with_ratio(times)


def timed(work: Callable[[], Any]) -> float:
    """Return the processor time of a call; what it returns is given up behind it."""
    start = time.process_time()
    result = work()
    elapsed = time.process_time() - start
    del result
    return elapsed


def with_ratio(times: dict[str, list[float]]) -> dict[str, Any]:
    """Return a summary of both sides and the ratio of their medians."""
    ratio = statistics.median(times["official"]) / statistics.median(times["accelerated"])
    return {**{side: summary(taken) for side, taken in times.items()}, "ratio": round(ratio, 1)}


_FIRST = """
import sys, time, warnings
warnings.simplefilter("ignore")
if sys.argv[1] == "accelerated":
    import qiskit_ibm_native
    qiskit_ibm_native.accelerate()
from qiskit_ibm_runtime.fake_provider import FakeFez
start = time.process_time()
FakeFez().target
print(time.process_time() - start)
"""


def first_uses() -> dict[str, Any]:
    """Return the time of the first target in processes of their own, behind the imports, in turn."""
    times: dict[str, list[float]] = {"official": [], "accelerated": []}
    for _ in range(7):
        for side, taken in times.items():
            done = subprocess.run([sys.executable, "-c", _FIRST, side], check=True, capture_output=True, text=True)
            taken.append(float(done.stdout))
    return with_ratio(times)


def official_tests() -> dict[str, Any]:
    """The official client's own tests of backends, by the clock."""
    from importlib import metadata

    version = metadata.version("qiskit-ibm-runtime")
    tests = fetch_tests(version, Path(".environments/official").resolve())
    seconds: dict[str, list[float]] = {"official": [], "accelerated": []}
    outcomes = {}
    for _ in range(3):
        for side, taken in seconds.items():
            outcomes[side], elapsed = run(tests, ABOUT_BACKENDS, [], accelerated=side == "accelerated")
            taken.append(round(elapsed, 2))
    assert outcomes["official"] == outcomes["accelerated"], json.dumps(outcomes)
    medians = {side: statistics.median(taken) for side, taken in seconds.items()}
    return {
        "version": version,
        "count": len(outcomes["official"]),
        "seconds": medians,
        "ratio": round(medians["official"] / medians["accelerated"], 2),
    }

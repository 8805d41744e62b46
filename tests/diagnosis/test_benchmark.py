# SPDX-License-Identifier: Apache-2.0
"""The benchmark of an installation: what it compares, and what it says when sides differ or are not there."""

from __future__ import annotations

import sys
import time
from typing import Any

import pytest
from qiskit.transpiler import InstructionProperties

from qiskit_ibm_native import IBMInputValueError, Snapshot, build_target
from qiskit_ibm_native.diagnosis import benchmark, run_benchmark
from qiskit_ibm_native.diagnosis.comparison import target_differences
from qiskit_ibm_native.diagnosis.sweep_timing import SweepTiming
from qiskit_ibm_native.diagnosis.timing import Timing, take_turns, timing_of


@pytest.fixture
def _no_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmark, "sweep_timing", lambda *_: SweepTiming("ibmq_lima", 4, 1, 2.0, 1.0, 0.5))


def test_equal_targets_have_no_differences_and_each_change_is_one() -> None:
    for device in ("lima", "fez"):
        assert target_differences(build_target(device), build_target(device)) == []
    one, other = build_target("lima"), build_target("lima")
    error, duration = other["cx"][0, 1].error, other["cx"][0, 1].duration
    other.update_instruction_properties("cx", (0, 1), InstructionProperties(duration, error * (1 + 1e-15)))
    (found,) = target_differences(one, other)
    assert found.startswith("error of cx on (0, 1): ")
    found = target_differences(one, build_target(Snapshot.load("lima").with_overrides(t1={2: 1e-5})))
    assert [text.partition(":")[0] for text in found] == ["t1 of qubit 2"]
    found = target_differences(build_target("lima"), build_target("fez"))
    assert len(found) == 20
    assert "num_qubits: 5 and 156" in found


def test_sides_take_turns_until_the_time_is_over_and_twice_at_least() -> None:
    calls: list[str] = []

    def slow() -> None:
        calls.append("slow")
        time.sleep(0.01)

    found = take_turns({"fast": lambda: calls.append("fast"), "slow": slow}, 0.0)
    assert found["slow"].runs == 2
    assert found["fast"].runs > 2
    assert found["slow"].median >= 0.01 > found["fast"].median
    assert found["slow"].low <= found["slow"].median <= found["slow"].high
    # The first call of each is not timed.
    assert calls.count("slow") == 3
    assert timing_of([2.0]) == Timing(2.0, 2.0, 2.0, 1)


@pytest.mark.usefixtures("_no_sweep")
def test_without_the_official_client_there_is_one_side(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("qiskit_ibm_runtime", "qiskit_ibm_runtime.utils.backend_converter"):
        monkeypatch.setitem(sys.modules, module, None)
    found = run_benchmark(0.01, devices=["lima"], progress=False)
    assert found.official is None
    assert "qiskit-ibm-runtime" in str(found.no_official)
    (timing,) = found.devices
    assert timing.official_target is timing.ratio is timing.is_equal is None
    assert timing.target.median > timing.decode.median > 0
    assert timing.payload_bytes == sum(map(len, Snapshot.load("lima").payloads[:2]))
    assert found.is_equal
    assert found.to_dict()["devices"][0]["target"]["runs"] >= 2


@pytest.mark.official
@pytest.mark.usefixtures("_no_sweep")
def test_results_are_compared_before_they_are_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    found = run_benchmark(0.01, devices=["vigo", "lima"], progress=False)
    assert [timing.device for timing in found.devices] == ["ibmq_lima", "ibmq_vigo"]
    assert found.is_equal
    assert all(timing.is_equal and timing.ratio is not None and timing.ratio > 1 for timing in found.devices)

    def wrong(payloads: Any) -> Any:
        return build_target("vigo")

    monkeypatch.setattr(benchmark, "_target", wrong)
    found = run_benchmark(0.01, devices=["lima"], progress=False)
    assert not found.is_equal
    assert found.devices[0].differences


@pytest.mark.slow
def test_a_sweep_has_the_circuits_of_the_loop() -> None:
    from qiskit_ibm_native.diagnosis.sweep_timing import sweep_timing

    found = sweep_timing(Snapshot.load("lima"), 0.2)
    assert found.differences == ()
    assert found.tasks >= 4
    assert min(found.loop, found.sweep, found.start) > 0
    assert found.ratio == found.loop / found.sweep


@pytest.mark.usefixtures("_no_sweep")
def test_what_makes_no_sense_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for seconds in (0, -1, float("nan")):
        with pytest.raises(IBMInputValueError, match="above 0"):
            run_benchmark(seconds)
    with pytest.raises(FileNotFoundError):
        run_benchmark(1, devices=["nowhere"])
    monkeypatch.setattr(benchmark._native, "build_profile", "debug")
    with pytest.raises(IBMInputValueError, match="debug build"):
        run_benchmark(1)

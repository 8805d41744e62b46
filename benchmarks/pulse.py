# SPDX-License-Identifier: Apache-2.0
"""Pulses against Qiskit 1.4.5, which works in a process and an environment of its own; both sides take turns."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from measure import summary
from qiskit_ibm_native import PulseDefaults, Snapshot, build_target
from qiskit_ibm_native.pulse import Play, SymbolicPulse

_HERE = Path(__file__).parent
#: The interpreter of the environment into which `make bench` installs the other side.
OTHER = _HERE.parent / ".environments" / "qiskit-1" / "bin" / "python"

Payloads = dict[str, bytes]


def load(payloads: Payloads) -> PulseDefaults:
    """Read defaults; a look at the map makes sure that it is ready."""
    defaults = PulseDefaults.from_payload(payloads["defaults"])
    assert defaults is not None
    assert defaults.instruction_schedule_map.has("x", 0)
    return defaults


def described(defaults: PulseDefaults) -> list[Any]:
    """Return what both sides must agree on."""
    schedules = defaults.instruction_schedule_map
    gates = {name: len(schedules.qubits_with_instruction(name)) for name in schedules.instructions}
    return [gates, schedules.has("x", 0), sum(defaults.qubit_freq_est), sum(defaults.meas_freq_est)]


def all_schedules(defaults: PulseDefaults) -> list[int]:
    """Make every schedule; return how many instructions they have, and the sum of their durations."""
    schedules, count, duration = defaults.instruction_schedule_map, 0, 0
    for name in schedules.instructions:
        for qubits in schedules.qubits_with_instruction(name):
            schedule = schedules.get(name, qubits)
            assert schedule is not None
            count += len(schedule.instructions)
            duration += schedule.duration
    return [count, duration]


def distinct_pulses(defaults: PulseDefaults) -> list[SymbolicPulse]:
    """Return the parametric pulses that differ, in the order of schedules."""
    schedules, pulses = defaults.instruction_schedule_map, {}
    for name in schedules.instructions:
        for qubits in schedules.qubits_with_instruction(name):
            for _, instruction in schedules.get(name, qubits).instructions:  # type: ignore[union-attr]
                if isinstance(instruction, Play) and isinstance(instruction.pulse, SymbolicPulse):
                    pulse = instruction.pulse
                    values = tuple(round(float(value), 12) for value in pulse.parameters.values())
                    pulses.setdefault((pulse.pulse_type, *values), pulse)
    return list(pulses.values())


def sample(pulses: list[SymbolicPulse]) -> list[Any]:
    """Return the samples of all pulses, none of which has been sampled before."""
    return [pulse.samples for pulse in pulses]


def path(payloads: Payloads) -> tuple[Any, PulseDefaults]:
    """Make a target and defaults of three payloads."""
    snapshot = Snapshot.from_payloads(payloads["configuration"], payloads["properties"], payloads["defaults"])
    defaults = snapshot.defaults
    assert defaults is not None
    assert defaults.instruction_schedule_map.has("x", 0)
    return build_target(snapshot), defaults


def target_described(both: tuple[Any, PulseDefaults]) -> list[Any]:
    """Return what both sides must agree on."""
    target, defaults = both
    return [{name: len(target[name]) for name in ("cx", "ecr", "measure", "x") if name in target}, described(defaults)]


def sums(samples: list[Any]) -> list[list[float]]:
    """Return the sum of the samples of each pulse."""
    return [[complex(each.sum()).real, complex(each.sum()).imag] for each in samples]


#: As in qiskit_1.py.
WORK: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any], Callable[[Any], Any]]] = {
    "load": (lambda payloads: payloads, load, described),
    "schedules": (load, all_schedules, lambda result: result),
    "samples": (lambda payloads: distinct_pulses(load(payloads)), sample, sums),
    "path": (lambda payloads: payloads, path, target_described),
}
#: Measurements, their devices, and their repetitions in a round on either side.
PLAN = {
    "load": (("sherbrooke", "washington"), 20, 3),
    "schedules": (("washington",), 8, 1),
    "samples": (("sherbrooke",), 4, 1),
    "path": (("washington",), 20, 2),
}
ROUNDS = 5


@contextmanager
def other_side() -> Iterator[Callable[[str, str, int], dict[str, Any]]]:
    """Start the other side; gives what asks it for a turn."""
    if not OTHER.exists():
        sys.exit(f"{OTHER} is missing; `make bench` installs it")
    with subprocess.Popen(
        [OTHER, _HERE / "qiskit_1.py"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None  # noqa: PT018

        def ask(work: str, folder: str, runs: int) -> dict[str, Any]:
            process.stdin.write(json.dumps({"work": work, "folder": folder, "runs": runs}) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
            if not line:
                sys.exit("Qiskit 1.4.5 stopped; its error is above")
            return json.loads(line)

        yield ask
        process.stdin.close()


def turn(work: str, payloads: Payloads, runs: int) -> tuple[list[float], Any]:
    """Do a work several times on our side."""
    prepare, call, describe = WORK[work]
    seconds, result = [], None
    for _ in range(runs):
        prepared = prepare(payloads)
        start = time.perf_counter()
        result = call(prepared)
        seconds.append(time.perf_counter() - start)
        described_result = describe(result)
        del prepared, result
    return seconds, described_result


def assert_equal(ours: Any, theirs: Any, where: str) -> None:
    """End the program unless results agree, floats within 1e-9."""
    if isinstance(ours, list | dict):
        assert len(ours) == len(theirs), where
        keys = ours if isinstance(ours, dict) else range(len(ours))
        for key in keys:
            assert_equal(ours[key], theirs[key], f"{where}.{key}")
    elif isinstance(ours, float):
        assert math.isclose(ours, theirs, rel_tol=1e-12, abs_tol=1e-9), (where, ours, theirs)
    else:
        assert ours == theirs, (where, ours, theirs)


def memory() -> dict[str, int]:
    """Return the size of washington's payload, and the peak of memory beyond it while it is read."""
    output = subprocess.run(
        [sys.executable, _HERE / "memory.py", "defaults:washington"], check=True, capture_output=True, text=True
    )
    return json.loads(output.stdout)


def pulse() -> dict[str, Any]:
    """Return the figures of pulses."""
    rows: dict[str, Any] = {}
    with other_side() as ask:
        for work, (devices, ours, theirs) in PLAN.items():
            for device in devices:
                rows[f"{work}, {device}"] = _row(work, device, ours, theirs, ask)
                print(f"  {work}, {device}: {rows[f'{work}, {device}']['ratio']:.1f}", flush=True)
    used = memory()
    used["of_payload"] = round((used["payload"] + used["beyond"]) / used["payload"], 2)
    return {"work": rows, "memory": used, "other": {"qiskit": "1.4.5", "qiskit-ibm-runtime": "0.34.0"}}


def _row(work: str, device: str, ours: int, theirs: int, ask: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    payloads = Snapshot.load(device).payloads._asdict()
    times: dict[str, list[float]] = {"native": [], "qiskit_1": []}
    with tempfile.TemporaryDirectory() as folder:
        for kind, payload in payloads.items():
            (Path(folder) / kind).write_bytes(payload)
        # The first turn warms both sides up, and shows that they agree.
        assert_equal(turn(work, payloads, 1)[1], ask(work, folder, 1)["result"], f"{work}, {device}")
        for _ in range(ROUNDS):
            times["native"] += turn(work, payloads, ours)[0]
            times["qiskit_1"] += ask(work, folder, theirs)["seconds"]
    row: dict[str, Any] = {side: summary(seconds) for side, seconds in times.items()}
    return {
        "bytes": sum(map(len, payloads.values())),
        **row,
        "ratio": round(row["qiskit_1"]["median"] / row["native"]["median"], 1),
    }

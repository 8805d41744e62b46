# SPDX-License-Identifier: Apache-2.0
"""The other side of the figures of pulses: Qiskit 1.4.5 with qiskit-ibm-runtime 0.34.0, in their own environment.

Reads a line of JSON per turn, ``{"work": ..., "folder": ..., "runs": ...}``, and answers with one,
``{"seconds": [...], "result": ...}``. Payloads are files of that folder.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from pathlib import Path

from qiskit.pulse import Play
from qiskit_ibm_runtime.utils.backend_converter import convert_to_target
from qiskit_ibm_runtime.utils.backend_decoder import (
    configuration_from_server_data,
    defaults_from_server_data,
    properties_from_server_data,
)


def load(payloads):
    """Decode defaults and build their model."""
    return defaults_from_server_data(json.loads(payloads["defaults"]))


def described(defaults):
    """Return what both sides must agree on."""
    schedules = defaults.instruction_schedule_map
    gates = {name: len(schedules.qubits_with_instruction(name)) for name in schedules.instructions}
    return [gates, schedules.has("x", 0), sum(defaults.qubit_freq_est), sum(defaults.meas_freq_est)]


def all_schedules(defaults):
    """Build every schedule; return how many instructions they have, and the sum of their durations."""
    schedules, count, duration = defaults.instruction_schedule_map, 0, 0
    for name in schedules.instructions:
        for qubits in schedules.qubits_with_instruction(name):
            schedule = schedules.get(name, qubits)
            count += len(schedule.instructions)
            duration += schedule.duration
    return [count, duration]


def distinct_pulses(defaults):
    """Return the parametric pulses that differ, in the order of schedules."""
    schedules, pulses = defaults.instruction_schedule_map, {}
    for name in schedules.instructions:
        for qubits in schedules.qubits_with_instruction(name):
            for _, instruction in schedules.get(name, qubits).instructions:
                if isinstance(instruction, Play) and hasattr(instruction.pulse, "pulse_type"):
                    pulse = instruction.pulse
                    key = (pulse.pulse_type, *(float(value) for value in pulse.parameters.values()))
                    pulses.setdefault(
                        tuple(round(value, 12) if isinstance(value, float) else value for value in key), pulse
                    )
    return list(pulses.values())


def sample(pulses):
    """Return the samples of all pulses."""
    return [pulse.get_waveform().samples for pulse in pulses]


def path(payloads):
    """Make a target with calibrations, and defaults, of three payloads."""
    configuration = configuration_from_server_data(json.loads(payloads["configuration"]))
    properties = properties_from_server_data(json.loads(payloads["properties"]))
    defaults = load(payloads)
    return convert_to_target(configuration, properties, defaults), defaults


def target_described(both):
    """Return what both sides must agree on."""
    target, defaults = both
    return [{name: len(target[name]) for name in ("cx", "ecr", "measure", "x") if name in target}, described(defaults)]


#: By work: what is prepared before the clock starts, what is timed, and what of the result is compared.
WORK = {
    "load": (lambda payloads: payloads, load, described),
    "schedules": (load, all_schedules, lambda result: result),
    "samples": (
        lambda payloads: distinct_pulses(load(payloads)),
        sample,
        lambda result: [[complex(each.sum()).real, complex(each.sum()).imag] for each in result],
    ),
    "path": (lambda payloads: payloads, path, target_described),
}


def turn(work, folder, runs):
    """Do a work several times."""
    prepare, call, describe = WORK[work]
    payloads = {kind: (Path(folder) / kind).read_bytes() for kind in ("configuration", "properties", "defaults")}
    seconds, result = [], None
    for _ in range(runs):
        prepared = prepare(payloads)
        start = time.perf_counter()
        result = call(prepared)
        seconds.append(time.perf_counter() - start)
        described_result = describe(result)
        del prepared, result
    return {"seconds": seconds, "result": described_result}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    for line in sys.stdin:
        print(json.dumps(turn(**json.loads(line))), flush=True)

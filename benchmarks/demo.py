# SPDX-License-Identifier: Apache-2.0
"""The main job on real payloads: every bundled device becomes a target, beside the official client."""

from __future__ import annotations

import os
import sys
import tempfile
from typing import TYPE_CHECKING

from qiskit import QuantumCircuit, transpile
from tests.support.equality import differences, target_state

from measure import refuse_debug_build, rounds
from qiskit_ibm_native import IBMProvider, Snapshot, build_target, bundled_devices
from sides import native, official

if TYPE_CHECKING:
    from sides import Payloads

COLOUR = sys.stdout.isatty() and "NO_COLOR" not in os.environ
BAR = 28


def paint(text: str, code: str) -> str:
    """Return text in a colour, on a terminal."""
    return f"\033[{code}m{text}\033[0m" if COLOUR else text


def bar(ratio: float, most: float) -> str:
    """Return a bar as long as the ratio, the longest ``BAR`` characters."""
    eighths = max(1, round(ratio / most * BAR * 8))
    return "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip()


def run_on_a_device(circuit: QuantumCircuit) -> None:
    """Run a circuit on the local service, with the noise of the device's calibration, and show what was measured."""
    with tempfile.TemporaryDirectory() as folder, IBMProvider(channel="local", store=f"{folder}/jobs") as provider:
        backend = provider.backend.ibm_fez
        job = backend.run(transpile(circuit, backend, optimization_level=2, seed_transpiler=1), shots=2000)
        counts = provider.job(job.job_id()).result().get_counts()
    print(f"\nThe same, run on {paint('ibm_fez', '1')} as the local service simulates it, 2000 shots:")
    for word, number in sorted(counts.items(), key=lambda pair: -pair[1])[:4]:
        print(f"  {word} {number:>5}  {paint(bar(number, 2000), '36')}")


def main() -> int:
    """Print the table; return 1 if any two targets differ."""
    refuse_debug_build()
    print(paint("Payload bytes → qiskit.transpiler.Target", "1"))
    print(paint("medians of one run on this machine; the official client is qiskit-ibm-runtime\n", "2"))
    print(paint(f"{'device':<16}{'qubits':>6}{'payload':>10}{'ours':>11}{'official':>12}{'faster':>9}  equal", "1"))
    unequal = 0
    for name in sorted(bundled_devices(), key=lambda device: Snapshot.load(device).num_qubits):
        snapshot = Snapshot.load(name)
        assert snapshot.payloads.properties is not None
        payloads: Payloads = (snapshot.payloads.configuration, snapshot.payloads.properties)
        equal = not differences(target_state(official(payloads)), target_state(native(payloads)))
        unequal += not equal
        sides = {"native": (lambda: native(payloads), 40), "official": (lambda: official(payloads), 2)}
        times = rounds(sides, 3)
        ours, theirs = (times[side]["median"] / 1000 for side in ("native", "official"))
        print(
            f"{snapshot.name:<16}{snapshot.num_qubits:>6}{sum(map(len, payloads)) / 1000:>7.0f} kB{ours:>8.3f} ms{theirs:>9.1f} ms"
            f"{paint(f'{theirs / ours:>8.0f}x', '1;32')}  {paint('✓ equal', '32') if equal else paint('✗ DIFFERENT', '1;31')}"
            f"  {paint(bar(theirs / ours, 250), '36')}",
            flush=True,
        )
    target = build_target(Snapshot.load("fez"))
    circuit = QuantumCircuit(12)
    circuit.h(0)
    circuit.cx(range(11), range(1, 12))
    circuit.measure_all()
    compiled = transpile(circuit, target=target, optimization_level=2, seed_transpiler=1)
    print(f"\nA GHZ state of 12 qubits, transpiled for {paint('ibm_fez', '1')} with the target built above:")
    operations = ", ".join(f"{count} {name}" for name, count in compiled.count_ops().items())
    print(
        f"  {operations}; depth {compiled.depth()}, two-qubit depth {compiled.depth(lambda gate: gate.operation.num_qubits == 2)}"
    )
    run_on_a_device(circuit)
    print(paint("\nNext:", "1"))
    print("  source .venv/bin/activate   the package is installed there, with the local service")
    print("  qiskit-ibm-native --help    the command: devices, calibrations, sweeps, the local service")
    print("  README.md, docs/, examples/ every snippet runs as it is, without an account")
    if unequal:
        print(paint(f"\n{unequal} of the targets differ from the official ones.", "1;31"))
    return int(unequal > 0)


if __name__ == "__main__":
    sys.exit(main())

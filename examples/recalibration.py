# SPDX-License-Identifier: Apache-2.0
"""How many jobs a recalibration spoils: weeks of a device are played again, with jobs that wait across midnight.

A circuit is transpiled for the calibration of the moment and submitted, each morning and each evening. It waits in the
queue. Those of the evening begin after the device was calibrated again, on qubits that were the best ones before. Such
a job is spoiled if its estimated success probability is then worse, by more than a share of it, than that of a circuit
that is transpiled again for the calibration on which it runs.
"""

from __future__ import annotations

import argparse
import datetime
import math
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from qiskit import QuantumCircuit, generate_preset_pass_manager

from qiskit_ibm_native import IBMBackend, IBMProvider, score
from qiskit_ibm_native.exceptions import IBMJobError
from synthetic_history import write

START = datetime.datetime(2026, 3, 1, tzinfo=datetime.timezone.utc)
MORNING, EVENING = datetime.timedelta(hours=6), datetime.timedelta(hours=18)


@dataclass(frozen=True)
class Outcome:
    """One job, with probabilities of success: as it was estimated, and as it was measured.

    Attributes:
        submitted: When it was submitted.
        promised: Estimate on the calibration for which it was transpiled.
        kept: Estimate on the calibration on which it ran; NaN if a gate did not work any more.
        possible: Estimate of the circuit that is transpiled for the latter.
        measured: Share of the shots with the right result.
    """

    submitted: datetime.datetime
    promised: float
    kept: float
    possible: float
    measured: float

    def is_spoiled(self, loss: float) -> bool:
        """Return whether it lost more than a share of what was possible."""
        return math.isnan(self.kept) or self.kept < (1 - loss) * self.possible


def echo(num_qubits: int) -> QuantumCircuit:
    """Return a circuit that entangles qubits and takes that back, so that all shots should be zeros."""
    forth = QuantumCircuit(num_qubits)
    forth.h(0)
    for qubit in range(num_qubits - 1):
        forth.cx(qubit, qubit + 1)
    circuit = forth.copy()
    circuit.barrier()
    circuit.compose(forth.inverse(), inplace=True)
    circuit.measure_all()
    return circuit


def transpiled(circuit: QuantumCircuit, backend: IBMBackend) -> QuantumCircuit:
    """Return a circuit on the best qubits that the transpiler finds on the present calibration."""
    return generate_preset_pass_manager(3, backend, seed_transpiler=1).run(circuit)


def estimated(circuit: QuantumCircuit, backend: IBMBackend) -> float:
    """Return the estimated success probability on the present calibration; NaN if the circuit cannot run there."""
    try:
        return float(score(circuit, backend.snapshot).esp[0])
    except ValueError:
        return math.nan


def play(
    provider: IBMProvider, backend: IBMBackend, submitted: datetime.datetime, queue: datetime.timedelta
) -> Outcome:
    """Submit a job at some time, let it wait, and look at what it became."""
    circuit = echo(5)
    provider.clock.move_to(submitted)
    backend.refresh()
    chosen = transpiled(circuit, backend)
    promised = estimated(chosen, backend)
    job = backend.run(chosen, shots=4000)
    provider.clock.advance(queue)
    try:
        counts = job.result().get_counts()
    except IBMJobError:
        counts = {"failed": 1}
    backend.refresh()
    measured = counts.get("0" * circuit.num_clbits, 0) / sum(counts.values())
    possible = estimated(transpiled(circuit, backend), backend)
    return Outcome(submitted, promised, estimated(chosen, backend), possible, measured)


def report(outcomes: list[Outcome], loss: float) -> None:
    """Print a line for each job, and how many of each kind are spoiled."""
    print("submitted         promised  kept   possible  measured")
    for outcome in outcomes:
        print(
            f"{outcome.submitted:%Y-%m-%d %H:%M}  {outcome.promised:.3f}     {outcome.kept:.3f}  {outcome.possible:.3f}"
            f"     {outcome.measured:.3f}{'     spoiled' if outcome.is_spoiled(loss) else ''}"
        )
    for name, time in (("morning", MORNING), ("evening", EVENING)):
        chosen = [outcome for outcome in outcomes if outcome.submitted.hour == time.seconds // 3600]
        spoiled = sum(outcome.is_spoiled(loss) for outcome in chosen)
        print(f"{spoiled} of {len(chosen)} jobs of the {name} lost more than {loss:.0%}")


def main() -> None:
    """Play the days again."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--archive", type=Path, help="an archive of yours (default: synthetic days)")
    parser.add_argument("--device", default="hanoi", help="a device (default: %(default)s)")
    parser.add_argument("--start", default=START.date().isoformat(), help="the first day (default: %(default)s)")
    parser.add_argument("--days", type=int, default=14, help="number of days (default: %(default)s)")
    parser.add_argument("--queue", type=float, default=10, help="hours that jobs wait (default: %(default)s)")
    parser.add_argument("--loss", type=float, default=0.05, help="share that counts as lost (default: %(default)s)")
    chosen = parser.parse_args()
    start = datetime.datetime.fromisoformat(chosen.start).replace(tzinfo=datetime.timezone.utc)
    days = [start + datetime.timedelta(days=day) for day in range(chosen.days)]
    queue = datetime.timedelta(hours=chosen.queue)
    with TemporaryDirectory() as folder:
        archive = chosen.archive or Path(folder) / "synthetic.sqlite3"
        if chosen.archive is None:
            write(archive, chosen.device, start, chosen.days + 1)
        with IBMProvider(channel="local", archive=archive, at=start, queue_time=queue, seed=1) as provider:
            backend = provider.get_backend(chosen.device)
            outcomes = [play(provider, backend, day + hour, queue) for day in days for hour in (MORNING, EVENING)]
    report(outcomes, chosen.loss)


if __name__ == "__main__":
    main()

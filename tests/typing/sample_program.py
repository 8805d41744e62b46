# SPDX-License-Identifier: Apache-2.0
"""A user's program that touches everything a user touches: it has no ignores and no casts, and it runs.

``test_types.py`` checks it with mypy and pyright, and runs it in an empty folder.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from qiskit import QuantumCircuit, transpile

import qiskit_ibm_native
from qiskit_ibm_native import (
    Alert,
    BackendPayloadError,
    CalibrationArchive,
    CalibrationSeries,
    EventRule,
    GateChange,
    IBMBackend,
    IBMBackendNotFoundError,
    IBMJob,
    IBMJobTimeoutError,
    IBMProvider,
    Ledger,
    Snapshot,
    Sweep,
    SweepResults,
    TaskResult,
    ValueRule,
    best_layouts,
    build_coupling_map,
    build_instruction_durations,
    build_target,
    bundled_devices,
    compare_scores,
    job_monitor,
    least_busy,
    score,
)
from qiskit_ibm_native.local import Fault, LocalService
from qiskit_ibm_native.pulse import Drag, DriveChannel, Play, Schedule, ShiftPhase, to_defcal

Floats = NDArray[np.float64]


def pair() -> QuantumCircuit:
    circuit = QuantumCircuit(2, name="pair")
    circuit.h(0)
    circuit.cx(0, 1)
    circuit.measure_all()
    return circuit


def look_at_snapshots() -> Snapshot:
    names: list[str] = bundled_devices()
    lima = Snapshot.load("lima")
    configuration, properties, defaults = lima.payloads
    assert Snapshot.from_payloads(configuration, properties, defaults) == lima
    updated: datetime.datetime = lima.last_update
    couplings: list[list[int]] = lima.configuration.coupling_map
    nanoseconds: float = lima.configuration.dt * 1e9
    names += [gate.name for gate in lima.configuration.gates] + lima.configuration.basis_gates
    frequency, measured = lima.properties.qubit_property(0, "frequency")
    error: float = lima.properties.gate_error("cx", (0, 1))
    table = lima.properties.gate_property("cx")
    assert table[0, 1]["gate_error"][0] == error
    assert lima.properties.gates[0].parameters[-1].unit == "ns"
    print(updated.year, couplings[0], round(nanoseconds, 3), frequency / 1e9, measured, len(names))

    t1: Floats = lima.columns.t1
    worst = int(lima.columns.gate("cx").error.argmax())
    qargs: tuple[int, ...] = tuple(lima.columns.gate("cx").qargs[worst].tolist())
    mine = lima.with_overrides(t1={3: 80e-6}, gate_error={("cx", qargs): 0.05}, date="2026-03-01")
    diff = lima.diff(mine)
    changes: list[GateChange] = diff.gates
    assert diff
    assert changes[0].new == 0.05
    assert mine.provenance is not None
    print(t1.max(), mine.provenance.overrides, diff.new_edges, diff.affects(QuantumCircuit(5)))

    series = CalibrationSeries([lima, mine])
    over_time: Floats = series.t1[:, 3]
    print(series.times, over_time, series.gate("cx").error.shape, lima.columns.to_pandas().shape)
    mine.save("mine.zip")
    return mine


def build(snapshot: Snapshot) -> QuantumCircuit:
    target = build_target(snapshot, use_fractional_gates=False)
    durations = build_instruction_durations(snapshot)
    coupling_map = build_coupling_map(snapshot)
    print(target.num_qubits, durations.get("cx", [0, 1], unit="s"), coupling_map.size())
    isa: QuantumCircuit = transpile(pair(), target=target, seed_transpiler=1)
    return isa


def keep_calibrations(snapshot: Snapshot, isa: QuantumCircuit) -> None:
    with CalibrationArchive("history.sqlite3") as archive:
        new: bool = archive.add(Snapshot.load("lima"))
        archive.add(snapshot)
        latest = archive.latest("lima")
        assert new
        assert latest is not None
        t1 = archive.series("lima", "t1", qubits=[0, 1], provenance="any")
        values: Floats = t1.values
        slopes: Floats = t1.drift().slope_per_day
        changes: int = len(t1.change_points().times)
        frame = t1.to_pandas(wide=True)
        print(latest.name, values.shape, slopes.shape, changes, frame.shape, t1.stability("7d").spread)
        for calibration in archive.between("lima", "2021", "2027"):
            print(calibration.digest[:8], archive.stats().backends["ibmq_lima"].calibrations)
        for event in archive.events("lima", late_after="30d", end="2021-06"):
            print(event.kind, event.duration.days, event.qubits)
        alerts: list[Alert] = archive.alerts(
            [
                ValueRule(quantity="t1", below=20e-6),
                EventRule(events="failed", gates=()),
            ]
        )
        print([alert.text for alert in alerts], archive.verify().calibrations)
        explained = archive.explain(isa, Snapshot.load("lima"), snapshot)
        print(explained.before, explained.after, [part.share for part in explained.parts][:2])
        print(archive.ranking("t1").backends, archive.last_worked("lima", "cx", (0, 1)).works)
        layouts = best_layouts(isa, archive, "lima", aggregate=0.1)
        place: list[int] = layouts.layout
        print(place, layouts.score.max(), layouts.circuit().num_qubits)


def estimate(snapshot: Snapshot, isa: QuantumCircuit) -> None:
    esp: Floats = score(isa, ["lima", snapshot]).esp
    comparison = compare_scores([isa, isa], snapshot)
    print(esp, comparison.mapomatic_cost.shape, comparison.circuits)


def sweep_over_devices() -> None:
    sweep = Sweep(pair(), ["lima", "vigo"], optimization_level=(0, 1), seeds=range(2))
    print(sweep[0].backend, sweep.describe(workers=2).remaining, len(sweep))
    results: SweepResults = sweep.run(ledger="sweep.sqlite3", keep_circuits=True, progress=False)
    assert not results.errors
    best: list[TaskResult] = results.best(by="esp", per=("backend",))
    for result in best:
        circuit: QuantumCircuit = result.transpiled
        print(result.backend, round(result.esp, 3), result.depth + 1, circuit.num_qubits, result.layout)
    good: Iterator[TaskResult] = (result for result in results if result.esp > 0.5)
    print(len(list(good)), results.to_pandas().shape, results.to_polars().height)
    with Ledger("sweep.sqlite3") as ledger:
        print(len(ledger.pareto("depth", "esp", per=("backend",))), bool(ledger.verify()))


def play_pulses() -> None:
    defaults = Snapshot.load("lima").defaults
    schedules = defaults.instruction_schedule_map
    hertz: float = defaults.qubit_freq_est[0]
    x = schedules.get("x", 0)
    for start, instruction in x.instructions:
        if isinstance(instruction, Play):
            samples: NDArray[np.complex128] = instruction.pulse.samples
            print(start, instruction.channel.name, samples.shape, hertz)
    d0 = DriveChannel(0)
    mine = Schedule((0, Play(Drag(160, amp=0.1, sigma=40, beta=-0.5), d0)), (160, ShiftPhase(0.3, d0)), name="mine")
    content = json.loads(mine.to_json())
    print(content["duration"], mine.duration, len(to_defcal(x, "x", 0, frequencies=defaults.frequencies)))


def use_a_backend(backend: IBMBackend) -> None:
    resolution: float = backend.dt
    gates: list[str] = backend.basis_gates
    delays: list[float] = backend.rep_delay_range
    waits: float = backend.default_rep_delay
    one = backend.qubit_properties(0)
    several = backend.qubit_properties([0, 1])
    print(backend.num_qubits, resolution, gates, delays, waits, one.t1, [each.frequency for each in several])
    print(backend.properties().t1(0), backend.defaults().buffer, backend.coupling_map.is_connected())
    print(backend.target.num_qubits, backend.configuration().dtm, backend.status().pending_jobs)
    print(bool(backend.refresh()), backend.drive_channel(0), backend.snapshot.digest[:8], backend.max_circuits)
    print(backend.target_history("2021-04-01").num_qubits)


def run_jobs(provider: IBMProvider, backend: IBMBackend) -> None:
    isa = transpile(pair(), backend, seed_transpiler=1)
    job: IBMJob = backend.run(isa, shots=100, memory=True, job_tags=["sample"])
    try:
        job.result(timeout=0)
    except IBMJobTimeoutError as error:
        print(error)
    job_monitor(job)
    counts = job.result(timeout=60).get_counts()
    assert isinstance(counts, dict)  # of one circuit; of several, it is a list
    again = provider.job(job.job_id())
    created: datetime.datetime = again.creation_date()
    print(sum(counts.values()), again.tags(), created.year, again.backend_options()["shots"], again.usage())
    with backend.open_session(max_time="10m") as session:
        first = backend.run(isa, shots=10)
        print(session.session_id, first.result().success, session.status())
    print([each.job_id() for each in provider.jobs(limit=5, job_tags=["sample"])])


def ask_the_service() -> None:
    outage = Fault("status", "GET .*/backends$", status=503)
    with (
        LocalService(devices=["lima"], store="jobs.sqlite3", seed=7, faults=[outage]) as service,
        service.in_environment(),
        IBMProvider() as provider,
    ):
        backend = provider.get_backend("ibmq_lima")
        use_a_backend(backend)
        run_jobs(provider, backend)
        wide: list[IBMBackend] = provider.backends(filters=lambda each: each.num_qubits >= 5)
        crns: list[str] = provider.instances()
        plans = [str(each["plan"]) for each in provider.instances(details=True)]
        print(least_busy(wide).name, provider.backend.ibmq_lima is backend, len(crns), plans)
        try:
            provider.get_backend("ibm_nowhere")
        except IBMBackendNotFoundError as error:
            print(error)


def save_an_account() -> None:
    IBMProvider.save_account(token="your API key", name="sample", region="us-east", overwrite=True)
    tokens: list[str] = [entry["token"] for entry in IBMProvider.saved_accounts(name="sample").values()]
    print(len(tokens), IBMProvider.delete_account(name="sample"))


def make_mistakes() -> None:
    try:
        Snapshot.from_payloads('{"backend_name": "mine", "n_qubits": "five"}')
    except BackendPayloadError as error:
        place: tuple[str, int] = error.path, error.offset
        print(place, error.payload)


def main() -> None:
    with qiskit_ibm_native.accelerate():
        snapshot = look_at_snapshots()
        isa = build(snapshot)
    keep_calibrations(snapshot, isa)
    estimate(snapshot, isa)
    sweep_over_devices()
    play_pulses()
    save_an_account()
    ask_the_service()
    make_mistakes()
    print(sorted(path.name for path in Path.cwd().glob("*.sqlite3")))


if __name__ == "__main__":
    main()

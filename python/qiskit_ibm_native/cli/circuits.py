# SPDX-License-Identifier: Apache-2.0
"""``qiskit-ibm-native score``, ``transpile`` and ``run``: a circuit of a file on devices."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import completing, connecting, output
from .device import Account, snapshot_of
from .device import Channel as DeviceChannel
from .options import Json

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

    from ..fitting import CircuitShape, DeviceRanking, TranspiledCircuit
    from ..provider.backend import IBMBackend

#: A file with a circuit.
Circuit = Annotated[
    str,
    typer.Argument(
        metavar="CIRCUIT", help="An OpenQASM 2, OpenQASM 3 or QPY file; '-' for OpenQASM on standard input."
    ),
]
#: One of several circuits.
Which = Annotated[
    str | None, typer.Option("--circuit", metavar="NAME", help="Name or number (from 0) of one circuit of several.")
]
#: The device of a circuit.
OnDevice = Annotated[
    str, typer.Option("--device", metavar="DEVICE", help="The device.", autocompletion=completing.devices)
]


def _read(source: str, which: str | None) -> QuantumCircuit:
    from ..exceptions import IBMInputValueError
    from ..fitting import read_circuit

    if source != "-":
        return read_circuit(Path(source), which)
    text = "" if sys.stdin is None else sys.stdin.read()
    if not text.strip():
        raise IBMInputValueError("Standard input is empty: it must be an OpenQASM program.")
    # A program may have one line; a text with a line break is no path.
    return read_circuit(f"{text}\n", which)


def score(
    circuit: Circuit,
    devices: Annotated[
        list[str] | None,
        typer.Argument(metavar="DEVICE", help="More devices.", autocompletion=completing.devices),
    ] = None,
    on: Annotated[
        list[str] | None,
        typer.Option(
            "--on",
            metavar="DEVICE...",
            help="Devices; by default all bundled ones that have enough qubits.",
            autocompletion=completing.devices,
        ),
    ] = None,
    level: connecting.Level = 2,
    seed: connecting.Seed = 0,
    which: Which = None,
    account: Account = False,
    channel: DeviceChannel = None,
    json: Json = False,
) -> int:
    """Rank devices by the estimated probability that a circuit succeeds there.

    A circuit on the qubits of a device, and of its gates, is scored as it is. For other devices it is transpiled first.
    The exit status is 1 if it can run on none of the devices.

    Examples:
        qiskit-ibm-native score bell.qasm --on fez kingston miami
        qiskit-ibm-native score bell.qasm --json
    """  # fmt: skip
    from ..fitting import rank_devices

    read = _read(circuit, which)
    names = [*(on or []), *(devices or [])]
    sources = (
        [snapshot_of(name, account=account, channel=channel) for name in names]
        if names
        else _large_enough(read.num_qubits)
    )
    ranking = rank_devices(read, sources, optimization_level=level, seed=seed)
    if json:
        output.document(ranking.to_dict())
    else:
        _write_ranking(ranking, level, seed)
    return 0 if any(fit.shape is not None for fit in ranking) else 1


def _large_enough(num_qubits: int) -> list[Any]:
    from ..exceptions import IBMInputValueError
    from ..snapshot import Snapshot, bundled_devices

    snapshots = [Snapshot.load(name) for name in bundled_devices()]
    found = [snapshot for snapshot in snapshots if snapshot.num_qubits >= num_qubits]
    if not found:
        most = max(snapshot.num_qubits for snapshot in snapshots)
        raise IBMInputValueError(f"No bundled device has {num_qubits} qubits; the largest one has {most}.")
    return found


def _write_ranking(ranking: DeviceRanking, level: int, seed: int) -> None:
    from .._words import quantity, ratio

    rows: list[list[str | output.Styled]] = []
    for fit in ranking:
        depth, gates = ("-", "-") if fit.shape is None else (str(fit.shape.depth), str(fit.shape.two_qubit_count))
        told = "transpiled" if fit.was_transpiled else "as it is" if fit.shape else output.Styled("cannot run", "red")
        rows.append([fit.device, ratio(fit.esp, 3), quantity(fit.duration, "s", 3), depth, gates, told])
    numbers = [output.Column(title, is_number=True, is_optional=True) for title in ("Duration", "Depth", "2q gates")]
    columns: list[output.Column | str] = [
        "Device",
        output.Column("ESP", is_number=True),
        *numbers,
        output.Column("Circuit", is_optional=True),
    ]
    output.table(columns, rows)
    if any(fit.was_transpiled for fit in ranking):
        output.message(f"{ranking.circuit_name} was transpiled at level {level} with seed {seed}.")
    for fit in ranking:
        if fit.problem is not None:
            output.message(f"{fit.device}: {fit.problem}")


def transpile(
    circuit: Circuit,
    device: OnDevice,
    level: connecting.Level = 2,
    seed: connecting.Seed = 0,
    out: Annotated[
        str | None,
        typer.Option("--out", metavar="FILE", help="The transpiled circuit, .qasm or .qpy; '-' for standard output."),
    ] = None,
    which: Which = None,
    account: Account = False,
    channel: DeviceChannel = None,
    json: Json = False,
) -> None:
    """Transpile a circuit for a device, and show what that changed.

    Examples:
        qiskit-ibm-native transpile bell.qasm --device fez
        qiskit-ibm-native transpile bell.qasm --device fez --level 3 --seed 7 --out bell-fez.qpy
    """
    from ..fitting.files import check_circuit_file, circuit_text, write_circuit
    from ..fitting.transpiling import transpile_for

    if out == "-" and json:
        raise typer.BadParameter("--json and --out - would both write to standard output; name a file.")
    if out not in (None, "-"):
        check_circuit_file(Path(str(out)))
    found = transpile_for(
        _read(circuit, which),
        snapshot_of(device, account=account, channel=channel),
        optimization_level=level,
        seed=seed,
    )
    written = None
    if out == "-":
        output.write(circuit_text(found.circuit)[0], end="")
        return
    if out is not None:
        written = write_circuit(found.circuit, out)
    if json:
        output.document({**found.to_dict(), "file": out, "format": written})
    else:
        _write_change(found)
        if written is not None:
            output.message(f"The circuit is in {out}, as {written}.")


def _write_change(found: TranspiledCircuit) -> None:
    from .._words import quantity, ratio

    output.write(f"{output.printable(found.circuit.name)} on {found.device}, level {found.optimization_level},"
                 f" seed {found.seed}")  # fmt: skip
    numbers = [output.Column(title, is_number=True) for title in ("Before", "After")]
    rows = [
        [title, _number(found.before, name), _number(found.after, name)]
        for title, name in (
            ("Qubits in use", "qubits"), ("Instructions", "size"), ("Depth", "depth"),
            ("Two-qubit gates", "two_qubit_count"), ("Two-qubit depth", "two_qubit_depth"),
        )
    ]  # fmt: skip
    rows.append(["Estimated success", "", ratio(found.esp, 3)])
    rows.append(["Duration", "", quantity(found.duration, "s", 3)])
    output.table(["", *numbers], rows)
    gates = ", ".join(f"{number} {name}" for name, number in found.after.operations.items())
    output.write(f"Instructions: {output.printable(gates) or 'none'}")
    if found.layout:
        output.write(f"Qubits: {_layout(found.layout)}")


def _number(shape: CircuitShape, name: str) -> str:
    return f"{getattr(shape, name):,}" if output.is_terminal() else str(getattr(shape, name))


def _layout(layout: tuple[int, ...], most: int = 12) -> str:
    pairs = [f"{index} -> {qubit}" for index, qubit in enumerate(layout[:most])]
    return ", ".join(pairs) + (f" and {len(layout) - most} more" if len(layout) > most else "")


def run(
    circuit: Circuit,
    device: OnDevice,
    channel: connecting.Channel = None,
    name: connecting.AccountName = None,
    instance: connecting.Instance = None,
    shots: Annotated[int, typer.Option("--shots", metavar="N", min=1, help="Number of shots.")] = 1000,
    seed: Annotated[
        int | None,
        typer.Option("--seed", metavar="N", min=0, help="Seed of the transpiler, and of the local simulation."),
    ] = None,
    level: connecting.Level = 2,
    ideal: Annotated[bool, typer.Option("--ideal", help="With the channel local: without the device's noise.")] = False,
    store: connecting.Store = None,
    which: Which = None,
    json: Json = False,
) -> None:
    """Run a circuit on a device, and show what was measured.

    A circuit that is not on the device's qubits, or not of its gates, is transpiled first. Without --channel local, it
    runs on a real device of the account.

    Examples:
        qiskit-ibm-native run bell.qasm --device fez --channel local
        qiskit-ibm-native run bell.qasm --device fez --channel local --shots 4000 --seed 1 --json
    """
    read = _read(circuit, which)
    _check_that_it_measures(read)
    options: dict[str, Any] = {}
    if connecting.is_local(channel, name):
        options = {"noise": not ideal, "seed": seed}
    elif ideal:
        raise typer.BadParameter("--ideal is for the channel local; add --channel local.")
    with connecting.provider_of(channel, name, instance, store, **options) as provider:
        backend = provider.get_backend(device)
        ready = _ready(read, backend, level, seed or 0)
        job = backend.run(ready, shots=shots)
        output.message(f"Job {job.job_id()} on {backend.name}.")
        counts = job.result().get_counts()
    if json:
        output.document({
            "job": job.job_id(), "device": backend.name, "circuit": read.name, "shots": shots,
            "was_transpiled": ready is not read, "counts": dict(sorted(counts.items())),
        })  # fmt: skip
    else:
        from .histogram import write_counts

        write_counts(counts)


def _check_that_it_measures(circuit: QuantumCircuit) -> None:
    from ..exceptions import IBMInputValueError

    if not any(instruction.clbits for instruction in circuit.data):
        raise IBMInputValueError(f"Circuit {circuit.name!r} measures nothing: add measurements.")


def _ready(circuit: QuantumCircuit, backend: IBMBackend, level: int, seed: int) -> QuantumCircuit:
    """Return the circuit as the device can run it, and say whether it was transpiled."""
    from .._words import count, ratio
    from ..fitting.transpiling import runs_as_it_is, transpile_for

    if runs_as_it_is(circuit, backend.target):
        return circuit
    found = transpile_for(circuit, backend, optimization_level=level, seed=seed)
    told = f"{count(found.after.two_qubit_count, 'two-qubit gate')}, depth {found.after.depth}"
    if found.esp is not None:
        told += f", estimated success {ratio(found.esp, 3)}"
    output.message(f"{circuit.name} was transpiled for {backend.name}: {told}.")
    return found.circuit

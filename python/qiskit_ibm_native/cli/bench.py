# SPDX-License-Identifier: Apache-2.0
"""``qiskit-ibm-native bench``: a minute's worth of the benchmarks, on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from . import completing, output
from .options import Json

if TYPE_CHECKING:
    from ..diagnosis.benchmark import Benchmark, DeviceTiming

_BAR = 20


def bench(
    seconds: Annotated[
        float, typer.Option("--seconds", metavar="SECONDS", min=0.1, help="Time that it takes, about.")
    ] = 60.0,
    device: Annotated[
        list[str] | None,
        typer.Option(
            "--device",
            metavar="DEVICE",
            help="Bundled devices, repeatable; by default all.",
            autocompletion=completing.devices,
        ),
    ] = None,
    json: Json = False,
) -> int:
    """Measure this machine: bytes of each bundled device to a target beside the official client, and a sweep.

    Both sides are timed in turn, and their results compared first. Times are medians. Without qiskit-ibm-runtime there
    is one side. The exit status is 1 if results differ.

    Examples:
        qiskit-ibm-native bench
        qiskit-ibm-native bench --seconds 10 --device fez --json
    """  # fmt: skip
    from ..diagnosis.benchmark import run_benchmark

    found = run_benchmark(seconds, devices=device)
    if json:
        output.document(found.to_dict())
    else:
        _write(found)
    return 0 if found.is_equal else 1


def _write(found: Benchmark) -> None:
    machine = found.machine
    output.write(
        f"{machine['processor']}, {machine['processors']} processors; Python {machine['python']}, Qiskit"
        f" {machine['qiskit']}, qiskit-ibm-native {machine['qiskit_ibm_native']}"
        + ("" if found.official is None else f", qiskit-ibm-runtime {found.official}")
    )
    _write_targets(found)
    _write_decoding(found)
    _write_sweep(found)
    if found.no_official is not None:
        output.message(f"There is no other side: {found.no_official}.")
    for timing in found.devices:
        for difference in timing.differences:
            output.message(f"{timing.device} differs: {difference}")


def _write_targets(found: Benchmark) -> None:
    output.write("\nPayload bytes to qiskit.transpiler.Target")
    columns: list[output.Column | str] = [
        "Device", *(output.Column(title, is_number=True, is_optional=True) for title in ("Qubits", "Payload")),
        output.Column("Ours", is_number=True),
    ]  # fmt: skip
    if found.official is not None:
        columns += [*(output.Column(title, is_number=True) for title in ("Official", "Ratio")), "Equal"]
    if found.official is not None and output.is_terminal():
        columns.append(output.Column("", is_optional=True))
    most = max((timing.ratio or 1.0 for timing in found.devices), default=1.0)
    output.table(columns, [_target_row(timing, most) for timing in found.devices])


def _target_row(timing: DeviceTiming, most: float) -> list[str | output.Styled]:
    from .._words import quantity
    from .histogram import bar

    row: list[str | output.Styled] = [
        timing.device, str(timing.num_qubits), quantity(timing.payload_bytes, "B", 3),
        quantity(timing.target.median, "s", 3),
    ]  # fmt: skip
    if timing.official_target is not None and timing.ratio is not None:
        equal = output.Styled("yes", "green") if timing.is_equal else output.Styled("NO", "bold red")
        row += [quantity(timing.official_target.median, "s", 3), f"{timing.ratio:.0f} x", equal]
        if output.is_terminal():
            row.append(output.Styled(bar(timing.ratio / most, _BAR), "cyan"))
    return row


def _write_decoding(found: Benchmark) -> None:
    from .._words import quantity

    output.write("\nDecoding alone: payload bytes to a snapshot" + ("" if found.official is None else ", or to models"))
    numbers = ["Ours"] + ([] if found.official is None else ["Official", "Ratio"])
    rows = []
    for timing in found.devices:
        row = [timing.device, quantity(timing.decode.median, "s", 3)]
        if timing.official_decode is not None:
            row += [quantity(timing.official_decode.median, "s", 3), f"{timing.decode_ratio:.0f} x"]
        rows.append(row)
    output.table(["Device", *(output.Column(title, is_number=True) for title in numbers)], rows)


def _write_sweep(found: Benchmark) -> None:
    from .._words import count, quantity

    sweep = found.sweep
    same = "the same circuits" if not sweep.differences else f"{count(len(sweep.differences), 'circuit')} DIFFER"
    output.write(
        f"\n{count(sweep.tasks, 'circuit')} transpiled for {sweep.device}, {same}: a loop takes"
        f" {quantity(sweep.loop, 's', 3)}, a sweep with {count(sweep.workers, 'worker')} {quantity(sweep.sweep, 's', 3)}"
        f" ({sweep.ratio:.2g} x), and its workers {quantity(sweep.start, 's', 3)} to start"
    )

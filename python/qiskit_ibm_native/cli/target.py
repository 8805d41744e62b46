# SPDX-License-Identifier: Apache-2.0
"""``qiskit-ibm-native target``: the instructions of a device, and files of them."""

from __future__ import annotations

import json as json_format
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .._files import write_whole
from . import output
from .device import Account, Channel, snapshot_of
from .options import ArchiveFile, Device, Json

if TYPE_CHECKING:
    from qiskit.transpiler import Target

    from ..snapshot import Snapshot

#: Attributes of a target that its JSON has, beside the instructions.
_ATTRIBUTES = (
    "num_qubits", "dt", "granularity", "min_length", "pulse_alignment", "acquire_alignment",
)  # fmt: skip


def target(
    device: Device,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="PATH",
            help="Write a file: .bin and .zip have the snapshot, which Snapshot.load reads for build_target and all verbs take;"
            " .json has the instructions for other programs.",
        ),
    ] = None,
    account: Account = False,
    channel: Channel = None,
    file: ArchiveFile = None,
    json: Json = False,
) -> None:
    """Print the instructions of a device's target, with their durations and errors, or write them to a file.

    Examples:
        qiskit-ibm-native target fez
        qiskit-ibm-native target fez --out fez.bin
        qiskit-ibm-native target fez --json | jq '.instructions[] | select(.name == "cz")'
    """
    snapshot = snapshot_of(device, file=file, account=account, channel=channel)
    if out is not None:
        _write(snapshot, out)
        output.message(f"{out} is written")
        if not json:
            return
    from ..target import build_target

    built = build_target(snapshot)
    if json:
        output.document(described(built, snapshot))
        return
    output.write(
        output.printable(f"{snapshot.name}: {len(built.instructions):,} instructions on {built.num_qubits} qubits")
    )
    output.write("")
    numbers = (output.Column(title, is_number=True) for title in ("Qargs", "Duration", "Error"))
    output.table(["Operation", *numbers], [_row(built, name) for name in built.operation_names])


def described(built: Target, snapshot: Snapshot) -> dict[str, Any]:
    """Return a target as a dictionary for JSON; ``null`` stands for what the device does not say, qubits for all."""
    instructions = [
        {
            "name": name,
            "qubits": qargs,
            "duration": getattr(entry, "duration", None),
            "error": getattr(entry, "error", None),
        }
        for name in built.operation_names
        for qargs, entry in (built[name] or {None: None}).items()
    ]
    attributes = {name: getattr(built, name) for name in _ATTRIBUTES}
    return {"device": snapshot.name, "last_update": snapshot.last_update, **attributes, "instructions": instructions}


def _write(snapshot: Snapshot, path: Path) -> None:
    from ..exceptions import IBMInputValueError

    if path.suffix in {".bin", ".zip"}:
        snapshot.save(path)
    elif path.suffix == ".json":
        from ..target import build_target

        path.parent.mkdir(parents=True, exist_ok=True)
        content = output.plain(described(build_target(snapshot), snapshot))
        write_whole(path, f"{json_format.dumps(content, allow_nan=False)}\n".encode())
    else:
        reason = "QPY has circuits, and no targets. " if path.suffix == ".qpy" else ""
        raise IBMInputValueError(f"{reason}The name of the file must end in .bin, .zip or .json, not {path.name!r}.")


def _row(built: Target, name: str) -> tuple[str, str, str, str]:
    from .._words import MISSING, quantity, ratio

    entries = built[name] or {}
    places = [qargs for qargs in entries if qargs is not None]
    values = {
        attribute: [value for entry in entries.values() if (value := getattr(entry, attribute, None)) is not None]
        for attribute in ("duration", "error")
    }
    return (
        name,
        f"{len(places):,}" if places else "all",
        quantity(median(values["duration"]), "s") if values["duration"] else MISSING,
        ratio(median(values["error"])) if values["error"] else MISSING,
    )

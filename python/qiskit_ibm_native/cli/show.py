# SPDX-License-Identifier: Apache-2.0
"""``qiskit-ibm-native show``: a device on a screen."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import output
from .device import Account, Channel, snapshot_of, source_of
from .options import ArchiveFile, Device, Json
from .times import age, utc_text
from .topology import ASCII, UNICODE, Drawing, Edge, grid

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..snapshot import Snapshot
    from ..snapshot.summary import QuantitySummary, SnapshotSummary

#: Styles of the best half, of what is worse, and of the worst tenth, which differ without colours, too.
_STYLES = ("cyan", "yellow", "bold magenta")
_SHARES = (0.5, 0.9)
#: Faulty parts that terminals show; pipes and JSON have all.
_MOST_FAULTY = 12
_NAMES = {"t1": "T1", "t2": "T2", "readout_error": "readout error", "error": "error"}


def show(
    device: Device,
    no_map: Annotated[bool, typer.Option("--no-map", help="Leave out the drawing.")] = False,
    account: Account = False,
    channel: Channel = None,
    file: ArchiveFile = None,
    json: Json = False,
) -> None:
    """Show a device: its qubits and couplings, medians and worst values, faulty parts, and the age of all that.

    Qubits are coloured by their readout errors, and couplings by those of their gates. A faulty one is a cross.

    Examples:
        qiskit-ibm-native show fez
        qiskit-ibm-native show fez@2026-03-01 --file lab.sqlite3
        qiskit-ibm-native show fez --json
    """
    from ..snapshot.summary import summary_of

    snapshot = snapshot_of(device, file=file, account=account, channel=channel)
    summary = summary_of(snapshot)
    if json:
        output.document(_described(snapshot, summary, source_of(device, snapshot)))
        return
    _show_title(snapshot, source_of(device, snapshot))
    if not no_map:
        _show_map(snapshot, summary)
    _show_values(summary)
    _show_faulty(summary, is_calibrated=snapshot.properties is not None)


def _show_title(snapshot: Snapshot, source: str) -> None:
    from .._words import count
    from ..snapshot.summary import couplings_of, processor_of

    parts = [
        count(snapshot.num_qubits, "qubit"),
        count(len(couplings_of(snapshot)), "coupling"),
        processor_of(snapshot),
    ]
    output.write(output.printable(f"{snapshot.name}: {', '.join(filter(None, parts))}, {source}"))
    updated = snapshot.last_update
    output.write("no calibration" if updated is None else f"calibrated {utc_text(updated)}, {age(updated)}")


def _show_map(snapshot: Snapshot, summary: SnapshotSummary) -> None:
    from .._positions import positions
    from ..snapshot.summary import couplings_of

    edges = couplings_of(snapshot)
    gate, errors = _edge_errors(snapshot)
    readout = dict(enumerate(map(float, snapshot.columns.readout_error)))
    broken = {_edge(qargs) for name, qargs in summary.faulty_gates if name == gate and len(qargs) == 2}
    drawing = Drawing(
        grid(positions(snapshot.num_qubits, edges)), set(edges), set(summary.faulty_qubits), broken - set(errors),
        _styles(readout), _styles(errors), UNICODE if _has_signs() else ASCII,
    )  # fmt: skip
    lines = drawing.lines(output.width() if output.is_terminal() else 10**6)
    if not lines and edges:
        output.message(f"the drawing of {snapshot.name} is wider than {output.width()} columns; it is left out")
        return
    output.write("")
    output.styled_lines(lines)
    if output.has_colour() and (drawing.qubit_styles or drawing.edge_styles):
        output.write("")
        output.styled_lines([_legend(gate)])


def _legend(gate: str) -> list[tuple[str, str]]:
    best, middle, worst = _STYLES
    errors = f"errors of readout and {gate}" if gate else "errors of readout"
    return [
        (f"{errors}: ", ""), ("best half", best), (", ", ""), ("next 40 %", middle), (", ", ""),
        ("worst tenth", worst),
    ]  # fmt: skip


def _edge_errors(snapshot: Snapshot) -> tuple[str, dict[Edge, float]]:
    """Return the gate on two qubits with most couplings, and its smaller error on each of them."""
    found: dict[str, dict[Edge, float]] = {}
    columns = snapshot.columns
    for name in columns.gates:
        try:
            listed = columns.gate(name)
        except ValueError:
            continue
        if listed.qargs.ndim != 2 or listed.qargs.shape[1] != 2:
            continue
        errors: dict[Edge, float] = {}
        for qargs, error, works in zip(listed.qargs.tolist(), listed.error.tolist(), listed.operational, strict=True):
            if works and error < 1:
                edge = _edge(qargs)
                errors[edge] = min(error, errors.get(edge, error))
        found[name] = errors
    gate = max(found, key=lambda name: len(found[name]), default="")
    return gate, found.get(gate, {})


def _edge(qargs: Any) -> Edge:
    return min(qargs), max(qargs)


def _styles(values: Mapping[Any, float]) -> dict[Any, str]:
    """Return the style of each value by its rank among all."""
    present = sorted((value, key) for key, value in values.items() if value == value)  # noqa: PLR0124 (NaN)
    limits = [share * len(present) for share in _SHARES]
    return {key: _STYLES[sum(rank >= limit for limit in limits)] for rank, (_, key) in enumerate(present)}


def _has_signs() -> bool:
    try:
        "".join(UNICODE).encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _show_values(summary: SnapshotSummary) -> None:
    rows: dict[tuple[str, ...], list[str]] = {}
    for one in summary.quantities:
        if one.worst > 0:
            of = ("qubit " if len(one.worst_qargs) == 1 else "qubits ") + "-".join(map(str, one.worst_qargs))
            values = (_NAMES[one.quantity], _text(one, one.median), _text(one, one.worst), of)
            # Devices publish the error of one pulse for all gates that are made of it.
            rows.setdefault(values, []).extend([one.gate] if one.gate else [])
    if rows:
        output.write("")
        output.table(
            ["Quantity", output.Column("Median", is_number=True), output.Column("Worst", is_number=True), "Of"],
            [(f"{', '.join(gates)} {name}".strip(), *rest) for (name, *rest), gates in rows.items()],
        )


def _text(summary: QuantitySummary, value: float) -> str:
    from .._words import quantity

    return quantity(value, summary.unit) if summary.unit else quantity(value, "", 2)


def _show_faulty(summary: SnapshotSummary, *, is_calibrated: bool) -> None:
    from .._words import count

    output.write("")
    parts: dict[str, dict[tuple[int, ...], None]] = {}
    for name, qargs in summary.faulty_gates:
        # Both directions of a coupling are one place.
        parts.setdefault(name, {})[tuple(sorted(qargs))] = None
    if summary.faulty_qubits:
        output.write(f"Faulty qubits: {_listed(map(str, summary.faulty_qubits))}")
    for name, places in parts.items():
        joined = _listed("-".join(map(str, place)) for place in sorted(places))
        output.write(output.printable(f"Faulty {name} at {count(len(places), 'place')}: {joined}"))
    if not parts and not summary.faulty_qubits:
        output.write("No faulty parts." if is_calibrated else "Nothing is known of faulty parts.")


def _listed(parts: Iterable[str]) -> str:
    every = list(parts)
    shown = every[:_MOST_FAULTY] if output.is_terminal() else every
    return ", ".join(shown) + (f" and {len(every) - len(shown)} more" if len(every) > len(shown) else "")


def _described(snapshot: Snapshot, summary: SnapshotSummary, source: str) -> dict[str, Any]:
    from ..snapshot.summary import couplings_of, processor_of

    return {
        "name": snapshot.name,
        "num_qubits": snapshot.num_qubits,
        "processor": processor_of(snapshot) or None,
        "last_update": snapshot.last_update,
        "source": source,
        "digest": snapshot.digest,
        "edges": couplings_of(snapshot),
        "quantities": [one._asdict() for one in summary.quantities],
        "faulty_qubits": summary.faulty_qubits,
        "faulty_gates": [{"gate": name, "qubits": qargs} for name, qargs in summary.faulty_gates],
    }

# SPDX-License-Identifier: Apache-2.0
"""The picture of a device for notebooks: faulty parts first, then medians and extremes beside a map."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .. import _html
from .._positions import place
from .._words import count, listed, quantity
from .figures import GateOverview, Overview, Spread, overview_of

if TYPE_CHECKING:
    from .._native import Snapshot as NativeSnapshot

#: Kinds of faulty parts that are named, with so many places each.
_MOST_NAMED, _MOST_PLACES = 4, 5
#: Couplings of the largest device whose map is laid out.
_MOST_COUPLINGS = 4000
_HEAD = ("", "median", "smallest", "at", "largest", "at")
_MAIN = ("T1", "T2", "readout error")


def device_panel(
    native: NativeSnapshot, heading: str, *, more: str = "", shows_values: bool = True, alerts: str = ""
) -> str:
    """Return the picture of a device.

    Args:
        native: The device.
        heading: The first line, a result of ``_html.heading``.
        more: HTML that comes last.
        shows_values: Whether measured values are shown; otherwise the map has qubits and couplings alone.
        alerts: HTML that comes behind the first line.
    """
    overview = overview_of(native)
    if not shows_values:
        return _html.panel(heading, alerts, _map(overview, shows_values=False), more)
    main = _main_spreads(overview)
    figures = (
        _html.table(_HEAD, (_row(spread, counts=False) for spread in main))
        if main
        else _html.note("There are no measured values.")
    )
    beside = _html.side_by_side(figures, _map(overview, shows_values=True))
    return _html.panel(heading, alerts, _faulty(overview), beside, _all_values(overview), more)


def _main_spreads(overview: Overview) -> list[Spread]:
    found = [spread for spread in overview.spreads if spread.label in _MAIN]
    gates = filter(None, (overview.main_gate(1), overview.main_gate(2)))
    found += [spread for gate in gates for spread in (gate.error, gate.duration) if spread is not None]
    return found


def _row(spread: Spread, *, counts: bool) -> tuple[str, ...]:
    """Return the row of a quantity, perhaps with the number of values that are known."""
    digits = 4 if spread.unit else 2
    median, least, most = (quantity(value, spread.unit, digits) for value in (spread.median, spread.least, spread.most))
    if spread.least == spread.most:
        least = most = least_at = most_at = ""
    else:
        least_at, most_at = spread.least_at, spread.most_at
    missing = f" ({spread.known:,} of {spread.total:,})" if counts and spread.known < spread.total else ""
    return f"{spread.label}{missing}", median, least, least_at, most, most_at


def _faulty(overview: Overview) -> str:
    qubits, gates = overview.faulty_qubits, overview.faulty_gates
    if not qubits and not gates:
        return ""
    counts = [count(len(qubits), "qubit")] if qubits else []
    counts += [count(len(gates), "gate")] if gates else []
    verb = "is" if len(qubits) + len(gates) == 1 else "are"
    found = [_named("qubit" if len(qubits) == 1 else "qubits", [str(qubit) for qubit in qubits])] if qubits else []
    found += [
        _named(f"{gate.name} on", ["-".join(map(str, qargs)) for qargs in gate.faulty])
        for gate in overview.gates
        if gate.faulty
    ]
    more = [f"and on more places of {count(len(found) - _MOST_NAMED, 'gate')}"] if len(found) > _MOST_NAMED else []
    names = "; ".join([*found[:_MOST_NAMED], *more])
    return _html.alert(
        f'<p style="margin:2px 0"><b>{_html.cell(f"{listed(counts)} {verb} faulty")}</b>: {_html.cell(names)}</p>'
    )


def _named(subject: str, places: list[str]) -> str:
    """Return the first places of a subject, and the number of the others."""
    if len(places) <= _MOST_PLACES:
        return f"{subject} {listed(places)}"
    return f"{subject} {', '.join(places[:_MOST_PLACES])} and {len(places) - _MOST_PLACES:,} more"


def _all_values(overview: Overview) -> str:
    spreads = [*overview.spreads]
    for gate in overview.gates:
        spreads += [spread for spread in (gate.error, gate.duration) if spread is not None]
    # A gate that takes no time and makes no error, such as rz, tells nothing.
    told = [spread for spread in spreads if spread.least or spread.most]
    return (
        _html.fold("All quantities", _html.table(_HEAD, (_row(spread, counts=True) for spread in told))) if told else ""
    )


def _map(overview: Overview, *, shows_values: bool) -> str:
    if overview.num_qubits == 0 or len(overview.couplings) > _MOST_COUPLINGS:
        return ""
    if not overview.couplings and overview.num_qubits > 1:
        # Without couplings there are no places.
        return ""
    gate = overview.main_gate(2) if shows_values else None
    return _html.DeviceMap(
        place(overview.num_qubits, overview.couplings, overview.coordinates).positions,
        [_qubit_mark(overview, qubit, shows_values=shows_values) for qubit in range(overview.num_qubits)],
        _couplers(overview, gate, shows_values=shows_values),
        "readout error" if shows_values else "",
        f"{gate.name} error" if gate is not None else "",
    ).html


def _qubit_mark(overview: Overview, qubit: int, *, shows_values: bool) -> _html.Mark:
    if not shows_values:
        return _html.Mark(None, False, f"qubit {qubit}")
    known = {column: values[qubit] for column, values in overview.values.items() if math.isfinite(values[qubit])}
    parts = [f"{name} {quantity(known[name], 's')}" for name in ("T1", "T2") if name in known]
    parts += [f"readout {quantity(known['readout_error'], '', 2)}"] if "readout_error" in known else []
    is_faulty = not overview.is_operational[qubit]
    parts = ["faulty", *parts] if is_faulty else parts
    return _html.Mark(known.get("readout_error"), is_faulty, f"{qubit}: {', '.join(parts) or 'no value'}")


def _couplers(overview: Overview, gate: GateOverview | None, *, shows_values: bool) -> list[_html.Coupler]:
    """Return the couplings; of a gate with two directions, the one with the smaller error counts."""
    errors: dict[tuple[int, int], list[float]] = {}
    working: set[tuple[int, int]] = set()
    if gate is not None:
        for qargs, error, works in zip(gate.qargs, gate.errors, gate.works, strict=True):
            pair = min(qargs), max(qargs)
            errors.setdefault(pair, []).extend([error] if works and math.isfinite(error) else [])
            working |= {pair} if works else set()
    found = []
    for pair in overview.couplings:
        name = f"{pair[0]}-{pair[1]}"
        if gate is None or pair not in errors:
            found.append(_html.Coupler(*pair, _html.Mark(None, False, f"{name}: no value" if shows_values else name)))
        elif pair not in working:
            found.append(_html.Coupler(*pair, _html.Mark(None, True, f"{name}: {gate.name} faulty")))
        else:
            error_of_pair = min(errors[pair], default=math.nan)
            text = f"{name}: {gate.name} {quantity(error_of_pair, '', 2)}"
            found.append(_html.Coupler(*pair, _html.Mark(error_of_pair, False, text)))
    return found

# SPDX-License-Identifier: Apache-2.0
"""Overrides: a properties payload with other measured values, and a note of them.

Values are written in units in which they are read again bit by bit.
"""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from .quantities import GATE_QUANTITIES, QUBIT_QUANTITIES, Quantity, find_gate_quantity, find_qubit_quantity

if TYPE_CHECKING:
    from .._moments import Time
    from ..models import BackendProperties
    from . import Snapshot

#: The key of the note in the payload.
_NOTE = "qiskit_ibm_native"
#: The name of the flag of gates in notes that 0.1 wrote.
_FORMER_GATE_FLAG = "gate_operational"

#: A qubit, or a gate with its qargs.
Location = int | tuple[str, tuple[int, ...]]
Change = tuple[Quantity, Location, float | bool | None]


class Provenance(NamedTuple):
    """The origin of a snapshot with overrides.

    Attributes:
        base_digest: The digest of the snapshot that the device published.
        overrides: Overrides by quantity: a list of pairs of a qubit, or of a gate with its qubits, and a value in SI
            units.

    Examples:
        >>> from qiskit_ibm_native import Snapshot
        >>> lima = Snapshot.load("lima")
        >>> origin = lima.with_overrides(t1={0: 80e-6}).provenance
        >>> origin.base_digest == lima.digest, origin.overrides
        (True, {'t1': [[0, 8e-05]]})
    """

    base_digest: str
    overrides: dict[str, list[Any]]


def provenance_of(properties: BackendProperties | None) -> Provenance | None:
    """Return the note that :func:`overridden` left in properties, if there is one."""
    return _provenance(None if properties is None else getattr(properties, _NOTE, None))


def has_note(properties: bytes | None) -> bool:
    """Return whether a properties payload has such a note."""
    # Nothing is decoded for payloads as devices publish them.
    if properties is None or properties.rfind(_NOTE.encode()) < 0:
        return False
    try:
        content = json.loads(properties)
    except ValueError:
        return False
    return isinstance(content, Mapping) and _provenance(content.get(_NOTE)) is not None


def _provenance(note: Any) -> Provenance | None:
    if not isinstance(note, Mapping) or not isinstance(note.get("of"), str):
        return None
    overrides = note.get("overrides")
    if not isinstance(overrides, Mapping) or not all(isinstance(pairs, list) for pairs in overrides.values()):
        return None
    renamed: dict[str, list[Any]] = {}
    for name, pairs in overrides.items():
        renamed.setdefault(_noted_name(name), []).extend(pairs)
    return Provenance(note["of"], renamed)


def _noted_name(name: str) -> str:
    """Return the public name of a quantity in a note, which has payload names if 0.1 wrote it."""
    if name == _FORMER_GATE_FLAG:
        return "operational"
    quantity = find_qubit_quantity(name) or find_gate_quantity(name)
    return name if quantity is None else quantity.name


def overridden(
    snapshot: Snapshot,
    properties: bytes | None,
    table: Any,
    date: Time | None,
    values: Mapping[str, Any],
) -> bytes | None:
    """Return a properties payload with overrides, see :meth:`Snapshot.with_overrides`; ``None`` if nothing changes."""
    given = [] if table is None else list(_of_table(table))
    for name, values_of_name in values.items():
        given += _of_values(snapshot, name, values_of_name)
    changes: list[Change] = [(quantity, location, _checked(quantity, value)) for quantity, location, value in given]
    if not changes and date is None:
        return None
    content: dict[str, Any] = json.loads(properties) if properties is not None and snapshot._native.has_properties else {
        "backend_name": snapshot.name, "backend_version": str(getattr(snapshot.configuration, "backend_version", "")),
        "last_update_date": None, "qubits": [[] for _ in range(snapshot.num_qubits)], "gates": [], "general": [],
    }  # fmt: skip
    stamp = None if date is None else _stamp(date)
    rows = {(row["gate"], tuple(row["qubits"])): row["parameters"] for row in content["gates"]}
    for quantity, location, value in changes:
        listed = (
            _qubit(content, snapshot, location)
            if isinstance(location, int)
            else _gate(content, rows, snapshot, location)
        )
        # One character is a unit without prefix; "Hz" would be read as a prefix H.
        written, unit = _gigahertz(value) if quantity.unit == "Hz" else (value, quantity.unit)
        _put(listed, quantity.payload_name, unit, written, stamp or content.get("last_update_date"), stamp)
    if stamp is not None:
        content["last_update_date"] = stamp
    note = provenance_of(snapshot.properties)
    content[_NOTE] = {
        "of": snapshot.digest if note is None else note.base_digest,
        "overrides": _noted({} if note is None else note.overrides, changes),
    }
    return json.dumps(content).encode()


def _gigahertz(hertz: Any) -> tuple[Any, str]:
    """Return a frequency as devices write it, if there is a number that is read again as exactly this one."""
    if hertz is not None:
        near = hertz / 1e9
        for candidate in (near, math.nextafter(near, math.inf), math.nextafter(near, -math.inf)):
            if candidate * 1e9 == hertz:
                return candidate, "GHz"
    return hertz, ""


def _noted(before: Mapping[str, list[Any]], changes: list[Change]) -> dict[str, list[Any]]:
    """Return the note of earlier overrides and of new ones, which replace them."""
    notes: dict[str, dict[str, Any]] = {}
    for name, pairs in before.items():
        notes[name] = {json.dumps(location): [location, value] for location, value in pairs}
    for quantity, location, value in changes:
        noted = location if isinstance(location, int) else [location[0], list(location[1])]
        notes.setdefault(quantity.name, {})[json.dumps(noted)] = [noted, value]
    return {name: list(pairs.values()) for name, pairs in notes.items()}


def _put(
    quantities: list[dict[str, Any]], name: str, unit: str, value: Any, first_date: str | None, date: str | None
) -> None:
    """Set a quantity in a list of those of a qubit or a gate; when it is listed several times, the last one counts."""
    for known in reversed(quantities):
        if known["name"] == name:
            known.update(unit=unit, value=value, **({} if date is None else {"date": date}))
            return
    quantities.append({"date": first_date, "name": name, "unit": unit, "value": value})


def _qubit(content: dict[str, Any], snapshot: Snapshot, qubit: Any) -> list[dict[str, Any]]:
    if not 0 <= qubit < snapshot.num_qubits:
        _refuse(f"{snapshot.name} has no qubit {qubit}; it has {snapshot.num_qubits}")
    listed: list[list[dict[str, Any]]] = content["qubits"]
    listed.extend([] for _ in range(qubit + 1 - len(listed)))
    return listed[qubit]


def _gate(
    content: dict[str, Any],
    rows: dict[tuple[str, tuple[int, ...]], list[dict[str, Any]]],
    snapshot: Snapshot,
    location: tuple[str, tuple[int, ...]],
) -> list[dict[str, Any]]:
    if location not in rows:
        name, qubits = location
        defined = {gate.name: getattr(gate, "coupling_map", []) for gate in snapshot.configuration.gates}
        if list(qubits) not in defined.get(name, []):
            _refuse(f"{snapshot.name} has no gate {name!r} on qubits {qubits}")
        rows[location] = []
        name_of_row = name + "_".join(map(str, qubits))
        content["gates"].append(
            {"qubits": list(qubits), "gate": name, "parameters": rows[location], "name": name_of_row}
        )
    return rows[location]


def _of_values(snapshot: Snapshot, name: str, given: Any) -> Iterable[tuple[Quantity, Location, Any]]:
    of_qubits, of_gates = find_qubit_quantity(name), find_gate_quantity(name)
    if of_qubits is None and of_gates is None:
        known = dict.fromkeys([*QUBIT_QUANTITIES, *GATE_QUANTITIES])
        _refuse(f"there is no quantity {name!r}; there are {', '.join(known)}")
    if of_qubits is None:
        if not isinstance(given, Mapping):
            _refuse(f"{name} must be a mapping from (gate, qubits) to value, not {type(given).__name__}")
        return [(of_gates, _gate_location(key), value) for key, value in given.items()]  # type: ignore[misc]
    if hasattr(given, "items"):
        # A mapping, or a series of a data frame, whose index has the qubits. Keys tell qubits from gates.
        return [
            (of_gates, _gate_location(key), value)
            if of_gates is not None and isinstance(key, tuple | list)
            else (of_qubits, _index(key), value)
            for key, value in given.items()
        ]
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        _refuse(f"{name} must be a mapping from qubit to value, or a value for each qubit, not {given!r}")
    listed = list(given)
    if len(listed) != snapshot.num_qubits:
        _refuse(f"{name} has {len(listed)} values, and {snapshot.name} has {snapshot.num_qubits} qubits")
    return [(of_qubits, qubit, value) for qubit, value in enumerate(listed) if not _is_left_open(value)]


def _of_table(table: Any) -> Iterable[tuple[Quantity, Location, Any]]:
    columns = _columns(table)
    locations: list[Any]
    if "qubit" in columns:
        known, find = QUBIT_QUANTITIES, find_qubit_quantity
        locations = [_index(qubit) for qubit in columns.pop("qubit")]
    elif {"gate", "qubits"} <= set(columns):
        known, find = GATE_QUANTITIES, find_gate_quantity
        pairs = zip(columns.pop("gate"), columns.pop("qubits"), strict=True)
        locations = [_gate_location((str(gate), qubits)) for gate, qubits in pairs]
    else:
        _refuse(f"a table needs a column 'qubit', or columns 'gate' and 'qubits'; there are {', '.join(columns)}")
    for name, column in columns.items():
        quantity = find(name)
        if quantity is None:
            _refuse(f"there is no quantity {name!r} for a column; there are {', '.join(sorted(known))}")
        if len(column) != len(locations):
            _refuse(f"the column {name!r} has {len(column)} values for {len(locations)} rows")
        yield from (
            (quantity, location, value)
            for location, value in zip(locations, column, strict=True)
            if not _is_left_open(value)
        )


def _columns(table: Any) -> dict[str, list[Any]]:
    dtype = getattr(table, "dtype", None)
    names = getattr(dtype, "names", None)
    if names is None:
        names = table.keys() if hasattr(table, "keys") else None
    if names is None:
        _refuse(f"a table must be a mapping of columns, a structured array or a data frame, not {type(table).__name__}")
    return {str(name): list(table[name]) for name in names}


def _gate_location(key: Any) -> tuple[str, tuple[int, ...]]:
    if not isinstance(key, tuple | list) or len(key) != 2 or not isinstance(key[0], str):
        _refuse(f"a gate must be given as (gate, qubits), as in ('cz', (0, 1)), not {key!r}")
    name, qubits = key
    return name, tuple(map(_index, qubits)) if isinstance(qubits, Iterable) else (_index(qubits),)


def _index(qubit: Any) -> int:
    if isinstance(qubit, bool) or not hasattr(qubit, "__index__"):
        _refuse(f"a qubit must be an integer, not {qubit!r}")
    return int(qubit.__index__())


def _is_left_open(value: Any) -> bool:
    """Return whether a value of a table is none: ``nan``, ``None``, or what tables call missing or masked."""
    if value is None or type(value).__name__ == "MaskedConstant":
        return True
    try:
        return bool(value != value)  # noqa: PLR0124 (what only nan is)
    except TypeError:
        # A missing value of pandas is neither equal nor unequal to itself.
        return type(value).__name__ == "NAType"
    except ValueError:
        return False


def _checked(quantity: Quantity, value: Any) -> float | bool | None:
    """Return a value as JSON can have it."""
    name = quantity.name
    if quantity.is_flag:
        if getattr(value, "shape", ()) != () or value not in (True, False):
            _refuse(f"{name} must be True or False, not {value!r}")
        return bool(value)
    if value is None:
        return None
    if isinstance(value, bool):
        _refuse(f"{name} must be a number, not {value!r}")
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        _refuse(f"{name} must be a number, not {value!r}")
    if not math.isfinite(number):
        _refuse(f"{name} must be a finite number, not {value!r}")
    if quantity.is_probability and not 0 <= number <= 1:
        _refuse(f"{name} must be a probability, from 0 to 1, not {value!r}")
    # The anharmonicity of a transmon is negative.
    if quantity.unit != "Hz" and number < 0:
        _refuse(f"{name} must not be negative, but is {value!r}")
    return number


def _stamp(date: Any) -> str:
    if type(date) is datetime.datetime:
        try:
            # The offset of the zone stays; a datetime without time zone is in this machine's, as everywhere.
            return date.astimezone().isoformat()
        except (OverflowError, ValueError) as error:
            _refuse(f"date is beyond the calendar: {error}")
    # Its errors, and with them Qiskit, are imported for it.
    from .._moments import moment_of

    try:
        return moment_of(date, name="date").isoformat()
    except TypeError as error:
        _refuse(str(error))


def _refuse(message: str) -> NoReturn:
    from ..exceptions import IBMInputValueError

    raise IBMInputValueError(f"{message}.")

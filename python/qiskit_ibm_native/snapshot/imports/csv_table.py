# SPDX-License-Identifier: Apache-2.0
"""The calibration CSV that the platform's web page offers for download, as a properties payload.

A row is a qubit. Cells of gates on two qubits list couplings, in one of two forms: ``0_1:0.0052; 0_2:0.0061`` has both
qubits, ``1:0.0052;2:0.0061`` only the second one, where the first one is that of the row.

A table has less than the payload that it was made of: no dates of single values, no couplings, no gates that the page
does not show, and in some years rounded numbers.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, NoReturn

from .csv_headings import TWO_QUBIT_GATES, Heading, meaning

#: The key of the note that tells where a payload is from, and its value.
NOTE, NOTE_OF_CSV = "qiskit_ibm_native", {"converted_from": "csv"}
#: Cells without a value.
_EMPTY = frozenset({"", "-", "--", "nan", "none", "null", "n/a", "na", "undefined"})
_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_PREFIXES = {0: "", -3: "m", -6: "u", -9: "n", 3: "k", 6: "M", 9: "G"}
_PROBABILITIES = frozenset({"readout_error", "prob_meas0_prep1", "prob_meas1_prep0"})
_PAIR = re.compile(r"^(?:[a-z]+)?([0-9]{1,9})_([0-9]{1,9})$")
_NUMBER = re.compile(r"[+-]?(?:inf(?:inity)?|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?)", re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]*,[0-9]+(?:[eE][+-]?[0-9]+)?")
#: Gates that take no time, because they are changes of frames; devices publish that as their length.
_VIRTUAL = frozenset({"rz"})
#: Operations on one qubit that are no gates, and have lengths of their own.
_NO_GATES = frozenset({"measure", "measure_2", "reset", "reset_2"})


class Column(NamedTuple):
    """A column: its number in the table, its heading as written, and the meaning of that."""

    number: int
    text: str
    heading: Heading


class CsvTable:
    """A calibration of one device in a table.

    Attributes:
        assumptions: Sentences about what was ambiguous, with how to say it.
    """

    def __init__(self, text: str, columns: Mapping[str, str | None] | None = None) -> None:
        """Read the table.

        Args:
            text: The content of the file.
            columns: Headings to be taken for others, as in ``{"Fehler CZ": "CZ error"}``; ``None`` to leave one out.
        """
        self.assumptions: list[str] = []
        self._columns = columns or {}
        # Spreadsheets write the delimiter before the headings, and a few programs end lines with CR alone.
        text = re.sub(r"\A(?:(?:sep=[,;\t])?[ ,;\t]*\n)+", "", text.replace("\r\n", "\n").replace("\r", "\n"))
        delimiter = max(",;\t", key=text.partition("\n")[0].count)
        try:
            lines = list(csv.reader(io.StringIO(text), delimiter=delimiter))
        except csv.Error as error:
            _refuse(f"It is not a table of comma-separated values: {error}.")
        rows = [row for row in lines if any(cell.strip() for cell in row)]
        self._headings = rows[0] if rows else []
        self._rows = rows[1:]

    @property
    def is_calibration(self) -> bool:
        """Whether there are columns of qubits and of something that is measured."""
        kinds = {meaning(heading, ()).kind for heading in self._renamed()}
        return "row" in kinds and bool(kinds & {"qubit", "error"})

    def payload(self, configuration: bytes, date: str) -> bytes:
        """Return the properties payload.

        Args:
            configuration: The configuration of the device.
            date: The time of the calibration, as ISO 8601 with its offset.

        Raises:
            IBMInputValueError: A cell is not understood, or the table is of another device than the configuration.
        """
        device = json.loads(configuration)
        num_qubits = device["n_qubits"]
        columns = self._meanings({gate["name"] for gate in device.get("gates", ())})
        rows = dict(self._numbered(columns, num_qubits))
        qubits = [self._qubit(rows.get(qubit), columns, date) for qubit in range(num_qubits)]
        gates = self._gates(rows, columns, _couplings(device), date)
        content = {
            "backend_name": device["backend_name"], "backend_version": str(device.get("backend_version", "")),
            "last_update_date": date, "qubits": qubits, "gates": gates, "general": [], NOTE: NOTE_OF_CSV,
        }  # fmt: skip
        return json.dumps(content).encode()

    def _renamed(self) -> list[str]:
        plain = {heading.strip(): renamed for heading, renamed in self._columns.items()}
        return [plain.get(heading.strip(), heading) or "" for heading in self._headings]

    def _meanings(self, gates: set[str]) -> list[Column]:
        columns: list[Column] = []
        for number, (text, renamed) in enumerate(zip(self._headings, self._renamed(), strict=True)):
            found = meaning(renamed, gates)
            same = [column.text for column in columns if column.heading[:2] == found[:2]]
            if found.kind == "unknown":
                is_filled = any(_cell(row, number) for row in self._rows)
                if renamed.strip() and is_filled:
                    self.assumptions.append(
                        f"The column {text.strip()!r} was left out: {found.problem}. Say by columns= what it is, as in"
                        f" columns={{{text.strip()!r}: 'CZ error'}}, or None if it is not needed."
                    )
            elif same:
                _refuse(f"The columns {same[0].strip()!r} and {text.strip()!r} are the same; columns= leaves one out.")
            else:
                columns.append(Column(number, text.strip(), found))
                # Configurations need not list rzz, which is a fractional gate.
                if found.name in TWO_QUBIT_GATES - gates - {"rzz"}:
                    self.assumptions.append(
                        f"The column {text.strip()!r} is of {found.name}, which the configuration does not have: it may be of"
                        " another time. Give the right one by configuration=."
                    )
        if not any(column.heading.kind == "row" for column in columns):
            _refuse("There is no column 'Qubit', which every table of a device has.")
        return columns

    def _numbered(self, columns: Sequence[Column], num_qubits: int) -> Iterator[tuple[int, tuple[int, list[str]]]]:
        """Yield qubits with the numbers and cells of their rows."""
        row_column = next(column.number for column in columns if column.heading.kind == "row")
        seen: set[int] = set()
        for number, row in enumerate(self._rows):
            if any(cell.strip() for cell in row[len(self._headings) :]):
                _refuse(
                    f"Row {number + 2} has {len(row)} cells, and there are {len(self._headings)} headings: numbers with decimal"
                    " commas, or lists of couplings, may have been cut. Take the file as it was downloaded."
                )
            text = _cell(row, row_column).removeprefix("Q").removeprefix("q")
            # Tables of 2020 have no text for qubit 0, which comes first.
            text = "0" if not text and not number else text
            if not _is_qubit(text):
                _refuse(f"Row {number + 2} is of the qubit {_cell(row, row_column)[:80]!r}, which is not a number.")
            qubit = int(text)
            if qubit in seen or qubit >= num_qubits:
                there = "in the table twice" if qubit in seen else f"beyond the {num_qubits} of the configuration"
                _refuse(f"Row {number + 2} is of qubit {qubit}, which is {there}.")
            seen.add(qubit)
            yield qubit, (number + 2, row)
        if len(seen) != num_qubits:
            missing = sorted(set(range(num_qubits)) - seen)
            _refuse(
                f"The table has {len(seen)} qubits and the configuration {num_qubits}: {str(missing)[1:80]} are missing."
            )

    def _qubit(self, found: tuple[int, list[str]] | None, columns: Sequence[Column], date: str) -> list[dict[str, Any]]:
        if found is None:
            return []
        line, row = found
        quantities = []
        for column in columns:
            kind, name, power, _ = column.heading
            text = _cell(row, column.number)
            if kind != "qubit" or text.casefold() in _EMPTY:
                continue
            if name == "operational":
                # Devices publish this of what does not work alone.
                if _flag(text, line, column):
                    continue
                quantities.append(_quantity(date, name, "", False))
                continue
            number = _number(text, line, column)
            if name in _PROBABILITIES and not 0 <= number <= 1:
                _refuse(f"{_located(line, column)}: {text} is not a probability.")
            if name in {"T1", "T2", "readout_length"} and number < 0:
                _refuse(f"{_located(line, column)}: {text} is not a time.")
            unit = (
                ""
                if name in _PROBABILITIES
                else f"{_PREFIXES[power]}{'Hz' if 'freq' in name or 'anh' in name else 's'}"
            )
            quantities.append(_quantity(date, name, unit, number))
        return quantities

    def _gates(
        self,
        rows: Mapping[int, tuple[int, list[str]]],
        columns: Sequence[Column],
        couplings: set[frozenset[int]],
        date: str,
    ) -> list[dict[str, Any]]:
        values = _GateValues(couplings)
        measured = [column for column in columns if column.heading.kind in {"error", "length"}]
        errors = [column.heading.name for column in measured if column.heading.kind == "error"]
        for column in measured:
            kind, name, _, _ = column.heading
            gates = self._gates_with_length(name, errors, column) if kind == "length" else [name]
            for qubit, (line, row) in rows.items():
                for qargs, number in _entries(_cell(row, column.number), qubit, line, column):
                    values.add(gates, qargs, number, line, column)
        return values.listed(date)

    def _gates_with_length(self, name: str, errors: Sequence[str], column: Column) -> list[str]:
        """Return the gates that a column of lengths is of."""
        if name == "single":
            return [gate for gate in errors if gate not in TWO_QUBIT_GATES | _VIRTUAL | _NO_GATES]
        if name != "two":
            return [name]
        of_two = [gate for gate in errors if gate in TWO_QUBIT_GATES]
        if len(of_two) > 1:
            # On the page, the column stands behind that of the error of the gate that all devices have.
            of_two = [gate for gate in of_two if gate != "rzz"]
        if len(of_two) > 1:
            _refuse(f"The column {column.text!r} does not name its gate: {' or '.join(of_two)}. Name it by columns=.")
        if "rzz" in errors and of_two:
            self.assumptions.append(
                f"The column {column.text!r} was taken for the length of {of_two[0]}; rzz has none."
                f" columns={{{column.text!r}: {f'{of_two[0]} gate length (ns)'!r}}} says so."
            )
        return of_two


def _entries(text: str, qubit: int, line: int, column: Column) -> Iterator[tuple[tuple[int, ...], float]]:
    """Yield qargs and values of a cell."""
    if text.casefold() in _EMPTY:
        return
    if ":" not in text:
        if column.heading.name in TWO_QUBIT_GATES | {"two"}:
            _refuse(f"{_located(line, column)}: {text!r} does not name its coupling.")
        yield (qubit,), _number(text, line, column)
        return
    for part in re.split(r"[;,]", text):
        if not part.strip():
            continue
        name, _, value = (piece.strip() for piece in part.partition(":"))
        pair = _PAIR.match(name.casefold())
        qargs = (int(pair[1]), int(pair[2])) if pair else (qubit, int(name)) if _is_qubit(name) else None
        if qargs is None or ":" not in part or ":" in value or qubit not in qargs or qargs[0] == qargs[1]:
            _refuse(
                f"{_located(line, column)}: {part.strip()[:80]!r} is not a value of a coupling of qubit {qubit}, as"
                " 0_1:0.005 and 1:0.005 are. Spreadsheets spoil such cells: take the file as it was downloaded."
            )
        if value.casefold() not in _EMPTY:
            yield qargs, _number(value, line, column)


class _GateValues:
    """Values of gates, as they are found in cells."""

    def __init__(self, couplings: set[frozenset[int]]) -> None:
        self._couplings = couplings
        #: By gate and qargs: values and units by name.
        self._values: dict[tuple[str, tuple[int, ...]], dict[str, tuple[float, str]]] = {}

    def add(self, gates: Sequence[str], qargs: tuple[int, ...], number: float, line: int, column: Column) -> None:
        """Add a value of some gates.

        Raises:
            IBMInputValueError: It makes no sense, or contradicts another one.
        """
        if len(qargs) == 2 and frozenset(qargs) not in self._couplings:
            _refuse(
                f"{_located(line, column)}: qubits {qargs[0]} and {qargs[1]} are not coupled in the configuration, which is of"
                " another device or of another time. Give the right one by configuration=."
            )
        if column.heading.kind == "error" and not 0 <= number <= 1:
            _refuse(f"{_located(line, column)}: {number} is not a probability.")
        if number < 0:
            _refuse(f"{_located(line, column)}: {number} is not a time.")
        unit = f"{_PREFIXES[column.heading.power]}s"
        name, unit = ("gate_error", "") if column.heading.kind == "error" else ("gate_length", unit)
        for gate in gates:
            if (gate in TWO_QUBIT_GATES) != (len(qargs) == 2):
                _refuse(f"{_located(line, column)}: {gate} is not a gate on {len(qargs)} qubits.")
            entry = self._values.setdefault((gate, qargs), {})
            if entry.setdefault(name, (number, unit)) != (number, unit):
                _refuse(
                    f"{_located(line, column)}: the value is {number}, and {entry[name][0]} elsewhere for the same"
                    " qubits."
                )

    def listed(self, date: str) -> list[dict[str, Any]]:
        """Return the gates of a properties payload."""
        for (gate, _), entry in self._values.items():
            if gate in _VIRTUAL:
                entry.setdefault("gate_length", (0, "ns"))
        return [
            {
                "qubits": list(qargs), "gate": gate, "name": gate + "_".join(map(str, qargs)),
                "parameters": [_quantity(date, name, unit, number) for name, (number, unit) in entry.items()],
            }
            for (gate, qargs), entry in self._values.items()
        ]  # fmt: skip


def _couplings(device: Mapping[str, Any]) -> set[frozenset[int]]:
    """Return the pairs of qubits that a configuration couples."""
    # The reader of configurations has looked at couplings of gates alone.
    listed = device.get("coupling_map")
    pairs = [pair for pair in listed if isinstance(pair, list)] if isinstance(listed, list) else []
    for gate in device.get("gates") or ():
        pairs += gate.get("coupling_map") or ()
    return {frozenset(pair) for pair in pairs if len(pair) == 2 and all(isinstance(qubit, int) for qubit in pair)}


def _quantity(date: str, name: str, unit: str, value: float | bool) -> dict[str, Any]:
    return {"date": date, "name": name, "unit": unit, "value": value}


def _is_qubit(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def _cell(row: Sequence[str], number: int) -> str:
    return row[number].strip() if number < len(row) else ""


def _number(text: str, line: int, column: Column) -> float:
    if _DECIMAL_COMMA.fullmatch(text):
        _refuse(f"{_located(line, column)}: {text!r} has a decimal comma, and numbers need a point.")
    if not _NUMBER.fullmatch(text):
        _refuse(f"{_located(line, column)}: {text[:80]!r} is not a number.")
    number = float(text)
    if not math.isfinite(number):
        _refuse(f"{_located(line, column)}: {text} is not a finite number.")
    return number


def _flag(text: str, line: int, column: Column) -> bool:
    flag = _FLAGS.get(text.casefold())
    if flag is None:
        _refuse(f"{_located(line, column)}: {text!r} is neither yes nor no.")
    return flag


def _located(line: int, column: Column) -> str:
    return f"Row {line}, column {column.text!r}"


def _refuse(message: str) -> NoReturn:
    from ...exceptions import IBMInputValueError

    raise IBMInputValueError(message)

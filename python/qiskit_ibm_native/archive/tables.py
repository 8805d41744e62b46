# SPDX-License-Identifier: Apache-2.0
"""Many series as one table, and as Parquet files by device and month."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict
from urllib.parse import quote

import numpy as np

from .._frames import Column, Table, arrow_table, needed, qargs_columns, qubit_column
from .._timestamps import utc
from ..exceptions import ArchiveError, IBMInputValueError
from ..snapshot.quantities import GATE_QUANTITIES, QUBIT_QUANTITIES, gate_quantity, qubit_quantity
from ..snapshot.storage import scratch_folder

if TYPE_CHECKING:
    from .._moments import Time
    from .choice import Choice
    from .series import ArchiveSeries
    from .store import CalibrationArchive

#: How often series are read again because others have changed the archive meanwhile.
_TRIES = 5
#: Columns of qubits in tables of gates, which have a third one only if a gate has.
_LEAST_QUBITS = 2
#: More qubits than gates of devices act on; archives that others made must not decide how many columns there are.
_MOST_QUBITS = 16
#: Tables of an archive.
KINDS = ("qubits", "gates")


class TableChoice(TypedDict, total=False):
    """The keyword arguments of :meth:`CalibrationArchive.table`."""

    backends: str | Iterable[str] | None
    quantities: str | Iterable[str] | None
    gates: str | Iterable[str] | None
    start: Time | None
    end: Time | None
    threads: int | None
    provenance: str
    origin: str | None


class Request(NamedTuple):
    """The content that a table is to have.

    Attributes:
        of: ``"qubits"`` or ``"gates"``.
        quantities: Public names of quantities.
        gates: The gates; ``None`` for all.
        threads: The number of threads for reading payloads.
        choice: The calibrations of each device.
    """

    of: str
    quantities: tuple[str, ...]
    gates: tuple[str, ...] | None
    threads: int | None
    choice: Choice


def request(of: str, quantities: Any, gates: Any, threads: int | None, choice: Choice) -> Request:
    """Return a request by the arguments of :meth:`CalibrationArchive.table`.

    Raises:
        IBMInputValueError: There is no such table, no quantity, or gates are asked for in the table of qubits.
        ValueError: There is no such quantity.
    """
    if of not in KINDS:
        raise IBMInputValueError(f"of must be {' or '.join(map(repr, KINDS))}, not {of!r}.")
    if of == "qubits" and gates is not None:
        raise IBMInputValueError('gates= is for the table of gates: of="gates".')
    known, find = (QUBIT_QUANTITIES, qubit_quantity) if of == "qubits" else (GATE_QUANTITIES, gate_quantity)
    chosen = list(known) if quantities is None else [quantities] if isinstance(quantities, str) else list(quantities)
    if not chosen:
        raise IBMInputValueError("quantities is empty; leave it out for all quantities.")
    named = None if gates is None else (gates,) if isinstance(gates, str) else tuple(gates)
    return Request(of, tuple(dict.fromkeys(find(name).name for name in chosen)), named, threads, choice)


def aligned(read: Callable[[], Sequence[ArchiveSeries]]) -> Sequence[ArchiveSeries]:
    """Return series of a device that have the same calibrations.

    Args:
        read: Reads them, one after the other; others may add calibrations meanwhile.

    Raises:
        ArchiveError: The archive changes all the time.
    """
    for _ in range(_TRIES):
        found = read()
        if all(np.array_equal(series.times, found[0].times) for series in found):
            return found
    raise ArchiveError(
        "The archive changed each time it was read; give an end= in the past to read a period that is complete."
    )


def build_table(archive: CalibrationArchive, asked: Request, backends: Sequence[str], start: Any, end: Any) -> Any:
    """Return the values of some devices as a ``pyarrow.Table``, see :meth:`CalibrationArchive.table`."""
    pa = needed("pyarrow")
    found = [
        (number, series) for number, name in enumerate(backends) for series in _series(archive, asked, name, start, end)
    ]
    listed = {series[0].gate for _, series in found}
    for gate in asked.gates or ():
        if gate not in listed:
            raise ArchiveError(
                f"No calibration of {', '.join(backends) or 'any device'} in that time lists the gate {gate!r}."
            )
    if not found:
        return arrow_table(_empty(asked))
    width = max(series[0].qubits.shape[1] for _, series in found) if asked.of == "gates" else 0
    if width > _MOST_QUBITS:
        raise ArchiveError(
            f"A gate acts on {width} qubits, and tables have {_MOST_QUBITS} columns for them: choose by gates=."
        )
    tables = [arrow_table(_long(series, number, backends, max(width, _LEAST_QUBITS))) for number, series in found]
    return pa.concat_tables(tables).unify_dictionaries()


def _series(
    archive: CalibrationArchive, asked: Request, backend: str, start: Any, end: Any
) -> Iterator[Sequence[ArchiveSeries]]:
    """Yield the series of a device by quantity: for its qubits, or for each gate."""
    if asked.of == "qubits":
        gates: Sequence[str | None] = [None]
    else:
        listed = gates_of(archive, backend, start, end, asked.choice)
        gates = [gate for gate in listed if asked.gates is None or gate in asked.gates]

    def read(gate: str | None) -> Sequence[ArchiveSeries]:
        return [
            archive.series(
                backend, quantity, gate=gate, start=start, end=end, threads=asked.threads, **asked.choice._asdict()
            )
            for quantity in asked.quantities
        ]

    yield from (aligned(partial(read, gate)) for gate in gates)


def gates_of(archive: CalibrationArchive, backend: str, start: Any, end: Any, choice: Choice) -> list[str]:
    """Return the gates that a device had in a period.

    The gates that a device lists change with its configuration, so that the first and the last calibration of each one
    are looked at.
    """
    calibrations = archive.between(backend, start, end, **choice._asdict())
    versions = [row.configuration for row in calibrations._rows]
    looked_at = {
        number
        for number, version in enumerate(versions)
        if number in (0, len(versions) - 1) or version != versions[number - 1] or version != versions[number + 1]
    }
    return list(dict.fromkeys(gate for number in sorted(looked_at) for gate in calibrations[number].columns.gates))


def _long(found: Sequence[ArchiveSeries], number: int, backends: Sequence[str], width: int) -> Table:
    """Return the rows of some series of a device, which is the one with the number."""
    first = found[0]
    count, size = len(first.times), first.values.size
    times = Column("time", np.repeat(first.times, len(first.qubits)))
    if first.gate is None:
        subjects = qubit_column(first.qubits, count)
    else:
        names = Column("gate", np.zeros(size, dtype=np.int32), labels=[first.gate])
        subjects = [names, *qargs_columns(first.qubits, count)]
        missing = range(first.qubits.shape[1], width)
        subjects += [Column(f"qubit_{k}", np.zeros(size, np.uint32), np.zeros(size, bool)) for k in missing]
    values = [Column(series.quantity, series.values.ravel(), series.valid.ravel(), series.unit) for series in found]
    device = Column("backend", np.full(size, number, dtype=np.int32), labels=list(backends))
    return Table([device, times, *subjects, *values])


def _empty(asked: Request) -> Table:
    codes, qubits = np.empty(0, np.int32), np.empty(0, np.uint32)
    known, subjects = QUBIT_QUANTITIES, [Column("qubit", qubits)]
    if asked.of == "gates":
        known = GATE_QUANTITIES
        subjects = [Column("gate", codes, labels=[]), Column("qargs", codes, labels=[])]
        subjects += [Column(f"qubit_{k}", qubits) for k in range(_LEAST_QUBITS)]
    values = [
        Column(name, np.empty(0, bool if known[name].is_flag else float), unit=known[name].unit)
        for name in asked.quantities
    ]
    times = Column("time", np.empty(0, "datetime64[us]"))
    return Table([Column("backend", codes, labels=[]), times, *subjects, *values])


# Parquet


def write_months(
    archive: CalibrationArchive,
    folder: Path,
    backends: Sequence[str],
    start: Any,
    end: Any,
    threads: int | None,
    choice: Choice,
) -> int:
    """Write tables by device and month, see :meth:`CalibrationArchive.to_parquet`."""
    needed("pyarrow")
    folder.mkdir(parents=True, exist_ok=True)
    written = 0
    with scratch_folder(".parquet-", folder) as scratch:
        for backend in backends:
            times = archive.between(backend, start, end, **choice._asdict()).times
            months = sorted({(time.year, time.month) for time in map(utc, times)})
            for year, month in months:
                first = datetime.datetime(year, month, 1, tzinfo=datetime.timezone.utc)
                last = _next_month(first)
                for of in KINDS:
                    table = build_table(archive, request(of, None, None, threads, choice), [backend], first, last)
                    _write(table.drop_columns(["backend"]), scratch, _partition(folder, of, backend, first))
                written += len(archive.between(backend, first, last, **choice._asdict()))
    return written


def _next_month(first: datetime.datetime) -> datetime.datetime | None:
    """Return the beginning of the next month; ``None`` for the last one of the calendar."""
    year, month = divmod(first.year * 12 + first.month, 12)
    return None if year > datetime.MAXYEAR else first.replace(year=year, month=month + 1)


def _partition(folder: Path, of: str, backend: str, month: datetime.datetime) -> Path:
    # Names of devices come from payloads, and must not lead out of the folder.
    name = quote(backend, safe="").replace(".", "%2E")
    return folder / of / f"backend={name}" / f"month={month.year:04}-{month.month:02}" / "part-0.parquet"


def _write(table: Any, scratch: Path, file: Path) -> None:
    """Write a file, which appears under its name when it is complete."""
    from pyarrow import parquet

    unfinished = scratch / file.name
    parquet.write_table(table, unfinished, compression="zstd")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ArchiveError(f"The folder {file.parent} cannot be made: {error}") from error
    unfinished.replace(file)

# SPDX-License-Identifier: Apache-2.0
"""Results as Arrow tables and Parquet files."""

from __future__ import annotations

import csv
import datetime
import json
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from ..._extras import needed
from ..tasks import AddedColumns, column_of_axis
from .figures import FIGURES

if TYPE_CHECKING:
    from ..tasks import TaskResult

#: Rows that become columns at once: some 10 MB of Python objects.
_GROUP = 10_000
#: Columns that describe tasks.
_FACTS = (
    "task_id", "circuit", "circuit_digest", "backend", "calibrated", "snapshot_digest", "optimization_level", "options",
    "pass_manager", "seed", "initial_layout", "use_fractional_gates", "qiskit_version", "error",
)  # fmt: skip


def table_of(results: Iterator[TaskResult], added: AddedColumns) -> Any:
    """Return results as a ``pyarrow.Table``, with columns for the names on axes and for metrics."""
    pa = needed("pyarrow", "parquet", "Tables of results")
    schema = _schema(pa, added)
    return pa.Table.from_batches(_batches(pa, schema, results, added), schema)


def write_parquet(results: Iterator[TaskResult], path: Path, added: AddedColumns) -> int:
    """Write results to a Parquet file, which appears when it is complete; return their number."""
    pa = needed("pyarrow", "parquet", "Tables of results")
    from pyarrow import parquet

    schema, written = _schema(pa, added), 0
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with parquet.ParquetWriter(unfinished, schema) as writer:
            for batch in _batches(pa, schema, results, added):
                writer.write_batch(batch)
                written += batch.num_rows
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return written


def write_csv(results: Iterator[TaskResult], file: TextIO, added: AddedColumns) -> int:
    """Write results as comma-separated values with the columns of tables; return their number.

    Cells of what is missing are empty, lists and operations are JSON, and times are those of ISO 8601.
    """
    own = column_names()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([*own, *map(column_of_axis, added.axes), *added.metrics])
    written = 0
    for result in results:
        writer.writerow([
            *(_csv_cell(getattr(result, name)) for name in own),
            *(result.axes.get(axis) for axis in added.axes),
            *(result.metrics.get(name) for name in added.metrics),
        ])  # fmt: skip
        written += 1
    return written


def column_names() -> list[str]:
    """Return the names of the columns that tables of all ledgers have: attributes of :class:`TaskResult`."""
    return [*_FACTS, *(figure.name for figure in FIGURES), "worker", "attempts", "carried_from"]


def _csv_cell(value: Any) -> Any:
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, dict | tuple | list):
        return json.dumps(value)
    # Floats as Python writes them, which reading gives back bit by bit.
    return repr(value) if isinstance(value, float) else value


def _schema(pa: Any, added: AddedColumns) -> Any:
    text, number, real, qubits = pa.string(), pa.int64(), pa.float64(), pa.list_(pa.int32())
    # Operations differ from circuit to circuit; as JSON they fit into one column.
    types = {int: number, float: real, dict: text, tuple: qubits}
    return pa.schema([
        ("task_id", text), ("circuit", text), ("circuit_digest", text), ("backend", text),
        ("calibrated", pa.timestamp("us", tz="UTC")), ("snapshot_digest", text), ("optimization_level", number),
        ("options", text), ("pass_manager", text), ("seed", number), ("initial_layout", qubits),
        ("use_fractional_gates", pa.bool_()), ("qiskit_version", text), ("error", text),
        *((figure.name, types[figure.type]) for figure in FIGURES), ("worker", text), ("attempts", number),
        ("carried_from", text), *((column_of_axis(axis), text) for axis in added.axes),
        *((name, real) for name in added.metrics),
    ])  # fmt: skip


def _batches(pa: Any, schema: Any, results: Iterator[TaskResult], added: AddedColumns) -> Iterator[Any]:
    own = len(schema.names) - len(added.axes) - len(added.metrics)
    while group := list(islice(results, _GROUP)):
        columns = [[_cell(getattr(result, name)) for result in group] for name in schema.names[:own]]
        columns += [[result.axes.get(axis) for result in group] for axis in added.axes]
        columns += [[result.metrics.get(name) for result in group] for name in added.metrics]
        yield pa.record_batch(columns, schema=schema)


def _cell(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict) else value

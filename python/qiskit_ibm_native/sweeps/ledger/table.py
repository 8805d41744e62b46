# SPDX-License-Identifier: Apache-2.0
"""Results as Arrow tables and Parquet files."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..._extras import needed
from ..tasks import AddedColumns, column_of_axis
from .figures import FIGURES

if TYPE_CHECKING:
    from ..tasks import TaskResult

#: Rows that become columns at once: some 10 MB of Python objects.
_GROUP = 10_000


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

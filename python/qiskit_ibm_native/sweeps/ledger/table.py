# SPDX-License-Identifier: Apache-2.0
"""Results as tables of Arrow."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...exceptions import LedgerError

if TYPE_CHECKING:
    from ..results import TaskResult

#: Rows that are made into columns at once.
_GROUP = 10_000


def table_of(results: Iterator[TaskResult]) -> Any:
    """Return results as a table."""
    pa = _pyarrow()
    schema = _schema(pa)
    return pa.Table.from_batches(_batches(pa, schema, results), schema)


def write_parquet(results: Iterator[TaskResult], path: Path) -> int:
    """Write results to a file that is there when it is complete, and return how many there are."""
    pa = _pyarrow()
    from pyarrow import parquet

    schema, written = _schema(pa), 0
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with parquet.ParquetWriter(unfinished, schema) as writer:
            for batch in _batches(pa, schema, results):
                writer.write_batch(batch)
                written += batch.num_rows
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return written


def _pyarrow() -> Any:
    try:
        import pyarrow as pa
    except ImportError:
        raise LedgerError("Tables need one more package: pip install 'qiskit-ibm-native[parquet]'") from None
    return pa


def _schema(pa: Any) -> Any:
    text, number, real = pa.string(), pa.int64(), pa.float64()
    return pa.schema([
        ("task_id", text), ("circuit", text), ("circuit_digest", text), ("backend", text),
        ("calibrated", pa.timestamp("us", tz="UTC")), ("snapshot_digest", text), ("optimization_level", number),
        ("options", text), ("pass_manager", text), ("seed", number), ("initial_layout", pa.list_(pa.int32())),
        ("use_fractional_gates", pa.bool_()), ("qiskit_version", text), ("error", text),
        ("depth", number), ("two_qubit_depth", number), ("two_qubit_count", number), ("size", number),
        ("num_qubits", number), ("operations", text), ("duration", real), ("esp", real),
        ("layout", pa.list_(pa.int32())), ("final_layout", pa.list_(pa.int32())), ("wall", real), ("cpu", real),
        ("worker", text), ("attempts", number),
    ])  # fmt: skip


def _batches(pa: Any, schema: Any, results: Iterator[TaskResult]) -> Iterator[Any]:
    while group := list(islice(results, _GROUP)):
        columns = [[_cell(name, getattr(result, name)) for result in group] for name in schema.names]
        yield pa.record_batch(columns, schema=schema)


def _cell(name: str, value: Any) -> Any:
    # Operations differ from circuit to circuit; as text they fit into one column.
    return json.dumps(value) if name == "operations" and value is not None else value

# SPDX-License-Identifier: Apache-2.0
"""Calibrations to folders and tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from .._extras import needed
from .._progress import Reported, advancing, followed
from .._timestamps import utc_array
from ..exceptions import ArchiveError
from ..snapshot.quantities import GATE_QUANTITIES, QUBIT_QUANTITIES, Quantity
from ..snapshot.storage import has_payloads, scratch_folder
from . import sightings

if TYPE_CHECKING:
    from ..snapshot import Snapshot
    from .ranges import SnapshotRange

#: Calibrations and bytes of one row group of a table.
_GROUP, _GROUP_BYTES = 64, 128 << 20
#: Bytes that a name may have on the file systems of today.
_LONGEST_NAME = 255


def export(
    ranges: Sequence[SnapshotRange],
    path: Path,
    format: str,  # noqa: A002 (as its caller)
    progress: Reported = False,
) -> int:
    """Write calibrations, see :meth:`CalibrationArchive.export`."""
    writers = {"folder": _write_folder, "parquet": _write_parquet}
    if format not in writers:
        raise ValueError(f"format must be one of {', '.join(writers)}, not {format!r}.")
    path.mkdir(parents=True, exist_ok=True)
    with advancing(progress, "export", sum(map(len, ranges)), "calibration") as advance:
        return writers[format](ranges, path, advance)


def _write_folder(ranges: Sequence[SnapshotRange], path: Path, advance: Callable[[int], None]) -> int:
    written = 0
    for calibrations in ranges:
        # Names of devices come from payloads, and must not lead out of the folder.
        name = quote(calibrations.backend, safe="").replace(".", "%2E")
        if len(name) > _LONGEST_NAME:
            raise ArchiveError(
                f"{calibrations.backend[:40]!r}..., a name of {len(calibrations.backend)} characters, is too long"
                f" for a folder, which may have {_LONGEST_NAME} bytes; {written} calibrations were written before it."
                " Choose devices by backend=."
            )
        folder = path / name
        digests: dict[int, str] = {}
        for row, updated, snapshot in followed(calibrations.sound(), advance):
            # The digest keeps two of one time apart.
            file = folder / f"{updated:%Y%m%dT%H%M%S.%fZ}-{snapshot.digest[:12]}.zip"
            if not has_payloads(file, snapshot.payloads):
                snapshot.save(file)
            digests[row.id] = snapshot.digest
            written += 1
        sightings.write(folder, calibrations._archive._database, digests)
    return written


def _write_parquet(ranges: Sequence[SnapshotRange], path: Path, advance: Callable[[int], None]) -> int:
    pa = needed("pyarrow", "parquet", "Parquet files")
    parquet = needed("pyarrow.parquet", "parquet", "Parquet files")
    time = pa.timestamp("us", tz="UTC")
    qubits = pa.schema([
        ("backend", pa.string()), ("time", time), ("qubit", pa.uint32()),
        *((name, _arrow_type(quantity)) for name, quantity in QUBIT_QUANTITIES.items()),
    ])  # fmt: skip
    gates = pa.schema([
        ("backend", pa.string()), ("time", time), ("gate", pa.string()), ("qubits", pa.list_(pa.uint32())),
        *((name, _arrow_type(quantity)) for name, quantity in GATE_QUANTITIES.items()),
    ])  # fmt: skip
    written = 0
    with scratch_folder(".export-", path) as scratch:
        files = {name: scratch / name for name in ("qubits.parquet", "gates.parquet")}
        with (
            parquet.ParquetWriter(files["qubits.parquet"], qubits, compression="zstd") as of_qubits,
            parquet.ParquetWriter(files["gates.parquet"], gates, compression="zstd") as of_gates,
        ):
            for calibrations in ranges:
                for group in _groups(calibrations):
                    of_qubits.write_table(pa.table(_qubit_rows(calibrations.backend, group), schema=qubits))
                    of_gates.write_table(pa.table(_gate_rows(calibrations.backend, group), schema=gates))
                    written += len(group)
                    advance(len(group))
        # Files appear under their names when they are complete.
        for name, file in files.items():
            file.replace(path / name)
    return written


def _arrow_type(quantity: Quantity) -> Any:
    import pyarrow as pa

    return pa.bool_() if quantity.is_flag else pa.float64()


def _groups(snapshots: SnapshotRange) -> Iterator[list[Snapshot]]:
    group, size = [], 0
    for *_, snapshot in snapshots.sound():
        group.append(snapshot)
        size += len(snapshot.payloads.properties or b"")
        if len(group) >= _GROUP or size > _GROUP_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group


def _qubit_rows(backend: str, snapshots: Sequence[Snapshot]) -> dict[str, Any]:
    import numpy as np
    import pyarrow as pa

    counts = [snapshot.num_qubits for snapshot in snapshots]
    rows: dict[str, Any] = {
        "backend": [backend] * sum(counts),
        "time": np.repeat(utc_array(snapshot.last_update for snapshot in snapshots), counts),
        "qubit": np.concatenate([np.arange(count, dtype=np.uint32) for count in counts]),
    }
    for name, quantity in QUBIT_QUANTITIES.items():
        values = np.concatenate([getattr(snapshot.columns, name) for snapshot in snapshots])
        if quantity.is_flag:
            rows[name] = values
        else:
            valid = np.concatenate([snapshot.columns.valid(name) for snapshot in snapshots])
            rows[name] = pa.array(values, mask=~valid)
    return rows


def _gate_rows(backend: str, snapshots: Sequence[Snapshot]) -> dict[str, Any]:
    import numpy as np
    import pyarrow as pa

    rows: dict[str, list[Any]] = {name: [] for name in ("backend", "time", "gate", "qubits", *GATE_QUANTITIES)}
    for snapshot, updated in zip(snapshots, utc_array(snapshot.last_update for snapshot in snapshots), strict=True):
        for name in snapshot.columns.gates:
            gate = snapshot.columns.gate(name)
            rows["backend"] += [backend] * len(gate)
            rows["time"] += [updated] * len(gate)
            rows["gate"] += [name] * len(gate)
            rows["qubits"] += gate.qargs.tolist()
            for quantity in GATE_QUANTITIES.values():
                mask = None if quantity.is_flag else ~gate.valid(quantity.name)
                rows[quantity.name].append(pa.array(getattr(gate, quantity.name), mask=mask))
    joined: dict[str, Any] = dict(rows)
    joined["time"] = np.array(rows["time"], dtype="datetime64[us]")
    for name, quantity in GATE_QUANTITIES.items():
        joined[name] = pa.chunked_array(rows[name], _arrow_type(quantity))
    return joined

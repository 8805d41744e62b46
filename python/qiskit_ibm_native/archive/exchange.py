# SPDX-License-Identifier: Apache-2.0
"""Calibrations from folders, and to folders and tables."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..columns.quantities import QUBIT_QUANTITIES
from ..exceptions import ArchiveError, BackendPayloadError
from ..snapshot import Snapshot

if TYPE_CHECKING:
    from .ranges import SnapshotRange
    from .store import CalibrationArchive

#: How many calibrations become one row group of a table.
_GROUP = 64
#: Names of files without compression: ours, and those of the official client's snapshots.
_PLAIN = (("configuration.json", "properties.json", "defaults.json"), ("conf_*.json", "props_*.json", "defs_*.json"))


@dataclass
class ImportReport:
    """What became of the snapshots in a folder.

    Attributes:
        added: How many are new.
        known: How many were there already.
        problems: Paths of those that could not be kept, and why.
    """

    added: int = 0
    known: int = 0
    problems: dict[Path, str] = field(default_factory=dict)

    def __str__(self) -> str:
        lines = [f"{self.added} added, {self.known} known, {len(self.problems)} problems"]
        return "\n".join([*lines, *(f"  {path}: {problem}" for path, problem in self.problems.items())])


def import_folder(archive: CalibrationArchive, path: Path) -> ImportReport:
    """Add all snapshots below a folder, see :meth:`CalibrationArchive.import_folder`."""
    if not path.is_dir():
        raise FileNotFoundError(f"{path} is not a folder")
    report = ImportReport()
    for place in _places(path):
        try:
            is_new = archive.add(_load(place))
        except (ArchiveError, BackendPayloadError, OSError, ValueError) as error:
            report.problems[place] = str(error)
        else:
            report.added, report.known = report.added + is_new, report.known + (not is_new)
    return report


def _places(path: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(path):
        folders.sort()
        if "configuration.json.gz" in files or any(list(Path(folder).glob(names[0])) for names in _PLAIN):
            yield Path(folder)
        yield from (Path(folder, name) for name in sorted(files) if name.endswith(".zip"))


def _load(place: Path) -> Snapshot:
    if place.is_file() or (place / "configuration.json.gz").exists():
        return Snapshot.load(place)
    for names in _PLAIN:
        files = [sorted(place.glob(name)) for name in names]
        if files[0]:
            configuration, properties, defaults = (found[0].read_bytes() if found else None for found in files)
            assert configuration is not None  # noqa: S101 (its file is there)
            return Snapshot.from_payloads(configuration, properties, defaults)
    raise FileNotFoundError(f"{place} has no snapshot any more")


def export(ranges: Sequence[SnapshotRange], path: Path, format: str) -> int:  # noqa: A002 (as its caller)
    """Write calibrations, see :meth:`CalibrationArchive.export`."""
    writers = {"folder": _write_folder, "parquet": _write_parquet}
    if format not in writers:
        raise ValueError(f"format must be one of {', '.join(writers)}, not {format!r}")
    path.mkdir(parents=True, exist_ok=True)
    writers[format](ranges, path)
    return sum(map(len, ranges))


def _write_folder(ranges: Sequence[SnapshotRange], path: Path) -> None:
    for each in ranges:
        for snapshot, updated in zip(each, each.times, strict=True):
            # The digest keeps two of one time apart.
            snapshot.save(path / each.backend / f"{updated:%Y%m%dT%H%M%S.%fZ}-{snapshot.digest[:12]}.zip")


def _write_parquet(ranges: Sequence[SnapshotRange], path: Path) -> None:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        raise ArchiveError("Parquet needs one more package: pip install 'qiskit-ibm-native[parquet]'") from None
    time = pa.timestamp("us", tz="UTC")
    qubits = pa.schema([
        ("backend", pa.string()), ("time", time), ("qubit", pa.uint32()),
        *((name, pa.float64()) for name in QUBIT_QUANTITIES), ("operational", pa.bool_()),
    ])  # fmt: skip
    gates = pa.schema([
        ("backend", pa.string()), ("time", time), ("gate", pa.string()), ("qubits", pa.list_(pa.uint32())),
        ("error", pa.float64()), ("duration", pa.float64()), ("operational", pa.bool_()),
    ])  # fmt: skip
    with tempfile.TemporaryDirectory(prefix=".export-", dir=path) as scratch:
        for name, schema, rows in (("qubits.parquet", qubits, _qubit_rows), ("gates.parquet", gates, _gate_rows)):
            # What is there under the name in the end is complete.
            unfinished = Path(scratch, name)
            with parquet.ParquetWriter(unfinished, schema, compression="zstd") as writer:
                for each in ranges:
                    for group in _groups(each):
                        writer.write_table(pa.table(rows(each.backend, group), schema=schema))
            unfinished.replace(path / name)


def _groups(snapshots: SnapshotRange) -> Iterator[list[Snapshot]]:
    remaining = iter(snapshots)
    while group := list(islice(remaining, _GROUP)):
        yield group


def _qubit_rows(backend: str, snapshots: Sequence[Snapshot]) -> dict[str, Any]:
    import numpy as np
    import pyarrow as pa

    counts = [snapshot.num_qubits for snapshot in snapshots]
    rows: dict[str, Any] = {
        "backend": [backend] * sum(counts),
        "time": np.repeat([_utc(snapshot) for snapshot in snapshots], counts),
        "qubit": np.concatenate([np.arange(count, dtype=np.uint32) for count in counts]),
        "operational": np.concatenate([snapshot.columns.operational for snapshot in snapshots]),
    }
    for name in QUBIT_QUANTITIES:
        values = np.concatenate([getattr(snapshot.columns, name) for snapshot in snapshots])
        valid = np.concatenate([snapshot.columns.valid(name) for snapshot in snapshots])
        rows[name] = pa.array(values, mask=~valid)
    return rows


def _gate_rows(backend: str, snapshots: Sequence[Snapshot]) -> dict[str, Any]:
    import numpy as np
    import pyarrow as pa

    names = ("backend", "time", "gate", "qubits", "error", "duration", "operational")
    rows: dict[str, list[Any]] = {name: [] for name in names}
    for snapshot in snapshots:
        for name in snapshot.columns.gates:
            gate = snapshot.columns.gate(name)
            rows["backend"] += [backend] * len(gate)
            rows["time"] += [_utc(snapshot)] * len(gate)
            rows["gate"] += [name] * len(gate)
            rows["qubits"] += gate.qargs.tolist()
            rows["operational"].append(gate.operational)
            for quantity in ("error", "duration"):
                rows[quantity].append(pa.array(getattr(gate, quantity), mask=~gate.valid(quantity)))
    joined: dict[str, Any] = dict(rows)
    joined["time"] = np.array(rows["time"], dtype="datetime64[us]")
    joined["operational"] = np.concatenate(rows["operational"]) if rows["operational"] else []
    for quantity in ("error", "duration"):
        joined[quantity] = pa.chunked_array(rows[quantity], pa.float64())
    return joined


def _utc(snapshot: Snapshot) -> Any:
    from ..columns.series import utc_array

    return utc_array([snapshot.last_update])[0]

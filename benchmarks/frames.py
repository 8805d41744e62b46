# SPDX-License-Identifier: Apache-2.0
"""A year of five devices of 156 qubits as frames and files, and questions about one of them."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas  # noqa: F401 (its import is no part of the first time)
from tests.support.calibrations import DAY, Drift

from measure import rounds, summary
from qiskit_ibm_native import CalibrationArchive, CalibrationSeries, Snapshot

DEVICES, DAYS, PROCESSORS = 5, 365, 2
#: Failures of a qubit or gate a day are as rare as devices'.
_FAILS = 1e-4


def frames() -> dict[str, Any]:
    """Calibrations of a year and of five devices in pandas, polars and Parquet, on two processors."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:PROCESSORS])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "year.sqlite3")
        fill(path)
        check(path)
        with CalibrationArchive(path) as archive:
            tables = {of: archive.table(of) for of in ("qubits", "gates")}
            shapes = {of: [table.num_rows, table.num_columns] for of, table in tables.items()}
            calls: dict[str, Callable[[], Any]] = {
                "pandas, qubits": archive.to_pandas,
                "pandas, gates": lambda: archive.to_pandas("gates"),
                "polars, gates": lambda: archive.to_polars("gates"),
                "parquet": lambda: archive.to_parquet(Path(folder, "tables")),
            }
            again = {name: rounds({name: (call, 3)}, 3)[name] for name, call in calls.items()}
            size = sum(file.stat().st_size for file in Path(folder, "tables").rglob("*.parquet"))
            return {
                "rows": shapes,
                "first": firsts(path),
                "again": again,
                "parquet_bytes": size,
                "questions": questions(archive),
                # Other programs on the machine: clocks are as good as this is small.
                "load": round(os.getloadavg()[0], 1),
            }


def fill(path: Path) -> None:
    """Make the archive: each device has the published calibration of fez for its start, and another seed."""
    with CalibrationArchive(path) as archive:
        for number in range(DEVICES):
            name = b'"ibm_dev%d"' % number
            for payloads in Drift("fez", number, step=DAY, fails=_FAILS).calibrations(DAYS):
                archive.add(Snapshot.from_payloads(*(each.replace(b'"ibm_fez"', name) for each in payloads)))


def check(path: Path) -> None:
    """Compare the frame of a device with what is read of its payloads."""
    copy = path.with_name("checked.sqlite3")
    shutil.copy(path, copy)
    with CalibrationArchive(copy) as archive:
        calibrations = archive.between("ibm_dev3")
        read = CalibrationSeries(calibrations)
        frame = archive.to_pandas(backends="ibm_dev3")
        assert np.array_equal(frame["t1"].to_numpy(), read.t1.ravel(), equal_nan=True)
        assert len(frame) == DAYS * 156
        gate = archive.to_pandas("gates", backends="ibm_dev3", gates="cz")
        assert np.array_equal(gate["error"].to_numpy(), read.gate("cz").error.ravel(), equal_nan=True)


def firsts(path: Path) -> dict[str, dict[str, float]]:
    """Time the first frame of an archive of which no series was ever asked for."""
    found: dict[str, list[float]] = {"pandas, qubits": [], "pandas, gates": []}
    processor: dict[str, list[float]] = {f"processor, {name}": [] for name in found}
    for name, times in found.items():
        for _ in range(3):
            copy = path.with_name("first.sqlite3")
            shutil.copy(path.with_name("checked.sqlite3"), copy)
            with CalibrationArchive(copy) as archive:
                with archive._database.writing() as connection:
                    for table in ("block_rows", "block_columns", "blocks"):
                        connection.execute(f"DELETE FROM {table}")
                start, used = time.perf_counter(), time.process_time()
                archive.to_pandas(name.rpartition(" ")[2])
                times.append(time.perf_counter() - start)
                processor[f"processor, {name}"].append(time.process_time() - used)
    return {name: summary(times) for name, times in {**found, **processor}.items()}


def questions(archive: CalibrationArchive) -> dict[str, dict[str, float]]:
    """Time questions about the errors of a gate of one device."""
    error = archive.series("ibm_dev0", "error", gate="cz")
    assert error.table().num_rows == DAYS * len(error.qubits)
    calls: dict[str, Callable[[], Any]] = {
        "drift": error.drift,
        "change_points": error.change_points,
        "outliers": error.outliers,
        "correlation": error.correlation,
        "stability": lambda: error.stability("7d"),
        "coherence_limit": lambda: archive.coherence_limit("ibm_dev0", "cz"),
        "ranking": lambda: archive.ranking("error", gate="cz"),
    }
    return {name: rounds({name: (call, 1)}, 5)[name] for name, call in calls.items()}

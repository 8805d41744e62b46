# SPDX-License-Identifier: Apache-2.0
"""A program that writes to an archive, or reads one that another process writes to, until its time is over.

Usage: python archive_soak.py write|read|merge FILE SECONDS. It prints how many rounds it made, and its resident memory
after a quarter of the time and at the end.
"""

from __future__ import annotations

import datetime
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
from tests.support.calibrations import BEGINNING, STEP, Drift

from qiskit_ibm_native import CalibrationArchive, Snapshot

#: Calibrations that the writer leaves, so that what readers read does not grow.
_LEFT = 300
_ORIGIN = "http://127.0.0.1:{}"
_HOUR = datetime.timedelta(hours=1)


def writing(path: Path) -> Iterator[None]:
    """Add calibrations of two services on this machine and overridden ones, and remove the oldest ones."""
    with CalibrationArchive(path) as archive:
        for number, payloads in enumerate(Drift("lima").calibrations(100_000_000)):
            made = Snapshot.from_payloads(*payloads)
            origin = _ORIGIN.format(4000 + number % 2)
            assert archive.add(made, until=made.last_update + _HOUR, origin=origin)
            assert archive.latest("lima") == made
            assert archive.latest_before_confirmed("lima", made.last_update + _HOUR / 2, origin) == made
            if number % 10 == 0:
                invented = made.with_overrides(t1={0: 1e-6}, date=made.last_update + 1000 * _HOUR)
                assert archive.add(invented)
                assert archive.latest("lima") == made
                assert archive.latest("lima", provenance="overridden") == invented
                assert archive.remove(digest=invented.digest, provenance="overridden").calibrations == 1
            if number % 50 == 0 and number > _LEFT:
                archive.remove("lima", end=BEGINNING + (number - _LEFT) * STEP)
            yield


def reading(path: Path) -> Iterator[None]:
    """Ask all kinds of questions."""
    with CalibrationArchive(path) as archive:
        while True:
            calibrations = archive.between("lima", origin="local")
            times = calibrations.times
            assert times == sorted(times)
            last = archive.latest("lima")
            assert last is None or last.provenance is None
            if times:
                assert archive.at("lima", times[-1]).last_update == times[-1]
                for quantity, gate in (("t1", None), ("error", "cx")):
                    series = archive.series("lima", quantity, gate=gate)
                    assert not series.damaged
                    assert len(series) > 0
                assert archive.stats().calibrations > 0
                report = archive.verify()
                assert report, str(report)
            yield


def merging(path: Path) -> Iterator[None]:
    """Merge it into an archive that is made anew each time."""
    own = path.with_name("merged.sqlite3")
    while True:
        with CalibrationArchive(path) as archive, CalibrationArchive(own) as merged:
            report = merged.merge(archive)
            assert not report.damaged, str(report)
            assert merged.stats().overridden <= 1
        for file in path.parent.glob("merged.sqlite3*"):
            file.unlink()
        yield


def work(role: Callable[[Path], Iterator[None]], path: Path, seconds: float) -> None:
    """Play a role until the time is over; any answer that is wrong raises."""
    start, done, warm = time.monotonic(), 0, 0
    process = psutil.Process()
    for _ in role(path):
        done += 1
        if not warm and time.monotonic() > start + seconds / 4:
            warm = process.memory_info().rss
        if time.monotonic() > start + seconds:
            break
    sys.stdout.write(f"{done} {warm} {process.memory_info().rss}\n")


if __name__ == "__main__":
    work({"write": writing, "read": reading, "merge": merging}[sys.argv[1]], Path(sys.argv[2]), float(sys.argv[3]))

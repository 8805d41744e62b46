# SPDX-License-Identifier: Apache-2.0
"""Two archives become one that has all of both, whichever is merged into the other: random histories."""

from __future__ import annotations

import datetime
import random
import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.archive.test_provenance import CLOUD, HOUR, OTHER, contents, snapshot, time_of
from tests.support.calibrations import Drift
from tests.support.formats import opened

from qiskit_ibm_native import ArchiveError, CalibrationArchive, MergeReport, Snapshot
from qiskit_ibm_native.archive import merging

LOCAL = "http://127.0.0.1:4001"
ORIGINS = ("", CLOUD, OTHER, LOCAL)
DEFAULTS = (None, Snapshot.load("lima").payloads.defaults, Snapshot.load("vigo").payloads.defaults)
NAMES = ("ibm_tiny", "ibm_other")


def step(chance: random.Random) -> tuple[Snapshot, datetime.datetime | None, str]:
    """Return one call of add(): few times and values, so that archives have much in common."""
    hours = chance.randrange(6)
    made = snapshot(hours, float(chance.randrange(3)), chance.choice(NAMES))
    if chance.random() < 0.3:
        made = made.with_overrides(t1={0: chance.randrange(2) * 1e-6})
    configuration, properties, _ = made.payloads
    until = chance.choice([None, time_of(hours + chance.randrange(1, 30))])
    return Snapshot.from_payloads(configuration, properties, chance.choice(DEFAULTS)), until, chance.choice(ORIGINS)


def fill(archive: CalibrationArchive, steps: list[tuple[Snapshot, datetime.datetime | None, str]]) -> None:
    for made, until, origin in steps:
        archive.add(made, until=until, origin=origin or None)


def answers(archive: CalibrationArchive) -> list[Any]:
    """Return the answers of an archive to many questions."""
    found: list[Any] = [str(archive.stats()).partition("\n")[2], archive.backends(provenance="any")]
    for name in NAMES:
        found.append(archive.origins(name, provenance="any"))
        for provenance in ("measured", "overridden", "any"):
            for origin in (CLOUD, OTHER, "local", "any"):
                choice = {"provenance": provenance, "origin": origin}
                found.append([calibration.digest for calibration in archive.between(name, **choice)])
                found += [getattr(archive.at(name, time_of(hours), **choice), "digest", None) for hours in range(7)]
                if found[-1] is not None:
                    series = archive.series(name, "t1", **choice)
                    found += [series.times.tolist(), series.values.tolist()]
        for origin in ORIGINS[1:]:
            found += [
                getattr(archive.latest_before_confirmed(name, time_of(hours + 0.5), origin), "digest", None)
                for hours in range(30)
            ]
    return found


@pytest.mark.parametrize("seed", range(12))
def test_the_order_does_not_matter(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    paths = [tmp_path / name for name in ("first", "second", "all")]
    first, second, whole = map(CalibrationArchive, paths)
    with first, second, whole:
        for _ in range(30):
            made = step(chance)
            taking = chance.choice([[first], [second], [first, second]])
            for archive in [*taking, whole]:
                fill(archive, [made])
    for path in paths[:2]:
        shutil.copy(path, f"{path}-copy")
    with (
        CalibrationArchive(tmp_path / "first") as one,
        CalibrationArchive(tmp_path / "second") as two,
        CalibrationArchive(tmp_path / "all") as both,
    ):
        report = one.merge(tmp_path / "second-copy")
        assert isinstance(report, MergeReport)
        assert (report.added > 0, report.damaged) == (True, {})
        two.merge(tmp_path / "first-copy")
        assert contents(one) == contents(two) == contents(both)
        assert answers(one) == answers(two)
        assert one.verify() and two.verify()
        again = one.merge(two)
        assert (again.added, again.known) == (0, len(two._database.rows("SELECT 1 FROM calibrations")))
        assert contents(one) == contents(both)


def test_an_archive_merged_into_an_empty_one_answers_the_same(tmp_path: Path) -> None:
    chance = random.Random(99)
    with CalibrationArchive(tmp_path / "one") as one, CalibrationArchive(tmp_path / "empty") as empty:
        fill(one, [step(chance) for _ in range(60)])
        report = empty.merge(one)
        assert str(report) == f"{report.added} added, 0 known, 0 damaged"
        assert answers(empty) == answers(one)
        assert contents(empty) == contents(one)


@pytest.mark.parametrize("version", [1, 2, 3])
def test_archives_of_earlier_versions_are_merged(version: int, tmp_path: Path) -> None:
    with CalibrationArchive(tmp_path / "new") as archive:
        assert archive.merge(opened(f"archive-{version}", tmp_path)).added == 2
        assert archive.latest("lima") == Snapshot.load("lima")
        assert archive.verify()


def test_what_is_damaged_stays_behind_and_what_is_damaged_here_is_mended(tmp_path: Path) -> None:
    calibrations = [Snapshot.from_payloads(*payloads) for payloads in Drift("lima").calibrations(5)]
    with CalibrationArchive(tmp_path / "here") as here, CalibrationArchive(tmp_path / "there") as there:
        for archive in (here, there):
            for calibration in calibrations:
                archive.add(calibration, until=calibration.last_update + HOUR, origin=CLOUD)
        damage = (
            "UPDATE payloads SET packed = zeroblob(9) WHERE id = (SELECT properties FROM calibrations WHERE id = ?)"
        )
        for archive, number in ((here, 2), (there, 4)):
            with archive._database.writing() as connection:
                connection.execute(damage, (number,))
        with there._database.writing() as connection:
            connection.execute("UPDATE sightings SET until = until + 1 WHERE calibration = 5")
        report = here.merge(there)
        assert sorted(report.damaged) == [4, 5]
        assert (report.added, report.known) == (0, 4)
        assert here.verify()
        assert list(here.between("lima")) == calibrations


def test_merges_that_make_no_sense(tmp_path: Path) -> None:
    with CalibrationArchive(tmp_path / "one") as archive:
        with pytest.raises(ArchiveError, match="cannot be merged into itself"):
            archive.merge(tmp_path / "one")
        with pytest.raises(FileNotFoundError, match="There is no archive"):
            archive.merge(tmp_path / "nowhere")
        assert not (tmp_path / "nowhere").exists()
        (tmp_path / "text").write_text("no archive, but a text that is longer than a header of SQLite" * 9)
        with pytest.raises(ArchiveError):
            archive.merge(tmp_path / "text")


def test_a_merge_goes_on_where_it_was_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calibrations = [Snapshot.from_payloads(*payloads) for payloads in Drift("lima").calibrations(160)]
    take, taken = merging._Merge.take, []

    def interrupted(work: Any, numbers: list[int]) -> None:
        if len(taken) == 2:
            raise KeyboardInterrupt
        taken.append(numbers)
        take(work, numbers)

    with CalibrationArchive(tmp_path / "one") as one, CalibrationArchive(tmp_path / "two") as two:
        for calibration in calibrations:
            one.add(calibration)
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(merging._Merge, "take", interrupted)
            two.merge(one)
        some = two.stats().calibrations
        assert 0 < some < 160
        reports: list[Any] = []
        report = two.merge(one, progress=reports.append)
        assert (report.added, report.known) == (160 - some, some)
        assert (reports[-1].done, reports[-1].total) == (160, 160)
        assert list(two.between("lima")) == calibrations

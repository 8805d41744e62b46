# SPDX-License-Identifier: Apache-2.0
"""Archives and ledgers that can only be read: of a file system or a folder that takes no writes."""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.formats import opened
from tests.support.sweeping import Serial, ghz

from qiskit_ibm_native import CalibrationArchive, IBMProvider, Ledger, Snapshot, Sweep, ValueRule
from qiskit_ibm_native.archive.schema import ARCHIVE
from qiskit_ibm_native.exceptions import ArchiveError, LedgerError

HOUR = datetime.timedelta(hours=1)
ORIGIN = "https://quantum.example.org"
OVERRIDDEN = Snapshot.load("lima").with_overrides(t1={0: 1e-6}, date="2026-03")
SWEEP = Sweep([ghz(2), ghz(3)], "lima", optimization_level=1)


@pytest.fixture(autouse=True)
def _rights_of_a_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let rights count as they do for users: root may write everywhere, and tests are run by root in containers."""

    def access(path: str | os.PathLike[str], mode: int) -> bool:
        return bool(Path(path).stat().st_mode & 0o222) or mode != os.W_OK

    monkeypatch.setattr(os, "access", access)


def content_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Yield a folder with an archive and a ledger, which nobody may write to."""
    folder = tmp_path / "shared"
    folder.mkdir()
    with CalibrationArchive(folder / "archive.sqlite3") as archive:
        lima = Snapshot.load("lima")
        archive.add(lima, until=lima.last_update + HOUR, origin=ORIGIN)
        archive.add(OVERRIDDEN)
        archive.series("ibmq_lima", "t2")
    with Ledger(folder / "ledger.sqlite3") as ledger:
        SWEEP.run(Serial(), ledger)
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o755)


@pytest.mark.parametrize("mode", [0o444, 0o644], ids=["file", "folder"])
def test_everything_in_them_can_be_read_and_nothing_is_written(folder: Path, mode: int, tmp_path: Path) -> None:
    for path in folder.iterdir():
        path.chmod(mode)
    before = content_of(folder)
    with CalibrationArchive(folder / "archive.sqlite3") as archive, Ledger(folder / "ledger.sqlite3") as ledger:
        assert list(archive.between("ibmq_lima")) == [Snapshot.load("lima")]
        assert archive.series("ibmq_lima", "t1").values.shape == (1, 5)
        assert len(archive.alerts(ValueRule(quantity="t1", above=0))) == 5
        assert len(archive.events("lima", kinds="failed")) == 0
        assert archive.verify()
        assert archive.latest("ibmq_lima", provenance="overridden") == OVERRIDDEN
        assert archive.origins("ibmq_lima") == [ORIGIN]
        shortly_after = Snapshot.load("lima").last_update + HOUR / 2
        assert archive.latest_before_confirmed("ibmq_lima", shortly_after, ORIGIN) == Snapshot.load("lima")
        assert archive.series("ibmq_lima", "t1", provenance="any").values[:, 0].tolist()[1] == 1e-6
        assert archive.stats().overridden == 1
        assert archive.remove(provenance="overridden", dry_run=True).calibrations == 1
        assert archive.prune(before="2030", dry_run=True).calibrations == 2
        assert archive.export(tmp_path / "out", provenance="any") == 2
        with CalibrationArchive(tmp_path / "other.sqlite3") as other:
            assert other.merge(folder / "archive.sqlite3").added == 2
        results = SWEEP.run(Serial(), ledger)
        assert [result.depth for result in results] == [result.depth for result in ledger]
        assert len(ledger.table()) == 2
    assert content_of(folder) == before


def test_devices_are_served_as_they_were_without_a_byte_being_written(folder: Path) -> None:
    before = content_of(folder)
    with IBMProvider(channel="local", archive=folder / "archive.sqlite3", at="2021-03-16", workers=1) as provider:
        backend = provider.get_backend("lima")
        assert backend.properties().payload == Snapshot.load("lima").payloads.properties
        provider.clock.advance(days=1)
        assert not backend.refresh()
    assert content_of(folder) == before


def test_writing_to_them_is_a_clear_error(folder: Path, tmp_path: Path) -> None:
    before = content_of(folder)
    other = tmp_path / "other.sqlite3"
    with CalibrationArchive(other) as archive:
        archive.add(Snapshot.load("vigo"))
    with CalibrationArchive(folder / "archive.sqlite3") as archive, Ledger(folder / "ledger.sqlite3") as ledger:
        with pytest.raises(ArchiveError, match="can only be read: it, or its folder, cannot be written"):
            archive.add(Snapshot.load("vigo"))
        for write in (lambda: archive.remove("ibmq_lima"), lambda: archive.merge(other)):
            with pytest.raises(ArchiveError, match="can only be read"):
                write()
        with pytest.raises(LedgerError, match="can only be read"):
            Sweep(ghz(4), "lima").run(Serial(), ledger)
    assert content_of(folder) == before


def test_a_reader_without_rights_sees_what_others_add(folder: Path) -> None:
    with CalibrationArchive(folder / "archive.sqlite3") as reader:
        assert len(reader.between("ibmq_vigo")) == 0
        folder.chmod(0o755)
        with CalibrationArchive(folder / "archive.sqlite3") as writer:
            writer.add(Snapshot.load("vigo"))
            folder.chmod(0o555)
            assert len(reader.between("ibmq_vigo")) == 1
            folder.chmod(0o755)
        folder.chmod(0o555)
        assert len(reader.between("ibmq_vigo")) == 1


@pytest.mark.parametrize("version", range(1, ARCHIVE.version))
def test_an_archive_of_an_earlier_version_is_read_as_it_is(version: int, tmp_path: Path) -> None:
    path = opened(f"archive-{version}", tmp_path)
    path.chmod(0o444)
    before = content_of(tmp_path)
    with CalibrationArchive(path) as archive:
        lima, vigo = Snapshot.load("lima"), Snapshot.load("vigo")
        assert (archive.latest("ibmq_lima"), archive.latest("ibmq_vigo")) == (lima, vigo)
        for _ in range(2):
            assert archive.series("ibmq_lima", "t1").values.tolist() == [lima.columns.t1.tolist()]
            assert (
                archive.series("ibmq_vigo", "error", gate="cx").values[0].tolist()
                == vigo.columns.gate("cx").error.tolist()
            )
        later = vigo.last_update + datetime.timedelta(minutes=30)
        assert archive.latest_before_confirmed("ibmq_vigo", later) == (vigo if version > 1 else None)
        assert (archive.stats().column_bytes > 0) == (version > 2)
        assert archive.stats().overridden == 0
        assert archive.latest("ibmq_lima", provenance="overridden") is None
        assert list(archive.between("ibmq_lima", origin="any")) == [lima]
        assert archive.verify()
        with pytest.raises(ArchiveError, match="can only be read"):
            archive.add(lima)
    assert content_of(tmp_path) == before


def test_a_file_of_an_earlier_version_says_that_it_has_to_be_copied(tmp_path: Path) -> None:
    path = opened("ledger-1", tmp_path)
    path.chmod(0o444)
    with pytest.raises(LedgerError, match=r"has version 1, .* open a copy of it"):
        Ledger(path)

# SPDX-License-Identifier: Apache-2.0
"""Files of every version that was ever written are read, and no version changes after it was written."""

from __future__ import annotations

import datetime
import pickle
import sqlite3
from pathlib import Path

import pytest
from tests.support.formats import FORMATS, opened

from qiskit_ibm_native import CalibrationArchive, Ledger, Snapshot, _native
from qiskit_ibm_native.archive.schema import ARCHIVE
from qiskit_ibm_native.sweeps.ledger.schema import LEDGER

NEW_VERSION = (
    "what is written has changed: it needs a new version, with a new file beside the old ones (CONTRIBUTING.md)"
)
NEW_FORMAT = "blocks have changed: they need another BLOCK_FORMAT, and a new file of this version of the archive"
COMPACT_VERSIONS = range(1, int.from_bytes(Snapshot.load("vigo").to_bytes(payloads=False)[8:10], "little") + 1)
T1 = [
    5.9698643286635694e-05,
    8.305997230317399e-05,
    0.00010377694598809795,
    4.358447375590962e-05,
    1.7543975812787366e-05,
]
CX = [0.02043493012013503, 0.02043493012013503, 0.008339674869236618, 0.008339674869236618]
CALIBRATED = datetime.datetime(2021, 3, 15, 4, 36, 3, tzinfo=datetime.timezone.utc)


def compact(version: int, part: str = "") -> bytes:
    return Path(FORMATS, f"compact-{version}{part}").read_bytes()


@pytest.mark.parametrize("version", COMPACT_VERSIONS)
def test_compact_forms_of_every_version_are_read(version):
    lima = Snapshot.load("lima")
    for form, has_payloads in ((compact(version), True), (compact(version, "-without-payloads"), False)):
        assert int.from_bytes(form[8:10], "little") == version
        snapshot = Snapshot.from_bytes(form)
        assert (snapshot.name, snapshot.num_qubits, snapshot.last_update) == ("ibmq_lima", 5, CALIBRATED)
        assert snapshot.columns.t1.tolist() == T1
        assert snapshot.columns.gate("cx").error[:4].tolist() == CX
        assert snapshot == lima
        assert not snapshot.diff(lima)
        assert snapshot.has_payloads == has_payloads
        if has_payloads:
            assert snapshot.payloads == lima.payloads
            assert snapshot.defaults == lima.defaults


@pytest.mark.parametrize("version", COMPACT_VERSIONS)
def test_what_was_read_of_an_older_version_is_written_in_the_latest(version):
    lima = Snapshot.load("lima")
    snapshot = Snapshot.from_bytes(compact(version))
    assert snapshot.to_bytes() == lima.to_bytes()
    assert pickle.dumps(snapshot) == pickle.dumps(lima)
    bare = Snapshot.from_bytes(compact(version, "-without-payloads"))
    assert bare.to_bytes(payloads=False) == lima.to_bytes(payloads=False)


def test_a_version_of_the_compact_form_does_not_change():
    """A column more or less, or another order, is another version."""
    version = COMPACT_VERSIONS[-1]
    assert Snapshot.load("lima").to_bytes(payloads=False) == compact(version, "-without-payloads"), NEW_VERSION


@pytest.mark.parametrize("version", range(1, ARCHIVE.version + 1))
def test_archives_of_every_version_are_read(version, tmp_path):
    path = opened(f"archive-{version}", tmp_path)
    assert version_of(path) == version
    with CalibrationArchive(path) as archive:
        assert archive.backends() == ["ibmq_lima", "ibmq_vigo"]
        assert archive.latest("ibmq_lima") == Snapshot.load("lima")
        assert archive.latest("ibmq_vigo") == Snapshot.load("vigo")
        assert archive.series("ibmq_lima", "t1").values.tolist() == [T1]
        assert archive.series("ibmq_lima", "error", gate="cx").values[0, :4].tolist() == CX
        assert archive.verify()
        vigo = Snapshot.load("vigo")
        later = vigo.last_update + datetime.timedelta(minutes=30)
        assert archive.latest_before_confirmed("ibmq_vigo", later) == (vigo if version > 1 else None)
        assert not archive.add(vigo)
        overridden = archive.latest("ibmq_lima", provenance="overridden")
        assert (None if overridden is None else overridden.columns.t1[0]) == (1e-6 if version > 3 else None)
        assert archive.origins("ibmq_lima") == (["https://quantum.cloud.ibm.com"] if version > 3 else [])
    assert version_of(path) == ARCHIVE.version


def test_blocks_in_an_archive_of_this_version_are_read_as_they_are(tmp_path):
    """A change of blocks needs another ``BLOCK_FORMAT``, so that they are made anew."""
    path = opened(f"archive-{ARCHIVE.version}", tmp_path)
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT format, num_qubits FROM blocks").fetchall() == [(_native.BLOCK_FORMAT, 5)], (
        NEW_FORMAT
    )
    stored = dict(connection.execute("SELECT name, content FROM block_columns"))
    connection.close()
    columns = {name: stored[content] if isinstance(content, str) else content for name, content in stored.items()}
    properties = Snapshot.load("lima").payloads[1]
    packed = [(_native.pack(properties), len(properties))]
    assert _native.block_problem(columns, [0], packed, 5, 1) is None, NEW_FORMAT
    [([row], made)], problems = _native.make_blocks(packed, 5, 1)
    assert (row, problems) == (0, {})
    assert list(made) == list(stored), NEW_FORMAT
    with CalibrationArchive(path) as archive:
        for quantity, gate, name in (("t1", None, "qubits T1"), ("error", "cx", "error cx")):
            series = archive.series("ibmq_lima", quantity, gate=gate)
            assert (series.values[0, :4].tolist(), name in stored) == (CX if gate else T1[:4], True)
        assert archive._database.rows("SELECT id FROM blocks") == [(1,)], NEW_FORMAT


def test_what_earlier_versions_kept_of_series_is_dropped(tmp_path):
    path = opened("archive-2", tmp_path)
    assert "extracts" in dict(tables(path))
    with CalibrationArchive(path) as archive:
        assert archive.stats().column_bytes == 0
        assert archive.series("ibmq_lima", "t1").values.tolist() == [T1]
        assert archive.stats().column_bytes > 0
    assert "extracts" not in dict(tables(path))


@pytest.mark.parametrize("version", range(1, LEDGER.version + 1))
def test_ledgers_of_every_version_are_read(version, tmp_path):
    path = opened(f"ledger-{version}", tmp_path)
    assert version_of(path) == version
    with Ledger(path) as ledger:
        assert [(result.circuit, result.seed) for result in ledger] == [
            ("bell", 0), ("too wide", 0), ("bell", 1), ("too wide", 1)
        ]  # fmt: skip
        bell, wide = list(ledger)[:2]
        assert (bell.backend, bell.calibrated, bell.depth, bell.layout) == ("ibmq_lima", CALIBRATED, 5, (0, 1))
        assert bell.operations == {"barrier": 1, "cx": 1, "measure": 2, "rz": 2, "sx": 1}
        assert bell.esp == 0.9462807525377024
        assert bell.transpiled.depth() == 5
        assert (wide.depth, wide.error) == (None, "TranspilerError: 'Number of qubits greater than device.'")
        assert ledger[bell.task_id] == bell
        assert [dict(result.axes) for result in ledger] == 4 * [{"options": "plain"} if version > 2 else {}]
        assert (dict(bell.metrics), bell.carried_from) == ({}, None)
    assert version_of(path) == LEDGER.version


@pytest.mark.parametrize(
    ("kind", "schema", "make"), [("archive", ARCHIVE, CalibrationArchive), ("ledger", LEDGER, Ledger)]
)
def test_a_file_of_any_version_becomes_what_is_made_today(kind, schema, make, tmp_path):
    """A migration that has been in a release is never changed; a new one is added."""
    make(tmp_path / "new").close()
    expected = tables(tmp_path / "new")
    for version in range(1, schema.version + 1):
        path = opened(f"{kind}-{version}", tmp_path)
        before = tables(path)
        make(path).close()
        assert tables(path) == expected, NEW_VERSION
        assert (before == expected) == (version == schema.version), NEW_VERSION


def tables(path: Path) -> list[tuple[str, str]]:
    connection = sqlite3.connect(path)
    try:
        return sorted(connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
    finally:
        connection.close()


def version_of(path: Path) -> int:
    connection = sqlite3.connect(path)
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    finally:
        connection.close()
    return version

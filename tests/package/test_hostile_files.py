# SPDX-License-Identifier: Apache-2.0
"""Saved snapshots, archives and ledgers that somebody else made run nothing, end nothing, and fill nothing."""

from __future__ import annotations

import datetime
import gzip
import os
import random
import socket
import sqlite3
import subprocess
import sys
import warnings
import zipfile
from contextlib import closing, suppress
from pathlib import Path

import pytest
from qiskit import QuantumCircuit
from tests.support.device import configuration, payload, properties
from tests.support.sweeping import ghz

from qiskit_ibm_native import BackendPayloadError, CalibrationArchive, Ledger, Snapshot, Sweep, _native
from qiskit_ibm_native.exceptions import (
    ArchiveDamagedError,
    ArchiveError,
    IBMError,
    IBMInputValueError,
    LedgerDamagedError,
)
from qiskit_ibm_native.snapshot.storage import VARIABLE
from qiskit_ibm_native.sweeps.inputs.qpy_codec import encode

#: A frame of Zstandard that says that it has 2^60 bytes.
DAY = datetime.timedelta(days=1)
BOMB = bytes.fromhex("28b52ffde0") + (2**60).to_bytes(8, "little") + bytes.fromhex("010000")


def lima(folder: Path) -> Path:
    Snapshot.load("lima").save(folder)
    return folder


@pytest.fixture
def bounded(monkeypatch: pytest.MonkeyPatch) -> int:
    """Bound payloads to a megabyte."""
    monkeypatch.setenv(VARIABLE, "1000000")
    return 1_000_000


# Saved snapshots


@pytest.mark.parametrize("kind", ["fifo", "socket", "device", "outside", "folder"])
@pytest.mark.parametrize("file", ["configuration", "defaults"])
def test_only_regular_files_of_the_folder_are_read(kind: str, file: str, tmp_path: Path) -> None:
    folder = lima(tmp_path / "saved")
    at = folder / f"{file}.json.gz"
    content = at.read_bytes()
    at.unlink()
    if kind == "fifo":
        os.mkfifo(at)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(str(at))
    elif kind == "folder":
        at.mkdir()
    else:
        other = tmp_path / "other.json.gz"
        other.write_bytes(content)
        at.symlink_to("/dev/zero" if kind == "device" else other)
    with pytest.raises(BackendPayloadError, match=r"not a regular file|outside of the folder"):
        Snapshot.load(folder)


@pytest.mark.parametrize("name", ["x.zip", "x"])
def test_a_snapshot_that_is_no_file_at_all_is_refused(name: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / name)
    with pytest.raises(BackendPayloadError, match="not a regular file"):
        Snapshot.load(tmp_path / name)
    with pytest.raises(BackendPayloadError, match="not a regular file"):
        Snapshot.load("/dev/zero")
    with pytest.raises(FileExistsError, match="it was not changed"):
        Snapshot.load("lima").save(tmp_path / name)


def test_links_that_the_user_names_and_links_within_a_folder_are_followed(tmp_path: Path) -> None:
    folder = lima(tmp_path / "saved")
    (folder / "kept").mkdir()
    (folder / "defaults.json.gz").rename(folder / "kept" / "d")
    (folder / "defaults.json.gz").symlink_to(Path("kept", "d"))
    Snapshot.load("lima").save(tmp_path / "a.zip")
    for name, target in (("one", folder), ("two.zip", tmp_path / "a.zip")):
        (tmp_path / name).symlink_to(target)
        assert Snapshot.load(tmp_path / name) == Snapshot.load("lima")
    (folder / "kept" / "d").unlink()
    with pytest.raises(FileNotFoundError):
        Snapshot.load(folder)


def zip_of(path: Path, content: bytes, method: int = zipfile.ZIP_DEFLATED) -> None:
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("configuration.json", content)


def test_payloads_that_become_large_are_refused(bounded: int, tmp_path: Path) -> None:
    lima(tmp_path / "folder")
    file = tmp_path / "folder" / "configuration.json.gz"
    just = configuration()
    just["text"] = "x" * (bounded - len(payload(just)) - 12)
    assert len(payload(just)) == bounded
    file.write_bytes(gzip.compress(payload(just)))
    zip_of(tmp_path / "just.zip", payload(just))
    assert Snapshot.load(tmp_path / "just.zip").name == configuration()["backend_name"]
    for content in (gzip.compress(b" " * 50_000_000), gzip.compress(b" " * 100_000) * 100, os.urandom(200_000)):
        file.write_bytes(content)
        with pytest.raises(BackendPayloadError, match=f"more than .* bytes; {VARIABLE} sets"):
            Snapshot.load(tmp_path / "folder")
    zip_of(tmp_path / "b.zip", b" " * 50_000_000)
    with pytest.raises(BackendPayloadError, match=f"more than 1000000 bytes; {VARIABLE} sets"):
        Snapshot.load(tmp_path / "b.zip")
    # Its header may say something else than what it has.
    content = bytearray((tmp_path / "b.zip").read_bytes())
    for at in range(len(content) - 4):
        if content[at : at + 4] == (50_000_000).to_bytes(4, "little"):
            content[at : at + 4] = (100).to_bytes(4, "little")
    (tmp_path / "b.zip").write_bytes(content)
    with pytest.raises(BackendPayloadError, match="damaged"):
        Snapshot.load(tmp_path / "b.zip")
    zip_of(tmp_path / "c.zip", b" " * 500_000, zipfile.ZIP_BZIP2)
    with pytest.raises(BackendPayloadError, match="method that saved snapshots do not use"):
        Snapshot.load(tmp_path / "c.zip")


def test_compressed_files_in_a_row_are_one_and_zeros_may_follow(tmp_path: Path) -> None:
    folder = lima(tmp_path / "saved")
    for kind, content in zip(("configuration", "properties"), Snapshot.load("lima").payloads, strict=False):
        parts = [gzip.compress(content[at : at + 1000]) for at in range(0, len(content), 1000)]
        (folder / f"{kind}.json.gz").write_bytes(b"".join(parts) + bytes(512))
    assert Snapshot.load(folder) == Snapshot.load("lima")
    for content in (b"", gzip.compress(b"{}")[:-1], gzip.compress(b"{}") + b"\x1f", b"{}"):
        (folder / "properties.json.gz").write_bytes(content)
        with pytest.raises(BackendPayloadError, match="damaged, or no saved snapshot"):
            Snapshot.load(folder)


@pytest.mark.parametrize("text", ["many", "0", "-1", "1e9", "\u0663"])
def test_a_bound_that_is_no_number_is_told(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, text)
    with pytest.raises(IBMInputValueError, match=VARIABLE):
        Snapshot.load("lima")


def test_a_folder_with_anything_in_it_is_imported_as_far_as_it_goes(bounded: int, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    lima(folder / "good")
    (lima(folder / "link") / "properties.json.gz").unlink()
    (folder / "link" / "properties.json.gz").symlink_to("../good/properties.json.gz")
    for name, target in (("out", tmp_path / "elsewhere"), ("zero", Path("/dev/zero"))):
        (folder / name).mkdir()
        (folder / name / "configuration.json.gz").symlink_to(target)
    (folder / "plain").mkdir()
    os.mkfifo(folder / "plain" / "configuration.json")
    os.mkfifo(folder / "pipe.zip")
    os.mkfifo(folder / "conf_x.json")
    zip_of(folder / "bomb.zip", b" " * 5_000_000)
    (folder / "large").mkdir()
    (folder / "large" / "configuration.json").write_bytes(b" " * 5_000_000)
    with CalibrationArchive(tmp_path / "archive.sqlite3") as archive:
        report = archive.import_folder(folder)
    assert (report.added, report.known) == (1, 1)
    names = {"out", "zero", "plain", "pipe.zip", "conf_x.json", "bomb.zip", "large"}
    assert {path.name for path in report.problems} == names
    assert str(bounded) in report.problems[folder / "large"]


def test_circuits_of_a_sweep_are_regular_files(tmp_path: Path) -> None:
    for name in ("a.qasm", "b.qpy"):
        os.mkfifo(tmp_path / name)
        with pytest.raises(IBMInputValueError, match=f"{name} is not a regular file"):
            Sweep(tmp_path, "lima")
        (tmp_path / name).unlink()


# Archives


@pytest.fixture
def archive(tmp_path: Path) -> CalibrationArchive:
    made = CalibrationArchive(tmp_path / "archive.sqlite3")
    made.add(Snapshot.load("lima"))
    made.add(Snapshot.from_payloads(payload(configuration()), payload(properties())))
    return made


def changed(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


HIDDEN = [
    "CREATE TRIGGER t AFTER INSERT ON payloads BEGIN DELETE FROM calibrations; END",
    "CREATE VIEW v AS SELECT load_extension('evil')",
    "CREATE TABLE more (x)",
    "CREATE INDEX i ON payloads (hex(zeroblob(length)))",
    "CREATE VIRTUAL TABLE v USING fts3(x)",
    "DROP TABLE payloads",
    "ALTER TABLE payloads ADD COLUMN more GENERATED ALWAYS AS (hex(zeroblob(900000000)))",
]


@pytest.mark.parametrize("statement", HIDDEN)
@pytest.mark.parametrize("kind", ["archive", "ledger"])
def test_what_a_database_has_beside_our_tables_is_refused(kind: str, statement: str, tmp_path: Path) -> None:
    path = tmp_path / "file.sqlite3"
    (CalibrationArchive if kind == "archive" else Ledger)(path).close()
    if kind == "ledger":
        statement = statement.replace("payloads", "transpiled").replace("calibrations", "tasks")
    changed(path, statement)
    error = ArchiveDamagedError if kind == "archive" else LedgerDamagedError
    with pytest.raises(error, match=r"was not used, because it (has something that is not of this package|lacks this)"):
        (CalibrationArchive if kind == "archive" else Ledger)(path)


def test_definitions_count_whatever_the_file_calls_them(archive: CalibrationArchive) -> None:
    archive.close()
    trigger = "CREATE TRIGGER t AFTER INSERT ON payloads BEGIN DELETE FROM calibrations; END"
    insert = f"INSERT INTO sqlite_master VALUES ('table', 'sqlite_stat1', 'sqlite_stat1', 0, '{trigger}')"
    changed(archive.path, "PRAGMA writable_schema = ON", insert)
    with pytest.raises(ArchiveDamagedError, match=r"CREATE TRIGGER|malformed database schema"):
        CalibrationArchive(archive.path)


def test_statistics_of_sqlite_and_other_comments_do_no_harm(archive: CalibrationArchive) -> None:
    archive.close()
    change = (
        "UPDATE sqlite_master SET sql = replace(sql, '-- of the payload', '-- in\n -- bytes') WHERE name = 'payloads'"
    )
    changed(archive.path, "ANALYZE", "PRAGMA writable_schema = ON", change)
    with CalibrationArchive(archive.path) as again:
        assert again.verify()
        assert len(again.between("ibmq_lima")) == 1


def test_a_database_at_a_pipe_or_with_a_log_that_leads_elsewhere_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    victim = tmp_path / "victim"
    victim.write_bytes(b"x" * 5000)
    CalibrationArchive(tmp_path / "archive").close()
    for end in ("-wal", "-shm", "-journal"):
        (tmp_path / f"archive{end}").unlink(missing_ok=True)
        (tmp_path / f"archive{end}").symlink_to(victim)
    for name in ("pipe", "archive"):
        with suppress(ArchiveError), CalibrationArchive(tmp_path / name) as archive:
            archive.add(Snapshot.load("lima"))
    assert victim.read_bytes() == b"x" * 5000


PROGRAM = """
import resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
from qiskit_ibm_native import ArchiveDamagedError, ArchiveError, CalibrationArchive, Ledger, LedgerDamagedError
"""


def told(program: str, *arguments: object) -> str:
    command = [sys.executable, "-c", PROGRAM + program, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_a_frame_that_says_it_is_huge_is_damage(archive: CalibrationArchive) -> None:
    archive.close()
    with closing(sqlite3.connect(archive.path)) as connection:
        connection.execute("UPDATE payloads SET packed = ?, length = ? WHERE id = 2", (BOMB, 2**60))
        connection.execute("UPDATE payloads SET length = -1 WHERE id = 5")
        connection.commit()
    said = told(
        """
with CalibrationArchive(sys.argv[1]) as archive:
    report = archive.verify()
    print(sorted(report.damaged_payloads), sorted(report.damaged_calibrations))
    for name in archive.backends():
        for use in (lambda: archive.latest(name), lambda: archive.between(name).load(), lambda: list(archive.between(name))):
            try:
                use()
            except ArchiveDamagedError:
                print("damaged")
        print(len(archive.series(name, "t1")))
    print(archive.export(Path(sys.argv[1] + ".out")))
""",
        archive.path,
    )
    assert said.splitlines() == ["[2, 5] [1, 2]", *["damaged"] * 3, "0", *["damaged"] * 3, "0", "0"]


@pytest.mark.slow
def test_values_of_other_kinds_are_damage(archive: CalibrationArchive, tmp_path: Path) -> None:
    archive.series("ibmq_lima", "t1")
    archive.close()
    chance = random.Random(13)
    values = ["x'00ff'", "'text'", "1.5", str(2**62), str(-(2**62)), "-1", "''", "CAST(x'ff' AS TEXT)", "0", "1e300"]
    columns = {
        "payloads": ["digest", "length", "packed"], "sightings": ["calibration", "origin", "until", "checksum"],
        "calibrations": [
            "backend", "num_qubits", "updated", "configuration", "properties", "defaults", "added", "is_overridden", "checksum",
        ],
        "blocks": ["format", "num_qubits", "is_full"], "block_rows": ["properties", "block", "row"],
        "block_columns": ["block", "name", "content"],
    }  # fmt: skip
    whole = archive.path.read_bytes()
    damaged = 0
    for _ in range(150):
        copy = tmp_path / "copy.sqlite3"
        for each in tmp_path.glob("copy.sqlite3*"):
            each.unlink()
        copy.write_bytes(whole)
        for _ in range(chance.choice([1, 1, 3])):
            table = chance.choice(list(columns))
            with suppress(sqlite3.IntegrityError):
                changed(
                    copy,
                    f"UPDATE {table} SET {chance.choice(columns[table])} = {chance.choice(values)} WHERE rowid = 1"
                    if table in {"payloads", "calibrations"}
                    else f"UPDATE {table} SET {chance.choice(columns[table])} = {chance.choice(values)}",
                )
        damaged += uses(copy, tmp_path / "out")
    assert damaged > 50


def uses(path: Path, out: Path) -> int:
    """Do everything with an archive, which must raise only errors of this package; return how many calls failed."""
    failed = 0
    with CalibrationArchive(path) as archive:
        str(archive.verify())
        names = ["ibmq_lima"]
        with suppress(IBMError):
            names = archive.backends()
        for use in (
            lambda name: str(archive.stats()), archive.latest, lambda name: archive.between(name).times,
            lambda name: list(archive.between(name)), lambda name: archive.series(name, "t1"),
            lambda name: archive.series(name, "error", gate="cx"), lambda name: archive.export(out, backend=name),
            lambda name: archive.add(Snapshot.load("lima")), lambda name: archive.prune(every=DAY),
            lambda name: archive.prune(damaged=True),
        ):  # fmt: skip
            for name in names:
                try:
                    with warnings.catch_warnings():
                        warnings.simplefilter("ignore")
                        use(name)
                except IBMError:
                    failed += 1
    return failed


# Ledgers


@pytest.fixture(scope="module")
def ledger_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ledger") / "ledger.sqlite3"
    sweep = Sweep([ghz(2), ghz(3)], "lima", optimization_level=1)
    results = sweep.run(ledger=path, keep_circuits=True)
    assert not results.errors
    results.ledger.close()
    return path


@pytest.fixture
def ledger_copy(ledger_file: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "ledger.sqlite3"
    copy.write_bytes(ledger_file.read_bytes())
    return copy


def put(path: Path, packed: bytes, length: int) -> None:
    """Exchange the circuit of the first task."""
    with Ledger(path) as ledger:
        first = bytes.fromhex(next(iter(ledger)).task_id)
    with closing(sqlite3.connect(path)) as connection:
        where = "WHERE task = (SELECT number FROM tasks WHERE id = ?)"
        connection.execute(f"UPDATE transpiled SET packed = ?, length = ? {where}", (packed, length, first))
        connection.commit()


@pytest.mark.slow
def test_a_circuit_that_is_none_is_damage(ledger_copy: Path) -> None:
    sound = encode(QuantumCircuit(1))
    old = sound.replace(b"QISKIT" + sound[7:8], b"QISKIT\x0c")
    for form in (b"", b"\n", sound[:-20], old, b"[\n" + sound.partition(b"\n")[2], b"[" * 100_000 + sound):
        put(ledger_copy, _native.pack(form), len(form))
        with Ledger(ledger_copy) as ledger:
            first, second = ledger
            with pytest.raises(LedgerDamagedError, match=r"The circuit of task .* is damaged"):
                _ = first.transpiled
            assert second.transpiled is not None
            assert list(ledger.verify().damaged) == [first.task_id]
    put(ledger_copy, b"(\xb5/\xfd ", 5)
    with Ledger(ledger_copy) as ledger, pytest.raises(LedgerDamagedError, match="is damaged"):
        _ = next(iter(ledger)).transpiled


@pytest.mark.slow
def test_a_circuit_that_ends_its_reader_is_found_by_another_process(ledger_copy: Path) -> None:
    sound = encode(QuantumCircuit(3, 1))
    header = sound.index((3).to_bytes(4, "big") + (1).to_bytes(4, "big"))
    hostile = sound[:header] + b"\xff\xff\x00\x00" + sound[header + 4 :]
    put(ledger_copy, _native.pack(hostile), len(hostile))
    with Ledger(ledger_copy) as ledger:
        first, second = ledger
        report = ledger.verify()
        assert (report.tasks, report.circuits, list(report.damaged)) == (2, 2, [first.task_id])
        assert "2 tasks, 2 circuits, 1 problem\n" in str(report)
        assert not report
        assert second.transpiled is not None
    put(ledger_copy, BOMB, 2**60)
    said = told(
        """
with Ledger(sys.argv[1]) as ledger:
    print(len(ledger.verify().damaged))
    try:
        list(ledger)[0].transpiled
    except LedgerDamagedError:
        print("damaged")
""",
        ledger_copy,
    )
    assert said.split() == ["1", "damaged"]


def test_a_sound_ledger_is_verified(ledger_copy: Path) -> None:
    with Ledger(ledger_copy) as ledger:
        report = ledger.verify()
    assert report
    assert str(report) == "2 tasks, 2 circuits: all can be used"


@pytest.mark.slow
def test_values_of_other_kinds_in_a_ledger_are_damage(ledger_file: Path, tmp_path: Path) -> None:
    chance = random.Random(14)
    values = ["x'00ff'", "'text'", "1.5", str(2**62), str(-(2**62)), "''", "'[1e999]'", "'{\"cx\": []}'", "CAST(x'ff' AS TEXT)",
              "'" + "[" * 100_000 + "'", "NULL"]  # fmt: skip
    with closing(sqlite3.connect(ledger_file)) as connection:
        tables = ["circuits", "snapshots", "settings", "versions", "tasks", "transpiled"]
        columns = [(table, row[1]) for table in tables for row in connection.execute(f"PRAGMA table_info({table})")]
    copy, other = tmp_path / "copy.sqlite3", Ledger(ledger_file)
    damaged = 0
    for table, column in columns:
        for value in chance.sample(values, 6):
            for each in tmp_path.glob("copy.sqlite3*"):
                each.unlink()
            copy.write_bytes(ledger_file.read_bytes())
            with suppress(sqlite3.IntegrityError):
                changed(copy, f"UPDATE {table} SET {column} = {value} WHERE rowid = 1")
            with Ledger(copy) as ledger:
                for use in (list, lambda it: it.best(by="depth"), lambda it: it.table(), lambda it: it.compare(other)):
                    try:
                        use(ledger)
                    except IBMError:
                        damaged += 1
    other.close()
    assert damaged > 100


def test_a_device_with_a_long_name_is_told_by_an_export(archive: CalibrationArchive, tmp_path: Path) -> None:
    archive.add(
        Snapshot.from_payloads(
            payload(configuration(backend_name="n" * 300)), payload(properties(backend_name="n" * 300))
        )
    )
    with pytest.raises(ArchiveError, match=r"a name of 300 characters, is too long for a folder"):
        archive.export(tmp_path / "out")
    assert archive.export(tmp_path / "out", backend="ibmq_lima") == 1

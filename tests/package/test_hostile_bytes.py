# SPDX-License-Identifier: Apache-2.0
"""Files of somebody else that claim to hold more than they do: an exception in a process that lives on with 3 GB."""

from __future__ import annotations

import os
import sqlite3
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.formats import opened

from qiskit_ibm_native import ArchiveError, CalibrationArchive, Snapshot, _native

BLOCK = 128 << 10
#: The size that a frame claims. 256 MiB is the most that is decompressed.
CLAIMS = [1 << 60, 1 << 36, (1 << 32) - 2, 256 << 20, 5 << 20]
#: Starts a program with 3 GB of address space; ``refused`` prints what an action raises.
START = """
import resource, sys, warnings
from pathlib import Path
from qiskit_ibm_native import CalibrationArchive, IBMError, Ledger, Snapshot, _native
import qiskit_ibm_native.exceptions
resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
warnings.simplefilter("ignore")
path = Path(sys.argv[1])
def refused(action):
    try:
        result = action()
    except Exception as error:
        print(type(error).__name__, isinstance(error, (IBMError, ValueError, OverflowError)))
    else:
        print("accepted", result)
"""


def frame(claimed: int, blocks: int) -> bytes:
    """Return a Zstandard frame of zeros, 128 KiB in each block of four bytes, that says it has ``claimed`` bytes."""
    block = (BLOCK << 3 | 1 << 1).to_bytes(3, "little") + b"\0"
    last = (1 << 1 | 1).to_bytes(3, "little") + b"\0"
    return b"\x28\xb5\x2f\xfd\xe0" + struct.pack("<Q", claimed) + block * blocks + last


def run(program: str, path: Path) -> list[str]:
    """Return the lines that a program prints, after which its process must have ended as usual."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-c", f"{START}\n{program}", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=300)
    assert done.returncode == 0, (done.returncode, done.stderr[-2000:])
    return done.stdout.splitlines()


def test_the_frames_of_these_tests_are_frames():
    assert _native.unpack(frame(2 * BLOCK, 2), 2 * BLOCK) == bytes(2 * BLOCK)


def test_what_a_frame_claims_is_not_asked_for(tmp_path):
    claims = [*((claim, claim, 0) for claim in CLAIMS), (2 << 30, 2 << 30, 1 << 14), (1000, 1 << 40, 0)]
    for number, (claimed, length, blocks) in enumerate(claims):
        (tmp_path / f"{number} {length}").write_bytes(frame(claimed, blocks))
    program = """
for file in path.iterdir():
    refused(lambda: _native.unpack(file.read_bytes(), int(file.name.split()[1])))
"""
    assert run(program, tmp_path) == ["ValueError True"] * len(claims)


def changed(name: str, folder: Path, change: Callable[[sqlite3.Connection], object]) -> Path:
    """Return a copy of a committed file of ours, changed by SQL."""
    path = opened(name, folder)
    connection = sqlite3.connect(path)
    change(connection)
    connection.commit()
    connection.close()
    return path


def test_an_archive_with_a_frame_that_lies_is_damaged_and_the_rest_is_read(tmp_path):
    lima = "SELECT properties FROM calibrations WHERE backend = 'ibmq_lima'"
    statement = f"UPDATE payloads SET length = ?, packed = ? WHERE id = ({lima})"
    for claimed, blocks in [*((claim, 0) for claim in CLAIMS), (2 << 30, 1 << 14)]:
        parameters = (claimed, frame(claimed, blocks))
        changed("archive-2", tmp_path / str(claimed), lambda file, to=parameters: file.execute(statement, to))
    program = """
for file in path.rglob("*.sqlite3"):
    archive = CalibrationArchive(file)
    report = archive.verify()
    print(bool(report), len(report.damaged_payloads), len(report.damaged_calibrations))
    refused(lambda: archive.between("ibmq_lima")[0])
    refused(lambda: archive.latest("ibmq_lima"))
    print(len(archive.series("ibmq_lima", "t2")), len(archive.series("ibmq_lima", "t2").damaged))
    print(archive.latest("ibmq_vigo").num_qubits)
"""
    damaged = "ArchiveDamagedError True"
    assert run(program, tmp_path) == ["False 1 1", damaged, damaged, "0 1", "5"] * (len(CLAIMS) + 1)


def test_how_many_qubits_an_archive_says_there_are_is_not_asked_for(tmp_path):
    counts = [(1 << 16) + 1, (1 << 32) - 1, 1 << 32, 1 << 60, -1]
    for count in counts:
        statement = f"UPDATE calibrations SET num_qubits = {count}"
        changed("archive-3", tmp_path / str(count), lambda file, statement=statement: file.execute(statement))
    program = """
for file in path.rglob("*.sqlite3"):
    archive = CalibrationArchive(file)
    for quantity, gate in (("t1", None), ("operational", None), ("error", "cx")):
        refused(lambda: archive.series("ibmq_lima", quantity, gate=gate))
    print(bool(archive.verify()))
"""
    lines = run(program, tmp_path)
    assert len(lines) == 4 * len(counts)
    assert all(line.endswith(" True") or line == "False" for line in lines)


def test_short_blocks_of_many_calibrations_do_not_fill_the_memory(tmp_path):
    """A column of a few hundred bytes has a value for each of 65,536 qubits, and any calibration may have it."""
    text = b'{"qubits": [], "gates": []}'
    [([_], columns)], _ = _native.make_blocks([(_native.pack(text), len(text))], 1 << 16, 1)
    assert len(columns["qubits operational"]) < 300
    calibration = "INSERT INTO calibrations VALUES (?1, 'many', 65536, ?1, (SELECT min(id) FROM payloads), ?1, NULL, 0)"

    def change(file: sqlite3.Connection) -> None:
        file.execute("INSERT INTO blocks VALUES (9, ?, 65536, 1)", (_native.BLOCK_FORMAT,))
        for column in columns.items():
            file.execute("INSERT INTO block_columns VALUES (9, ?, ?)", column)
        for number in range(100, 3100):
            file.execute("INSERT INTO payloads VALUES (?, ?, 1, x'00')", (number, number.to_bytes(32, "little")))
            file.execute(calibration, (number,))
            file.execute("INSERT INTO block_rows VALUES (?, 9, 0)", (number,))

    path = changed("archive-3", tmp_path, change)
    program = """
archive = CalibrationArchive(path)
refused(lambda: archive.series("many", "t1"))
print(bool(archive.verify()))
"""
    assert run(program, path) == ["ValueError True", "False"]


def test_columns_that_claim_more_than_they_have_are_made_again(tmp_path):
    """A frame of zeros in place of a column, and a list of gates and of qargs as long as a frame may be."""
    long = [frame(claim, 0) for claim in CLAIMS] + [frame(length, length // BLOCK) for length in (4 * BLOCK, 64 << 20)]
    for number, content in enumerate(long):
        statement = "UPDATE block_columns SET content = ?"
        changed("archive-3", tmp_path / str(number), lambda file, to=(content,): file.execute(statement, to))
    program = """
for file in path.rglob("*.sqlite3"):
    archive = CalibrationArchive(file)
    print(bool(archive.verify()))
    print(archive.series("ibmq_lima", "error", gate="cx").values[0, 0], archive.series("ibmq_lima", "t1").values[0, 0])
    print(bool(archive.verify()))
"""
    sound = ["False", "0.02043493012013503 5.9698643286635694e-05", "True"]
    assert run(program, tmp_path) == sound * len(long)


def test_a_ledger_with_a_frame_that_lies_gives_its_results_and_refuses_the_circuit(tmp_path):
    statement = "UPDATE transpiled SET length = ?, packed = ?"
    for claimed in CLAIMS:
        parameters = (claimed, frame(claimed, 0))
        changed("ledger-1", tmp_path / str(claimed), lambda file, to=parameters: file.execute(statement, to))
    program = """
for file in path.rglob("*.sqlite3"):
    for result in Ledger(file):
        if result.error is None:
            refused(lambda: result.transpiled)
"""
    lines = run(program, tmp_path)
    assert len(lines) == 2 * len(CLAIMS)
    assert all(line.endswith("Error True") for line in lines)


def sealed(content: bytes) -> bytes:
    """Return a compact form with the length and the checksum that it should have."""
    content = content[:12] + struct.pack("<Q", len(content) + 4) + content[20:]
    return content + struct.pack("<I", zlib.crc32(content))


def test_a_compact_form_with_frames_that_lie_is_refused(tmp_path):
    form = Snapshot.load("vigo").to_bytes(payloads=False)
    head = form[:10] + struct.pack("<H", 1) + form[12:-4]
    claims = [claim for claim in CLAIMS if claim < 1 << 32]
    for claimed in claims:
        packed = frame(claimed, 0)
        form = sealed(head + 3 * (struct.pack("<II", claimed, len(packed)) + packed))
        (tmp_path / str(claimed)).write_bytes(form)
    program = """
for file in path.iterdir():
    snapshot = Snapshot.from_bytes(file.read_bytes())
    refused(lambda: snapshot.payloads)
"""
    assert run(program, tmp_path) == ["CompactFormError True"] * len(claims)


def test_a_compact_form_of_many_references_to_one_long_list_is_refused(tmp_path):
    """Each gate of the form takes ten bytes, and refers to a list of 60,000 qubits."""
    form = Snapshot.load("vigo").to_bytes(payloads=False)

    def count(number: int) -> bytes:
        return bytes([number & 0x7F | 0x80, number >> 7 & 0x7F | 0x80, number >> 14])

    def gate(number: int) -> bytes:
        listed = b"\1" if number else b"\0" + count(1) + count(60_000) + bytes(120_000)
        return b"\x06" + b"%06d" % number + b"\0\1" + listed

    gates = 50_000
    device = b"\1b" + count(5) + b"\0\0\0" + b"\1\1\1\1" + b"\0" + count(gates) + b"".join(map(gate, range(gates)))
    device += b"\0"
    path = tmp_path / "form"
    path.write_bytes(sealed(form[:56] + struct.pack("<I", len(device)) + device))
    assert path.stat().st_size < 700_000
    program = """
try:
    Snapshot.from_bytes(path.read_bytes())
except ValueError as error:
    print(error)
"""
    assert "lists of qubits are referred to too often" in run(program, path)[0]


@pytest.mark.slow
def test_payloads_that_are_short_when_compressed_are_read_in_the_memory_there_is(tmp_path):
    """Lists of empty texts take the most memory of what JSON there is."""
    start = b'{"backend_name": "b", "n_qubits": 1, "gates": [], "supported_instructions": [], "basis_gates": [""'
    configuration = start + b',""' * (((64 << 20) - len(start) - 2) // 3) + b"]}"
    packed = _native.pack(configuration)
    assert len(packed) < 100_000
    with pytest.raises(ValueError, match=f"{len(configuration) * 2} bytes are too many to be kept"):
        _native.pack(configuration * 2)
    form = Snapshot.load("vigo").to_bytes(payloads=False)
    content = (
        form[:10] + struct.pack("<H", 1) + form[12:-4] + struct.pack("<II", len(configuration), len(packed)) + packed
    )
    (tmp_path / "form").write_bytes(sealed(content + 2 * b"\xff\xff\xff\xff\xff\xff\xff\xff"))
    statement = "UPDATE payloads SET length = ?, packed = ? WHERE id IN (SELECT configuration FROM calibrations)"
    changed("archive-3", tmp_path, lambda file: file.execute(statement, (len(configuration), packed)))
    program = """
snapshot = Snapshot.from_bytes((path / "form").read_bytes())
refused(lambda: snapshot.payloads)
archive = CalibrationArchive(path / "archive-3.sqlite3")
refused(lambda: archive.latest("ibmq_lima"))
print(bool(archive.verify()))
"""
    assert run(program, tmp_path) == ["CompactFormError True", "ArchiveDamagedError True", "False"]


def test_a_payload_that_is_too_large_is_not_put_into_an_archive(tmp_path: Path) -> None:
    configuration, properties, _ = Snapshot.load("lima").payloads
    padded = Snapshot.from_payloads(configuration + b" " * (65 << 20), properties)
    with CalibrationArchive(tmp_path / "archive.sqlite3") as archive:
        with pytest.raises(ArchiveError, match="cannot be added to an archive"):
            archive.add(padded)
        assert len(archive.between("ibmq_lima")) == 0

# SPDX-License-Identifier: Apache-2.0
"""The command line with devices that are broken, files that are empty or odd, and disks that are full."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from qiskit_ibm_native import CalibrationArchive, Snapshot
from qiskit_ibm_native._words import quantity
from qiskit_ibm_native.cli import main

PAIR = "OPENQASM 2.0;\nqreg q[2];\ncreg c[2];\nCX q[0], q[1];\nmeasure q -> c;\n"


@pytest.fixture
def faulty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a file of lima with no qubit that works, beside a circuit."""
    monkeypatch.chdir(tmp_path)
    Path("pair.qasm").write_text(PAIR)
    path = tmp_path / "faulty.bin"
    Snapshot.load("lima").with_overrides(operational=dict.fromkeys(range(5), False)).save(path)
    return path


def test_a_device_without_qubits_that_work_is_told_and_ranked_last(faulty: Path, capfd) -> None:
    assert main(["transpile", "pair.qasm", "--device", str(faulty)]) == 2
    error = capfd.readouterr().err
    assert "0 qubits of the device have operations" in error
    assert error.count("\n") == 1
    assert main(["score", "pair.qasm", "--on", "vigo", str(faulty), "--json"]) == 0
    devices = json.loads(capfd.readouterr().out)["devices"]
    assert [each["esp"] is None for each in devices] == [False, True]
    assert "0 qubits of the device" in devices[1]["problem"]


@pytest.mark.parametrize("stdin", ["", " \n", None])
def test_an_empty_program_is_no_circuit(monkeypatch: pytest.MonkeyPatch, capsys, stdin: str | None) -> None:
    monkeypatch.setattr(sys, "stdin", None if stdin is None else io.StringIO(stdin))
    assert main(["score", "-", "--on", "lima"]) == 2
    assert "Standard input is empty" in capsys.readouterr().err


def test_a_file_whose_name_has_a_line_break_is_a_file(faulty: Path, capsys) -> None:
    Path("two\nlines.qasm").write_text(PAIR)
    assert main(["score", "two\nlines.qasm", "--on", "vigo", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["devices"][0]["device"] == "ibmq_vigo"


@pytest.mark.parametrize("verb", [["status"], ["best"], ["table"]])
def test_an_empty_file_stays_empty_where_a_ledger_is_only_read(tmp_path: Path, capsys, verb: list[str]) -> None:
    path = tmp_path / "empty.sqlite3"
    path.touch()
    assert main(["sweep", *verb, str(path)]) == 2
    assert f"There is no ledger {path}" in capsys.readouterr().err
    assert path.stat().st_size == 0


@pytest.mark.parametrize("verb", ["import", "merge"])
def test_no_archive_is_made_for_a_source_that_is_not_there(tmp_path: Path, capsys, verb: str) -> None:
    made = tmp_path / "made.sqlite3"
    assert main(["archive", verb, str(tmp_path / "nowhere"), "--file", str(made)]) == 2
    assert "nowhere" in capsys.readouterr().err
    assert not made.exists()


@pytest.mark.slow
def test_a_disk_that_fills_up_leaves_the_file_that_was_there(tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    assert main(["target", "lima", "--out", str(kept)]) == 0
    content = kept.read_bytes()
    command = f"ulimit -f 1; exec {sys.executable} -m qiskit_ibm_native target fez --out {kept}"
    run = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert run.returncode != 0
    assert kept.read_bytes() == content
    assert [path.name for path in tmp_path.glob("*kept*")] == ["kept.json"]


def test_a_picture_has_the_name_that_was_given_or_is_refused(tmp_path: Path, capsys) -> None:
    archive = tmp_path / "archive.sqlite3"
    with CalibrationArchive(archive) as opened:
        opened.add(Snapshot.load("lima"))
    plot = str(tmp_path / "t1")
    assert main(["history", "lima", "--quantity", "t1", "--file", str(archive), "--plot", plot]) == 2
    assert ".svg, .png or .pdf" in capsys.readouterr().err


def test_a_file_that_is_no_snapshot_is_named(tmp_path: Path, capsys) -> None:
    (tmp_path / "odd.bin").write_bytes(b"something else")
    assert main(["show", str(tmp_path / "odd.bin")]) == 2
    assert "odd.bin: these bytes are no compact form" in capsys.readouterr().err


def test_a_name_cannot_make_lines(tmp_path: Path, capsys) -> None:
    configuration, properties, _ = Snapshot.load("lima").payloads
    assert properties is not None
    evil = Snapshot.from_payloads(
        *(payload.replace(b"ibmq_lima", b"lima\\nNo faulty parts.") for payload in (configuration, properties))
    )
    evil.save(tmp_path / "evil.bin")
    assert main(["show", str(tmp_path / "evil.bin"), "--no-map"]) == 0
    assert capsys.readouterr().out.startswith("lima\\nNo faulty parts.: 5 qubits")


def test_a_device_without_a_calibration_has_no_known_faults(tmp_path: Path, capsys) -> None:
    configuration, _, _ = Snapshot.load("lima").payloads
    Snapshot.from_payloads(configuration).save(tmp_path / "bare.bin")
    assert main(["show", str(tmp_path / "bare.bin")]) == 0
    assert "Nothing is known of faulty parts." in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["save", "mine", "MY-SECRET-KEY"], ["MY-SECRET-KEY"]])
def test_what_may_be_a_key_is_not_repeated(capsys, arguments: list[str]) -> None:
    with pytest.raises(SystemExit):
        main(["account", *arguments])
    assert "SECRET" not in capsys.readouterr().err


@pytest.mark.parametrize(("value", "is_shown"), [("1", True), ("0", False), ("", False)])
def test_a_traceback_is_shown_where_it_is_asked_for(monkeypatch, capsys, value: str, is_shown: bool) -> None:
    monkeypatch.setenv("QISKIT_IBM_NATIVE_TRACEBACK", value)
    assert main(["show", "nowhere"]) == 2
    assert ("Traceback" in capsys.readouterr().err) is is_shown


@pytest.mark.parametrize(
    ("value", "text"), [(1e300, "1.000 × 10³⁰⁰ s"), (1e-30, "1.000 × 10⁻³⁰ s"), (999.96e-6, "1.000 ms")]
)
def test_values_beyond_all_prefixes_are_powers_of_ten(value: float, text: str) -> None:
    assert quantity(value, "s") == text

# SPDX-License-Identifier: Apache-2.0
"""Long work on archives: shown to people, silent elsewhere, and whole after Ctrl-C: the next run does the rest."""

from __future__ import annotations

import errno
import fcntl
import io
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
from pathlib import Path
from types import ModuleType

import pytest
from tests.support import ROOT
from tests.support.calibrations import Drift

from qiskit_ibm_native import CalibrationArchive, Snapshot, WorkProgress
from qiskit_ibm_native._progress import is_interactive

COUNT = 60
WORKER = [sys.executable, "-m", "tests.support.bulk_worker"]


@pytest.fixture(scope="module")
def payloads() -> list[tuple[bytes, bytes]]:
    return list(Drift("lima").calibrations(COUNT))


@pytest.fixture(scope="module")
def filled(payloads, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("filled") / "archive.sqlite3"
    with CalibrationArchive(path) as archive:
        for pair in payloads:
            archive.add(Snapshot.from_payloads(*pair))
    return path


@pytest.fixture
def folder(payloads, tmp_path) -> Path:
    """Give a folder of properties alone, one file each."""
    folder = tmp_path / "in"
    folder.mkdir()
    for number, (_, properties) in enumerate(payloads):
        (folder / f"{number:03}.json").write_bytes(properties)
    return folder


def environment(**others: str) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if name != "CI"}
    return {**plain, "PYTHONPATH": str(ROOT), **others}


def interrupted(archive: Path, *arguments: str, after: int) -> list[str]:
    """Send SIGINT to a worker once it has said something so many times; return the last numbers of parts done."""
    worker = subprocess.Popen(
        [*WORKER, str(archive), *arguments, "--report"],
        env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert worker.stdout is not None
    lines = [worker.stdout.readline() for _ in range(after)]
    worker.send_signal(signal.SIGINT)
    rest, errors = worker.communicate(timeout=60)
    assert worker.returncode == 130, errors
    assert rest.splitlines()[-1] == "interrupted"
    assert "Traceback" not in errors
    return [*lines, *rest.splitlines()[:-1]]


def test_functions_are_told_how_far_the_work_is(folder: Path, filled: Path, tmp_path: Path, capfd) -> None:
    told: list[WorkProgress] = []
    with CalibrationArchive(tmp_path / "archive.sqlite3") as archive:
        archive.import_folder(folder, configuration="lima", progress=told.append)
        assert (told[-1].work, told[-1].unit, told[-1].done, told[-1].total) == ("import", "file", COUNT, COUNT)
        assert archive.verify(progress=told.append)
        assert (told[-1].work, told[-1].done, told[-1].total) == ("verify", 2 * COUNT + 1, 2 * COUNT + 1)
        for style in ("folder", "parquet"):
            archive.export(tmp_path / style, format=style, progress=told.append)
            assert (told[-1].work, told[-1].unit, told[-1].done) == ("export", "calibration", COUNT)
    assert told[-1].remaining == 0
    assert told[-1].rate > 0
    assert WorkProgress("a", "b", 5).remaining is None
    works = [state.work for state in told]
    assert works == sorted(works, key=["import", "verify", "export"].index)
    assert capfd.readouterr() == ("", "")


def test_a_function_that_fails_ends_the_work_and_leaves_what_was_done(folder: Path, tmp_path: Path) -> None:
    def stop(state: WorkProgress) -> None:
        if state.done:
            raise ZeroDivisionError

    with CalibrationArchive(tmp_path / "archive.sqlite3") as archive:
        with pytest.raises(ZeroDivisionError):
            archive.import_folder(folder, configuration="lima", progress=stop)
        assert len(archive.between("lima")) == 1
        assert archive.verify()


def test_bars_when_they_are_asked_for(filled: Path, tmp_path: Path, capsys) -> None:
    with CalibrationArchive(filled) as archive:
        archive.verify(progress=True)
        shown = capsys.readouterr().err
        assert f"{2 * COUNT + 1}/{2 * COUNT + 1}" in shown
        assert "verify" in shown
        archive.export(tmp_path / "out", progress=True)
        assert f"{COUNT}/{COUNT}" in capsys.readouterr().err
        archive.export(tmp_path / "out", progress=False)
        assert capsys.readouterr().err == ""


def on_a_terminal(arguments: list[str], variables: dict[str, str]) -> str:
    """Return what a worker writes to a terminal of its own."""
    leader, follower = pty.openpty()
    # 24 lines of 100 characters; a new one has none.
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    worker = subprocess.Popen(
        [*WORKER, *arguments], env=variables, stdin=follower, stdout=subprocess.DEVNULL, stderr=follower
    )
    os.close(follower)
    shown = b""
    try:
        while select.select([leader], [], [], 60)[0]:
            part = os.read(leader, 65536)
            if not part:
                break
            shown += part
    except OSError:
        # On Linux, the end of a terminal is an error.
        pass
    finally:
        os.close(leader)
    assert worker.wait(60) == 0
    return shown.decode()


class Full(io.StringIO):
    """Standard error on a disk that is full."""

    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("stderr", [None, Full()])
def test_a_bar_that_cannot_be_written_ends_nothing(filled: Path, monkeypatch: pytest.MonkeyPatch, stderr) -> None:
    monkeypatch.setattr(sys, "stderr", stderr)
    with CalibrationArchive(filled) as archive:
        assert archive.verify(progress=True)


def test_a_person_looks_at_terminals_and_notebooks(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setitem(sys.modules, "IPython", ModuleType("IPython"))
    for stderr, expected in ((Terminal(), True), (io.StringIO(), False), (None, False)):
        monkeypatch.setattr(sys, "stderr", stderr)
        assert is_interactive() is expected

    class ZMQInteractiveShell:
        """The shell of the kernels of notebooks."""

    notebook = ModuleType("IPython")
    notebook.get_ipython = ZMQInteractiveShell  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", notebook)
    assert is_interactive()
    for value, expected in (("true", False), ("1", False), ("0", True), ("", True)):
        monkeypatch.setenv("CI", value)
        assert is_interactive() is expected


@pytest.mark.slow
def test_terminals_have_bars_and_pipes_and_continuous_integration_have_none(filled: Path) -> None:
    arguments = [str(filled), "verify"]
    assert f"{2 * COUNT + 1}/{2 * COUNT + 1}" in on_a_terminal(arguments, environment())
    assert f"{2 * COUNT + 1}/{2 * COUNT + 1}" in on_a_terminal(arguments, environment(CI="false"))
    assert on_a_terminal(arguments, environment(CI="true")) == ""
    piped = subprocess.run([*WORKER, *arguments], env=environment(), capture_output=True, text=True, check=True)
    assert piped.stderr == ""


@pytest.mark.slow
@pytest.mark.parametrize("after", [1, 7, 40])
def test_an_import_that_was_interrupted_goes_on(after: int, folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "archive.sqlite3"
    interrupted(path, "import", str(folder), after=after)
    with CalibrationArchive(path) as archive:
        assert archive.verify()
        there = len(archive.between("lima"))
        assert after <= there + 1 <= COUNT
        report = archive.import_folder(folder, configuration="lima")
        assert (report.added, report.known, report.problems) == (COUNT - there, there, {})
        assert archive.verify()


@pytest.mark.slow
def test_an_export_that_was_interrupted_goes_on(filled: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    interrupted(filled, "export", str(out), after=20)
    there = {file: file.stat().st_mtime_ns for file in out.rglob("*.zip")}
    assert 19 <= len(there) < COUNT
    # Nothing else is left behind.
    assert {file for file in out.rglob("*") if file.is_file()} == set(there)
    with CalibrationArchive(filled) as archive, CalibrationArchive(tmp_path / "copy.sqlite3") as copy:
        assert archive.export(out) == COUNT
        assert {file: file.stat().st_mtime_ns for file in there} == there
        assert copy.import_folder(out).added == COUNT
        spoiled = next(iter(there))
        spoiled.write_bytes(b"spoiled")
        with pytest.raises(FileExistsError):
            archive.export(out)
        spoiled.unlink()
        assert archive.export(out) == COUNT
        assert copy.import_folder(out).known == COUNT


@pytest.mark.slow
def test_a_check_that_was_interrupted_changes_nothing(filled: Path) -> None:
    interrupted(filled, "verify", after=10)
    with CalibrationArchive(filled) as archive:
        assert archive.verify()
        assert len(archive.between("lima")) == COUNT


@pytest.mark.slow
def test_a_series_that_was_interrupted_goes_on(filled: Path, payloads) -> None:
    interrupted(filled, "series", after=2)
    told: list[WorkProgress] = []
    with CalibrationArchive(filled) as archive:
        series = archive.series("lima", "t1", progress=told.append)
        assert 0 < told[-1].total < COUNT
        expected = [Snapshot.from_payloads(*pair).columns.t1.tolist() for pair in payloads]
        assert series.values.tolist() == expected
        told.clear()
        archive.series("lima", "t1", progress=told.append)
        assert not told


@pytest.mark.slow
def test_the_command_says_what_was_assumed(folder: Path, tmp_path: Path) -> None:
    nowhere = folder / "lima 2021-04-01.csv"
    nowhere.write_text("Qubit,T1 (us)\n0,1\n1,2\n2,3\n3,4\n4,5\n")
    command = [
        sys.executable,
        "-m",
        "qiskit_ibm_native",
        "archive",
        "--file",
        str(tmp_path / "a"),
        "import",
        str(folder),
    ]
    options = ["--configuration", "lima", "--configuration", "vigo", "--time-zone", "UTC"]
    run = subprocess.run([*command, *options], env=environment(), capture_output=True, text=True, check=True)
    assert run.stdout.startswith(f"{COUNT} added, 0 known, 1 problem\n")
    assert "It names no device" in run.stdout
    (folder / "ibmq_lima 2021-04-01.csv").write_text(nowhere.read_text())
    run = subprocess.run([*command, *options], env=environment(), capture_output=True, text=True, check=True)
    assert run.stdout.startswith(f"1 added, {COUNT} known, 1 problem\n")
    assert "assumed for" in run.stdout
    assert run.stderr == ""
    wrong = subprocess.run(
        [*command, "--time-zone", "Mars"], env=environment(), capture_output=True, text=True, check=False
    )
    assert wrong.returncode == 2
    assert "There is no time zone 'Mars'" in wrong.stderr

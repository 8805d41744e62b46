# SPDX-License-Identifier: Apache-2.0
"""The frame of the command line: statuses, help, suggestions, options on either side, closed pipes, missing extras."""

from __future__ import annotations

import inspect
import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.at_terminal import at_terminal
from tests.support.command import COMMAND, piped

import qiskit_ibm_native
from qiskit_ibm_native.cli import main
from qiskit_ibm_native.cli.verbs import VERBS, Verb


def every_verb(verbs: Any = VERBS, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Verb]]:
    for name, verb in verbs.items():
        if verb.verbs:
            yield from every_verb(verb.verbs, (*path, name))
        else:
            yield (*path, name), verb


PATHS = [pytest.param(path, verb, id=" ".join(path)) for path, verb in every_verb()]


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Return the one line that refuses arguments."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    told = capsys.readouterr()
    assert ended.value.code == 2
    assert told.out == ""
    assert told.err.startswith("qiskit-ibm-native: ")
    assert told.err.count("\n") == 1
    return told.err


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"qiskit-ibm-native {qiskit_ibm_native.__version__}\n"


@pytest.mark.parametrize(("path", "verb"), PATHS)
def test_every_verb_has_a_help_page_with_examples(
    path: tuple[str, ...], verb: Verb, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    for option in ("--help", "-h"):
        assert main([*path, option]) == 0
        page = capsys.readouterr().out
        assert page.startswith(f"Usage: qiskit-ibm-native {' '.join(path)} ")
        assert f"qiskit-ibm-native {' '.join(path)}" in page.partition("\nExamples:\n")[2]
        prose = page.partition("\nExamples:\n")[0].partition("\n")[2]
        assert max(map(len, prose.splitlines())) <= 60
    assert not verb.help.endswith(".")
    assert verb.help[0].islower()


@pytest.mark.parametrize(("path", "verb"), PATHS)
def test_examples_are_commands_that_are_taken(path: tuple[str, ...], verb: Verb) -> None:
    from qiskit_ibm_native.cli.program import command_of

    text = (inspect.getdoc(verb.function()) or "").partition("\nExamples:\n")[2]
    commands = re.findall(r"qiskit-ibm-native ((?:'[^']*'|[^|&'\n])+)", text)
    assert commands
    for command in commands:
        words = shlex.split(command)
        assert tuple(words[: len(path)]) == path
        context = command_of(path[-1], verb).make_context(path[-1], words[len(path) :])
        context.close()


def test_help_lists_all_verbs_and_imports_none() -> None:
    code = (
        "import sys; from qiskit_ibm_native.cli import main; status = main(sys.argv[1:]); "
        "print(*sys.modules, file=sys.stderr); sys.exit(status)"
    )
    for arguments, most in ((["--help"], 220), (["devices"], 350), (["archive", "--help"], 220)):
        run = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)
        loaded = run.stderr.split()
        # Of 120 ms of processor time Typer takes a third; numpy and Qiskit would each take most of them.
        assert {"rich.console", "numpy", "qiskit", "requests"}.isdisjoint(loaded)
        assert len(loaded) < most, sorted(loaded)
        if arguments == ["--help"]:
            assert all(f"\n  {name} " in run.stdout for name in VERBS)
            verbs = [name for name in loaded if name.startswith("qiskit_ibm_native.cli.")]
            assert sorted(verbs) == [
                f"qiskit_ibm_native.cli.{name}" for name in ("helping", "output", "program", "shells", "verbs")
            ]


def test_help_comes_before_mistakes(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (
        ["archive", "--help", "--json"],
        ["--help", "zzz", "--json"],
        ["--json", "archive", "stats", "--help"],
    ):
        assert main(arguments) == 0
        assert capsys.readouterr().out.startswith("Usage: qiskit-ibm-native")


def test_without_a_verb_the_help_page_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["archive"]):
        assert main(arguments) == 2
        told = capsys.readouterr()
        assert told.out == ""
        assert told.err.startswith("Usage: qiskit-ibm-native")
    assert "the verb is missing" in refused(["--json"], capsys)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (["devcies"], "There is no verb 'devcies'. Did you mean 'devices'?"),
        (["stats"], "There is no verb 'stats'. Did you mean 'archive stats'?"),
        (["archive", "verfy"], "There is no verb 'verfy'. Did you mean 'verify'?"),
        (["devices", "--jsno"], "devices has no option '--jsno'. Did you mean '--json'?"),
        (["--jsno", "devices"], "devices has no option '--jsno'. Did you mean '--json'?"),
        (["archive", "stats", "--fil", "x"], "archive stats has no option '--fil'. Did you mean '--file'?"),
        (["archive", "export", "x", "--format", "parquett"], "--format: there is no 'parquett'; it is one of folder, parquet."),
        (["archive", "export", "x", "--format", "parquett"], "Did you mean 'parquet'?"),
        (["show"], "show needs DEVICE."),
        (["devices", "fez"], "devices takes no argument 'fez'."),
        (["archive", "list", "--last", "x"], "--last: "),
        (["zzz"], "There is no verb 'zzz'. See 'qiskit-ibm-native --help'."),
    ],
)  # fmt: skip
def test_mistakes_are_one_line_that_says_what_was_meant(
    typed: list[str], meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert meant in refused(typed, capsys)


@pytest.mark.parametrize("device", ["fezz", "ibm_fezz", "ibmq_limma"])
def test_a_mistyped_device_suggests_the_right_one(device: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", device]) == 2
    told = capsys.readouterr()
    right = "lima" if "lim" in device else "fez"
    assert told.err == f"qiskit-ibm-native: There is no device, file or folder {device!r}. Did you mean {right!r}?\n"


def test_options_stand_before_and_after_verbs(archive: str, capsys: pytest.CaptureFixture[str]) -> None:
    orders = (
        ["archive", "stats", "--file", archive, "--json"],
        ["--json", "archive", "stats", "--file", archive],
        ["archive", "--file", archive, "stats", "--json"],
        ["--file", archive, "--json", "archive", "stats"],
        [f"--file={archive}", "archive", "--json", "stats"],
    )
    shown = set()
    for order in orders:
        assert main(order) == 0
        shown.add(capsys.readouterr().out)
    assert len(shown) == 1
    assert json.loads(shown.pop())["calibrations"] == 5


def test_the_value_of_an_option_may_be_the_name_of_a_verb(
    archive: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(archive).parent)
    Path(archive).rename("stats")
    assert main(["archive", "--file", "stats", "stats"]) == 0
    assert "5 calibrations" in capsys.readouterr().out


def test_of_an_option_that_is_said_twice_the_last_one_counts(
    archive: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["archive", "--file", str(tmp_path / "none"), "stats", "--file", archive]) == 0
    assert "5 calibrations" in capsys.readouterr().out


def test_errors_are_one_line_and_faults_of_the_program_say_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from qiskit_ibm_native.cli import devices

    for error, told in (
        (ValueError("two\nlines \x1b[31m"), "two lines \\x1b[31m"),
        (OSError(28, "No space left"), "[Errno 28] No space left"),
        (ZeroDivisionError("x"), "ZeroDivisionError: x (this is a fault of the program; QISKIT_IBM_NATIVE_TRACEBACK=1 shows"),
        (ValueError(), "ValueError: "),
    ):  # fmt: skip

        def fail(error: Exception = error, **_: Any) -> None:
            raise error

        monkeypatch.setattr(devices, "_bundled", fail)
        assert main(["devices"]) == 2
        shown = capsys.readouterr()
        assert shown.err.startswith(f"qiskit-ibm-native: {told}")
        assert shown.err.count("\n") == 1
    monkeypatch.setenv("QISKIT_IBM_NATIVE_TRACEBACK", "1")
    assert main(["devices"]) == 2
    assert capsys.readouterr().err.startswith("Traceback")


def test_ctrl_c_ends_with_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from qiskit_ibm_native.cli import devices

    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(devices, "_bundled", interrupted)
    assert main(["devices"]) == 130
    assert capsys.readouterr() == ("", "")


@pytest.mark.slow
def test_ctrl_c_while_something_is_written_ends_without_a_traceback() -> None:
    with subprocess.Popen(
        [*COMMAND, "diff", "fez", "torino"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        # It waits for its reader after that: the pipe holds less than it writes.
        assert process.stdout is not None
        assert process.stdout.read(20).startswith(b"ibm_torino: ")
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, b"")


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [["devices"], ["--help"], ["diff", "fez", "torino"]])
def test_a_full_disk_is_one_line(arguments: list[str]) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no device that is always full")
    with Path("/dev/full").open("w") as full:
        run = subprocess.run([*COMMAND, *arguments], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert run.returncode == 2
    assert run.stderr.count("\n") == 1
    assert "No space left on device" in run.stderr


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [["diff", "fez", "torino"], ["--help"], ["devices"], ["show", "fez", "--json"]])
def test_a_closed_pipe_is_no_error(arguments: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        run = subprocess.run([*COMMAND, *arguments], stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    finally:
        os.close(writer)
    assert (run.returncode, run.stderr) == (141, "")


@pytest.mark.slow
def test_head_gets_its_lines() -> None:
    line = f"set -o pipefail; {shlex.join([*COMMAND, 'diff', 'fez', 'torino'])} | head -1; echo ${{PIPESTATUS[0]}}"
    run = subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[0].startswith("ibm_torino: ")
    assert run.stdout.splitlines()[1] == "141"
    assert run.stderr == ""


@pytest.mark.slow
@pytest.mark.parametrize("missing", ["typer", "rich"])
def test_without_the_extra_the_command_says_how_to_get_it(missing: str, tmp_path: Path) -> None:
    code = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from qiskit_ibm_native.cli import main; sys.exit(main(['devices']))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert run.stdout == ""
    assert "pip install 'qiskit-ibm-native[cli]'" in run.stderr
    assert "Traceback" not in run.stderr
    assert run.stderr.count("\n") == 1


@pytest.mark.slow
def test_verbs_that_read_make_no_file_and_need_no_home(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    commands = (
        ["devices"], ["show", "fez"], ["target", "lima", "--json"], ["diff", "fez", "torino"], ["archive", "stats"], ["--help"],
        ["archive", "list"], ["archive", "verify"], ["archive", "latest", "fez"], ["history", "fez"],
        ["archive", "events", "fez"], ["archive", "export", "out"], ["archive", "prune", "--damaged"], ["archive", "remove", "fez"],
    )  # fmt: skip
    for command in commands:
        for home in (empty, "/dev/null"):
            run = piped(*command, home=home, cwd=empty)
            reads_archive = command[0] in {"archive", "history"} and command[1] != "stats"
            assert run.returncode == (2 if reads_archive else 0), (command, run.stderr)
            assert not reads_archive or "There is no archive" in run.stderr
            assert list(empty.iterdir()) == [], command


@pytest.mark.slow
def test_names_of_files_need_no_encoding(tmp_path: Path) -> None:
    from qiskit_ibm_native import Snapshot

    path = os.fsencode(tmp_path) + b"/caf\xe9.zip"
    Snapshot.load("lima").save(os.fsdecode(path))
    shown = piped("show", path)
    assert shown.returncode == 0, shown.stderr
    assert f"from {tmp_path}/caf\\udce9.zip" in shown.stdout
    assert json.loads(piped("show", path, "--json").stdout)["source"] == f"from {os.fsdecode(path)}"
    assert "caf\\udce9.zi" in piped("show", path[:-1]).stderr


def test_findings_in_old_scripts_are_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "old.py"
    script.write_text("from qiskit_ibm_provider import IBMProvider\n")
    assert main(["--json", "migrate", str(script)]) == 1
    (described,) = json.loads(capsys.readouterr().out)
    assert (described["path"], described["is_changed"], described["error"]) == (str(script), True, None)
    assert described["findings"][0]["new"] == "from qiskit_ibm_native import IBMProvider"
    script.write_text("from qiskit_ibm_provider import (\n")
    assert main(["migrate", str(script), "--json"]) == 2
    assert json.loads(capsys.readouterr().out)[0]["error"]


def test_options_stand_under_headings(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--help"]) == 0
    page = capsys.readouterr().out
    assert page.startswith("Usage: qiskit-ibm-native serve [OPTIONS]\n")
    past = page.partition("\nDevices as they were:\n")[2].partition("\n\n")[0]
    assert [line.split()[0] for line in past.splitlines() if line.startswith("  --")] == [
        "--archive", "--at", "--speed", "--queue-time",
    ]  # fmt: skip


def test_devices_of_serve_stand_after_their_option(capsys: pytest.CaptureFixture[str]) -> None:
    from qiskit_ibm_native.cli.program import command_of

    command = command_of("serve", VERBS["serve"])
    with command.make_context("serve", ["--devices", "fez", "torino", "--port", "0"]) as context:
        assert (context.params["devices"], context.params["more_devices"]) in [
            (("fez",), ("torino",)), (["fez"], ["torino"]),
        ]  # fmt: skip
    assert "serve takes no argument 'torino'" in refused(["serve", "torino"], capsys)
    assert "--port" in refused(["serve", "--port", "x"], capsys)


@pytest.mark.slow
def test_terminals_have_colours_unless_the_user_does_not_want_them(home: Path) -> None:
    for arguments in (["--help"], ["show", "lima"], ["devices"]):
        shown = at_terminal(*arguments)
        assert shown.status == 0
        assert "\x1b[" in shown.raw
        for environment in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
            plain = at_terminal(*arguments, environment=environment)
            assert "\x1b[" not in plain.raw
        piped_text = piped(*arguments).stdout
        assert "\x1b[" not in piped_text
        assert "─────" not in piped_text

# SPDX-License-Identifier: Apache-2.0
"""Completion by the shells that are here: bash everywhere, zsh and fish where they are installed."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.at_terminal import at_terminal
from tests.support.histories import archived, drifting

from qiskit_ibm_native.cli import completing, main
from qiskit_ibm_native.cli.verbs import VERBS

ASKED = {
    "qiskit-ibm-native ": set(VERBS),
    "qiskit-ibm-native dev": {"devices"},
    "qiskit-ibm-native show fe": {"fez"},
    "qiskit-ibm-native show ibmq_l": {"ibmq_lima"},
    "qiskit-ibm-native --json show fe": {"fez"},
    "qiskit-ibm-native diff fez tor": {"torino"},
    "qiskit-ibm-native archive ver": {"verify"},
    "qiskit-ibm-native history lima --quantity readout_": {"readout_error", "readout_length"},
    "qiskit-ibm-native archive export x --format ": {"folder", "parquet"},
    "qiskit-ibm-native serve --devices fe": {"fez"},
    "qiskit-ibm-native target fez --o": {"--out"},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with the command alone."""
    folder = tmp_path / "bin"
    folder.mkdir()
    command = folder / "qiskit-ibm-native"
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m qiskit_ibm_native "$@"\n')
    command.chmod(0o755)
    return folder


def shell(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def script(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert main(["--show-completion", name]) == 0
    path = folder / f"completion.{name}"
    path.write_text(capsys.readouterr().out)
    return path


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


@pytest.mark.slow
def test_bash_completes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [f"source {script('bash', folder, capsys)}"]
    for asked in ASKED:
        words = [*asked.split(), *([""] if asked.endswith(" ") else [])]
        lines += [
            f"COMP_WORDS=({' '.join(map(shlex.quote, words))}); COMP_CWORD={len(words) - 1}; COMPREPLY=()",
            "_qiskit_ibm_native_completion qiskit-ibm-native; echo ${COMPREPLY[@]}",
        ]
    run = subprocess.run(
        [shell("bash"), "-c", "\n".join(lines)], env=environment(folder), capture_output=True, text=True, check=True
    )
    assert run.stderr == ""
    for asked, answer in zip(ASKED, run.stdout.splitlines(), strict=True):
        assert set(answer.split()) == ASKED[asked], asked


@pytest.mark.slow
def test_fish_completes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fish = shell("fish")
    lines = [f"source {script('fish', folder, capsys)}"]
    lines += [f"complete -C {shlex.quote(asked)}; echo end" for asked in ASKED]
    run = subprocess.run(
        [fish, "--no-config", "-c", "\n".join(lines)],
        env=environment(folder),
        capture_output=True,
        text=True,
        check=True,
    )
    answers = run.stdout.split("end\n")
    for asked, answer in zip(ASKED, answers, strict=False):
        assert {line.split("\t")[0] for line in answer.splitlines()} == ASKED[asked], asked


@pytest.mark.slow
def test_zsh_completes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    zsh = shell("zsh")
    path = script("zsh", folder, capsys)
    (folder / ".zshrc").write_text(f"PS1='ready> '\nautoload -U compinit\ncompinit -u -D\nsource {path}\n")
    program = f"import os; os.execv({zsh!r}, [{zsh!r}, '-i'])"
    for typed, whole in (
        ("qiskit-ibm-native dev\t", "qiskit-ibm-native devices"),
        ("qiskit-ibm-native show fe\t", "show fez"),
    ):
        shown = at_terminal(
            typed=f"{typed}--help\rexit\r", prompt="ready> ", environment={**environment(folder), "ZDOTDIR": str(folder)},
            program=program,
        )  # fmt: skip
        assert f"Usage: qiskit-ibm-native {typed.split()[1].replace('dev', 'devices')} [OPTIONS]" in shown.text, whole


@pytest.mark.slow
def test_words_come_without_what_takes_long(folder: Path) -> None:
    code = "import sys\ntry:\n    from qiskit_ibm_native.cli import main; main()\nfinally:\n    print(*sys.modules, file=sys.stderr)"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={**os.environ, "_QISKIT_IBM_NATIVE_COMPLETE": "complete_bash", "COMP_WORDS": "qiskit-ibm-native show f", "COMP_CWORD": "2"},
    )  # fmt: skip
    assert run.stdout == "fez\n"
    assert {"numpy", "qiskit", "requests", "pydantic", "rich.console"}.isdisjoint(run.stderr.split())


def test_devices_of_the_archive_are_completed_and_nothing_is_made(
    home: Path, archive: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert completing.archived("") == []
    assert "fez" in completing.devices("")
    assert list(home.iterdir()) == []
    other = archived(home / "own.sqlite3", drifting("hanoi", 1))
    monkeypatch.setenv("QISKIT_IBM_NATIVE_ARCHIVE", str(other))
    assert completing.archived("") == ["hanoi"]
    assert completing.archived("ibm_") == ["ibm_hanoi"]
    assert [path.name for path in home.iterdir()] == ["own.sqlite3"]


@pytest.mark.parametrize("content", [b"", b"no archive", b"SQLite format 3\0" + b"\xff" * 200])
def test_a_damaged_archive_completes_nothing(content: bytes, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "broken").write_bytes(content)
    monkeypatch.setenv("QISKIT_IBM_NATIVE_ARCHIVE", str(home / "broken"))
    assert completing.archived("") == []
    assert (home / "broken").read_bytes() == content
    assert [path.name for path in home.iterdir()] == ["broken"]


@pytest.mark.parametrize(("name", "file"), [
    ("bash", ".bash_completions/qiskit-ibm-native.sh"), ("zsh", ".zfunc/_qiskit-ibm-native"),
    ("fish", ".config/fish/completions/qiskit-ibm-native.fish"),
])  # fmt: skip
def test_installation_writes_what_is_shown(
    name: str, file: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--show-completion", name]) == 0
    shown = capsys.readouterr().out
    assert list(home.iterdir()) == []
    assert main(["--install-completion", name]) == 0
    assert capsys.readouterr().out == f"{home / file} is written; {name} completes in new terminals\n"
    assert (home / file).read_text().strip() == shown.strip()


def test_the_shell_of_the_user_is_the_default(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import shellingham

    def unknown() -> None:
        raise shellingham.ShellDetectionFailure

    monkeypatch.setattr(shellingham, "detect_shell", unknown)
    monkeypatch.setenv("SHELL", "/usr/bin/fish")
    assert main(["--show-completion"]) == 0
    assert capsys.readouterr().out.startswith("complete --command qiskit-ibm-native")
    monkeypatch.setenv("SHELL", "/bin/tcsh")
    with pytest.raises(SystemExit):
        main(["--show-completion"])
    assert "completion is for bash, zsh, fish, pwsh, powershell, not 'tcsh'" in capsys.readouterr().err

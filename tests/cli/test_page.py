# SPDX-License-Identifier: Apache-2.0
"""The page of the command line: commands print what it shows."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support import ROOT
from tests.support.histories import archived, drifting

PAGE = ROOT / "docs/command-line.md"
#: What depends on the day, by what takes its place in comparisons.
_CHANGING = {
    r"[\d,]+ (second|minute|hour|day)s? ago": "ago", r"\bd[0-9a-f]{19}\b": "JOB", r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d": "TIME",
}  # fmt: skip
#: Files that the page shows, by the language of their block.
_FILES = {"qasm": "ghz.qasm", "toml": "plan.toml"}


def examples(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the commands of a page, and the lines that follow each of them."""
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        for example in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *lines = example.rstrip().split("\n")
            yield command, lines


def environment_of(folder: Path) -> dict[str, str]:
    """Make a home, the command and the archive of the page; return the environment of a shell."""
    for name in ("home", "bin", "work"):
        (folder / name).mkdir(exist_ok=True)
    command = folder / "bin" / "qiskit-ibm-native"
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m qiskit_ibm_native "$@"\n')
    command.chmod(0o755)
    archived(folder / "work" / "lab.sqlite3", drifting("lima", 7))
    for language, name in _FILES.items():
        (content,) = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)
        (folder / "work" / name).write_text(content)
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    # Messages and results come in the order in which they are written.
    ordered = {"COLUMNS": "120", "PYTHONUNBUFFERED": "1"}
    return {**os.environ, **ordered, "HOME": str(folder / "home"), "PATH": path}


def settled(text: str) -> list[str]:
    """Return the lines of a page without what changes from day to day."""
    for pattern, word in _CHANGING.items():
        text = re.sub(pattern, word, text)
    return text.splitlines()


def output_of(command: str, folder: Path, environment: dict[str, str]) -> list[str]:
    """Return the lines of a command, as the page has them."""
    run = subprocess.run(
        ["bash", "-c", command], cwd=folder / "work", env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, check=False,
    )  # fmt: skip
    return run.stdout.replace(str(folder / "work"), ".").replace(str(folder / "home"), "~").rstrip().split("\n")


def written_anew(text: str, folder: Path, environment: dict[str, str]) -> str:
    """Return the page with what its commands print today."""

    def block(found: re.Match[str]) -> str:
        shown = ["```console"]
        for command, _ in examples(found[0]):
            shown += [f"$ {command}", *output_of(command, folder, environment)]
        return "\n".join([*shown, "```"])

    return re.sub(r"```console\n(.*?)```", block, text, flags=re.DOTALL)


@pytest.mark.slow
def test_commands_print_what_the_page_shows(tmp_path: Path) -> None:
    """All commands of the page run in turn; ``UPDATE_GOLDEN=1`` writes what they print to the page."""
    environment = environment_of(tmp_path)
    text = PAGE.read_text()
    printed = written_anew(text, tmp_path, environment)
    if os.environ.get("UPDATE_GOLDEN"):
        PAGE.write_text(printed)
        return
    assert len(list(examples(text))) >= 18
    assert settled(printed) == settled(text)

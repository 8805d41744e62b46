# SPDX-License-Identifier: Apache-2.0
"""Completion in Python's own shell: by its completer, and in a terminal."""

from __future__ import annotations

import os
import pty
import rlcompleter
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qiskit_ibm_native import IBMError, IBMProvider, Snapshot, enable_completion
from qiskit_ibm_native.completion.python_shell import ArgumentCompleter


def all_of(complete: Callable[[str, int], str | None], text: str) -> list[str]:
    """Return what a completer of readline offers."""
    found: list[str] = []
    while (name := complete(text, len(found))) is not None:
        found.append(name)
    return found


def test_devices_are_completed_as_attributes_for_one_request(provider: IBMProvider, requests: list[str]) -> None:
    completer = rlcompleter.Completer({"provider": provider})
    found = all_of(completer.complete, "provider.backend.")
    assert {"provider.backend.ibm_fez", "provider.backend.ibmq_vigo", "provider.backend.local_simulator"} <= set(found)
    assert all_of(completer.complete, "provider.backend.ibm_f") == ["provider.backend.ibm_fez"]
    assert requests == ["GET /backends"]
    assert provider.backend.ibm_fez.name == "ibm_fez"


def test_arguments_are_completed_and_everything_else_is_left_to_the_shell() -> None:
    namespace = {"Snapshot": Snapshot, "columns": Snapshot.load("fez").columns}
    line = ""
    complete = ArgumentCompleter(lambda: line, namespace, rlcompleter.Completer(namespace).complete)
    line = 'Snapshot.load("she'
    assert all_of(complete, "she") == ["sherbrooke"]
    line = "columns.gate('r"
    assert all_of(complete, "r") == ["rx", "rz", "rzz", "reset"]
    line = "columns.gat"
    assert all_of(complete, "columns.gat") == ["columns.gate(", "columns.gates"]
    line = 'columns.gate("no such'
    assert all_of(ArgumentCompleter(lambda: line, namespace, None), "such") == []


def test_words_of_readline_may_be_parts_of_names(provider: IBMProvider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider.backend, "_names", {"with_sign": "with-sign", "without": "without"})
    provider.backend._has_listed = True
    complete = ArgumentCompleter(lambda: 'provider.get_backend("with-s', {"provider": provider}, None)
    assert all_of(complete, "s") == ["sign"]


class Terminal:
    """Python in a terminal.

    Args:
        startup: The file that ``PYTHONSTARTUP`` names.
    """

    def __init__(self, startup: Path) -> None:
        self._file, theirs = pty.openpty()
        settings = {"TERM": "xterm", "PYTHON_BASIC_REPL": "1", "PYTHONSTARTUP": str(startup)}
        self.process = subprocess.Popen(
            [sys.executable, "-q"], stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, **settings}
        )
        os.close(theirs)

    def type(self, text: str, until: str) -> str:
        """Type something, and return what is shown from then on until a text is."""
        os.write(self._file, text.encode())
        shown, end = "", time.monotonic() + 30
        while until not in shown:
            assert time.monotonic() < end, shown
            if select.select([self._file], [], [], 0.2)[0]:
                shown += os.read(self._file, 65536).decode(errors="replace")
        return shown

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._file)


LINES = ("from qiskit_ibm_native import Snapshot, enable_completion\n", "enable_completion(); enable_completion()\n")


@pytest.fixture(params=[True, False], ids=["startup", "by hand"])
def terminal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Terminal]:
    """Yield a terminal in which the two lines have been run, at its start or by hand."""
    startup = tmp_path / "startup.py"
    startup.write_text("".join(LINES) if request.param else "")
    terminal = Terminal(startup)
    try:
        terminal.type("", ">>> ")
        for line in () if request.param else LINES:
            terminal.type(line, ">>> ")
        yield terminal
    finally:
        terminal.close()


@pytest.mark.slow
def test_the_tab_key_completes_arguments_and_attributes_in_a_terminal(terminal: Terminal) -> None:
    # readline closes the quote of a name that is complete.
    terminal.type('columns = Snapshot.load("she\t', '"sherbrooke"')
    terminal.type(").columns\n", ">>> ")
    terminal.type("gate = columns.gate('ec\t", "'ecr'")
    terminal.type(")\n", ">>> ")
    terminal.type("gate.na\t", "gate.name")
    assert "'ecr'" in terminal.type("\n", ">>> ")


def test_a_shell_that_takes_no_completer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    monkeypatch.delenv("PYTHON_BASIC_REPL", raising=False)
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "_pyrepl.readline", sys)
        with pytest.raises(
            IBMError,
            match=r"PYTHON_BASIC_REPL=1.*Attributes can be completed here; IPython and notebooks complete both",
        ):
            enable_completion()
    monkeypatch.setitem(sys.modules, "readline", None)
    with pytest.raises(IBMError, match="no module readline"):
        enable_completion()

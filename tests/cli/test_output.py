# SPDX-License-Identifier: Apache-2.0
"""The output of verbs: tables for terminals and pipes, JSON, names of any kind."""

from __future__ import annotations

import datetime
import io
import json
import math
import sys
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import pytest

from qiskit_ibm_native.cli import output

ROWS = [["ibm_fez", output.Styled("156", "red")], ["x", "5"]]


class Terminal(io.StringIO):
    """Standard output that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "40")
    return Terminal()


def test_a_pipe_gets_aligned_text_of_any_width(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    output.table(["Device", output.Column("Qubits", is_number=True)], [*ROWS, ["y" * 90, "1"]])
    assert capsys.readouterr().out.splitlines() == [
        "Device".ljust(90) + "  Qubits", "ibm_fez".ljust(90) + "     156", "x".ljust(90) + "       5", "y" * 90 + "       1",
    ]  # fmt: skip


def test_a_terminal_gets_a_table_with_styles(terminal: Terminal) -> None:
    with redirect_stdout(terminal):
        output.table(["Device", output.Column("Qubits", is_number=True)], ROWS)
    assert "\x1b[31m" in terminal.getvalue()
    assert "───" in terminal.getvalue()


def test_a_narrow_terminal_leaves_optional_columns_out(terminal: Terminal) -> None:
    columns = ["One", output.Column("Two", is_optional=True), output.Column("Three", is_optional=True)]
    with redirect_stdout(terminal):
        output.table(columns, [["1" * 15, "2" * 15, "3" * 15]])
    assert "Two" in terminal.getvalue()
    assert "Three" not in terminal.getvalue()


def test_an_empty_table_is_told_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    output.table(["Device"], [], empty="There is nothing.")
    assert capsys.readouterr() == ("", "qiskit-ibm-native: There is nothing.\n")


def test_names_cannot_write_to_the_terminal(terminal: Terminal) -> None:
    with redirect_stdout(terminal):
        output.table(["Device"], [["a\x1b]0;title\x07b"], ["[red]x[/red]"]])
    assert "\\x1b]0;title\\x07" in terminal.getvalue()
    assert "[red]x[/red]" in terminal.getvalue()


def test_names_that_the_encoding_lacks_are_escapes(monkeypatch: pytest.MonkeyPatch) -> None:
    for encoding, shown in (("ascii", b"\\xb5s \\udcff\n"), ("utf-8", "µs \\udcff\n".encode())):
        raw = io.BytesIO()
        stream = io.TextIOWrapper(raw, encoding=encoding)
        monkeypatch.setattr(sys, "stdout", stream)
        output.write("µs \udcff")
        stream.flush()
        assert raw.getvalue() == shown


def test_programs_without_a_console_print_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from qiskit_ibm_native.cli import main

    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    assert main(["devices"]) == 0
    assert main(["devices", "--json"]) == 0
    assert main(["show", "nothing"]) == 2


def test_json_has_no_values_that_json_lacks(capsys: pytest.CaptureFixture[str]) -> None:
    moment = datetime.datetime(2026, 3, 1, tzinfo=datetime.timezone.utc)
    value = {"a": math.nan, "b": np.array([1.5, np.nan]), 3: moment, "path": Path("x"), "t": (True, None, "µ\udcff")}
    output.document(value)
    output.line(value)
    text = capsys.readouterr().out
    assert text.isascii()
    expected = {
        "a": None,
        "b": [1.5, None],
        "3": "2026-03-01T00:00:00+00:00",
        "path": "x",
        "t": [True, None, "µ\udcff"],
    }
    assert json.loads(text[: text.rindex("\n{")]) == expected
    assert json.loads(text.splitlines()[-1]) == expected


def test_a_terminal_that_says_zero_columns_is_twenty_wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "1")
    assert output.width() == 20

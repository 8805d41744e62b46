# SPDX-License-Identifier: Apache-2.0
"""Messages: whole sentences in plain English, printed by the command alone, and warnings that point at the user's line."""

from __future__ import annotations

import ast
import datetime
import re
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from qiskit import QuantumCircuit
from tests.support import ROOT
from tests.support.messages import PACKAGE, Message, main, messages

from qiskit_ibm_native import CalibrationArchive, Snapshot, Sweep, best_layouts, build_target, exceptions
from qiskit_ibm_native._former_names import advice_for

#: Errors that people get as they are, warnings and logs; texts of other errors become parts of these.
PUBLIC = {
    name
    for name, kind in vars(exceptions).items()
    if isinstance(kind, type) and issubclass(kind, exceptions.IBMError | Warning)
}
#: Placeholders that end a message may be sentences, such as the message of another error.
_SENTENCES = re.compile(
    r"error|reason|hint|because|suggestion|message|more|sentence|problem|text|why|retired|found|turned|near_names"
    r"|members|where|advice|details|%s|%r"
)
_NAMELESS = re.compile(r"(^|[.:] )(What|Whoever|Whatever|Whichever|Nobody|None) ")


def sentences() -> list[Message]:
    return [
        message
        for message in messages()
        if not message.is_part
        and (message.kind in PUBLIC - {"MissingPackageError"} or message.kind.startswith(("log", "warning")))
    ]


def arguments_of(path: Path) -> set[str]:
    return {node.arg for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.arg)}


def test_messages_begin_with_a_capital_or_a_name() -> None:
    names = set[str]().union(*(arguments_of(path) for path in PACKAGE.rglob("*.py"))) | {"operational", "coupling_map"}
    wrong = []
    for message in sentences():
        first = re.match(r"[a-z]\w*(?=[ ,:])", message.text)
        if first is not None and (first.group() not in names or first.group() in {"a", "an", "the", "there", "it"}):
            wrong.append(str(message))
    assert not wrong, "\n".join(wrong)


def test_messages_end_with_a_full_stop_or_another_sentence() -> None:
    wrong = []
    for message in sentences():
        last = re.search(r"(\{(?:[^{}]|\{[^{}]*\})*\}|%[sr])$", message.text)
        is_ended = message.text.endswith((".", "?")) or (last is not None and _SENTENCES.search(last.group()))
        if not is_ended:
            wrong.append(str(message))
    assert not wrong, "\n".join(wrong)


def test_messages_are_plain_english() -> None:
    wrong = [
        str(message)
        for message in messages()
        if _NAMELESS.search(message.text)
        or "in vain" in message.text
        or re.search(r"\.\.$|  |^ | $", message.text.replace("...", ""))
        # "It is no number" is "it is not a number".
        or (
            message.kind != "ImportError"
            and re.search(r"(?<!there )(?<!There )\b(is|was|be) no (?!longer|more|later)", message.text)
        )
    ]
    assert not wrong, "\n".join(wrong)


def test_advice_about_former_names_ends_where_its_sentence_does() -> None:
    assert "." not in (advice_for("jupyter") or ".")[-1:]
    for message in messages():
        assert not message.text.endswith(". .")


def test_the_verb_lists_every_message(capsys: pytest.CaptureFixture[str]) -> None:
    assert main() == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(messages()) > 700
    assert lines == [" ".join(str(message).split()) for message in sorted(messages())]
    # An error of a class, of a function that makes one, a warning and a log.
    for expected in (
        r"provider/provider\.py:\d+: IBMProviderValueError: The provider is closed\.",
        r"pulse/instructions\.py:\d+: PulseError: Expected a channel, got \{channel!r\}\.",
        r"layouts/search\.py:\d+: warning: Circuit \{circuit\.name!r\} fits into more than",
        r"client/transport\.py:\d+: log debug: %s failed \(%s\); again in %\.2f s",
    ):
        assert any(re.match(expected, line) for line in lines), expected
    assert "messages:" in (ROOT / "Makefile").read_text()


def test_messages_are_found_in_calls_of_functions_and_in_choices(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text(
        "def refuse(name, message):\n    raise IBMError(f'{name}: {message}')\n"
        "def fail(flag):\n    refuse('a', 'First.' if flag else f'Second {flag!r:.9}.')\n"
        "    logger.log(level, 'Third %s', flag)\n    warnings.warn('Fourth.', stacklevel=2)\n"
    )
    assert [(message.kind, message.text, message.is_part) for message in messages(tmp_path)] == [
        ("IBMError", "{name}: {message}", False),
        ("IBMError", "First.", True),
        ("IBMError", "Second {flag!r:.9}.", True),
        ("log", "Third %s", False),
        ("warning", "Fourth.", False),
    ]


def test_only_the_command_prints() -> None:
    printing = [
        f"{path.relative_to(PACKAGE)}:{node.lineno}"
        for path in PACKAGE.rglob("*.py")
        if path.relative_to(PACKAGE).parts[0] not in ("cli", "__main__.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert not printing

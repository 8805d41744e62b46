# SPDX-License-Identifier: Apache-2.0
"""Messages: whole sentences in plain English, printed by the command alone; warnings that point at the user's line."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from qiskit import QuantumCircuit
from tests.support import ROOT
from tests.support.device import configuration, payload, properties
from tests.support.messages import PACKAGE, Message, main, messages

from qiskit_ibm_native import CalibrationArchive, Snapshot, Sweep, best_layouts, build_target, exceptions
from qiskit_ibm_native._warning import warn
from qiskit_ibm_native.provider.jobs import circuit_job
from qiskit_ibm_native.pulse import Constant, DriveChannel, InstructionScheduleMap, Play, Schedule
from qiskit_ibm_native.snapshot.imports import read_calibrations

#: Errors that people get as they are, warnings and logs; texts of other errors become parts of these.
PUBLIC = {
    name
    for name, kind in vars(exceptions).items()
    if isinstance(kind, type) and issubclass(kind, exceptions.IBMError | Warning)
}
#: Placeholders that end a message may be sentences, such as the message of another error.
_SENTENCES = re.compile(
    r"error|reason|hint|because|suggestion|message|more|sentence|problem|text|why|retired|found|turned|near_names"
    r"|members|where|advice|details|did_you_mean|%s|%r"
)
_NAMELESS = re.compile(r"(^|[.:] )(What|Whoever|Whatever|Whichever|Nobody|None) ")


#: Reading all syntax trees takes seconds.
messages = cache(messages)


def sentences() -> list[Message]:
    return [
        message
        for message in messages()
        if not message.is_part
        # Models have the texts of the official client's.
        and not message.file.startswith("models/")
        and (message.kind in PUBLIC - {"MissingPackageError"} or message.kind.startswith(("log", "warning")))
    ]


def names_in(path: Path) -> set[str]:
    """Return the names of arguments and functions of a file."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    arguments = {node.arg for node in nodes if isinstance(node, ast.arg)}
    return arguments | {node.name for node in nodes if isinstance(node, ast.FunctionDef)}


def test_messages_begin_with_a_capital_or_a_name() -> None:
    names = set[str]().union(*(names_in(path) for path in PACKAGE.rglob("*.py")))
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
        if path.relative_to(PACKAGE).parts[0] != "cli" and path.name != "__main__.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert not printing


# Warnings


def within(function: Callable[[], object]) -> list[warnings.WarningMessage]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        function()
    return caught


def test_all_warnings_are_given_by_one_function() -> None:
    # The other one is given while the official client is being imported.
    places = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if "warnings.warn(" in path.read_text(encoding="utf-8")
    }
    assert places == {"_warning.py", "acceleration/switch.py"}


def test_a_warning_points_at_the_nearest_line_outside_of_the_package(tmp_path: Path) -> None:
    namespace: dict[str, Any] = {"__name__": "qiskit_ibm_native.somewhere", "warn": warn}
    code = (
        "from contextlib import contextmanager\nfrom functools import cache\n"
        "@contextmanager\ndef managed():\n    warn('managed')\n    yield\n"
        "@cache\ndef kept():\n    warn('kept')\n"
        "def deep(count):\n    deep(count - 1) if count else warn('deep', RuntimeWarning)\n"
        "def each():\n    warn('each')\n    yield 1\n"
        "def enter():\n    with managed(): pass\n"
    )
    exec(compile(code, "package.py", "exec"), namespace)
    for call in (
        namespace["enter"],
        namespace["kept"],
        lambda: namespace["deep"](5),
        lambda: list(namespace["each"]()),
    ):
        (told,) = within(call)
        assert told.filename == __file__


def calibrations_of_lima() -> list[Snapshot]:
    lima = Snapshot.load("lima")
    return [lima, lima.with_overrides(date="2024-05-01T00:00:00Z")]


def best_of_few(_: Path) -> object:
    circuit = QuantumCircuit(1)
    circuit.sx(0)
    return best_layouts(circuit, calibrations_of_lima(), most_layouts=2)


def imported(path: Path, take: Callable[[Path], object]) -> Callable[[], object]:
    """Return a call that imports a table whose time of the day has to be assumed."""
    table = path / "ibmq_lima 2021-04-01.csv"
    table.write_text("Qubit,T1 (us)\n" + "".join(f"{qubit},{qubit + 1}\n" for qubit in range(5)))
    return lambda: take(table)


def archive_with_damage(path: Path) -> CalibrationArchive:
    archive = CalibrationArchive(path / "archive.sqlite3")
    for snapshot in calibrations_of_lima():
        archive.add(snapshot)
    with archive._database.writing() as connection:
        connection.execute("UPDATE payloads SET packed = x'00' WHERE id = (SELECT max(properties) FROM calibrations)")
    return archive


def read_damaged_range(path: Path) -> object:
    with archive_with_damage(path) as archive:
        return archive.export(path / "out", backend="lima", provenance="any")


def read_damaged_series(path: Path) -> object:
    with archive_with_damage(path) as archive:
        return archive.series("lima", "t1", provenance="any")


def failing_sweep(path: Path) -> object:
    with ThreadPoolExecutor(1) as pool:
        circuit = QuantumCircuit(9)
        circuit.cx(0, 8)
        return Sweep(circuit, "lima").run(pool, path / "ledger.sqlite3")


def scheduled(_: Path) -> object:
    schedules = InstructionScheduleMap()
    return schedules.add("x", 0, lambda amp: Schedule(Play(Constant(9, amp), DriveChannel(0))), arguments=["amp"])


def undefined_gate(_: Path) -> object:
    strange = configuration(basis_gates=["cx", "warp"], supported_instructions=["measure"])
    return build_target(Snapshot.from_payloads(payload(strange), payload(properties())))


@pytest.mark.parametrize(
    "call", [best_of_few, read_damaged_range, read_damaged_series, failing_sweep, scheduled, undefined_gate]
)
def test_warnings_point_at_the_line_of_the_user(call: Callable[[Path], object], tmp_path: Path) -> None:
    told = within(lambda: call(tmp_path))
    assert told
    assert {warning.filename for warning in told} == {__file__}


@pytest.mark.parametrize("through", ["archive", "function"])
def test_what_an_import_assumes_points_at_the_line_of_the_user(through: str, tmp_path: Path) -> None:
    with CalibrationArchive(tmp_path / "archive.sqlite3") as archive:
        take = {
            "archive": lambda path: archive.import_folder(path, configuration="lima", time_zone="UTC"),
            "function": lambda path: read_calibrations(path, configuration="lima", time_zone="UTC"),
        }[through]
        told = within(imported(tmp_path, take))
    assert told
    assert {warning.filename for warning in told} == {__file__}


def test_warnings_of_jobs_point_at_the_line_of_the_user(vigo: Any, local_provider: Any, monkeypatch: Any) -> None:
    for listed in (local_provider.jobs, local_provider.backend.jobs):
        (told,) = within(lambda listed=listed: listed(legacy=True))
        assert told.filename == __file__
    circuit = QuantumCircuit(1)
    circuit.measure_all()
    monkeypatch.setattr(circuit_job, "advice_on_simulation", lambda _: "Take more shots.")
    job = vigo.run(circuit, shots=10)
    (told,) = within(job.result)
    assert told.filename == __file__
    assert within(job.result) == []

# SPDX-License-Identifier: Apache-2.0
"""Mutated payloads against the official client. A sample; ``make differential`` runs thousands."""

from __future__ import annotations

import hashlib
import inspect
import json
import re
import subprocess
import sys
from random import Random
from typing import Any

import pytest
from tests.support import ROOT, differential
from tests.support.deviations import ACCEPTED, REFUSED, REPEATED_KEY, ROWS
from tests.support.device import configuration, gate, payload, properties, put, quantity
from tests.support.differential import Case, Unexplained, agreement, failure, run, small_devices, verdict
from tests.support.mutations import device, mutated, mutations

DEFAULT = {"use_fractional_gates": None}
CONF, PROPS = "configuration", "properties"
CUSTOM = {"name": "own", "parameters": None, "qasm_def": None, "coupling_map": [[0]]}
FLAG = quantity("operational", "", 0)

#: For each row, in turn: payloads, paths in them, and values there that the row is about; ``...`` leaves the key out.
EXAMPLES: list[tuple[str, list[tuple[str, list[Any], Any]]]] = [
    (
        "unknown keys",
        [
            (CONF, ["gates", 0, "new_key"], 1),
            (PROPS, ["qubits", 0, 0, "new_key"], 1),
            (PROPS, ["self"], 1),
            (PROPS, ["gates", 0, "parameters", 0, "x"], 1),
        ],
    ),
    ("missing keys", [*((CONF, [key], ...) for key in ("memory", "local", "simulator", "conditional", "online_date", "coupling_map", "backend_version", "open_pulse")),
                      *((PROPS, [key], ...) for key in ("general", "last_update_date", "backend_name", "backend_version")),
                      (CONF, ["gates", 0, "parameters"], ...), (CONF, ["gates", 0, "qasm_def"], ...), (PROPS, ["qubits", 1, 1, "date"], ...)]),
    ("a qubit without values", [(PROPS, ["qubits", 1], []), (PROPS, ["qubits"], [])]),
    ("first place of a gate without coupling map faulty", [(PROPS, ["gates", 0], gate("reset", [0], 0.1, 1, FLAG))]),
    ("`null` for `timing_constraints`, `instruction_signatures`, `supported", [(CONF, ["timing_constraints"], None), (CONF, ["instruction_signatures"], None),
                      (CONF, ["instruction_signatures"], [{"name": "m", "num_qubits": 1, "num_clbits": 0, "parameters": None}]), (PROPS, ["qubits", 0, 0, "value"], None)]),
    ("a date that is none", [(PROPS, ["qubits", 0, 0, "date"], value) for value in ("some day", 0, None, [])] + [(PROPS, ["general", 0, "date"], "")]),
    ("values that targets do not need", [(PROPS, ["general"], 5), (PROPS, ["general"], [[1]]), (CONF, ["dtm"], "x"), (CONF, ["meas_lo_range"], [[1]]),
                      (CONF, ["online_date"], "some day"), (CONF, ["online_date"], 0), (CONF, ["u_channel_lo"], None), (CONF, ["rep_times"], 1)]),
    ("an integer of more than 4,300 digits", [(CONF, ["other"], "9" * 5000)]),
    ("half of a surrogate pair in a name", [(CONF, ["instruction_signatures"], [{"name": "m\ud800", "num_qubits": 1, "num_clbits": 0, "parameters": []}])]),
    ("`timing_constraints` that contain", [(CONF, ["timing_constraints"], {"granularity": 2, "num_qubits": 4}), (CONF, ["timing_constraints", "dt"], 1.0),
                      (CONF, ["timing_constraints", "description"], "x")]),
    ("integers of 2^53", [(PROPS, ["qubits", 0, 2, "value"], 2**53 + 1)]),
    ("configuration and properties that name different", [(PROPS, ["backend_name"], "ibm_other")]),
    ("a qubit index that is not below", [(PROPS, ["gates", 3, "qubits", 0], 3), (CONF, ["gates", 4, "coupling_map", 0, 1], 1000)]),
    ("`n_qubits` above 65,536", [(CONF, ["n_qubits"], 65_537), (CONF, ["n_qubits"], 10**30)]),
    ("more than 128 levels", [(CONF, ["other"], json.loads("[" * 200 + "]" * 200))]),
    ("a number that no 64-bit float", [(CONF, ["dt"], "1e400"), (PROPS, ["qubits", 0, 4, "value"], "-1e999")]),
    ("UTF-16 and UTF-32", [(CONF, [], "utf-16"), (PROPS, [], "utf-32"), (CONF, ["description"], "utf-8")]),
    ("another JSON type than a string", [(CONF, ["backend_name"], 5), (PROPS, ["last_update_date"], 0), (PROPS, ["backend_name"], 5), (CONF, ["supported_instructions", 0], None),
                      *((CONF, ["basis_gates", 0], value) for value in (True, 5)), (CONF, ["supported_instructions", 3], 5), (CONF, ["gates", 0, "name"], 5),
                      (CONF, ["gates", 1, "parameters", 0], 5), (PROPS, ["gates", 0, "gate"], 5), (PROPS, ["qubits", 0, 0, "name"], None), (PROPS, ["qubits", 0, 3, "unit"], [])]),
    ("another JSON type than an array", [(CONF, ["supported_instructions"], "x"), (CONF, ["instruction_signatures"], {}), (CONF, ["timing_constraints"], []),
                      (CONF, ["gates", 1, "parameters"], 5), (PROPS, ["gates"], ""), (PROPS, ["gates"], {}), (PROPS, [], "[]"), (CONF, ["gates", 4, "coupling_map"], "")]),
    ("`true`, `false`, `1.0` or `-0`", [(CONF, ["dt"], True), (CONF, ["timing_constraints", "granularity"], True), (PROPS, ["gates", 1, "qubits", 0], True),
                      (PROPS, ["gates", 1, "qubits", 0], 1.0), (CONF, ["gates", 0, "coupling_map", 0, 0], False)]),
    ("white space, `_` or `+`", [(PROPS, ["last_update_date"], date) for date in ("202\n-02-03T04:05:06", "2024-02-03T04:05:+6", "2_24-02-03")]),
    ("no qubits at all", [(PROPS, ["gates", 1], gate("other", [])), (CONF, ["gates", 5], {**CUSTOM, "coupling_map": [[]]})]),
    ("text or a list with a unit", [(PROPS, ["qubits", 0, 2], quantity("anharmonicity", "kHz", "x"))]),
    ("an earlier value of a key", [(CONF, ["backend_name"], "twice"), (PROPS, ["qubits"], "twice")]),
]  # fmt: skip


def example(name: str, path: list[Any], value: Any) -> tuple[bytes, bytes]:
    """Return the payloads of three qubits with a value exchanged."""
    contents = {CONF: configuration(), PROPS: properties()}
    raw = isinstance(value, str) and (
        value[:3] in ("999", "1e4", "-1e", "[]") or value.startswith("utf") or value == "twice"
    )
    text = payload(contents[name] if not path else put(contents[name], path, "here" if raw else value)).decode()
    if value == "twice":
        text = payload(contents[name]).decode().replace(f'"{path[0]}":', f'"{path[0]}": 5, "{path[0]}":', 1)
    elif raw and path and value == "utf-8":
        return text.encode().replace(b"here", "\ud800".encode("utf-8", "surrogatepass")), payload(contents[PROPS])
    elif raw and not path and value.startswith("utf"):
        payloads = {key: payload(content) for key, content in contents.items()} | {name: text.encode(value)}
        return payloads[CONF], payloads[PROPS]
    elif raw:
        text = text.replace('"here"', value) if path else value
    payloads = {key: payload(content) for key, content in contents.items()} | {name: text.encode()}
    return payloads[CONF], payloads[PROPS]


@pytest.mark.parametrize(("row", "cases"), EXAMPLES, ids=[row for row, _ in EXAMPLES])
def test_rows_about_payloads_are_true(row: str, cases: list[tuple[str, list[Any], Any]]) -> None:
    """Each row is about what the two clients really do, and about nothing else."""
    for name, path, value in cases:
        found = agreement(*example(name, path, value), DEFAULT)
        assert [known[: len(row)] for known in found] == [row], (name, path, value, found)


def test_rows_are_those_of_the_document() -> None:
    text = (ROOT / "docs/deviations.md").read_text()
    cells = {row.split("|")[1].strip() for row in re.findall(r"^\|.*\|$", text, re.MULTILINE)}
    assert cells >= ROWS
    assert len(ROWS) == len(ACCEPTED) + len(REFUSED) + 1 == len(EXAMPLES)
    assert all(any(known.startswith(row) for known in ROWS) for row, _ in EXAMPLES)


@pytest.mark.slow
def test_a_sample_of_mutated_payloads() -> None:
    ends, failures = run("differential", range(1_000_000, 1_000_200))
    assert not failures
    assert ends["equal"] > 70
    assert ends["both refuse"] > 20


def test_a_sample_of_large_mutated_payloads() -> None:
    ends, failures = run("large", range(20))
    assert not failures
    assert ends["taken"] > 5


def digest(count: int = 200) -> str:
    """Return what becomes of three qubits in many cases."""
    sources = device(configuration(), properties())
    found = hashlib.sha256()
    for number in range(count):
        chosen = mutations(Random(number), sources)
        for name, source in sources.items():
            found.update(mutated(source, name, chosen))
    return found.hexdigest()


def test_cases_are_the_same_in_every_process() -> None:
    code = "import hashlib\nfrom random import Random\nfrom tests.support.device import *\nfrom tests.support.mutations import *\n"
    code += f"{inspect.getsource(digest)}\nprint(digest())"
    environment = {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "1"}
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env=environment)
    assert run.stdout.strip() == digest()


def test_mutations_change_what_they_say_and_nothing_else() -> None:
    sources = device(configuration(), properties())
    for number in range(300):
        chosen = mutations(Random(number), sources)
        for name, source in sources.items():
            edits = sum(len(change.edits) for change in chosen if change.payload == name)
            assert edits or mutated(source, name, chosen) == source.text.encode("latin-1")


def test_a_difference_that_no_row_tells_is_told_with_one_mutation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(differential, "ACCEPTED", [])
    monkeypatch.setattr(differential, "REFUSED", [])
    told = 0
    for number in range(80):
        case = Case.of(number, small_devices())
        text = failure(case, verdict)
        if text is not None and len(case.mutations) > 1:
            told += 1
            assert f"case {number}: " in text
            assert len(text.splitlines()) == 3
    assert told > 1


def test_a_repair_has_to_lead_to_equal_targets(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row does not excuse whatever is wrong besides."""
    other = put(properties(), ["qubits", 0, 0, "value"], 7.0)
    monkeypatch.setattr(
        differential, "load", lambda content: other if b"last_update_date" in content else json.loads(content)
    )
    with pytest.raises(Unexplained, match="qubits"):
        agreement(payload(configuration(memory=...)), payload(properties()), DEFAULT)
    assert REPEATED_KEY in ROWS

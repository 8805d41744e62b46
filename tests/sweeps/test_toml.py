# SPDX-License-Identifier: Apache-2.0
"""Sweeps as files: what is written is read as the same sweep, and what is wrong is told with the key."""

from __future__ import annotations

import datetime
import json
import math
import random
import re
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from qiskit import QuantumCircuit, qasm2, qpy
from qiskit.circuit import Parameter
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit.transpiler import CouplingMap
from tests.support import ROOT
from tests.support.calibrations import Drift
from tests.support.sweeping import families, ghz, misbehaving

from qiskit_ibm_native import CalibrationArchive, Choices, Snapshot, Sweep
from qiskit_ibm_native.exceptions import IBMInputValueError
from qiskit_ibm_native.sweeps.description.toml_text import NotWritableError, toml_text

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def ids(sweep: Sweep) -> list[str]:
    return [task.id for task in sweep]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


HOSTILE = [
    '"',
    "\\",
    "'''",
    '"""',
    "\n",
    "\r\n",
    "\t",
    "\0",
    "\x7f",
    "# no comment",
    "[table]",
    "a = 1",
    "é\u2028\U0001f600",
    "",
]


def test_texts_of_all_kinds_are_read_as_they_were_written() -> None:
    chance = random.Random(5)
    texts = HOSTILE + ["".join(chance.choices("".join(HOSTILE), k=30)) for _ in range(300)]
    document = {
        "texts": texts, "numbers": [0, -1, 2**70, 1e-300, 0.1, -0.0, 1e22, math.inf, -math.inf], "flags": [True, False],
        "moment": datetime.datetime(2025, 1, 2, 3, 4, 5, 6, tzinfo=datetime.timezone.utc),
        "lines": [list(range(100)), [], [[1], ["x"]]], "inline": [1, {"within": {"deeper": texts, "": []}}],
        "table": {text: text for text in texts}, "tables": [{}, {"key": {"list": [[0, 1]] * 40}}],
    }  # fmt: skip
    assert tomllib.loads(toml_text(document)) == document
    assert math.isnan(tomllib.loads(toml_text({"value": math.nan}))["value"])


@pytest.mark.parametrize("value", [None, (1, 2), {1, 2}, object(), "\ud800", {1: 2}, b"x", 1j])
def test_values_that_toml_does_not_have_are_refused(value: Any) -> None:
    with pytest.raises(NotWritableError):
        toml_text({"table": {"key": [value]}})


def unnamed() -> QuantumCircuit:
    circuit = QuantumCircuit(2, 1)
    circuit.rx(Parameter("angle"), 0)
    circuit.cx(0, 1)
    circuit.measure(1, 0)
    return circuit


def depth_in_gates(circuit: QuantumCircuit) -> float:
    return float(circuit.depth() or 0)


VARIANTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "seeds in steps": {"seeds": range(3, 30, 9)},
    "seeds of a generator": {"seeds": [7, 2**63 - 1, 0]},
    "levels": {"optimization_level": range(4), "options": {"layout_method": "trivial", "approximation_degree": 0.99}},
    "several options": {"options": [{"routing_method": "sabre"}, {}, {"timing_constraints": None}][:2]},
    "a function": {"pass_manager": misbehaving},
    "a layout": {"initial_layout": (4, 2)},
    "layouts by name": {"initial_layout": {'g"h\nz': [2, 1]}},
    "no fractional gates": {"use_fractional_gates": False},
    "several layouts": {"initial_layout": [[4, 2], (0, 1)]},
    "layouts with names": {"initial_layout": Choices({"left": [0, 1], "b y": {'g"h\nz': [2, 1]}})},
    "gates": {"basis_gates": Choices({"few": ["cz", "cx", "rz", "sx"], "more": ["cz", "cx", "rz", "sx", "x"]})},
    "one list of gates": {"basis_gates": ("cz", "cx", "rz", "sx")},
    "pairs": {"coupling_map": [(0, 1), [1, 2]]},
    "maps": {"coupling_map": Choices({"pairs": CouplingMap([[0, 1], [1, 0]]), "qubits": [0, 1, 2]})},
    "scheduling": {"scheduling_method": ["asap", "alap"]},
    "scheduling with names": {"scheduling_method": Choices({"late": "alap"})},
    "pass managers": {"pass_manager": Choices({"bad": misbehaving, "sabre": {"routing_method": "sabre"}})},
    "options as a pass manager": {"pass_manager": {"routing_method": "sabre"}},
    "pass managers without names": {"pass_manager": [misbehaving, {"routing_method": "sabre"}]},
    "options with names": {"options": Choices({"a b": {"layout_method": "trivial"}, "c": {}})},
    "metrics": {"metrics": {"gates": depth_in_gates}},
    "an objective": {"objective": "esp", "stop_when": {"no_better_in": 5, "reaches": 0.99}, "seeds": range(20)},
    "a metric as objective": {"objective": "-gates", "stop_when": 3, "metrics": {"gates": depth_in_gates}},
}


@pytest.mark.parametrize("name", VARIANTS)
def test_a_sweep_that_was_written_has_the_same_tasks(name: str, folder: Path) -> None:
    sweep = Sweep([ghz(2, 'g"h\nz'), unnamed(), unnamed()], ["fez", "ibmq_vigo"], **VARIANTS[name])
    text = sweep.to_toml()
    assert ids(Sweep.from_toml(text)) == ids(sweep)
    assert [task.axes for task in Sweep.from_toml(text)] == [task.axes for task in sweep]
    assert Sweep.from_toml(text).columns == sweep.columns
    assert Sweep.from_toml(text).objective == sweep.objective
    assert list(folder.iterdir()) == []
    (folder / "other").mkdir()
    assert "plan.qpy" in sweep.to_toml("other/plan.toml")
    read = Sweep.from_toml("other/plan.toml")
    assert ids(read) == ids(sweep)
    # A sweep of a file can be written again, elsewhere.
    assert ids(Sweep.from_toml(read.to_toml("again.toml"))) == ids(sweep)
    assert sorted(path.name for path in folder.rglob("*.*")) == ["again.toml", "plan.qpy", "plan.toml"]


def test_files_and_devices_are_written_as_they_were_given(folder: Path) -> None:
    (folder / "circuits").mkdir()
    for circuit in families(4):
        if circuit.name.startswith(("ghz", "qaoa")):
            (folder / "circuits" / f"{circuit.name}.qasm").write_text(qasm2.dumps(circuit))
    changed = Snapshot.load("lima").with_overrides(t1={0: 1e-4})
    changed.save(folder / "saved.zip")
    devices = ["fez", Snapshot.load("vigo"), Path("saved.zip"), changed]
    sweep = Sweep(["circuits", Path("circuits/ghz_n4.qasm")], devices)
    (folder / "plans").mkdir()
    document = tomllib.loads(sweep.to_toml("plans/first.toml"))
    assert document["circuits"] == ["../circuits", "../circuits/ghz_n4.qasm"]
    assert document["snapshots"] == ["fez", "ibmq_vigo", "../saved.zip", f"first-ibmq_lima-{changed.digest[:12]}.zip"]
    assert ids(Sweep.from_toml(folder / "plans" / "first.toml")) == ids(sweep)
    # Without a file beside it, a snapshot of one's own has no place.
    with pytest.raises(
        IBMInputValueError, match=r"snapshot of ibmq_lima cannot be written into the text: to_toml\('plan"
    ):
        sweep.to_toml()


ODD_NAMES = ["~mine", "x[1]", "a*b", "OPENQASM 3", "f\u00fc\u00df", " lead", 'quote"', "back\\slash", "#hash", "tab\t"]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_files_of_odd_names_are_found_again(name: str, folder: Path) -> None:
    Snapshot.load("lima").with_overrides(t1={0: 1e-4}).save(folder / f"{name}.zip")
    for inside in (f"{name}.qasm", f"{name}/one.qasm"):
        path = Path(inside)
        path.parent.mkdir(exist_ok=True)
        path.write_text(qasm2.dumps(ghz(2)))
        for given in (path, inside, path.absolute()):
            sweep = Sweep(given, Path(f"{name}.zip"))
            assert ids(Sweep.from_toml(sweep.to_toml())) == ids(sweep)
            document = tomllib.loads(sweep.to_toml("plan.toml"))
            assert [path.name for path in map(Path, document["circuits"])] == [path.name]
            assert ids(Sweep.from_toml("plan.toml")) == ids(sweep)


def test_a_file_that_is_called_as_a_bundled_device_is_that_file(folder: Path) -> None:
    Snapshot.load("lima").with_overrides(t1={0: 1e-4}).save(folder / "saved.zip")
    (folder / "saved.zip").rename(folder / "fez")
    sweep = Sweep(ghz(2), Path("fez"))
    assert tomllib.loads(sweep.to_toml("plan.toml"))["snapshots"] == ["./fez"]
    assert ids(Sweep.from_toml("plan.toml")) == ids(sweep) != ids(Sweep(ghz(2), "fez"))


def test_a_path_that_reads_as_a_program_is_refused(folder: Path) -> None:
    path = Path("two\nlines.qasm")
    path.write_text(qasm2.dumps(ghz(2)))
    with pytest.raises(
        IBMInputValueError, match=r"'two.nlines.qasm' cannot be written: it reads as an OpenQASM program"
    ):
        Sweep(path, "lima").to_toml("plan.toml")
    assert list(folder.iterdir()) == [folder / path]


@pytest.mark.parametrize("name", ["a/b", "../up", "x" * 300, "\0", "", "two\nlines"])
def test_devices_of_any_name_are_written_beside_the_file(name: str, folder: Path) -> None:
    payloads = [json.loads(payload) for payload in Snapshot.load("lima").payloads[:2]]
    changed = Snapshot.from_payloads(*(json.dumps({**payload, "backend_name": name}).encode() for payload in payloads))
    (folder / "plans").mkdir()
    sweep = Sweep(ghz(2), changed)
    sweep.to_toml("plans/plan.toml")
    assert ids(Sweep.from_toml("plans/plan.toml")) == ids(sweep)
    assert {path.suffix for path in (folder / "plans").iterdir()} == {".toml", ".zip", ".qpy"}
    assert list(folder.iterdir()) == [folder / "plans"]


def test_iterators_are_written_by_what_they_gave(folder: Path) -> None:
    sweep = Sweep((ghz(size) for size in (2, 3)), iter(["fez", "vigo"]), seeds=iter([4, 1]))
    assert ids(Sweep.from_toml(sweep.to_toml())) == ids(sweep)
    with pytest.raises(IBMInputValueError, match="optimization_level cannot be written: it was given by an iterator"):
        Sweep(ghz(2), "fez", optimization_level=iter([1])).to_toml()


def test_periods_of_archives_stay_periods(folder: Path) -> None:
    with CalibrationArchive("cal.sqlite3") as archive:
        for payloads in Drift("fez").calibrations(5):
            archive.add(Snapshot.from_payloads(*payloads))
        whole = archive.between("fez")
        times = whole.times
        sweep = Sweep(ghz(2), whole[1:4])
        document = tomllib.loads(sweep.to_toml("plan.toml"))
        assert [entry["archive"] for entry in document["snapshots"]] == ["cal.sqlite3"]
        assert document["snapshots"][0]["between"][0] == times[1]
        assert ids(Sweep.from_toml("plan.toml")) == ids(sweep)
        some = Sweep(ghz(2), [whole[::2], "fez"])
        assert len(tomllib.loads(some.to_toml())["snapshots"]) == 4
        assert ids(Sweep.from_toml(some.to_toml())) == ids(some)
        first, last = (f"{time:%Y-%m-%dT%H:%M:%S.%f}" for time in (times[1], times[3]))
        text = 'circuits = "plan.qpy"\nsnapshots = {archive = "cal.sqlite3", backend = "fez"'
        # The end is not in it; times without an offset are in UTC, and dates are their midnight.
        assert ids(Sweep.from_toml(f"{text}, between = [{first}, {last}Z]}}\n")) == ids(sweep)[:2]
        assert ids(Sweep.from_toml(f"{text}, between = [2020-01-01, {last}]}}\n")) == ids(Sweep(ghz(2), whole[:3]))
        assert ids(Sweep.from_toml(f"{text}}}\n")) == ids(Sweep(ghz(2), whole))


def test_circuits_are_found_by_patterns_and_programs(folder: Path) -> None:
    for size in (2, 3):
        (folder / f"ghz_{size}.qasm").write_text(qasm2.dumps(ghz(size)))
    (folder / "odd[1].qasm").write_text(qasm2.dumps(ghz(4)))
    (folder / "plan.toml").write_text(
        "circuits = [\"ghz_*.qasm\", \"odd[1].qasm\", '''\nOPENQASM 2.0;\ninclude \"qelib1.inc\";\nqreg q[2];\nh q[0];\n''']\n"
        'snapshots = "lima"\noptimization_level = 1\nseeds = {start = 1, stop = 6, step = 2}\n'
    )
    sweep = Sweep.from_toml("plan.toml")
    assert sweep.shape == (1, 1, 3, 4)
    assert [task.circuit for task in sweep[:3]] == ["ghz_2", "ghz_3", "odd[1]"]
    assert [task.seed for task in sweep[::4]] == [1, 3, 5]
    assert len(Sweep.from_toml('circuits = "ghz_2.qasm"\nsnapshots = "lima"\nseeds = "0..999"\n')) == 1000


def test_the_example_of_the_page_is_a_sweep(folder: Path) -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", (ROOT / "docs/sweeps.md").read_text(), re.DOTALL)
    (folder / "circuits").mkdir()
    (folder / "circuits" / "ghz.qasm").write_text(qasm2.dumps(ghz(3)))
    with (folder / "more.qpy").open("wb") as file:
        qpy.dump(ghz(3, "other"), file)
    Snapshot.load("lima").save(folder / "saved.zip")
    with CalibrationArchive("cal.sqlite3") as archive:
        archive.add(Snapshot.load("fez"))
    text = text.replace("package.module:function", "tests.support.sweeping:misbehaving")
    text = text.replace("package.module:cx_depth", f"{__name__}:depth_in_gates")
    # The bundled calibration is of a later month.
    text = text.replace("2025-02-01]", "2025-03-01]").replace("[5, 6, 7]", "[2, 3, 4]")
    sweep = Sweep.from_toml(text)
    assert sweep.shape == (3, 2, 1000, 4)
    assert sweep.columns == (("pass_manager", "initial_layout"), ("cx_depth",))
    assert sweep[0].axes["initial_layout"] == "left"


RIGHT = 'circuits = "a.qasm"\nsnapshots = "fez"\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (RIGHT + "optimisation_level = 1\n", r"plan.toml: optimisation_level is no key; did you mean 'optimization_level'\?"),
        (RIGHT + 'devices = "fez"\n', r"devices is no key; did you mean 'snapshots'\?"),
        (RIGHT + "zzz = 1\n", "zzz is no key; there are circuits, .*stop_when"),
        ('circuits = "a.qasm"\n', "plan.toml: snapshots is missing"),
        ('snapshots = "fez"\n', "plan.toml: circuits is missing"),
        (RIGHT + "seeds = [1\n", "plan.toml is not valid TOML: "),
        (RIGHT + 'seeds = "0-9"\n', 'plan.toml: seeds is a number, a list, or "first..last", not \'0-9\''),
        (RIGHT + "seeds = {start = 1, end = 2}\n", r"seeds.end is no key; there are start, stop, step"),
        (RIGHT + "seeds = {start = 1}\n", "seeds has whole numbers start, stop"),
        (RIGHT + "[options]\nlayout_methd = 'trivial'\n", "no option 'layout_methd'; did you mean 'layout_method'"),
        (RIGHT + 'use_fractional_gates = "no"\n', "plan.toml: use_fractional_gates is true or false, not 'no'"),
        (RIGHT + 'pass_manager = "no_such_module_xyz:f"\n', "plan.toml: pass_manager: module 'no_such_module_xyz' cannot be"),
        (RIGHT + 'pass_manager = "math:sine"\n', "plan.toml: pass_manager: module 'math' has no 'sine'"),
        (RIGHT + 'pass_manager = "math:pi"\n', "plan.toml: pass_manager: 'math:pi' is not a function, but float"),
        (RIGHT + 'pass_manager = "math.sin"\n', 'plan.toml: pass_manager must name a function as "module:function"'),
        (RIGHT + 'metrics = "math:sin"\n', "plan.toml: metrics is a table"),
        (RIGHT + '[metrics]\ncount = "math:sine"\n', "plan.toml: metrics.count: module 'math' has no 'sine'"),
        ('circuits = 1\nsnapshots = "fez"\n', "plan.toml: circuits is a path or an OpenQASM program, not 1"),
        ('circuits_qpy = "!"\nsnapshots = "fez"\n', "plan.toml: circuits_qpy is no base64 text"),
        ('circuits_qpy = "AAAA"\nsnapshots = "fez"\n', "plan.toml: circuits_qpy is no QPY"),
        ('circuits = "a.qasm"\nsnapshots = ["fez", 3]\n', r"plan.toml: snapshots\[1\] is the name of a device, a path"),
        ('circuits = "a.qasm"\nsnapshots = [{archiv = "x"}]\n', r"snapshots\[0\].archiv is no key; did you mean 'archive'\?"),
        ('circuits = "a.qasm"\nsnapshots = [{archive = "x"}]\n', r"snapshots\[0\] needs texts 'archive'"),
        ('circuits = "a.qasm"\nsnapshots = {archive = "a.qasm", backend = "fez", between = 1}\n', "snapshots.between is the start"),
        ('circuits = "a.qasm"\nsnapshots = {archive = "a.qasm", backend = "fez", between = [1, 2]}\n', "between has dates, not 1"),
        (RIGHT + "initial_layout = [0, 1]\n[initial_layout_by_circuit]\na = [0, 1]\n", "cannot stand beside initial_layout"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_file_is_told_with_its_key(text: str, message: str, folder: Path) -> None:
    (folder / "a.qasm").write_text(qasm2.dumps(ghz(2)))
    (folder / "plan.toml").write_text(text)
    with pytest.raises(IBMInputValueError, match=message):
        Sweep.from_toml("plan.toml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('circuits = ["none.qasm"]\nsnapshots = "fez"\n', r"circuits\[0\]: there is no circuit 'none.qasm' in "),
        ('circuits = "n*.qasm"\nsnapshots = "fez"\n', r"circuits: there is no circuit 'n\*.qasm' in "),
        ('circuits = "a.qasm"\nsnapshots = "fzz"\n', "snapshots: there is no bundled device 'fzz', and no such file in "),
        ('circuits = "a.qasm"\nsnapshots = {archive = "none", backend = "fez"}\n', "snapshots.archive: there is no archive"),
    ],
)  # fmt: skip
def test_files_that_are_not_there_are_told(text: str, message: str, folder: Path) -> None:
    (folder / "a.qasm").write_text(qasm2.dumps(ghz(2)))
    with pytest.raises(FileNotFoundError, match=message):
        Sweep.from_toml(text)
    with pytest.raises(FileNotFoundError):
        Sweep.from_toml(folder / "none.toml")
    assert sorted(path.name for path in folder.iterdir()) == ["a.qasm"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"pass_manager": partial(misbehaving)}, "pass_manager cannot be written: a file names functions as"),
        ({"snapshots": GenericBackendV2(5, seed=1)}, "Device 'generic_backend_5q' cannot be written: it is a target"),
        ({"snapshots": iter([GenericBackendV2(5, seed=1)])}, "Device 'generic_backend_5q' cannot be written: it is a target"),
        ({"options": {"hls_config": None}}, "options.hls_config cannot be written: a file has no NoneType"),
        ({"pass_manager": misbehaving, "options": [{}, {"x": [1j]}]}, r"options\[1\].x\[0\] cannot be written: a file has no complex"),
        ({"pass_manager": misbehaving, "options": {"x": (1, 2)}}, r"the file would have another setting than x=\(1, 2\)"),
        ({"pass_manager": misbehaving, "options": {"x": "\ud800"}}, "options.x cannot be written: the text .* cannot be encoded"),
    ],
)  # fmt: skip
def test_what_a_file_cannot_say_is_refused_with_a_way_out(arguments: Any, message: str, folder: Path) -> None:
    sweep = Sweep(**{"circuits": ghz(2), "snapshots": "fez", **arguments})
    with pytest.raises(IBMInputValueError, match=message):
        sweep.to_toml("plan.toml")
    # Nothing is left of a file that was not written.
    assert list(folder.iterdir()) == []


@pytest.mark.slow
def test_a_sweep_of_a_file_runs(folder: Path, pool: Any) -> None:
    sweep = Sweep([ghz(2), ghz(3)], "lima", optimization_level=(0, 1), seeds=range(2))
    done = sweep.run(pool, "sweep.sqlite3")
    sweep.to_toml("plan.toml")
    states: list[Any] = []
    again = Sweep.from_toml("plan.toml").run(pool, "sweep.sqlite3", progress=states.append)
    assert list(again) == list(done)
    assert states[-1].done == 0


def test_choices_of_a_range_are_written_and_read(folder: Path) -> None:
    lima = Snapshot.load("lima")
    with CalibrationArchive("cal.sqlite3") as archive:
        archive.add(lima, origin="https://one.example.org")
        archive.add(lima.with_overrides(t1={0: 1e-6}, date="2026-03"), origin="https://two.example.org")
        for choice, count in (({}, 1), ({"provenance": "overridden"}, 1), ({"provenance": "any", "origin": "any"}, 2)):
            sweep = Sweep(ghz(2), archive.between("lima", **choice))
            text = sweep.to_toml("plan.toml")
            assert all(f'{key} = "{value}"' in text for key, value in choice.items())
            assert len(sweep) == count
            assert ids(Sweep.from_toml("plan.toml")) == ids(sweep)
    with pytest.raises(IBMInputValueError, match="has texts as 'provenance' and 'origin'"):
        Sweep.from_toml(text.replace('"any"', "3"))

# SPDX-License-Identifier: Apache-2.0
"""``doctor`` and ``bench``, and words of the verbs of work that shells complete."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.at_terminal import at_terminal

from qiskit_ibm_native import IBMProvider
from qiskit_ibm_native.cli import completing, main
from qiskit_ibm_native.diagnosis import Finding, benchmark, doctor
from qiskit_ibm_native.diagnosis.sweep_timing import SweepTiming

FINDINGS = [
    Finding("packages", "Python", "3.11"),
    Finding("extras", "visualization", "not installed: matplotlib", "missing", "pip install it"),
    Finding("machine", "processors", "64 of 64", "advice", "export PYTHON_CPU_COUNT=2"),
]
PROBLEM = Finding("files", "archive", "a\x1b[2Jb, cannot be written", "problem", "set the variable")


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    """Return the list of what the health check will find."""
    listed = list(FINDINGS)

    def examine(*, online: bool = False) -> Iterator[Finding]:
        yield from listed
        if online:
            yield Finding("account", "service", "asked")

    monkeypatch.setattr(doctor, "examine", examine)
    return listed


def test_the_exit_status_is_1_if_something_is_to_be_done(
    found: list[Finding], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor"]) == 0
    text = capsys.readouterr().out
    assert text.splitlines()[0] == "Packages"
    assert "      pip install it" in text.splitlines()
    assert text.endswith("\nEverything works, and 1 thing could be better.\n")
    found.append(PROBLEM)
    assert main(["doctor"]) == 1
    text = capsys.readouterr().out
    assert text.endswith("1 problem to be solved.\n")
    assert "a\\x1b[2Jb" in text


def test_findings_are_json_with_their_advice(found: list[Finding], capsys: pytest.CaptureFixture[str]) -> None:
    found.append(PROBLEM)
    assert main(["doctor", "--json", "--online"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["problems"], told["advice"]) == (1, 1)
    assert told["findings"][1] == {
        "topic": "extras", "name": "visualization", "value": "not installed: matplotlib", "state": "missing",
        "advice": "pip install it",
    }  # fmt: skip
    assert told["findings"][-1]["value"] == "asked"


@pytest.mark.slow
def test_this_installation_is_well_and_nothing_is_made(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    status = main(["doctor", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert status == (1 if told["problems"] else 0)
    assert {"packages", "machine", "files", "account", "plug-ins of Qiskit"} <= {
        each["topic"] for each in told["findings"]
    }
    assert [each for each in told["findings"] if each["name"] == "check"] == []
    assert not (Path.home() / ".qiskit").exists()
    shown = at_terminal("doctor", columns=50)
    assert shown.status == status
    assert max(len(line) for line in shown.text.splitlines() if " " in line.strip()) < 80
    assert "✓ Python" in shown.text


def test_a_key_is_in_no_finding(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qiskit_ibm_native.diagnosis.plugins.plugin_findings", lambda: iter(()))
    monkeypatch.setattr("qiskit_ibm_native.diagnosis.machine.machine_findings", lambda: iter(()))
    IBMProvider.save_account("a-key-that-nobody-may-see", name="work")
    main(["doctor", "--json"])
    told = capsys.readouterr()
    assert "a-key-that" not in told.out + told.err
    assert "saved, channel ibm_quantum_platform" in told.out


@pytest.fixture
def _no_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmark, "sweep_timing", lambda *_: SweepTiming("ibmq_lima", 4, 1, 2.0, 1.0, 0.5, ()))


@pytest.mark.official
@pytest.mark.usefixtures("_no_sweep")
def test_the_benchmark_is_a_table_with_both_sides(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--seconds", "0.1", "--device", "lima"]) == 0
    lines = capsys.readouterr().out.splitlines()
    row = next(line for line in lines if line.startswith("ibmq_lima"))
    assert row.endswith("yes")
    assert lines[-1].startswith("4 circuits transpiled for ibmq_lima, the same circuits: a loop takes 2.00 s, a sweep")
    assert main(["bench", "--seconds", "0.1", "--device", "lima", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["devices"][0]["is_equal"] is True
    assert told["sweep"]["ratio"] == 2.0
    assert told["machine"]["build"] == "release"


@pytest.mark.usefixtures("_no_sweep")
def test_a_benchmark_without_the_other_side_says_so_and_differences_are_exit_status_1(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("qiskit_ibm_runtime", "qiskit_ibm_runtime.utils.backend_converter"):
        monkeypatch.setitem(sys.modules, module, None)
    assert main(["bench", "--seconds", "0.1", "--device", "lima"]) == 0
    told = capsys.readouterr()
    assert "There is no other side: qiskit-ibm-runtime" in told.err
    assert "Official" not in told.out
    timing = SweepTiming("ibmq_lima", 4, 1, 2.0, 1.0, 0.5, ("one with seed 3",))
    monkeypatch.setattr(benchmark, "sweep_timing", lambda *_: timing)
    assert main(["bench", "--seconds", "0.1", "--device", "lima"]) == 1
    assert "1 circuit DIFFER" in capsys.readouterr().out
    assert main(["bench", "--device", "limaa"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_shells_complete_ledgers_figures_channels_and_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in ("plan.sqlite3", "plan.toml", "inner/other.db"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).touch()
    assert completing.ledgers("") == ["inner/", "plan.sqlite3"]
    assert completing.ledgers("inner/") == ["inner/other.db"]
    assert completing.ledgers("nowhere/x") == []
    assert completing.figures("two") == ["two_qubit_count", "two_qubit_depth"]
    assert completing.channels("l") == ["local"]
    assert completing.jobs("") == []
    assert completing.accounts("") == []
    assert sorted(os.listdir()) == ["inner", "plan.sqlite3", "plan.toml"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("sweep status pl", "plan.sqlite3"),
        ("run --channel lo", "local"),
        ("score --on fe", "fez"),
        ("jobs wa", "watch"),
    ],
)
def test_bash_is_given_these_words(words: str, expected: str, tmp_path: Path) -> None:
    (tmp_path / "plan.sqlite3").touch()
    line = f"qiskit-ibm-native {words}"
    environment = {
        **os.environ, "_QISKIT_IBM_NATIVE_COMPLETE": "complete_bash", "COMP_WORDS": line,
        "COMP_CWORD": str(len(line.split()) - 1),
    }  # fmt: skip
    program = "import sys; sys.argv = ['qiskit-ibm-native']; from qiskit_ibm_native.cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert expected in done.stdout.split(), done.stderr


def test_help_of_the_verbs_imports_neither_qiskit_nor_numpy() -> None:
    program = (
        "import sys\nfrom qiskit_ibm_native.cli import main\n"
        "for words in ('sweep run', 'score', 'jobs list', 'account save', 'doctor', 'bench'):\n"
        "    main([*words.split(), '--help'])\n"
        "sys.stderr.write(' '.join({'qiskit', 'numpy', 'requests', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_words_that_shells_complete_need_neither_qiskit_nor_numpy(tmp_path: Path) -> None:
    from qiskit_ibm_native.local.jobs.store import open_store

    store = open_store(tmp_path / "jobs.sqlite3")
    description = {"backend": "ibm_fez", "program": "sampler", "cost": 1, "private": 0, "noise": 1}
    job = store.add_job(params=b"{}", tags=[], **description)
    store.close()
    program = (
        "import sys\nfrom qiskit_ibm_native.cli import completing\n"
        "print(*completing.jobs('d'), *completing.accounts(''), *completing.ledgers(''))\n"
        "print(*{'qiskit', 'numpy', 'requests'} & set(sys.modules))"
    )
    environment = {**os.environ, "QISKIT_IBM_NATIVE_LOCAL_STORE": str(tmp_path / "jobs.sqlite3")}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
    )
    first, second = done.stdout.splitlines()
    assert job in first.split()
    assert second == ""


def test_values_of_the_verbs_of_work_are_no_secrets_of_the_environment(
    service: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments in (["jobs", "list"], ["jobs", "list", "--json"], ["account", "test", "--json"], ["account", "list"]):
        main(arguments)
    told = capsys.readouterr()
    assert service.token not in told.out + told.err

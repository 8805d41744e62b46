# SPDX-License-Identifier: Apache-2.0
"""``sweep``: a TOML file runs, is resumed, and its ledger is read."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from qiskit import qasm2
from tests.support.at_terminal import at_terminal
from tests.support.sweeping import ghz, qaoa

from qiskit_ibm_native import Ledger, Sweep
from qiskit_ibm_native.cli import main

PLAN = 'circuits = ["ghz.qasm"]\nsnapshots = ["lima", "vigo"]\nseeds = [0, 1]\n'


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    qasm2.dump(ghz(3), "ghz.qasm")
    Path("plan.toml").write_text(PLAN)


@pytest.fixture
def ledger() -> str:
    """Return the ledger of the plan, run without the command line."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool, Ledger("plan.sqlite3") as opened:
        Sweep.from_toml("plan.toml").run(pool, opened)
    return "plan.sqlite3"


def out_of(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


@pytest.mark.slow
def test_a_plan_runs_once_and_goes_on_when_that_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep", "plan.toml", "--workers", "1", "--json"]) == 0
    found = out_of(capsys)
    assert (found["done"], found["tasks"], found["failed"]) == (4, 4, 0)
    assert {group["backend"] for group in found["groups"]} == {"ibmq_lima", "ibmq_vigo"}
    assert main(["sweep", "plan.toml"]) == 2
    assert "plan.sqlite3 has 4 of the 4 tasks of plan.toml already. Add --resume" in capsys.readouterr().err
    Path("plan.toml").write_text(PLAN.replace("[0, 1]", "[0, 1, 2]"))
    assert main(["--workers", "1", "sweep", "run", "plan.toml", "--resume"]) == 0
    assert "6 of 6 tasks done, 0 failed" in capsys.readouterr().out


@pytest.mark.slow
def test_failed_tasks_are_told_and_are_exit_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    qasm2.dump(ghz(9, "wide"), "wide.qasm")
    Path("plan.toml").write_text(PLAN.replace('"ghz.qasm"', '"ghz.qasm", "wide.qasm"'))
    assert main(["sweep", "plan.toml", "--workers", "1"]) == 1
    told = capsys.readouterr()
    assert "8 of 8 tasks done, 4 failed" in told.out
    assert "4 tasks failed, as wide on ibmq_lima, level 2, seed 0: TranspilerError" in told.err.replace(
        "CircuitTooWide", ""
    )
    assert main(["sweep", "status", "plan.sqlite3", "--json"]) == 0
    assert out_of(capsys)["failed"] == 4
    # Failed tasks count as done, until they are to be tried again.
    assert main(["sweep", "plan.toml", "--resume", "--retry-failed", "--workers", "1"]) == 1


@pytest.mark.slow
def test_the_state_of_a_run_is_a_bar_in_a_terminal(tmp_path: Path) -> None:
    # There is none before a second has passed, and no seed matters to circuits without swaps.
    qasm2.dump(qaoa(5, 1), "ghz.qasm")
    Path("plan.toml").write_text(PLAN.replace("[0, 1]", "{ start = 0, stop = 400 }"))
    shown = at_terminal("sweep", "plan.toml", "--workers", "1", cwd=tmp_path)
    assert shown.status == 0
    assert "/800 [" in shown.text
    assert "800 of 800 tasks done, 0 failed" in shown.text


@pytest.mark.slow
def test_a_run_that_is_interrupted_ends_with_130_and_keeps_what_is_done(tmp_path: Path) -> None:
    Path("plan.toml").write_text(PLAN.replace("[0, 1]", "{ start = 0, stop = 20000 }"))
    command = [sys.executable, "-m", "qiskit_ibm_native", "sweep", "plan.toml", "--workers", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        end = time.monotonic() + 100
        while not (Path("plan.sqlite3").exists() and len(Ledger("plan.sqlite3")) > 20):
            assert time.monotonic() < end
            assert process.poll() is None
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in error
    assert 20 < len(Ledger("plan.sqlite3")) < 40_000


def test_the_best_results_are_those_of_the_ledger(ledger: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep", "best", ledger, "--by", "depth", "--per", "", "-n", "2", "--json"]) == 0
    found = out_of(capsys)
    with Ledger(ledger) as opened:
        assert [each["task_id"] for each in found] == [each.task_id for each in opened.best("depth", (), n=2)]
    assert main(["sweep", "best", ledger]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert lines[0].split()[:4] == ["Circuit", "Device", "ESP", "Level"]
    assert main(["sweep", "best", ledger, "--by", "beauty"]) == 2
    assert "by is one of depth, " in capsys.readouterr().err


def test_tables_are_texts_lines_of_json_csv_and_parquet(ledger: str, capsys: pytest.CaptureFixture[str]) -> None:
    from pyarrow import parquet

    with Ledger(ledger) as opened:
        expected = [(result.task_id, result.esp, result.layout) for result in opened]
    assert main(["sweep", "table", ledger, "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["task_id"], line["esp"], tuple(line["layout"])) for line in lines] == expected
    assert main(["sweep", "table", ledger, "--out", "-"]) == 0
    assert main(["sweep", "table", ledger, "--out", "out.csv"]) == 0
    told = capsys.readouterr()
    assert told.out == Path("out.csv").read_text()
    rows = list(csv.DictReader(io.StringIO(told.out)))
    assert [(row["task_id"], float(row["esp"]), tuple(json.loads(row["layout"]))) for row in rows] == expected
    assert "4 results written to out.csv." in told.err
    assert main(["sweep", "table", ledger, "--out", "out.parquet"]) == 0
    table = parquet.read_table("out.parquet")
    assert table["task_id"].to_pylist() == [each[0] for each in expected]
    # The same columns as CSV.
    assert table.schema.names == list(rows[0])
    assert main(["sweep", "table", ledger, "--out", "out.xlsx"]) == 2
    assert "must end in .csv or .parquet" in capsys.readouterr().err
    assert main(["sweep", "table", ledger, "--out", "no/out.csv"]) == 2
    assert "no/out.csv cannot be written: there is no such folder" in capsys.readouterr().err
    assert main(["sweep", "table", ledger, "--plan", "plan.toml"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 5


def test_a_plan_is_described_and_nothing_is_made(capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(os.listdir())
    assert main(["sweep", "describe", "plan.toml", "--json", "--workers", "3"]) == 0
    found = out_of(capsys)
    assert (found["tasks"], found["remaining"], found["workers"]) == (4, 4, 3)
    assert found["sent"]["circuits"] > 0
    assert main(["sweep", "describe", "plan.toml"]) == 0
    assert "remaining: 4" in capsys.readouterr().out
    assert sorted(os.listdir()) == before


def test_mistakes_are_told_with_what_was_meant_and_make_no_ledger(capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(os.listdir())
    for arguments, text in (
        (["sweep", "plam.toml"], "Did you mean 'plan.toml'?"),
        (["sweep", "status", "plan.sqlite"], "There is no ledger plan.sqlite."),
        (["sweep", "best", "typo.sqlite3"], "There is no ledger typo.sqlite3."),
    ):
        assert main(arguments) == 2
        assert text in capsys.readouterr().err
    Path("plan.toml").write_text("circuit = 3\n")
    assert main(["sweep", "plan.toml"]) == 2
    assert "circuit" in capsys.readouterr().err
    for arguments, text in (
        (["plan.toml", "--retry-faled"], "Did you mean '--retry-failed'?"),
        (["statsu", "plan.sqlite3"], "There is no verb 'statsu'. Did you mean 'status'?"),
    ):
        with pytest.raises(SystemExit):
            main(["sweep", *arguments])
        assert text in capsys.readouterr().err
    assert sorted(os.listdir()) == before


def test_a_plan_or_a_ledger_may_be_called_as_a_verb_is(ledger: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path(ledger).rename("best")
    Path("plan.toml").rename("statu")
    # The plan has been run: it is refused as such, and not as a verb.
    assert main(["sweep", "plan.toml", "--ledger", "best"]) == 2
    assert "There is no file plan.toml" in capsys.readouterr().err
    assert main(["sweep", "statu", "--ledger", "best"]) == 2
    assert "best has 4 of the 4 tasks of statu already" in capsys.readouterr().err


def test_a_file_that_is_no_ledger_is_refused_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    Path("text.sqlite3").write_text("this is no database, however long it is " * 10)
    assert main(["sweep", "status", "text.sqlite3"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_sweep_that_stops_early_has_a_state_before_it_is_finished(
    ledger: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("plan.toml").write_text(f'{PLAN.replace("[0, 1]", "[0, 1, 2, 3]")}objective = "depth"\nstop_when = 3\n')
    assert main(["sweep", "status", ledger, "--plan", "plan.toml", "--json"]) == 0
    found = out_of(capsys)
    assert (found["done"], found["tasks"]) == (4, 8)
    with Ledger(ledger) as opened:
        assert opened.summary().distinct is None

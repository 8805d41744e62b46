# SPDX-License-Identifier: Apache-2.0
"""The example that counts the jobs that a recalibration spoils, run as a user runs it, and counted again without it."""

from __future__ import annotations

import datetime
import json
import math
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from qiskit import QuantumCircuit, generate_preset_pass_manager
from tests.support import ROOT
from tests.support.target_backend import TargetBackend

from qiskit_ibm_native import CalibrationArchive, build_target, score

EXAMPLES = ROOT / "examples"
START = datetime.datetime(2026, 3, 1, tzinfo=datetime.timezone.utc)
LINE = re.compile(r"(\S+ \d\d:\d\d)  ([\d.]+) +([\d.]+|nan) +([\d.]+) +([\d.]+)( +spoiled)?")


def run(folder: Path, *arguments: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "recalibration.py"), *arguments],
        cwd=folder, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def echo() -> QuantumCircuit:
    circuit = QuantumCircuit(5)
    circuit.h(0)
    for qubit in range(4):
        circuit.cx(qubit, qubit + 1)
    circuit.barrier()
    for qubit in reversed(range(4)):
        circuit.cx(qubit, qubit + 1)
    circuit.h(0)
    circuit.measure_all()
    return circuit


@pytest.mark.slow
def test_the_example_counts_jobs_that_were_transpiled_for_another_calibration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(EXAMPLES)
    from synthetic_history import write  # type: ignore[import-not-found]

    days, loss = 5, 0.05
    archive = tmp_path / "mine.sqlite3"
    write(archive, "hanoi", START, days + 1)
    printed = run(tmp_path, "--archive", str(archive), "--days", str(days), "--loss", str(loss))
    rows = [match.groups() for line in printed if (match := LINE.fullmatch(line))]
    assert len(rows) == 2 * days

    with CalibrationArchive(archive) as opened:
        snapshots = [opened.at("hanoi", START + datetime.timedelta(days=day)) for day in range(days + 1)]
    chosen: list[Any] = [
        generate_preset_pass_manager(3, TargetBackend(build_target(one)), seed_transpiler=1).run(echo())
        for one in snapshots
    ]
    spoiled = {"morning": 0, "evening": 0}
    for number, (moment, promised, kept, possible, measured, told) in enumerate(rows):
        day, is_evening = divmod(number, 2)
        ran = day + is_evening
        assert moment == f"{START + datetime.timedelta(days=day, hours=18 if is_evening else 6):%Y-%m-%d %H:%M}"
        expected = [
            float(score(chosen[circuit], snapshots[snapshot]).esp[0])
            for circuit, snapshot in ((day, day), (day, ran), (ran, ran))
        ]
        assert [float(promised), float(kept), float(possible)] == pytest.approx(expected, abs=5.01e-4)
        is_spoiled = math.isnan(expected[1]) or expected[1] < (1 - loss) * expected[2]
        assert (told is not None) == is_spoiled
        spoiled["evening" if is_evening else "morning"] += is_spoiled
        # Success by simulation is near the estimate, which counts each error as a failure.
        assert float(promised) - 0.15 < float(measured) < 1
    assert spoiled["morning"] == 0 < spoiled["evening"]
    assert printed[-2:] == [f"{spoiled[name]} of {days} jobs of the {name} lost more than 5%" for name in spoiled]


@pytest.mark.slow
def test_the_example_needs_no_archive_and_prints_the_same_each_time(tmp_path: Path) -> None:
    # A folder beside the home of the test, where libraries may keep caches.
    folder = tmp_path / "here"
    folder.mkdir()
    first = run(folder, "--days", "2", "--device", "lima")
    assert run(folder, "--days", "2", "--device", "lima") == first
    assert list(folder.iterdir()) == []


@pytest.mark.slow
def test_the_notebook_prints_what_it_shows(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    pyplot = pytest.importorskip("matplotlib.pyplot", reason="matplotlib is not installed")
    pyplot.switch_backend("agg")
    monkeypatch.syspath_prepend(EXAMPLES)
    cells = json.loads((EXAMPLES / "recalibration.ipynb").read_text(encoding="utf-8"))["cells"]
    programs = [cell for cell in cells if cell["cell_type"] == "code"]
    names: dict[str, Any] = {}
    for cell in programs:
        exec("".join(cell["source"]), names)
        shown = ["".join(output["text"]) for output in cell["outputs"] if output["output_type"] == "stream"]
        printed = capsys.readouterr().out
        # Shots are drawn by what Aer has; estimates are not.
        assert [line[:42] for line in printed.splitlines()] == [line[:42] for line in "".join(shown).splitlines()]
    assert names["figure"].axes
    names["folder"].cleanup()

# SPDX-License-Identifier: Apache-2.0
"""``score``, ``transpile`` and ``run``: in a pipe, in a terminal, and refused in one line."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from qiskit import QuantumCircuit, qasm2, qasm3, qpy
from tests.support.at_terminal import at_terminal
from tests.support.running import bell

from qiskit_ibm_native import Snapshot, build_target, score
from qiskit_ibm_native.cli import main


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    qasm2.dump(bell(), "bell.qasm")


def out_of(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_devices_are_ranked_the_best_one_first(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["score", "bell.qasm", "--on", "lima", "fez", "--json"]) == 0
    ranking = out_of(capsys)
    esps = [device["esp"] for device in ranking["devices"]]
    assert esps == sorted(esps, reverse=True)
    assert {device["device"] for device in ranking["devices"]} == {"ibm_fez", "ibmq_lima"}
    assert all(device["was_transpiled"] for device in ranking["devices"])
    assert main(["score", "bell.qasm", "--on", "lima", "--on", "fez"]) == 0
    told = capsys.readouterr()
    assert told.out.splitlines()[0].split() == ["Device", "ESP", "Duration", "Depth", "2q", "gates", "Circuit"]
    assert told.out.splitlines()[1].split()[1] == f"{esps[0]:.3f}"
    assert "level 2 with seed 0" in told.err


def test_without_devices_all_bundled_ones_with_enough_qubits_are_ranked(capsys: pytest.CaptureFixture[str]) -> None:
    circuit = QuantumCircuit(130, 1)
    circuit.measure(0, 0)
    qasm2.dump(circuit, "wide.qasm")
    assert main(["score", "wide.qasm", "--json", "--level", "0"]) == 0
    assert {device["device"] for device in out_of(capsys)["devices"]} == {
        "ibm_fez", "ibm_kingston", "ibm_boston", "ibm_torino"
    }  # fmt: skip
    qasm2.dump(QuantumCircuit(200, 1), "wider.qasm")
    assert main(["score", "wider.qasm"]) == 2
    assert "No bundled device has 200 qubits" in capsys.readouterr().err
    # None that was asked for is large enough: nothing can run, which is found and no error.
    assert main(["score", "wider.qasm", "--on", "fez"]) == 1
    told = capsys.readouterr()
    assert "cannot run" in told.out
    assert "has 200 qubits, and ibm_fez has 156" in told.err


def test_what_was_transpiled_is_written_read_again_and_scored_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    for file in ("out.qasm", "out.qpy"):
        assert main(["transpile", "bell.qasm", "--device", "lima", "--seed", "3", "--out", file, "--json"]) == 0
        told = out_of(capsys)
        assert told["before"]["two_qubit_count"] == 1
        assert told["after"]["operations"]["cx"] == told["after"]["two_qubit_count"]
        assert main(["score", file, "--on", "lima", "--json"]) == 0
        (found,) = out_of(capsys)["devices"]
        assert not found["was_transpiled"]
        assert found["esp"] == told["esp"]
    with Path("out.qpy").open("rb") as opened:
        (circuit,) = qpy.load(opened)
    assert told["esp"] == score(circuit, "lima").esp[0]
    assert told["layout"] == circuit.layout.initial_index_layout(filter_ancillas=True)


def test_circuits_come_in_three_formats_and_from_standard_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Path("three.qasm").open("w") as file:
        qasm3.dump(bell(), file)
    with Path("two.qpy").open("wb") as file:
        qpy.dump([bell("first"), bell("second")], file)
    for arguments in (["three.qasm"], ["two.qpy", "--circuit", "second"], ["two.qpy", "--circuit", "0"]):
        assert main(["score", *arguments, "--on", "lima", "--json"]) == 0
        assert out_of(capsys)["devices"][0]["esp"] > 0.9
    monkeypatch.setattr(sys, "stdin", io.StringIO(qasm2.dumps(bell())))
    assert main(["score", "-", "--on", "lima", "--json"]) == 0
    assert out_of(capsys)["devices"][0]["esp"] > 0.9
    assert main(["score", "two.qpy", "--on", "lima"]) == 2
    assert "two.qpy has 2 circuits: choose one" in capsys.readouterr().err
    assert main(["score", "two.qpy", "--on", "lima", "--circuit", "third"]) == 2
    assert "'first' and 'second'" in capsys.readouterr().err


def test_mistakes_are_told_in_one_line_with_what_was_meant(capsys: pytest.CaptureFixture[str]) -> None:
    Path("odd.qasm").write_text("OPENQASM 2.0; this is none")
    for arguments, text in (
        (["score", "bel.qasm"], "Did you mean bell.qasm?"),
        (["score", "odd.qasm"], "odd.qasm is not OpenQASM that Qiskit can read"),
        (["score", "bell.qasm", "--on", "fezz"], "Did you mean 'fez'"),
        (["transpile", "bell.qasm", "--device", "fez", "--out", "x.txt"], "end in .qasm or .qpy"),
        (["transpile", "bell.qasm", "--device", "fez", "--out", "no/x.qpy"], "make it first"),
    ):
        assert main(arguments) == 2
        error = capsys.readouterr().err
        assert text in error
        assert error.count("\n") == 1
    assert not Path("x.txt").exists()
    for arguments in (["score", "bell.qasm", "--level", "4"], ["transpile", "bell.qasm"], ["run", "bell.qasm"]):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 2


def test_openqasm_on_standard_output_is_nothing_but_that(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["transpile", "bell.qasm", "--device", "vigo", "--out", "-"]) == 0
    read = QuantumCircuit.from_qasm_str(capsys.readouterr().out)
    target = build_target("vigo")
    assert read.num_qubits == 5
    assert set(read.count_ops()) <= set(target.operation_names) | {"barrier"}


def test_control_flow_is_transpiled_and_has_no_estimate(capsys: pytest.CaptureFixture[str]) -> None:
    circuit = QuantumCircuit(2, 1, name="dynamic")
    circuit.h(0)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], 1)):
        circuit.x(1)
    with Path("dynamic.qpy").open("wb") as file:
        qpy.dump(circuit, file)
    assert main(["score", "dynamic.qpy", "--on", "fez", "--json"]) == 0
    (found,) = out_of(capsys)["devices"]
    assert found["esp"] is None
    assert "control flow" in found["problem"]
    assert main(["transpile", "dynamic.qpy", "--device", "fez", "--out", "d.qasm"]) == 0
    told = capsys.readouterr()
    assert "as OpenQASM 3" in told.err
    # Physical qubits are those of the device.
    assert main(["score", "d.qasm", "--on", "fez", "--json"]) == 0
    (found,) = out_of(capsys)["devices"]
    assert not found["was_transpiled"]
    assert found["shape"]["operations"]["if_else"] == 1


def test_a_device_is_whatever_show_takes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Snapshot.load("lima").save(tmp_path / "saved")
    assert main(["score", "bell.qasm", "--on", str(tmp_path / "saved"), "--json"]) == 0
    assert out_of(capsys)["devices"][0]["device"] == "ibmq_lima"


def test_counts_of_a_run_are_those_of_the_job(service: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "bell.qasm", "--device", "vigo", "--shots", "500", "--json"]) == 0
    told = capsys.readouterr()
    found = json.loads(told.out)
    assert found["device"] == "ibmq_vigo"
    assert found["was_transpiled"]
    assert sum(found["counts"].values()) == 500
    assert f"Job {found['job']} on ibmq_vigo." in told.err
    assert service.token not in told.out + told.err
    assert main(["jobs", "result", found["job"], "--json"]) == 0
    assert out_of(capsys)["circuits"] == [{"name": "bell", "counts": found["counts"]}]
    assert main(["jobs", "result", found["job"]]) == 0
    table = capsys.readouterr().out.splitlines()
    assert table[0].split() == ["Outcome", "Shots", "Share"]
    assert {line.split()[0]: int(line.split()[1]) for line in table[1:]} == found["counts"]


def test_a_circuit_that_measures_nothing_or_a_device_that_is_not_there_is_refused(
    service: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    # It has a classical bit, which nothing is written to.
    qasm2.dump(QuantumCircuit(2, 1), "nothing.qasm")
    assert main(["run", "nothing.qasm", "--device", "vigo"]) == 2
    assert "measures nothing" in capsys.readouterr().err
    assert main(["run", "bell.qasm", "--device", "vigoo"]) == 2
    assert "Did you mean 'ibmq_vigo'" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["run", "bell.qasm", "--device", "vigo", "--ideal"])
    assert "add --channel local" in capsys.readouterr().err


@pytest.mark.slow
def test_a_run_in_a_terminal_has_bars_and_the_same_seed_the_same_counts(tmp_path: Path) -> None:
    command = ["run", "bell.qasm", "--device", "vigo", "--channel", "local", "--store", "jobs.sqlite3", "--seed", "5"]
    shown = at_terminal(*command, columns=60)
    assert shown.status == 0
    bars = [line.rstrip() for line in shown.text.splitlines() if "█" in line]
    assert len(bars) >= 2
    assert all(len(line) <= 60 for line in bars)
    assert "\x1b[" in shown.raw
    again = at_terminal(*command, columns=60, environment={"NO_COLOR": "1"})
    assert [line.rstrip() for line in again.text.splitlines() if "█" in line] == bars
    assert "\x1b[3" not in again.raw


def test_ranking_goes_into_a_pipe_that_is_closed_without_a_word() -> None:
    command = f"{sys.executable} -m qiskit_ibm_native score bell.qasm --on lima --json | head -0"
    done = subprocess.run(
        ["bash", "-c", f"{command}; echo ${{PIPESTATUS[0]}}"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() in {"0", "141"}
    assert done.stderr == ""


def test_names_of_circuits_do_nothing_to_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with Path("odd.qpy").open("wb") as file:
        qpy.dump(bell("\x1b[2J\x07evil"), file)
    assert main(["transpile", "odd.qpy", "--device", "lima"]) == 0
    assert main(["score", "odd.qpy", "--on", "lima"]) == 0
    told = capsys.readouterr()
    assert "\x1b" not in told.out + told.err
    assert "\\x1b[2J\\x07evil" in told.out
    assert "\\x1b[2J\\x07evil" in told.err


@pytest.mark.parametrize("num_qubits", [0, 1])
def test_circuits_without_a_gate_are_no_error(num_qubits: int, capsys: pytest.CaptureFixture[str]) -> None:
    with Path("empty.qpy").open("wb") as file:
        qpy.dump(QuantumCircuit(num_qubits, name="empty"), file)
    assert main(["transpile", "empty.qpy", "--device", "lima"]) == 0
    assert "Instructions: none" in capsys.readouterr().out
    assert main(["score", "empty.qpy", "--on", "lima", "--json"]) == 0
    assert out_of(capsys)["devices"][0]["esp"] == 1.0

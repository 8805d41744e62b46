# SPDX-License-Identifier: Apache-2.0
"""The official client, unmodified and in a process of its own, with our service: what it sees is what we see."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from tests.support import TESTS, equality

from qiskit_ibm_native import Snapshot, build_target, bundled_devices


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Run the command ``serve``; give the environment that it prints."""
    folder = tmp_path_factory.mktemp("serve")
    command = [
        sys.executable,
        "-m",
        "qiskit_ibm_native",
        "serve",
        "--port",
        "0",
        "--store",
        str(folder / "jobs.sqlite3"),
        "--workers",
        "2",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        environment = {}
        for line in process.stdout or ():
            if line.strip().startswith("export "):
                name, _, value = line.strip().removeprefix("export ").partition("=")
                environment[name] = value.strip("'")
            if "Ctrl-C" in line:
                break
        yield environment
        process.terminate()
        assert process.wait(30) in (0, -15)
    assert [path.name for path in folder.iterdir() if path.suffix == ".lock"] == []


@pytest.fixture(scope="module")
def seen(served: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Give what the official client saw."""
    pickled = tmp_path_factory.mktemp("official") / "objects"
    script = TESTS / "support" / "official_session.py"
    done = subprocess.run(
        [sys.executable, str(script), str(pickled)], env={**os.environ, **served}, capture_output=True, text=True,
        timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    found["objects"] = pickle.loads(pickled.read_bytes())
    return found


def test_it_finds_the_devices(seen: dict[str, Any]) -> None:
    names = {Snapshot.load(name).name for name in bundled_devices()}
    assert set(seen["backends"]) == names | {"local_simulator"}
    assert set(seen["operational"]) == names
    assert seen["least_busy"] >= 127
    assert seen["instances"][0]["name"] == "local"
    assert seen["usage"]["usage_consumed_seconds"] == 0
    assert seen["status"] == [True, "active"]
    assert seen["history"]


def test_its_target_properties_and_configuration_are_ours(seen: dict[str, Any]) -> None:
    target, properties, configuration = seen["objects"]
    fez = Snapshot.load("fez")
    equality.assert_targets_equal(target, build_target(fez, use_fractional_gates=False), pickled=True)
    assert len(properties["gates"]) == len(fez.properties.gates)
    assert configuration["n_qubits"] == 156


@pytest.mark.parametrize("program", ["sampler", "executor"])
def test_both_of_its_samplers_run(seen: dict[str, Any], program: str) -> None:
    found = seen[program]
    assert found["status"] == "DONE"
    assert found["program"] == program
    assert found["shapes"] == [[2], []]
    assert found["fields"] == [["a", "b"], ["a", "b"]]
    low, high = found["a"]
    assert low["0"] > 400
    assert high["1"] > 400
    assert max(found["b"], key=found["b"].get) == "11"
    assert {"timestamps", "usage"} <= set(found["metrics"])
    assert found["usage"]
    assert found["logs"] == ""
    assert found["kerneled"] == [[50, 1], [50, 2], True]
    assert found["avg_kerneled"] == [[1], [2], True]


def test_its_sessions(seen: dict[str, Any]) -> None:
    assert seen["session"] == ["In progress, accepting new jobs", True, 3600]
    assert seen["session closed"] == "Closed"
    assert seen["session again"] == "Closed"
    assert seen["batch"] == "batch"


def test_its_jobs(seen: dict[str, Any]) -> None:
    assert seen["tags"] == ["official", "two"]
    assert seen["found"] == [True, 3, 0, 1, 0, True]
    assert seen["time"] == "ibmq_vigo"
    assert seen["deleted"] == "RuntimeJobNotFound"
    assert seen["cancelled"] == ["CANCELLED", "CANCELLED"]


def test_our_client_reads_its_jobs(
    seen: dict[str, Any], served: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from qiskit_ibm_native import IBMProvider

    for name, value in served.items():
        monkeypatch.setenv(name, value)
    with IBMProvider() as provider:
        assert provider.jobs() == []  # which are those of this package
        jobs = provider.jobs(limit=None, foreign=True, backend_name="ibmq_vigo", status="DONE")
        programs = {job.program_id: job for job in jobs}
        assert set(programs) == {"sampler", "executor"}
        result = jobs[-1].result()  # the first one: two circuits, the first one with two sets of values
        assert len(result.results) == 3
        assert max(result.get_counts(1), key=result.get_counts(1).get) == "11 1"

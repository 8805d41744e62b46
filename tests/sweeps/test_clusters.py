# SPDX-License-Identifier: Apache-2.0
"""The examples, run as a user runs them: one machine, Dask over TCP, Slurm's commands, Kubernetes' containers, MPI."""

from __future__ import annotations

import os
import re
import shutil
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from tests.support import ROOT
from tests.support.sweeping import facts, families

from qiskit_ibm_native import Ledger, Sweep

EXAMPLES = ROOT / "examples"
SEEDS = 2
TASKS = 4 * 3 * 2 * SEEDS
BIN = Path(sys.executable).parent


def run(command: list[Any], folder: Path, **environment: str) -> str:
    """Run a command as in a terminal, and return what it printed."""
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [str(part) for part in command], cwd=folder, env={**os.environ, "PATH": path} | environment,
        capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def figures(ledger: Path) -> list[dict[str, Any]]:
    with Ledger(ledger) as opened:
        return [facts(result) for result in opened]


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[dict[str, Any]]]:
    """Return what the example for one machine prints and keeps."""
    folder = tmp_path_factory.mktemp("one")
    printed = run([sys.executable, EXAMPLES / "one_machine.py", "--seeds", SEEDS], folder)
    return printed, figures(folder / "sweep.sqlite3")


def check(printed: str, folder: Path, expected: tuple[str, list[dict[str, Any]]]) -> None:
    assert printed.replace(str(folder), "") == re.sub(r"in /.*/sweep", "in /sweep", expected[0])
    assert figures(folder / "sweep.sqlite3") == expected[1]


@pytest.mark.slow
def test_one_machine(expected: tuple[str, list[dict[str, Any]]]) -> None:
    printed, kept = expected
    assert printed.startswith(f"{TASKS} tasks in /")
    assert "0 failed" in printed
    assert len(printed.splitlines()) == 1 + 4 * 3
    assert len(kept) == TASKS


@pytest.mark.slow
def test_dask_on_processes_over_tcp(tmp_path: Path, expected: tuple[str, list[dict[str, Any]]]) -> None:
    check(run([sys.executable, EXAMPLES / "dask_cluster.py", "--seeds", SEEDS], tmp_path), tmp_path, expected)


@pytest.mark.slow
def test_workers_of_dask_that_are_killed_cost_nothing() -> None:
    from concurrent.futures import ThreadPoolExecutor

    from dask.distributed import Client, LocalCluster

    sweep = Sweep(families(), ["lima", "fez"], seeds=range(8))
    with ThreadPoolExecutor(2) as pool:
        wanted = [facts(result) for result in sweep.run(pool)]
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        stream = sweep.stream(client.get_executor())
        results = [facts(next(stream))]
        (address, *_) = client.run(os.getpid)
        os.kill(client.run(os.getpid)[address], 9)
        results.extend(facts(result) for result in stream)
    assert results == wanted


@pytest.mark.slow
def test_ray(tmp_path: Path, expected: tuple[str, list[dict[str, Any]]]) -> None:
    pytest.importorskip("ray")
    printed = run(
        [sys.executable, EXAMPLES / "ray_executor.py", "--seeds", SEEDS], tmp_path, RAY_ENABLE_UV_RUN_RUNTIME_ENV="0"
    )
    check(printed, tmp_path, expected)


@pytest.mark.slow
def test_mpi(tmp_path: Path, expected: tuple[str, list[dict[str, Any]]]) -> None:
    command = ["mpiexec", "-n", 3, sys.executable, "-m", "mpi4py.futures", EXAMPLES / "mpi.py", "--seeds", SEEDS]
    check(run(command, tmp_path), tmp_path, expected)


@pytest.mark.slow
def test_slurm_with_its_commands_played_by_scripts(tmp_path: Path, expected: tuple[str, list[dict[str, Any]]]) -> None:
    """Slurm itself is not here, but its job scripts are run: sbatch starts them, scancel ends them."""
    commands, jobs, folder = tmp_path / "bin", tmp_path / "jobs", tmp_path / "sweep"
    for made in (commands, jobs, folder):
        made.mkdir()
    for name, script in {
        "sbatch": f'cp "$1" {jobs}/$$.sh; setsid bash {jobs}/$$.sh > {jobs}/$$.out 2>&1 & echo $! > {jobs}/$$.pid;'
        " echo Submitted batch job $$",
        "scancel": f'for job in "$@"; do kill -- -$(cat {jobs}/$job.pid); done; true',
    }.items():
        file = commands / name
        file.write_text(f"#!/bin/bash\n{script}\n")
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
    options = ["--jobs", 2, "--cores", 1, "--memory", "2GB", "--queue", "short", "--walltime", "00:10:00"]
    try:
        printed = run(
            [sys.executable, EXAMPLES / "slurm.py", "--seeds", SEEDS, *options],
            folder, PATH=f"{commands}:{BIN}:{os.environ['PATH']}",
        )  # fmt: skip
    finally:
        for path in jobs.glob("*.pid"):
            subprocess.run(["kill", "--", f"-{path.read_text().strip()}"], capture_output=True, check=False)
    check(printed, folder, expected)
    (script, *_) = jobs.glob("*.sh")
    for line in ("#SBATCH -p short", "#SBATCH --cpus-per-task=1", "#SBATCH --mem=2G", "#SBATCH -t 00:10:00"):
        assert line in script.read_text()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.mark.slow
def test_kubernetes_with_its_containers_run_as_processes(
    tmp_path: Path, expected: tuple[str, list[dict[str, Any]]]
) -> None:
    """Kubernetes is not here, but the commands of its containers are run as they are, but for the address."""
    import yaml

    documents = list(yaml.safe_load_all((EXAMPLES / "kubernetes.yaml").read_text()))
    by_name = {(document["kind"], document["metadata"]["name"]): document for document in documents}
    service = by_name["Service", "sweep-scheduler"]
    containers = {}
    for name in ("sweep-scheduler", "sweep-worker"):
        deployment = by_name["Deployment", name]["spec"]
        assert deployment["selector"]["matchLabels"].items() <= deployment["template"]["metadata"]["labels"].items()
        (containers[name],) = deployment["template"]["spec"]["containers"]
    labels = by_name["Deployment", "sweep-scheduler"]["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"].items() <= labels.items()
    assert service["spec"]["ports"][0]["targetPort"] == containers["sweep-scheduler"]["ports"][0]["containerPort"]
    port = str(free_port())
    address = f"tcp://127.0.0.1:{port}"
    replaced = {"8786": port, "tcp://sweep-scheduler:8786": address}
    processes = []
    try:
        for name in ("sweep-scheduler", "sweep-worker", "sweep-worker"):
            command = [replaced.get(part, part) for part in containers[name]["command"]]
            program = shutil.which(command[0], path=f"{BIN}{os.pathsep}{os.environ['PATH']}")
            processes.append(
                subprocess.Popen(
                    [program, *command[1:]], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
                )
            )
        printed = run(
            [sys.executable, EXAMPLES / "dask_cluster.py", "--seeds", SEEDS, "--scheduler", address], tmp_path
        )
    finally:
        for process in reversed(processes):
            process.terminate()
        deadline = time.monotonic() + 30
        for process in processes:
            process.communicate(timeout=max(1, deadline - time.monotonic()))
    check(printed, tmp_path, expected)

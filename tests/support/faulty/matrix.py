# SPDX-License-Identifier: Apache-2.0
"""Runner of scenarios: one service, a process for each scenario, several at a time."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psutil

from .scenario import TIMEOUT, Service, play_in_process

#: Seconds after which a scenario, which prepares, calls twice and judges the outcome, is killed.
LIMIT = 4 * TIMEOUT
#: Scenarios at a time: they mostly wait.
AT_ONCE = 12

# Import Qiskit once for all processes. Only installed modules can be named: the path of tests is not set yet.
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["qiskit_ibm_native.provider.provider", "qiskit.circuit.library"])


@contextlib.contextmanager
def service() -> Iterator[Service]:
    """Run a service in a process that has run one job and then runs no more, so that jobs can be cancelled."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "qiskit_ibm_native", "serve", "--port", "0", "--store", f"{folder}/jobs"]
        process = subprocess.Popen([*command, "--workers", "1"], stdout=subprocess.PIPE, text=True)
        try:
            environment = exported(process)
            done = _submitted(environment, "job.result(timeout=120)")
            for simulator in psutil.Process(process.pid).children(recursive=True):
                simulator.suspend()
            # The job that all others wait for.
            _submitted(environment, "pass")
            yield Service(environment, done, process.pid)
        finally:
            for running in [*psutil.Process(process.pid).children(recursive=True), process]:
                with contextlib.suppress(psutil.NoSuchProcess):
                    running.kill()
            process.communicate()


def exported(process: subprocess.Popen[str]) -> dict[str, str]:
    """Return the environment variables that a service prints at its start."""
    environment = {}
    for line in process.stdout or ():
        if line.strip().startswith("export "):
            name, _, value = line.strip().removeprefix("export ").partition("=")
            environment[name] = value.strip("'")
        if "Ctrl-C" in line:
            break
    return environment


def _submitted(environment: dict[str, str], then: str) -> str:
    """Submit a job in another process, because it leaves connections and threads; return its id."""
    program = (
        "from tests.support.faulty.calls import DEVICE, circuit\nfrom qiskit_ibm_native import IBMProvider\n"
        "with IBMProvider() as provider:\n"
        "    job = provider.get_backend(DEVICE).run(circuit(), shots=10, job_tags=['prepared'])\n"
        f"    {then}\n"
        "    print(job.job_id())\n"
    )
    path = os.pathsep.join(sys.path)
    run = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, **environment, "PYTHONPATH": path},
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return run.stdout.strip()


def play_apart(target: Service, call: str, fault: str, times: float) -> dict[str, Any]:
    """Play a scenario in a process, which is killed after a timeout; return its record."""
    here, there = _PROCESSES.Pipe(duplex=False)
    process = _PROCESSES.Process(target=play_in_process, args=(there, target, call, fault, times))
    process.start()
    there.close()
    record = {"call": call, "fault": fault, "times": "once" if times == 1 else "always"}
    try:
        answer = here.recv() if here.poll(LIMIT) else {"crash": f"did not end within {LIMIT:.0f} s"}
    except EOFError:
        process.join()
        answer = {"crash": f"the process ended with {process.exitcode}"}
    finally:
        process.kill()
        process.join()
        here.close()
    if "crash" not in answer:
        return dict(answer)
    return {**record, "outcome": "crash", "seconds": LIMIT, "requests": 0, "problems": [answer["crash"]]}


def play_all(target: Service, scenarios: Iterable[tuple[str, str, float]]) -> Iterator[dict[str, Any]]:
    """Play scenarios, several at a time; yield their records in order."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield from pool.map(lambda scenario: play_apart(target, *scenario), scenarios)

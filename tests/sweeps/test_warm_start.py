# SPDX-License-Identifier: Apache-2.0
"""Transpiler processes start while a sweep is being described, where a run will need them, and never outlive that."""

from __future__ import annotations

import subprocess
import sys
import time

import psutil
import pytest
from tests.support import ROOT

BEGIN = f"""
import os, sys, time
sys.path[:0] = {[str(ROOT)]!r}
os.environ["QISKIT_IBM_NATIVE_WARM_START"] = "1"
os.environ["PYTHON_CPU_COUNT"] = "2"
import psutil
from concurrent.futures import ThreadPoolExecutor
from qiskit_ibm_native import Sweep
from qiskit_ibm_native.sweeps.worker import warm
from tests.support.sweeping import ghz

def children():
    return sorted(child.pid for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE)

def started(count=2, seconds=20):
    deadline = time.monotonic() + seconds
    while len(children()) < count and time.monotonic() < deadline:
        time.sleep(0.01)
    return children()
"""


def told(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", BEGIN + program],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.slow
def test_processes_that_started_during_the_description_do_the_tasks() -> None:
    program = """
sweep = Sweep([ghz(2, f"c{number}") for number in range(40)], "lima", seeds=range(3))
before = started()
workers = {int(result.worker.split(":")[1]) for result in sweep.run()}
print(len(before), workers <= set(before), children())
"""
    assert told(program) == "2 True []\n"


@pytest.mark.slow
def test_a_sweep_that_is_run_at_once_has_no_process_too_many() -> None:
    program = """
seen = set()
stream = Sweep([ghz(2, f"c{number}") for number in range(40)], "lima").stream()
for result in stream:
    seen.update(children())
print(len(seen) <= 2, children())
"""
    assert told(program) == "True []\n"


@pytest.mark.slow
def test_nothing_starts_where_no_run_of_this_program_needs_it() -> None:
    program = """
os.environ["QISKIT_IBM_NATIVE_WARM_START"] = "0"
Sweep(ghz(2), "lima")
print(started(1, 0.3))
os.environ["QISKIT_IBM_NATIVE_WARM_START"] = "1"
if os.fork() == 0:
    Sweep(ghz(2), "lima")
    os._exit(len(started(1, 0.3)))
print(os.wait()[1])
sys.modules["mpi4py"] = sys
Sweep(ghz(2), "lima")
print(started(1, 0.3))
del sys.modules["mpi4py"]
with ThreadPoolExecutor(1) as pool:
    Sweep(ghz(2), "lima").run(pool)
    used = children()
    Sweep(ghz(2), "lima")
    print(len(used), set(started(2, 0.3)) == set(used))
"""
    assert told(program) == "[]\n0\n[]\n1 True\n"


@pytest.mark.slow
def test_processes_that_nobody_takes_end_and_leave_no_zombie() -> None:
    program = """
warm.PATIENCE = 0.5
sweep = Sweep(ghz(2), "lima")
print(len(started()))
deadline = time.monotonic() + 10
while psutil.Process().children() and time.monotonic() < deadline:
    time.sleep(0.05)
print(psutil.Process().children())
# The next sweep starts some again, and those of another environment are not taken.
again = Sweep(ghz(2), "lima")
before = started()
os.environ["SWEEPING_NOTES"] = "/nowhere"
(result,) = again.run()
print(len(before), int(result.worker.split(":")[1]) in before, psutil.Process().children())
"""
    assert told(program) == "2\n[]\n2 False []\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    "end", ["", "os._exit(0)", "os.kill(os.getpid(), 9)", "raise SystemExit", "os.fork() or os._exit(0)"]
)
def test_a_program_that_ends_takes_them_along(end: str) -> None:
    program = f"{BEGIN}\nsweep = Sweep(ghz(2), 'lima')\nprint(*started(), flush=True)\n{end}\n"
    begin = time.monotonic()
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert time.monotonic() - begin < 30
    assert done.stderr == ""
    processes = [int(number) for number in done.stdout.split()]
    assert len(processes) == 2
    deadline = time.monotonic() + 20
    while any(map(psutil.pid_exists, processes)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(map(psutil.pid_exists, processes))

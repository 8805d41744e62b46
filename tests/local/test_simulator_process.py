# SPDX-License-Identifier: Apache-2.0
"""The process of a simulator that dies: jobs are told how it ended, and of memory only where that is plausible."""

from __future__ import annotations

import os
import signal
import threading
import time

import psutil
import pytest

from qiskit_ibm_native import Snapshot
from qiskit_ibm_native.local.jobs.simulator import Simulator, SimulatorDied

pytest.importorskip("qiskit_aer")


def end_of(number: signal.Signals) -> str:
    """Return what is said of a simulator that a signal ends while it starts."""
    simulator = Simulator(1 << 30)
    simulator.start()
    process = simulator._process
    assert process is not None
    killer = threading.Thread(target=kill_while_importing, args=(process.pid, number))
    killer.start()
    try:
        with pytest.raises(SimulatorDied) as caught:
            simulator.run("sampler", b"{}", Snapshot.load("vigo"), False, lambda: True)
    finally:
        killer.join()
        simulator.close()
    return str(caught.value)


def kill_while_importing(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process of Python that has begun with its imports, which take it ten times as long."""
    process = psutil.Process(pid)
    while process.cpu_times().user < 0.05:
        time.sleep(0.01)
    os.kill(pid, number)


def test_a_simulator_that_aborts_is_no_lack_of_memory() -> None:
    assert end_of(signal.SIGABRT) == "exit status -6"


def test_a_simulator_that_is_killed_perhaps_lacked_memory() -> None:
    text = end_of(signal.SIGKILL)
    assert text == "exit status -9; perhaps it needed more memory than the 1024 MiB that the service lets a job have"


def test_the_last_line_that_a_simulator_printed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONFAULTHANDLER", "1")
    head, _, line = end_of(signal.SIGABRT).partition(": ")
    assert head == "exit status -6"
    assert line.strip()


def test_an_allocation_that_failed_is_told_as_lack_of_memory() -> None:
    printed = "terminate called after throwing an instance of 'std::bad_alloc'\n  what():  std::bad_alloc"
    text = str(Simulator(1 << 30)._reason(-signal.SIGABRT, printed))
    assert text.startswith("exit status -6; perhaps it needed more memory than the 1024 MiB")
    assert text.endswith(": what():  std::bad_alloc")

# SPDX-License-Identifier: Apache-2.0
"""Child processes: messages of all sizes, deadlines, hostile messages, and ends."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterator

import psutil
import pytest
from tests.support import children

from qiskit_ibm_native._processes import ChildProcess

LIMIT = 300 << 20


class Child(ChildProcess):
    def __init__(self, action: int, *, keep_output: bool = False) -> None:
        super().__init__("tests.support.children", action, keep_output=keep_output)


@pytest.fixture
def echo() -> Iterator[Child]:
    child = Child(children.ECHO)
    yield child
    child.close()


@pytest.mark.parametrize("size", [0, 1, (1 << 14) - 1, 1 << 14, (1 << 14) + 1, 10_000_000])
def test_messages_of_all_sizes_come_back(echo: Child, size: int) -> None:
    message = bytes(range(256)) * (size // 256) + bytes(size % 256)
    # Its answer begins when it has all of the message, so that neither side waits for the other.
    echo.send(message)
    assert echo.receive(60) == message


def test_a_message_that_is_longer_than_expected_is_none(echo: Child) -> None:
    echo.send(bytes(100_000))
    assert echo.receive(60, max_bytes=50_000) is None


@pytest.mark.parametrize("action", [children.HALF_A_PIECE, children.SILENT])
@pytest.mark.slow
def test_a_child_that_does_not_finish_a_message_costs_its_deadline_only(action: int) -> None:
    child = Child(action)
    began = time.monotonic()
    try:
        assert child.receive(1.0) is None
    except TimeoutError:
        assert not child.is_alive
    assert time.monotonic() - began < 60
    child.close()


@pytest.mark.parametrize("action", [children.HUGE_LENGTH, children.ENDLESS])
def test_no_message_decides_how_much_memory_is_asked_for(action: int) -> None:
    before = resource.getrlimit(resource.RLIMIT_AS)
    child = Child(action)
    resource.setrlimit(resource.RLIMIT_AS, (psutil.Process().memory_info().vms + LIMIT, before[1]))
    try:
        assert child.receive(60, max_bytes=LIMIT // 4) is None
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
        child.close()


def test_the_end_of_what_a_child_prints_is_kept() -> None:
    child = Child(children.PRINT, keep_output=True)
    assert child.receive(60) is None
    assert child.wait(60) == 3
    assert child.output.endswith("xthe end")
    assert len(child.output) <= 2000
    child.close()


@pytest.mark.slow
def test_processes_that_a_child_forked_off_neither_hold_its_channel_nor_live_on() -> None:
    child = Child(children.FORK)
    assert child.receive(60) == b"forked"
    assert child.receive(60) is None
    assert not child.is_alive
    offspring = [process for process in psutil.process_iter() if group_of(process) == child.pid]
    assert offspring
    child.close()
    _, alive = psutil.wait_procs(offspring, timeout=20)
    assert not [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]


def group_of(process: psutil.Process) -> int | None:
    try:
        return os.getpgid(process.pid)
    except OSError:
        return None

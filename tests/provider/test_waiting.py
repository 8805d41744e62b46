# SPDX-License-Identifier: Apache-2.0
"""Waits of people: one line that says what is waited for, on terminals alone, gone when the wait is over."""

from __future__ import annotations

import datetime
import io
import re
import subprocess
import sys
import threading
from itertools import pairwise
from typing import Any

import pytest
from qiskit import QuantumCircuit
from qiskit.providers import JobStatus
from tests.support.terminals import environment, on_a_terminal, screen, shown_lines

from qiskit_ibm_native import QueueInfo, job_monitor
from qiskit_ibm_native._progress import SWITCH, _wanted, is_interactive, place, unseen, waiting
from qiskit_ibm_native._terminal_line import TerminalLine
from qiskit_ibm_native._ticker import Ticker
from qiskit_ibm_native._waiting import Wait, Waits, elapsed

pytestmark = pytest.mark.timeout(300)

JOBS = """
import os, sys, tempfile, time
from qiskit.circuit.library import quantum_volume
import qiskit_ibm_native.local as local
from qiskit_ibm_native import IBMProvider
prepare = local.prepare
local.prepare = lambda **options: time.sleep(1.3) or prepare(**options)
store = os.path.join(tempfile.mkdtemp(), "jobs.sqlite3")
with IBMProvider(channel="local", store=store, workers=1, latency=0.4, seed=3) as provider:
    backend = provider.get_backend("local_simulator")
    circuit = quantum_volume(22, 14, seed=1)
    circuit.measure_all()
    jobs = [backend.run(circuit, shots=100) for _ in range(4)]
    total = sum(sum(job.result().get_counts().values()) for job in reversed(jobs))
print("shots", total)
"""
WAIT = """
import logging, sys, threading, time
from qiskit_ibm_native._progress import advancing, bar, unseen, waiting
"""


@pytest.fixture(scope="module")
def of_jobs() -> str:
    """Give the output of a program that waits for jobs of a service with latency."""
    written, status = on_a_terminal(JOBS, columns=100)
    assert status == 0, written
    return written


@pytest.mark.slow
def test_whoever_waits_for_a_job_sees_its_state_and_its_place(of_jobs: str) -> None:
    lines = shown_lines(of_jobs)
    assert any(re.match(r"Job \w+ on local_simulator is (queued|being prepared|running)", line) for line in lines), (
        lines
    )
    assert any(re.search(r"is queued, position [123] \(\d+ s\)", line) for line in lines), lines


@pytest.mark.slow
def test_the_start_of_a_service_is_told(of_jobs: str) -> None:
    lines = shown_lines(of_jobs)
    assert any(line.startswith(("Starting the local service", "Opening the channel 'local'")) for line in lines), lines


@pytest.mark.slow
def test_no_line_is_left_when_the_wait_is_over(of_jobs: str) -> None:
    assert screen(of_jobs).strip() == "shots 400"


@pytest.mark.slow
@pytest.mark.parametrize("variables", [{"CI": "true"}, {SWITCH: "0"}])
def test_continuous_integration_and_the_setting_have_no_line(variables: dict[str, str]) -> None:
    written, status = on_a_terminal(JOBS, **variables)
    assert (written.split(), status) == (["shots", "400"], 0)


@pytest.mark.slow
def test_pipes_have_no_line_but_with_the_setting_they_have_whole_ones() -> None:
    for variables in ({}, {SWITCH: "1"}):
        run = subprocess.run(
            [sys.executable, "-c", JOBS], env=environment(**variables), capture_output=True, text=True, check=True
        )
        assert run.stdout == "shots 400\n"
        if not variables:
            assert run.stderr == ""
        else:
            assert "\r" not in run.stderr
            assert "is queued, position" in run.stderr
            # One for each state, and none for each second.
            lines = run.stderr.splitlines()
            assert len(lines) < 40
            assert all(before != after for before, after in pairwise(lines))


@pytest.mark.slow
def test_short_waits_show_nothing() -> None:
    written, _ = on_a_terminal(f"{WAIT}\nwith waiting('A'): time.sleep(0.6)\nwith waiting('B'): pass\nprint('end')")
    assert written == "end\r\n"


@pytest.mark.slow
def test_ctrl_c_leaves_a_clean_line() -> None:
    code = f"{WAIT}\ntry:\n    with waiting('x' * 200): time.sleep(60)\nexcept KeyboardInterrupt: print('interrupted')"
    for columns in (100, 30):
        written, status = on_a_terminal(code, columns=columns, interrupt_after="xxx")
        assert status == 0
        assert "^C" in written
        assert screen(written, columns).strip() == "interrupted"


@pytest.mark.slow
def test_other_output_goes_before_the_line() -> None:
    code = f"""{WAIT}
logging.basicConfig(format="%(message)s")
def talk():
    time.sleep(1.5)
    logging.warning("a warning")
    print("a print")
    sys.stderr.write("half a ")
    time.sleep(0.6)
    sys.stderr.write("line\\n")
thread = threading.Thread(target=talk)
thread.start()
with waiting("Waiting"): time.sleep(3)
print(type(sys.stdout).__name__, logging.getLogger().handlers[0].filters)
"""
    written, _ = on_a_terminal(code)
    assert screen(written).strip().splitlines() == ["a warning", "a print", "half a line", "TextIOWrapper []"]
    assert "Waiting (1 s)" in written
    # It comes back below.
    assert re.search(r"half a line\r\n.*\rWaiting \(2 s\)", written, re.DOTALL)


@pytest.mark.slow
def test_waits_of_several_threads_share_the_line() -> None:
    code = f"""{WAIT}
def other():
    with waiting("Second"): time.sleep(2)
threads = [threading.Thread(target=other) for _ in range(2)]
for thread in threads: thread.start()
with waiting("First"): time.sleep(4)
print("end")
"""
    written, _ = on_a_terminal(code)
    assert screen(written).strip() == "end"
    lines = shown_lines(written)
    assert any(re.match(r"(First|Second), and 2 more \(1 s\)", line) for line in lines), lines
    assert any(re.match(r"First \(3 s\)", line) for line in lines), lines


@pytest.mark.slow
def test_bars_of_the_user_and_of_long_work_stay_whole() -> None:
    code = f"""{WAIT}
from tqdm import tqdm
for _ in tqdm(range(2), desc="mine"):
    with waiting("Waiting"): time.sleep(1.3)
with advancing(None, "verify", 3, "row") as advance:
    for _ in range(3):
        time.sleep(0.7)
        advance(1)
with advancing(None, "quick", 3, "row") as advance: advance(3)
with advancing(True, "asked", 3, "row") as advance: advance(3)
"""
    written, _ = on_a_terminal(code)
    assert "Waiting" not in written
    assert "quick" not in written
    left = screen(written).strip().splitlines()
    assert [line.partition(":")[0] for line in left] == ["mine", "verify", "asked"]
    assert "3/3" in left[1]


@pytest.mark.slow
def test_a_bar_appears_although_nothing_is_done_for_long() -> None:
    code = f"{WAIT}\nwith advancing(None, 'merge', 2, 'row') as advance:\n    time.sleep(2.5)\n    advance(2)\n"
    written, _ = on_a_terminal(code)
    assert re.search(r"merge: +0%.*00:01", written), written
    assert "2/2" in screen(written)


def waits_of(stream: Any) -> tuple[Waits, Ticker]:
    """Return waits that are drawn by hand, without a thread."""
    ticker = Ticker()
    ticker._is_over = True
    return Waits(ticker), ticker


class Surface:
    """A place that remembers what it shows."""

    def __init__(self) -> None:
        self.shown: list[str | None] = []

    def show(self, text: str, seconds: float) -> None:
        self.shown.append(f"{text} {seconds:.0f}")

    def erase(self) -> None:
        self.shown.append(None)


def test_a_particular_text_goes_before_a_general_one() -> None:
    wait = Wait(Surface)
    with wait.saying("Waiting for the service", is_general=True):
        with wait.saying("Waiting for host", is_general=True):
            assert wait.text == "Waiting for host"
        with wait.saying("Job a is queued", is_general=False) as tell:
            tell("Job a is running")
            with wait.saying("Waiting for host", is_general=True) as ignored:
                ignored("never shown")
                assert wait.text == "Job a is running"
            with wait.saying("Fetching the results", is_general=False):
                assert wait.text == "Fetching the results"
        assert wait.text == "Waiting for the service"
    assert wait.text == ""


def test_the_oldest_wait_is_shown_and_the_others_are_counted() -> None:
    surface = Surface()
    waits, _ = waits_of(None)
    first, second = Wait(lambda: surface), Wait(lambda: surface)
    with first.saying("First", is_general=False), second.saying("Second", is_general=False):
        waits.begin(first)
        waits.begin(second)
        waits.draw(first.started + 0.5)
        assert surface.shown == []
        waits.draw(first.started + 5)
        assert surface.shown == ["First, and 1 more 5"]
        waits.end(second)
        waits.draw(first.started + 6)
        assert surface.shown[-1] == "First 6"
        waits.make_room()
        assert surface.shown[-1] is None
        waits.end(first)
        waits.end(first)
        assert surface.shown[-1] is None


def test_the_setting_decides_and_anything_else_is_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr("qiskit_ibm_native._progress.is_notebook", lambda: False)
    for stream, value, expected in (
        (Terminal(), "", "terminal"), (Terminal(), "0", None), (Terminal(), "off", None), (io.StringIO(), "", None),
        (io.StringIO(), "1", "pipe"), (Terminal(), "1", "terminal"), (None, "1", None),
    ):  # fmt: skip
        monkeypatch.setenv(SWITCH, value)
        monkeypatch.setattr(sys, "stderr", stream)
        assert place() == expected, value
    monkeypatch.setenv("CI", "true")
    assert is_interactive()
    monkeypatch.setenv(SWITCH, "perhaps")
    _wanted.cache_clear()
    assert not is_interactive()
    assert not is_interactive()
    assert [record.getMessage() for record in caplog.records] == [
        "QISKIT_IBM_NATIVE_PROGRESS is 'perhaps', and is ignored: it must be 0 or 1."
    ]


def test_general_waits_of_background_threads_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[Wait] = []
    monkeypatch.setattr("qiskit_ibm_native._progress.place", lambda: "pipe")
    monkeypatch.setattr("qiskit_ibm_native._progress.WAITS.begin", begun.append)

    def work() -> None:
        with waiting("Waiting for host", is_general=True):
            pass
        with waiting("Job a is queued"):
            pass

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert len(begun) == 1
    with unseen(), waiting("Job a is queued") as tell:
        tell("Job a is running")
    assert len(begun) == 1
    with waiting("Waiting for host", is_general=True):
        pass
    assert len(begun) == 2


def test_a_line_fits_its_terminal_whatever_names_it_has() -> None:
    stream = io.StringIO()
    line = TerminalLine(stream)
    line.show("Job \x1b[2J\r\n\u202e of \ud800", " (3 s)")
    assert stream.getvalue() == "\rJob ?[2J??? of ? (3 s)"
    line.show("a" * 200, " (4 s)")
    assert stream.getvalue().endswith(f"\r{'a' * 68}... (4 s)")
    line.erase()
    line.erase()
    assert stream.getvalue().endswith(f"\r{' ' * 79}\r")
    stream.close()
    line.show("nobody sees this")
    line.end()


def test_times_so_far_are_short() -> None:
    assert [elapsed(seconds) for seconds in (0.9, 12, 127, 3599, 3600, 90061)] == [
        "0 s", "12 s", "2 min 07 s", "59 min 59 s", "1 h 00 min", "25 h 01 min",
    ]  # fmt: skip


def test_the_text_has_what_the_queue_tells(vigo: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    circuit = QuantumCircuit(1)
    circuit.measure_all()
    job = vigo.run(circuit, shots=10)
    job.wait_for_final_state()
    job_id = job.job_id()
    assert job._waited_for() == f"Waiting for job {job_id} on ibmq_vigo"
    assert job._waited_for(JobStatus.RUNNING) == f"Job {job_id} on ibmq_vigo is running"
    now = datetime.datetime.now().astimezone()
    for start, expected in ((now, f"{now:%H:%M}"), (now + datetime.timedelta(days=40), r"\d{4}-\d\d-\d\d \d\d:\d\d")):
        monkeypatch.setattr(job, "queue_info", lambda start=start: QueueInfo(3, estimated_start_time=start))
        text = job._waited_for(JobStatus.QUEUED)
        assert re.fullmatch(f"Job {job_id} on ibmq_vigo is queued, position 3, estimated start {expected}", text), text


def test_split_jobs_count_their_parts(vigo: Any) -> None:
    circuit = QuantumCircuit(1)
    circuit.measure_all()
    job = vigo.run([circuit] * (vigo.max_circuits + 1), shots=1, composite=True)
    assert sum(job.result().get_counts(0).values()) == 1
    assert job._waited_for(JobStatus.RUNNING).endswith("is running, 2 of 2 parts done")


# The monitor


class Told:
    """A job that says one status after the other."""

    def __init__(self, *statuses: JobStatus | str) -> None:
        self._statuses = iter(statuses)

    def status(self) -> JobStatus | str:
        return next(self._statuses)


QUEUE = (JobStatus.QUEUED, JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.RUNNING, JobStatus.DONE)


def test_a_monitor_in_a_pipe_writes_a_line_for_each_status() -> None:
    output = io.StringIO()
    job_monitor(Told(*QUEUE), 0.001, output)
    assert output.getvalue().splitlines() == [
        f"Job Status: {status.value}, 0 s" for status in (JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.DONE)
    ]
    assert output.getvalue().endswith("\n")
    assert "\r" not in output.getvalue()


def test_a_monitor_on_a_terminal_writes_one_line() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    output = Terminal()
    job_monitor(Told(*QUEUE), 0.001, output)
    assert screen(output.getvalue()) == "Job Status: job has successfully run, 0 s\n"
    assert output.getvalue().count("\n") == 1


def test_a_monitor_has_the_line_discipline_that_it_is_given() -> None:
    output = io.StringIO()
    job_monitor(Told(*QUEUE), 0.001, output, line_discipline="\n> ")
    assert output.getvalue().count("\n> Job Status: ") == 5
    output = io.StringIO()
    job_monitor(Told("QUEUED", "DONE"), 0.001, output, line_discipline="\r")
    assert output.getvalue() == "\rJob Status: QUEUED, 0 s\rJob Status: DONE, 0 s  \n"


def test_a_quiet_monitor_waits_and_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    job = Told(*QUEUE)
    job_monitor(job, 0.001, quiet=True)
    assert capsys.readouterr() == ("", "")
    with pytest.raises(StopIteration):
        job.status()

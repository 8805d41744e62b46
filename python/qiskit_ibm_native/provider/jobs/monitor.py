# SPDX-License-Identifier: Apache-2.0
"""Follow a job on a terminal, in a notebook, or in a file or pipe."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TextIO

from qiskit.providers import JobStatus
from qiskit.providers.jobstatus import JOB_FINAL_STATES

from ..._notebook_progress import StatusLine, is_notebook
from ..._progress import unseen
from ..._terminal_line import TerminalLine

if TYPE_CHECKING:
    from .base import IBMJob

#: The text before the status, as in 0.11.
_PREFIX = "Job Status: "
_FINAL_WORDS = frozenset({status.name for status in JOB_FINAL_STATES})


def job_monitor(
    job: IBMJob | Any,
    interval: float | None = None,
    output: TextIO | None = None,
    *,
    quiet: bool = False,
    line_discipline: str | None = None,
) -> None:
    r"""Show a job's status until it is final: in one line of a terminal, in one place of a notebook, or in lines.

    In a file or a pipe, there is a line for each status, each ended.

    Args:
        job: The job; also one of another client, whose status may be a text.
        interval: Seconds between requests; by default they become more, from 0.5 to 5.
        output: The stream to write to; standard output by default.
        quiet: Whether to write nothing, and only wait.
        line_discipline: The text before each status: ``"\r"`` writes over the line, as on terminals, and ``"\n"``
            begins another one. By default, it depends on ``output``.

    Examples:
        >>> import sys
        >>> from qiskit import QuantumCircuit
        >>> from qiskit_ibm_native import IBMProvider, job_monitor
        >>> job = IBMProvider(channel="local").get_backend("local_simulator").run(QuantumCircuit(1, 1))
        >>> job_monitor(job, output=sys.stderr)  # for logs; by default on the terminal or in the notebook
    """
    show = _display(job, output, line_discipline) if not quiet else _nothing
    start = time.monotonic()
    seconds = interval or 0.5
    # This shows what is waited for.
    with unseen():
        while True:
            status = job.status()
            is_final = getattr(status, "name", str(status)) in _FINAL_WORDS
            show(_text(job, status), time.monotonic() - start, is_final)
            if is_final:
                return
            time.sleep(seconds)
            if interval is None:
                seconds = min(seconds * 1.5, 5.0)


def _text(job: Any, status: JobStatus | str) -> str:
    text = f"{_PREFIX}{getattr(status, 'value', status)}"
    info = job.queue_info() if hasattr(job, "queue_info") else None
    if info is not None and info.position is not None:
        text += f" ({info.position})"
    if info is not None and info.estimated_start_time is not None:
        text += f" [Est. start: {info.estimated_start_time:%Y-%m-%d %H:%M}]"
    return text


def _display(job: Any, output: TextIO | None, line_discipline: str | None) -> Callable[[str, float, bool], None]:
    """Return a function that shows the status, the time so far in seconds, and whether the status is final."""
    stream = sys.stdout if output is None else output
    if line_discipline is not None:
        return _Disciplined(stream, line_discipline)
    if output is None and is_notebook():
        return _InNotebook(job)
    return _Line(stream) if stream.isatty() else _Lines(stream)


def _nothing(_text: str, _elapsed: float, _is_final: bool) -> None:
    pass


class _Line:
    """One line that is written over."""

    def __init__(self, stream: TextIO) -> None:
        self._line = TerminalLine(stream)

    def __call__(self, text: str, elapsed: float, is_final: bool) -> None:
        self._line.show(text, f", {elapsed:.0f} s")
        if is_final:
            self._line.end()


class _Lines:
    """A line for each status, and for each place in the queue."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._last = ""

    def __call__(self, text: str, elapsed: float, _is_final: bool) -> None:
        if text != self._last:
            self._last = text
            self._stream.write(f"{text}, {elapsed:.0f} s\n")
            self._stream.flush()


class _Disciplined:
    """The text before each status, as the caller wants it."""

    def __init__(self, stream: TextIO, line_discipline: str) -> None:
        self._stream = stream
        self._before = line_discipline
        self._length = 0

    def __call__(self, text: str, elapsed: float, is_final: bool) -> None:
        line = f"{text}, {elapsed:.0f} s"
        padded = line.ljust(self._length) if self._before.endswith("\r") else line
        self._stream.write(f"{self._before}{padded}" + ("\n" if is_final else ""))
        self._stream.flush()
        self._length = len(line)


class _InNotebook:
    """One display of a notebook, whose badge has the status."""

    def __init__(self, job: Any) -> None:
        job_id = job.job_id() if hasattr(job, "job_id") else ""
        self._line = StatusLine(f"Job {job_id}".rstrip())

    def __call__(self, text: str, elapsed: float, is_final: bool) -> None:
        tone = "busy" if not is_final else "good" if JobStatus.DONE.value in text or "DONE" in text else "bad"
        self._line.show(text.removeprefix(_PREFIX), f"{elapsed:.0f} s", tone=tone)

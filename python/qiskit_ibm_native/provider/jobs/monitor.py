# SPDX-License-Identifier: Apache-2.0
"""Follow a job on a terminal or in a notebook."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, TextIO

from qiskit.providers import JobStatus
from qiskit.providers.jobstatus import JOB_FINAL_STATES

if TYPE_CHECKING:
    from .base import IBMJob

_FINAL_WORDS = frozenset({status.name for status in JOB_FINAL_STATES})


def job_monitor(job: IBMJob | Any, interval: float | None = None, output: TextIO | None = None) -> None:
    """Show a job's status until it is final: in one line of a terminal, or in one place of a notebook.

    Args:
        job: The job; also one of another client, whose status may be a text.
        interval: Seconds between requests; by default they become more, from 0.5 to 5.
        output: Where to write; standard output by default.

    Examples:
        >>> import sys
        >>> from qiskit import QuantumCircuit
        >>> from qiskit_ibm_native import IBMProvider, job_monitor
        >>> job = IBMProvider(channel="local").get_backend("local_simulator").run(QuantumCircuit(1, 1))
        >>> job_monitor(job, output=sys.stderr)  # for logs; by default on the terminal or in the notebook
    """
    show = _notebook_display() if output is None and _is_notebook() else _Line(output or sys.stdout)
    start = time.monotonic()
    seconds = interval or 0.5
    while True:
        status = job.status()
        is_final = getattr(status, "name", str(status)) in _FINAL_WORDS
        show(_text(job, status, time.monotonic() - start), is_final)
        if is_final:
            return
        time.sleep(seconds)
        if interval is None:
            seconds = min(seconds * 1.5, 5.0)


def _text(job: Any, status: JobStatus | str, elapsed: float) -> str:
    text = f"Job Status: {getattr(status, 'value', status)}"
    info = job.queue_info() if hasattr(job, "queue_info") else None
    if info is not None and info.position is not None:
        text += f" ({info.position})"
    if info is not None and info.estimated_start_time is not None:
        text += f" [Est. start: {info.estimated_start_time:%Y-%m-%d %H:%M}]"
    return f"{text}, {elapsed:.0f} s"


class _Line:
    """One line that is written over."""

    def __init__(self, output: TextIO) -> None:
        self._output = output
        self._length = 0

    def __call__(self, text: str, is_final: bool) -> None:
        self._output.write(f"\r{text.ljust(self._length)}" + ("\n" if is_final else ""))
        self._output.flush()
        self._length = len(text)


def _is_notebook() -> bool:
    # Asking IPython only if it runs: importing it would take half a second.
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return type(shell).__name__ == "ZMQInteractiveShell"


def _notebook_display() -> Any:
    from IPython.display import display

    handle = display({"text/plain": "Job Status:"}, raw=True, display_id=True)

    def show(text: str, _is_final: bool) -> None:
        handle.update({"text/plain": text}, raw=True)

    return show

# SPDX-License-Identifier: Apache-2.0
"""Tracebacks of errors of tasks, as the driver shows them: without the frames of this package that called the task."""

from __future__ import annotations

import traceback
from itertools import dropwhile
from pathlib import Path

#: The folder of the code that calls tasks.
_OURS = str(Path(__file__).parents[1])
#: Characters that are kept of the end of a traceback.
_MAX_TEXT = 8000


def traceback_of(problem: BaseException) -> str:
    """Return the traceback of an error that a task raised, and that of the error behind it."""
    first = problem.__cause__ or (None if problem.__suppress_context__ else problem.__context__)
    told = "" if first is None else f"{_alone(first)}\nAfter that:\n\n"
    return f"{told}{_alone(problem)}"[-_MAX_TEXT:].encode("utf-8", "backslashreplace").decode()


def _alone(problem: BaseException) -> str:
    frames = list(traceback.extract_tb(problem.__traceback__))
    theirs = list(dropwhile(lambda frame: frame.filename.startswith(_OURS), frames)) or frames
    head, end = "Traceback (most recent call last):\n", traceback.format_exception_only(type(problem), problem)
    return "".join([head, *traceback.format_list(theirs), *end])

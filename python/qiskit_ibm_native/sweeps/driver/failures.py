# SPDX-License-Identifier: Apache-2.0
"""Failures of a run, as they are told at its end: how many tasks failed, and why."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...exceptions import SweepError
    from ..ledger.ledger import Ledger
    from ..tasks import TaskResult, TaskSource

#: Kinds of errors that a summary has, and characters of each.
_MAX_KINDS, _MAX_TEXT = 3, 200
#: Kinds that are counted: errors may have another text for each task.
_MAX_COUNTED = 1000
#: Failures that the ledger had before, and that are looked at for their reasons.
_MAX_LOOKED_AT = 500


class ChildTraceback(Exception):  # noqa: N818 (it is a traceback, shown as the cause of an error)
    """The traceback of a task's error in the transpiler's process."""

    def __str__(self) -> str:
        return f"\n\n{self.args[0]}"


def task_error(index: int, result: TaskResult, trace: str | None) -> SweepError:
    """Return the error that ends a run with ``on_error="raise"``, with the traceback of the task as its cause."""
    from ...exceptions import SweepError

    error = SweepError(f"Task {index} ({result.circuit} on {result.backend}) failed: {result.error}", result=result)
    error.__cause__ = ChildTraceback(trace) if trace else None
    return error


class Failures:
    """Counts failed tasks by the text of their errors."""

    def __init__(self) -> None:
        """Begin without a failure."""
        #: Number of tasks that failed, in this run or before.
        self.count = 0
        self._kinds: Counter[str] = Counter()
        #: By text, index and description of the first task in the sweep's order, whenever it was done.
        self._examples: dict[str, tuple[int, str]] = {}
        self._known: list[int] = []

    def note(self, index: int, result: TaskResult) -> None:
        """Count a task that failed in this run."""
        self.count += 1
        self._count(index, result)

    def note_known(self, index: int) -> None:
        """Count a task that the ledger has as failed."""
        self.count += 1
        if len(self._known) < _MAX_LOOKED_AT:
            self._known.append(index)

    def _count(self, index: int, result: TaskResult) -> None:
        text = " ".join(str(result.error).partition("\n")[0].split())[:_MAX_TEXT]
        if text in self._kinds or len(self._kinds) < _MAX_COUNTED:
            self._kinds[text] += 1
            example = index, f"task {index}, {result.circuit} on {result.backend}"
            self._examples[text] = min(example, self._examples.get(text, example))

    def summary(self, sweep: TaskSource, ledger: Ledger, total: int) -> str:
        """Return how many of ``total`` tasks failed, and why: the most frequent errors, each with an example."""
        for index, result in zip(self._known, ledger.results_of(sweep, self._known, with_circuits=False), strict=True):
            self._count(index, result)
        self._known = []
        lines = [f"{self.count} of {total} tasks failed:"]
        kinds = sorted(self._kinds.items(), key=lambda kind: (-kind[1], self._examples[kind[0]]))
        lines += [f"  {count} x {text} ({self._examples[text][1]})" for text, count in kinds[:_MAX_KINDS]]
        if len(self._kinds) > _MAX_KINDS:
            lines.append(f"  and {len(self._kinds) - _MAX_KINDS} other kinds of errors")
        lines.append("results.errors has all of them; another run tries them again with retry_failed=True.")
        return "\n".join(lines)

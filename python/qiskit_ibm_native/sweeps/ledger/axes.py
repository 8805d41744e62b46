# SPDX-License-Identifier: Apache-2.0
"""Names on the axes of a sweep, as ledgers have them and as a sweep has them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import islice

from ..tasks import LAYOUTS, TaskResult

#: Numbers of tasks that are looked up at once.
_BATCH = 500


def group_of_axis(axis: str, *, is_chosen: bool) -> str:
    """Return in SQL the name on an axis of a row of ``tasks``.

    Args:
        axis: One of :data:`AXES`.
        is_chosen: Take the names of the sweep, from the temporary table ``chosen``, in place of those of the ledger.
    """
    if is_chosen:
        return f"(SELECT json_extract(chosen.axes, '$.{axis}') FROM chosen WHERE chosen.id = tasks.id)"  # noqa: S608 (ours)
    if axis == LAYOUTS:
        return "ifnull(tasks.layout_name, tasks.initial_layout)"
    if axis == "pass_manager":
        return "settings.pass_manager, json_extract(settings.axes, '$.pass_manager')"
    return f"json_extract(settings.axes, '$.{axis}')"


def names_in(connection: sqlite3.Connection, numbers: Iterable[int]) -> dict[str, dict[str, str]]:
    """Return the names that the sweep gave to tasks, by identifier, from the temporary table ``chosen``."""
    found: dict[str, dict[str, str]] = {}
    waiting = iter(numbers)
    while batch := list(islice(waiting, _BATCH)):
        marks = ", ".join("?" * len(batch))
        statement = (
            "SELECT chosen.id, chosen.axes FROM chosen JOIN tasks ON tasks.id = chosen.id"  # noqa: S608 (ours)
            f" WHERE tasks.number IN ({marks})"
        )
        found.update((task.hex(), json.loads(axes)) for task, axes in connection.execute(statement, batch))
    return found


def with_names(result: TaskResult, axes: Mapping[str, str]) -> TaskResult:
    """Return a result with other names on its axes."""
    return result if result.axes == axes else replace(result, axes=dict(axes))

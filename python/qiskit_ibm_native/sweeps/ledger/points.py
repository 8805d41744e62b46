# SPDX-License-Identifier: Apache-2.0
"""Figures of many results as arrays, with the groups to which results belong: the content of pictures of sweeps."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import NoneType
from typing import TYPE_CHECKING, Any, NamedTuple

from ..._timestamps import FIRST, LAST, moment
from ...exceptions import IBMInputValueError
from ..tasks import AXES
from .axes import group_of_axis
from .figures import FIGURES, Figure

if TYPE_CHECKING:
    import datetime

    import numpy as np
    from numpy.typing import NDArray

    from ..._sqlite import Database
    from ..tasks import TaskResult

#: Names of groups for people, and their names in ledgers.
_ALIASES = {"device": "backend", "level": "optimization_level"}
#: In SQL, the value that results of a group have in common. Circuits and snapshots are told apart by their numbers.
_KEYS = {
    "circuit": "tasks.circuit", "snapshot": "tasks.snapshot", "backend": "snapshots.backend", "seed": "tasks.seed",
    "optimization_level": "settings.optimization_level",
    "options": "settings.options || CASE settings.pass_manager WHEN '' THEN '' ELSE ', ' || settings.pass_manager END",
}  # fmt: skip
_NUMBER = re.compile(r"(\d+)")
#: Stands for results that have no name on an axis.
NO_NAME = "no name"


@dataclass(frozen=True)
class Points:
    """Figures of results, arrays with an item for each of ``n`` different tasks, by their identifiers.

    Attributes:
        figures: The descriptions of the figures.
        values: Their values, an array ``(figures, n)``; ``nan`` where a result has none, or its task failed.
        by: Names of the dimensions by which results are grouped, as ledgers have them.
        names: For each dimension, the names of its groups: integers for levels and seeds, texts for others.
        groups: The index into ``names`` of each result, an array ``(dimensions, n)``.
        failed: Whether the task failed, an array ``(n,)``.
    """

    figures: tuple[Figure, ...]
    values: NDArray[np.float64]
    by: tuple[str, ...]
    names: tuple[list[Any], ...]
    groups: NDArray[np.int64]
    failed: NDArray[np.bool_]

    def fronts(self, depth: int) -> dict[tuple[int, ...], NDArray[np.int64]]:
        """Return the results that none of their group beats in the first two figures, see :meth:`Ledger.pareto`.

        Args:
            depth: The number of dimensions, from the first one on, that results of a group have in common.

        Returns:
            For each group, by its indices into ``names``, the indices of its results, from the best in the first figure
            on. Of results that are equal in both figures, there is one.
        """
        import numpy as np

        signs = [-1.0 if figure.better == "more" else 1.0 for figure in self.figures[:2]]
        first, second = (sign * values for sign, values in zip(signs, self.values, strict=False))
        known = np.flatnonzero(np.isfinite(first) & np.isfinite(second))
        members, which = np.unique(self.groups[:depth, known], axis=1, return_inverse=True)
        which = which.ravel()
        order = np.lexsort((second[known], first[known], which))
        ends = np.searchsorted(which[order], np.arange(members.shape[1] + 1))
        fronts = {}
        for number, group in enumerate(members.T.tolist()):
            mine = known[order[ends[number] : ends[number + 1]]]
            best_before = np.minimum.accumulate(np.concatenate([[np.inf], second[mine][:-1]]))
            fronts[tuple(group)] = mine[second[mine] < best_before]
        return fronts

    def __len__(self) -> int:
        return len(self.failed)


class Source(NamedTuple):
    """The rows of a ledger that are asked for, in SQL.

    Attributes:
        database: The file.
        connection: Its connection.
        rows: Joined tables, and the condition for results that take part.
        has_names: Whether names on axes are those of a sweep.
    """

    database: Database
    connection: sqlite3.Connection
    rows: str
    has_names: bool


def dimensions(by: str | Sequence[str]) -> tuple[str, ...]:
    """Return names of dimensions as ledgers have them.

    Raises:
        IBMInputValueError: There is no such dimension, or one is there twice.
    """
    given = (by,) if isinstance(by, str) or not isinstance(by, Sequence) else tuple(by)
    found = tuple(_ALIASES.get(name, name) if isinstance(name, str) else name for name in given)
    wrong = [repr(name) for name in found if name not in _KEYS and name not in AXES]
    if wrong or len(set(found)) < len(found):
        known = ", ".join(dict.fromkeys((*_ALIASES, *_KEYS, *AXES)))
        raise IBMInputValueError(f"by is one or several different ones of {known}, not {by!r:.80}.")
    return found


def figure_named(name: Any, metrics: Callable[[], Sequence[str]]) -> tuple[Figure, str]:
    """Return the description of a figure or a metric, and its expression in SQL.

    Args:
        name: The name; a metric of which more is better has a minus before it.
        metrics: A function that returns names of metrics, which takes a while.

    Raises:
        IBMInputValueError: There is none.
    """
    known = {figure.name: figure for figure in FIGURES if figure.type in {int, float}}
    if isinstance(name, str) and name in known:
        return known[name], f"tasks.{known[name].ledger_column}"
    mine = name.removeprefix("-") if isinstance(name, str) else ""
    measured = metrics()
    if mine not in measured:
        raise IBMInputValueError(f"Figures are {', '.join((*known, *measured))}, not {name!r:.80}.")
    return Figure(mine, float, "", "less" if mine == name else "more"), f"json_extract(tasks.metrics, '$.{mine}')"


def points_of(
    source: Source, figures: Sequence[tuple[Figure, str]], by: tuple[str, ...], lost: Iterable[TaskResult] = ()
) -> Points:
    """Return figures of results; see :meth:`Ledger.points`.

    Args:
        source: The rows.
        figures: Figures with their expressions, see :func:`figure_named`.
        by: Dimensions.
        lost: Results of failed tasks that no ledger keeps.

    Raises:
        LedgerDamagedError: A value is of another class than it has to be.
    """
    import numpy as np

    keys = [_key(name, has_names=source.has_names) for name in by]
    columns = ", ".join([*keys, "error IS NOT NULL", *(expression for _, expression in figures)])
    # The order in which tasks were done does not matter.
    statement = f"SELECT {columns} FROM {source.rows} ORDER BY tasks.id"  # noqa: S608 (ours)
    found = list(zip(*source.connection.execute(statement), strict=True))
    if not found:
        found = [()] * (len(keys) + 1 + len(figures))
    for kind in set().union(*(map(type, column) for column in found[len(keys) + 1 :])):
        source.database.check_kinds((kind,), ((int, float, NoneType),))
    missing = list(lost)
    failed = np.array([*found[len(keys)], *(True for _ in missing)], dtype=bool)
    values = np.full((len(figures), len(failed)), np.nan)
    for row, column in zip(values, found[len(keys) + 1 :], strict=True):
        row[: len(column)] = column  # None becomes nan.
    values[:, failed] = np.nan
    coded = [
        _coded([*_named(source, name, column), *(_name_of(result, name) for result in missing)])
        for name, column in zip(by, found, strict=False)
    ]
    groups = np.array([codes for _, codes in coded], dtype=np.int64).reshape(len(by), len(failed))
    return Points(
        tuple(figure for figure, _ in figures), values, by, tuple(names for names, _ in coded), groups, failed
    )


def _key(name: str, *, has_names: bool) -> str:
    if name in _KEYS:
        return _KEYS[name]
    if name == "pass_manager" and not has_names:
        return "ifnull(json_extract(settings.axes, '$.pass_manager'), settings.pass_manager)"
    return group_of_axis(name, is_chosen=has_names)


def _named(source: Source, name: str, keys: Sequence[Any]) -> Iterator[Any]:
    """Yield the names of groups for the values that results have in common."""
    if name in {"seed", "optimization_level"}:
        for kind in set(map(type, keys)):
            source.database.check_kinds((kind,), (int,))
        return iter(keys)
    if name == "circuit":
        rows = _checked(source, "SELECT number, name, digest FROM circuits", (int, str, bytes))
        texts = {number: (text, digest) for number, text, digest in rows}
    elif name == "snapshot":
        kinds = (int, str, (int, NoneType), bytes)
        rows = _checked(source, "SELECT number, backend, calibrated, digest FROM snapshots", kinds)
        texts = {number: (_snapshot_name(backend, calibrated), digest) for number, backend, calibrated, digest in rows}
    else:
        return (str(key or NO_NAME) for key in keys)
    names = _different({number: texts[number] for number in set(keys)})
    return (names[number] for number in keys)


def _checked(source: Source, statement: str, kinds: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    rows = source.connection.execute(statement).fetchall()
    for row in rows:
        source.database.check_kinds(tuple(map(type, row)), kinds)
    return rows


def _different(texts: dict[int, tuple[str, bytes]]) -> dict[int, str]:
    """Return texts by number; those that several numbers have end with the beginning of their digest."""
    seen = [text for text, _ in texts.values()]
    return {
        number: text if seen.count(text) == 1 else f"{text} ({digest.hex()[:6]})"
        for number, (text, digest) in texts.items()
    }


def _snapshot_name(backend: str, calibrated: int | datetime.datetime | None) -> str:
    if isinstance(calibrated, int):
        # A damaged ledger may have any number.
        calibrated = moment(min(max(calibrated, FIRST), LAST))
    return backend if calibrated is None else f"{backend}, {calibrated:%Y-%m-%d %H:%M} UTC"


def _name_of(result: TaskResult, name: str) -> Any:
    """Return the name of a lost result's group."""
    if name == "snapshot":
        return _snapshot_name(result.backend, result.calibrated)
    if name == "options":
        return ", ".join(filter(None, (result.options, result.pass_manager))) or NO_NAME
    if name in _KEYS:
        return getattr(result, name)
    mine = result.pass_manager if name == "pass_manager" else ""
    return result.axes.get(name) or mine or NO_NAME


def _coded(names: Sequence[Any]) -> tuple[list[Any], list[int]]:
    """Return different names in the order of numbers in them, and the index of each name."""
    known = sorted(dict.fromkeys(names), key=_natural)
    indices = {name: index for index, name in enumerate(known)}
    return known, [indices[name] for name in names]


def _natural(name: Any) -> list[Any]:
    """Return a sort key by which ``qft_n10`` comes after ``qft_n5``."""
    parts = _NUMBER.split(str(name))
    # Texts are at even places and digits at odd ones, so that only the same kinds are compared.
    return [int(part) if place % 2 else part for place, part in enumerate(parts)] if isinstance(name, str) else [name]

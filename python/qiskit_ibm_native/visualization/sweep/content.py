# SPDX-License-Identifier: Apache-2.0
"""The content of pictures of sweeps, whatever draws it: rows of values, and Pareto fronts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from ..._words import count, listed, scale
from ...exceptions import IBMInputValueError
from .geometry import MOST_DOTS, limits_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Number of colours of series in a theme, which tests compare with it: content does without matplotlib.
MOST_COLORS = 7
#: Names of figures as people write them.
_WORDS = {
    "two_qubit_depth": "two-qubit depth", "two_qubit_count": "two-qubit gates", "size": "instructions",
    "num_qubits": "qubits", "esp": "estimated success probability", "wall_time": "time", "cpu_time": "processor time",
}  # fmt: skip
#: Names of dimensions as people write them.
_DIMENSIONS = {"backend": "device", "optimization_level": "level"}
#: Values that differ by this factor have a logarithmic scale.
_LOG_FROM = 100.0
#: Dimensions that tell which result a point is.
_WHICH = ("circuit", "backend", "optimization_level", "seed")


class HasPoints(Protocol):
    """The methods of :class:`SweepResults` and :class:`Ledger` that pictures need."""

    def points(self, *figures: str, by: str | Sequence[str] = ()) -> Any:
        """Return figures of results as arrays, see :meth:`Ledger.points`."""

    def dimensions(self, by: str | Sequence[str]) -> tuple[str, ...]:
        """Return names of dimensions as ledgers have them, see :meth:`Ledger.dimensions`."""


class Axis(NamedTuple):
    """A figure on an axis.

    Attributes:
        name: The figure as people write it.
        unit: The unit with its prefix; empty for counts and probabilities.
        size: The size of the unit in that of the figure.
        is_log: Whether the scale is logarithmic.
        is_whole: Whether values are integers.
        better: ``"less"`` or ``"more"``; ``None`` if neither is better.
    """

    name: str
    unit: str
    size: float
    is_log: bool
    is_whole: bool
    better: str | None

    @property
    def label(self) -> str:
        """The text at the axis."""
        words = [self.unit, "log scale" if self.is_log else "", f"{self.better} is better" if self.better else ""]
        told = ", ".join(filter(None, words))
        return f"{self.name}{f' ({told})' if told else ''}"


class Row(NamedTuple):
    """Results of a group.

    Attributes:
        label: The name of the group in the first dimension.
        color: The index of its name in the second dimension; 0 without one.
        values: The values in the unit of the axis, in ascending order.
        tasks: The number of tasks.
        failed: The number of tasks that failed.
        texts: Descriptions of the results, in that order; empty where results have no dots.
    """

    label: str
    color: int
    values: Floats
    tasks: int
    failed: int
    texts: list[str]

    @property
    def missing(self) -> int:
        """The number of tasks that did not fail and do not have the figure."""
        return self.tasks - self.failed - len(self.values)


class Distribution(NamedTuple):
    """The content of a picture of rows.

    Attributes:
        title: The first line above.
        subtitle: The second one.
        axis: The axis of the figure.
        dimension: The name of the dimension of rows.
        rows: The rows from top to bottom; those with the same label follow each other.
        colors: Names in the second dimension; empty without one.
        color_dimension: The name of that dimension.
        left_out: A statement on rows that are not drawn; empty if there are none.
    """

    title: str
    subtitle: str
    axis: Axis
    dimension: str
    rows: list[Row]
    colors: list[str]
    color_dimension: str
    left_out: str

    def color_name(self, color: int) -> str:
        """Return the name of a colour: a number with its dimension, ``"level 2"``, or a name alone."""
        name = self.colors[color]
        return f"{self.color_dimension} {name}" if name.lstrip("-").isdigit() else name


class Front(NamedTuple):
    """A Pareto front: values of both figures, arrays ``(k,)`` in ascending order of the first, and descriptions."""

    label: str
    x: Floats
    y: Floats
    texts: list[str]


class TradeOff(NamedTuple):
    """The content of a picture of Pareto fronts.

    Attributes:
        title: The first line above.
        subtitle: The second one.
        x: The axis of the first figure.
        y: The axis of the second figure.
        others: Values of results that are on no front, an array ``(2, n)``.
        belongs: The number of the front that each of these is behind, an array ``(n,)``.
        fronts: The fronts.
        group: Description of groups, such as ``"circuit and device"``.
    """

    title: str
    subtitle: str
    x: Axis
    y: Axis
    others: Floats
    belongs: NDArray[np.int64]
    fronts: list[Front]
    group: str

    @property
    def limits(self) -> list[tuple[float, float]]:
        """The ends of both axes."""
        parts = (
            [self.others[0], *(front.x for front in self.fronts)],
            [self.others[1], *(front.y for front in self.fronts)],
        )
        return [limits_of(axis, values) or (0.0, 1.0) for axis, values in zip((self.x, self.y), parts, strict=True)]


def distribution_of(
    results: HasPoints, figure: str, by: Any, most: int, log: bool | None, title: str | None, *, tells: bool = False
) -> Distribution:
    """Return the content of a picture of rows; see :func:`plot_sweep`.

    Args:
        results: As there, as are the others.
        figure: The figure.
        by: One or two dimensions.
        most: The largest number of rows.
        log: Whether the scale is logarithmic.
        title: The title.
        tells: Whether results are described one by one.
    """
    if isinstance(most, bool) or not isinstance(most, int) or most < 1:
        raise IBMInputValueError(f"most is a number of rows from 1, not {most!r:.80}.")
    given = _grouping(results, "device" if by is None else by, 2)
    points = results.points(figure, by=_with_which(given) if tells else given)
    second = [str(name) for name in points.names[1]] if len(given) > 1 else []
    if len(second) > MOST_COLORS:
        raise IBMInputValueError(
            f"There are {len(second)} of {_dimension(given[1])}, and {MOST_COLORS} colours: name it first, or alone,"
            f" as in by={given[1]!r}."
        )
    axis = _axis(points.figures[0], points.values[0], log)
    rows = _rows(points, len(given), axis, tells=tells)
    labels = list(dict.fromkeys(row.label for row in rows))
    chosen = labels if len(labels) <= most else _best(rows, axis, most)
    rows = [row for label in chosen for row in rows if row.label == label]
    dimensions = [_dimension(name) for name in given]
    left_out = ""
    if len(chosen) < len(labels):
        left_out = f"{len(chosen)} of {len(labels):,}, those with the best medians"
    return Distribution(
        title=title if title is not None else f"{axis.name[:1].upper()}{axis.name[1:]} by {listed(dimensions)}",
        subtitle=_counts(points), axis=axis, dimension=dimensions[0], rows=rows, colors=second,
        color_dimension=dimensions[1] if second else "", left_out=left_out,
    )  # fmt: skip


def trade_off_of(results: HasPoints, pareto: Any, by: Any, log: bool | None, title: str | None) -> TradeOff:
    """Return the content of a picture of Pareto fronts; see :func:`plot_sweep`."""
    if isinstance(pareto, str) or not isinstance(pareto, Sequence) or len(pareto) != 2 or pareto[0] == pareto[1]:
        raise IBMInputValueError(f'pareto is two different figures, such as ("depth", "esp"), not {pareto!r:.80}.')
    grouped = _grouping(results, ("circuit", "snapshot") if by is None else by, None)
    points = results.points(*pareto, by=_with_which(grouped))
    axes = [_axis(figure, values, log) for figure, values in zip(points.figures, points.values, strict=True)]
    for axis, name in zip(axes, pareto, strict=True):
        if axis.better is None:
            raise IBMInputValueError(f"Neither less nor more of {name!r} is better, so that it has no Pareto front.")
    scaled = points.values / np.array([[axis.size] for axis in axes])
    # Values that all fronts have in common are told once.
    told = [place for place in range(len(grouped)) if len(points.names[place]) > 1] or range(len(grouped))
    common = [str(points.names[place][0]) for place in range(len(grouped)) if place not in told and len(points)]
    fronts: list[Front] = []
    on_front = np.zeros(len(points), dtype=bool)
    found = points.fronts(len(grouped))
    for group, indices in found.items():
        on_front[indices] = True
        members = indices[np.argsort(points.values[0][indices], kind="stable")]
        names = [str(points.names[place][code]) for place, code in enumerate(group) if place in told]
        texts = [_which(points, index) for index in members.tolist()]
        fronts.append(Front(", ".join(names), scaled[0][members], scaled[1][members], texts))
    belongs = _fronts_of(points.groups[: len(grouped)], list(found))
    is_other = ~on_front & np.isfinite(scaled).all(axis=0)
    words = listed([_dimension(name) for name in grouped])
    return TradeOff(
        title if title is not None else f"{axes[0].name[:1].upper()}{axes[0].name[1:]} against {axes[1].name}",
        ", ".join([_counts(points), *common]), axes[0], axes[1], scaled[:, is_other], belongs[is_other], fronts, words,
    )  # fmt: skip


def _fronts_of(groups: NDArray[np.int64], fronts: list[tuple[int, ...]]) -> NDArray[np.int64]:
    """Return the number of the front of each result; of a group without one, that of the first."""
    members, which = np.unique(groups, axis=1, return_inverse=True)
    numbers = {group: number for number, group in enumerate(fronts)}
    found = np.array([numbers.get(tuple(group), 0) for group in members.T.tolist()], dtype=np.int64)
    return found[which.ravel()]


def _grouping(results: Any, by: Any, most: int | None) -> tuple[str, ...]:
    """Return the names of dimensions as ledgers have them."""
    if not callable(getattr(results, "points", None)):
        raise IBMInputValueError(
            f"Pictures of sweeps are of the results of sweep.run() or of a Ledger, not of {type(results).__name__}; of a"
            " file, Ledger(path)."
        )
    if not isinstance(by, str) and isinstance(by, Sequence) and not 0 < len(by) <= (most or len(by)):
        raise IBMInputValueError(f"by is one dimension or two, of rows and of colours, not {by!r:.80}.")
    return results.dimensions(by)  # type: ignore[no-any-return]


def _with_which(by: tuple[str, ...]) -> tuple[str, ...]:
    """Return dimensions with those that tell which result a point is."""
    return (*by, *(name for name in _WHICH if name not in by))


def _axis(figure: Any, values: Floats, log: bool | None) -> Axis:
    known = values[np.isfinite(values)]
    above = known[known > 0]
    is_log = (
        log
        if log is not None
        else len(above) > 0 and len(above) == len(known) and above.max() >= _LOG_FROM * above.min()
    )
    typical = float(np.median(np.abs(known))) if len(known) else math.nan
    size, unit = scale(typical, figure.unit)
    name = _WORDS.get(figure.name, figure.name.replace("_", " "))
    return Axis(name, unit, size, bool(is_log) and len(above) > 0, figure.type is int, figure.better)


def _rows(points: Any, depth: int, axis: Axis, *, tells: bool) -> list[Row]:
    """Return a row for each group, in the order of names in ``depth`` dimensions."""
    members, which = np.unique(points.groups[:depth], axis=1, return_inverse=True)
    order = np.argsort(which.ravel(), kind="stable")
    ends = np.searchsorted(which.ravel()[order], np.arange(members.shape[1] + 1))
    rows = []
    for number, group in enumerate(members.T.tolist()):
        mine = order[ends[number] : ends[number + 1]]
        known = mine[np.isfinite(points.values[0][mine])]
        known = known[np.argsort(points.values[0][known], kind="stable")]
        texts = [_which(points, index) for index in known.tolist()] if tells and len(known) <= MOST_DOTS else []
        label, color = str(points.names[0][group[0]]), group[1] if depth > 1 else 0
        failed = int(points.failed[mine].sum())
        rows.append(Row(label, color, points.values[0][known] / axis.size, len(mine), failed, texts))
    return rows


def _best(rows: list[Row], axis: Axis, most: int) -> list[str]:
    """Return the labels of rows with the best medians, the best one first; of a label, its best row counts."""
    sign = -1.0 if axis.better == "more" else 1.0
    best: dict[str, float] = {}
    for row in rows:
        middle = sign * float(np.median(row.values)) if len(row.values) else math.inf
        best[row.label] = min(best.get(row.label, math.inf), middle)
    return sorted(best, key=lambda label: best[label])[:most]


def _counts(points: Any) -> str:
    """Return how many results there are, how many tasks failed, and how many results lack a figure."""
    failed = int(points.failed.sum())
    lacking = int((~points.failed & ~np.isfinite(points.values).all(axis=0)).sum())
    parts = [count(len(points) - failed, "result")]
    if failed:
        parts.append(f"{count(failed, 'task')} failed")
    if lacking:
        names = " or ".join(_WORDS.get(figure.name, figure.name.replace("_", " ")) for figure in points.figures)
        parts.append(f"{lacking:,} without {names}")
    return ", ".join(parts)


def _dimension(name: str) -> str:
    return _DIMENSIONS.get(name, name.replace("_", " "))


def _which(points: Any, index: int) -> str:
    """Return which result a point is: circuit, device, level and seed."""
    named = {name: points.names[place][points.groups[place, index]] for place, name in enumerate(points.by)}
    return f"{named['circuit']} on {named['backend']}, level {named['optimization_level']}, seed {named['seed']}"

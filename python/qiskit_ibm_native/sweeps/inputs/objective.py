# SPDX-License-Identifier: Apache-2.0
"""Objectives: the figure that tells which of several tries is better, and when no more of them are needed."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any, Protocol

from ...exceptions import IBMInputValueError
from ..ledger.figures import CIRCUIT_FIGURES

#: Figures that an objective may be: those of circuits. Times depend on the machine, and so would results.
_FIGURES = {figure.name: figure.better for figure in CIRCUIT_FIGURES if figure.better is not None}
#: Names of a rule for the end of tries.
_RULE = ("no_better_in", "reaches")


class Tried(Protocol):
    """The part of a result that tells whether it is a good one; its figures are attributes, too."""

    @property
    def error(self) -> str | None:
        """Class and message of the error."""

    @property
    def metrics(self) -> Mapping[str, float | None]:
        """Values of metrics by name."""


@dataclass(frozen=True)
class Objective:
    """The goal of the tries of one circuit on one device, and the rule by which they end.

    Attributes:
        name: The figure, or the metric.
        is_metric: Whether it is a metric.
        is_more_better: Whether a larger value is a better one.
        no_better_in: Number of tries without a better one after which there are no more; ``None`` for no such rule.
        reaches: The value that is good enough; ``None`` if none is.
    """

    name: str
    is_metric: bool
    is_more_better: bool
    no_better_in: int | None = None
    reaches: float | None = None

    @property
    def stops(self) -> bool:
        """Whether tries may end before all are done."""
        return self.no_better_in is not None or self.reaches is not None

    @property
    def goal(self) -> str:
        """The objective as it is given: with ``-`` before a metric of which more is better."""
        return f"-{self.name}" if self.is_metric and self.is_more_better else self.name

    def worth(self, result: Tried) -> float | None:
        """Return a number that is larger for a better result; ``None`` for a result that is better than none."""
        if result.error is not None:
            return None
        value = result.metrics.get(self.name) if self.is_metric else getattr(result, self.name)
        if value is None or math.isnan(value):
            return None
        return float(value) if self.is_more_better else -float(value)

    def is_reached(self, worth: float) -> bool:
        """Return whether a result of such a worth is good enough."""
        return self.reaches is not None and worth >= (self.reaches if self.is_more_better else -self.reaches)


def objective_of(objective: str | None, stop_when: Any, metrics: Collection[str] = ()) -> Objective | None:
    """Return the objective of a sweep.

    Args:
        objective: The name of a figure or of a metric; with ``-`` before it, the largest metric is the best.
        stop_when: A number of tries without a better one, or a mapping with ``no_better_in``, ``reaches`` or both.
        metrics: Names of the sweep's metrics.

    Raises:
        IBMInputValueError: There is no such objective, or that is no rule.
    """
    if objective is None:
        if stop_when is not None:
            raise IBMInputValueError(
                'stop_when needs an objective that tries are compared by, such as objective="esp".'
            )
        return None
    no_better_in, reaches = _rule(stop_when)
    name = objective.removeprefix("-") if isinstance(objective, str) else ""
    if name in metrics:
        return Objective(name, True, name != objective, no_better_in, reaches)
    if objective not in _FIGURES:
        known = ", ".join([*_FIGURES, *metrics])
        raise IBMInputValueError(
            f'objective is one of {known}, or "-" and the name of a metric of which more is better; not {objective!r:.80}.'
        )
    return Objective(objective, False, _FIGURES[objective] == "more", no_better_in, reaches)


def _rule(stop_when: Any) -> tuple[int | None, float | None]:
    if stop_when is None:
        return None, None
    rule = stop_when if isinstance(stop_when, Mapping) else {"no_better_in": stop_when}
    if not rule or any(name not in _RULE for name in rule):
        raise IBMInputValueError(
            "stop_when is a number of tries without a better one, or a mapping with no_better_in, reaches or both, such"
            f' as {{"no_better_in": 50, "reaches": 0.9}}; not {stop_when!r:.80}.'
        )
    tries, reaches = rule.get("no_better_in"), rule.get("reaches")
    if tries is not None and (isinstance(tries, bool) or not isinstance(tries, int) or tries < 1):
        raise IBMInputValueError(f"stop_when: no_better_in is a number of tries from 1, not {tries!r:.80}.")
    if reaches is not None and (
        isinstance(reaches, bool) or not isinstance(reaches, Real) or not math.isfinite(reaches)
    ):
        raise IBMInputValueError(f"stop_when: reaches is a finite number, not {reaches!r:.80}.")
    return tries, None if reaches is None else float(reaches)

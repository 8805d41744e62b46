# SPDX-License-Identifier: Apache-2.0
"""A user's own figures of transpiled circuits: functions that run where the circuit is."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from numbers import Real
from typing import TYPE_CHECKING, Any

from .choices import wrong
from .pickling import Pickled, pickled, unpickled

if TYPE_CHECKING:
    from qiskit import QuantumCircuit


class MetricError(Exception):
    """A metric failed, or returned what is no number; the cause is beside it."""


def metrics_of(given: Any, taken: Collection[str]) -> dict[str, Callable[[QuantumCircuit], float | None]]:
    """Return checked metrics, by name in alphabetical order.

    Args:
        given: Functions by name, or ``None``.
        taken: Names that results and tables have already.

    Raises:
        IBMInputValueError: A name or a function is wrong.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise wrong(f"metrics are functions by name, {{'name': function(circuit)}}, not {given!r:.100}")
    for name, function in given.items():
        if not isinstance(name, str) or not name.isidentifier():
            raise wrong(f"the name of a metric is an identifier, since it becomes a column, not {name!r}")
        if name in taken:
            raise wrong(f"the metric {name!r} needs another name: results have {name!r} already")
        if not callable(function):
            raise wrong(f"the metric {name!r} is a function of a circuit, not {function!r:.100}")
    return dict(sorted(given.items()))


def pickled_metrics(metrics: Mapping[str, Any]) -> dict[str, Pickled]:
    """Return metrics for workers.

    Raises:
        IBMInputValueError: A function cannot be sent.
    """
    return {name: pickled(function, f"metric {name!r}") for name, function in metrics.items()}


def unpickled_metrics(metrics: Mapping[str, Pickled]) -> dict[str, Any]:
    """Return the functions that :func:`pickled_metrics` wrote."""
    return {name: unpickled(function) for name, function in metrics.items()}


def measured(metrics: Mapping[str, Any], circuit: QuantumCircuit) -> dict[str, float | None]:
    """Return the values of metrics, each of which gets a copy of the circuit.

    Raises:
        MetricError: A metric failed, or returned what is no finite number.
        OSError: A metric raised it; it keeps its number, which may tell of the machine.
    """
    return {name: _measured(name, function, circuit) for name, function in metrics.items()}


def _measured(name: str, function: Any, circuit: QuantumCircuit) -> float | None:
    try:
        value = function(circuit.copy())
    except MemoryError:
        raise
    except OSError as error:
        if error.errno is None:
            raise MetricError(f"The metric {name!r} failed: {type(error).__name__}: {error}") from error
        # Its number may tell of the machine.
        raise OSError(error.errno, f"{error.strerror} (in the metric {name!r})") from error
    except Exception as error:
        raise MetricError(f"The metric {name!r} failed: {type(error).__name__}: {error}") from error
    if value is None:
        return None
    if not isinstance(value, Real) or not math.isfinite(value):
        raise MetricError(f"The metric {name!r} returned {value!r:.100}, which is neither a finite number nor None.")
    return float(value)

# SPDX-License-Identifier: Apache-2.0
"""Extrapolation to zero noise by fitted functions of the noise factor."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import OptimizeWarning, curve_fit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Extrapolated:
    """Values of a fitted function.

    Attributes:
        values: Values by point.
        weights: Derivatives of the values by the fitted ones, of shape ``(points, noise_factors)``.
    """

    values: Array
    weights: Array


def extrapolate(name: str, factors: Sequence[float], values: Array, errors: Array, points: Sequence[float]) -> Any:
    """Fit a function to values at noise factors, and return its values at others.

    Args:
        name: One of :data:`~..checks.choices.EXTRAPOLATORS`.
        factors: Noise factors.
        values: Values by noise factor.
        errors: Their standard errors.
        points: Noise factors at which the function is evaluated.

    Returns:
        The :class:`Extrapolated` values, or ``None`` if the function could not be fitted.
    """
    x, y, at = np.asarray(factors, float), np.asarray(values, float), np.asarray(points, float)
    positive = errors[errors > 0]
    sigma = np.maximum(errors, positive.min() if len(positive) else 1.0)
    if name == "fallback":
        lowest = int(np.argmin(x))
        return Extrapolated(np.full(len(at), y[lowest]), np.tile(np.eye(len(x))[lowest], (len(at), 1)))
    if name.endswith("exponential"):
        return _exponential(x, y, sigma, at, 2 if name.startswith("double") else 1)
    degree = 1 if name == "linear" else int(name.rpartition("_")[2])
    weights = _weights(np.vander(x, degree + 1), np.vander(at, degree + 1), sigma)
    return Extrapolated(weights @ y, weights)


def select(candidates: Sequence[Extrapolated | None], errors: Sequence[float]) -> int:
    """Return the index of the first value that may be one: finite, with an error up to 1, and within that from [-1, 1].

    If none may be, the index of that with the smallest error.

    Args:
        candidates: By function, the value at zero noise as the first one.
        errors: Their standard errors.
    """
    for index, (candidate, error) in enumerate(zip(candidates, errors, strict=True)):
        if candidate is not None and error <= 1 and abs(candidate.values[0]) <= 1 + 3 * error:
            return index
    return int(np.argmin(errors))


def _weights(jacobian: Array, jacobian_at: Array, sigma: Array) -> Array:
    """Return the derivatives of the values of a least-squares fit by the fitted ones."""
    return np.asarray(jacobian_at @ np.linalg.pinv(jacobian / sigma[:, None]) / sigma)


def _exponential(x: Array, y: Array, sigma: Array, at: Array, terms: int) -> Extrapolated | None:
    """Fit a sum of decaying exponentials; a single one may also grow."""

    def value(x: Array, *parameters: float) -> Array:
        return np.asarray(sum(a * np.exp(-b * x) for a, b in zip(parameters[::2], parameters[1::2], strict=True)))

    def jacobian(x: Array, *parameters: float) -> Array:
        columns = []
        for a, b in zip(parameters[::2], parameters[1::2], strict=True):
            columns += [np.exp(-b * x), -a * x * np.exp(-b * x)]
        return np.stack(columns, axis=-1)

    slope, level = np.polyfit(x, np.log(np.maximum(np.abs(y), 1e-6)), 1)
    start = float(np.sign(y[np.argmin(x)]) or 1) * float(np.exp(np.clip(level, -10, 2)))
    rate = float(np.clip(-slope, 0.0 if terms == 2 else -1.0, 5.0))
    guess = [start, rate] if terms == 1 else [start / 2, rate / 2, start / 2, rate * 2 + 1e-3]
    lowest = [-np.inf, 0.0 if terms == 2 else -5.0] * terms
    fitted = _fit(value, jacobian, x, y, sigma, guess, (lowest, [np.inf, 50.0] * terms))
    if fitted is None:
        return None
    values, weights = value(at, *fitted), _weights(jacobian(x, *fitted), jacobian(at, *fitted), sigma)
    return Extrapolated(values, weights) if np.isfinite(values).all() and np.isfinite(weights).all() else None


def _fit(
    value: Callable[..., Array], jacobian: Callable[..., Array], x: Array, y: Array, sigma: Array, guess: list[float],
    bounds: tuple[list[float], list[float]],
) -> Array | None:  # fmt: skip
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", OptimizeWarning)
        try:
            return np.asarray(curve_fit(value, x, y, guess, sigma, True, bounds=bounds, jac=jacobian)[0])
        except (RuntimeError, ValueError):
            return None

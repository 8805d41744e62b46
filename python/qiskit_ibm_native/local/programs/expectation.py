# SPDX-License-Identifier: Apache-2.0
"""Expectation values and their errors, of measured Paulis.

Errors are those of first order. Paulis of one basis come from the same shots, and their covariances count; so does the
error of the measured errors of readout.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .mitigation.extrapolation import Extrapolated, extrapolate, select
from .observables import Basis, Observable, Sampled, Term, sample

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .options import Zne

Array = npt.NDArray[np.float64]

#: Errors of readout above which nothing is left to be divided by.
_LEAST_FACTOR = 1e-3


@dataclass(frozen=True)
class BasisData:
    """A basis, what was measured in it by noise factor, and by circuit what signed averages are multiplied by."""

    basis: Basis
    sampled: Sequence[Sampled]
    gammas: Sequence[float]


@dataclass(frozen=True)
class Estimate:
    """Fields of a result, with all elements of its shape as the first axis, and the extrapolators of the elements."""

    fields: dict[str, Array]
    selected: list[str]


@dataclass(frozen=True)
class Readout:
    """Twirled measurements of qubits in 0, of shape ``(randomizations, shots, qubits)``."""

    qubits: Sequence[int]
    bits: npt.NDArray[np.bool_]

    def sampled(self, terms: Sequence[Term]) -> Sampled:
        """Return the statistics of the factors by which errors of readout shrink terms."""
        position = {qubit: index for index, qubit in enumerate(self.qubits)}
        return sample(self.bits, [[position[qubit] for qubit, _ in term] for term in terms])


def estimate(
    circuits: npt.NDArray[np.int64], observables: Sequence[Observable], data: Sequence[Sequence[BasisData]],
    readout: Readout | None, zne: Zne | None,
) -> Estimate:  # fmt: skip
    """Return expectation values.

    Args:
        circuits: The index of the circuit of each element.
        observables: The observable of each element.
        data: By circuit and basis, what was measured.
        readout: Errors of readout to be corrected.
        zne: Options of extrapolation to zero noise.
    """
    tables = [_Table(bases, index, readout, zne) for index, bases in enumerate(data)]
    rows = [
        tables[circuit].estimate(observable) for circuit, observable in zip(circuits.tolist(), observables, strict=True)
    ]
    # Results without elements have the same fields.
    example = rows[0][0] if rows else _Table((), 0, None, zne).estimate({})[0]
    fields = {
        name: np.array([row[0][name] for row in rows], float).reshape(len(rows), *np.shape(value))
        for name, value in example.items()
    }
    return Estimate(fields, [row[1] for row in rows])


class _Table:
    """Values of all Paulis that were measured of a circuit."""

    def __init__(self, bases: Sequence[BasisData], circuit: int, readout: Readout | None, zne: Zne | None) -> None:
        self._bases = bases
        self._zne = zne
        self._terms = [term for data in bases for term in data.basis.terms]
        self._index = {term: index for index, term in enumerate(self._terms)}
        starts = np.cumsum([0, *(len(data.basis.terms) for data in bases)])
        self._slices = [slice(first, last) for first, last in itertools.pairwise(starts)]
        # Factors of readout, and what terms are multiplied by.
        self._readout = readout.sampled(self._terms) if readout is not None and self._terms else None
        self._factors = np.ones(len(self._terms))
        if self._readout is not None:
            self._factors = np.maximum(self._readout.mean(), _LEAST_FACTOR)
        self._gamma = bases[0].gammas[circuit] if bases else 1.0
        number = len(zne.noise_factors) if zne is not None else 1
        # By noise factor, values of terms.
        self._values = np.zeros((number, len(self._terms)))
        for data, part in zip(bases, self._slices, strict=True):
            for index, sampled in enumerate(data.sampled):
                self._values[index, part] = sampled.mean() * self._gamma / self._factors[part]
        self._fits: dict[int, list[Extrapolated | None]] = {}

    def _variance(self, weights: Array, spread: bool) -> float:
        """Return the variance of a sum of terms at noise factors with weights of shape ``(noise_factors, terms)``."""
        scaled = weights * self._gamma / self._factors
        total = 0.0
        for data, part in zip(self._bases, self._slices, strict=True):
            for index, sampled in enumerate(data.sampled):
                row = scaled[index, part]
                if row.any():
                    total += sampled.spread(row) if spread else sampled.variance(row)
        if self._readout is not None:
            total += self._readout.variance((weights * self._values).sum(axis=0) / self._factors)
        return total

    def estimate(self, observable: Observable) -> tuple[dict[str, Any], str]:
        """Return the fields of an observable, and the name of the extrapolator that was used."""
        constant = observable.get((), 0.0)
        coefficients = np.zeros(len(self._terms))
        for term, coefficient in observable.items():
            if term:
                coefficients[self._index[term]] = coefficient
        if self._zne is None:
            weights = coefficients[None, :]
            value = constant + float((weights * self._values).sum())
            return {
                "evs": value, "stds": np.sqrt(self._variance(weights, spread=True)),
                "ensemble_standard_error": np.sqrt(self._variance(weights, spread=False)),
            }, ""  # fmt: skip
        return self._extrapolated(constant, coefficients, self._zne)

    def _extrapolated(self, constant: float, coefficients: Array, zne: Zne) -> tuple[dict[str, Any], str]:
        number = len(zne.noise_factors)
        used = np.flatnonzero(coefficients)
        best_weights = np.zeros((number, len(self._terms)))
        best, names = constant, set()
        points = len(zne.extrapolated_noise_factors)
        evs, stds = np.full((len(zne.extrapolators), points), constant), np.zeros((len(zne.extrapolators), points))
        all_weights = np.zeros((len(zne.extrapolators), points, number, len(self._terms)))
        for term in used.tolist():
            fits = self._fitted(term, zne)
            errors = [
                np.inf if fit is None else np.sqrt(self._variance(self._single(term, fit.weights[0]), spread=False))
                for fit in fits
            ]
            chosen = select(fits, errors)
            names.add(zne.extrapolators[chosen])
            for index, fit in enumerate(fits):
                if fit is None:
                    evs[index] = stds[index] = np.nan
                    continue
                evs[index] += coefficients[term] * fit.values[1:]
                all_weights[index, :, :, term] = coefficients[term] * fit.weights[1:]
            fit = fits[chosen]
            if fit is None:
                # No function fits: the value at the least noise.
                fit = extrapolate("fallback", zne.noise_factors, self._values[:, term], np.ones(number), [0.0])
            best += coefficients[term] * fit.values[0]
            best_weights[:, term] = coefficients[term] * fit.weights[0]
        raw = [self._single_factor(index, coefficients) for index in range(number)]
        for index in range(len(zne.extrapolators)):
            for point in range(points):
                stds[index, point] += np.sqrt(self._variance(all_weights[index, point], spread=True))
        return {
            "evs": best, "stds": np.sqrt(self._variance(best_weights, spread=True)),
            "evs_noise_factors": constant + self._values @ coefficients,
            "stds_noise_factors": np.sqrt([self._variance(row, spread=True) for row in raw]),
            "ensemble_stds_noise_factors": np.sqrt([self._variance(row, spread=False) for row in raw]),
            "evs_extrapolated": evs, "stds_extrapolated": stds,
        }, names.pop() if len(names) == 1 else "multiple" if names else ""  # fmt: skip

    def _fitted(self, term: int, zne: Zne) -> list[Extrapolated | None]:
        """Return the fits of a term, the value at zero noise first."""
        if term not in self._fits:
            errors = np.sqrt([
                self._variance(self._single(term, row), spread=False) for row in np.eye(len(zne.noise_factors))
            ])  # fmt: skip
            points = [0.0, *zne.extrapolated_noise_factors]
            values = self._values[:, term]
            self._fits[term] = [
                extrapolate(name, zne.noise_factors, values, errors, points) for name in zne.extrapolators
            ]
        return self._fits[term]

    def _single(self, term: int, weights: Array) -> Array:
        row = np.zeros((len(weights), len(self._terms)))
        row[:, term] = weights
        return row

    def _single_factor(self, index: int, coefficients: Array) -> Array:
        row = np.zeros((len(self._values), len(self._terms)))
        row[index] = coefficients
        return row

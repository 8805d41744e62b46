# SPDX-License-Identifier: Apache-2.0
"""Observables of pubs, the bases in which their Paulis are measured, and statistics of measured Paulis."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..errors import BadInputError
from . import wire

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: A Pauli: its letters by qubit, in the order of qubits.
Term = tuple[tuple[int, str], ...]
#: Real coefficients by Pauli.
Observable = dict[Term, float]

#: Projectors as sums of the identity and a Pauli: the Pauli and its sign.
_PROJECTORS = {"0": ("Z", 1), "1": ("Z", -1), "+": ("X", 1), "-": ("X", -1), "r": ("Y", 1), "l": ("Y", -1)}
_MAX_PROJECTORS = 12
#: Shots whose Paulis are worked out at once.
_CHUNK = 1 << 15


def read_observables(value: Any, num_qubits: int, where: str) -> npt.NDArray[np.object_]:
    """Return an array of observables.

    Args:
        value: Labels, dictionaries of coefficients by label, typed operators of Qiskit, or nested lists of these.
        num_qubits: The number of qubits of the circuit.
        where: The name of the value, for errors.

    Raises:
        BadInputError: It is none of these, or for another number of qubits.
    """
    if isinstance(value, dict) and value.get("__type__") in ("ObservablesArray", "ndarray"):
        value = value["__value__"]
    if isinstance(value, list):
        parts = [read_observables(item, num_qubits, f"{where}[{index}]") for index, item in enumerate(value)]
        shapes = {part.shape for part in parts}
        if len(shapes) > 1:
            raise BadInputError(f"{where} has lists of different lengths")
        stacked = np.empty((len(parts), *(shapes.pop() if shapes else ())), object)
        for index, part in enumerate(parts):
            stacked[index] = part if part.ndim else part.item()
        return stacked
    single = np.empty((), object)
    single[()] = _read_observable(value, num_qubits, where)
    return single


def _read_observable(value: Any, num_qubits: int, where: str) -> Observable:
    observable: Observable = {}
    for label, coefficient in _labels(value, where):
        real = _real(coefficient, where)
        if len(label) != num_qubits:
            raise BadInputError(f"{where}: {label[:20]!r} has {len(label)} letters, the circuit {num_qubits} qubits")
        for term, share in _expanded(label, where):
            observable[term] = observable.get(term, 0.0) + real * share
    return observable


def _labels(value: Any, where: str) -> Iterable[tuple[str, Any]]:
    if isinstance(value, str):
        return [(value, 1.0)]
    if isinstance(value, dict) and value.get("__type__") == "settings":
        content = value.get("__value__")
        content = content if isinstance(content, dict) else {}
        data = content.get("data")
        if isinstance(data, str):
            return [(data, 1.0)]
        inner = data.get("__value__") if isinstance(data, dict) else None
        labels = inner.get("data") if isinstance(inner, dict) else data
        if isinstance(labels, list) and all(isinstance(label, str) for label in labels):
            coefficients = content.get("coeffs")
            values = np.ones(len(labels)) if coefficients is None else wire.read_complex_array(coefficients)
            if values.shape != (len(labels),):
                raise BadInputError(f"{where} has {len(labels)} labels, and coefficients of shape {values.shape}")
            return list(zip(labels, values.tolist(), strict=True))
    elif isinstance(value, dict) and all(isinstance(label, str) for label in value):
        return value.items()
    raise BadInputError(
        f"{where} is not an observable: a label, a dictionary of coefficients by label, or a SparsePauliOp"
    )


def _real(value: Any, where: str) -> float:
    if isinstance(value, dict) and value.get("__type__") == "complex":
        value = complex(*value["__value__"])
    if not isinstance(value, int | float | complex) or abs(complex(value).imag) > 1e-12:
        raise BadInputError(f"{where} has the coefficient {value!r}; observables need real ones")
    return float(complex(value).real)


def _expanded(label: str, where: str) -> Iterable[tuple[Term, float]]:
    """Return the Paulis of a label, and their shares."""
    fixed: dict[int, str] = {}
    projected: list[tuple[int, str, int]] = []
    for qubit, letter in enumerate(reversed(label)):
        if letter in "XYZ":
            fixed[qubit] = letter
        elif letter in _PROJECTORS:
            projected.append((qubit, *_PROJECTORS[letter]))
        elif letter != "I":
            raise BadInputError(f"{where}: {letter!r} in {label[:20]!r}; letters are IXYZ and the projectors 01+-rl")
    if len(projected) > _MAX_PROJECTORS:
        raise BadInputError(
            f"{where} has {len(projected)} projectors in a term; {_MAX_PROJECTORS} at most are simulated"
        )
    share = 0.5 ** len(projected)
    for chosen in itertools.product((False, True), repeat=len(projected)):
        letters = dict(fixed)
        factor = share
        for (qubit, pauli, eigenvalue), is_chosen in zip(projected, chosen, strict=True):
            if is_chosen:
                letters[qubit] = pauli
                factor *= eigenvalue
        yield tuple(sorted(letters.items())), factor


@dataclass(frozen=True)
class Basis:
    """Paulis that are measured together, and the letters by qubit in which these are measured."""

    letters: dict[int, str]
    terms: tuple[Term, ...]


def measurement_bases(terms: Iterable[Term]) -> list[Basis]:
    """Return bases in which all Paulis but the identity can be measured, by the first basis in which each fits."""
    bases: list[tuple[dict[int, str], list[Term]]] = []
    for term in sorted(set(terms), key=lambda term: (-len(term), term)):
        if not term:
            continue
        fitting = (basis for basis in bases if all(basis[0].get(qubit, letter) == letter for qubit, letter in term))
        basis = next(fitting, None)
        if basis is None:
            basis = ({}, [])
            bases.append(basis)
        basis[0].update(term)
        basis[1].append(term)
    return [Basis(dict(sorted(letters.items())), tuple(members)) for letters, members in bases]


@dataclass(frozen=True)
class Sampled:
    """Statistics of measured Paulis, or of parities.

    Attributes:
        means: Averages of the shots of each randomization, of shape ``(terms, randomizations)``.
        covariance: Covariances of single shots.
        shots: The number of independent shots of all randomizations.
    """

    means: npt.NDArray[np.float64]
    covariance: npt.NDArray[np.float64]
    shots: float

    def mean(self) -> npt.NDArray[np.float64]:
        """Return the averages of all shots."""
        return np.asarray(self.means.mean(axis=1))

    def variance(self, weights: npt.NDArray[np.float64]) -> float:
        """Return the variance of the average of a weighted sum, if each shot is independent."""
        return max(float(weights @ self.covariance @ weights), 0.0) / self.shots

    def spread(self, weights: npt.NDArray[np.float64]) -> float:
        """Return the variance of that average by how much the randomizations differ."""
        randomizations = self.means.shape[1]
        if randomizations == 1:
            return self.variance(weights)
        return float(np.var(weights @ self.means, ddof=1) / randomizations)


def sample(
    bits: npt.NDArray[np.bool_], supports: Sequence[Sequence[int]], signs: npt.NDArray[np.float64] | None = None,
    independent: float | None = None,
) -> Sampled:  # fmt: skip
    """Return the statistics of parities.

    Args:
        bits: Measured bits, of shape ``(randomizations, shots, bits)``.
        supports: By term, the indices of the bits whose parity counts.
        signs: Signs of randomizations.
        independent: The number of independent shots, if not all of them are.
    """
    randomizations, shots, _ = bits.shape
    sums = np.zeros((len(supports), randomizations))
    gram = np.zeros((len(supports), len(supports)))
    for number in range(randomizations):
        sign = 1.0 if signs is None else float(signs[number])
        for first in range(0, shots, _CHUNK):
            part = bits[number, first : first + _CHUNK]
            values = np.stack([
                1.0 - 2.0 * np.bitwise_xor.reduce(part[:, list(support)], axis=1) for support in supports
            ]).astype(np.float32)  # fmt: skip
            sums[:, number] += sign * values.sum(axis=1)
            gram += values @ values.T
    total = randomizations * shots
    mean = sums.sum(axis=1) / total
    return Sampled(sums / shots, gram / total - np.outer(mean, mean), independent or total)

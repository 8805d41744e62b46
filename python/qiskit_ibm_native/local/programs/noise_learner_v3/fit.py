# SPDX-License-Identifier: Apache-2.0
"""Rates of Pauli-Lindblad noise that fit measured words best."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from qiskit.quantum_info import Pauli
from scipy.optimize import nnls

from ...errors import BadInputError
from .boxes import LETTERS, BoxToLearn

if TYPE_CHECKING:
    from collections.abc import Sequence

    Floats = npt.NDArray[np.float64]
    Words = npt.NDArray[np.bool_]

#: Standard errors that a value must be above 0 for its logarithm to count.
_SIGNIFICANT = 3.0


@dataclass(frozen=True)
class Term:
    """A Pauli on some of the qubits."""

    letters: str
    positions: tuple[int, ...]

    def to_pauli(self, num_qubits: int) -> Pauli:
        """Return the Pauli on all qubits."""
        letters = dict(zip(self.positions, self.letters, strict=True))
        return Pauli("".join(letters.get(position, "I") for position in reversed(range(num_qubits))))


@dataclass(frozen=True)
class Rates:
    """Rates of groups of Paulis, those of a group being equal, and their standard errors."""

    groups: list[list[Term]]
    values: Floats
    errors: Floats


def fit_readout(words: Words) -> Rates:
    """Return the rates of flipped bits, of words that would be 0 without errors."""
    means, errors = _estimates(words[0], np.eye(words.shape[-1], dtype=bool))
    if not (means > _SIGNIFICANT * errors).all():
        raise BadInputError("readout is too noisy to be learned; use more randomizations or shots")
    groups = [[Term("X", (position,))] for position in range(words.shape[-1])]
    return Rates(groups, np.maximum(-np.log(means) / 2, 0.0), errors / means / 2)


def fit_layer(box: BoxToLearn, depths: list[int], words: list[Words]) -> Rates:
    """Return the rates of a box.

    Args:
        box: The box.
        depths: Numbers of pairs of boxes.
        words: For each depth, words of shape ``(settings, randomizations, shots, qubits)``.

    Raises:
        BadInputError: The box cannot be learned from pairs.
    """
    terms = _terms(box)
    number = len(box.qubits)
    paulis = [term.to_pauli(number) for term in terms]
    images = [pauli.evolve(box.clifford, frame="s") for pauli in paulis]
    signs = np.array([_sign_of_pair(pauli, image, box) for pauli, image in zip(paulis, images, strict=True)])
    groups = _groups(paulis, images)
    losses = [
        _loss(term, sign, box, depths, words) for term, sign in zip(terms, signs, strict=True)
    ]  # fmt: skip
    slopes, errors = np.array([loss[0] for loss in losses]), np.array([loss[1] for loss in losses])
    # A Pauli loses 2 r in the exponent for each rate r of one that anticommutes with it, and so does its image.
    matrix = 2.0 * (_anticommuting(paulis, paulis) + _anticommuting(images, paulis))
    members = np.zeros((len(terms), len(groups)))
    for column, group in enumerate(groups):
        members[group, column] = 1.0
    weighted = matrix @ members / errors[:, None]
    rates, _ = nnls(weighted, slopes / errors)
    # Rates at their bound have the errors that they would have alone.
    spread = np.sqrt(np.diag(np.linalg.pinv(weighted.T @ weighted)))
    return Rates([[terms[index] for index in group] for group in groups], rates, spread)


def _terms(box: BoxToLearn) -> list[Term]:
    """Return Paulis on single qubits, and on pairs that are coupled."""
    single = [Term(letter, (position,)) for position in range(len(box.qubits)) for letter in "XYZ"]
    pairs = [Term(a + b, edge) for edge in box.edges for a, b in itertools.product("XYZ", repeat=2)]
    return single + pairs


def _sign_of_pair(pauli: Pauli, image: Pauli, box: BoxToLearn) -> int:
    """Return the sign that a Pauli gets by two boxes."""
    twice = image.evolve(box.clifford, frame="s")
    if twice == pauli:
        return 1
    if -twice == pauli:
        return -1
    raise BadInputError("the noise of a box cannot be learned: done twice, it is not a Pauli operator")


def _groups(paulis: list[Pauli], images: list[Pauli]) -> list[list[int]]:
    """Return which Paulis cannot be told apart: pairs of boxes only tell about one together with its image."""
    index = {pauli.to_label(): number for number, pauli in enumerate(paulis)}
    found: dict[frozenset[int], None] = {}
    for number, image in enumerate(images):
        other = index.get(image.to_label().lstrip("-i"), number)
        found[frozenset((number, other))] = None
    return [sorted(group) for group in found]


def _anticommuting(first: Sequence[Pauli], second: Sequence[Pauli]) -> Floats:
    x1, z1 = (np.array([getattr(pauli, part) for pauli in first], np.int64) for part in "xz")
    x2, z2 = (np.array([getattr(pauli, part) for pauli in second], np.int64) for part in "xz")
    return np.asarray((x1 @ z2.T + z1 @ x2.T) % 2, float)


def _loss(
    term: Term, sign: int, box: BoxToLearn, depths: list[int], words: list[Words]
) -> tuple[float, float]:  # fmt: skip
    """Return how fast the logarithm of a Pauli's value falls with the number of pairs, and the standard error."""
    wanted = [LETTERS.index(letter) for letter in term.letters]
    fits = np.flatnonzero((box.bases[:, term.positions] == wanted).all(axis=1))
    mask = np.zeros((1, len(box.qubits)), bool)
    mask[0, list(term.positions)] = True
    points = []
    for depth, measured in zip(depths, words, strict=True):
        chosen = measured[fits].reshape(-1, *measured.shape[2:])
        means, errors = _estimates(chosen, mask)
        mean = means[0] * sign**depth
        if mean > _SIGNIFICANT * errors[0]:
            points.append((depth, np.log(mean), errors[0] / mean))
    if len(points) < 2:
        raise BadInputError(
            f"options.layer_pair_depths: {term.letters} on {term.positions} is lost at once; use smaller depths or more shots"
        )
    x, y, error = np.array(points, float).T
    weights = error**-2.0
    center = np.average(x, weights=weights)
    spread = (weights * (x - center) ** 2).sum()
    return float(-(weights * (x - center) * y).sum() / spread), float(spread**-0.5)


def _estimates(words: Words, masks: Words) -> tuple[Floats, Floats]:
    """Return the mean parities of some bits, and their standard errors.

    Args:
        words: Words of shape ``(randomizations, shots, bits)``.
        masks: The bits of each parity, of shape ``(parities, bits)``.
    """
    parities = words.astype(np.float32) @ masks.T.astype(np.float32) % 2
    values = 1 - 2 * parities.mean(axis=1, dtype=float)
    number, shots = values.shape[0], words.shape[1]
    means = values.mean(axis=0)
    # The spread between randomizations has the noise of shots, too; few randomizations may hide it.
    between = values.var(axis=0, ddof=1) / number if number > 1 else np.zeros_like(means)
    least = np.maximum(1 - means**2, 1 / (number * shots)) / (number * shots)
    return means, np.sqrt(np.maximum(between, least))

# SPDX-License-Identifier: Apache-2.0
"""Parts of circuits for many sets of values together: the same probabilities as for one after the other."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter

from qiskit_ibm_native import Snapshot
from qiskit_ibm_native.local.engine import exact
from qiskit_ibm_native.local.engine.batches import Batch, Unsupported
from qiskit_ibm_native.local.engine.components import connected_components
from qiskit_ibm_native.local.engine.noise import device_noise
from qiskit_ibm_native.local.errors import BadInputError


def circuit() -> QuantumCircuit:
    """Return a circuit with rotations, delays and resets, whose middle qubit is not measured."""
    made = QuantumCircuit(3, 2)
    angles = [Parameter(name) for name in "abcd"]
    made.reset(1)
    for qubit, angle in enumerate(angles[:3]):
        made.sx(qubit)
        made.rz(angle, qubit)
        made.rx(angles[3], qubit)
    made.cz(0, 1)
    made.delay(2000, 1)
    made.rzz(angles[1], 1, 2)
    made.sx(0)
    made.x(2)
    made.measure([2, 0], [0, 1])
    return made


def test_probabilities_are_those_of_each_bound_circuit() -> None:
    template = circuit()
    noise = device_noise(Snapshot.load("fez"))
    (component,) = connected_components(template)
    columns = {parameter: column for column, parameter in enumerate(template.parameters)}
    values = np.random.default_rng(3).uniform(-7, 7, (5, 4))
    together = Batch(component, columns, noise).probabilities(values)
    for row, found in zip(values, together, strict=True):
        (bound,) = connected_components(template.assign_parameters(row))
        np.testing.assert_allclose(found, exact.probabilities(bound, noise), atol=1e-12)
    np.testing.assert_allclose(together.sum(axis=1), 1.0)


def test_shots_are_drawn_by_their_probabilities() -> None:
    template = circuit()
    (component,) = connected_components(template)
    columns = {parameter: column for column, parameter in enumerate(template.parameters)}
    values = np.random.default_rng(4).uniform(-7, 7, (3, 4))
    batch = Batch(component, columns, None)
    bits = batch.draw(values, 40_000, np.random.default_rng(5))
    counts = [np.bincount(words, minlength=4) / 40_000 for words in bits @ np.array([1, 2])]
    # Six standard errors: a false alarm has a probability below 1e-7.
    np.testing.assert_allclose(counts, batch.probabilities(values), atol=6 * 0.5 / np.sqrt(40_000))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_no_finite_numbers_are_refused(value: float) -> None:
    template = circuit()
    (component,) = connected_components(template)
    columns = {parameter: column for column, parameter in enumerate(template.parameters)}
    values = np.zeros((3, 4))
    values[2, 1] = value
    with pytest.raises(BadInputError, match=r"parameter value 1 of set 2 is (nan|inf)"):
        Batch(component, columns, None).draw(values, 10, np.random.default_rng(5))


def test_what_batches_cannot_do_is_left_to_others() -> None:
    middle = QuantumCircuit(1, 2)
    middle.measure(0, 0)
    middle.x(0)
    middle.measure(0, 1)
    wide = QuantumCircuit(7, 1)
    for qubit in range(6):
        wide.cz(qubit, qubit + 1)
    wide.measure(0, 0)
    summed = QuantumCircuit(1, 1)
    summed.rz(Parameter("a") + 1, 0)
    summed.measure(0, 0)
    for refused in (middle, wide, summed):
        (component,) = connected_components(refused)
        with pytest.raises(Unsupported):
            Batch(component, dict.fromkeys(refused.parameters, 0), None)

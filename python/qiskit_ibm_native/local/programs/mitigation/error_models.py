# SPDX-License-Identifier: Apache-2.0
"""Noise of layers as Pauli-Lindblad models, and as JSON.

A model is the channel ``exp(sum of r (P rho P - rho))``: Van den Berg, Minev, Kandala and Temme, Nature Physics 19,
1116 (2023).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ...errors import BadInputError
from .. import wire
from . import paulis
from .layers import in_layers

if TYPE_CHECKING:
    from qiskit import QuantumCircuit

_MODULE = "qiskit_ibm_runtime.utils.noise_learner_result"


@dataclass(frozen=True)
class PauliLindblad:
    """Rates of Paulis.

    Attributes:
        qubits: The qubits.
        generators: Numbers of Paulis, of shape ``(generators, qubits)``.
        rates: Rates, of shape ``(generators,)``.
    """

    qubits: tuple[int, ...]
    generators: npt.NDArray[np.int8]
    rates: npt.NDArray[np.float64]

    def draw(self, factor: float, random: np.random.Generator) -> tuple[dict[int, int], int]:
        """Return a random error by qubit, and its sign, such that the average is the channel to the power ``factor``.

        For a negative factor that is the average of errors with their signs, times :meth:`gamma`.
        """
        probabilities = -np.expm1(-2 * abs(factor) * self.rates) / 2
        hit = random.random(len(self.rates)) < probabilities
        product = np.bitwise_xor.reduce(self.generators[hit], axis=0) if hit.any() else np.zeros(len(self.qubits), int)
        sign = -1 if factor < 0 and hit.sum() % 2 else 1
        return {qubit: int(code) for qubit, code in zip(self.qubits, product, strict=True) if code}, sign

    def gamma(self, factor: float) -> float:
        """Return by what averages of signed errors are multiplied."""
        return float(np.exp(2 * max(-factor, 0.0) * self.rates.sum()))


@dataclass(frozen=True)
class LayerError:
    """A layer and its noise; ``None`` if that was not learned."""

    circuit: QuantumCircuit
    qubits: tuple[int, ...]
    error: PauliLindblad | None

    @property
    def key(self) -> frozenset[tuple[Any, ...]]:
        """The gates of the layer on the device's qubits, as :attr:`.Layer.key` has them."""
        gates = [gate for layer in in_layers(self.circuit).layers for gate in layer.gates]
        return frozenset((*gate.key[:2], tuple(self.qubits[index] for index in gate.qubits)) for gate in gates)

    def write(self) -> dict[str, Any]:
        """Return the layer as typed JSON."""
        error = None
        if self.error is not None:
            labels = [paulis.to_label(row) for row in self.error.generators.tolist()]
            generators = {
                "__type__": "settings", "__module__": "qiskit.quantum_info.operators.symplectic.pauli_list",
                "__class__": "PauliList", "__value__": {"data": labels},
            }  # fmt: skip
            error = _typed(
                "PauliLindbladError", {"generators": generators, "rates": wire.write_array(self.error.rates)}
            )
        content = {"circuit": wire.write_circuit(self.circuit), "qubits": list(self.qubits), "error": error}
        return _typed("LayerError", content)


def _typed(name: str, content: dict[str, Any]) -> dict[str, Any]:
    return {"__type__": "_json", "__module__": _MODULE, "__class__": name, "__value__": content}


def read_layer_errors(value: Any) -> list[LayerError]:
    """Return the layers of a result of a noise learner, or of a list of them.

    Raises:
        BadInputError: They cannot be read.
    """
    try:
        if isinstance(value, dict):
            value = value["__value__"]["data"]
        return [_read_layer(item["__value__"]) for item in value]
    except BadInputError:
        raise
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise BadInputError(
            f"options.resilience.layer_noise_model cannot be read ({error!r}); give a result of NoiseLearner"
        ) from None


def _read_layer(content: dict[str, Any]) -> LayerError:
    qubits = tuple(map(int, content["qubits"]))
    error = content.get("error")
    model = None
    if error is not None:
        inner = error["__value__"]
        labels = inner["generators"]["__value__"]["data"]
        rates = wire.read_array(inner["rates"])
        codes = np.array([paulis.from_label(label) for label in labels], np.int8).reshape(len(labels), len(qubits))
        if rates.shape != (len(labels),):
            raise BadInputError(
                f"options.resilience.layer_noise_model has {len(labels)} generators, rates of shape {rates.shape}"
            )
        model = PauliLindblad(qubits, codes, rates)
    return LayerError(wire.read_circuit(content["circuit"]), qubits, model)

# SPDX-License-Identifier: Apache-2.0
"""Noise models of Aer as clients send them."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import BadInputError
from . import wire

if TYPE_CHECKING:
    from qiskit_aer.noise import NoiseModel

#: Operations of errors whose parameters are matrices.
_WITH_MATRICES = frozenset({"kraus", "unitary"})


def read_noise_model(value: Any) -> NoiseModel:
    """Return a noise model.

    Matrices are typed arrays, as the official client sends them, or nested lists whose innermost pairs are complex
    numbers, as ``NoiseModel.to_dict(serializable=True)`` makes them; ``NoiseModel.from_dict`` reads neither.

    Args:
        value: The dictionary of a noise model, typed or not.

    Raises:
        BadInputError: It is no noise model.
    """
    from qiskit_aer.noise import NoiseModel

    content: Any = (
        value.get("__value__") if isinstance(value, dict) and value.get("__type__") == "NoiseModel" else value
    )
    try:
        with warnings.catch_warnings():
            # It is deprecated, and nothing takes its place.
            warnings.simplefilter("ignore", DeprecationWarning)
            return NoiseModel.from_dict({"errors": [_read_error(error) for error in content["errors"]]})
    except Exception as error:
        raise BadInputError(
            f"options.simulator.noise_model cannot be read: {error!r}; send what NoiseModel.to_dict() gives"
        ) from None


def _read_error(error: dict[str, Any]) -> dict[str, Any]:
    error = {key: wire.untyped(value) for key, value in error.items() if key != "instructions"} | (
        {"instructions": [[_read_operation(operation) for operation in circuit] for circuit in error["instructions"]]}
        if "instructions" in error
        else {}
    )
    if "gate_qubits" in error:
        error["gate_qubits"] = [tuple(qubits) for qubits in error["gate_qubits"]]
    return error


def _read_operation(operation: dict[str, Any]) -> dict[str, Any]:
    if operation.get("name") not in _WITH_MATRICES:
        return operation
    return {**operation, "params": [_matrix(parameter) for parameter in operation["params"]]}


def _matrix(value: Any) -> Any:
    array = np.asarray(wire.untyped(value))
    # Two axes are a matrix of numbers already; a third one has their real and imaginary parts.
    return array[..., 0] + 1j * array[..., 1] if array.ndim == 3 and array.shape[-1] == 2 else array.astype(complex)

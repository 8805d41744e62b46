# SPDX-License-Identifier: Apache-2.0
"""The program ``noise-learner``: the noise of the layers of circuits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import BadInputError
from . import wire
from .mitigation.learning import learn, unique_layers
from .options import STRATEGY, read_learning

if TYPE_CHECKING:
    from .simulation import Simulation


def run(params: dict[str, Any], simulation: Simulation) -> dict[str, Any]:
    """Run a job; return its results."""
    options = params.get("options") or {}
    circuits = [wire.read_circuit(circuit) for circuit in params["circuits"]]
    for number, circuit in enumerate(circuits):
        if circuit.num_qubits > simulation.device.num_qubits:
            raise BadInputError(
                f"circuits[{number}] has {circuit.num_qubits} qubits, {simulation.device.name}"
                f" {simulation.device.num_qubits}"
            )
    layers = unique_layers(circuits, options.get("twirling_strategy") or STRATEGY)
    errors = learn(layers, simulation, read_learning(options))
    known = (
        "max_layers_to_learn",
        "shots_per_randomization",
        "num_randomizations",
        "layer_pair_depths",
        "twirling_strategy",
    )
    return {
        "data": [error.write() for error in errors],
        "metadata": {
            "backend": simulation.device.name,
            "input_options": {name: options[name] for name in known if name in options},
            "unique_layers": len(layers),
        },
    }  # fmt: skip

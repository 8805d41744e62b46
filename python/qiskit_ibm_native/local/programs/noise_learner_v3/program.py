# SPDX-License-Identifier: Apache-2.0
"""The later form of the program ``noise-learner``: the noise of boxes, from circuits that are run.

Van den Berg, Minev, Kandala and Temme, Nature Physics 19, 1116 (2023): a box is repeated an even number of times
between random Paulis, and how a Pauli decays with the number of repetitions tells its fidelity, whatever errors
preparation and readout make. The errors of a box are those of its gates and of the single-qubit gates that twirl it.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from qiskit import QuantumRegister
from qiskit.circuit import BoxOp, CircuitInstruction

from ...errors import BadInputError
from .. import wire
from ..checks.noise_learner_v3 import DEPTHS, RANDOMIZATIONS, SHOTS
from .boxes import AnnotationReader, BoxToLearn, twirl_of
from .fit import Rates, fit_layer, fit_readout

if TYPE_CHECKING:
    from ..simulation import Simulation


def run(params: dict[str, Any], simulation: Simulation) -> dict[str, Any]:
    """Run a job; return its results."""
    options = params.get("options") or {}
    shots = int(options.get("shots_per_randomization", SHOTS))
    randomizations = int(options.get("num_randomizations", RANDOMIZATIONS))
    depths = sorted({int(depth) for depth in options.get("layer_pair_depths", DEPTHS)})
    data = []
    for number, instruction in enumerate(_read_instructions(params)):
        box = BoxToLearn(*_checked(instruction, f"instructions[{number}]", simulation), simulation)
        if box.measures:
            data.append(_written(box, fit_readout(box.measured([0], randomizations, shots)[0]), None))
        else:
            words = box.measured(depths, randomizations, shots)
            data.append(_written(box, fit_layer(box, depths, words), depths))
    return {"schema_version": params.get("schema_version"), "data": data}


def _read_instructions(params: dict[str, Any]) -> list[CircuitInstruction]:
    packed = params.get("instructions")
    try:
        raw = base64.b64decode(packed["circuit_b64"], validate=True)  # type: ignore[index]
    except (KeyError, TypeError, binascii.Error):
        raise BadInputError("instructions.circuit_b64 is missing; it must be QPY of a circuit of boxes") from None
    circuits = wire.load_qpy(raw, {"samplomatic": AnnotationReader})
    if len(circuits) != 1:
        raise BadInputError(f"instructions have {len(circuits)} circuits; send one, which has all boxes")
    return list(circuits[0].data)


def _checked(instruction: CircuitInstruction, path: str, simulation: Simulation) -> tuple[BoxOp, tuple[int, ...]]:
    """Return the box of an instruction with its qubits on the device."""
    if not isinstance(instruction.operation, BoxOp) or twirl_of(instruction.operation) is None:
        raise BadInputError(f"{path} is {instruction.name!r}; it must be a box with the annotation Twirl")
    register = QuantumRegister(simulation.device.num_qubits, "q")
    indices = {qubit: index for index, qubit in enumerate(register)}
    qubits = [indices.get(qubit) for qubit in instruction.qubits]
    if None in qubits:
        raise BadInputError(f"{path} has qubits that are not in {register}; transpile for {simulation.device.name}")
    return instruction.operation, tuple(qubit for qubit in qubits if qubit is not None)


def _written(box: BoxToLearn, rates: Rates, depths: list[int] | None) -> dict[str, Any]:
    kept: dict[str, Any] = {"fraction_kept": 1.0, "success_rates": {}}
    if depths is not None:
        kept = {"fraction_kept": dict.fromkeys(map(str, depths), 1.0), "success_rates": {str(d): {} for d in depths}}
    return {
        "generators_sparse": [
            [[term.letters, list(term.positions)] for term in group] for group in rates.groups
        ],
        "num_qubits": len(box.qubits),
        "rates": _tensor(rates.values),
        "rates_std": _tensor(rates.errors),
        "metadata": {"learning_protocol": "trex" if depths is None else "lindblad", "post_selection": kept},
    }  # fmt: skip


def _tensor(values: npt.NDArray[np.float64]) -> dict[str, Any]:
    data = base64.b64encode(np.ascontiguousarray(values, "<f8").tobytes()).decode()
    return {"data": data, "shape": list(values.shape), "dtype": "f64"}

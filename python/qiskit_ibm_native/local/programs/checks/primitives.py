# SPDX-License-Identifier: Apache-2.0
"""Checks of jobs of the programs ``sampler``, ``estimator`` and ``noise-learner`` that need nothing but JSON."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ...errors import BadInputError
from . import choices
from .fields import (
    Check,
    an_object,
    anything,
    choice,
    either,
    flag,
    members,
    nowhere,
    only,
    real,
    several,
    shown,
    whole,
)

if TYPE_CHECKING:
    from ...devices import Device

#: Members of the options of clients that are members of the job, and names of earlier versions.
_ELSEWHERE: dict[str, Check] = {
    "max_execution_time": nowhere("send it as cost of the job, in seconds"),
    "environment": nowhere("send log_level, tags and private with the job"),
    "optimization_level": nowhere("transpile circuits before they are sent"),
    "transpilation": nowhere("transpile circuits before they are sent"),
}
_SIMULATOR = members({
    "noise_model": an_object, "seed_simulator": whole(0, choices.MAX_SEED), "coupling_map": anything, "basis_gates": anything,
})  # fmt: skip
#: Options of ``AerSimulator`` that a job has elsewhere, or that are not for it.
_RESERVED: dict[str, Check] = {
    "shots": nowhere("send shots with the job or its circuits"),
    "memory": nowhere("results always have the bits of each shot; leave it out"),
    "seed_simulator": nowhere("send it as seed_simulator of options.simulator"),
    "noise_model": nowhere("send it as noise_model of options.simulator"),
    "executor": nowhere("the service runs jobs in processes of its own; leave it out"),
    "simulator": _SIMULATOR,
}
_DECOUPLING = members({
    "enable": flag, "sequence_type": choice(choices.SEQUENCES),
    "extra_slack_distribution": choice(choices.SLACK), "scheduling_method": choice(choices.SCHEDULING),
    "skip_reset_qubits": flag,
})  # fmt: skip
_RANDOMIZATIONS = whole(1, choices.MAX_CIRCUITS)
_TWIRLING = members({
    "enable_gates": flag, "enable_measure": flag, "num_randomizations": either("auto", _RANDOMIZATIONS),
    "shots_per_randomization": either("auto", whole(1)), "strategy": choice(choices.STRATEGIES),
})  # fmt: skip
_LEARNING: dict[str, Check] = {
    "max_layers_to_learn": whole(0), "shots_per_randomization": whole(1), "num_randomizations": _RANDOMIZATIONS,
    "layer_pair_depths": several(whole(0)),
}  # fmt: skip
_RESILIENCE = members({
    "measure_mitigation": flag, "zne_mitigation": flag, "pec_mitigation": flag,
    "measure_noise_learning": members({
        "num_randomizations": _RANDOMIZATIONS, "shots_per_randomization": either("auto", whole(1)),
    }),
    "zne": members({
        "amplifier": choice(choices.AMPLIFIERS), "noise_factors": several(real(1)),
        "extrapolator": several(choice(choices.EXTRAPOLATORS), or_one=True),
        "extrapolated_noise_factors": several(real(0)),
    }),
    "pec": members({"max_overhead": real(0, is_open=True), "noise_gain": either("auto", real(0))}),
    "layer_noise_learning": members(_LEARNING), "layer_noise_model": anything,
})  # fmt: skip
_NO_RESET = "every shot begins with its qubits in 0 here; leave it out"


def check_init_qubits(value: Any, path: str) -> None:
    """Refuse shots that begin where the one before ended."""
    flag(value, path)
    only(True, _NO_RESET)(value, path)


def check_experimental(value: Any, path: str) -> None:
    """Refuse options of the simulator that a job has elsewhere; take others, known or not."""
    an_object(value, path)
    for name in sorted(_RESERVED.keys() & value.keys()):
        if value[name] is not None:
            _RESERVED[name](value[name], f"{path}.{name}")


def check_rep_delay(value: Any, path: str, device: Device) -> None:
    """Refuse a delay between shots that the device does not take."""
    if not getattr(device.model, "dynamic_reprate_enabled", False):
        raise BadInputError(f"{path}: {device.name} has no choice of repetition delays; leave it out")
    allowed = getattr(device.model, "rep_delay_range", None)
    real(0)(value, path)
    if allowed and not allowed[0] <= value <= allowed[1]:
        raise BadInputError(
            f"{path} is {shown(value)}; {device.name} takes {allowed[0]} to {allowed[1]} s (rep_delay_range)"
        )


def check_sampler(params: dict[str, Any], device: Device) -> None:
    """Refuse a job of the program ``sampler`` that cannot be run.

    Raises:
        BadInputError: The job cannot be run; the text has the path of what to change.
    """
    shots = _shots(device)
    execution = _execution(device) | {"meas_type": choice(choices.MEAS_TYPES)}
    table = _shared(device) | {
        "default_shots": shots, "execution": members(execution),
        "resilience": nowhere("the sampler mitigates nothing; use the estimator"),
        "resilience_level": nowhere("the sampler mitigates nothing; use the estimator"),
    }  # fmt: skip
    members(table)(_options(params), "options")
    if params.get("shots") is not None:
        shots(params["shots"], "shots")
    for number, pub in enumerate(_pubs(params)):
        parts = pub if isinstance(pub, list) else [pub]
        if not 1 <= len(parts) <= 3:
            raise BadInputError(f"pubs[{number}] has {len(parts)} parts; send circuit, parameter values and shots")
        _check_circuit(parts[0], f"pubs[{number}][0]")
        if len(parts) == 3 and parts[2] is not None:
            shots(parts[2], f"pubs[{number}][2] (shots)")


def check_estimator(params: dict[str, Any], device: Device) -> None:
    """Refuse a job of the program ``estimator`` that cannot be run.

    Raises:
        BadInputError: The job cannot be run; the text has the path of what to change.
    """
    most = getattr(device.model, "max_shots", None)

    def precision(value: Any, path: str) -> None:
        real(0, is_open=True)(value, path)
        if most and value < 1 / math.sqrt(most) * (1 - 1e-9):
            raise BadInputError(
                f"{path} is {value}; {device.name} takes {most} shots, use {1 / math.sqrt(most):.3g} or more"
            )

    table = _shared(device) | {
        "default_shots": whole(0, most), "default_precision": precision, "seed_estimator": whole(0, choices.MAX_SEED),
        "execution": members(_execution(device)), "resilience": _RESILIENCE, "resilience_level": whole(0, 2),
    }  # fmt: skip
    options = _options(params)
    members(table)(options, "options")
    if params.get("resilience_level") is not None:
        whole(0, 2)(params["resilience_level"], "resilience_level")
    _check_resilience(options.get("resilience") or {})
    if params.get("precision") is not None:
        precision(params["precision"], "precision")
    for number, pub in enumerate(_pubs(params)):
        if not isinstance(pub, list) or not 2 <= len(pub) <= 4:
            raise BadInputError(
                f"pubs[{number}] must be a list of circuit, observables, parameter values and precision"
            )
        _check_circuit(pub[0], f"pubs[{number}][0]")
        if len(pub) == 4 and pub[3] is not None:
            precision(pub[3], f"pubs[{number}][3] (precision)")


def _check_resilience(resilience: dict[str, Any]) -> None:
    if resilience.get("zne_mitigation") and resilience.get("pec_mitigation"):
        raise BadInputError("options.resilience has zne_mitigation and pec_mitigation; enable one of them")
    zne = resilience.get("zne") or {}
    factors = zne.get("noise_factors") or choices.NOISE_FACTORS
    names = zne.get("extrapolator") or choices.DEFAULT_EXTRAPOLATORS
    for name in [names] if isinstance(names, str) else names:
        if len(set(factors)) < choices.EXTRAPOLATORS[name]:
            raise BadInputError(
                f"options.resilience.zne.extrapolator {name} needs {choices.EXTRAPOLATORS[name]} noise_factors, not"
                f" {len(set(factors))}"
            )
    _check_depths(resilience.get("layer_noise_learning") or {}, "options.resilience.layer_noise_learning")


def check_noise_learner(params: dict[str, Any], device: Device) -> None:
    """Refuse a job of the program ``noise-learner`` that cannot be run.

    Raises:
        BadInputError: The job cannot be run; the text has the path of what to change.
    """
    table = _ELSEWHERE | _LEARNING | {
        "twirling_strategy": choice(choices.STRATEGIES), "simulator": _SIMULATOR, "experimental": check_experimental,
        "support_qiskit": flag, "shots_per_randomization": _shots(device),
    }  # fmt: skip
    options = _options(params)
    members(table)(options, "options")
    _check_depths(options, "options")
    circuits = params.get("circuits")
    if not isinstance(circuits, list) or not 0 < len(circuits) <= choices.MAX_CIRCUITS:
        raise BadInputError(f"circuits must be a list of 1 to {choices.MAX_CIRCUITS}")
    for number, circuit in enumerate(circuits):
        _check_circuit(circuit, f"circuits[{number}]")


def _check_depths(group: dict[str, Any], path: str) -> None:
    depths = group.get("layer_pair_depths")
    if depths is not None and len(set(depths)) < 2:
        raise BadInputError(f"{path}.layer_pair_depths is {depths}; a decay needs two depths at least")


def _shared(device: Device) -> dict[str, Check]:
    twirled = _shots(device)

    def twirling(value: Any, path: str) -> None:
        _TWIRLING(value, path)
        numbers = [value.get(name) for name in ("num_randomizations", "shots_per_randomization")]
        either("auto", twirled)(numbers[1] or "auto", f"{path}.shots_per_randomization")
        most = getattr(device.model, "max_shots", None)
        chosen = [number for number in numbers if isinstance(number, int)]
        if most and len(chosen) == 2 and math.prod(chosen) > most:
            raise BadInputError(
                f"{path} has num_randomizations times shots_per_randomization = {math.prod(chosen)} shots;"
                f" {device.name} takes {most} at most"
            )

    return _ELSEWHERE | {
        "dynamical_decoupling": _DECOUPLING, "twirling": twirling, "simulator": _SIMULATOR, "experimental": check_experimental,
    }  # fmt: skip


def _execution(device: Device) -> dict[str, Check]:
    return {
        "init_qubits": check_init_qubits, "rep_delay": lambda value, path: check_rep_delay(value, path, device),
        "scheduler_timing": flag,
        "stretch_values": only(False, "values of stretches are told by the executor only; leave it out"),
    }  # fmt: skip


def _shots(device: Device) -> Check:
    return whole(1, getattr(device.model, "max_shots", None))


def _options(params: dict[str, Any]) -> Any:
    options = params.get("options")
    return {} if options is None else options


def _pubs(params: dict[str, Any]) -> list[Any]:
    pubs = params.get("pubs")
    if not isinstance(pubs, list) or not 0 < len(pubs) <= choices.MAX_CIRCUITS:
        raise BadInputError(f"pubs must be a list of 1 to {choices.MAX_CIRCUITS}")
    return pubs


def _check_circuit(value: Any, path: str) -> None:
    if not isinstance(value, str) and not (isinstance(value, dict) and value.get("__type__") == "QuantumCircuit"):
        raise BadInputError(f"{path} is not a circuit: send typed QPY, or OpenQASM 3")

# SPDX-License-Identifier: Apache-2.0
"""The options of a backend, and how they are checked."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from qiskit.providers import Options
from qiskit.result import MeasLevel, MeasReturnType

from ..._warning import warn
from . import validation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..device import Device

#: Options that every job is given.
COMMON = ("shots", "meas_level", "init_qubits", "rep_delay", "memory", "meas_return")
#: Options that are done on the side of the client, or that only simulators take.
OTHERS = ("init_circuit", "init_num_resets", "header", "use_measure_esp", "noise_model", "seed_simulator")
#: Options that ``run()`` takes besides its arguments, and that are members of the submitted job.
JOB_MEMBERS = ("max_execution_time", "private", "log_level", "calibration_id")
#: Arguments of ``run()`` that are no options of the job.
ARGUMENTS = ("job_tags", "dynamic", "program_id", "image", "composite")
DEFAULT_SHOTS = 4000
#: The likeness (see ``difflib``) from which a known name is suggested for an unknown one.
_LIKENESS = 0.7


class BackendOptions(Options):  # type: ignore[misc]
    """Options that are checked however they are set. ``None`` means that an option is not given."""

    __slots__ = ()

    def update_options(self, **fields: Any) -> None:
        """Set options.

        Raises:
            ValueError: A value is out of range.
            TypeError: A value is of the wrong type, or the backend does not have the option.
        """
        given = {name: value for name, value in fields.items() if value is not None}
        super().update_options(**given)
        for name in fields.keys() - given.keys():
            super().__setattr__(name, None)

    def __setattr__(self, name: str, value: Any) -> None:
        self.update_options(**{name: value})


def default_options() -> BackendOptions:
    """Return the options that a backend has before any are set."""
    return BackendOptions(
        shots=DEFAULT_SHOTS,
        meas_level=MeasLevel.CLASSIFIED,
        init_qubits=True,
        rep_delay=None,
        memory=False,
        meas_return=MeasReturnType.AVERAGE,
        init_circuit=None,
        init_num_resets=None,
        header=None,
        use_measure_esp=None,
        noise_model=None,
        seed_simulator=None,
        program_id="sampler",
    )


def add_validators(
    options: BackendOptions, max_shots: int | None, rep_delay_range: Any, takes_simulator_options: bool
) -> None:
    """Let options be checked against what the device takes."""
    if not takes_simulator_options:
        options.set_validator("noise_model", type(None))
        options.set_validator("seed_simulator", type(None))
    if max_shots:
        options.set_validator("shots", (1, max_shots))
    if rep_delay_range:
        options.set_validator("rep_delay", tuple(rep_delay_range))
    options.set_validator("program_id", ["sampler", "executor"])


def chosen_options(backend: Device, given: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of a job: what is given, then what is set; checked.

    Args:
        backend: The device.
        given: The arguments of ``run()``; ``None`` is not given.
        extra: The others.

    Raises:
        IBMBackendValueError: A value is not what the device takes.
    """
    chosen = {name: value if value is not None else backend.options.get(name) for name, value in given.items()}
    if given["shots"] is None:
        chosen["shots"] = min(chosen["shots"], backend.max_shots or chosen["shots"])
    chosen["shots"] = validation.check_shots(chosen["shots"], backend.max_shots)
    is_dynamic = bool(backend.dynamic_reprate_enabled)
    chosen["rep_delay"] = validation.check_rep_delay(chosen["rep_delay"], is_dynamic, backend.rep_delay_range)
    level, kind = validation.check_measurement(chosen["meas_level"], chosen["meas_return"])
    chosen["meas_level"], chosen["meas_return"] = level, kind
    chosen["header"] = validation.check_header(chosen["header"]) or None
    for name in ("noise_model", "seed_simulator"):
        if chosen[name] is not None and not backend._takes_simulator_options:
            warn(f"{name} is for simulators; {backend.name} ignores it.")
            chosen[name] = None
    if chosen["use_measure_esp"]:
        warn("use_measure_esp is ignored, because today's platform has one kind of readout only.")
    if not backend.configuration().is_simulator:
        # Devices that are simulated take a seed and a noise model, but no more of a simulator's options than others do.
        for name in (name for name in extra if name not in JOB_MEMBERS):
            warn(_unrecognized(name))
    return {name: value for name, value in {**chosen, **extra}.items() if value is not None}


def _unrecognized(name: str) -> str:
    near = get_close_matches(name, (*COMMON, *OTHERS, *JOB_MEMBERS, *ARGUMENTS), n=1, cutoff=_LIKENESS)
    hint = f" Did you mean {near[0]}?" if near else ""
    return f"{name} is not a recognized runtime option and may be ignored by the backend.{hint}"

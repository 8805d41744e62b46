# SPDX-License-Identifier: Apache-2.0
"""The options of a backend, and how they are checked."""

from __future__ import annotations

from typing import Any

from qiskit.providers import Options
from qiskit.result import MeasLevel, MeasReturnType

#: Options that every job is given.
COMMON = ("shots", "meas_level", "init_qubits", "rep_delay", "memory", "meas_return")
#: Options that are done on the side of the client, or that only simulators take.
OTHERS = ("init_circuit", "init_num_resets", "header", "use_measure_esp", "noise_model", "seed_simulator")
DEFAULT_SHOTS = 4000


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
    options: BackendOptions, *, max_shots: int | None, rep_delay_range: Any, takes_simulator_options: bool
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

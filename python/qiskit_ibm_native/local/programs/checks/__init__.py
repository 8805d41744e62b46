# SPDX-License-Identifier: Apache-2.0
"""Checks of jobs when they are submitted, which need nothing but JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...errors import BadInputError
from . import executor, noise_learner_v3, primitives

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...devices import Device

_CHECKS: dict[str, Callable[[dict[str, Any], Device], None]] = {
    "sampler": primitives.check_sampler, "estimator": primitives.check_estimator,
    "noise-learner": primitives.check_noise_learner, "executor": executor.check,
}  # fmt: skip
#: The programs that there are.
PROGRAMS = tuple(_CHECKS)


def check_submission(program: str, params: dict[str, Any], device: Device) -> None:
    """Refuse a job that cannot be run as it is asked for.

    Circuits, arrays and observables are only read when the job runs: a service that answers requests has no time for
    that.

    Args:
        program: The name of the program.
        params: The job's ``params``.
        device: The device.

    Raises:
        BadInputError: The job cannot be run; the text has the path of the option, and what to do.
    """
    if program not in _CHECKS:
        raise BadInputError(f"there is no program {program!r}; use one of {list(PROGRAMS)}")
    _check_of(program, params)(params, device)
    options = params.get("options") or {}
    if program == "executor" and options.get("init_qubits") is not None:
        primitives.check_init_qubits(options["init_qubits"], "options.init_qubits")


def _check_of(program: str, params: dict[str, Any]) -> Callable[[dict[str, Any], Device], None]:
    # The official client has two learners of one name; jobs of the later one name the version of their schema.
    if program == "noise-learner" and "schema_version" in params:
        return noise_learner_v3.check
    return _CHECKS[program]

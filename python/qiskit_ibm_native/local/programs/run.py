# SPDX-License-Identifier: Apache-2.0
"""Running a job by its program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from . import estimator, executor, noise_learner, sampler
from .checks import check_submission
from .simulation import Simulation

if TYPE_CHECKING:
    import datetime

    from ..devices import Device

#: Modules of programs, each with ``run(params, simulation)``, which returns the results as JSON can have them.
_PROGRAMS: dict[str, Any] = {
    "sampler": sampler, "executor": executor, "estimator": estimator, "noise-learner": noise_learner,
}  # fmt: skip


def run_job(
    program: str,
    content: bytes,
    device: Device,
    has_noise: bool,
    memory: int,
    begins: datetime.datetime | None = None,
) -> bytes:
    """Run a job; return its results as JSON.

    Args:
        program: The program's name.
        content: The job's ``params``, as JSON.
        device: The device.
        has_noise: Whether the device is as noisy as its calibration says, or ideal.
        memory: Bytes that may be allocated for the job.
        begins: The time at which the job begins, if that is not the present.

    Raises:
        BadInputError: The job is not what the program takes.
    """
    params = orjson.loads(content)
    # Jobs of a store may be older than the checks of their submission.
    check_submission(program, params, device)
    simulation = Simulation(device, has_noise, memory, params.get("options") or {}, begins)
    return orjson.dumps(_module_of(program, params).run(params, simulation))


def _module_of(program: str, params: dict[str, Any]) -> Any:
    # The official client has two learners of one name; jobs of the later one name the version of their schema.
    if program == "noise-learner" and "schema_version" in params:
        from . import noise_learner_v3

        return noise_learner_v3
    return _PROGRAMS[program]

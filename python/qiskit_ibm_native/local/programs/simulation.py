# SPDX-License-Identifier: Apache-2.0
"""The device of a job as its program uses it: circuits in, measured bits out."""

from __future__ import annotations

import datetime
import time
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from qiskit_aer import AerSimulator

from ... import _timestamps
from ...target import build_target
from .. import engine
from ..errors import BadInputError
from .noise_models import read_noise_model

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qiskit.transpiler import Target

    from ...snapshot import Snapshot
    from ..devices import Device

_LARGEST_SEED = 2**31 - 1


class Simulation:
    """A device with its noise, and the random numbers of a job.

    Attributes:
        device: The device.
        has_noise: Whether the device is as noisy as its calibration says, or ideal.
        random: Random numbers of the program, such as those of twirling. The simulator has others.
        noise_model: Noise of the job in place of the device's; ``None`` if it has none.
    """

    def __init__(
        self,
        device: Device,
        has_noise: bool,
        memory: int,
        options: dict[str, Any] | None = None,
        begins: datetime.datetime | None = None,
    ) -> None:
        """Prepare simulations.

        Args:
            device: The device.
            has_noise: Whether the device is as noisy as its calibration says, or ideal.
            memory: Bytes that may be allocated for the job.
            options: The options of the job: of ``simulator``, ``noise_model`` and ``seed_simulator`` count; members of
                ``experimental`` that ``AerSimulator`` knows are its options, the others have no effect.
            begins: The time at which the job begins, if that is not the present.

        Raises:
            BadInputError: The noise model or the seed cannot be read.
        """
        self._begins = begins or _timestamps.utc_now()
        self._start = time.monotonic()
        self.device = device
        self.has_noise = has_noise
        options = options or {}
        experimental = dict(options.get("experimental") or {})
        simulator = options.get("simulator") or experimental.pop("simulator", None) or {}
        seed = simulator.get("seed_simulator", options.get("seed_estimator"))
        if seed is not None and (not isinstance(seed, int) or isinstance(seed, bool) or seed < 0):
            raise BadInputError(f"options.simulator.seed_simulator is {seed!r}; use a whole number from 0")
        self._seed = int(np.random.default_rng().integers(_LARGEST_SEED)) if seed is None else seed
        self._has_seed = seed is not None
        self._runs = 0
        self.random = np.random.default_rng([self._seed, 1])
        model = simulator.get("noise_model")
        self.noise_model = None if model is None else read_noise_model(model)
        # Aer runs fewer shots at once, or chooses another method, rather than take more memory than that.
        known = {name: value for name, value in experimental.items() if hasattr(AerSimulator().options, name)}
        self._options = {"max_memory_mb": max(memory >> 20, 1), **known}

    @property
    def noisy_snapshot(self) -> Snapshot | None:
        """The calibration whose noise circuits have; ``None`` for ideal devices and noise models of jobs."""
        if not self.has_noise or self.device.is_simulator or self.noise_model is not None:
            return None
        return self.device.latest

    @cached_property
    def target(self) -> Target:
        """The instructions of the device with their durations."""
        return build_target(self.device.latest, filter_faulty=False)

    def now(self) -> datetime.datetime:
        """Return the time, in UTC, as the clock of the service has it."""
        return self._begins + datetime.timedelta(seconds=time.monotonic() - self._start)

    def run(self, tasks: Sequence[engine.BoundCircuit]) -> list[engine.MeasuredBits]:
        """Return the measured bits of each circuit.

        Shots of another call are independent of those of this one; the same calls of a job with the same seed give the
        same bits. The first call gives those that Aer gives for the seed, on the simulator.

        Raises:
            BadInputError: The simulator does not run a circuit.
        """
        if not tasks:
            return []
        seed = self._seed
        if self._runs:
            seed = int(np.random.SeedSequence([self._seed, 2, self._runs]).generate_state(1)[0] >> 1)
        self._runs += 1
        snapshot = self.device.latest if self.has_noise and not self.device.is_simulator else None
        setting = engine.SimulationOptions(snapshot, self.noise_model, seed, tuple(self._options.items()))
        return engine.run(tasks, setting)

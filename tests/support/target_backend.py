# SPDX-License-Identifier: Apache-2.0
"""A target as a backend, from which Aer takes the noise of a device."""

from __future__ import annotations

from typing import Any

from qiskit.providers import BackendV2, Options
from qiskit.transpiler import Target


class TargetBackend(BackendV2):
    """A backend that has a target and runs nothing."""

    def __init__(self, target: Target) -> None:
        super().__init__(name="target")
        self._target = target

    @property
    def target(self) -> Target:
        return self._target

    @property
    def max_circuits(self) -> None:
        return None

    @classmethod
    def _default_options(cls) -> Options:
        return Options()

    def run(self, *_: Any, **__: Any) -> None:
        raise TypeError("This backend runs nothing: AerSimulator.from_backend takes its target.")

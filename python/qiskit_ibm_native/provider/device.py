# SPDX-License-Identifier: Apache-2.0
"""The part of a backend that its jobs and sessions, and the pipeline of ``run()``, use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.providers import Options
    from qiskit.transpiler import InstructionDurations, Target

    from ..models import BackendConfiguration, BackendStatus


class OpenSession(Protocol):
    """The part of a session that the pipeline of ``run()`` uses."""

    _active: bool
    _left: bool
    _submissions: list[Any]

    @property
    def active(self) -> bool:
        """Whether the session takes jobs, as far as this process knows."""

    @property
    def session_id(self) -> str | None:
        """The session's id."""

    def details(self) -> dict[str, Any] | None:
        """Return the reply of the service about the session."""


class Device(Protocol):
    """A device that runs jobs; :class:`IBMBackend` is one."""

    name: str
    id_warning_issued: bool
    _session: Any
    _takes_simulator_options: bool

    @property
    def _api_client(self) -> Any: ...

    @property
    def num_qubits(self) -> int:
        """The number of qubits."""

    @property
    def dt(self) -> float | None:
        """The time resolution of signals, in seconds."""

    @property
    def max_circuits(self) -> int | None:
        """The largest number of circuits of a job; ``None`` if there is no limit."""

    @property
    def options(self) -> Options:
        """The options of jobs that are not given to ``run()``."""

    @property
    def target(self) -> Target:
        """The target."""

    @property
    def instruction_durations(self) -> InstructionDurations:
        """The durations of instructions."""

    @property
    def session(self) -> OpenSession | None:
        """The session that jobs are run in, if there is one."""

    def configuration(self) -> BackendConfiguration:
        """Return the configuration."""

    def check_faulty(self, circuit: QuantumCircuit) -> None:
        """Check that a circuit uses operational qubits and edges only."""

    def __getattr__(self, name: str) -> Any:
        """Return an attribute of the configuration."""

    def _recent_status(self) -> BackendStatus | None: ...

    def _check_circuits_attributes(self, circuits: Sequence[QuantumCircuit], is_limited: bool = True) -> None: ...

    def _get_run_config(self, given: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]: ...

    def _deprecate_id_instruction(self, circuits: Sequence[QuantumCircuit]) -> list[QuantumCircuit]: ...

    def _runtime_run(
        self,
        program_id: str,
        inputs: dict[str, Any],
        backend_name: str,
        job_tags: list[str] | None = None,
        image: str | None = None,
    ) -> Any: ...

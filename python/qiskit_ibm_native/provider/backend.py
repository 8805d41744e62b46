# SPDX-License-Identifier: Apache-2.0
"""Devices as Qiskit's backends."""

from __future__ import annotations

import copy
import datetime as dt_module
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any, NoReturn, overload

from qiskit.providers import BackendV2
from qiskit.result import MeasReturnType

from ..exceptions import (
    BackendConfigurationError,
    IBMApiError,
    IBMBackendApiError,
    IBMBackendApiProtocolError,
    IBMBackendError,
    PulseError,
)
from ..models import BackendConfiguration, BackendStatus
from ..models.attributes import DeviceAttributes
from ..target.builders import build_historical_target
from .attributes import DOCUMENTED, attribute_errors, attribute_of, failure_of, snapshot_of
from .conditional import call_of
from .device_state import DeviceState
from .device_version import DeviceVersion, difference
from .history.recorder import Recorder
from .history.watch import Watch
from .qubit_properties import IBMQubitProperties, qubit_properties_of
from .run import validation
from .run.circuits import delays_for_id
from .run.options import BackendOptions, add_validators, chosen_options, default_options
from .run.pipeline import check_size, prepare_and_submit, submit
from .session import Session, open_session

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.transpiler import CouplingMap, InstructionDurations, Target

    from .._moments import Time
    from .._typing import MaybeNone
    from ..client.api import RuntimeClient
    from ..models import BackendProperties
    from ..models.defaults import PulseDefaults
    from ..pulse.channels import AcquireChannel, ControlChannel, DriveChannel, MeasureChannel
    from ..pulse.instruction_schedule_map import InstructionScheduleMap
    from ..snapshot import Snapshot
    from ..snapshot.diff import SnapshotDiff
    from .jobs.base import IBMJob
    from .jobs.circuit_job import IBMCircuitJob

#: Seconds for which a fetched status is reused for the warning about a paused device.
_STATUS_LIFE = 10.0


class IBMBackend(DeviceAttributes, BackendV2):  # type: ignore[misc]
    """A device of IBM Quantum.

    Every key of the device's configuration is an attribute, in the units of :class:`BackendConfiguration`: ``dt``,
    ``dtm``, ``rep_times``, ``rep_delay_range`` and ``default_rep_delay`` in seconds, ``qubit_lo_range``,
    ``meas_lo_range`` in hertz. Attributes that are documented but that the device leaves out have a value that
    means so: ``None``, an empty list, ``False``.

    Attribute access, ``repr`` and ``dir`` send no requests; ``target``, ``properties()`` and the objects built from
    them send one request for the properties.

    Attributes:
        name: The device's name.
        description: The description of the device.
        backend_version: The version of its configuration.
        online_date: The time since which the device is online (aware).
        id_warning_issued: Whether the warning that ``id`` becomes a delay was given.

    Examples:
        >>> from qiskit import QuantumCircuit, transpile
        >>> from qiskit_ibm_native import IBMProvider
        >>> circuit = QuantumCircuit(1, 1)
        >>> _ = circuit.measure(0, 0)
        >>> backend = IBMProvider(channel="local").get_backend("ibmq_lima")
        >>> job = backend.run(transpile(circuit, backend), shots=100)
        >>> sum(job.result().get_counts().values())
        100
        >>> backend.num_qubits, backend.properties().t1(0)  # s
        (5, 5.9698643286635694e-05)
    """

    name: str
    """The device's name, such as ``"ibm_fez"``."""

    id_warning_issued = False

    def __init__(
        self,
        configuration: BackendConfiguration | Snapshot | Mapping[str, Any] | Any,
        provider: Any,
        api_client: RuntimeClient | Any,
        instance: str | None = None,
        *,
        calibration_id: str | None = None,
        use_fractional_gates: bool | None = False,
        is_mock: bool = False,
        takes_simulator_options: bool | None = None,
    ) -> None:
        """Create a backend; backends come from a provider.

        Args:
            configuration: The configuration: a model, a snapshot, or the content of the payload.
            provider: The provider that returns the backend.
            api_client: The client that sends requests to the service.
            instance: The CRN of the instance that it is used through.
            calibration_id: The calibration to use, if not the latest one.
            use_fractional_gates: ``False`` leaves out gates such as ``rx`` and ``rzz``, whose angle is continuous.
            is_mock: Whether the service says that the device is not a real one.
            takes_simulator_options: Whether jobs may choose a seed and a noise model; simulators do.
        """
        snapshot = snapshot_of(configuration)
        model = snapshot.configuration
        super().__init__(
            provider=provider, name=model.backend_name, description=getattr(model, "description", None),
            online_date=getattr(model, "online_date", None), backend_version=getattr(model, "backend_version", None),
        )  # fmt: skip
        self._instance = instance
        self._is_mock = is_mock
        self._session: Session | None = None
        self._status: tuple[float, BackendStatus] | None = None
        self._takes_simulator_options = (
            model.is_simulator if takes_simulator_options is None else takes_simulator_options
        )
        # An archive knows calibrations by their time, and a chosen one is not the latest.
        recorder = None if calibration_id else getattr(provider, "_recorder", None)
        self._state = DeviceState(
            snapshot,
            api_client if api_client is not None else getattr(provider, "_runtime_client", None),
            calibration_id=calibration_id,
            use_fractional_gates=use_fractional_gates,
            recorder=recorder if isinstance(recorder, Recorder) else Recorder(),
        )
        self._add_validators()

    # Configuration

    def __getattr__(self, name: str) -> Any:
        # Reached only for what is no attribute of its own. Nobody is asked here: Qiskit probes backends for methods.
        failure = failure_of(self, name)
        if failure is not None:
            raise failure
        state = self.__dict__.get("_state")
        if state is not None and not name.startswith("_"):
            try:
                return attribute_of(state.configuration, name)
            except AttributeError:
                pass
        raise AttributeError(f"{_full_name(type(self))!r} object has no attribute {name!r}")

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *dir(self._configuration), *DOCUMENTED})

    @property
    def _configuration(self) -> BackendConfiguration:
        return self._state.configuration

    @property
    def _api_client(self) -> Any:
        return self._state.client

    def configuration(self) -> BackendConfiguration:
        """Return what the device is; the same object each time."""
        return self._configuration

    @property
    def num_qubits(self) -> int:
        """The number of qubits."""
        return self._configuration.num_qubits

    @property
    def dt(self) -> float | MaybeNone:
        """The time resolution of signals, in seconds; ``None`` if the device has none."""
        return getattr(self._configuration, "dt", None)

    @property
    def dtm(self) -> float | MaybeNone:
        """The time resolution of measured signals, in seconds; ``None`` if the configuration has none."""
        return getattr(self._configuration, "dtm", None)

    @property
    def meas_map(self) -> list[list[int]] | MaybeNone:
        """The groups of qubits that are measured together; ``None`` if the configuration lists none."""
        return getattr(self._configuration, "meas_map", None)

    @property
    def max_circuits(self) -> int | None:
        """The largest number of circuits of a job; ``None`` if there is no limit."""
        return limit if isinstance(limit := getattr(self._configuration, "max_experiments", None), int) else None

    @property
    def session(self) -> Session | None:
        """The session that jobs are run in, if there is one."""
        return self._session

    @property
    def service(self) -> Any:
        """The provider; other clients call it so."""
        return self.provider

    @property
    def calibration_id(self) -> str | None:
        """The id of the calibration in use; ``None`` for the latest one."""
        return self._state.calibration_id

    @property
    def use_fractional_gates(self) -> bool | None:
        """Whether the target has gates whose angle is continuous."""
        return self._state.use_fractional_gates

    @property
    def is_mock(self) -> bool:
        """Whether the service says that the device is not a real one."""
        return self._is_mock

    # Current payloads and the objects built from them

    @property
    def snapshot(self) -> Snapshot:
        """The payloads that everything here is made of, except pulses, which :meth:`defaults` has."""
        return self._state.version._snapshot or self._fetched("snapshot")

    @property
    def target(self) -> Target:
        """The transpiler's target; a new object only if the device has changed and :meth:`refresh` was called."""
        return self._state.version._target or self._fetched("target")

    @property
    def coupling_map(self) -> CouplingMap | MaybeNone:
        """The pairs of qubits that may interact; ``configuration().coupling_map`` is the same as a list."""
        return (self._state.version._coupling_map or (self._fetched("coupling_map"),))[0]

    @property
    def qubit_coordinates(self) -> list[list[float]]:
        """Row (from below) and column of each qubit, which ``qiskit.visualization.plot_gate_map`` takes.

        They are those of the configuration if it has some that make a picture, and otherwise made from the coupling
        map. Pictures of this package, such as :func:`qiskit_ibm_native.visualization.plot_gate_map`, need neither them
        nor Graphviz.

        Examples:
            >>> from qiskit.visualization import plot_gate_map  # doctest: +SKIP
            >>> plot_gate_map(backend, qubit_coordinates=backend.qubit_coordinates)  # doctest: +SKIP
        """
        from ..snapshot.placement import configured_placement, coordinates_of

        return coordinates_of(configured_placement(self.configuration()))

    @property
    def instruction_durations(self) -> InstructionDurations:
        """The durations of instructions, in seconds."""
        return self._state.version._durations or self._fetched("instruction_durations")

    def _fetched(self, name: str) -> Any:
        with attribute_errors(self):
            return self._state.get(name)

    def properties(self, refresh: bool = False, datetime: Time | None = None) -> BackendProperties | MaybeNone:
        """Return the last calibration; ``None`` if the device has no properties.

        Args:
            refresh: Whether to ask the service again.
            datetime: Return what was measured last before this time, as :meth:`snapshot_history` does.

        Returns:
            The properties, whose ``source`` tells where they are from.

        Raises:
            TypeError: An argument is of another type.
            IBMBackendApiError: The service could not be asked.
            BackendPayloadError: Its reply is not what a device publishes.
        """
        if not isinstance(refresh, bool):
            raise TypeError(f"The 'refresh' argument needs to be a boolean. {refresh} is of type {type(refresh)}")
        if datetime is not None:
            return self.snapshot_history(datetime).properties
        if refresh:
            self.refresh()
        return self.snapshot.properties

    def defaults(self, refresh: bool = False, datetime: Time | None = None) -> PulseDefaults | MaybeNone:
        """Return the pulses of the device; ``None`` if it has none, as devices of today do not.

        Args:
            refresh: Whether to ask the service again.
            datetime: Return those of this time. Services keep no history of pulses: they come from the provider's
                archive, or are those of today if the device has not been calibrated since. One without time zone is in
                this machine's.

        Returns:
            The pulses, whose ``source`` tells where they are from.

        Raises:
            TypeError: ``datetime`` is no time.
            IBMInputValueError: It is a text that names no time.
            IBMBackendError: Neither the archive nor the service has the pulses of that time.
            IBMBackendApiError: The service could not be asked.
            BackendPayloadError: Its reply is not what a device publishes.
        """
        if datetime is not None:
            return self._state.defaults_before(datetime)
        return self._state.defaults(refresh=refresh)

    @property
    def instruction_schedule_map(self) -> InstructionScheduleMap:
        """The schedules of the device's gates.

        Raises:
            PulseError: The device has no pulses. It is an AttributeError, too.
            IBMBackendApiError: The service could not be asked. It is an AttributeError, too.
        """
        with attribute_errors(self):
            # A device whose configuration says that it has no pulses need not be asked for them.
            has_pulses = getattr(self._configuration, "open_pulse", True) or self._state.version.has_fetched_defaults
            defaults = self.defaults() if has_pulses else None
            if defaults is None:
                raise PulseError(
                    f"{self.name} has no schedules of gates, because it publishes no pulse defaults. "
                    "IBM Quantum withdrew them from its devices in 2025; older devices, such as the bundled "
                    "ibm_sherbrooke, have them."
                )
            return defaults.instruction_schedule_map

    def drive_channel(self, qubit: int) -> DriveChannel:
        """Return the channel that drives a qubit.

        Raises:
            BackendConfigurationError: The device has no such qubit.
        """
        return self._configuration.drive(qubit)

    def measure_channel(self, qubit: int) -> MeasureChannel:
        """Return the channel that stimulates the readout of a qubit.

        Raises:
            BackendConfigurationError: The device has no such qubit.
        """
        return self._configuration.measure(qubit)

    def acquire_channel(self, qubit: int) -> AcquireChannel:
        """Return the channel that records the readout of a qubit.

        Raises:
            BackendConfigurationError: The device has no such qubit.
        """
        return self._configuration.acquire(qubit)

    def control_channel(self, qubits: Iterable[int]) -> list[ControlChannel]:
        """Return the channels that drive two qubits together.

        Args:
            qubits: ``(control, target)``.

        Returns:
            The channels; none for two qubits of a device that does not list its channels and does not couple them.

        Raises:
            BackendConfigurationError: The device has no such qubits, or it lists its channels, and none is for them.
        """
        channels = self._configuration.control(qubits)
        if not channels and not _are_qubits(qubits, self.num_qubits):
            raise BackendConfigurationError(
                f"Couldn't find the ControlChannel operating on qubits {qubits}: expected two qubits, (control,"
                f" target), of the {self.num_qubits} of {self.name}."
            )
        return channels

    @overload
    def qubit_properties(self, qubit: int) -> IBMQubitProperties: ...

    @overload
    def qubit_properties(self, qubit: Iterable[int]) -> list[IBMQubitProperties]: ...

    def qubit_properties(self, qubit: int | Iterable[int]) -> IBMQubitProperties | list[IBMQubitProperties]:
        """Return the properties of a qubit, or of several.

        Args:
            qubit: A qubit, or several.

        Raises:
            IBMBackendValueError: The device has no such qubit.
            IBMBackendError: The device has no properties.
        """
        properties = self.properties()
        if properties is None:
            raise IBMBackendError(f"{self.name} has no properties.")
        if not isinstance(qubit, Iterable):
            return qubit_properties_of(properties, qubit, self.num_qubits)
        return [qubit_properties_of(properties, each, self.num_qubits) for each in qubit]

    def status(self) -> BackendStatus:
        """Return whether the device takes and runs jobs, and how many wait.

        It takes jobs but does not run them now if it is ``operational`` with another ``status_msg`` than ``"active"``.

        Raises:
            IBMBackendApiError: The service could not be asked.
            IBMBackendApiProtocolError: Its reply makes no sense.
        """
        try:
            status = BackendStatus.from_reply(self.name, self._api_client.backend_status(self.name))
        except IBMApiError as error:
            raise IBMBackendApiError(f"The status of {self.name} could not be fetched: {error}") from None
        except TypeError as error:
            raise IBMBackendApiProtocolError(f"The status of {self.name} cannot be understood: {error}") from None
        self._status = time.monotonic(), status
        return status

    def _recent_status(self) -> BackendStatus | None:
        """Return a status that is at most ten seconds old; ``None`` if it cannot be had, which prevents no run."""
        if self._status is not None and time.monotonic() - self._status[0] < _STATUS_LIFE:
            return self._status[1]
        try:
            return self.status()
        except IBMBackendApiError:
            return None

    # Refreshing and history

    def refresh(self) -> SnapshotDiff:
        """Ask the service for the device's payloads again, and make everything anew if they changed.

        What changed is exchanged at one instant for all threads: configuration, properties, target, durations, coupling
        map and, if they have been asked for, pulses. If nothing did, all objects stay the same ones. A service that
        offers validators is asked conditionally, so that it need not send again what is known.

        Returns:
            What changed; false if nothing did. Until the properties have been asked for a first time, only what the
            configuration says is compared.

        Raises:
            IBMBackendApiError: The service could not be asked; everything stays as it was.
            BackendPayloadError: Its reply is not what a device publishes; everything stays as it was.
        """
        diff = self._state.refresh()
        # Users see a text, which all devices have that are published.
        self.backend_version = getattr(self._configuration, "backend_version", None)  # type: ignore[assignment]
        return diff

    def watch(
        self,
        interval: float | dt_module.timedelta,
        callback: Callable[[SnapshotDiff], object],
        *,
        jitter: float = 0.1,
        on_error: Callable[[Exception], object] | None = None,
    ) -> Watch:
        """Refresh in the background from now on, and call a function when something has changed since its last call.

        Args:
            interval: Seconds between two requests, or a timedelta. After failures it is doubled, up to an hour.
            callback: Is called with the :class:`SnapshotDiff`, in a thread of its own. What it raises is logged.
            jitter: By which share of it the interval varies at random, so that many programs do not ask in step.
            on_error: Is called with what a refresh or the callback raised. All that is logged, too.

        Returns:
            The watch, which ``stop()``, a ``with`` block, or closing the provider ends.

        Raises:
            IBMInputValueError: An argument makes no sense.
        """

        def look() -> DeviceVersion:
            self.refresh()
            return self._state.version

        watch = Watch(
            look, difference, self._state.version, interval, callback, jitter=jitter, on_error=on_error, name=self.name
        )
        watches = getattr(self.provider, "_watches", None)
        if watches is not None:
            watches.add(watch)
        return watch

    def snapshot_history(self, datetime: Time) -> Snapshot:
        """Return what held before a time, in the words of the service: the last calibration that was updated before it.

        If the provider has an archive, it is looked at first; its answer is taken if it is known that there was no
        later calibration. Then the service is asked. If that does not know either, the last calibration of the archive
        is returned, and a warning is logged.

        Args:
            datetime: The time, as :meth:`CalibrationArchive.between` takes it: a datetime, or a date or text in UTC:
                ``"2026-03-01"`` (in UTC) or ``"-30d"``.

        Returns:
            The snapshot, whose ``source`` tells where it is from. It has today's configuration and no properties if
            nobody knows any.

        Raises:
            TypeError: It is no time.
            IBMInputValueError: A text names no time.
            IBMBackendApiError: The service could not be asked.
            BackendPayloadError: Its reply is not what a device publishes.
        """
        return self._state.snapshot_before(datetime)

    def target_history(self, datetime: Time | None = None) -> Target:
        """Return the target of an earlier time.

        Args:
            datetime: The time, as in :meth:`snapshot_history`; without it, the current target is returned.

        Returns:
            The target; that of an earlier time is a :class:`HistoricalTarget`, whose ``source`` tells where it is from.

        Raises:
            TypeError: It is no time.
            IBMInputValueError: A text names no time.
            IBMBackendApiError: The service could not be asked.
        """
        return self._get_target(datetime=datetime)

    def _get_target(self, *, datetime: Time | None = None, refresh: bool = False) -> Target:
        if datetime is not None:
            snapshot = self.snapshot_history(datetime)
            return build_historical_target(snapshot, use_fractional_gates=self._state.use_fractional_gates)
        if refresh:
            self.refresh()
        return self.target

    # Running

    @classmethod
    def _default_options(cls) -> BackendOptions:
        return default_options()

    def _add_validators(self) -> None:
        add_validators(self._options, self.max_shots, self.rep_delay_range, self._takes_simulator_options)

    def _reset_options(self) -> None:
        self._options = default_options()
        self._add_validators()

    def run(
        self,
        circuits: QuantumCircuit | str | Iterable[QuantumCircuit | str] | None = None,
        dynamic: bool | None = None,
        job_tags: list[str] | None = None,
        init_circuit: QuantumCircuit | None = None,
        init_num_resets: int | None = None,
        header: dict[str, Any] | None = None,
        shots: float | None = None,
        memory: bool | None = None,
        meas_level: int | None = None,
        meas_return: str | MeasReturnType | None = None,
        rep_delay: float | None = None,
        init_qubits: bool | None = None,
        use_measure_esp: bool | None = None,
        noise_model: Any = None,
        seed_simulator: int | None = None,
        **run_config: Any,
    ) -> IBMJob:
        """Run circuits on the device; return a job at once.

        Options that are not given are those of :attr:`options`.

        Args:
            circuits: Circuits, or OpenQASM 3 programs. They must be made for this device: see ``qiskit.transpile``.
                They are not changed.
            dynamic: Whether there is control flow; that is also found out, and only a contradiction is warned of.
            job_tags: Tags of the job: eight at most, of 86 characters at most.
            init_circuit: A circuit to run in front of each circuit.
            init_num_resets: The number of resets in front of each circuit, on the qubits that it uses.
            header: What the result's header shall be: a dictionary of what JSON can hold.
            shots: The number of shots of each circuit. By default 4000, or what the device allows if that is less.
            memory: Whether the result shall have single shots.
            meas_level: 2 for bits, 1 for complex values.
            meas_return: At level 1: ``"single"`` for each shot, ``"avg"`` for averages.
            rep_delay: Delay between shots, in seconds.
            init_qubits: Whether to reset qubits before each shot.
            use_measure_esp: Whether to read out with excited state promotion. No device of today does.
            noise_model: A noise model of Aer, for simulators and local devices. Others ignore it, with a warning.
            seed_simulator: A seed, for simulators and local devices. Others ignore it, with a warning.
            **run_config: ``program_id`` (``"sampler"`` or ``"executor"``), ``image``, ``max_execution_time`` (seconds),
                ``private``, ``log_level``, ``composite`` (make several jobs of more circuits than the device takes),
                ``run_input`` (another name for ``circuits``). Others are ignored with a warning by devices, and given
                to simulators.

        Returns:
            The job: an :class:`IBMCircuitJob`, or with ``composite`` an :class:`IBMCompositeJob` if there are several.

        Raises:
            IBMBackendValueError: A circuit or an option is not what the device takes.
            IBMSessionClosedError: The session takes no more jobs.
            IBMBackendApiError: The service did not take the job.
            IBMBackendJobLimitError: The service takes no more jobs for now.
        """
        given = {
            "init_circuit": init_circuit, "init_num_resets": init_num_resets, "header": header, "shots": shots,
            "memory": memory, "meas_level": meas_level, "meas_return": meas_return, "rep_delay": rep_delay,
            "init_qubits": init_qubits, "use_measure_esp": use_measure_esp, "noise_model": noise_model,
            "seed_simulator": seed_simulator,
        }  # fmt: skip
        with call_of(self._api_client):
            return prepare_and_submit(self, circuits, dynamic, job_tags, given, run_config)

    def check_faulty(self, circuit: QuantumCircuit) -> None:
        """Check that a circuit does not use qubits and edges that are not operational.

        Raises:
            IBMBackendValueError: It does; the message says which.
        """
        if not self._configuration.is_simulator:
            validation.check_faulty(circuit, self.properties())

    # Steps of run() that other software overrides or patches by these names, as it does with the archived
    # qiskit-ibm-provider. The pipeline calls them as methods of the backend for that reason.

    def _check_circuits_attributes(self, circuits: Sequence[QuantumCircuit], is_limited: bool = True) -> None:
        check_size(self, circuits, is_limited)
        for circuit in circuits:
            self.check_faulty(circuit)

    _check_faulty = check_faulty

    def _get_run_config(self, given: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
        """Return the options of a job: what is given, then what is set; checked."""
        return chosen_options(self, given, extra)

    def _deprecate_id_instruction(self, circuits: Sequence[QuantumCircuit]) -> list[QuantumCircuit]:
        """Return circuits with a delay of equal duration for each ``id``; those without ``id`` are the same objects."""
        return delays_for_id(self, circuits)

    def _runtime_run(
        self,
        program_id: str,
        inputs: dict[str, Any],
        backend_name: str,
        job_tags: list[str] | None = None,
        image: str | None = None,
    ) -> IBMCircuitJob:
        return submit(self, program_id, inputs, backend_name, job_tags, image)

    # Sessions

    def open_session(self, max_time: int | str | None = None, mode: str = "dedicated") -> Session:
        """Open a session; jobs of this backend are run in it until it is closed.

        A session that is open already is closed first.

        Args:
            max_time: The time after which the service ends it: seconds, or a text such as ``"2h 30m 40s"``.
            mode: ``"dedicated"``, or ``"batch"`` for jobs that are all known at the start.

        Raises:
            IBMInputValueError: An argument makes no sense.
            IBMBackendApiError: The service did not open one.
        """
        with call_of(self._api_client):
            self.close_session()
            self._session = open_session(self, max_time, mode)
        return self._session

    def close_session(self) -> None:
        """Let the session take no more jobs, if there is one; those that were submitted are run."""
        session, self._session = self._session, None
        if session is not None and session.active:
            session.close()

    def cancel_session(self) -> None:
        """End the session, if there is one; jobs that wait in it are cancelled."""
        session, self._session = self._session, None
        if session is not None:
            session.cancel()

    # Transpiler plugin, copies, pickling and display

    @classmethod
    def get_translation_stage_plugin(cls) -> str:
        """Return the name of the transpiler's translation stage for these devices."""
        return "qiskit_ibm_native"

    def __call__(self) -> IBMBackend:
        return self

    def __copy__(self) -> IBMBackend:
        other = type(self).__new__(type(self))
        other.__dict__.update(self.__dict__)
        other._options = copy.copy(self._options)
        other._state = copy.copy(self._state)
        return other

    def __deepcopy__(self, memo: dict[int, Any]) -> IBMBackend:
        # The client is shared between copies, and snapshots are immutable.
        memo[id(self)] = other = self.__copy__()
        return other

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            f"{self!r} holds credentials and is not pickled. Send its snapshot (backend.snapshot) or its target instead,"
            " or open a provider there."
        )

    def __repr__(self) -> str:
        return f"<{_full_name(type(self))}({self.name!r})>"

    def _repr_html_(self) -> str:
        from .pictures import backend_html

        return backend_html(self)


def _full_name(kind: type) -> str:
    """Return the name of a class with its package: qiskit-ibm-runtime calls its backends ``IBMBackend``, too."""
    return f"{kind.__module__.partition('.')[0]}.{kind.__qualname__}"


def _are_qubits(qubits: Any, num_qubits: int) -> bool:
    """Return whether an argument is two qubits of a device."""
    pair = tuple(qubits) if isinstance(qubits, Iterable) else ()
    return len(set(pair)) == len(pair) == 2 and all(
        isinstance(qubit, Integral) and 0 <= int(qubit) < num_qubits for qubit in pair
    )

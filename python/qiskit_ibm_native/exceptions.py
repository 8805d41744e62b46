# SPDX-License-Identifier: Apache-2.0
"""Exceptions of this package, in one tree.

::

    QiskitError
    └── IBMError
        ├── ArchiveError
        │   └── ArchiveDamagedError
        ├── BackendConfigurationError
        ├── BackendPayloadError                 (also a ValueError)
        ├── BackendPropertyError
        ├── CompactFormError                    (also a ValueError)
        ├── IBMAccountError
        │   └── AccountsError
        │       ├── AccountAlreadyExistsError
        │       ├── AccountNotFoundError
        │       └── InvalidAccountError
        ├── IBMApiError
        │   └── ApiError
        │       ├── ApiIBMProtocolError
        │       └── RequestsApiError
        ├── IBMBackendError
        │   ├── IBMBackendApiError
        │   │   ├── IBMBackendApiProtocolError
        │   │   ├── IBMBackendJobLimitError
        │   │   └── IBMSessionClosedError       (also a RuntimeError)
        │   ├── IBMBackendNotFoundError         (also Qiskit's QiskitBackendNotFoundError)
        │   └── IBMBackendValueError            (also a ValueError)
        ├── IBMInputValueError                  (also a ValueError)
        ├── IBMJobError                         (also Qiskit's JobError)
        │   ├── IBMJobApiError
        │   ├── IBMJobFailureError
        │   ├── IBMJobInvalidStateError
        │   ├── IBMJobNotFoundError             (also an IBMBackendApiError)
        │   └── IBMJobTimeoutError              (also Qiskit's JobTimeoutError)
        ├── IBMNotAuthorizedError
        ├── IBMProviderError
        │   └── IBMProviderValueError           (also a ValueError)
        ├── MissingPackageError                 (also an ImportError)
        ├── PulseError
        └── SweepError
            └── LedgerError
                └── LedgerDamagedError

    RuntimeWarning
    └── SweepWarning

Importing this module imports Qiskit. Rooms that must do without Qiskit import it to raise an exception only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from qiskit.exceptions import QiskitError
from qiskit.providers.exceptions import JobError, JobTimeoutError, QiskitBackendNotFoundError

from ._redaction import redact
from ._words import listed


class IBMError(QiskitError):
    """Base class of the exceptions of this package. Keys, tokens and CRNs are removed from all messages.

    Examples:
        >>> from qiskit_ibm_native import IBMError, IBMProvider
        >>> try:
        ...     provider = IBMProvider(name="an account that is not saved")
        ... except IBMError as error:  # whatever goes wrong in this package
        ...     print(type(error).__name__)
        AccountNotFoundError
    """

    def __init__(self, *message: object) -> None:
        """Create the error; ``message`` says what failed, where, and what to do about it."""
        super().__init__(*(redact(str(part)) for part in message))

    def __str__(self) -> str:
        """Return the message without the quotes of Qiskit's base class."""
        return str(self.message)


class BackendConfigurationError(IBMError):
    """A configuration lacks the requested qubit, channel or other member.

    Examples:
        >>> from qiskit_ibm_native import BackendConfigurationError, Snapshot
        >>> try:
        ...     Snapshot.load("lima").configuration.drive(7)
        ... except BackendConfigurationError as error:
        ...     print(error)
        Invalid index for 7-qubit system: the device has 5 qubits.
    """


class BackendPayloadError(IBMError, ValueError):
    """A payload is not as a device publishes it.

    Attributes:
        payload: Kind of the payload: ``"configuration"``, ``"properties"`` or ``"defaults"``.
        path: JSON path of the failure, for example ``$.gates[12].parameters[0].value``.
        offset: Offset of the failure in the payload, in bytes.

    Examples:
        >>> from qiskit_ibm_native import BackendPayloadError, Snapshot
        >>> try:
        ...     Snapshot.from_payloads('{"backend_name": "mine", "n_qubits": "five"}')
        ... except BackendPayloadError as error:
        ...     print(error.payload, error.path, error.offset)
        configuration $.n_qubits 37
    """

    def __init__(self, message: str, payload: str, path: str, offset: int) -> None:
        """Create the error; ``message`` says what was expected and what was found."""
        super().__init__(message)
        self.payload = payload
        self.path = path
        self.offset = offset

    def __reduce__(self) -> tuple[type[BackendPayloadError], tuple[str, str, str, int]]:
        return type(self), (self.message, self.payload, self.path, self.offset)


class BackendPropertyError(IBMError):
    """A calibration lacks the requested value.

    Examples:
        >>> from qiskit_ibm_native import BackendPropertyError, Snapshot
        >>> try:
        ...     Snapshot.load("lima").properties.t1(7)
        ... except BackendPropertyError as error:
        ...     print(error)
        Couldn't find the property 'T1' for qubit 7.
    """


class CompactFormError(IBMError, ValueError):
    """Bytes are no compact form of a snapshot, are damaged, are of a later version, or lack a requested part.

    Examples:
        >>> from qiskit_ibm_native import CompactFormError, Snapshot
        >>> try:
        ...     Snapshot.from_bytes(b"something else")
        ... except CompactFormError as error:
        ...     print(error)
        these bytes are no compact form of a snapshot
    """


class ArchiveError(IBMError):
    """An archive of calibrations cannot be used, or lacks the requested calibration.

    Examples:
        >>> from qiskit_ibm_native import ArchiveError, CalibrationArchive
        >>> try:
        ...     CalibrationArchive("history.sqlite3").series("lima", "t1")
        ... except ArchiveError as error:
        ...     print(str(error).rpartition("/")[2])
        history.sqlite3 has no calibrations of 'lima'.
    """


class ArchiveDamagedError(ArchiveError):
    r"""An archive is damaged: content differs from what was written.

    Examples:
        >>> from pathlib import Path
        >>> from qiskit_ibm_native import ArchiveDamagedError, CalibrationArchive
        >>> _ = Path("damaged.sqlite3").write_bytes(b"SQLite format 3\0" + bytes(5000))
        >>> try:
        ...     CalibrationArchive("damaged.sqlite3")
        ... except ArchiveDamagedError as error:
        ...     print(str(error).rpartition("/")[2])
        damaged.sqlite3 is damaged, or not an archive of calibrations: file is not a database.
    """


class IBMAccountError(IBMError):
    """Base class of errors about accounts.

    Examples:
        >>> from qiskit_ibm_native import IBMAccountError, IBMProvider
        >>> try:
        ...     IBMProvider.save_account(token="")
        ... except IBMAccountError as error:
        ...     print(error)
        Invalid `token` value. Expected a non-empty string.
    """


class AccountsError(IBMAccountError):
    """Base class of errors about saved accounts and their file.

    Examples:
        >>> from qiskit_ibm_native import AccountsError, IBMProvider
        >>> try:
        ...     IBMProvider.save_account(token="your API key", instance="hub/group/project")
        ... except AccountsError as error:
        ...     print(error)
        Invalid `instance` value. The channel ibm_quantum and its hub/group/project instances were shut ...
    """


class InvalidAccountError(AccountsError):
    """An account, or the file of accounts, is not valid.

    Examples:
        >>> from qiskit_ibm_native import IBMProvider, InvalidAccountError
        >>> try:
        ...     IBMProvider.save_account(token="your API key", url="somewhere")
        ... except InvalidAccountError as error:
        ...     print(error)
        Invalid `url` value. Expected a URL that begins with https://.
    """


class AccountNotFoundError(AccountsError):
    """The named account does not exist, or there is no account at all.

    Examples:
        >>> from qiskit_ibm_native import AccountNotFoundError, IBMProvider
        >>> try:
        ...     IBMProvider(name="work")
        ... except AccountNotFoundError as error:
        ...     print(error)
        Account with the name work does not exist in .../.qiskit/qiskit-ibm.json. Saved accounts: [].
    """


class AccountAlreadyExistsError(AccountsError):
    """An account of that name, or a default account, is saved already.

    Examples:
        >>> from qiskit_ibm_native import AccountAlreadyExistsError, IBMProvider
        >>> IBMProvider.save_account(token="your API key", name="work")
        >>> try:
        ...     IBMProvider.save_account(token="another API key", name="work")
        ... except AccountAlreadyExistsError as error:
        ...     print(error)
        Named account (work) already exists. Set overwrite=True to overwrite.
    """


class IBMApiError(IBMError):
    """The service cannot be reached, refuses a request, or sends a malformed response.

    Attributes:
        is_transient: Whether the cause may pass by itself, such as an outage, so that another try may succeed.

    Examples:
        >>> from qiskit_ibm_native import IBMApiError, IBMProvider
        >>> try:
        ...     provider = IBMProvider(channel="local", max_reply_bytes=10)
        ...     provider.backends()
        ... except IBMApiError as error:
        ...     print(error.is_transient)
        False
    """

    is_transient: bool = False


class ApiError(IBMApiError):
    """Base class of errors of single requests.

    Examples:
        >>> from qiskit_ibm_native import ApiError, IBMProvider
        >>> try:
        ...     IBMProvider(channel="local").usage()
        ... except ApiError as error:
        ...     print(error)
        {'instance_id': ...
    """


class RequestsApiError(ApiError):
    """An HTTP request failed.

    Attributes:
        status_code: HTTP status, -1 without a response.
        code: Code of the error by the service, or by this package without a response, such as ``"timeout"``.
        body: Body of the response as text, without secrets.
        maybe_processed: Whether the service may have carried out the request nevertheless.

    Examples:
        >>> from qiskit_ibm_native import IBMProvider, RequestsApiError
        >>> from qiskit_ibm_native.local import Fault
        >>> provider = IBMProvider(channel="local", faults=[Fault("status", "GET .*/usage", status=418)])
        >>> try:
        ...     provider.usage()
        ... except RequestsApiError as error:
        ...     print(error.status_code, error.is_transient)
        418 False
        >>> provider.close()
    """

    def __init__(
        self,
        message: str,
        status_code: int = -1,
        code: int | str | None = None,
        body: str = "",
        maybe_processed: bool = False,
    ) -> None:
        """Create the error; ``message`` says which request failed and why."""
        super().__init__(message)
        self.status_code = status_code
        self.code = code
        self.body = body
        self.maybe_processed = maybe_processed
        is_final = code in ("too large", "closed", "malformed", "certificate")
        self.is_transient = not is_final if status_code == -1 else status_code in (408, 429) or status_code >= 500

    def __reduce__(self) -> tuple[type[RequestsApiError], tuple[str, int, int | str | None, str, bool]]:
        return type(self), (self.message, self.status_code, self.code, self.body, self.maybe_processed)


class ApiIBMProtocolError(ApiError):
    """A response does not keep to the protocol.

    Examples:
        >>> from qiskit_ibm_native import ApiIBMProtocolError, IBMProvider
        >>> from qiskit_ibm_native.local import Fault
        >>> provider = IBMProvider(channel="local", faults=[Fault("body", "GET .*/usage", body="[]")])
        >>> try:
        ...     provider.usage()
        ... except ApiIBMProtocolError as error:
        ...     print(error)
        {'instance_id': ...
        >>> provider.close()
    """


class IBMNotAuthorizedError(IBMError):
    """The service does not accept the credentials, or they do not allow the request.

    Examples:
        >>> from qiskit_ibm_native import IBMNotAuthorizedError, IBMProvider
        >>> from qiskit_ibm_native.local import LocalService
        >>> with LocalService(devices="lima") as service, service.in_environment():
        ...     try:
        ...         provider = IBMProvider(token="an API key that was revoked")
        ...     except IBMNotAuthorizedError as error:
        ...         print(error)
        The API key is not accepted (POST /identity/token: 400 BXNIM0415E Provided API key could not be ...
    """


class IBMInputValueError(IBMError, ValueError):
    """An argument has a value that is not valid.

    Examples:
        >>> from qiskit_ibm_native import IBMInputValueError, Sweep
        >>> try:
        ...     Sweep([], "fez")
        ... except IBMInputValueError as error:
        ...     print(error)
        <Sweep of 0 tasks: 1 snapshot, 1 setting, 1 seed, 0 circuits>
    """


class IBMProviderError(IBMError):
    """Base class of errors of providers.

    Examples:
        >>> from qiskit_ibm_native import IBMProvider, IBMProviderError
        >>> with IBMProvider(channel="local") as provider:
        ...     try:
        ...         provider.backfill("ibmq_lima", start="-30d")
        ...     except IBMProviderError as error:
        ...         print(error)
        There is no archive to fill; create the provider with archive=True or a path.
    """


class IBMProviderValueError(IBMProviderError, ValueError):
    """An argument of a provider has a value that is not valid.

    Examples:
        >>> from qiskit_ibm_native import IBMProvider, IBMProviderValueError
        >>> with IBMProvider(channel="local") as provider:
        ...     try:
        ...         provider.clock
        ...     except IBMProviderValueError as error:
        ...         print(error)
        This provider has no clock, because its service has the present time. ...
    """


class IBMBackendError(IBMError):
    """Base class of errors of backends.

    Examples:
        >>> from qiskit_ibm_native import IBMBackendError, IBMProvider
        >>> simulator = IBMProvider(channel="local").get_backend("local_simulator")
        >>> try:
        ...     simulator.qubit_properties(0)
        ... except IBMBackendError as error:
        ...     print(error)
        local_simulator has no properties.
    """


class IBMBackendApiError(IBMBackendError):
    """The service refuses a request of a backend.

    Examples:
        >>> from qiskit_ibm_native import IBMBackendApiError, IBMProvider
        >>> from qiskit_ibm_native.local import Fault
        >>> provider = IBMProvider(channel="local", faults=[Fault("status", "GET .*/status", status=400)])
        >>> try:
        ...     provider.get_backend("ibmq_lima").status()
        ... except IBMBackendApiError as error:
        ...     print(error)
        The status of ibmq_lima could not be fetched: GET /backends/ibmq_lima/status: 400 a fault on ...
        >>> provider.close()
    """


class IBMBackendApiProtocolError(IBMBackendApiError):
    """A response to a backend does not keep to the protocol.

    Examples:
        >>> from qiskit_ibm_native import IBMBackendApiProtocolError, IBMProvider
        >>> from qiskit_ibm_native.local import Fault
        >>> provider = IBMProvider(channel="local", faults=[Fault("body", "GET .*/status", body='{"state": "up"}')])
        >>> try:
        ...     provider.get_backend("ibmq_lima").status()
        ... except IBMBackendApiProtocolError as error:
        ...     print(error)
        The status of ibmq_lima cannot be understood: its state and length_queue should be a boolean and a number
        >>> provider.close()
    """


class IBMBackendJobLimitError(IBMBackendApiError):
    """The service takes no more jobs for now, because a limit of usage, jobs or requests is reached.

    Examples:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit_ibm_native import IBMBackendJobLimitError, IBMProvider
        >>> from qiskit_ibm_native.local import Fault
        >>> provider = IBMProvider(channel="local", faults=[Fault("status", "POST .*/jobs$", status=409)])
        >>> try:
        ...     provider.get_backend("local_simulator").run(QuantumCircuit(1, 1))
        ... except IBMBackendJobLimitError:
        ...     print("Wait until other jobs are done.")
        Wait until other jobs are done.
        >>> provider.close()
    """


class IBMBackendNotFoundError(IBMBackendError, QiskitBackendNotFoundError):
    """No backend, or more than one, has the requested name or properties.

    Examples:
        >>> from qiskit_ibm_native import IBMBackendNotFoundError, IBMProvider
        >>> try:
        ...     IBMProvider(channel="local").get_backend("ibm_fes")
        ... except IBMBackendNotFoundError as error:
        ...     print(error)
        No backend matches the criteria: there is no 'ibm_fes'. Did you mean 'ibm_fez' or 'ibm_boston' ...
    """


class IBMBackendValueError(IBMBackendError, ValueError):
    """A circuit or an option is not valid for the backend.

    Examples:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit_ibm_native import IBMBackendValueError, IBMProvider
        >>> circuit = QuantumCircuit(1, 1)
        >>> _ = circuit.measure(0, 0)
        >>> try:
        ...     IBMProvider(channel="local").get_backend("ibmq_lima").run(circuit, shots=0)
        ... except IBMBackendValueError as error:
        ...     print(error)
        shots is 0; it must be a number from 1 to 8192.
    """


class IBMSessionClosedError(IBMBackendApiError, RuntimeError):
    """The session is closed for new jobs.

    Examples:
        >>> import time
        >>> from qiskit import QuantumCircuit
        >>> from qiskit_ibm_native import IBMProvider, IBMSessionClosedError
        >>> backend = IBMProvider(channel="local").get_backend("ibmq_lima")
        >>> session = backend.open_session(max_time=1)
        >>> time.sleep(1.1)  # s, longer than the session may last
        >>> try:
        ...     job = backend.run(QuantumCircuit(1, 1))
        ... except IBMSessionClosedError as error:
        ...     print(error)
        The session ... is closed: ...
    """


class IBMJobError(IBMError, JobError):
    """Base class of errors of jobs.

    Examples:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit_ibm_native import IBMJobError, IBMProvider
        >>> job = (
        ...     IBMProvider(channel="local")
        ...     .get_backend("local_simulator")
        ...     .run(QuantumCircuit(1, 1), method="no such method")
        ... )
        >>> try:
        ...     job.result()
        ... except IBMJobError:  # it failed, was cancelled, or could not be asked for
        ...     print(job.status())
        JobStatus.ERROR
    """


class IBMJobApiError(IBMJobError):
    """A request about a job failed.

    Attributes:
        is_transient: Whether the cause may pass by itself, such as an outage, so that another try may succeed.

    Examples:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit_ibm_native import IBMJobApiError, IBMProvider
        >>> from qiskit_ibm_native.local import Fault
        >>> provider = IBMProvider(channel="local", faults=[Fault("status", "GET .*/logs", status=400)])
        >>> job = provider.get_backend("local_simulator").run(QuantumCircuit(1, 1))
        >>> try:
        ...     job.logs()
        ... except IBMJobApiError as error:
        ...     print(error.is_transient)
        False
        >>> provider.close()
    """

    is_transient: bool = False


class IBMJobFailureError(IBMJobError):
    """The job failed; the message says why.

    Examples:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit_ibm_native import IBMJobFailureError, IBMProvider
        >>> job = (
        ...     IBMProvider(channel="local")
        ...     .get_backend("local_simulator")
        ...     .run(QuantumCircuit(1, 1), method="no such method")
        ... )
        >>> try:
        ...     job.result()
        ... except IBMJobFailureError:
        ...     print(job.error_message())
        Error code 1517; the simulator does not run this: Invalid simulation method (no such method).
    """


class IBMJobInvalidStateError(IBMJobError):
    """The state of the job does not allow the operation.

    Examples:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit_ibm_native import IBMJobInvalidStateError, IBMProvider
        >>> job = IBMProvider(channel="local").get_backend("local_simulator").run(QuantumCircuit(1, 1))
        >>> job.wait_for_final_state()
        >>> try:
        ...     job.cancel()
        ... except IBMJobInvalidStateError:
        ...     print(job.status())
        JobStatus.DONE
    """


class IBMJobTimeoutError(IBMJobError, JobTimeoutError):
    """The job is not done in time.

    Examples:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit_ibm_native import IBMJobTimeoutError, IBMProvider
        >>> circuit = QuantumCircuit(1)
        >>> circuit.measure_all()
        >>> job = IBMProvider(channel="local").get_backend("local_simulator").run(circuit, shots=100)
        >>> try:
        ...     counts = job.result(timeout=0).get_counts()
        ... except IBMJobTimeoutError:  # the job goes on
        ...     counts = job.result(timeout=60).get_counts()
        >>> counts
        {'0': 100}
    """


class IBMJobNotFoundError(IBMJobError, IBMBackendApiError):
    """No job has the requested id.

    Examples:
        >>> from qiskit_ibm_native import IBMJobNotFoundError, IBMProvider
        >>> try:
        ...     IBMProvider(channel="local").job("no such id")
        ... except IBMJobNotFoundError as error:
        ...     print(error)
        Job not found: no such id. Error code: 3250.
    """


class MissingPackageError(IBMError, ImportError):
    """A package is not installed that the work needs.

    Attributes:
        name: The name of the package, as in every ``ImportError``; the first one of several.
        command: The command that installs all that is missing.

    Examples:
        >>> from qiskit_ibm_native import MissingPackageError, Snapshot
        >>> try:
        ...     frame = Snapshot.load("lima").columns.to_pandas()
        ... except MissingPackageError as error:
        ...     print(error.command)  # pip install 'qiskit-ibm-native[dataframes]'
    """

    def __init__(self, purpose: str, package: str, command: str, others: Sequence[str] = ()) -> None:
        """Create the error.

        Args:
            purpose: A plural noun that says what the package is for.
            package: The name of the package.
            command: The command that installs it.
            others: The names of further packages that are missing.
        """
        packages = listed([package, *others])
        are = "are" if others else "is"
        super().__init__(f"{purpose} need {packages}, which {are} not installed: {command}")
        self.name = package
        self.command = command
        self._arguments = purpose, package, command, tuple(others)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self._arguments


class PulseError(IBMError):
    """Channels, pulses and schedules do not fit each other, or a device publishes no pulses.

    Examples:
        >>> from qiskit_ibm_native import PulseError
        >>> from qiskit_ibm_native.pulse import Gaussian
        >>> try:
        ...     Gaussian(160, amp=1.5, sigma=40)
        ... except PulseError as error:
        ...     print(error)
        Gaussian(duration=160, sigma=40, amp=1.5, angle=0.0) cannot be played: expected an amplitude of at most 1
    """


class SweepError(IBMError):
    """A sweep cannot be run, or one of its tasks failed.

    Attributes:
        result: The :class:`TaskResult` of the task that failed; ``None`` if there is none.

    Examples:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit_ibm_native import Sweep, SweepError
        >>> try:
        ...     Sweep(QuantumCircuit(9), "lima", optimization_level=0).run(on_error="raise", progress=False)
        ... except SweepError as error:
        ...     print(error.result.backend)
        ibmq_lima
    """

    def __init__(self, *message: object, result: object = None) -> None:
        """Create the error; ``result`` is that of the task that failed."""
        super().__init__(*message)
        self.result = result


class SweepWarning(RuntimeWarning):
    """Tasks of a sweep failed, and their errors are in the results.

    Examples:
        >>> import warnings
        >>> from qiskit import QuantumCircuit
        >>> from qiskit_ibm_native import Sweep, SweepWarning
        >>> with warnings.catch_warnings():
        ...     warnings.simplefilter("ignore", SweepWarning)  # results.errors has what failed
        ...     results = Sweep(QuantumCircuit(9), "lima", optimization_level=0).run(progress=False)
        >>> len(results.errors)
        1
    """

    def __init__(self, *message: object) -> None:
        """Create the warning; ``message`` says how many tasks failed, and why."""
        super().__init__(*message)


class LedgerError(SweepError):
    """A ledger cannot be used, or lacks the requested sweep or task.

    Examples:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit_ibm_native import Ledger, LedgerError, Sweep
        >>> try:
        ...     results = list(Ledger("new.sqlite3").results_of(Sweep(QuantumCircuit(1), "lima"), [0]))
        ... except LedgerError as error:
        ...     print(str(error).rpartition("/")[2])
        new.sqlite3 has no result of task 0: run the sweep with this ledger first.
    """


class LedgerDamagedError(LedgerError):
    r"""A ledger is damaged: content differs from what was written.

    Examples:
        >>> from pathlib import Path
        >>> from qiskit_ibm_native import Ledger, LedgerDamagedError
        >>> _ = Path("damaged.sqlite3").write_bytes(b"SQLite format 3\0" + bytes(5000))
        >>> try:
        ...     Ledger("damaged.sqlite3")
        ... except LedgerDamagedError as error:
        ...     print(str(error).rpartition("/")[2])
        damaged.sqlite3 is damaged, or not a ledger of a sweep: file is not a database.
    """


if not TYPE_CHECKING:
    # Type checkers would take every name for one of this module's.
    def __getattr__(name: str) -> object:
        from ._former_names import missing_name

        raise missing_name(__name__, name)

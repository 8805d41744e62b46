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
    """Base class of the exceptions of this package. Keys, tokens and CRNs are removed from all messages."""

    def __init__(self, *message: object) -> None:
        """Create the error; ``message`` says what failed, where, and what to do about it."""
        super().__init__(*(redact(str(part)) for part in message))

    def __str__(self) -> str:
        """Return the message without the quotes of Qiskit's base class."""
        return str(self.message)


class BackendConfigurationError(IBMError):
    """A configuration lacks the requested qubit, channel or other member."""


class BackendPayloadError(IBMError, ValueError):
    """A payload is not as a device publishes it.

    Attributes:
        payload: Kind of the payload: ``"configuration"``, ``"properties"`` or ``"defaults"``.
        path: JSON path of the failure, for example ``$.gates[12].parameters[0].value``.
        offset: Offset of the failure in the payload, in bytes.
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
    """A calibration lacks the requested value."""


class CompactFormError(IBMError, ValueError):
    """Bytes are no compact form of a snapshot, are damaged, are of a later version, or lack a requested part."""


class ArchiveError(IBMError):
    """An archive of calibrations cannot be used, or lacks the requested calibration."""


class ArchiveDamagedError(ArchiveError):
    """An archive is damaged: content differs from what was written."""


class IBMAccountError(IBMError):
    """Base class of errors about accounts."""


class AccountsError(IBMAccountError):
    """Base class of errors about saved accounts and their file."""


class InvalidAccountError(AccountsError):
    """An account, or the file of accounts, is not valid."""


class AccountNotFoundError(AccountsError):
    """The named account does not exist, or there is no account at all."""


class AccountAlreadyExistsError(AccountsError):
    """An account of that name, or a default account, is saved already."""


class IBMApiError(IBMError):
    """The service cannot be reached, refuses a request, or sends a malformed response.

    Attributes:
        is_transient: Whether the cause may pass by itself, such as an outage, so that another try may succeed.
    """

    is_transient: bool = False


class ApiError(IBMApiError):
    """Base class of errors of single requests."""


class RequestsApiError(ApiError):
    """An HTTP request failed.

    Attributes:
        status_code: HTTP status, -1 without a response.
        code: Code of the error by the service, or by this package without a response, such as ``"timeout"``.
        body: Body of the response as text, without secrets.
        maybe_processed: Whether the service may have carried out the request nevertheless.
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
    """A response does not keep to the protocol."""


class IBMNotAuthorizedError(IBMError):
    """The service does not accept the credentials, or they do not allow the request."""


class IBMInputValueError(IBMError, ValueError):
    """An argument has a value that is not valid."""


class IBMProviderError(IBMError):
    """Base class of errors of providers."""


class IBMProviderValueError(IBMProviderError, ValueError):
    """An argument of a provider has a value that is not valid."""


class IBMBackendError(IBMError):
    """Base class of errors of backends."""


class IBMBackendApiError(IBMBackendError):
    """The service refuses a request of a backend."""


class IBMBackendApiProtocolError(IBMBackendApiError):
    """A response to a backend does not keep to the protocol."""


class IBMBackendJobLimitError(IBMBackendApiError):
    """The service takes no more jobs for now, because a limit of usage, jobs or requests is reached."""


class IBMBackendNotFoundError(IBMBackendError, QiskitBackendNotFoundError):
    """No backend, or more than one, has the requested name or properties."""


class IBMBackendValueError(IBMBackendError, ValueError):
    """A circuit or an option is not valid for the backend."""


class IBMSessionClosedError(IBMBackendApiError, RuntimeError):
    """The session is closed for new jobs."""


class IBMJobError(IBMError, JobError):
    """Base class of errors of jobs."""


class IBMJobApiError(IBMJobError):
    """A request about a job failed.

    Attributes:
        is_transient: Whether the cause may pass by itself, such as an outage, so that another try may succeed.
    """

    is_transient: bool = False


class IBMJobFailureError(IBMJobError):
    """The job failed; the message says why."""


class IBMJobInvalidStateError(IBMJobError):
    """The state of the job does not allow the operation."""


class IBMJobTimeoutError(IBMJobError, JobTimeoutError):
    """The job is not done in time."""


class IBMJobNotFoundError(IBMJobError, IBMBackendApiError):
    """No job has the requested id."""


class MissingPackageError(IBMError, ImportError):
    """A package is not installed that the work needs.

    Attributes:
        name: The name of the package, as in every ``ImportError``; the first one of several.
        command: The command that installs all that is missing.
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
    """Channels, pulses and schedules do not fit each other, or a device publishes no pulses."""


class SweepError(IBMError):
    """A sweep cannot be run, or one of its tasks failed.

    Attributes:
        result: The :class:`TaskResult` of the task that failed; ``None`` if there is none.
    """

    def __init__(self, *message: object, result: object = None) -> None:
        """Create the error; ``result`` is that of the task that failed."""
        super().__init__(*message)
        self.result = result


class SweepWarning(RuntimeWarning):
    """Tasks of a sweep failed, and their errors are in the results."""


class LedgerError(SweepError):
    """A ledger cannot be used, or lacks the requested sweep or task."""


class LedgerDamagedError(LedgerError):
    """A ledger is damaged: content differs from what was written."""


if not TYPE_CHECKING:
    # Type checkers would take every name for one of this module's.
    def __getattr__(name: str) -> object:
        from ._former_names import missing_name

        raise missing_name(__name__, name)

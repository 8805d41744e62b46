# SPDX-License-Identifier: Apache-2.0
"""Every exception of this package, in one tree.

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
        ├── PulseError
        └── SweepError
            └── LedgerError
                └── LedgerDamagedError

Importing this module imports Qiskit. Rooms that must do without Qiskit import it when they have something to raise.
"""

from __future__ import annotations

from qiskit.exceptions import QiskitError
from qiskit.providers.exceptions import JobError, JobTimeoutError, QiskitBackendNotFoundError

from ._redaction import redact


class IBMError(QiskitError):
    """Base class of the exceptions of this package. No message has a key, a token or a CRN, whoever put it in."""

    def __init__(self, *message: object) -> None:
        """Create the error; ``message`` says what, where and what to do."""
        super().__init__(*(redact(str(each)) for each in message))

    def __str__(self) -> str:
        """Return the message as it is; Qiskit's base class puts it in quotes."""
        return str(self.message)


class BackendConfigurationError(IBMError):
    """A device does not have what was asked for, such as a qubit or a channel."""


class BackendPayloadError(IBMError, ValueError):
    """A payload is not what a device publishes.

    Attributes:
        payload: Which payload: ``"configuration"``, ``"properties"`` or ``"defaults"``.
        path: The JSON path of the place, for example ``$.gates[12].parameters[0].value``.
        offset: The offset of the place in the payload, in bytes.
    """

    def __init__(self, message: str, payload: str, path: str, offset: int) -> None:
        """Create the error; ``message`` says what was expected and found."""
        super().__init__(message)
        self.payload = payload
        self.path = path
        self.offset = offset

    def __reduce__(self) -> tuple[type[BackendPayloadError], tuple[str, str, str, int]]:
        return type(self), (self.message, self.payload, self.path, self.offset)


class BackendPropertyError(IBMError):
    """A calibration does not have the value that was asked for."""


class CompactFormError(IBMError, ValueError):
    """Bytes are no compact form of a snapshot, are damaged or of a later version, or lack what is asked for."""


class ArchiveError(IBMError):
    """An archive of calibrations cannot be used, or does not have what was asked for."""


class ArchiveDamagedError(ArchiveError):
    """Something in an archive is not what was put there."""


class IBMAccountError(IBMError):
    """Something is wrong with accounts."""


class AccountsError(IBMAccountError):
    """Something is wrong with saved accounts."""


class InvalidAccountError(AccountsError):
    """An account, or the file of accounts, is not valid."""


class AccountNotFoundError(AccountsError):
    """There is no such account, or no account at all."""


class AccountAlreadyExistsError(AccountsError):
    """An account of that name has been saved already."""


class IBMApiError(IBMError):
    """The service could not be reached, refused a request, or replied with something else than it should.

    Attributes:
        may_pass: Whether the reason may pass by itself, such as an outage, so that it makes sense to ask again later.
    """

    may_pass: bool = False


class ApiError(IBMApiError):
    """A request failed."""


class RequestsApiError(ApiError):
    """A request failed over HTTP.

    Attributes:
        status_code: The HTTP status, or -1 if there was no reply.
        code: The service's own code of the error, if it gave one.
        body: The reply, as text.
        maybe_processed: Whether the service may have done what was asked for, although it did not say so.
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
        self.may_pass = not is_final if status_code == -1 else status_code in (408, 429) or status_code >= 500

    def __reduce__(self) -> tuple[type[RequestsApiError], tuple[str, int, int | str | None, str, bool]]:
        return type(self), (self.message, self.status_code, self.code, self.body, self.maybe_processed)


class ApiIBMProtocolError(ApiError):
    """A reply is not what the protocol says it is."""


class IBMNotAuthorizedError(IBMError):
    """The service does not accept the credentials, or they do not allow what was asked for."""


class IBMInputValueError(IBMError, ValueError):
    """An argument has a value that makes no sense."""


class IBMProviderError(IBMError):
    """A provider could not do what it was asked for."""


class IBMProviderValueError(IBMProviderError, ValueError):
    """An argument of a provider has a value that makes no sense."""


class IBMBackendError(IBMError):
    """A backend could not do what it was asked for."""


class IBMBackendApiError(IBMBackendError):
    """The service refused what a backend asked for."""


class IBMBackendApiProtocolError(IBMBackendApiError):
    """A reply to a backend is not what the protocol says it is."""


class IBMBackendJobLimitError(IBMBackendApiError):
    """The service takes no more jobs for now: a limit of usage or of requests is reached."""


class IBMBackendNotFoundError(IBMBackendError, QiskitBackendNotFoundError):
    """No backend, or more than one, is what was asked for."""


class IBMBackendValueError(IBMBackendError, ValueError):
    """A circuit or an option is not what the backend takes."""


class IBMSessionClosedError(IBMBackendApiError, RuntimeError):
    """The session takes no more jobs."""


class IBMJobError(IBMError, JobError):
    """Something is wrong with a job."""


class IBMJobApiError(IBMJobError):
    """The service could not be asked about a job.

    Attributes:
        may_pass: Whether the reason may pass by itself, such as an outage, so that it makes sense to ask again later.
    """

    may_pass: bool = False


class IBMJobFailureError(IBMJobError):
    """The job failed; the message says why."""


class IBMJobInvalidStateError(IBMJobError):
    """The job is not in a state in which this can be done."""


class IBMJobTimeoutError(IBMJobError, JobTimeoutError):
    """The job was not done in time."""


class IBMJobNotFoundError(IBMJobError, IBMBackendApiError):
    """There is no such job."""


class PulseError(IBMError):
    """Channels, pulses and schedules do not go together, or a device has no pulses."""


class SweepError(IBMError):
    """A sweep could not be run, or one of its tasks failed."""


class LedgerError(SweepError):
    """A ledger cannot be used, or does not have what was asked for."""


class LedgerDamagedError(LedgerError):
    """Something in a ledger is not what was put there."""

# SPDX-License-Identifier: Apache-2.0
"""Sessions: jobs that the device runs together."""

from __future__ import annotations

import re
import threading
from concurrent.futures import Future, wait
from types import TracebackType
from typing import TYPE_CHECKING, Any

from qiskit.providers import BackendV2
from typing_extensions import Self

from .._deadline import seconds_left
from .._logger import logger
from .._progress import waiting
from ..exceptions import IBMApiError, IBMBackendApiError, IBMError, IBMInputValueError, RequestsApiError

if TYPE_CHECKING:
    from ..client.api import RuntimeClient
    from .device import Device

MODES = ("dedicated", "batch")
#: Seconds after which the service ends a session that was opened without a shorter ``max_time``.
_LONGEST_LIFE = 28_800
_SECONDS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_MAX_TIME = re.compile(r"\s*(?:\d+[dhms]\s*)+")
_TEXTS = {
    "open": "Pending",
    "inactive": "Pending",
    "pending_inactive": "In progress, accepting new jobs",
    "pending_closed": "In progress, not accepting new jobs",
}


def seconds_of(max_time: int | str | None) -> int | None:
    """Return ``max_time`` in seconds.

    Args:
        max_time: Seconds, or a text of numbers with units such as ``"2h 30m 40s"``: days, hours, minutes and seconds in
            any order, which are added.

    Raises:
        IBMInputValueError: It is something else.
    """
    if max_time is None:
        return None
    if isinstance(max_time, int) and not isinstance(max_time, bool) and max_time > 0:
        return max_time
    if isinstance(max_time, str) and _MAX_TIME.fullmatch(max_time):
        seconds = sum(int(number) * _SECONDS[unit] for number, unit in re.findall(r"(\d+)([dhms])", max_time))
        if seconds > 0:
            return seconds
    raise IBMInputValueError(
        f"Invalid max_time value: {max_time!r}. Give seconds as an integer above 0, or a text such as '2h 30m 40s'."
    )


def open_session(backend: Device, max_time: int | str | None, mode: str) -> Session:
    """Open a session on a device; simulators need none of the service.

    Raises:
        IBMInputValueError: An argument makes no sense.
        IBMBackendApiError: The service did not open one.
    """
    seconds = seconds_of(max_time)
    if mode not in MODES:
        raise IBMInputValueError(f"There is no session mode {mode!r}; use one of {list(MODES)}.")
    session_id = None
    client = backend._api_client
    if not backend.configuration().is_simulator:
        try:
            session_id = client.create_session(backend.name, mode=mode, max_time=seconds).get("id")
        except IBMApiError as error:
            raise _not_opened(backend.name, seconds, error) from None
    return Session(seconds, session_id, mode=mode, client=client, backend_name=backend.name)


def _not_opened(backend_name: str, seconds: int | None, error: IBMApiError) -> IBMBackendApiError:
    """Return the error for a session that was not opened, or of which that is not known."""
    if isinstance(error, RequestsApiError) and not error.maybe_processed:
        return IBMBackendApiError(f"No session on {backend_name} could be opened: {error}")
    life = f"{seconds} s, its max_time" if seconds else f"{_LONGEST_LIFE // 3600} h, unless the service says otherwise"
    return IBMBackendApiError(
        f"It is not known whether a session on {backend_name} was opened, because the reply is missing: {error} The"
        " request was not repeated, because that could open two. If the session is open, it ends by itself after"
        f" {life}; until then it is listed among your workloads at https://quantum.cloud.ibm.com/workloads and can be"
        " closed there."
    )


class Session:
    """A session on a device.

    Sessions are opened with ``backend.open_session()``. As a context manager, a session is closed when its block ends,
    so that nothing is billed for a device that waits; jobs that were submitted are run.

    Args:
        max_time: After how long the service ends the session, see :func:`seconds_of`.
        session_id: Its id at the service; ``None`` for a session that only the client knows of, as on simulators.
        mode: ``"dedicated"``, or ``"batch"`` for jobs that are all known at the start.
        client: The client that sends requests to the service.
        backend_name: The device.

    Examples:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit_ibm_native import IBMProvider
        >>> backend = IBMProvider(channel="local").get_backend("ibmq_lima")
        >>> circuit = QuantumCircuit(1, 1)
        >>> _ = circuit.measure(0, 0)
        >>> with backend.open_session(max_time="1h") as session:
        ...     job = backend.run(circuit, shots=100)
        >>> session.active, job.session_id == session.session_id
        (False, True)
    """

    def __init__(
        self,
        max_time: int | str | None = None,
        session_id: str | None = None,
        *,
        mode: str = "dedicated",
        client: RuntimeClient | None = None,
        backend_name: str | None = None,
    ) -> None:
        """Create a session that is open already.

        Raises:
            IBMInputValueError: ``max_time`` makes no sense, or is a backend.
        """
        if isinstance(max_time, BackendV2):
            raise IBMInputValueError(
                "qiskit_ibm_native.Session takes no backend, unlike the class of that name in qiskit-ibm-runtime."
                f" Open a session with get_backend({max_time.name!r}).open_session()."
            )
        self._max_time = seconds_of(max_time)
        self._session_id = session_id
        self._mode = mode
        self._client = client
        self._backend_name = backend_name
        self._active = True
        self._left = False
        self._submissions: list[Future[Any]] = []

    @classmethod
    def from_id(cls, session_id: str, client: RuntimeClient) -> Session:
        """Create a session of one that the service knows.

        Raises:
            IBMInputValueError: It knows none of that id.
        """
        try:
            details = client.session_details(session_id)
        except RequestsApiError as error:
            if error.status_code == 404:
                raise IBMInputValueError(f"Session not found: {session_id}.") from None
            raise
        session = cls(
            details.get("max_ttl"), session_id, mode=details.get("mode") or "dedicated", client=client,
            backend_name=details.get("backend_name"),
        )  # fmt: skip
        session._active = bool(details.get("accepting_jobs", True))
        return session

    @property
    def session_id(self) -> str | None:
        """The id of the session at the service; ``None`` for a session that only the client knows of."""
        return self._session_id

    @property
    def mode(self) -> str:
        """``"dedicated"`` or ``"batch"``."""
        return self._mode

    @property
    def active(self) -> bool:
        """Whether the session takes jobs, as far as this object knows."""
        return self._active

    def details(self) -> dict[str, Any] | None:
        """Return what the service knows about the session; ``None`` if it knows nothing."""
        if self._session_id is None or self._client is None:
            return None
        return self._client.session_details(self._session_id)

    def status(self) -> str | None:
        """Return the session's status in words; ``None`` if the service knows nothing."""
        details = self.details()
        if details is None:
            return None
        state = str(details.get("state", "")).lower()
        if state == "active":
            return _TEXTS["pending_inactive" if details.get("accepting_jobs") else "pending_closed"]
        return _TEXTS.get(state, state.capitalize())

    def usage(self) -> float | None:
        """Return for how many seconds the device was used; ``None`` if the service does not tell."""
        details = self.details()
        return None if details is None else details.get("elapsed_time")

    def close(self) -> None:
        """Let the session take no more jobs; those that were submitted are run."""
        # Jobs that are being submitted in the background were run in this session.
        with waiting("Submitting jobs of the session that is to be closed"):
            wait(self._submissions, min(seconds_left(), threading.TIMEOUT_MAX))
        self._active = False
        if self._session_id is not None and self._client is not None:
            try:
                self._client.close_session(self._session_id)
            except RequestsApiError as error:
                # It is closed if it does not exist any more.
                if error.status_code != 404:
                    raise

    def cancel(self) -> None:
        """End the session; jobs that wait in it are cancelled."""
        self._active = False
        if self._session_id is not None and self._client is not None:
            self._client.cancel_session(self._session_id)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._left = True
        if not self._active:
            return
        try:
            self.close()
        except IBMError as failure:
            if error is None:
                raise
            # The exception of the block takes precedence.
            logger.warning(
                "The session %s was left by %s and could not be closed: %s",
                self._session_id,
                type(error).__name__,
                failure,
            )

    def __repr__(self) -> str:
        state = "active" if self._active else "closed"
        return f"<Session {self._session_id!r} on {self._backend_name}: {self._mode}, {state}>"

    def _repr_html_(self) -> str:
        from .pictures import session_html

        return session_html(self)

# SPDX-License-Identifier: Apache-2.0
"""Refresh a backend in the background."""

from __future__ import annotations

import datetime
import random
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..._logger import logger
from ...exceptions import IBMInputValueError

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from ...snapshot.diff import SnapshotDiff

#: The longest wait after failures, in seconds, unless the interval is longer.
_LONGEST = 3600.0
_LONGEST_INTERVAL = 30 * 86_400.0


class Watch:
    """Refreshes a backend now and then, and tells of changes, until it is stopped.

    Attributes:
        refreshes: The number of successful refreshes.
        last_error: The error of the last attempt; ``None`` if it succeeded.

    Examples:
        >>> from qiskit_ibm_native import IBMProvider
        >>> backend = IBMProvider(channel="local").get_backend("ibmq_lima")
        >>> with backend.watch(interval=300, callback=print) as watch:  # seconds
        ...     watch.is_running
        True
    """

    def __init__(
        self,
        look: Callable[[], Any],
        compare: Callable[[Any, Any], SnapshotDiff],
        seen: Any,
        interval: float | datetime.timedelta,
        callback: Callable[[SnapshotDiff], object],
        *,
        jitter: float = 0.1,
        on_error: Callable[[Exception], object] | None = None,
        name: str = "",
    ) -> None:
        """Start to watch; watches come from :meth:`IBMBackend.watch`.

        Args:
            look: Fetches the device's version from the service and returns it.
            compare: Returns the difference between two versions.
            seen: The version when the watch starts.
            interval: Seconds, or a timedelta, as in :meth:`IBMBackend.watch`, as the rest.
            callback: Is called with the difference.
            jitter: By which share of it the interval varies.
            on_error: Is called with errors of refreshes and of the callback.
            name: The name of the device.
        """
        seconds = interval.total_seconds() if isinstance(interval, datetime.timedelta) else interval
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds <= _LONGEST_INTERVAL:
            raise IBMInputValueError(
                f"interval must be a number of seconds above 0, or a timedelta, of at most 30 days, not {interval!r}."
            )
        if not 0 <= jitter < 1:
            raise IBMInputValueError(f"jitter must be at least 0 and below 1, not {jitter!r}.")
        if not callable(callback):
            raise IBMInputValueError(f"callback must be callable, not {callback!r}.")
        self.refreshes = 0
        self.last_error: Exception | None = None
        self._look, self._compare, self._seen = look, compare, seen
        self._callback, self._on_error = callback, on_error
        self._interval, self._jitter = float(seconds), jitter
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"watch {name}", daemon=True)
        self._thread.start()

    @property
    def is_running(self) -> bool:
        """Whether it has not been stopped."""
        return self._thread.is_alive() and not self._stopped.is_set()

    def stop(self, timeout: float | None = None) -> bool:
        """Stop, and wait for a request that is on its way; return whether all has ended.

        After that, the callback is not called any more. It may call this itself.

        Args:
            timeout: The longest time to wait, in seconds.
        """
        self._stopped.set()
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _wait(self, failures: int) -> float:
        """Return the seconds to wait: the interval, doubled with each failure, varied at random by the jitter."""
        seconds = min(self._interval * 2.0**failures, max(self._interval, _LONGEST))
        # No two programs should ask in step.
        return seconds * random.uniform(1 - self._jitter, 1 + self._jitter)  # noqa: S311 (not a secret)

    def _run(self) -> None:
        failures = 0
        while not self._stopped.wait(self._wait(min(failures, 30))):
            try:
                now = self._look()
                diff = self._compare(self._seen, now)
            except Exception as error:
                # Third-party clients may raise any exception.
                failures += 1
                self._failed(error)
                continue
            # The backend may have been refreshed elsewhere; compare with the last version this watch reported.
            self._seen = now
            failures, self.last_error = 0, None
            self.refreshes += 1
            if diff and not self._stopped.is_set():
                try:
                    self._callback(diff)
                except Exception as error:
                    self._failed(error)

    def _failed(self, error: Exception) -> None:
        self.last_error = error
        logger.warning("%s: %s", self._thread.name, error)
        if self._on_error is not None:
            try:
                self._on_error(error)
            except Exception as failure:
                logger.warning("%s: on_error failed: %s", self._thread.name, failure)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        state = "running" if self.is_running else "stopped"
        return f"<Watch {self._thread.name.removeprefix('watch ')}: {state}, every {self._interval:g} s>"

# SPDX-License-Identifier: Apache-2.0
"""A thread that calls functions a few times a second, so that what is shown moves on while its owner waits."""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress

#: Seconds between two calls.
_INTERVAL = 0.2
#: Seconds for which the thread stays without a function: waits follow each other, and a thread takes 0.1 ms to start.
_LINGER = 5.0


class Ticker:
    """The functions, and the thread that calls them while there are any.

    Attributes:
        lock: Held while functions are called; re-entrant.
    """

    def __init__(self) -> None:
        """Begin without a function and without a thread."""
        self.lock = threading.RLock()
        self._functions: list[Callable[[float], object]] = []
        self._thread: threading.Thread | None = None
        self._is_over = False

    def add(self, function: Callable[[float], object]) -> None:
        """Call a function from now on, with the time of the monotonic clock in seconds. It must be quick."""
        with self.lock:
            self._functions.append(function)
            if self._thread is None and not self._is_over:
                self._thread = threading.Thread(target=self._run, name="progress", daemon=True)
                # An interpreter that ends starts no thread any more; then nothing is shown.
                with suppress(RuntimeError):
                    self._thread.start()

    def remove(self, function: Callable[[float], object]) -> None:
        """Call a function no more; none of its calls is under way when this returns."""
        with self.lock, suppress(ValueError):
            self._functions.remove(function)

    def _run(self) -> None:
        unused = 0.0
        while True:
            time.sleep(_INTERVAL)
            with self.lock:
                unused = 0.0 if self._functions else unused + _INTERVAL
                if self._is_over or unused > _LINGER:
                    self._thread = None
                    return
                now = time.monotonic()
                for function in tuple(self._functions):
                    # Pictures are not worth an error, such as that of a closed stream.
                    with suppress(Exception):
                        function(now)

    def stop(self) -> None:
        """Call nothing any more: a daemon that writes while the interpreter ends would make it abort."""
        with self.lock:
            self._is_over = True
            self._functions.clear()

    def after_fork(self) -> None:
        """Begin again in a forked child, which has no thread, and perhaps a lock that nobody releases."""
        self.__init__()  # type: ignore[misc]


TICKER = Ticker()
atexit.register(TICKER.stop)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=TICKER.after_fork)

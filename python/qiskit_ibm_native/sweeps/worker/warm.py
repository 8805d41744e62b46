# SPDX-License-Identifier: Apache-2.0
"""Transpiler processes that start while a sweep is being described, so that they are warm when its first task comes.

Only a main program starts some, one for each of its processors at most, and none after it has used an executor. Those
that no run takes within half a minute end. ``QISKIT_IBM_NATIVE_WARM_START=0`` in the environment turns this off.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import sys
import threading
from contextlib import suppress

from ..._processes import import_path
from ..._threads import available_processors
from .process import TranspilerProcess, environment_of_processes

#: Name of the variable that turns this off.
SWITCH = "QISKIT_IBM_NATIVE_WARM_START"
#: Seconds after which processes end that no run has taken: time enough to describe a sweep in a session.
PATIENCE = 30.0
#: Modules of executors: a program that has imported one of these has its workers elsewhere.
_EXECUTORS = ("distributed", "mpi4py", "ray", "parsl", "ipyparallel")


class WarmProcesses:
    """Processes of this program that no run has taken yet."""

    def __init__(self) -> None:
        """Begin without a process."""
        self._lock = threading.Lock()
        self._ready: list[TranspilerProcess] = []
        self._circumstances: object = None
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_off = False

    def start(self) -> None:
        """Start processes in the background, if the next run will probably need them."""
        if (
            self._is_off
            or not _is_main_program()
            or os.environ.get(SWITCH, "1").strip().lower() in {"0", "false", "off"}
        ):
            return
        with self._lock:
            if self._is_off or self._thread is not None or self._ready:
                return
            self._wake = threading.Event()
            thread = threading.Thread(target=self._keep, args=[self._wake], name="sweep-warm", daemon=True)
            # A machine or an interpreter that starts no thread any more is no reason to fail.
            with suppress(RuntimeError):
                thread.start()
                self._thread = thread

    def _keep(self, wake: threading.Event) -> None:
        """Start processes, and end those that nobody takes."""
        for _ in range(available_processors()):
            with self._lock:
                if wake.is_set() or sys.is_finalizing():
                    break
                self._circumstances = self._circumstances or _circumstances()
                try:
                    self._ready.append(TranspilerProcess())
                except OSError:
                    break
        wake.wait(PATIENCE)
        self._end(wake)

    def _end(self, wake: threading.Event) -> None:
        with self._lock:
            if self._wake is not wake:
                return
            wake.set()
            left, self._ready = self._ready, []
            self._thread, self._circumstances = None, None
        for process in left:
            process.close()

    def take(self) -> TranspilerProcess | None:
        """Return a process that would be started now as it was; ``None`` if there is none."""
        with self._lock:
            if not self._ready:
                # The run starts its own from now on; together they would be too many.
                self._wake.set()
                return None
            if self._circumstances == _circumstances():
                process = self._ready.pop(0)
                if process.is_alive:
                    return process
                process.close()
                return None
        # The environment, the folder or the import path is another one by now.
        self._wake.set()
        return None

    def stop(self, *, for_good: bool = False) -> None:
        """End processes that were not taken."""
        self._is_off |= for_good
        self._end(self._wake)

    def forget(self) -> None:
        """Let go of all processes, in a forked process: they belong to its parent."""
        self._lock = threading.Lock()
        self._is_off = True
        for process in self._ready:
            process.close_files()
        self._ready = []


def _is_main_program() -> bool:
    if sys.is_finalizing() or multiprocessing.parent_process() is not None:
        return False
    return not any(name in sys.modules for name in _EXECUTORS)


def _circumstances() -> object:
    """Return all that a process takes from this one when it starts."""
    folder = ""
    with suppress(OSError):
        folder = os.getcwd()  # noqa: PTH109 (a text)
    return sys.executable, folder, import_path(with_current_folder=True), environment_of_processes()


WARM = WarmProcesses()
atexit.register(WARM.stop, for_good=True)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=WARM.forget)

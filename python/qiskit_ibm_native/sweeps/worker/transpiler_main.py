# SPDX-License-Identifier: Apache-2.0
"""The process that transpiles. Its worker starts it, gives it tasks, and survives whatever they do to it."""

from __future__ import annotations

import contextlib
import errno
import faulthandler
import functools
import gc
import os
import pickle
import queue
import socket
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from .blob_cache import Materials, needs_of
from .protocol import WORKER_LOST, Outcome, TaskOrder, Terms, read_frame, write_frame

#: Seconds without a task after which the process ends.
PATIENCE = 120.0
#: How many of each are kept. Tasks come ordered by snapshot, so few targets will do.
_TARGETS, _PASS_MANAGERS, _CIRCUITS, _SETTINGS = 4, 16, 1024, 64
_MOST_TEXT = 4000
#: First bytes of frames.
DONE, FAILED, LAST = b"+", b"-", b"!"
#: Frames instead of an outcome: it had nothing to do for long and ended; it has worked long enough for one request.
RETIRED, PAUSE = b"~", b"="
#: Seconds after which it pauses.
_BUDGET = 5.0
#: Errors of the system that tell of a machine without room, memory, files or disks, whatever the task.
_OF_THE_MACHINE = {
    errno.EAGAIN, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOSPC, errno.EDQUOT, errno.ESTALE,
}  # fmt: skip


class Request(NamedTuple):
    """Tasks, and what they need that the process does not have."""

    terms: Terms
    tasks: list[TaskOrder]
    materials: dict[bytes, bytes]


class Recent:
    """The values that were used last."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: OrderedDict[Any, Any] = OrderedDict()

    def get(self, key: Any, make: Callable[[], Any]) -> Any:
        """Return the value of a key, making it if it is not there."""
        if key in self._values:
            self._values.move_to_end(key)
            return self._values[key]
        value = self._values[key] = make()
        if len(self._values) > self._size:
            self._values.popitem(last=False)
        return value


class Transpiler:
    """Transpiles tasks, keeping what the next ones may need again."""

    def __init__(self, trace: int) -> None:
        """Begin with nothing; ``trace`` is where tracebacks of timeouts go."""
        self._trace = trace
        self._name = f"{socket.gethostname()}:{os.getpid()}"
        self._materials = Materials()
        self._targets = Recent(_TARGETS)
        self._pass_managers = Recent(_PASS_MANAGERS)
        self._circuits = Recent(_CIRCUITS)
        self._settings = Recent(_SETTINGS)

    def answer(self, request: Request) -> Any:
        """Return the frames of all tasks, one by one."""
        self._materials.take(request.materials, needs_of(task.needs for task in request.tasks))
        begin = time.monotonic()
        for task in request.tasks:
            if time.monotonic() > begin + _BUDGET:
                yield PAUSE
                return
            with _watched(request.terms.timeout, self._trace):
                frame = self._frame(task, request)
            yield frame

    def _frame(self, task: TaskOrder, request: Request) -> bytes:
        wall, cpu = time.perf_counter(), time.process_time()
        head, figures, circuit, error = DONE, None, None, None
        try:
            figures, circuit, wall, cpu = self._transpiled(task, keep=request.terms.keep_circuits)
        except MemoryError:
            # Who knows what is left of the process; the next task gets another one.
            head, error = LAST, ("MemoryError", "The task needs more memory than memory_limit allows.")
        except BaseException as problem:  # panics of Rust are no Exceptions
            head, error = FAILED, _described(problem)
        if error is not None:
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        return head + pickle.dumps(tuple(Outcome(figures, circuit, error, wall, cpu, self._name, 1)), protocol=5)

    def _transpiled(self, task: TaskOrder, *, keep: bool) -> tuple[Any, tuple[bytes, int] | None, float, float]:
        from ..ledger.figures import figures_of

        snapshot, target = self._targets.get((task.snapshot, task.use_fractional_gates), lambda: self._target(task))
        circuit = self._circuits.get(task.circuit, lambda: self._circuit(task))
        wall, cpu = time.perf_counter(), time.process_time()
        transpiled = self._pass_manager(task, target).run(circuit)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        # As transpile() does; some passes make up names.
        transpiled.name = circuit.name
        figures = figures_of(transpiled, snapshot, target, use_fractional_gates=task.use_fractional_gates)
        return figures, _packed(transpiled) if keep else None, wall, cpu

    def _target(self, task: TaskOrder) -> tuple[Any, Any]:
        from ...snapshot import Snapshot
        from ...target import build_target

        snapshot = Snapshot.from_bytes(self._materials[task.snapshot])
        return snapshot, build_target(snapshot, use_fractional_gates=task.use_fractional_gates)

    def _circuit(self, task: TaskOrder) -> Any:
        from ..inputs.qpy_codec import arrived

        return arrived(self._materials[task.circuit])

    def _pass_manager(self, task: TaskOrder, target: Any) -> Any:
        form = self._materials[task.setting]
        factory, options = self._settings.get(task.setting, lambda: _setting(form))
        layout = None if task.initial_layout is None else list(task.initial_layout)
        arguments = {**options, "seed_transpiler": task.seed, "initial_layout": layout}
        if factory is not None:
            # All is made for every task: nobody knows what it changes, or remembers from one circuit to the next.
            factory, options = _setting(form)
            return factory(self._target(task)[1], **{**arguments, **options})
        key = (task.snapshot, task.use_fractional_gates, task.setting, task.seed, task.initial_layout)
        return self._pass_managers.get(key, lambda: _preset(target, arguments))


def _described(problem: BaseException) -> tuple[str, str]:
    """Return the class of an error and what it says."""
    name = type(problem).__name__
    if isinstance(problem, OSError) and problem.errno in _OF_THE_MACHINE:
        return WORKER_LOST, f"The worker's machine has nothing left of what the task needs: {name}: {_text(problem)}"
    return name, _text(problem)


def _text(problem: BaseException) -> str:
    # Names of files may have what no text can have.
    return str(problem)[:_MOST_TEXT].encode("utf-8", "backslashreplace").decode()


def _preset(target: Any, arguments: dict[str, Any]) -> Any:
    from qiskit.transpiler import generate_preset_pass_manager

    return generate_preset_pass_manager(target=target, **arguments)


def _setting(form: bytes) -> tuple[Any, dict[str, Any]]:
    factory, main, level, options = pickle.loads(form)  # noqa: S301 (from our own driver)
    if main is not None:
        _import_main(main)
    made = None if factory is None else pickle.loads(factory)  # noqa: S301
    return made, {**options, "optimization_level": level}


def _import_main(path: str) -> None:
    """Import the program that the sweep was started by, as multiprocessing does, so that its functions are found."""
    from multiprocessing import spawn

    if getattr(sys.modules["__main__"], "__file__", None) != path:
        spawn.prepare({"init_main_from_path": path})


def _packed(circuit: Any) -> tuple[bytes, int]:
    from ... import _native
    from ..inputs.qpy_codec import MAX_CIRCUIT, encode

    form = encode(circuit)
    return _native.pack(form, MAX_CIRCUIT), len(form)


@contextlib.contextmanager
def _watched(timeout: float | None, trace: int) -> Any:
    """End the process when a task takes too long, with a traceback of where it was; nothing in Python can prevent that."""
    if timeout is not None:
        faulthandler.dump_traceback_later(timeout, exit=True, file=trace)
    try:
        yield
    finally:
        if timeout is not None:
            faulthandler.cancel_dump_traceback_later()


def limit_memory(limit: int | None) -> None:
    """Limit what tasks can allocate, beside what the process had when it was ready; on Linux, where that can be told."""
    try:
        import resource

        wanted = _reserved() + (_half_of_memory() if limit is None else limit)
    except (ImportError, OSError):
        return
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


@functools.cache
def _reserved() -> int:
    """Return the bytes that count against the limit already: allocators reserve gigabytes that they never touch."""
    with Path("/proc/self/status").open(encoding="ascii") as status:
        return 1024 * next(int(line.split()[1]) for line in status if line.startswith("VmData:"))


def _half_of_memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2


def _channel() -> tuple[BinaryIO, BinaryIO]:
    """Return where requests come from and where answers go to, which nobody else must read or write from here on."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    return requests, answers


def _prepare() -> None:
    """Import what every task needs, plug-ins too, so that no task is blamed for the time that takes."""
    from qiskit import QuantumCircuit, qpy  # noqa: F401
    from qiskit.transpiler import Target

    from ... import target  # noqa: F401
    from ..ledger import figures  # noqa: F401

    for level in range(4):
        _preset(Target(num_qubits=1), {"optimization_level": level}).run(QuantumCircuit(1))
    with contextlib.suppress(OSError):
        _reserved()
    # It is there for good; looking for garbage in it takes time.
    gc.collect()
    gc.freeze()


def main(trace: int) -> None:
    """Answer requests until there are no more; ``trace`` is a file for tracebacks of timeouts."""
    requests, answers = _channel()
    waiting: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def read() -> None:
        while (content := read_frame(requests)) is not None:
            waiting.put(content)
        # The worker is gone: whatever is being done here, nobody waits for it.
        os._exit(0)

    _prepare()
    from ..sweep import versions

    write_frame(answers, " ".join(versions()).encode())
    # What a task forks off must neither answer nor keep the worker waiting.
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=lambda: os.close(answers.fileno()))
    threading.Thread(target=read, daemon=True).start()
    transpiler = Transpiler(trace)
    limit: int | None = -1
    while True:
        try:
            request = Request(*pickle.loads(waiting.get(timeout=PATIENCE)))  # noqa: S301 (from our own worker)
        except queue.Empty:
            write_frame(answers, RETIRED)
            os._exit(0)
        request = request._replace(terms=Terms(*request.terms), tasks=[TaskOrder(*task) for task in request.tasks])
        if request.terms.memory_limit != limit:
            limit = request.terms.memory_limit
            limit_memory(limit)
        for frame in transpiler.answer(request):
            write_frame(answers, frame)
            if frame.startswith(LAST):
                os._exit(0)

# SPDX-License-Identifier: Apache-2.0
"""Main program of the process that transpiles: its worker starts it, and survives whatever tasks do to it."""

from __future__ import annotations

import contextlib
import errno
import faulthandler
import gc
import os
import pickle
import queue
import socket
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from cachetools import LRUCache

from ..._processes import channel_to_parent, limit_memory, reserved_memory
from .blob_cache import BlobCache, needs_of
from .child_traceback import traceback_of
from .pass_memory import PassMemory, is_known
from .protocol import (
    DONE,
    FAILED,
    LAST,
    PAUSE,
    RETIRED,
    WORKER_LOST,
    Outcome,
    Request,
    RunConfig,
    TaskSpec,
    versions,
)  # fmt: skip
from .topology import topology

if TYPE_CHECKING:
    from qiskit import QuantumCircuit
    from qiskit.transpiler import StagedPassManager, Target

    from ...snapshot import Snapshot
    from ..inputs.settings import LoadedRecipe
    from ..ledger.figures import Figures
    from .passes import CutPasses

_Value = TypeVar("_Value")
#: Figures of a transpiled circuit, the circuit, packed, if it is kept, and metrics.
_Result = tuple["Figures", "tuple[bytes, int] | None", "dict[str, float | None]"]

#: Seconds without a task after which the process ends: an idle one holds some 200 MB, and starting takes two seconds.
PATIENCE = 120.0
#: Sizes of caches. Tasks come ordered by snapshot, so few targets, which have megabytes, will do.
_DEVICES, _PASS_MANAGERS, _CIRCUITS, _SETTINGS, _TOPOLOGIES = 4, 16, 1024, 64, 1024
#: Bytes of results that hold for all seeds.
_SEEDLESS = 32 << 20
#: Characters of the longest message of an error that is kept: ledgers keep one for each failed task.
_MAX_TEXT = 4000
#: Seconds of work on one request after which the process pauses, so that its worker can give the rest to others.
_BUDGET = 5.0
#: Errors of the system that tell of a machine without room, memory, files or disks, whatever the task.
_OF_THE_MACHINE = {
    errno.EAGAIN, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOSPC, errno.EDQUOT, errno.ESTALE,
}  # fmt: skip


def _cached(cache: LRUCache[Any, _Value], key: Hashable, make: Callable[[], _Value]) -> _Value:
    """Return the value of a key, making it if the cache does not have it."""
    if key not in cache:
        cache[key] = make()
    return cache[key]


class Transpiler:
    """Transpiles tasks, keeping what the next ones may need again."""

    def __init__(self, trace: int) -> None:
        """Begin with empty caches; ``trace`` is the descriptor of the file for tracebacks of timeouts."""
        self._trace = trace
        self._name = f"{socket.gethostname()}:{os.getpid()}"
        self._blobs = BlobCache()
        self._devices: LRUCache[Hashable, tuple[Snapshot | None, Target]] = LRUCache(_DEVICES)
        self._pass_managers: LRUCache[Hashable, Any] = LRUCache(_PASS_MANAGERS)
        self._circuits: LRUCache[bytes, QuantumCircuit] = LRUCache(_CIRCUITS)
        self._states = PassMemory()
        self._topologies: LRUCache[Hashable, bytes | None] = LRUCache(_TOPOLOGIES)
        self._seedless: LRUCache[Hashable, _Result] = LRUCache(_SEEDLESS, getsizeof=_size)
        self._settings: LRUCache[bytes, LoadedRecipe] = LRUCache(_SETTINGS)
        self._restricted: LRUCache[Hashable, Target] = LRUCache(_DEVICES)

    def fit(self, memory_limit: int | None) -> None:
        """Keep what tasks with that limit of memory leave room for."""
        self._states.fit(memory_limit)

    def answers(self, request: Request) -> Iterator[bytes]:
        """Yield a message for each task, in their order; :data:`PAUSE` in place of the rest if they take long."""
        self._blobs.put(request.blobs, needs_of(task.needs for task in request.tasks))
        begin = time.monotonic()
        for task in request.tasks:
            if time.monotonic() > begin + _BUDGET:
                yield PAUSE
                return
            with _task_timeout(request.config.timeout, self._trace):
                message = self._message(task, request.config)
            yield message

    def _message(self, task: TaskSpec, config: RunConfig) -> bytes:
        wall, cpu = time.perf_counter(), time.process_time()
        head, figures, circuit, error = DONE, None, None, None
        metrics, trace = None, None
        try:
            figures, circuit, metrics, wall, cpu = self._transpiled(task, keep=config.keep_circuits)
        except MemoryError:
            # The state of the process is unknown now; the next task gets another one.
            head, error = LAST, ("MemoryError", "The task needs more memory than memory_limit allows.")
        except BaseException as problem:  # panics of Rust are no Exceptions
            head, error, trace = FAILED, _described(problem), traceback_of(problem)
        if error is not None:
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        outcome = Outcome(figures, circuit, error, wall, cpu, self._name, 1, metrics, trace)
        return head + pickle.dumps(tuple(outcome), protocol=5)

    def _transpiled(
        self, task: TaskSpec, *, keep: bool
    ) -> tuple[Figures, tuple[bytes, int] | None, dict[str, float | None], float, float]:
        """Return figures, the packed circuit if it is kept, metrics, and wall and processor time of the passes, s."""
        from ..inputs.metrics import measured
        from ..ledger.figures import figures_of

        snapshot, target = _cached(self._devices, task.device, lambda: self._device(task))
        target = self._allowed(task, target)
        circuit = _cached(self._circuits, task.circuit, lambda: self._circuit(task))
        wall, cpu = time.perf_counter(), time.process_time()
        # With any other seed, it is the same.
        but_seed = (task._replace(index=0, seed=0), keep)
        known = self._seedless.get(but_seed)
        if known is not None:
            return *known, time.perf_counter() - wall, time.process_time() - cpu
        transpiled, used_seed = self._run(task, target, circuit)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        # As transpile() does; some passes make up names.
        transpiled.name = circuit.name
        figures = figures_of(transpiled, snapshot, target, use_fractional_gates=task.use_fractional_gates)
        packed = _packed(transpiled) if keep else None
        result = figures, packed, measured(self._recipe(task).metrics, transpiled)
        if not used_seed and _size(result) <= _SEEDLESS:
            self._seedless[but_seed] = result
        return *result, wall, cpu

    def _recipe(self, task: TaskSpec) -> LoadedRecipe:
        return _cached(self._settings, task.setting, lambda: _setting(self._blobs[task.setting]))

    def _allowed(self, task: TaskSpec, target: Target) -> Target:
        """Return the part of a target that the setting of a task allows."""
        from ..inputs.restrictions import restricted

        restriction = self._recipe(task).restriction
        if not restriction:
            return target
        return _cached(self._restricted, (*task.device, restriction), lambda: restricted(target, restriction))

    def _device(self, task: TaskSpec) -> tuple[Snapshot | None, Target]:
        from ..inputs.devices import decode_device

        return decode_device(self._blobs[task.snapshot], task.use_fractional_gates)

    def _circuit(self, task: TaskSpec) -> QuantumCircuit:
        from ..inputs.qpy_codec import decode_transfer

        return decode_transfer(self._blobs[task.circuit])

    def _run(self, task: TaskSpec, target: Target, circuit: QuantumCircuit) -> tuple[QuantumCircuit, bool]:
        """Return the transpiled circuit, and whether the seed may have mattered."""
        recipe = self._recipe(task)
        layout = None if task.initial_layout is None else list(task.initial_layout)
        arguments = {**recipe.options, "seed_transpiler": task.seed, "initial_layout": layout}
        if recipe.factory is not None:
            from ..inputs.restrictions import restricted

            # Factory, options and target are made anew for every task: a factory of the user may change any of them, or
            # remember something from one circuit to the next.
            factory, options, restriction, _ = _setting(self._blobs[task.setting])
            allowed = restricted(self._device(task)[1], restriction)
            return factory(allowed, **{**arguments, **options}).run(circuit), True
        device = (*task.device, task.setting, task.initial_layout)
        if not is_known(arguments):
            staged = _cached(self._pass_managers, (*device, task.seed), lambda: _preset(target, arguments))
            return staged.run(circuit), True
        passes = _cached(self._pass_managers, device, lambda: _cut(target, arguments))
        shared = _cached(self._topologies, device, lambda: topology(target))
        key = (task.circuit, task.setting, task.initial_layout)
        passed = self._states.run(passes, circuit, task.seed, key, device, shared)
        return passed.circuit, passed.used_seed


def _described(problem: BaseException) -> tuple[str, str]:
    """Return the class of an error and its message."""
    name = type(problem).__name__
    if isinstance(problem, OSError) and problem.errno in _OF_THE_MACHINE:
        return WORKER_LOST, f"The worker's machine has nothing left of what the task needs: {name}: {_text(problem)}"
    return name, _text(problem)


def _text(problem: BaseException) -> str:
    # Names of files may have surrogates, which UTF-8 cannot write.
    return str(problem)[:_MAX_TEXT].encode("utf-8", "backslashreplace").decode()


def _preset(target: Target, arguments: dict[str, Any]) -> StagedPassManager:
    from qiskit.transpiler import generate_preset_pass_manager

    return generate_preset_pass_manager(target=target, **arguments)


def _cut(target: Target, arguments: dict[str, Any]) -> CutPasses:
    from .passes import CutPasses

    return CutPasses(_preset(target, arguments))


def _setting(recipe: bytes) -> LoadedRecipe:
    """Return a recipe with its own factory of pass managers, options and metrics."""
    from ..inputs.settings import loaded_recipe

    return loaded_recipe(recipe)


def _size(result: _Result) -> int:
    """Return the bytes of a result, roughly."""
    return 4096 + (0 if result[1] is None else len(result[1][0]))


def _packed(circuit: QuantumCircuit) -> tuple[bytes, int]:
    from ... import _native
    from ..inputs.qpy_codec import MAX_CIRCUIT, encode_kept

    content = encode_kept(circuit)
    return _native.pack(content, MAX_CIRCUIT), len(content)


@contextlib.contextmanager
def _task_timeout(timeout: float | None, trace: int) -> Iterator[None]:
    """End the process when a task takes too long, and write a traceback; no Python code can prevent that."""
    if timeout is not None:
        faulthandler.dump_traceback_later(timeout, exit=True, file=trace)
    try:
        yield
    finally:
        if timeout is not None:
            faulthandler.cancel_dump_traceback_later()


def _half_of_memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2


def _prepare() -> None:
    """Import the modules that every task needs, plug-ins too, so that their time does not count as that of a task."""
    from qiskit import QuantumCircuit, qpy  # noqa: F401
    from qiskit.transpiler import Target

    from ... import target  # noqa: F401
    from ..inputs import devices, metrics, qpy_codec, settings  # noqa: F401
    from ..ledger import figures  # noqa: F401
    from . import passes  # noqa: F401

    for level in range(4):
        # Qiskit 2.2 fails on a target without errors; a task may do better, or tells what is wrong.
        with contextlib.suppress(Exception):
            _preset(Target(num_qubits=1), {"optimization_level": level}).run(QuantumCircuit(1))
    with contextlib.suppress(OSError):
        reserved_memory()
    # These objects stay; a collection need not look at them again.
    gc.collect()
    gc.freeze()


def main(descriptor: int, trace: int) -> None:
    """Answer requests until there are no more.

    Args:
        descriptor: The channel to the worker.
        trace: The file for tracebacks of timeouts.
    """
    channel = channel_to_parent(descriptor)
    os.set_inheritable(trace, False)
    requests: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def receive() -> None:
        while (message := channel.receive()) is not None:
            requests.put(message)
        # The worker is gone: nobody waits for the task that is being done here.
        os._exit(0)

    _prepare()
    channel.send(" ".join(versions()).encode())
    # Processes that a task forks off must neither answer nor keep the worker waiting.
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=channel.close)
    threading.Thread(target=receive, daemon=True).start()
    transpiler = Transpiler(trace)
    limit: int | None = -1
    while True:
        try:
            config, tasks, blobs = pickle.loads(requests.get(timeout=PATIENCE))  # noqa: S301 (from our own worker)
        except queue.Empty:
            channel.send(RETIRED)
            os._exit(0)
        request = Request(RunConfig(*config), [TaskSpec(*task) for task in tasks], blobs)
        if request.config.memory_limit != limit:
            limit = request.config.memory_limit
            limit_memory(_half_of_memory() if limit is None else limit)
            transpiler.fit(limit)
        for message in transpiler.answers(request):
            channel.send(message)
            if message.startswith(LAST):
                os._exit(0)

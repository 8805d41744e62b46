# SPDX-License-Identifier: Apache-2.0
"""Messages between driver, worker and transpiler process. Nothing here imports Qiskit, since workers do without it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..ledger.figures import Figures

#: The class of errors that are the fault of machines and workers, not of tasks. Ledgers do not keep these.
WORKER_LOST = "WorkerLost"
#: First byte of a message of the transpiler process about a task: it succeeded; it failed; it failed, and the process
#: ends.
DONE, FAILED, LAST = b"+", b"-", b"!"
#: Messages in place of an outcome: the process had no task for long and ends; it has worked long enough on one request.
RETIRED, PAUSE = b"~", b"="


class TaskSpec(NamedTuple):
    """A task as workers see it: the digests of the blobs that it needs, and the values that it alone has."""

    #: The task's index in its sweep.
    index: int  # type: ignore[assignment]  # in place of tuple.index
    snapshot: bytes
    circuit: bytes
    setting: bytes
    seed: int
    use_fractional_gates: bool | None
    initial_layout: tuple[int, ...] | None

    @property
    def needs(self) -> tuple[bytes, bytes, bytes]:
        """The digests of the blobs that the task needs."""
        return self.snapshot, self.circuit, self.setting

    @property
    def device(self) -> tuple[bytes, bool | None]:
        """The key by which targets are told apart."""
        return self.snapshot, self.use_fractional_gates


class RunConfig(NamedTuple):
    """Options that hold for all tasks of a run."""

    #: Of Qiskit and of this package.
    versions: tuple[str, str]
    keep_circuits: bool
    #: s
    timeout: float | None
    retries: int
    #: Bytes.
    memory_limit: int | None


class Chunk(NamedTuple):
    """Some tasks, with those blobs that the worker is thought not to have."""

    config: RunConfig
    tasks: list[TaskSpec]
    blobs: dict[bytes, bytes]
    #: Another one for each chunk: some executors do not compute again what looks the same.
    serial: int


class Reply(NamedTuple):
    """The answer of a worker to a chunk."""

    #: The worker: a machine, a process there, and a thread of it.
    worker: str
    #: Digests of blobs that the worker does not have. If there are any, nothing was done.
    missing: list[bytes]
    #: Pickled :class:`Outcome` by index in the chunk. Tasks without one were not tried, because the chunk took too
    #: long.
    outcomes: dict[int, bytes]
    #: Duration of the whole chunk, s.
    seconds: float
    #: The reason why this worker cannot do anything at all; ``None`` if it can.
    worker_error: str | None


class Request(NamedTuple):
    """Tasks for a transpiler process, with those blobs that it does not have."""

    config: RunConfig
    tasks: list[TaskSpec]
    blobs: dict[bytes, bytes]


class Outcome(NamedTuple):
    """The outcome of a task: figures of its circuit, or an error."""

    figures: Figures | None
    #: The transpiled circuit as :func:`.qpy_codec.encode` writes it, compressed, and its length before that.
    circuit: tuple[bytes, int] | None
    #: The class of the error, and its message.
    error: tuple[str, str] | None
    #: s
    wall_time: float
    #: s
    cpu_time: float
    worker: str
    attempts: int
    #: Values of the user's metrics, by name.
    metrics: Mapping[str, float | None] | None = None
    #: The traceback of an error that the task raised, without frames of this package.
    trace: str | None = None


def versions() -> tuple[str, str]:
    """Return the versions of Qiskit and of this package, on which results depend."""
    import qiskit

    from ... import __version__

    return str(qiskit.__version__), __version__

# SPDX-License-Identifier: Apache-2.0
"""What driver, worker and transpiling process tell each other. Nothing here needs Qiskit, since workers do without."""

from __future__ import annotations

import struct
from typing import BinaryIO, NamedTuple

#: The class of errors that are the fault of machines and workers, not of tasks. Ledgers do not keep these.
WORKER_LOST = "WorkerLost"
#: How frames begin.
LENGTH = struct.Struct("<Q")


class TaskOrder(NamedTuple):
    """A task as workers see it: digests of what it needs, and what only it has."""

    #: Where it is in its sweep.
    number: int
    snapshot: bytes
    circuit: bytes
    setting: bytes
    seed: int
    use_fractional_gates: bool | None
    initial_layout: tuple[int, ...] | None

    @property
    def needs(self) -> tuple[bytes, bytes, bytes]:
        """Digests of what a worker must have."""
        return self.snapshot, self.circuit, self.setting


class Terms(NamedTuple):
    """What holds for all tasks of a run."""

    #: Of Qiskit and of this package.
    versions: tuple[str, str]
    keep_circuits: bool
    #: s
    timeout: float | None
    retries: int
    #: Bytes.
    memory_limit: int | None


class Chunk(NamedTuple):
    """Some tasks, with as much of what they need as the worker is thought not to have."""

    terms: Terms
    tasks: list[TaskOrder]
    materials: dict[bytes, bytes]
    #: Another one each time: some executors do not do again what looks the same.
    serial: int


class Reply(NamedTuple):
    """What became of a chunk."""

    #: Which worker: a machine, a process there, and a thread of it.
    worker: str
    #: Digests of what the worker does not have. If there are any, nothing was done.
    missing: list[bytes]
    #: Pickled :class:`Outcome` by place in the chunk. What has none was not tried, because the chunk took too long.
    outcomes: dict[int, bytes]
    #: How long it took, s.
    seconds: float
    #: Why this worker cannot do anything at all, if so.
    broken: str | None


class Figures(NamedTuple):
    """What is known of a transpiled circuit.

    Attributes:
        num_qubits: How many qubits it has, which are those of the device.
        depth: Its depth.
        two_qubit_depth: Its depth in instructions on two qubits; ``None`` if it has control flow.
        two_qubit_count: How many instructions on two qubits it has; likewise.
        size: How many instructions it has.
        operations: How many of each operation.
        duration: s; ``None`` if it was not scheduled.
        esp: Estimated success probability, see :func:`score`; ``None`` where that makes no sense.
        layout: The physical qubit on which each qubit of the original circuit begins.
        final_layout: The physical qubit on which it ends.
    """

    num_qubits: int
    depth: int
    two_qubit_depth: int | None
    two_qubit_count: int | None
    size: int
    operations: dict[str, int]
    duration: float | None
    esp: float | None
    layout: list[int] | None
    final_layout: list[int] | None


class Outcome(NamedTuple):
    """What became of a task: figures, or an error."""

    figures: Figures | None
    #: As bytes, see :mod:`.qpy_form`; compressed, with the length.
    circuit: tuple[bytes, int] | None
    #: The class of the error, and what it says.
    error: tuple[str, str] | None
    #: s
    wall: float
    #: s
    cpu: float
    worker: str
    attempts: int


def write_frame(file: BinaryIO, content: bytes) -> None:
    """Write bytes with their length."""
    file.write(LENGTH.pack(len(content)))
    file.write(content)
    file.flush()


def read_frame(file: BinaryIO) -> bytes | None:
    """Read bytes that were written with their length; ``None`` at the end, also in the midst of them."""
    head = file.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    content = file.read(length)
    return content if len(content) == length else None

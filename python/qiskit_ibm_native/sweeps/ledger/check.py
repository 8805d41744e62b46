# SPDX-License-Identifier: Apache-2.0
"""Whether everything in a ledger can be used. Circuits are read by another process, since Qiskit's reader may end it."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ..._processes import import_path
from ..worker.protocol import read_frame, write_frame
from ..worker.transpiler_main import limit_memory

#: How many circuits one process reads, and how many bytes they have together as a rule.
BATCH, BATCH_BYTES = 200, 64 << 20
#: Seconds that a process may take for them, and for starting.
_TIMEOUT = 120.0
#: Bytes that reading a circuit may take.
_MEMORY = 1 << 30
_MOST_TEXT = 500
_PROGRAM = "import sys; sys.path[:] = {path!r}; from qiskit_ibm_native.sweeps.ledger.check import main; main()"


@dataclass(frozen=True)
class LedgerReport:
    """What was read of a ledger, and what is wrong; true if nothing is.

    Attributes:
        tasks: How many tasks it has.
        circuits: How many transpiled circuits.
        damaged: What is wrong with tasks and their circuits, by task id; by number, where the id cannot be read.
        file: What SQLite finds wrong with the file.
    """

    tasks: int
    circuits: int
    damaged: Mapping[str, str] = field(default_factory=dict)
    file: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return not (self.damaged or self.file)

    def __str__(self) -> str:
        read = f"{self.tasks} tasks, {self.circuits} circuits"
        if self:
            return f"{read}: all can be used"
        problems = [f"  file: {problem}" for problem in self.file]
        problems += [f"  task {name}: {why}" for name, why in self.damaged.items()]
        return "\n".join([f"{read}, {len(problems)} problems", *problems])


def circuit_problems(circuits: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    """Yield which circuits cannot be read, and why.

    Args:
        circuits: Circuits as :func:`encode` gave them, by task.
    """
    waiting = list(circuits)
    while waiting:
        answers, end = _asked([circuits[name] for name in waiting])
        yield from ((name, answer) for name, answer in zip(waiting, answers, strict=False) if answer)
        waiting = waiting[len(answers) :]
        if waiting:
            # The first that it said nothing of is the one that it did not survive.
            yield waiting.pop(0), f"{end} when it reads the circuit"


def _asked(circuits: list[bytes]) -> tuple[list[str], str]:
    """Return what a process says of circuits, one by one, as far as it gets, and what became of it."""
    requests = io.BytesIO()
    for circuit in circuits:
        write_frame(requests, circuit)
    command = [sys.executable, "-c", _PROGRAM.format(path=import_path())]
    try:
        done = subprocess.run(  # noqa: S603 (our own interpreter)
            command, input=requests.getvalue(), capture_output=True, timeout=_TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired as late:
        said, end = late.stdout or b"", f"a process takes more than {_TIMEOUT:g} s"
    else:
        code = done.returncode
        name = signal.Signals(-code).name if -code in set(signal.Signals) else f"exit code {code}"
        said, end = done.stdout, f"a process is ended by {name}"
    # A last line without an end is not complete.
    return [json.loads(line) for line in said.split(b"\n")[:-1]], end


def main() -> None:
    """Read circuits from the standard input, and write what is wrong with each, as a line of JSON."""
    from qiskit import qpy  # noqa: F401 (so that it does not count against the limit)

    from ..inputs.qpy_codec import decode

    limit_memory(_MEMORY)
    while (circuit := read_frame(sys.stdin.buffer)) is not None:
        try:
            decode(circuit)
        except BaseException as error:  # panics of Rust are no Exceptions
            problem = f"{type(error).__name__}: {error}"[:_MOST_TEXT]
        else:
            problem = ""
        sys.stdout.write(f"{json.dumps(problem)}\n")
        sys.stdout.flush()

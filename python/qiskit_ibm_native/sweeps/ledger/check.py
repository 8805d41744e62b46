# SPDX-License-Identifier: Apache-2.0
"""Verification of ledgers. Circuits are read by a process of its own, since a damaged one may crash Qiskit's reader."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ... import _html
from ..._processes import ChildProcess, channel_to_parent, limit_memory, name_of_end
from ..._words import count

#: Number of circuits that one process reads, and number of bytes that they have together as a rule.
BATCH, BATCH_BYTES = 200, 64 << 20
#: Seconds that a process may take for its circuits, and for starting: it reads a hundred MB a second.
_TIMEOUT = 120.0
#: Seconds that a process gets to end by itself after it closed the channel.
_GRACE = 5.0
#: Bytes that reading a circuit may take.
_MEMORY = 1 << 30
#: Characters of the text of a problem, and bytes of the message with it.
_MAX_TEXT, _MAX_ANSWER = 500, 2000


@dataclass(frozen=True)
class LedgerReport:
    """Report on a ledger; true if there is no problem.

    Attributes:
        tasks: Number of tasks.
        circuits: Number of transpiled circuits.
        damaged: Problems of tasks and their circuits by task identifier, or by number if that cannot be read.
        file: Problems of the file that SQLite found.

    Examples:
        >>> from qiskit_ibm_native import Ledger
        >>> report = Ledger("sweep.sqlite3").verify()
        >>> bool(report), report.tasks, report.damaged
        (True, 0, {})
    """

    tasks: int
    circuits: int
    damaged: Mapping[str, str] = field(default_factory=dict)
    file: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return not (self.damaged or self.file)

    def __str__(self) -> str:
        read = self._counts()
        if self:
            return f"{read}: all can be used"
        found = [*self._problems()]
        return "\n".join([f"{read}, {count(len(found), 'problem')}", *(f"  {where}: {why}" for where, why in found)])

    def _counts(self) -> str:
        return f"{count(self.tasks, 'task')}, {count(self.circuits, 'circuit')}"

    def _problems(self) -> Iterator[tuple[str, str]]:
        """Yield places and reasons."""
        yield from (("file", problem) for problem in self.file)
        yield from ((f"task {name}", why) for name, why in self.damaged.items())

    def _repr_html_(self) -> str:
        found = [*self._problems()]
        badge = _html.badge("damaged", "bad") if found else _html.badge("sound", "good")
        heading = _html.heading("Verification", self._counts(), kind="LedgerReport", badges=[badge])
        return _html.panel(heading, _html.problems(count(len(found), "problem"), found))


def circuit_problems(circuits: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    """Yield the tasks whose circuits cannot be read, each with the reason.

    Args:
        circuits: Circuits as :func:`encode` gave them, by task.
    """
    waiting = list(circuits)
    while waiting:
        answers, end = _answers([circuits[name] for name in waiting])
        yield from ((name, answer) for name, answer in zip(waiting, answers, strict=False) if answer)
        waiting = waiting[len(answers) :]
        if waiting:
            # The first circuit without an answer is the one that ended the process.
            yield waiting.pop(0), f"{end} when it reads the circuit"


def _answers(circuits: list[bytes]) -> tuple[list[str], str]:
    """Return the problem of each circuit (empty if there is none) that a process read, and how the process ended."""
    child = ChildProcess("qiskit_ibm_native.sweeps.ledger.check", keep_output=True)
    answers: list[str] = []
    deadline = time.monotonic() + _TIMEOUT
    try:
        for circuit in circuits:
            child.send(circuit)
            answer = child.receive(max(0.0, deadline - time.monotonic()), _MAX_ANSWER)
            if answer is None:
                break
            answers.append(answer.decode(errors="replace"))
    except TimeoutError:
        return answers, f"a process takes more than {_TIMEOUT:g} s"
    except OSError:
        # It ended before it took the circuit.
        pass
    finally:
        code = child.kill(wait=_GRACE if len(answers) < len(circuits) else 0.0)
        child.close()
    return answers, f"a process is ended by {name_of_end(code)}"


def main(descriptor: int) -> None:
    """Read circuits from a channel, and answer with the problem of each, which is empty if there is none."""
    from qiskit import qpy  # noqa: F401 (so that it does not count against the limit)

    from ..inputs.qpy_codec import decode

    channel = channel_to_parent(descriptor)
    limit_memory(_MEMORY)
    while (circuit := channel.receive()) is not None:
        try:
            decode(circuit)
        except BaseException as error:  # panics of Rust are no Exceptions
            problem = f"{type(error).__name__}: {error}"[:_MAX_TEXT]
        else:
            problem = ""
        channel.send(problem.encode("utf-8", "backslashreplace"))

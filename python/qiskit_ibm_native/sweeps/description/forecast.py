# SPDX-License-Identifier: Apache-2.0
"""Forecasts of sweeps: how many tasks there are, how many are known, and the time that the others will take."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from ... import _html
from ..._words import count

if TYPE_CHECKING:
    from ..ledger.measured import Cost, Measured
    from ..tasks import TaskSource

#: Devices whose sizes are measured; those of more are estimated from these.
_MOST_DEVICES = 16
#: Ways in which a time was found, from the surest on.
BASES = ("circuit and setting", "circuit and level", "level and size", "level")


class Sent(NamedTuple):
    """Sizes of everything that each worker needs at most once, bytes.

    Attributes:
        circuits: Circuits.
        snapshots: Devices; of many, estimated from some.
        settings: Settings.
    """

    circuits: int
    snapshots: int
    settings: int


@dataclass(frozen=True)
class SweepDescription:
    """Description of a sweep, see :meth:`Sweep.describe`.

    Attributes:
        tasks: Number of tasks.
        axes: Number of values on each axis.
        distinct: Number of different tasks: those that are the same run once.
        known: Number of different tasks that the ledger has and a run would not do again.
        failed: Number of those that failed.
        remaining: Number of different tasks that a run would do.
        workers: Number of workers that times are for.
        cpu_time: Time of processors that the remaining tasks will take in pass managers, s; without those of which
            nothing is known, and ``None`` if that is all of them.
        wall_time: The same time on the clock, shared by the workers, s.
        based_on: Number of remaining tasks by what their times were estimated from: measured tasks of the same
            circuit and setting, of the same circuit and optimization level, of the level with circuits of similar size,
            or of the level; ``"unknown"`` for the others.
        measured: Number of measured tasks that the ledger has.
        sent: Sizes of what workers are sent.

    Examples:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit_ibm_native import Sweep
        >>> description = Sweep(QuantumCircuit(2), ["fez", "lima"], seeds=range(10)).describe(workers=4)
        >>> description.tasks, description.remaining
        (20, 20)
    """

    tasks: int
    axes: Mapping[str, int]
    distinct: int
    known: int
    failed: int
    remaining: int
    workers: int
    cpu_time: float | None
    wall_time: float | None
    based_on: Mapping[str, int]
    measured: int
    sent: Sent

    def _lines(self) -> Iterator[tuple[str, str]]:
        yield "tasks", f"{self.tasks:,}: " + " × ".join(counts_of(self.axes))
        if self.distinct != self.tasks:
            yield "different ones", f"{self.distinct:,}"
        yield "known", f"{self.known:,}, of which {self.failed:,} failed"
        yield "remaining", f"{self.remaining:,}"
        if self.remaining:
            yield "time", self._time()
        sizes = ", ".join(f"{_size(size)} of {name}" for name, size in zip(Sent._fields, self.sent, strict=True))
        yield "sent to each worker", f"{sizes} at most"

    def _time(self) -> str:
        if self.cpu_time is None or self.wall_time is None:
            return "unknown: the ledger has no measured task of these levels"
        based = [f"{number:,} by {name}" for name, number in self.based_on.items() if number and name in BASES]
        unknown = self.based_on.get("unknown", 0)
        more = f", and {count(unknown, 'task')} of which nothing is known" if unknown else ""
        return (
            f"{_seconds(self.cpu_time)} of processors, {_seconds(self.wall_time)} with {count(self.workers, 'worker')}, from"
            f" {count(self.measured, 'measured task')} ({', '.join(based)}){more}"
        )

    def __str__(self) -> str:
        return "\n".join(f"{name}: {text}" for name, text in self._lines())

    def _repr_html_(self) -> str:
        heading = _html.heading(f"Sweep of {count(self.tasks, 'task')}", kind="SweepDescription")
        return _html.panel(heading, _html.facts(self._lines()))


def counts_of(axes: Mapping[str, int]) -> list[str]:
    """Return the numbers of values of axes, whose names are plurals, such as ``1 circuit``."""
    return [count(number, name.removesuffix("s"), name) for name, number in axes.items()]


def description_of(sweep: TaskSource, measured: Measured, workers: int) -> SweepDescription:
    """Describe a sweep.

    Args:
        sweep: The sweep.
        measured: The tasks that a ledger has of it, and times.
        workers: The number of workers that times are for.
    """
    known = sum(done.tasks for done in measured.done.values())
    costs = list(_costs(sweep, measured))
    based_on: Counter[str] = Counter()
    for basis, tasks, _ in costs:
        based_on[basis] += tasks
    found = [(tasks, cost) for _, tasks, cost in costs if cost is not None and tasks]
    return SweepDescription(
        tasks=len(sweep),
        axes=dict(zip(("snapshots", "settings", "seeds", "circuits"), sweep.shape, strict=True)),
        distinct=measured.distinct,
        known=known,
        failed=sum(done.failed for done in measured.done.values()),
        remaining=measured.distinct - known,
        workers=workers,
        cpu_time=sum(tasks * cost.cpu for tasks, cost in found) if found else None,
        wall_time=sum(tasks * cost.wall for tasks, cost in found) / workers if found else None,
        based_on={basis: tasks for basis, tasks in based_on.items() if tasks},
        measured=measured.tasks,
        sent=_sent(sweep),
    )


def _costs(sweep: TaskSource, measured: Measured) -> Iterator[tuple[str, int, Cost | None]]:
    """Yield for each circuit and setting the basis of its cost, the number of remaining tasks, and the cost of one."""
    _, settings, seeds, circuits = sweep.shape
    chosen = {sweep.setting(number * seeds * circuits).digest: number * seeds * circuits for number in range(settings)}
    placed = {
        (task.circuit_digest, task.initial_layout): task for task in (sweep[number] for number in range(circuits))
    }
    times = Counter(digest for digest, _ in placed)
    numbers = {task.circuit_digest: task.index for task in placed.values()}
    per_pair = measured.distinct // max(1, len(chosen) * len(placed))
    sizes = {digest: len(sweep.blob_readers(number)[1]()) for digest, number in numbers.items()}
    for setting, number in chosen.items():
        level = sweep.setting(number).optimization_level
        similar = _Similar(measured, level, sizes)
        for digest, placed_times in times.items():
            done = measured.done.get((digest, setting))
            remaining = placed_times * per_pair - (done.tasks if done is not None else 0)
            for basis, cost in zip(BASES, (
                measured.by_setting.get((digest, setting)), measured.by_circuit.get((digest, level)),
                similar.cost_of(sizes[digest]), measured.by_level.get(level),
            ), strict=True):  # fmt: skip
                if cost is not None:
                    yield basis, remaining, cost
                    break
            else:
                yield "unknown", remaining, None


class _Similar:
    """Costs by the size of circuits, from those circuits of the sweep that were measured at a level."""

    def __init__(self, measured: Measured, level: int, sizes: Mapping[str, int]) -> None:
        pairs = (
            (sizes[digest], cost)
            for (digest, at), cost in measured.by_circuit.items()
            if at == level and digest in sizes
        )
        self._known = sorted(pairs, key=lambda pair: pair[0])
        self._sizes = [size for size, _ in self._known]

    def cost_of(self, size: int) -> Cost | None:
        """Return the cost of the circuit that is nearest in size, scaled by the ratio of sizes."""
        if not self._known:
            return None
        position = bisect_left(self._sizes, size)
        nearest = min(
            self._known[max(0, position - 1) : position + 1], key=lambda pair: abs(math.log(pair[0]) - math.log(size))
        )
        ratio = size / nearest[0]
        return nearest[1]._replace(cpu=nearest[1].cpu * ratio, wall=nearest[1].wall * ratio)


def _sent(sweep: TaskSource) -> Sent:
    snapshots, settings, seeds, circuits = sweep.shape
    per_setting, per_snapshot = circuits * seeds, circuits * seeds * settings
    numbers = {sweep[number].circuit_digest: number for number in range(circuits)}
    step = max(1, snapshots // _MOST_DEVICES)
    devices = [len(sweep.blob_readers(number * per_snapshot)[0]()) for number in range(0, snapshots, step)]
    return Sent(
        circuits=sum(len(sweep.blob_readers(number)[1]()) for number in numbers.values()),
        snapshots=sum(devices) * snapshots // max(1, len(devices)),
        settings=sum(len(sweep.blob_readers(number * per_setting)[2]()) for number in range(settings)),
    )


def _seconds(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.3g} s"
    minutes, hours = seconds / 60, seconds / 3600
    return f"{minutes:.3g} min" if minutes < 120 else f"{hours:.3g} h"


def _size(size: int) -> str:
    return f"{size / 1e6:.3g} MB" if size >= 1e5 else f"{size / 1e3:.3g} kB"

# SPDX-License-Identifier: Apache-2.0
"""The search for the best layouts over many calibrations."""

from __future__ import annotations

import datetime
from numbers import Real
from typing import TYPE_CHECKING, Any, NoReturn

from .._progress import Reported, advancing
from .._threads import chosen_threads
from .._timestamps import utc_array
from .._warning import warn
from ..archive import CalibrationArchive
from ..scoring import _batches, _mapomatic_costs, _mapomatic_steps, _planner, scored_circuit
from ..snapshot.sources import SnapshotList
from ..target import build_target
from .embedding import embeddings
from .pattern import DeviceGraph, MovableCircuit, Pattern
from .table import LayoutTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy as np
    from numpy.typing import NDArray
    from qiskit import QuantumCircuit

    from ..snapshot import Snapshot

    Floats = NDArray[np.float64]

#: The period by default.
MONTH = datetime.timedelta(days=30)
#: Places that are scored by default. A line of ten qubits has about so many on 156 qubits.
MOST_LAYOUTS = 2000
_ESTIMATES = ("esp", "mapomatic")


def best_layouts(
    circuit: QuantumCircuit,
    archive: CalibrationArchive | Any,
    backend: str | None = None,
    *,
    start: datetime.datetime | None = None,
    end: datetime.datetime | None = None,
    by: str = "esp",
    aggregate: str | float = "median",
    most_layouts: int = MOST_LAYOUTS,
    seed: int = 0,
    use_fractional_gates: bool | None = None,
    threads: int | None = None,
    progress: Reported = None,
) -> LayoutTable:
    """Rank the places of a transpiled circuit on a device by how well it would have done there over many calibrations.

    A place is a choice of qubits on which the device has every gate that the circuit has on its own, in the direction
    in which the circuit has it, on one of the calibrations at least. Each place is scored on every calibration, and its
    estimates become one score. Calibrations count the same, however long each of them held. Where the circuit could not
    run, the estimate counts as 0.

    Args:
        circuit: A transpiled circuit, on all qubits of the device or on as many as it needs. Operations are those of
            the device, on one and two qubits.
        archive: The archive, or any calibrations of one device that :func:`score` takes.
        backend: The device, with an archive; not needed if the archive has one only.
        start: The start of the period, included; by default, 30 days before the last calibration.
        end: The end of the period, excluded.
        by: The estimate: ``"esp"`` for the estimated success probability of :func:`score`, or ``"mapomatic"`` for 1
            minus the cost of mapomatic as :func:`compare_scores` has it.
        aggregate: ``"median"``, ``"mean"``, ``"worst"``, or a quantile from 0 to 1: ``0.1`` is what is exceeded on nine
            of ten calibrations. Quantiles are interpolated linearly, as numpy's are.
        most_layouts: The largest number of places to score. If there are more, so many are drawn at random from all
            over the device, and a warning says so.
        seed: The seed of that choice.
        use_fractional_gates: As in :func:`build_target`.
        threads: The number of threads; by default, one for each processor that this process may use.
        progress: A function that gets a :class:`WorkProgress` a few times a second, or whether to show a bar; by
            default, one is shown on terminals and in notebooks.

    Returns:
        The places with their scores, the best one first.

    Raises:
        IBMInputValueError: The circuit fits nowhere, is empty or has control flow, calibrations are of several devices,
            there are none, or an argument makes no sense.

    Warns:
        RuntimeWarning: There are more places than ``most_layouts``, so the best one may not be among those scored.

    Examples:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit_ibm_native import Snapshot, best_layouts
        >>> circuit = QuantumCircuit(2)
        >>> _ = circuit.cx(0, 1)
        >>> best_layouts(circuit, [Snapshot.load("lima")]).layout
        [1, 2]
    """
    _check(by, aggregate, most_layouts)
    scored_circuit(circuit)
    snapshots = SnapshotList(_calibrations(archive, backend, start, end))
    pattern = Pattern.of(circuit)
    graph = DeviceGraph(pattern.names)
    names, times = set[str](), []
    for snapshot in _each(snapshots):
        graph.add(build_target(snapshot, use_fractional_gates=use_fractional_gates))
        names.add(snapshot.name)
        times.append(snapshot.last_update)
    if len(names) != 1:
        _refuse(f"best_layouts needs calibrations of one device, not of {', '.join(sorted(names)) or 'none'}.")
    found = embeddings(pattern, graph, most_layouts, seed)
    if not found.layouts:
        _refuse(
            f"Circuit {circuit.name!r} fits nowhere on {names.pop()}: no qubits are coupled as its own are and have"
            f" {', '.join(sorted(pattern.names))}. Transpile it for the device first."
        )
    if not found.is_complete:
        warn(
            f"Circuit {circuit.name!r} fits into more than {most_layouts} places, or looking for them all takes too long:"
            f" {len(found.layouts)} were drawn at random. Give most_layouts= to score more.",
            RuntimeWarning,
        )
    movable = MovableCircuit(circuit, pattern.active, graph.num_qubits)
    circuits = [movable.placed_at(layout) for layout in found.layouts]
    values = _estimates(circuits, snapshots, by, use_fractional_gates, chosen_threads(threads), progress)
    return _table(
        circuit, names.pop(), pattern, found.layouts, values, times, by, aggregate, found.is_complete, movable
    )


def _check(by: str, aggregate: str | float, most_layouts: int) -> None:
    if by not in _ESTIMATES:
        _refuse(f"by must be one of {', '.join(_ESTIMATES)}, not {by!r}.")
    is_quantile = isinstance(aggregate, Real) and not isinstance(aggregate, bool) and 0 <= aggregate <= 1
    if aggregate not in ("median", "mean", "worst") and not is_quantile:
        _refuse(f"aggregate must be 'median', 'mean', 'worst' or a quantile from 0 to 1, not {aggregate!r}.")
    if most_layouts < 1:
        _refuse(f"most_layouts must be at least 1, not {most_layouts!r}.")


def _calibrations(
    archive: Any, backend: str | None, start: datetime.datetime | None, end: datetime.datetime | None
) -> Any:
    if not isinstance(archive, CalibrationArchive):
        if backend is not None or start is not None or end is not None:
            _refuse(
                "backend, start and end choose calibrations of an archive; leave them out, because calibrations were"
                " given instead."
            )
        return archive
    if backend is None:
        known = archive.backends()
        if len(known) != 1:
            _refuse(f"backend= must name a device: the archive has {', '.join(known) or 'none'}.")
        backend = known[0]
    if start is None:
        times = archive.between(backend, None, end).times
        start = times[-1] - MONTH if times else None
    return archive.between(backend, start, end)


def _each(snapshots: SnapshotList) -> Iterator[Snapshot]:
    return map(snapshots.snapshot, range(len(snapshots)))


def _estimates(
    circuits: list[Any],
    snapshots: SnapshotList,
    by: str,
    use_fractional_gates: bool | None,
    threads: int,
    progress: Reported,
) -> Floats:
    """Return the estimates ``(len(circuits), len(snapshots))``; NaN where a circuit cannot run."""
    import numpy as np

    values = np.empty((len(circuits), len(snapshots)))
    played = [scored_circuit(circuit) for circuit in circuits]
    steps = [_mapomatic_steps(circuit) for circuit in circuits] if by == "mapomatic" else []
    choice, begin = _planner(use_fractional_gates), 0
    with advancing(progress, "best_layouts", values.size, "score") as advance:
        for batch in _batches(_each(snapshots)):
            block = values[:, begin : begin + len(batch)]
            for row, circuit in zip(block, played, strict=True):
                row[:] = np.asarray(circuit.score(choice, batch, threads)[0])
                advance(len(batch))
            if by == "mapomatic":
                can_run = ~np.isnan(block)
                block[:] = np.where(can_run, 1 - _mapomatic_costs(steps, batch), np.nan)
            begin += len(batch)
    return values


def _table(
    circuit: QuantumCircuit,
    backend: str,
    pattern: Pattern,
    layouts: list[tuple[int, ...]],
    values: Floats,
    times: Iterable[datetime.datetime | None],
    by: str,
    aggregate: str | float,
    is_complete: bool,
    movable: MovableCircuit,
) -> LayoutTable:
    import numpy as np

    success = np.nan_to_num(values, nan=0.0)
    median, worst = np.median(success, axis=1), success.min(axis=1)
    if isinstance(aggregate, str):
        score = {"median": median, "worst": worst, "mean": success.mean(axis=1)}[aggregate]
    else:
        score = np.quantile(success, aggregate, axis=1)
    # Of equal scores, the better one of today comes first, and then the smaller qubits.
    order = np.lexsort((np.arange(len(layouts)), -success[:, -1], -score))
    availability = 1 - np.isnan(values).mean(axis=1)
    return LayoutTable(
        backend=backend, circuit_name=circuit.name, active_qubits=pattern.active, by=by, aggregate=aggregate,
        layouts=np.array(layouts, dtype=np.uint32)[order], score=score[order], median=median[order], worst=worst[order],
        latest=success[order, -1], availability=availability[order], values=values[order], times=utc_array(times),
        is_complete=is_complete, _movable=movable,
    )  # fmt: skip


def _refuse(message: str) -> NoReturn:
    from ..exceptions import IBMInputValueError

    raise IBMInputValueError(message)

# SPDX-License-Identifier: Apache-2.0
"""Builders of Qiskit's objects from snapshots.

All three builders take the same options and see the same operations, so that durations and couplings are those of the
target. Operations come in a defined order: ``basis_gates``, then measure, reset, delay and control flow as
``supported_instructions`` lists them, then ``instruction_signatures``, where the first mention of a name wins.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from qiskit.providers.backend import QubitProperties
from qiskit.transpiler import CouplingMap, InstructionDurations, InstructionProperties, Target

from .._warning import warn
from ..snapshot import Snapshot
from ..snapshot.acceptance import accept, snapshot_of
from .operations import ANGLE_BOUNDS, CONTROL_FLOW, device_operation, known_operation
from .options import TargetKeywords, TargetOptions, shows_target_options

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from typing_extensions import Unpack

    from .. import _native
    from .._typing import MaybeNone


@shows_target_options
def build_target(snapshot: Any, **options: Unpack[TargetKeywords]) -> Target:
    """Build the target of a device.

    Devices take angles of ``rzz`` from 0 to pi/2 only, which the target says by ``angle_bounds``. The first target with
    an ``rzz`` registers the folding of other angles with Qiskit's transpiler, for the whole process; an existing
    registration is kept.

    Args:
        snapshot: The device at one time, or whatever :meth:`Snapshot.of` takes.
        **options: The fields of :class:`TargetOptions`.

    Returns:
        A new target: durations in seconds, errors as probabilities, ``T1`` and ``T2`` in seconds, frequencies in hertz.

    Warns:
        RuntimeWarning: A name of the device is defined nowhere. The operation is left out.

    Raises:
        IBMInputValueError: There is no snapshot of ``snapshot``.
        TranspilerError: The payload lists a gate on a number of qubits that the gate does not have.

    Examples:
        >>> from qiskit_ibm_native import Snapshot, build_target
        >>> target = build_target(Snapshot.load("fez"), use_fractional_gates=False)
        >>> cz = target["cz"][(0, 1)]  # transpile(..., target=target) makes circuits for it
        >>> cz.duration, cz.error  # s, a probability
        (8.4e-08, 0.0101566715843735)
    """
    return _build(Target, *_accepted(snapshot, options))


class HistoricalTarget(Target):  # type: ignore[misc]
    """The target of an earlier time.

    Attributes:
        source: The source of its calibration, see :attr:`Snapshot.source`; ``None`` if there is no calibration of that
            time.

    Examples:
        >>> from qiskit_ibm_native import IBMProvider
        >>> backend = IBMProvider(channel="local").get_backend("ibmq_lima")
        >>> target = backend.target_history("2021-04-01")
        >>> target.num_qubits, target.source
        (5, 'service')
    """

    source: str | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "source": self.source}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        rest = dict(state)
        self.source = rest.pop("source")
        super().__setstate__(rest)


def build_historical_target(snapshot: Snapshot, *, use_fractional_gates: bool | None = None) -> HistoricalTarget:
    """Build the target of a snapshot, as :func:`build_target` does, with the snapshot's ``source``."""
    options = TargetOptions(use_fractional_gates=use_fractional_gates)
    target: HistoricalTarget = _build(HistoricalTarget, snapshot, options)
    target.source = snapshot.source
    return target


def _accepted(source: Any, options: Mapping[str, Any]) -> tuple[Snapshot, TargetOptions]:
    """Return the snapshot of a source, and options with the choice of gates of the backend that it comes from."""
    chosen = TargetOptions(**options)
    if isinstance(source, Snapshot):
        return source, chosen
    accepted = accept(source)
    if accepted is None:
        # Says what there is.
        return snapshot_of(source), chosen
    if chosen.use_fractional_gates is None:
        chosen = replace(chosen, use_fractional_gates=accepted.use_fractional_gates)
    return accepted.snapshot, chosen


def _build(kind: type[Target], snapshot: Snapshot, options: TargetOptions) -> Any:
    plan = plan_target(snapshot, options)
    if plan.unknown:
        _warn_of(plan.unknown, snapshot.name)
    return fill_target(plan, options, ANGLE_BOUNDS, kind)


def plan_target(snapshot: Snapshot, options: TargetOptions) -> _native.TargetPlan:
    """Return the native plan of a target, and with it the names that nothing defines."""
    return options.planner().target(snapshot._native, InstructionProperties, QubitProperties)


def fill_target(
    plan: _native.TargetPlan,
    options: TargetOptions,
    angle_bounds: Mapping[str, list[tuple[float, float]]],
    kind: type[Target] = Target,
) -> Any:
    """Return the target of a plan.

    Args:
        plan: The plan.
        options: The options that it was made with.
        angle_bounds: Bounds of angles by operation, rad.
        kind: The class of the target.
    """
    target = kind(**plan.constructor)
    for planned in plan.operations:
        name = planned.name
        if planned.kind == "control_flow":
            target.add_instruction(CONTROL_FLOW[name], name=name)
            continue
        operation = (
            known_operation(name, options.custom_name_mapping) if planned.kind == "known" else device_operation(planned)
        )
        bounds = angle_bounds.get(name)
        if bounds is not None:
            from .angle_folding import register

            register()
        target.add_instruction(operation, planned.properties, name, angle_bounds=bounds)
    return target


@shows_target_options
def build_instruction_durations(snapshot: Any, **options: Unpack[TargetKeywords]) -> InstructionDurations:
    """Build the durations of a device's instructions, in seconds; the same as ``build_target(...).durations()``.

    Args:
        snapshot: The device at one time, or whatever :meth:`Snapshot.of` takes.
        **options: The fields of :class:`TargetOptions`.

    Returns:
        The durations; ``dt`` in seconds, or ``None`` if the device has none.

    Raises:
        IBMInputValueError: There is no snapshot of ``snapshot``.

    Examples:
        >>> from qiskit_ibm_native import Snapshot, build_instruction_durations
        >>> durations = build_instruction_durations(Snapshot.load("fez"))
        >>> durations.get("cz", [0, 1], unit="s"), durations.dt  # s
        (8.4e-08, 4e-09)
    """
    snapshot, chosen = _accepted(snapshot, options)
    by_name_and_qubits, dt = chosen.planner().durations(snapshot._native)
    durations = InstructionDurations(dt=dt)
    durations.duration_by_name_qubits = by_name_and_qubits
    return durations


@shows_target_options
def build_coupling_map(snapshot: Any, **options: Unpack[TargetKeywords]) -> CouplingMap | MaybeNone:
    """Build the coupling map of a device; the same as ``build_target(...).build_coupling_map()``.

    Args:
        snapshot: The device at one time, or whatever :meth:`Snapshot.of` takes.
        **options: The fields of :class:`TargetOptions`.

    Returns:
        A directed graph with an edge for each qargs of a two-qubit gate, in the gate's direction; ``None`` if nothing
        restricts which qubits may interact.

    Raises:
        IBMInputValueError: There is no snapshot of ``snapshot``.

    Examples:
        >>> from qiskit_ibm_native import Snapshot, build_coupling_map
        >>> coupling_map = build_coupling_map(Snapshot.load("fez"))
        >>> coupling_map.size(), coupling_map.is_connected()
        (156, True)
    """
    coupling_map = CouplingMap()
    snapshot, chosen = _accepted(snapshot, options)
    is_restricted = chosen.planner().coupling(snapshot._native, InstructionProperties, coupling_map.graph)
    return coupling_map if is_restricted else None


def _warn_of(unknown: list[str], device: str) -> None:
    for name in unknown:
        warn(
            f"{device} lists {name!r}, which neither Qiskit nor its configuration defines; it is left out of the"
            " target. Define it by custom_name_mapping.",
            RuntimeWarning,
        )

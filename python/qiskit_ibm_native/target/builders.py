# SPDX-License-Identifier: Apache-2.0
"""Qiskit's objects, made of snapshots.

All three builders take the same choices and see the same operations, so that durations and couplings are those of the
target. Operations come in a defined order: ``basis_gates``, then measure, reset, delay and control flow as
``supported_instructions`` lists them, then ``instruction_signatures``, where the first mention of a name wins.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from qiskit.providers.backend import QubitProperties
from qiskit.transpiler import CouplingMap, InstructionDurations, InstructionProperties, Target

from .. import _native
from .operations import ANGLE_BOUNDS, CONTROL_FLOW, device_operation, known_operation, vocabulary

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ..snapshot import Snapshot


def build_target(
    snapshot: Snapshot,
    *,
    use_fractional_gates: bool | None = None,
    include_control_flow: bool = True,
    add_delay: bool = True,
    filter_faulty: bool = True,
    custom_name_mapping: Mapping[str, Any] | None = None,
) -> Target:
    """Build the target of a device.

    Devices take angles of ``rzz`` from 0 to pi/2 only, which the target says by ``angle_bounds``. The first target with an
    ``rzz`` tells Qiskit's transpiler how to fold other angles, for the whole process, unless it has been told already.

    Args:
        snapshot: The device.
        use_fractional_gates: ``False`` leaves out gates such as ``rx`` and ``rzz``, whose angle is continuous and whose
            duration is not zero. ``None`` and ``True`` keep what the device has.
        include_control_flow: Whether to list control flow that the device supports.
        add_delay: Whether to list ``delay``.
        filter_faulty: Whether to leave out qubits and gates that the device reports as not operational. What only the
            configuration lists stays, and so do the properties of faulty qubits.
        custom_name_mapping: Operations by name, for names that Qiskit does not know or means otherwise.

    Returns:
        A new target: durations in seconds, errors as probabilities, ``T1`` and ``T2`` in seconds, frequencies in hertz.

    Warns:
        RuntimeWarning: Nothing tells what operation a name of the device means. It is left out.

    Raises:
        TranspilerError: The payload lists a gate on a number of qubits that the gate does not have.
    """
    planner = planner_of(use_fractional_gates, include_control_flow, add_delay, filter_faulty, custom_name_mapping)
    return _build(Target, planner, snapshot, custom_name_mapping)


class HistoricalTarget(Target):  # type: ignore[misc]
    """The target of an earlier time.

    Attributes:
        source: Where its calibration is from, ``"service"`` or ``"archive"``; ``None`` if there is none of that time.
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
    planner = planner_of(use_fractional_gates, True, True, True, None)
    target: HistoricalTarget = _build(HistoricalTarget, planner, snapshot, None)
    target.source = snapshot.source
    return target


def _build(
    kind: type[Target], planner: _native.Planner, snapshot: Snapshot, custom_name_mapping: Mapping[str, Any] | None
) -> Any:
    plan = planner.target(snapshot._native, InstructionProperties, QubitProperties)
    if plan.unknown:
        _warn_of(plan.unknown, snapshot.name)
    target = kind(**plan.constructor)
    for planned in plan.operations:
        name = planned.name
        if planned.kind == "control_flow":
            target.add_instruction(CONTROL_FLOW[name], name=name)
            continue
        operation = known_operation(name, custom_name_mapping) if planned.kind == "known" else device_operation(planned)
        bounds = ANGLE_BOUNDS.get(name)
        if bounds is not None:
            from .angle_folding import register

            register()
        target.add_instruction(operation, planned.properties, name, angle_bounds=bounds)
    return target


def build_instruction_durations(
    snapshot: Snapshot,
    *,
    use_fractional_gates: bool | None = None,
    include_control_flow: bool = True,
    add_delay: bool = True,
    filter_faulty: bool = True,
    custom_name_mapping: Mapping[str, Any] | None = None,
) -> InstructionDurations:
    """Build the durations of a device's instructions, in seconds; the same as ``build_target(...).durations()``.

    Args:
        snapshot: The device.
        use_fractional_gates: As in :func:`build_target`.
        include_control_flow: As in :func:`build_target`.
        add_delay: As in :func:`build_target`.
        filter_faulty: As in :func:`build_target`.
        custom_name_mapping: As in :func:`build_target`.

    Returns:
        The durations; ``dt`` in seconds, or ``None`` if the device has none.
    """
    planner = planner_of(use_fractional_gates, include_control_flow, add_delay, filter_faulty, custom_name_mapping)
    by_name_and_qubits, dt = planner.durations(snapshot._native)
    durations = InstructionDurations(dt=dt)
    durations.duration_by_name_qubits = by_name_and_qubits
    return durations


def build_coupling_map(
    snapshot: Snapshot,
    *,
    use_fractional_gates: bool | None = None,
    include_control_flow: bool = True,
    add_delay: bool = True,
    filter_faulty: bool = True,
    custom_name_mapping: Mapping[str, Any] | None = None,
) -> CouplingMap | None:
    """Build the coupling map of a device; the same as ``build_target(...).build_coupling_map()``.

    Args:
        snapshot: The device.
        use_fractional_gates: As in :func:`build_target`.
        include_control_flow: As in :func:`build_target`.
        add_delay: As in :func:`build_target`.
        filter_faulty: As in :func:`build_target`.
        custom_name_mapping: As in :func:`build_target`.

    Returns:
        A directed graph with an edge wherever a two-qubit gate exists, in the direction in which it does; ``None`` if
        nothing restricts which qubits may interact.
    """
    planner = planner_of(use_fractional_gates, include_control_flow, add_delay, filter_faulty, custom_name_mapping)
    coupling_map = CouplingMap()
    is_restricted = planner.coupling(snapshot._native, InstructionProperties, coupling_map.graph)
    return coupling_map if is_restricted else None


def planner_of(
    use_fractional_gates: bool | None,
    include_control_flow: bool,
    add_delay: bool,
    filter_faulty: bool,
    custom_name_mapping: Mapping[str, Any] | None,
) -> _native.Planner:
    return _native.Planner(
        vocabulary(custom_name_mapping),
        use_fractional_gates=use_fractional_gates is None or bool(use_fractional_gates),
        include_control_flow=include_control_flow,
        add_delay=add_delay,
        filter_faulty=filter_faulty,
    )


def _warn_of(unknown: list[str], device: str) -> None:
    for name in unknown:
        warnings.warn(
            f"{device} lists {name!r}, which neither Qiskit nor its configuration defines; it is left out of the target."
            " Use custom_name_mapping to define it.",
            RuntimeWarning,
            stacklevel=4,
        )

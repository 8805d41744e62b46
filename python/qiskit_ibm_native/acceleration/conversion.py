# SPDX-License-Identifier: Apache-2.0
"""Targets of the official client's models, built by the native core from the payloads that the models stand for."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from qiskit.transpiler.exceptions import TranspilerError

from ..exceptions import BackendPayloadError
from ..snapshot import Snapshot
from ..target.builders import fill_target, plan_target
from ..target.operations import ANGLE_BOUNDS, standard_operations
from ..target.options import TargetOptions
from .models import unchanged_source

if TYPE_CHECKING:
    from qiskit.transpiler import Target

    from .dictionaries import Source

logger = logging.getLogger(__name__)

#: Options of the client's converter that the core takes. Only the client takes others, or leaves out fractional gates
#: that the configuration lists.
_OPTIONS = frozenset({"include_control_flow", "add_delay", "filter_faulty"})
_DEFAULTS: Mapping[str, Any] = {"include_fractional_gates": True, "custom_name_mapping": None}


def converted(
    configuration: Any, properties: Any, options: Mapping[str, Any], *, has_angle_bounds: bool
) -> Target | None:
    """Return the target of two models; ``None`` if the client has to convert them.

    That is so if a model was changed or has been looked through, if its payload is not one that the client is known to
    convert, and for options and operations that the client alone knows.

    Args:
        configuration: A configuration of the official client.
        properties: Its properties, or ``None``.
        options: Keyword arguments of the client's converter.
        has_angle_bounds: Whether the client's targets have bounds of angles.
    """
    options = {name: value for name, value in options.items() if name not in _DEFAULTS or value != _DEFAULTS[name]}
    sources = _sources(configuration, properties, options)
    if sources is None:
        return None
    of_configuration, of_properties = sources
    payload = of_configuration.payload
    try:
        snapshot = Snapshot.from_payloads(
            payload.content, None if of_properties is None else of_properties.payload.content
        )
    except BackendPayloadError as error:
        logger.info("The official client converts %s: %s", payload.value("backend_name"), error)
        return None
    listed_qubits = 0 if of_properties is None else of_properties.payload.listed_qubits
    if not snapshot._native.official_converts(listed_qubits or 0):
        logger.info(
            "The official client converts %s, which lacks values or has a faulty gate of all qubits.", snapshot.name
        )
        return None
    choice = TargetOptions(
        use_fractional_gates=of_configuration.use_fractional_gates,
        **{name: bool(value) for name, value in options.items()},  # type: ignore[arg-type]
    )
    plan = plan_target(snapshot, choice)
    if plan.unknown or not standard_operations().keys() >= set(payload.open_gates):
        logger.info("The official client converts %s, which has operations that Qiskit does not know.", snapshot.name)
        return None
    try:
        target: Target = fill_target(plan, choice, ANGLE_BOUNDS if has_angle_bounds else {})
    except TranspilerError as error:
        # The client raises it, too, in its own order.
        logger.info("The official client converts %s: %s", snapshot.name, error)
        return None
    return target


def _sources(configuration: Any, properties: Any, options: Mapping[str, Any]) -> tuple[Source, Source | None] | None:
    if not options.keys() <= _OPTIONS:
        logger.info(
            "The official client converts a device with options of its own: %s", sorted(options.keys() - _OPTIONS)
        )
        return None
    # Properties first: comparing a configuration may cost a millisecond.
    of_properties = None if properties is None else unchanged_source(properties)
    is_kept = properties is None or of_properties is not None
    of_configuration = unchanged_source(configuration) if is_kept else None
    if of_configuration is None:
        logger.info("The official client converts models that were read, changed, or made in another way.")
        return None
    return of_configuration, of_properties

# SPDX-License-Identifier: Apache-2.0
"""Results of the official client for payloads, with acceleration and without: the same, in everything that it shows."""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING, Any

from qiskit_ibm_runtime.utils import backend_decoder
from tests.support.equality import differences, target_state

from qiskit_ibm_native import BackendPayloadError, Snapshot
from qiskit_ibm_native.acceleration import accelerate

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.differential import Case


def load_accelerated(payload: bytes, *, is_properties: bool) -> Any:
    """Return what stands for a decoded payload while acceleration is on."""
    from qiskit_ibm_native.acceleration.dictionaries import Source, UnreadDict
    from qiskit_ibm_native.acceleration.payloads import checked_payload

    checked = checked_payload(payload, is_properties=is_properties)
    return json.loads(payload) if checked is None else UnreadDict.of(Source(checked))


def _outcome(step: Callable[[], Any]) -> Any:
    """Return the result of a step, or the error that it raises."""
    try:
        return step()
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def shown(configuration: Any, properties: Any, options: dict[str, Any]) -> dict[str, Any]:
    """Return everything that the client makes of decoded payloads.

    Args:
        configuration: A function that returns the decoded configuration.
        properties: A function that returns the decoded properties.
        options: ``use_fractional_gates`` of the client's readers, and options of its converter.
    """
    from qiskit_ibm_runtime.ibm_backend import convert_to_target

    rest = dict(options)
    flag = rest.pop("use_fractional_gates")
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        model = _outcome(
            lambda: backend_decoder.configuration_from_server_data(configuration(), use_fractional_gates=flag)
        )
        calibration = _outcome(
            lambda: backend_decoder.properties_from_server_data(properties(), use_fractional_gates=flag)
        )
        failed = isinstance(model, str) or model is None or isinstance(calibration, str)
        target = "no models" if failed else _outcome(lambda: convert_to_target(model, calibration, **rest))
    return {
        "configuration": _content(model),
        "properties": _content(calibration),
        "target": target if isinstance(target, str) else _outcome(lambda: target_state(target)),
        "warnings": sorted(str(warning.message) for warning in said),
    }


def _content(model: Any) -> Any:
    if model is None or isinstance(model, str):
        return model
    assert isinstance(model, model.__class__)
    # Text, because NaN is not equal to itself.
    content = list(vars(model)), _outcome(lambda: repr(model.to_dict()))
    return content, type(model)


def assert_same(configuration: bytes, properties: bytes, options: dict[str, Any]) -> None:
    """Fail with the differences between what the client shows with acceleration and without."""
    without = shown(lambda: json.loads(configuration), lambda: json.loads(properties), options)
    with accelerate():
        accelerated = shown(
            lambda: load_accelerated(configuration, is_properties=False),
            lambda: load_accelerated(properties, is_properties=True),
            options,
        )
    found = differences(without, accelerated)
    assert not found, "\n".join(found[:5])


def same_as_without(case: Case) -> list[str]:
    """Check a case of mutated payloads."""
    configuration, properties = case.payloads()
    if _is_too_large(configuration, properties):
        return ["not tried"]
    assert_same(configuration, properties, case.options)
    return ["same"]


def _is_too_large(configuration: bytes, properties: bytes) -> bool:
    """Return whether the client would ask for memory for qubits that the device does not have."""
    try:
        Snapshot.from_payloads(configuration, properties)
    except BackendPayloadError as error:
        return "an integer below" in str(error)
    return False

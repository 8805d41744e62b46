# SPDX-License-Identifier: Apache-2.0
"""Checks of jobs of the program ``executor`` that need nothing but JSON."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ...errors import BadInputError
from .primitives import check_experimental, check_rep_delay

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...devices import Device

#: Versions of the schema. Clients of 2025 send the first ones, 0.47 sends 1.0, 0.48 sends 1.1, 0.49 and later 2.0.
VERSIONS = ("v0.1", "v0.2", "v1.0", "v1.1", "v2.0")
LATEST = "v2.0"
MEAS_LEVELS = ("classified", "kerneled", "avg_kerneled", "both")
#: Circuits of a job: each set of parameter values is one.
MAX_CIRCUITS = 10_000
_OPTIONS = ("init_qubits", "rep_delay", "scheduler_timing", "stretch_values", "experimental")
_ARGUMENTS = {"circuit": "circuit_arguments", "samplex": "samplex_arguments"}


def check(params: dict[str, Any], device: Device) -> None:
    """Refuse a job that cannot be run.

    Args:
        params: The job's ``params``.
        device: The device.

    Raises:
        BadInputError: The job cannot be run; the text has the path of what to change.
    """
    version = params.get("schema_version", LATEST)
    if version not in VERSIONS:
        raise BadInputError(f"schema_version is {version!r}; use one of {list(VERSIONS)}")
    program = params.get("quantum_program")
    if not isinstance(program, dict):
        raise BadInputError("quantum_program is missing; it must be an object with shots, circuits and items")
    level = program.get("meas_level", "classified")
    if level not in MEAS_LEVELS:
        raise BadInputError(f"quantum_program.meas_level is {level!r}; use one of {list(MEAS_LEVELS)}")
    _check_shots(program.get("shots"), device)
    items = program.get("items")
    if not isinstance(items, list) or not items:
        raise BadInputError("quantum_program.items must be a list of one or more")
    number = _number_of_circuits(program, version)
    if number is not None and number != len(items):
        raise BadInputError(f"quantum_program.circuits has {number} circuits for {len(items)} items; send one for each")
    total = sum(_check_item(item, f"quantum_program.items[{index}]") for index, item in enumerate(items))
    if total > MAX_CIRCUITS:
        raise BadInputError(
            f"quantum_program.items have {total} circuits, one for each set of values; send {MAX_CIRCUITS} at most"
        )
    _check_chunks(items)
    _check_options(params.get("options"), device)


def _check_shots(shots: Any, device: Device) -> None:
    limit = getattr(device.model, "max_shots", None)
    if not isinstance(shots, int) or isinstance(shots, bool) or shots < 1 or (limit and shots > limit):
        raise BadInputError(f"quantum_program.shots is {shots!r}; {device.name} takes 1 to {limit or 'any number'}")


def _number_of_circuits(program: dict[str, Any], version: str) -> int | None:
    """Return how many circuits there are, ``None`` if that is not said."""
    if version in ("v0.1", "v0.2"):
        return None
    circuits = program.get("circuits")
    if not isinstance(circuits, dict):
        raise BadInputError("quantum_program.circuits is missing; send QPY in b64_data, or OpenQASM 3 in data")
    if isinstance(circuits.get("data"), list):
        return len(circuits["data"])
    if not isinstance(circuits.get("b64_data"), str):
        raise BadInputError("quantum_program.circuits.b64_data is missing; send QPY there, or OpenQASM 3 in data")
    number = circuits.get("num_programs")
    return number if isinstance(number, int) else None


def _check_item(item: Any, path: str) -> int:
    """Return how many circuits an item has, as far as its plain members tell."""
    kind = item.get("item_type") if isinstance(item, dict) else None
    if kind not in _ARGUMENTS:
        raise BadInputError(f"{path}.item_type is {kind!r}; use one of {list(_ARGUMENTS)}")
    shape = _check_shape(item.get("shape") or [], f"{path}.shape")
    size = item.get("chunk_size", "auto")
    if size != "auto" and (not isinstance(size, int) or isinstance(size, bool) or size < 1):
        raise BadInputError(f"{path}.chunk_size is {size!r}; use a whole number from 1, or 'auto'")
    if kind == "circuit":
        implied = _check_tensor(item.get("circuit_arguments"), f"{path}.circuit_arguments")[:-1]
        return math.prod(_broadcast(implied, shape, path))
    samplex = item.get("samplex")
    if not isinstance(samplex, dict) or not isinstance(samplex.get("samplex_json"), str):
        raise BadInputError(f"{path}.samplex.samplex_json is missing; it must be what samplex_to_json gives")
    arguments = item.get("samplex_arguments") or {}
    if not isinstance(arguments, dict):
        raise BadInputError(f"{path}.samplex_arguments must be an object")
    for name, value in arguments.items():
        if isinstance(value, dict) and "sparse_terms" not in value:
            _check_tensor(value, f"{path}.samplex_arguments[{name!r}]")
    return math.prod(shape)


def _check_shape(shape: Any, path: str) -> tuple[int, ...]:
    if not isinstance(shape, list) or not all(type(size) is int and size >= 0 for size in shape):
        raise BadInputError(f"{path} is {shape!r}; it must be a list of whole numbers")
    return tuple(shape)


def _check_tensor(value: Any, path: str) -> tuple[int, ...]:
    """Return the shape of a tensor."""
    if not isinstance(value, dict) or not isinstance(value.get("data"), str) or "dtype" not in value:
        raise BadInputError(f"{path} must be a tensor with data, shape and dtype")
    return _check_shape(value.get("shape"), f"{path}.shape")


def _broadcast(implied: Sequence[int], shape: Sequence[int], path: str) -> list[int]:
    """Return the shape to which two are broadcast, by numpy's rules."""
    length = max(len(implied), len(shape))
    result = []
    for first, second in zip(
        (1,) * (length - len(implied)) + tuple(implied), (1,) * (length - len(shape)) + tuple(shape), strict=True
    ):
        if first != second and 1 not in (first, second):
            raise BadInputError(f"{path}.shape is {list(shape)}; it does not fit values of shape {list(implied)}")
        result.append(second if first == 1 else first)
    return result


def _check_chunks(items: list[dict[str, Any]]) -> None:
    kinds = {item.get("chunk_size", "auto") == "auto" for item in items}
    if len(kinds) > 1:
        raise BadInputError("quantum_program.items[].chunk_size must be 'auto' for all items or for none")


def _check_options(options: Any, device: Device) -> None:
    if options is None:
        return
    if not isinstance(options, dict):
        raise BadInputError("options must be an object")
    unknown = sorted(set(options) - set(_OPTIONS))
    if unknown:
        raise BadInputError(f"options.{unknown[0]} is unknown; use {list(_OPTIONS)}")
    for name in ("init_qubits", "scheduler_timing", "stretch_values"):
        if not isinstance(options.get(name, False), bool):
            raise BadInputError(f"options.{name} is {options[name]!r}; use true or false")
    if options.get("experimental") is not None:
        check_experimental(options["experimental"], "options.experimental")
    if options.get("rep_delay") is not None:
        check_rep_delay(options["rep_delay"], "options.rep_delay", device)

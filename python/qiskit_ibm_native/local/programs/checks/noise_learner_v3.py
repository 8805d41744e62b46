# SPDX-License-Identifier: Apache-2.0
"""Checks of jobs of the later form of the program ``noise-learner`` that need nothing but JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...errors import BadInputError

if TYPE_CHECKING:
    from ...devices import Device

VERSIONS = ("v0.1", "v0.2", "v0.3")
#: The platform's defaults.
SHOTS = 128
RANDOMIZATIONS = 32
DEPTHS = (0, 1, 2, 4, 16, 32)


def check(params: dict[str, Any], device: Device) -> None:
    """Refuse a job that cannot be run.

    Args:
        params: The job's ``params``.
        device: The device.

    Raises:
        BadInputError: The job cannot be run; the text has the path of what to change.
    """
    version = params.get("schema_version")
    if version not in VERSIONS:
        raise BadInputError(f"schema_version is {version!r}; use one of {list(VERSIONS)}")
    packed = params.get("instructions")
    if not isinstance(packed, dict) or not isinstance(packed.get("circuit_b64"), str):
        raise BadInputError("instructions.circuit_b64 is missing; it must be QPY of a circuit of boxes")
    options = params.get("options") or {}
    if not isinstance(options, dict):
        raise BadInputError("options must be an object")
    for name, limit in (
        ("shots_per_randomization", getattr(device.model, "max_shots", None)),
        ("num_randomizations", 0),
    ):
        value = options.get(name, 1)
        if type(value) is not int or value < 1 or (limit and value > limit):
            raise BadInputError(f"options.{name} is {value!r}; use 1 to {limit or 'any number'}")
    depths = options.get("layer_pair_depths", list(DEPTHS))
    if not isinstance(depths, list) or not all(type(depth) is int and depth >= 0 for depth in depths):
        raise BadInputError(f"options.layer_pair_depths is {depths!r}; use a list of whole numbers")
    if len(set(depths)) < 2:
        raise BadInputError("options.layer_pair_depths needs two different depths or more, to see a decay")
    _check_selection(options)


def _check_selection(options: dict[str, Any]) -> None:
    checks = options.get("bit_flip_checks") or {}
    for path, group in (
        ("post_selection", options.get("post_selection")),
        ("bit_flip_checks.pre_circuit", checks.get("pre_circuit")),
        ("bit_flip_checks.post_circuit", checks.get("post_circuit")),
    ):
        if (group or {}).get("enable"):
            raise BadInputError(f"options.{path}: this service does not select shots; leave out enable")

# SPDX-License-Identifier: Apache-2.0
"""Checks of single values of JSON: each takes a value and its path, and refuses what it is not made for."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ...errors import BadInputError

Check = Callable[[Any, str], None]


def anything(_value: Any, _path: str) -> None:
    """Take any value."""


def flag(value: Any, path: str) -> None:
    """Take true and false."""
    if not isinstance(value, bool):
        raise BadInputError(f"{path} is {shown(value)}; use true or false")


def an_object(value: Any, path: str) -> None:
    """Take any object."""
    if not isinstance(value, dict):
        raise BadInputError(f"{path} is {shown(value)}, no object")


def whole(least: int, most: int | None = None) -> Check:
    """Take whole numbers."""

    def check(value: Any, path: str) -> None:
        is_number = isinstance(value, int) and not isinstance(value, bool)
        if not is_number or value < least or (most is not None and value > most):
            limit = f"from {least}" if most is None else f"from {least} to {most}"
            raise BadInputError(f"{path} is {shown(value)}; use a whole number {limit}")

    return check


def real(least: float, is_open: bool = False) -> Check:
    """Take finite numbers from a least one, which is one of them unless ``is_open``."""

    def check(value: Any, path: str) -> None:
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not is_number or value < least or (is_open and value == least):
            raise BadInputError(f"{path} is {shown(value)}; use a number {'above' if is_open else 'from'} {least}")

    return check


def choice(names: Iterable[str]) -> Check:
    """Take one of some texts."""
    known = list(names)

    def check(value: Any, path: str) -> None:
        if not isinstance(value, str) or value not in known:
            raise BadInputError(f"{path} is {shown(value)}; use one of {known}")

    return check


def either(text: str, check: Check) -> Check:
    """Take a text, and what another check takes."""

    def take(value: Any, path: str) -> None:
        if value != text:
            try:
                check(value, path)
            except BadInputError as error:
                raise BadInputError(f"{error}, or {text!r}") from None

    return take


def several(check: Check, or_one: bool = False) -> Check:
    """Take lists, not empty, of what another check takes, and if ``or_one`` that without a list."""

    def take(value: Any, path: str) -> None:
        if not isinstance(value, list):
            if not or_one:
                raise BadInputError(f"{path} is {shown(value)}, no list")
            check(value, path)
            return
        if not value:
            raise BadInputError(f"{path} is an empty list; leave it out, or name something")
        for index, item in enumerate(value):
            check(item, f"{path}[{index}]")

    return take


def only(expected: Any, advice: str) -> Check:
    """Take one value; others are not simulated."""

    def check(value: Any, path: str) -> None:
        if value != expected:
            raise BadInputError(f"{path} is {shown(value)}: {advice}")

    return check


def nowhere(advice: str) -> Check:
    """Refuse a member of a job that belongs somewhere else."""

    def check(_value: Any, path: str) -> None:
        raise BadInputError(f"{path} is not known here: {advice}")

    return check


def members(table: Mapping[str, Check]) -> Check:
    """Take objects with members that are known. A member that is null is not given."""

    def check(value: Any, path: str) -> None:
        an_object(value, path)
        for name, item in value.items():
            if name not in table:
                near = difflib.get_close_matches(str(name), table, 1)
                hint = f"did you mean {near[0]}?" if near else f"known are {sorted(table)}"
                raise BadInputError(f"{path}.{name} is not known; {hint}")
            if item is not None:
                table[name](item, f"{path}.{name}")

    return check


def shown(value: Any) -> str:
    """Return a value as errors show it."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."

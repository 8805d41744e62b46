# SPDX-License-Identifier: Apache-2.0
"""Editors show signatures, and the units of all numbers."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from tests.support.examples import public_objects
from tests.support.hover_texts import UNITS, numbers

PUBLIC = public_objects()


def own_members(value: Any) -> list[tuple[type, str]]:
    """Return the public members of a class that are defined in this package, each with the class that defines it."""
    bases = value.__mro__ if inspect.isclass(value) else ()
    own = [base for base in bases if base.__module__.startswith("qiskit_ibm_native.")]
    return [(base, key) for base in own for key in vars(base) if not key.startswith("_")]


def test_every_number_tells_its_unit_or_that_it_has_none() -> None:
    told = dict(numbers())
    assert len(told) > 150
    assert {name: text for name, text in told.items() if not UNITS.search(text)} == {}


def test_units_are_found_where_they_are_and_missed_where_they_are_not() -> None:
    assert UNITS.search("The relaxation time T1 of a qubit, in seconds.")
    assert UNITS.search("Frequency, Hz.")
    assert not UNITS.search("Return the value.")


@pytest.mark.parametrize("name", PUBLIC)
def test_signatures_are_readable(name: str) -> None:
    assert inspect.signature(PUBLIC[name]) is not None
    for base, key in own_members(PUBLIC[name]):
        member = getattr(PUBLIC[name], key)
        if callable(member) and not inspect.isclass(member):
            assert inspect.signature(member) is not None, f"{base.__name__}.{key}"


@pytest.mark.parametrize("name", [name for name, value in PUBLIC.items() if inspect.isclass(value)])
def test_public_members_of_classes_are_documented(name: str) -> None:
    bare = {
        f"{base.__name__}.{key}"
        for base, key in own_members(PUBLIC[name])
        if (inspect.isroutine(vars(base)[key]) or isinstance(vars(base)[key], property))
        and not inspect.getdoc(getattr(PUBLIC[name], key))
    }
    assert bare == set()

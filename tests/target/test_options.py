# SPDX-License-Identifier: Apache-2.0
"""Builders show their options, and say what to do with anything but a snapshot."""

from __future__ import annotations

import inspect
from dataclasses import fields
from typing import get_type_hints

import pytest

from qiskit_ibm_native import Snapshot, build_coupling_map, build_instruction_durations, build_target
from qiskit_ibm_native.exceptions import IBMInputValueError
from qiskit_ibm_native.target.options import TargetKeywords, TargetOptions

BUILDERS = [build_target, build_instruction_durations, build_coupling_map]


@pytest.mark.parametrize("builder", BUILDERS)
def test_signatures_list_all_options(builder):
    snapshot, *keywords = inspect.signature(builder).parameters.values()
    assert snapshot.name == "snapshot"
    assert [(each.name, each.default) for each in keywords] == [
        (each.name, each.default) for each in fields(TargetOptions)
    ]
    assert {each.kind for each in keywords} == {inspect.Parameter.KEYWORD_ONLY}


def test_type_checkers_see_the_same_options():
    assert get_type_hints(TargetKeywords) == get_type_hints(TargetOptions)


@pytest.mark.parametrize("builder", BUILDERS)
@pytest.mark.parametrize("source", [b"{}", {"backend_name": "fez"}, None])
def test_what_describes_no_device_is_refused_with_advice(builder, source):
    with pytest.raises(IBMInputValueError, match=r"There is no snapshot of .*Give a Snapshot"):
        builder(source)


def test_unknown_options_are_refused():
    with pytest.raises(TypeError, match="include_delay"):
        build_target(Snapshot.load("vigo"), include_delay=True)

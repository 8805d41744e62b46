# SPDX-License-Identifier: Apache-2.0
"""The table of options in ``docs/local-programs.md`` is true, and has every option of the official client."""

from __future__ import annotations

import json
import re
from dataclasses import fields, is_dataclass
from typing import Any

import pytest
from tests.local.test_submission import FEZ, LEAST
from tests.support import ROOT, TESTS

from qiskit_ibm_native.local.errors import BadInputError
from qiskit_ibm_native.local.programs import checks

ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs/local-programs.md").read_text().splitlines()
    if line.startswith("| ") and "`" in line
]


def nested(path: str, value: Any) -> dict[str, Any]:
    """Return options with a value at a path."""
    for name in reversed(path.split(".")):
        value = {name: value}
    found: dict[str, Any] = value
    return found


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]} {row[1]}")
def test_each_row_is_as_the_check_of_submissions_says(row: list[str]) -> None:
    programs, option, example, verdict, _ = row
    path = option.strip("`")
    for program in programs.split(", "):
        params = {**LEAST[program], "options": nested(path, json.loads(example.strip("`")))}
        if verdict.startswith("refused"):
            with pytest.raises(BadInputError, match=re.escape(f"options.{path}")):
                checks.check_submission(program, params, FEZ)
        else:
            checks.check_submission(program, params, FEZ)


def test_each_row_names_a_test_that_exists() -> None:
    module = ""
    for row in ROWS:
        for name in re.findall(r"`((?:[a-z]+/)?test_\w+)`", row[4]):
            if "/" in name:
                module = (TESTS / f"{name}.py").read_text()
            else:
                assert f"def {name}(" in module, name


@pytest.mark.official
def test_the_table_has_every_option_of_the_official_client() -> None:
    from qiskit_ibm_runtime import options

    told = {(program, row[1].strip("`")) for row in ROWS for program in row[0].split(", ")}
    classes = {
        "sampler": options.SamplerOptions, "estimator": options.EstimatorOptions, "noise-learner": options.NoiseLearnerOptions,
    }  # fmt: skip
    for program, kind in classes.items():
        for path in paths(kind()):
            parents = {path, path.partition(".")[0]} if path.startswith("environment") else {path}
            assert any((program, parent) in told for parent in parents), (program, path)


def paths(group: Any, prefix: str = "") -> list[str]:
    """Return the paths of all options of a group."""
    found = []
    for member in fields(group):
        value = getattr(group, member.name)
        if member.name.startswith("_"):
            continue
        found += paths(value, f"{prefix}{member.name}.") if is_dataclass(value) else [f"{prefix}{member.name}"]
    return found

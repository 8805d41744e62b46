"""The metadata that an index of packages shows, as pyproject.toml declares it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def _project() -> dict[str, Any]:
    text = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    project: dict[str, Any] = tomllib.loads(text)["project"]
    return project


def test_an_index_can_say_whose_package_it_is_and_what_it_is_about() -> None:
    project = _project()
    assert project["authors"] == [{"name": "the qiskit-ibm-native developers"}]
    assert {"qiskit", "calibration"} <= set(project["keywords"])
    assert {"Operating System :: POSIX :: Linux", "Typing :: Typed"} <= set(project["classifiers"])


def test_the_license_is_an_expression_and_no_classifier_repeats_it() -> None:
    project = _project()
    assert project["license"] == "Apache-2.0"
    assert not [name for name in project["classifiers"] if name.startswith("License ::")]

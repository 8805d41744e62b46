# SPDX-License-Identifier: Apache-2.0
"""No file of these rooms imports another one that imports it, not even inside functions or for types alone."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from tests.support import ROOT

PACKAGE = ROOT / "python" / "qiskit_ibm_native"


def modules_of(room: str) -> dict[str, Path]:
    """Return the files of a room by the names of their modules."""
    return {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): path
        for path in (PACKAGE / room).rglob("*.py")
    }


def imports_of(module: str, path: Path, known: set[str]) -> set[str]:
    """Return the modules among those that are known that a file imports anywhere."""
    package = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - node.level + 1] + (node.module.split(".") if node.module else [])
            # A name may be a module of its own.
            for name in [[], *([alias.name] for alias in node.names)]:
                found.add(".".join([*base, *name]))
    return found & known - {module}


@pytest.mark.parametrize("room", ["provider", "sweeps"])
def test_no_files_import_each_other(room: str) -> None:
    modules = modules_of(room)
    assert len(modules) > 10
    graph = {module: imports_of(module, path, set(modules)) for module, path in modules.items()}
    assert sum(map(len, graph.values())) > 20
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_a_circle_is_found(tmp_path: Path) -> None:
    first, second = tmp_path / "first.py", tmp_path / "second.py"
    first.write_text("def function():\n    from .second import name\n")
    second.write_text("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from . import first\n")
    known = {"room.first", "room.second"}
    assert imports_of("room.first", first, known) == {"room.second"}
    assert imports_of("room.second", second, known) == {"room.first"}

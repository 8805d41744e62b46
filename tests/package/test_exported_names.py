# SPDX-License-Identifier: Apache-2.0
"""Public names: exported, documented, lazy, and the same for type checkers."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import qiskit_ibm_native
from qiskit_ibm_native._former_names import advice_for

PACKAGE = Path(qiskit_ibm_native.__file__).parent


def test_all_names_exist_and_are_documented() -> None:
    assert sorted(qiskit_ibm_native.__all__) == qiskit_ibm_native.__all__
    for name in qiskit_ibm_native.__all__:
        value = getattr(qiskit_ibm_native, name)
        assert value.__module__.startswith("qiskit_ibm_native.")
        assert inspect.getdoc(value)
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = qiskit_ibm_native.no_such_name


def test_star_import_binds_them_all() -> None:
    namespace: dict[str, object] = {}
    exec("from qiskit_ibm_native import *", namespace)
    assert set(qiskit_ibm_native.__all__) <= set(namespace)


def test_type_checkers_see_the_same_names() -> None:
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    exported = {
        (statement.module, name.asname)
        for statement in ast.walk(tree)
        if isinstance(statement, ast.ImportFrom) and statement.level == 1
        for name in statement.names
    }
    names = {(module, name) for name, module in qiskit_ibm_native._MODULES.items()}
    modules = (*qiskit_ibm_native._ROOMS, *qiskit_ibm_native._FORMER_MODULES)
    assert exported == names | {(None, module) for module in modules}


def test_every_public_room_is_an_attribute_after_a_plain_import() -> None:
    found = {path.stem if path.is_file() else path.name for path in PACKAGE.glob("[a-z]*") if path.name != "py.typed"}
    # Modules of qiskit-ibm-provider 0.11 that only say what to use.
    gone = {name for name in found if advice_for(name) is not None}
    assert found == {*qiskit_ibm_native._ROOMS, *qiskit_ibm_native._FORMER_MODULES, *gone}
    program = (
        "import sys, qiskit_ibm_native as package\n"
        "for room in package._ROOMS: assert getattr(package, room).__name__ == f'qiskit_ibm_native.{room}'\n"
        "package.exceptions.PulseError, package.visualization.plot_schedule, package.pulse.Schedule\n"
        "assert 'matplotlib' not in sys.modules and 'starlette' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_dir_has_public_names_only() -> None:
    names = dir(qiskit_ibm_native)
    assert {*qiskit_ibm_native.__all__, "pulse", "sweeps", "__version__"} <= set(names)
    assert not [name for name in names if name.startswith("_") and name != "__version__"]
    assert not {"TYPE_CHECKING", "annotations", "import_module"} & set(names)


def test_importing_the_package_imports_nothing_else() -> None:
    program = (
        "import sys; before = set(sys.modules); import qiskit_ibm_native; dir(qiskit_ibm_native)\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    result = subprocess.run([sys.executable, "-S", "-c", program], check=True, capture_output=True, text=True,
                            env={"PYTHONPATH": str(PACKAGE.parent)})  # fmt: skip
    assert result.stdout.split() == ["__future__", "qiskit_ibm_native"]


def test_every_exception_is_exported_and_drawn_where_it_is_in_the_tree() -> None:
    exceptions = importlib.import_module("qiskit_ibm_native.exceptions")
    own = {
        name: kind
        for name, kind in vars(exceptions).items()
        if inspect.isclass(kind) and kind.__module__ == exceptions.__name__
    }
    assert set(own) <= set(qiskit_ibm_native.__all__)
    assert exceptions.__doc__ is not None
    drawn: dict[str, str] = {}
    branch: list[str] = []
    root = ""
    for line in exceptions.__doc__.splitlines():
        if re.fullmatch(r"    \w+", line):
            root = line.strip()
        node = re.match(r"    ((?:│   |    )*)(?:├── |└── )(\w+)", line)
        if node is not None:
            depth, name = len(node[1]) // 4, node[2]
            drawn[name] = branch[depth - 1] if depth else root
            branch[depth:] = [name]
    assert drawn == {name: kind.__bases__[0].__name__ for name, kind in own.items()}

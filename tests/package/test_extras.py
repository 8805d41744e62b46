# SPDX-License-Identifier: Apache-2.0
"""Packages that are not installed: one error, with the one command that installs them, wherever they are needed."""

from __future__ import annotations

import ast
import json
import pickle
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from tests.support import ROOT

import qiskit_ibm_native
from qiskit_ibm_native._extras import install_command, needed, require
from qiskit_ibm_native.exceptions import IBMError, MissingPackageError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PACKAGE = ROOT / "python" / "qiskit_ibm_native"
#: Modules of packages that people may do without.
OPTIONAL = (
    "libcst", "matplotlib", "pandas", "polars", "pyarrow", "qiskit_aer", "qiskit_ibm_runtime", "qiskit_qasm3_import",
    "requests_ntlm", "starlette", "uvicorn", "xarray",
)  # fmt: skip
#: Calls that need one of them, with the package that they name first and the command that they give.
CALLS = {
    "Snapshot.load('lima').columns.table()": ("pyarrow", "dataframes"),
    "Snapshot.load('lima').columns.to_pandas()": ("pandas", "dataframes"),
    "Snapshot.load('lima').columns.to_polars()": ("polars", "dataframes"),
    "Snapshot.load('lima').columns.to_xarray()": ("xarray", "dataframes"),
    "CalibrationArchive('a.sqlite3').table()": ("pyarrow", "dataframes"),
    "CalibrationArchive('a.sqlite3').to_pandas()": ("pandas", "dataframes"),
    "CalibrationArchive('a.sqlite3').to_parquet('out')": ("pyarrow", "dataframes"),
    "CalibrationArchive('a.sqlite3').export('out', format='parquet')": ("pyarrow", "parquet"),
    "CalibrationArchive('a.sqlite3').series('lima', 't1').to_xarray()": ("xarray", "dataframes"),
    "Ledger('l.sqlite3').table()": ("pyarrow", "parquet"),
    "Ledger('l.sqlite3').to_pandas()": ("pandas", "dataframes"),
    "Ledger('l.sqlite3').to_polars()": ("polars", "dataframes"),
    "Ledger('l.sqlite3').to_parquet('out.parquet')": ("pyarrow", "parquet"),
    "best_layouts(circuit, Snapshot.load('lima')).to_pandas()": ("pandas", "dataframes"),
    "best_layouts(circuit, Snapshot.load('lima')).to_polars()": ("polars", "dataframes"),
    "plot_schedule(Schedule(Play(Constant(9, 0.5), DriveChannel(0))))": ("matplotlib", "visualization"),
    "Schedule(Play(Constant(9, 0.5), DriveChannel(0))).draw()": ("matplotlib", "visualization"),
    "IBMProvider(channel='local')": ("starlette", "local"),
    "local.LocalService()": ("starlette", "local"),
    "migration.migrate_scripts(['.'])": ("libcst", "migrate"),
    "listed('OPENQASM 3.0; qubit q;')": ("qiskit-qasm3-import", None),
    "Transport(ProxyConfiguration.from_dict({'username_ntlm': 'a', 'password_ntlm': 'b', 'urls': {}}))":
        ("requests-ntlm", None),
    "list(official_devices())": ("qiskit-ibm-runtime", None),
}  # fmt: skip
PROGRAM = """
import json, sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in OPTIONAL:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

import importlib.util
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name.partition(".")[0] in OPTIONAL else found(name, *rest)
sys.meta_path.insert(0, Blocked())
from qiskit import QuantumCircuit
from qiskit_ibm_native import *
from qiskit_ibm_native import local, migration
from qiskit_ibm_native.accounts import ProxyConfiguration
from qiskit_ibm_native.client.transport import Transport
from qiskit_ibm_native.local.device_sources import _official as official_devices
from qiskit_ibm_native.provider.run.validation import listed
from qiskit_ibm_native.pulse import Constant, DriveChannel, Play, Schedule
from qiskit_ibm_native.visualization import plot_schedule

with CalibrationArchive("a.sqlite3") as archive:
    archive.add(Snapshot.load("lima"))
Ledger("l.sqlite3").close()
circuit = QuantumCircuit(1)
circuit.sx(0)
errors = {}
for call in CALLS:
    try:
        eval(call)
    except Exception as error:
        kinds = [kind.__name__ for kind in type(error).__mro__]
        errors[call] = kinds, str(error), getattr(error, "name", None), getattr(error, "command", None)
print(json.dumps(errors))
"""


@pytest.fixture(scope="module")
def errors(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[list[str], str, str, str]]:
    """Give the errors of all calls where nothing optional is installed."""
    code = f"OPTIONAL, CALLS = {OPTIONAL!r}, {list(CALLS)!r}\n{PROGRAM}"
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path_factory.mktemp("without"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    found: dict[str, tuple[list[str], str, str, str]] = json.loads(run.stdout)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("call", CALLS)
def test_a_call_without_its_package_gives_the_command(
    errors: dict[str, tuple[list[str], str, str, str]], call: str
) -> None:
    package, extra = CALLS[call]
    kinds, message, name, command = errors[call]
    expected = f"pip install {package}" if extra is None else f"pip install 'qiskit-ibm-native[{extra}]'"
    assert {"MissingPackageError", "IBMError", "ImportError"} <= set(kinds)
    assert (name, command) == (package, expected)
    assert re.fullmatch(rf"[A-Z].* need .*{package}.*, which (is|are) not installed: {re.escape(expected)}", message)


def test_extras_of_commands_are_those_of_the_package() -> None:
    # Not those of the metadata, which an editable installation has from the day when it was made.
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = set(project["optional-dependencies"])
    assert {extra for _, extra in CALLS.values() if extra} <= extras
    texts = [*PACKAGE.rglob("*.py"), *(ROOT / "docs").glob("*.md"), ROOT / "README.md", *(ROOT / "examples").iterdir()]
    named = {
        extra
        for path in texts
        if path.is_file()
        for found in re.findall(r"(?:qiskit-ibm-native|'\.)\[([a-z,]+)\]", path.read_text(encoding="utf-8"))
        for extra in found.split(",")
    }
    assert {"local", "visualization"} <= named <= extras


def texts_of(tree: ast.Module) -> Iterator[str]:
    """Yield the texts of a program that are no docstrings."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    nodes = list(ast.walk(tree))
    docstrings = {
        id(node.body[0].value)
        for node in nodes
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def test_commands_are_written_in_one_place() -> None:
    written = {
        path.relative_to(PACKAGE).as_posix()
        for path in sorted(PACKAGE.rglob("*.py"))
        for text in texts_of(ast.parse(path.read_text(encoding="utf-8")))
        if re.search(r"(pip|conda|install)\s+(install\s|['\"]?qiskit-ibm-native\[)", text)
    }
    # The doctor advises about versions of other packages.
    assert {place for place in written if not place.startswith("diagnosis/")} == {"_extras.py"}


def test_documents_give_the_same_commands() -> None:
    for path in [*(ROOT / "docs").glob("*.md"), ROOT / "README.md"]:
        for command in re.findall(
            r"pip install [^`\n#;&]*qiskit-ibm-native\[[^`\n#;&]*", path.read_text(encoding="utf-8")
        ):
            extra = command.partition("[")[2].partition("]")[0]
            assert command.startswith(install_command(extra)), (path, command)


def test_several_packages_that_are_missing_are_named_together() -> None:
    with pytest.raises(MissingPackageError) as caught:
        require(["json", "no_such_package", "no_such_other"], "local", "Local services")
    assert str(caught.value) == (
        "Local services need no-such-package and no-such-other, which are not installed:"
        " pip install 'qiskit-ibm-native[local]'"
    )
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.name, again.command) == (str(caught.value), "no-such-package", install_command("local"))
    require(["json"], "local", "Local services")


def test_a_package_that_lacks_something_of_its_own_says_so_itself(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "half_installed.py").write_text("import no_such_package")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="No module named 'no_such_package'") as caught:
        needed("half_installed", "local", "Local services")
    assert not isinstance(caught.value, IBMError)
    assert needed("json", "local", "Local services") is json


def test_the_error_is_public() -> None:
    assert qiskit_ibm_native.MissingPackageError is MissingPackageError

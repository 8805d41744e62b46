# SPDX-License-Identifier: Apache-2.0
"""A task's identifier covers the code and the versions of all that makes its pass managers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.support.forks import printed_in
from tests.support.sweeping import ghz

from qiskit_ibm_native import Sweep
from qiskit_ibm_native.exceptions import IBMInputValueError

PLUGIN = """
from qiskit.transpiler import PassManager
from qiskit.transpiler.preset_passmanagers.plugin import PassManagerStagePlugin
from .depth import DEPTH

class Mine(PassManagerStagePlugin):
    def pass_manager(self, pass_manager_config, optimization_level=None):
        return PassManager([])
"""


def plugin(folder: Path, version: str, depth: int, *, site: str = "") -> Path:
    """Make a package with plug-ins, and return the folder from which it is imported."""
    root = folder / site if site else folder
    package, information = root / "somebodys_plugin", root / f"somebodys_plugin-{version}.dist-info"
    package.mkdir(parents=True)
    information.mkdir()
    (package / "__init__.py").touch()
    (package / "stage.py").write_text(PLUGIN)
    (package / "depth.py").write_text(f"DEPTH = {depth}\n")
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: somebodys-plugin\nVersion: {version}\n")
    (information / "entry_points.txt").write_text(
        "[qiskit.transpiler.layout]\nmine = somebodys_plugin.stage:Mine\n"
        "[qiskit.unitary_synthesis]\nmine = somebodys_plugin.stage:Mine\n"
        "[qiskit.synthesis]\nclifford.mine = somebodys_plugin.stage:Mine\n"
    )
    return root


def identifiers(folders: list[Path], options: str, extra: str = "") -> list[str]:
    """Return the identifier of a task whose options name a plug-in, with the package in each folder."""
    code = (
        f"{extra}\nfrom tests.support.sweeping import ghz\nfrom qiskit_ibm_native import Sweep\n"
        f"print(Sweep(ghz(2), 'lima', options={options})[0].id)"
    )
    return printed_in(folders, code)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "extra"),
    [
        ("{'layout_method': 'mine'}", ""),
        ("{'hls_config': HLSConfig(clifford=['mine'])}", "from qiskit.transpiler.passes import HLSConfig"),
    ],
)
def test_versions_and_local_code_of_plugins_count(tmp_path: Path, options: str, extra: str) -> None:
    kinds = {"base": ("1.0", 1), "same": ("1.0", 1), "later": ("1.1", 1), "changed": ("1.0", 2)}
    folders = [plugin(tmp_path / name, *kind) for name, kind in kinds.items()]
    base, same, later, changed = identifiers(folders, options, extra)
    assert same == base
    assert len({base, later, changed}) == 3


@pytest.mark.slow
def test_installed_plugins_are_known_by_their_versions(tmp_path: Path) -> None:
    kinds = {"base": ("1.0", 1), "changed": ("1.0", 2), "later": ("1.1", 1)}
    folders = [plugin(tmp_path / name, *kind, site="site-packages") for name, kind in kinds.items()]
    base, changed, later = identifiers(folders, "{'unitary_synthesis_method': 'mine'}")
    assert changed == base != later


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layout_method": "sabr"}, r"layout_method names the plug-in 'sabr', .*did you mean 'sabre'\?"),
        ({"routing_method": "zzz"}, r"routing_method names the plug-in 'zzz', .*there are basic, .*sabre"),
        ({"translation_method": "translate"}, r"did you mean 'translator'\?"),
        ({"optimization_method": "defalt"}, r"did you mean 'default'\?"),
        ({"init_method": "defalt"}, r"did you mean 'default'\?"),
        ({"unitary_synthesis_method": "clifort"}, r"did you mean 'clifford'\?"),
    ],
)
def test_plugins_that_are_not_there_are_told_when_the_sweep_is_described(options: dict[str, str], message: str) -> None:
    with pytest.raises(IBMInputValueError, match=message):
        Sweep(ghz(2), "lima", options=options)
    with pytest.raises(IBMInputValueError, match=message):
        Sweep(ghz(2), "lima", pass_manager=options)


def test_a_synthesis_that_is_not_there_is_told_with_those_of_the_operation() -> None:
    from qiskit.transpiler.passes import HLSConfig

    with pytest.raises(IBMInputValueError, match=r"'clifford.greedi', .*did you mean 'clifford.greedy'\?"):
        Sweep(ghz(2), "lima", options={"hls_config": HLSConfig(clifford=["greedi"])})


FILES = {
    "__init__.py": "",
    "factories.py": """
import functools
from .deep.passes import Base, decorated
from .tools import level_of
from .state import SETTINGS

class Factory(Base):
    def __init__(self, level):
        self.level = level
    def __call__(self, target, **options):
        return self.made(target, level_of(self.level))
    def method(self, target, **options):
        return self.made(target, self.level)
    @staticmethod
    def static(target, **options):
        return level_of(1)

@decorated
def wrapped(target, **options):
    return 1

def plain(target, extra=None, **options):
    return Base().made(target, SETTINGS["level"])

def late(target, **options):
    from .deep.later import LATE
    from . import tools as renamed
    return LATE, renamed

def closure(level):
    def made(target, **options):
        return Base().made(target, level)
    return made

chosen = lambda target, **options: level_of(3)
""",
    "tools.py": "from . import deep\nfrom .deep import later\ndef level_of(value): return value + later.LATE\n",
    "state.py": "SETTINGS = {'level': 1}\n",
    "deep/__init__.py": "",
    "deep/passes.py": """
from .. import tools
from .later import LATE
import functools
def decorated(function):
    @functools.wraps(function)
    def around(*args, **named):
        return function(*args, **named), 1
    return around
class Base:
    def made(self, target, level):
        return helper(level)
def helper(level): return level * 1
""",
    "deep/later.py": "from .. import factories\nLATE = 1\n",
    "stranger.py": "B = 1\n",
}  # fmt: skip
FORMS = {
    "object": "Factory(1)", "bound method": "Factory(1).method", "static method": "Factory.static",
    "partial of an object": "functools.partial(Factory(2), extra=1)", "decorated": "wrapped", "plain": "plain",
    "late": "late", "closure": "closure(1)", "lambda": "chosen",
    "partial of a partial": "functools.partial(functools.partial(plain, extra=1), extra=2)",
}  # fmt: skip
#: Changes by file, with the forms that do not depend on them.
CHANGES = {
    ("deep/passes.py", "level * 1", "level * 2"): {"late", "lambda"},
    ("deep/passes.py", "named), 1", "named), 2"): {"late", "lambda"},
    ("deep/later.py", "LATE = 1", "LATE = 2"): set(),
    ("tools.py", "value + ", "value - "): set(),
}


def package(folder: Path, change: tuple[str, str, str] | None = None) -> Path:
    """Make the package, with a change of one file, and return the folder from which it is imported."""
    for name, content in FILES.items():
        path = folder / "somebodys" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        is_changed = change is not None and name == change[0]
        assert not is_changed or change[1] in content
        path.write_text(content.replace(*change[1:]) if is_changed else content)
    return folder


#: Prints the digests of settings by form.
DIGESTS = f"""
import functools, json
from somebodys.factories import *
from somebodys.factories import Factory, chosen
from qiskit_ibm_native.sweeps.inputs.settings import _digest
from qiskit_ibm_native.sweeps.inputs.pass_managers import Manager
from qiskit_ibm_native.sweeps.inputs.restrictions import Restriction
forms = {FORMS!r}.items()
print(json.dumps({{name: _digest(1, {{}}, Manager(eval(form)), Restriction(), {{}}).hex() for name, form in forms}}))
"""


@pytest.mark.slow
def test_code_that_any_form_of_factory_depends_on_counts(tmp_path: Path) -> None:
    changes = [None, None, ("stranger.py", "B = 1", "B = 2"), *CHANGES]
    folders = [package(tmp_path / str(number), change) for number, change in enumerate(changes)]
    base, same, stranger, *others = map(json.loads, printed_in(folders, DIGESTS))
    assert base == same == stranger
    assert len(set(base.values())) == len(FORMS)
    for changed, (change, independent) in zip(others, CHANGES.items(), strict=True):
        missed = {name for name in FORMS if changed[name] == base[name]}
        assert missed <= independent, change

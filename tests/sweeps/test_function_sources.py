# SPDX-License-Identifier: Apache-2.0
"""A task's identifier depends on all code of its factory of pass managers, and on nothing else of the program."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from qiskit_ibm_native.sweeps.inputs.fingerprint import fingerprint

FACTORY = """
from qiskit.transpiler import generate_preset_pass_manager
from . import consts
from .tools import helper as help_me

FACTOR = 1
unused = 1

def again(level):
    return level if level < 3 else again(level - 1)

def factory(target, **options):
    from . import late
    return generate_preset_pass_manager(again(consts.LEVEL * FACTOR), target=target)

def other():
    return unused, help_me
"""
FILES = {
    "__init__.py": "", "factories.py": FACTORY, "consts.py": "from .deep import LEVEL\n", "deep.py": "LEVEL = 1\n",
    "late.py": "A = 1\n", "tools.py": "def helper(): return 1\n", "stranger.py": "B = 1\n",
}  # fmt: skip


def digest_of(folder: Path, changes: dict[str, tuple[str, str]]) -> str:
    """Return the fingerprint of the factory in a package with some changes, in a fresh process."""
    package = folder / "somebodys"
    package.mkdir(parents=True)
    for name, content in FILES.items():
        old, new = changes.get(name, ("", ""))
        assert old in content
        (package / name).write_text(content.replace(old, new) if old else content)
    code = (
        "from somebodys.factories import factory\n"
        "from qiskit_ibm_native.sweeps.inputs.fingerprint import fingerprint\nprint(fingerprint(factory).hex())"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.slow
def test_modules_that_a_factory_imports_count_and_others_do_not(tmp_path: Path) -> None:
    base = digest_of(tmp_path / "base", {})
    assert digest_of(tmp_path / "same", {}) == base
    counted = {
        "deep.py": ("LEVEL = 1", "LEVEL = 2"), "late.py": ("A = 1", "A = 2"), "factories.py": ("FACTOR = 1", "FACTOR = 2"),
    }  # fmt: skip
    for name, change in counted.items():
        assert digest_of(tmp_path / name, {name: change}) != base, name
    assert digest_of(tmp_path / "again", {"factories.py": ("level - 1", "level - 2")}) != base
    ignored = {
        "stranger.py": ("B = 1", "B = 2"), "tools.py": ("return 1", "return 2"), "factories.py": ("unused = 1", "unused = 2"),
    }  # fmt: skip
    for name, change in ignored.items():
        assert digest_of(tmp_path / f"ignored {name}", {name: change}) == base, name


def test_functions_of_an_interactive_session_depend_on_the_values_that_they_name() -> None:
    def defined(level: int) -> Any:
        session: dict[str, Any] = {"__name__": "__main__", "LEVEL": level, "OTHER": level, "lock": object()}
        exec("def helper(): return LEVEL\ndef factory(target, **options): return helper(), lock", session)
        return session["factory"]

    assert fingerprint(defined(1)) == fingerprint(defined(1))
    assert fingerprint(defined(1)) != fingerprint(defined(2))


def test_lambdas_of_one_line_are_told_apart() -> None:
    """Their sources are the same line."""
    kept, dropped, again = lambda circuit: True, lambda circuit: False, lambda circuit: True
    assert fingerprint(kept) == fingerprint(again) != fingerprint(dropped)
    numbers = [lambda circuit, number=number: number for number in (1, 2)]
    assert fingerprint(numbers[0]) != fingerprint(numbers[1])


def test_a_module_that_cannot_be_read_does_no_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "odd_factory.py").write_text("import odd_latin\ndef factory(target): return odd_latin.A\n")
    (tmp_path / "odd_latin.py").write_bytes("# -*- coding: latin-1 -*-\nA = 'ä'\n".encode("latin-1"))
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module("odd_factory")
    assert len(fingerprint(module.factory)) == 32
    for name in ("odd_factory", "odd_latin"):
        del sys.modules[name]

# SPDX-License-Identifier: Apache-2.0
"""A task's identifier depends on all code of its factory of pass managers, and on nothing else of the program."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.support.forks import printed_in

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


CODE = """
from somebodys.factories import factory
from qiskit_ibm_native.sweeps.inputs.fingerprint import fingerprint
print(fingerprint(factory).hex())
"""


def package(folder: Path, change: tuple[str, str, str] | None) -> Path:
    """Make the package, with a change of one file, and return the folder from which it is imported."""
    inside = folder / "somebodys"
    inside.mkdir(parents=True)
    for name, content in FILES.items():
        old, new = change[1:] if change is not None and change[0] == name else ("", "")
        assert old in content
        (inside / name).write_text(content.replace(old, new) if old else content)
    return folder


@pytest.mark.slow
def test_modules_that_a_factory_imports_count_and_others_do_not(tmp_path: Path) -> None:
    counted = [
        ("deep.py", "LEVEL = 1", "LEVEL = 2"), ("late.py", "A = 1", "A = 2"),
        ("factories.py", "FACTOR = 1", "FACTOR = 2"), ("factories.py", "level - 1", "level - 2"),
    ]  # fmt: skip
    ignored = [
        ("stranger.py", "B = 1", "B = 2"), ("tools.py", "return 1", "return 2"), ("factories.py", "unused = 1", "unused = 2"),
    ]  # fmt: skip
    changes = [None, None, *ignored, *counted]
    folders = [package(tmp_path / str(number), change) for number, change in enumerate(changes)]
    base, *others = printed_in(folders, CODE)
    assert [digest != base for digest in others] == [False] * (1 + len(ignored)) + [True] * len(counted)


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

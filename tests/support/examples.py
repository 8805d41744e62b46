# SPDX-License-Identifier: Apache-2.0
"""Examples in docstrings: which there are, which public names have none, and running one."""

from __future__ import annotations

import doctest
import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import qiskit_ibm_native

PACKAGE = Path(qiskit_ibm_native.__file__).parent
#: Dots stand for what differs from run to run; numpy aligns numbers as it likes.
_FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def public_objects() -> dict[str, Any]:
    """Return the classes and functions that users import, from the package and from its rooms, by their full names."""
    found = {f"qiskit_ibm_native.{name}": getattr(qiskit_ibm_native, name) for name in qiskit_ibm_native.__all__}
    for room in qiskit_ibm_native._ROOMS:
        module = importlib.import_module(f"qiskit_ibm_native.{room}")
        found |= {f"{module.__name__}.{name}": getattr(module, name) for name in getattr(module, "__all__", ())}
    seen: set[int] = set()
    return {name: each for name, each in found.items() if not (id(each) in seen or seen.add(id(each)))}


def has_example(value: Any) -> bool:
    """Return whether the docstring of an object has an example with a section of its own."""
    text = inspect.cleandoc(value.__doc__ or "")
    return "\nExamples:\n    >>> " in text


def all_examples() -> dict[str, doctest.DocTest]:
    """Return every docstring of the package with examples, by the name of its object. They see no names of modules."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    found: dict[str, doctest.DocTest] = {}
    for name in _modules_with_examples():
        module = importlib.import_module(name)
        for test in finder.find(module, globs={"__name__": "__main__"}):
            if test.examples:
                found[test.name] = test
    return found


def _modules_with_examples() -> Iterator[str]:
    for path in sorted(PACKAGE.rglob("*.py")):
        if ">>> " in path.read_text():
            parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
            yield ".".join(part for part in parts if part != "__init__")


def failures_of(test: doctest.DocTest) -> str:
    """Run an example in the present folder; return what it did otherwise than it says, as doctest tells it."""
    told: list[str] = []
    doctest.DocTestRunner(optionflags=_FLAGS, verbose=False).run(test, out=told.append)
    return "".join(told)

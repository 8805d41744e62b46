# SPDX-License-Identifier: Apache-2.0
"""The code on which a function of a user depends, beside its own: what it names, and modules beside it that it imports.

Packages that are installed are known by their versions and left out. What is found is what the source says: a module
whose name is made up while the function runs is not.
"""

from __future__ import annotations

import ast
import importlib.util
import inspect
import sys
import textwrap
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

#: Folders of installed packages.
_INSTALLED = frozenset({"site-packages", "dist-packages"})


def named_values(function: FunctionType) -> Iterator[tuple[str, Any]]:
    """Yield the global variables that a function names, by name, in alphabetical order."""
    values = function.__globals__
    for name in sorted(set(_names(function.__code__))):
        if name in values:
            yield name, values[name]


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def is_installed(module: str) -> bool:
    """Return whether a module is part of an installed package, or of Python."""
    # The main module of a notebook is defined by its user, and its file is the installed one of the kernel.
    root = _root_of(module)
    return module != "__main__" and _is_installed(root)


def _is_installed(root: Path | None) -> bool:
    return root is None or not _INSTALLED.isdisjoint(root.parts) or root.is_relative_to(Path(sys.base_prefix) / "lib")


def imported_modules(function: FunctionType) -> dict[str, str]:
    """Return the sources of modules beside a function's own that the function needs, by name.

    Those are modules that it names or imports, and modules that these import, as far as they are in the same folder or
    package as the function.
    """
    root = _root_of(function.__module__)
    if root is None or _is_installed(root):
        return {}
    waiting = [value.__name__ for _, value in named_values(function) if isinstance(value, ModuleType)]
    with suppress(OSError, SyntaxError, TypeError):
        waiting += _imports(textwrap.dedent(inspect.getsource(function)), _package_of(function.__module__))
    return _sources(waiting, root)


def module_sources(module: str) -> dict[str, str]:
    """Return the sources of a module and of those that it imports from its own folder or package, by name.

    A module of an installed package has none: its version tells what it is.
    """
    root = _root_of(module)
    return {} if root is None or _is_installed(root) else _sources([module], root)


def _sources(waiting: list[str], root: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    while waiting:
        name = waiting.pop()
        path = _path_of(name)
        if name in found or path is None or not path.is_relative_to(root):
            continue
        with suppress(OSError, SyntaxError, UnicodeDecodeError):
            found[name] = path.read_text(encoding="utf-8")
            waiting += _imports(found[name], _package_of(name))
    return dict(sorted(found.items()))


def _imports(source: str, package: str) -> list[str]:
    """Return the names of modules that a source may import."""
    names: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                with suppress(ImportError):
                    base = importlib.util.resolve_name("." * node.level + base, package)
            # What is imported from a package may be a module of it.
            names += [base, *(f"{base}.{alias.name}" for alias in node.names)]
    return names


def _package_of(module: str) -> str:
    known = sys.modules.get(module)
    return str(getattr(known, "__package__", None) or module.rpartition(".")[0])


def _path_of(module: str) -> Path | None:
    """Return the source file of a module, without importing it."""
    file = getattr(sys.modules.get(module), "__file__", None)
    if module not in sys.modules and module:
        with suppress(ImportError, ValueError, AttributeError):
            file = _file_of(module)
    return Path(file).resolve() if file and file.endswith(".py") else None


def _file_of(module: str) -> str | None:
    """Return the file of a module that is not imported; its parents need not be."""
    top, *parts = module.split(".")
    spec = importlib.util.find_spec(top)
    if spec is None or not parts:
        return None if spec is None else spec.origin
    for folder in spec.submodule_search_locations or ():
        path = Path(folder, *parts)
        for file in (path.with_name(f"{path.name}.py"), path / "__init__.py"):
            if file.is_file():
                return str(file)
    return None


def _root_of(module: str) -> Path | None:
    """Return the folder of the top package of a module, or the folder that the module is in."""
    top = _path_of(module.partition(".")[0])
    return None if top is None else top.parent

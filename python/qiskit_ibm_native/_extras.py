# SPDX-License-Identifier: Apache-2.0
"""Packages that this package does without until something needs them: those of its extras, and some of other projects.

All commands that install them are written here. pip takes the requirements of an extra from this package where it is
installed, so that the commands work wherever it was installed from.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any


def install_command(extra: str) -> str:
    """Return the command that installs an extra, as people type it."""
    return f"pip install 'qiskit-ibm-native[{extra}]'"


def package_command(package: str) -> str:
    """Return the command that installs a package of which no extra is."""
    return f"pip install {package}"


def needed(module: str, extra: str | None, purpose: str) -> Any:
    """Import and return a module of a package that need not be installed.

    Args:
        module: The name of the module.
        extra: The name of the extra; ``None`` for a package that no extra installs, which is called as its module with
            hyphens in place of underscores.
        purpose: A plural noun that says what the module is for, such as ``"Pictures"``.

    Raises:
        MissingPackageError: It is not installed; the message has the command that installs it.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        package = module.partition(".")[0]
        # A package that is there and lacks something of its own says so itself.
        if error.name is None or error.name.partition(".")[0] != package:
            raise
    raise missing([package], extra, purpose)


def require(modules: Sequence[str], extra: str, purpose: str) -> None:
    """Make sure that packages of an extra are installed, without importing them.

    Args:
        modules: The names of top-level modules.
        extra: The name of the extra.
        purpose: A plural noun that says what the modules are for.

    Raises:
        MissingPackageError: Some are not installed; the message names them all, and the command that installs them.
    """
    absent = [module for module in modules if find_spec(module) is None]
    if absent:
        raise missing(absent, extra, purpose)


def missing(modules: Sequence[str], extra: str | None, purpose: str) -> Exception:
    """Return the MissingPackageError of packages, by the names of their modules; the rest is as for :func:`needed`."""
    from .exceptions import MissingPackageError

    packages = [module.replace("_", "-") for module in modules]
    command = package_command(" ".join(packages)) if extra is None else install_command(extra)
    return MissingPackageError(purpose, packages[0], command, packages[1:])

# SPDX-License-Identifier: Apache-2.0
"""Packages that come with the extras of this package, which are imported where they are used.

pip takes the requirements of an extra from this package where it is installed, so that the commands work wherever it
was installed from.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


def install_command(extra: str) -> str:
    """Return the command that installs an extra, as people type it."""
    return f"pip install 'qiskit-ibm-native[{extra}]'"


def needed(module: str, extra: str, purpose: str) -> Any:
    """Import and return a module of a package that an extra installs.

    Args:
        module: The name of the module.
        extra: The name of the extra.
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
        from .exceptions import MissingPackageError

        raise MissingPackageError(purpose, package, install_command(extra)) from None

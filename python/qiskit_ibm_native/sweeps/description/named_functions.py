# SPDX-License-Identifier: Apache-2.0
"""Functions by name, as in ``package.module:function``: what files can say of them."""

from __future__ import annotations

import sys
from importlib import import_module
from types import FunctionType
from typing import Any

from ...exceptions import IBMInputValueError

#: The form, for messages.
FORM = '"module:function"'


def function_named(name: Any, where: str) -> Any:
    """Import a function.

    Args:
        name: Its module and its name there.
        where: The file and the key that name it, for messages.

    Raises:
        IBMInputValueError: There is no such function, or its module cannot be imported.
    """
    if not isinstance(name, str) or name.count(":") != 1:
        raise IBMInputValueError(f"{where} must name a function as {FORM}, not {name!r:.80}.")
    module, _, path = name.partition(":")
    try:
        found: Any = import_module(module)
    except Exception as error:
        raise IBMInputValueError(
            f"{where}: module {module!r} cannot be imported ({type(error).__name__}: {error}). Install it, or add its folder to"
            " PYTHONPATH: workers import it, too."
        ) from error
    for part in path.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            raise IBMInputValueError(f"{where}: module {module!r} has no {path!r}.") from None
    if not callable(found):
        raise IBMInputValueError(f"{where}: {name!r} is not a function, but {type(found).__name__}.")
    return found


def name_of_function(function: Any, where: str) -> str:
    """Return the name by which :func:`function_named` finds a function.

    Raises:
        IBMInputValueError: It has none.
    """
    module, path = getattr(function, "__module__", None), getattr(function, "__qualname__", None)
    found = sys.modules.get(module or "")
    for part in (path or "").split("."):
        found = getattr(found, part, None)
    if module == "__main__" or found is not function or not isinstance(function, FunctionType | type):
        raise IBMInputValueError(
            f"{where} cannot be written: a file names functions as {FORM}, and {function!r:.80} cannot be found like that."
            " Put it at the top of a module that can be imported."
        )
    return f"{module}:{path}"

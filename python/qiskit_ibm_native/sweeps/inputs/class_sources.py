# SPDX-License-Identifier: Apache-2.0
"""The code behind the classes that a user's function or object is made of, and behind decorators.

The fingerprint of a function covers its code and what that names. Methods of classes, their parents, and the code that
a decorator puts around a function are found here, a module as a whole: with all that it imports from its own package.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from .fingerprint import fingerprint
from .function_sources import is_installed, module_sources, named_values

_PLAIN = (type(None), bool, int, float, complex, str, bytes, CodeType, ModuleType)


def class_sources(value: Any) -> dict[str, Any]:
    """Return sources, by module, of the classes and decorators that a value is made of.

    Classes of interactive sessions, which have no file, are there by the code of their methods.
    """
    found: dict[str, Any] = {}
    waiting: list[Any] = [value]
    #: Objects are kept, so that no other one gets their identity.
    seen: dict[int, Any] = {}
    while waiting:
        item = waiting.pop()
        if not isinstance(item, _PLAIN) and id(item) not in seen:
            seen[id(item)] = item
            waiting += _parts(item, found)
    return dict(sorted(found.items()))


def _parts(value: Any, found: dict[str, Any]) -> Iterator[Any]:
    """Yield what a value is made of, adding sources of classes and decorators."""
    if isinstance(value, type):
        yield from _parts_of_class(value, found)
    elif isinstance(value, FunctionType):
        yield from _parts_of_function(value, found)
    elif isinstance(value, MethodType):
        yield from (value.__func__, value.__self__)
    elif isinstance(value, functools.partial):
        yield from (value.func, value.args, value.keywords)
    elif isinstance(value, Mapping):
        yield from (*value.keys(), *value.values())
    elif isinstance(value, list | tuple | AbstractSet):
        yield from value
    elif not is_installed(type(value).__module__):
        yield type(value)
        yield getattr(value, "__dict__", None)


def _parts_of_class(kind: type, found: dict[str, Any]) -> Iterator[Any]:
    if is_installed(kind.__module__):
        return
    sources = module_sources(kind.__module__)
    found.update(sources)
    for name, member in sorted(vars(kind).items()):
        function = getattr(member, "__func__", member)
        function = getattr(function, "fget", function)
        if isinstance(function, FunctionType):
            if not sources:
                found[f"{kind.__module__}.{kind.__qualname__}.{name}"] = fingerprint(_plain(function.__code__)).hex()
            for _, named in named_values(function):
                if isinstance(named, FunctionType):
                    found.update(module_sources(str(named.__module__)))
            yield function
    yield from kind.__bases__


def _plain(code: CodeType) -> Any:
    constants = [_plain(constant) if isinstance(constant, CodeType) else constant for constant in code.co_consts]
    return code.co_code, constants, code.co_names


def _parts_of_function(function: FunctionType, found: dict[str, Any]) -> Iterator[Any]:
    module = str(function.__globals__.get("__name__", ""))
    if is_installed(module):
        return
    if hasattr(function, "__wrapped__"):
        # Its source is taken for that of the function that it wraps.
        found.update(module_sources(module))
        found[f"{module} {function.__code__.co_name}"] = fingerprint(_plain(function.__code__)).hex()
        yield function.__wrapped__
    yield from (value for _, value in named_values(function))
    yield from (function.__defaults__, function.__kwdefaults__)
    for cell in function.__closure__ or ():
        with suppress(ValueError):
            yield cell.cell_contents

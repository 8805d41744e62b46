# SPDX-License-Identifier: Apache-2.0
"""The names that may stand for the argument at the cursor.

No code of the user is run to find them, and no property that could ask a service. The names of devices are asked for
once, by the provider.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from types import FunctionType, MethodType, ModuleType
from typing import Any

from ..snapshot import bundled_devices

_PACKAGE = __name__.partition(".")[0]
#: A name with dots, an opening bracket, perhaps a keyword, and a string that has begun.
_CALL = re.compile(
    r"""(?<![\w.)\]])(?P<path>[^\W\d]\w*(?:\.[^\W\d]\w*)*)\s*(?P<bracket>[(\[])\s*"""
    r"""(?:(?P<keyword>[^\W\d]\w*)\s*=\s*)?(?P<quote>["'])(?P<prefix>[^"'\\\n]*)$"""
)


def _devices_of(service: Any) -> list[str]:
    found: list[str] = service._ipython_key_completions_()
    return found


def _devices_of_provider(provider: Any) -> list[str]:
    return _devices_of(provider.backend)


def _gates_of_series(series: Any) -> Iterable[str]:
    return dict.fromkeys(name for native in series._natives for name in native.gate_names)


#: First arguments with names to choose from: by class and method, the name of the argument, and what returns the names.
_ARGUMENTS: dict[tuple[str, str], tuple[str, Callable[[Any], Iterable[str]]]] = {
    ("Snapshot", "load"): ("name_or_path", lambda _: bundled_devices()),
    ("SnapshotColumns", "gate"): ("name", lambda columns: columns.gates),
    ("CalibrationSeries", "gate"): ("name", _gates_of_series),
    ("IBMProvider", "get_backend"): ("name", _devices_of_provider),
    ("IBMProvider", "backends"): ("name", _devices_of_provider),
    ("IBMBackendService", "get_backend"): ("name", _devices_of),
    ("IBMBackendService", "backends"): ("name", _devices_of),
    ("IBMBackendService", "__call__"): ("name", _devices_of),
    ("IBMBackendService", "__getitem__"): ("name", _devices_of),
}
#: Attributes that are computed, but not by asking anybody.
_COMPUTED = frozenset({("Snapshot", "columns"), ("IBMProvider", "backend")})


def argument_names(text: str, namespace: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Return the names that may stand for the argument at the end of a text.

    Args:
        text: The line of code up to the cursor.
        namespace: The variables of the session.

    Returns:
        The part of the argument that is written already, and the names that begin with it: none if the argument is not
        one of those that this room knows.
    """
    call = _CALL.search(text)
    if call is None:
        return "", []
    prefix = call["prefix"]
    try:
        owner, method = _called(_value_of(call["path"], namespace), call["bracket"])
    except (AttributeError, ImportError, LookupError):
        return prefix, []
    for kind in _kind(owner).__mro__:
        argument, names_of = _ARGUMENTS.get((kind.__name__, method), ("", None))
        if names_of is not None and _is_ours(kind) and call["keyword"] in (None, argument):
            return prefix, [name for name in names_of(owner) if name.startswith(prefix)]
    return prefix, []


def _called(value: Any, bracket: str) -> tuple[Any, str]:
    """Return the object whose method is called, and the method's name."""
    if isinstance(value, MethodType):
        return value.__self__, value.__name__
    # A class that is called is a constructor, of which no arguments are known.
    return value, "" if isinstance(value, type) else "__call__" if bracket == "(" else "__getitem__"


def _value_of(path: str, namespace: Mapping[str, Any]) -> Any:
    """Return the value of a name with dots.

    Raises:
        LookupError: There is no such variable.
        AttributeError: There is no such attribute, or getting it could run code of the user or ask a service.
        ImportError: A room of this package lacks a package that is optional.
    """
    first, *names = path.split(".")
    value = namespace[first]
    for name in names:
        value = _attribute(value, name)
    return value


def _attribute(owner: Any, name: str) -> Any:
    if isinstance(owner, ModuleType):
        # The names of this package are imported when they are first used.
        return getattr(owner, name) if _is_our_name(owner.__name__) else vars(owner)[name]
    found, kind = inspect.getattr_static(owner, name), _kind(owner)
    if _is_ours(kind):
        is_computed = any((base.__name__, name) in _COMPUTED for base in kind.__mro__)
        if is_computed or isinstance(found, FunctionType | classmethod | staticmethod):
            return getattr(owner, name)
    if hasattr(type(found), "__get__"):
        raise AttributeError(f"{name} is computed")
    return found


def _kind(value: Any) -> type:
    return value if isinstance(value, type) else type(value)


def _is_ours(kind: type) -> bool:
    return _is_our_name(kind.__module__)


def _is_our_name(module: str) -> bool:
    return module.partition(".")[0] == _PACKAGE

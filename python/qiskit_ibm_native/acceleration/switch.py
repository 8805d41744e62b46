# SPDX-License-Identifier: Apache-2.0
"""Turning acceleration on and off."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import logging
import sys
import threading
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType, TracebackType

    from typing_extensions import Self

logger = logging.getLogger(__name__)

_CLIENT = "qiskit_ibm_runtime"

_lock = threading.RLock()
#: Owner, name, original and replacement of each attribute that is replaced now.
_replaced: list[tuple[Any, str, Any, Any]] = []
#: Watches for the import of the client, while acceleration waits for it.
_watch: _Watch | None = None
#: Whether acceleration is wanted.
_is_wanted = False


class Acceleration:
    """What :func:`accelerate` returns: a context manager that ends acceleration when it is left."""

    def __init__(self) -> None:
        """Take note of whether acceleration was on before."""
        self._was_on = _is_wanted

    def undo(self) -> None:
        """End acceleration, whoever began it: every attribute of the client is the original again.

        Backends, models and targets that were made before stay as they are and may be used.
        """
        _turn_off()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # Within the block of another one, that one goes on.
        if not self._was_on:
            self.undo()

    def __repr__(self) -> str:
        return f"<Acceleration of {_CLIENT}: {_description()}>"


def accelerate() -> Acceleration:
    """Decode and convert payloads of the official client by the native core from now on, in this process.

    Backends of ``QiskitRuntimeService`` and fake devices give the same targets and models as without, in a fraction of
    the time: ``backend.target`` is built from the bytes that the service sent, and ``backend.properties()`` and
    ``backend.configuration()`` are filled when something looks into them. Whatever the core does not take, the client
    decodes itself, and logs so. Backends that were made before the call keep what they have decoded.

    If the client is not imported yet, it is accelerated as soon as it is. A second call changes nothing.

    Returns:
        A handle: ``.undo()`` ends acceleration, and so does leaving it as a context manager.

    Warns:
        RuntimeWarning: The client has a version that is not known, or lacks what known versions have. It is left as it
            is.
    """
    global _is_wanted, _watch
    with _lock:
        handle = Acceleration()
        if not _is_wanted:
            _is_wanted = True
            client = sys.modules.get(_CLIENT)
            if client is not None and not getattr(client.__spec__, "_initializing", False):
                _replace(client)
            else:
                _watch = _Watch()
                sys.meta_path.insert(0, _watch)
                if client is not None:
                    _watch.attach(client)
        return handle


def is_accelerated() -> bool:
    """Return whether the official client is accelerated now, or will be as soon as it is imported."""
    return bool(_replaced) or _watch is not None


def _description() -> str:
    if _replaced:
        return "on"
    if _watch is not None:
        return "on, as soon as it is imported"
    return "off: its version is not known" if _is_wanted else "off"


def _turn_off() -> None:
    global _is_wanted
    with _lock:
        _is_wanted = False
        _stop_watching()
        while _replaced:
            owner, name, original, replacement = _replaced.pop()
            # Whatever somebody else has put there since, such as a mock, is theirs to undo.
            if vars(owner).get(name) is replacement:
                setattr(owner, name, original)


def _stop_watching() -> None:
    global _watch
    if _watch is not None:
        if _watch in sys.meta_path:
            sys.meta_path.remove(_watch)
        _watch = None


def _replace(client: ModuleType) -> None:
    """Replace all seams of the client, or none."""
    from .seams import KNOWN_VERSIONS, Missing, bindings

    version = str(getattr(client, "__version__", "unknown"))
    series = ".".join(version.split(".")[:2])
    if series not in KNOWN_VERSIONS:
        known = f"{min(KNOWN_VERSIONS)} to {max(KNOWN_VERSIONS)}"
        _warn(f"{_CLIENT} {version} is not accelerated: known are {known}. A later qiskit-ibm-native may know it.")
        return
    try:
        found = list(bindings(series))
    except Missing as missing:
        _warn(f"{_CLIENT} {version} is not accelerated: it has no {missing} as that version has.")
        return
    made: dict[int, Any] = {}
    for owner, name, original, replace in found:
        # A function that several modules have imported gets one replacement.
        replacement = made.setdefault(id(original), None) or replace(original)
        made[id(original)] = replacement
        _replaced.append((owner, name, original, replacement))
        setattr(owner, name, replacement)
    logger.debug("%s %s is accelerated.", _CLIENT, version)


def _warn(message: str) -> None:
    warnings.warn(message, RuntimeWarning, stacklevel=4)


class _Watch(importlib.abc.MetaPathFinder):
    """Replaces the seams of the client when its import is complete."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Find the client by the other finders, and have its loader call back."""
        if fullname != _CLIENT or _watch is not self:
            return None
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            if finder is self or find is None:
                continue
            spec: importlib.machinery.ModuleSpec | None = find(fullname, path, target)
            if spec is not None:
                _call_back(spec)
                return spec
        return None

    def attach(self, client: ModuleType) -> None:
        """Wait for the end of an import that another thread has begun."""
        if client.__spec__ is not None:
            _call_back(client.__spec__)


def _call_back(spec: importlib.machinery.ModuleSpec) -> None:
    loader = spec.loader
    if loader is None:
        return
    execute = loader.exec_module

    def exec_module(module: ModuleType) -> None:
        execute(module)
        with _lock:
            if _is_wanted and not _replaced:
                _stop_watching()
                _replace(module)

    loader.exec_module = exec_module  # type: ignore[method-assign]

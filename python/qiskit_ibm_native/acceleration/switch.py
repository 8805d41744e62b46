# SPDX-License-Identifier: Apache-2.0
"""Turning acceleration on and off."""

from __future__ import annotations

import importlib
import sys
import warnings

# `threading` and `typing` would be nearly all of the time of this import, before a program has imported the client.
from _thread import RLock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType, TracebackType
    from typing import Any

    from typing_extensions import Self

_CLIENT = "qiskit_ibm_runtime"


class _State:
    """Whether acceleration is on, and what has been replaced."""

    def __init__(self) -> None:
        self.lock = RLock()
        #: Owner, name, original and replacement of each attribute that is replaced now.
        self.replaced: list[tuple[Any, str, Any, Any]] = []
        #: Watches for the import of the client, while acceleration waits for it.
        self.watch: _Watch | None = None
        #: The last warning; another call that ends in the same way does not warn again.
        self.refusal = ""

    def turn_on(self) -> None:
        # Waits for another thread that is importing the client, and not with the lock: that thread may wait for it.
        client = importlib.import_module(_CLIENT) if _CLIENT in sys.modules else None
        with self.lock:
            if self.is_on():
                return
            if client is not None:
                if getattr(client.__spec__, "_initializing", False):
                    self.refuse(
                        f"{_CLIENT} is not accelerated, because it is being imported. Call accelerate() before its"
                        " import begins, or after it ended."
                    )
                else:
                    self.replace(client)
            else:
                self.watch = _Watch()
                sys.meta_path.insert(0, self.watch)

    def is_on(self) -> bool:
        return bool(self.replaced) or self.watch is not None

    def turn_off(self) -> None:
        with self.lock:
            self.refusal = ""
            self.stop_watching()
            while self.replaced:
                owner, name, original, replacement = self.replaced.pop()
                # A mock that somebody has put there since is theirs to undo.
                if vars(owner).get(name) is replacement:
                    setattr(owner, name, original)

    def stop_watching(self) -> None:
        if self.watch in sys.meta_path:
            sys.meta_path.remove(self.watch)
        self.watch = None

    def is_imported(self, client: ModuleType) -> None:
        """Replace the seams of the client, whose import is complete."""
        with self.lock:
            # Nobody watches any more if it was undone meanwhile.
            if self.watch is not None:
                self.stop_watching()
                self.replace(client)

    def replace(self, client: ModuleType) -> None:
        """Replace all seams of the client, or none."""
        from .seams import KNOWN_VERSIONS, SeamError, bindings

        version = str(getattr(client, "__version__", "unknown"))
        series = ".".join(version.split(".")[:2])
        if series not in KNOWN_VERSIONS:
            known = f"{min(KNOWN_VERSIONS)} to {max(KNOWN_VERSIONS)}"
            message = (
                f"{_CLIENT} {version} is not accelerated: known are {known}. A later qiskit-ibm-native may know it."
            )
            self.refuse(message)
            return
        try:
            found = list(bindings(series))
        except SeamError as error:
            self.refuse(f"{_CLIENT} {version} is not accelerated: {error} is not as that version has it.")
            return
        # A function that several modules have imported gets one replacement.
        replacements: dict[int, Any] = {}
        for owner, name, original, replace in found:
            if id(original) not in replacements:
                replacements[id(original)] = replace(original)
            replacement = replacements[id(original)]
            self.replaced.append((owner, name, original, replacement))
            setattr(owner, name, replacement)
        self.refusal = ""

    def refuse(self, message: str) -> None:
        """Say once why the client is left as it is."""
        if message != self.refusal:
            self.refusal = message
            warnings.warn(message, RuntimeWarning, stacklevel=5)

    def describe(self) -> str:
        if self.replaced:
            return "on"
        if self.watch is not None:
            return "on, as soon as it is imported"
        return f"off. {self.refusal}" if self.refusal else "off"


class Acceleration:
    """The handle that :func:`accelerate` returns: a context manager that ends acceleration when it is left.

    Examples:
        >>> from qiskit_ibm_native import accelerate
        >>> from qiskit_ibm_native.acceleration import is_accelerated
        >>> acceleration = accelerate()
        >>> acceleration.undo()
        >>> is_accelerated()
        False
    """

    def __init__(self) -> None:
        """Take note of whether acceleration was on before."""
        self._was_on = _state.is_on()

    def undo(self) -> None:
        """End acceleration, whoever began it: every attribute of the client is the original again.

        Backends, models and targets that were made before stay as they are and may be used.
        """
        _state.turn_off()

    def __enter__(self) -> Self:
        # On already, unless it was undone meanwhile.
        _state.turn_on()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # Within the block of another one, that one goes on.
        if not self._was_on:
            self.undo()

    def __repr__(self) -> str:
        return f"<Acceleration of {_CLIENT}: {_state.describe()}>"

    def _repr_html_(self) -> str:
        from .. import _html

        word, _, reason = _state.describe().partition(". ")
        badge = _html.badge(word, "good" if _state.is_on() else "bad" if reason else "")
        return _html.panel(
            _html.heading(_CLIENT, kind="Acceleration", badges=[badge]), _html.note(reason) if reason else ""
        )


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

    Examples:
        >>> import qiskit_ibm_native
        >>> with qiskit_ibm_native.accelerate() as acceleration:  # or for the whole process, without `with`
        ...     print(acceleration)
        <Acceleration of qiskit_ibm_runtime: on...>
    """
    handle = Acceleration()
    _state.turn_on()
    return handle


def is_accelerated() -> bool:
    """Return whether the official client is accelerated now, or will be as soon as it is imported.

    Examples:
        >>> from qiskit_ibm_native.acceleration import is_accelerated
        >>> is_accelerated()
        False
    """
    return _state.is_on()


class _Watch:
    """A finder of modules that replaces the seams of the client when its import is complete.

    It does not inherit from ``importlib.abc``, whose import takes longer than everything else here.
    """

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find the client by the other finders, and have its loader call back."""
        if fullname != _CLIENT or _state.watch is not self:
            return None
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            if finder is self or find is None:
                continue
            spec: ModuleSpec | None = find(fullname, path, target)
            if spec is not None:
                _call_back(spec)
                return spec
        return None


def _call_back(spec: ModuleSpec) -> None:
    loader = spec.loader
    if loader is None:
        return
    execute = loader.exec_module

    def exec_module(module: ModuleType) -> None:
        execute(module)
        _state.is_imported(module)

    loader.exec_module = exec_module  # type: ignore[method-assign]


_state = _State()

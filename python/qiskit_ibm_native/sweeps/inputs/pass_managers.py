# SPDX-License-Identifier: Apache-2.0
"""Pass managers of a sweep: factories, stage plug-ins and options, and pass managers that run as they are."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from .choices import Choice, choices_of, wrong
from .fingerprint import fingerprint
from .pass_manager_content import content_of
from .pickling import Pickled, pickled


class Manager(NamedTuple):
    """The maker of a sweep's pass managers; Qiskit's own factory if there is neither a factory nor an object."""

    #: A function, or a pass manager.
    value: Any = None
    #: The same for workers.
    sent: Pickled | None = None
    #: Options of Qiskit's own factory.
    options: Mapping[str, Any] = {}
    #: Whether it is a pass manager, which runs as it is.
    is_object: bool = False
    #: Digest of the content of a pass manager.
    content: bytes | None = None

    @property
    def is_own(self) -> bool:
        """Whether Qiskit's own factory makes pass managers, which knows its options."""
        return self.value is None

    @property
    def label(self) -> str:
        """The name of a function or a pass manager; empty for Qiskit's own."""
        if self.content is not None:
            return f"{type(self.value).__name__} {self.content.hex()[:8]}"
        return "" if self.value is None else _qualified(self.value)


def manager_choices(given: Any) -> list[Choice]:
    """Return the values of the axis ``pass_manager``.

    Raises:
        IBMInputValueError: A value is no pass manager, or cannot be sent to workers.
    """
    return choices_of("pass_manager", given, is_one=_is_manager, read=_manager, text=_text, digest=_digest)


def _is_manager(value: Any) -> bool:
    from qiskit.passmanager import BasePassManager

    return value is None or callable(value) or isinstance(value, Mapping | BasePassManager) or not _is_iterable(value)


def _is_iterable(value: Any) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, str | bytes)


def _manager(value: Any) -> Manager:
    from qiskit.passmanager import BasePassManager

    if value is None:
        return Manager()
    if isinstance(value, Mapping):
        return Manager(options=dict(value))
    if isinstance(value, BasePassManager):
        return Manager(value, _sent_object(value), is_object=True, content=_content(value))
    if not callable(value):
        raise wrong(
            "pass_manager is a function (target, **options) -> PassManager, a PassManager, or a mapping of options, not"
            f" {value!r:.100}"
        )
    return Manager(value, pickled(value, f"pass_manager {_qualified(value)}"))


def _content(manager: Any) -> bytes:
    try:
        return fingerprint(content_of(manager))
    except Exception as error:
        raise wrong(
            f"pass_manager {type(manager).__name__} has something whose content cannot be read ({error}); give a factory:"
            " a function (target, **options) -> PassManager"
        ) from error


def _sent_object(manager: Any) -> Pickled:
    import dill  # type: ignore[import-untyped]  # a dependency of Qiskit

    try:
        # As Qiskit sends pass managers to processes: those of its own factory have functions within functions.
        content = dill.dumps(manager, protocol=5)
        pickle.loads(content)  # noqa: S301 (ours)
    except Exception as error:
        raise wrong(
            f"pass_manager {type(manager).__name__} cannot be sent to workers: {error}. Give a factory: a function"
            " (target, **options) -> PassManager"
        ) from error
    return Pickled(content, None)


def _text(manager: Manager) -> str:
    if manager.options:
        return ", ".join(f"{name}={value!r}" for name, value in manager.options.items())
    return manager.label or "qiskit"


def _digest(manager: Manager) -> bytes:
    return manager.content or fingerprint(manager.value, manager.options)


def _qualified(factory: Any) -> str:
    function = getattr(factory, "func", factory)
    kind = function if hasattr(function, "__qualname__") else type(function)
    return f"{kind.__module__}.{kind.__qualname__}"


def check_objects(managers: list[Choice], others: Mapping[str, bool]) -> None:
    """Check that nothing is asked of pass managers that run as they are.

    Args:
        managers: The values of the axis.
        others: Whether the sweep has something that such a pass manager would not obey, by argument.

    Raises:
        IBMInputValueError: There is such a thing.
    """
    given = [name for name, is_given in others.items() if is_given]
    for choice in managers:
        if choice.value.is_object and given:
            raise wrong(
                f"pass_manager {choice.name!r} is a {type(choice.value.value).__name__}, which has its own seed, target and"
                f" level and would not obey {' and '.join(given)}: give a factory, a function (target, **options) ->"
                " PassManager"
            )

# SPDX-License-Identifier: Apache-2.0
"""The options that all builders take, with their defaults."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypedDict, TypeVar

from .. import _native
from .operations import gate_table

Builder = TypeVar("Builder", bound=Callable[..., Any])


@dataclass(frozen=True)
class TargetOptions:
    """Options of :func:`build_target`, :func:`build_instruction_durations` and :func:`build_coupling_map`.

    Attributes:
        use_fractional_gates: ``False`` leaves out gates such as ``rx`` and ``rzz``, whose angle is continuous and whose
            duration is not zero. ``None`` and ``True`` keep the gates that the device has.
        include_control_flow: Whether to list control flow that the device supports.
        add_delay: Whether to list ``delay``.
        filter_faulty: Whether to leave out qubits and gates that the device reports as not operational. Operations that
            only the configuration lists stay, and so do the properties of faulty qubits.
        custom_name_mapping: Operations by name, for names that Qiskit does not know or defines otherwise.

    Examples:
        >>> from qiskit_ibm_native import Snapshot, build_target
        >>> from qiskit_ibm_native.target import TargetOptions
        >>> TargetOptions().filter_faulty  # the defaults of the arguments of builders
        True
        >>> target = build_target(Snapshot.load("fez"), include_control_flow=False)
        >>> list(target.operation_names)
        ['cz', 'id', 'rz', 'sx', 'x', 'delay', 'measure', 'reset']
    """

    use_fractional_gates: bool | None = None
    include_control_flow: bool = True
    add_delay: bool = True
    filter_faulty: bool = True
    custom_name_mapping: Mapping[str, Any] | None = None

    def planner(self) -> _native.Planner:
        """Return the native planner of targets with these options."""
        return _native.Planner(
            gate_table(self.custom_name_mapping),
            use_fractional_gates=self.use_fractional_gates is None or bool(self.use_fractional_gates),
            include_control_flow=self.include_control_flow,
            add_delay=self.add_delay,
            filter_faulty=self.filter_faulty,
        )


class TargetKeywords(TypedDict, total=False):
    """The fields of :class:`TargetOptions` as type checkers see them in the signatures of builders."""

    use_fractional_gates: bool | None
    include_control_flow: bool
    add_delay: bool
    filter_faulty: bool
    custom_name_mapping: Mapping[str, Any] | None


def shows_target_options(builder: Builder) -> Builder:
    """Give a builder a signature that lists the options in place of ``**options``, for ``help()``."""
    signature = inspect.signature(builder)
    positional = [item for item in signature.parameters.values() if item.kind is not item.VAR_KEYWORD]
    options = inspect.signature(TargetOptions).parameters.values()
    keywords = [option.replace(kind=inspect.Parameter.KEYWORD_ONLY) for option in options]
    builder.__signature__ = signature.replace(parameters=[*positional, *keywords])  # type: ignore[attr-defined]
    return builder

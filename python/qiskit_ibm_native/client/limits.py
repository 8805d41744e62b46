# SPDX-License-Identifier: Apache-2.0
"""Limits of the time of a call and of the size of a response."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from ..exceptions import IBMInputValueError

_VARIABLES = {
    "timeout": "QISKIT_IBM_NATIVE_TIMEOUT",
    "max_reply_bytes": "QISKIT_IBM_NATIVE_MAX_REPLY_BYTES",
    "max_result_bytes": "QISKIT_IBM_NATIVE_MAX_RESULT_BYTES",
}
#: Largest values: a year in seconds, a TiB in bytes. More can only be a mistake of units.
_MOST = {"timeout": 31_536_000, "max_reply_bytes": 2**40, "max_result_bytes": 2**40}


@dataclass(frozen=True)
class Limits:
    """Limits of the time of a call and of the size of a response, both compressed and decompressed.

    Attributes:
        timeout: Seconds for a call with all its connections, repetitions and searches.
        max_reply_bytes: Bytes of a response. The largest payload that a device publishes has 1.1 million.
        max_result_bytes: Bytes of the results of a job.
    """

    timeout: float = 60.0
    max_reply_bytes: int = 2**26
    max_result_bytes: int = 2**28

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            IBMInputValueError: A value is no number, or out of range.
        """
        for name, variable in _VARIABLES.items():
            value = getattr(self, name)
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if not is_number or not 0 < value <= _MOST[name] or (name != "timeout" and not isinstance(value, int)):
                raise IBMInputValueError(
                    f"{name} is {value!r}; it must be {'a number of seconds' if name == 'timeout' else 'an integer'}"
                    f" above 0, of a year or a TiB at most (argument {name}=, or the variable {variable})."
                )


def limits_of(**given: Any) -> Limits:
    """Return limits by the arguments, the environment and the defaults, in this order.

    Args:
        **given: Attributes of :class:`Limits`; ``None`` for those that are not given.

    Raises:
        IBMInputValueError: A value is no number, or out of range.
    """
    values = {name: value for name, value in given.items() if value is not None}
    for name, variable in _VARIABLES.items():
        text = os.environ.get(variable, "")
        if text and name not in values:
            values[name] = _number(text)
    return Limits(**values)


def _number(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text

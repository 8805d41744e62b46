# SPDX-License-Identifier: Apache-2.0
"""One finding of a health check."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

#: ``ok``; ``missing``: something that is optional and not there; ``advice``: it works, and could be better;
#: ``problem``: something does not work until somebody does something.
State = Literal["ok", "missing", "advice", "problem"]


@dataclass(frozen=True)
class Finding:
    """One finding of a health check.

    Attributes:
        topic: The part of the installation, such as ``"packages"``.
        name: The thing that was looked at.
        value: What was found.
        state: ``"ok"``; ``"missing"`` for something optional that is not there; ``"advice"`` for something that works
            and could be better; ``"problem"`` for something that does not work until somebody does something.
        advice: What to do: a command, or a sentence.

    Examples:
        >>> from qiskit_ibm_native.diagnosis import Finding
        >>> print(Finding("packages", "Graphviz", "not found", "missing", "apt install graphviz"))
        packages: Graphviz: not found (missing): apt install graphviz
    """

    topic: str
    name: str
    value: str
    state: State = "ok"
    advice: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the finding for JSON."""
        return asdict(self)

    def __str__(self) -> str:
        told = f"{self.topic}: {self.name}: {self.value}"
        return told if self.state == "ok" else f"{told} ({self.state})" + (f": {self.advice}" if self.advice else "")

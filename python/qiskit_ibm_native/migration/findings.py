# SPDX-License-Identifier: Apache-2.0
"""A finding in a script."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    r"""Something in a script that is not as it was in 2023.

    Attributes:
        line: Number of the line, from 1.
        old: The code.
        new: The code that replaces it, or ``None`` if that is left to the user.
        reason: Why, and what to do if something is left to do.

    Examples:
        >>> from pathlib import Path
        >>> from qiskit_ibm_native.migration import migrate_scripts
        >>> _ = Path("old.py").write_text("from qiskit_ibm_provider import IBMProvider\n")
        >>> (migration,) = migrate_scripts(["old.py"])
        >>> migration.findings[0].line, migration.findings[0].new
        (1, 'from qiskit_ibm_native import IBMProvider')
    """

    line: int
    old: str
    new: str | None
    reason: str

# SPDX-License-Identifier: Apache-2.0
"""Scripts of 2023 as they are written today: what would change, and changing it.

The rules are about qiskit-ibm-provider 0.11, Qiskit's IBMQ, and what their users took from Qiskit beside them. They
work on syntax trees, so that comments and layout stay. The extra ``qiskit-ibm-native[migrate]`` is needed.
"""

from __future__ import annotations

from .findings import Finding
from .scripts import Migration, migrate_scripts

__all__ = ["Finding", "Migration", "migrate_scripts"]


def require_packages() -> None:
    """Raise MissingPackageError if packages of the extra are missing."""
    from .._extras import require

    require(["libcst"], "migrate", "Migrations of scripts")

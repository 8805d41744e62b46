# SPDX-License-Identifier: Apache-2.0
"""The command line in a process of its own whose output goes into pipes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

COMMAND = (sys.executable, "-m", "qiskit_ibm_native")


def piped(
    *arguments: str | bytes, home: Path | str | None = None, cwd: Path | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run the command, and return its exit status and what it wrote to both pipes.

    Args:
        arguments: The arguments.
        home: The home of the user.
        cwd: The current folder.
        variables: Environment variables.
    """
    environment = {**os.environ, **({} if home is None else {"HOME": str(home)}), **variables}
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, errors="surrogateescape", env=environment, cwd=cwd, check=False,
        timeout=120,
    )  # fmt: skip

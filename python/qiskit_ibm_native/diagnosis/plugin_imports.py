# SPDX-License-Identifier: Apache-2.0
"""The program of a child process: import plug-ins of Qiskit package by package, and print their times as JSON."""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points
from typing import Any

#: Groups of entry points that Qiskit loads as a whole when it needs one of them.
_GROUPS = (
    *(f"qiskit.transpiler.{stage}"
      for stage in ("init", "layout", "routing", "translation", "optimization", "scheduling")),
    "qiskit.synthesis", "qiskit.unitary_synthesis",
)  # fmt: skip


def main() -> None:
    """Print a list with package, names, processor time and error of each package."""
    warnings.simplefilter("ignore")
    by_package: dict[str, list[EntryPoint]] = {"qiskit": []}
    for group in _GROUPS:
        for entry in entry_points(group=group):
            by_package.setdefault("unknown" if entry.dist is None else entry.dist.name, []).append(entry)
    found = [imported(package, entries) for package, entries in by_package.items()]
    # Qiskit's own are too many to be told.
    found[0]["names"] = []
    sys.stdout.write(f"\n{json.dumps(found)}\n")


def imported(package: str, entries: Iterable[EntryPoint]) -> dict[str, Any]:
    """Import the plug-ins of a package; return its name, theirs, the processor time, and the first error."""
    error, names = None, []
    begin = time.process_time()
    if package == "qiskit":
        import qiskit.transpiler.preset_passmanagers  # noqa: F401
    for entry in entries:
        names.append(entry.name)
        try:
            entry.load()
        except Exception as problem:
            error = error or f"{type(problem).__name__}: {problem}"
    return {"package": package, "names": names, "seconds": time.process_time() - begin, "error": error}

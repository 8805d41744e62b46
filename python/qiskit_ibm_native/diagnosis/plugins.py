# SPDX-License-Identifier: Apache-2.0
"""Plug-ins of other packages that Qiskit imports when it first transpiles, in every process that does, and their times.

Each package is imported in a child process, one after the other, so that the time of a package is what it adds to those
before it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import NamedTuple

from .._processes import import_path
from .._words import listed, quantity
from .finding import Finding

TOPIC = "plug-ins of Qiskit"
#: Processor time of a package that is worth a word, s: about that of Qiskit's own import.
SLOW = 0.3
_TIMEOUT = 120.0
_PROGRAM = """
import sys
sys.path[:] = {path!r}
from qiskit_ibm_native.diagnosis.plugin_imports import main
main()
"""


class PluginTime(NamedTuple):
    """Plug-ins of one package.

    Attributes:
        package: The name of the package.
        names: Names of its plug-ins.
        seconds: Processor time of importing them, s.
        error: The error that importing raised, if it did.
    """

    package: str
    names: tuple[str, ...]
    seconds: float
    error: str | None


def plugin_times() -> list[PluginTime]:
    """Return times of the packages whose plug-ins Qiskit imports, Qiskit itself first.

    Raises:
        RuntimeError: The child process failed.
    """
    command = [sys.executable, "-c", _PROGRAM.format(path=import_path())]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RuntimeError(f"they could not be imported in a process of their own: {error}") from error
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        raise RuntimeError(f"they could not be imported in a process of their own: {last}")
    # Packages may print while they are imported: our line is the last one.
    found = json.loads(done.stdout.strip().splitlines()[-1])
    return [PluginTime(each["package"], tuple(each["names"]), each["seconds"], each["error"]) for each in found]


def plugin_findings(times: list[PluginTime] | None = None) -> Iterator[Finding]:
    """Yield a finding for each package with plug-ins.

    Args:
        times: The times; measured by default.
    """
    for each in plugin_times() if times is None else times:
        told = f"{quantity(each.seconds, 's', 2)} of processor time"
        if each.names:
            told += f" for {listed(list(each.names))}"
        if each.error is not None:
            advice = f"pip install --upgrade {each.package}, or pip uninstall {each.package}: Qiskit warns each time"
            yield Finding(TOPIC, each.package, f"cannot be imported: {each.error}", "problem", advice)
        elif each.seconds >= SLOW and each.package not in {"qiskit", "qiskit-ibm-native"}:
            advice = f"pip uninstall {each.package}, if you do not need it: every process that transpiles imports it"
            yield Finding(TOPIC, each.package, told, "advice", advice)
        else:
            yield Finding(TOPIC, each.package, told)

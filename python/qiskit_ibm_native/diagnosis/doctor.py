# SPDX-License-Identifier: Apache-2.0
"""The health check as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from .finding import Finding


def examine(*, online: bool = False) -> Iterator[Finding]:
    """Look at the installation and the machine; yield what was found as it is found.

    Nothing is changed or made. Two child processes are started, for the threads of numpy and for Qiskit's plug-ins. A
    check that fails is a finding, and the others go on.

    Args:
        online: Whether to ask the service about the account; nothing else uses the network.

    Examples:
        >>> from qiskit_ibm_native.diagnosis import examine
        >>> sorted({finding.topic for finding in examine()})
        ['account', 'extras', 'files', 'machine', 'packages', 'plug-ins of Qiskit']
    """
    from . import account, machine, packages, places, plugins

    checks: dict[str, Callable[[], Iterator[Finding]]] = {
        packages.TOPIC: packages.package_findings,
        machine.TOPIC: machine.machine_findings,
        places.TOPIC: places.place_findings,
        account.TOPIC: partial(account.account_findings, online=online),
        plugins.TOPIC: plugins.plugin_findings,
    }
    for topic, check in checks.items():
        try:
            yield from check()
        except Exception as error:
            yield Finding(topic, "check", f"failed: {type(error).__name__}: {error}", "problem", "please report this")

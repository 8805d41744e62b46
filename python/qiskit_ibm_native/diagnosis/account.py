# SPDX-License-Identifier: Apache-2.0
"""The account: where it comes from, whether it is valid, and, if that is asked for, whether the service takes it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator

from .._words import count, listed
from ..accounts import LOCAL_CHANNEL, discover_account
from ..accounts.file import path_of
from .finding import Finding

TOPIC = "account"
_SAVE = "qiskit-ibm-native account save; without an account, use channel local"
#: Devices that are told by name.
_TOLD = 6


def account_findings(*, online: bool = False) -> Iterator[Finding]:
    """Yield findings about the account that a provider without arguments would use.

    Args:
        online: Whether to ask the service.
    """
    from ..exceptions import AccountNotFoundError, IBMError

    if os.environ.get("QISKIT_IBM_CHANNEL") == LOCAL_CHANNEL:
        yield Finding(TOPIC, "channel", "local, by QISKIT_IBM_CHANNEL: circuits run on this machine")
        return
    yield from _file_finding()
    try:
        account = discover_account()
    except AccountNotFoundError:
        yield Finding(TOPIC, "account", "none", "missing", _SAVE)
        return
    except (IBMError, ValueError) as error:
        yield Finding(TOPIC, "account", str(error), "problem", "qiskit-ibm-native account save --overwrite")
        return
    source = "by QISKIT_IBM_TOKEN" if os.environ.get("QISKIT_IBM_TOKEN") else "saved"
    instance = "all instances" if account.instance in (None, "auto") else "one instance"
    yield Finding(TOPIC, "account", f"{source}, channel {account.channel}, {instance}")
    if online:
        yield from _online_findings()


def _file_finding() -> Iterator[Finding]:
    path = path_of(None)
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return
    if mode & 0o077:
        advice = f"chmod 600 {path}: others on this machine can read your keys"
        yield Finding(TOPIC, "file", f"{path}, mode {mode:o}", "problem", advice)
    else:
        yield Finding(TOPIC, "file", f"{path}, for you alone")


def _online_findings() -> Iterator[Finding]:
    from ..exceptions import IBMError
    from ..provider.provider import IBMProvider
    from .instances import instance_states

    try:
        with IBMProvider() as provider:
            states = instance_states(provider)
    except IBMError as error:
        yield Finding(TOPIC, "service", str(error), "problem", "qiskit-ibm-native account test says more")
        return
    for state in states:
        name = f"instance {state.name or 'without a name'}"
        if state.error is not None:
            yield Finding(TOPIC, name, state.error, "problem", "check the instance at the IBM Cloud, or choose another")
            continue
        shown = list(state.devices[:_TOLD])
        if len(state.devices) > _TOLD:
            shown.append(count(len(state.devices) - _TOLD, "other"))
        yield Finding(TOPIC, name, f"{state.plan}, {state.region}: {listed(shown) or 'no devices'}")

# SPDX-License-Identifier: Apache-2.0
"""``qiskit-ibm-native account``: the accounts of the user, whose keys are never printed."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from . import completing, connecting, output
from .options import Json, one_of

_TOKEN = "QISKIT_IBM_TOKEN"  # noqa: S105 (the name of a variable)
_CHANNELS = ("ibm_quantum_platform", "ibm_cloud")
_MASK = "***"


def save_account(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="The name of the account.")] = None,
    channel: Annotated[
        str, one_of("--channel", _CHANNELS, f"The kind of service: {' or '.join(_CHANNELS)}.", "CHANNEL")
    ] = _CHANNELS[0],
    instance: connecting.Instance = None,
    region: Annotated[
        str | None, typer.Option("--region", metavar="REGION", help="Without an instance: use those of this region.")
    ] = None,
    url: Annotated[
        str | None, typer.Option("--url", metavar="URL", help="The address of the service, if it is not the IBM Cloud.")
    ] = None,
    default: Annotated[bool, typer.Option("--default", help="Use it where no account is asked for.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an account of that name.")] = False,
    token: Annotated[
        str | None,
        typer.Option("--token", metavar="KEY", help="The API key; other users of the machine may see it here."),
    ] = None,
) -> None:
    """Save an account in the file that qiskit-ibm-runtime reads, too; nobody but you may read it.

    The API key is asked for without showing it. In a script it is read from QISKIT_IBM_TOKEN, or from standard input.

    Examples:
        qiskit-ibm-native account save
        qiskit-ibm-native account save work --instance crn:v1:... --default
        pass show ibm-quantum | qiskit-ibm-native account save
    """
    from ..exceptions import AccountAlreadyExistsError
    from ..provider.provider import IBMProvider

    key = _key(token)
    try:
        IBMProvider.save_account(
            token=key, name=name, channel=channel, instance=instance, region=region, url=url, overwrite=overwrite,
            set_as_default=default or None,
        )  # fmt: skip
    except AccountAlreadyExistsError as error:
        # Programs get the whole answer.
        told = str(error).partition(" Set overwrite=True")[0]
        raise AccountAlreadyExistsError(f"{told} Add --overwrite to replace it.") from None
    output.message(f"The account {name or 'of this channel'} is saved; 'account test' tries it.")


def _key(given: str | None) -> str:
    """Return the API key, from where nobody else sees it.

    Raises:
        IBMInputValueError: There is none.
    """
    from ..exceptions import IBMInputValueError

    if given is not None:
        output.message(
            f"--token shows the key to other users (ps) and in the history of the shell; {_TOKEN} or the prompt do not."
        )
        return given.strip()
    known = os.environ.get(_TOKEN, "").strip()
    if sys.stdin is not None and sys.stdin.isatty():
        from getpass import getpass

        hint = f" (Enter for that of {_TOKEN})" if known else ""
        key = getpass(f"API key{hint}: ").strip() or known
    elif known:
        output.message(f"The key is that of {_TOKEN}.")
        key = known
    else:
        key = "" if sys.stdin is None else sys.stdin.readline().strip()
    if not key:
        raise IBMInputValueError(
            f"There is no API key: type it at the prompt, set {_TOKEN}, or give it on standard input."
        )
    return key


def list_accounts(json: Json = False) -> None:
    """List saved accounts, without their keys.

    Examples:
        qiskit-ibm-native account list
        qiskit-ibm-native account list --json
    """
    from ..accounts import saved_accounts

    entries = saved_accounts()
    if json:
        output.document([{"name": name, **_without_key(entry)} for name, entry in sorted(entries.items())])
        return
    rows = [
        [name, "yes" if entry.get("is_default_account") else "", _instance(entry), str(entry.get("channel", "-"))]
        for name, entry in sorted(entries.items())
    ]
    output.table(
        ["Account", *(output.Column(title, is_optional=True) for title in ("Default", "Instance", "Channel"))],
        rows,
        empty="No account is saved; 'account save' saves one.",
    )


def _without_key(entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry of the file for people: keys and passwords are masked, and addresses have none."""
    from .._redaction import without_secrets

    shown = {key: value for key, value in entry.items() if key not in {"token", "proxies"}}
    if isinstance(shown.get("url"), str):
        shown["url"] = without_secrets(shown["url"])
    return {**shown, "token": _MASK, **({"proxies": _MASK} if entry.get("proxies") else {})}


def _instance(entry: dict[str, Any]) -> str:
    instance = entry.get("instance")
    if not isinstance(instance, str) or instance == "auto":
        return f"all of {entry['region']}" if entry.get("region") else "all"
    return short_crn(instance)


def short_crn(instance: str) -> str:
    """Return a name as it is, and of a CRN its region and its end, which tell two apart."""
    parts = instance.split(":")
    return f"{parts[5]}, ...{parts[7][-8:]}" if instance.startswith("crn:") and len(parts) > 7 else instance


def delete_account(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The account.", autocompletion=completing.accounts)],
) -> None:
    """Delete a saved account; its key stays valid until it is deleted at the IBM Cloud.

    Examples:
        qiskit-ibm-native account delete work
    """
    from .. import accounts
    from ..exceptions import AccountNotFoundError
    from .program import did_you_mean

    if not accounts.delete_account(name):
        known = sorted(accounts.saved_accounts())
        there = f" There are {', '.join(known)}." if known else " None is saved."
        raise AccountNotFoundError(f"There is no account {name!r}.{did_you_mean(name, known) or there}")
    output.message(f"The account {name} is deleted.")


def try_account(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            help="The account; by default the one that IBMProvider() uses.",
            autocompletion=completing.accounts,
        ),
    ] = None,
    channel: connecting.Channel = None,
    instance: connecting.Instance = None,
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", min=1, help="Seconds for each request at most.")
    ] = 30.0,
    json: Json = False,
) -> int:
    """Ask the service whether it takes an account, and which of its instances can be reached.

    The exit status is 1 if an instance cannot be reached, and 2 if the account is not taken at all.

    Examples:
        qiskit-ibm-native account test
        qiskit-ibm-native account test work --json
    """  # fmt: skip
    from .._words import count
    from ..diagnosis.instances import instance_states

    with connecting.provider_of(channel, name, instance, timeout=timeout) as provider:
        states = instance_states(provider)
    if json:
        output.document([state.to_dict() for state in states])
    else:
        rows: list[list[str | output.Styled]] = [
            [
                state.name or short_crn(state.crn),
                output.Styled("reachable", "green") if state.is_reachable else output.Styled(str(state.error), "bold red"),
                _devices(state.devices), state.plan, state.region or "-",
            ]
            for state in states
        ]  # fmt: skip
        columns = [output.Column(title, is_optional=True) for title in ("Devices", "Plan", "Region")]
        output.table(["Instance", "State", *columns], rows)
    failed = sum(not state.is_reachable for state in states)
    if failed:
        output.message(f"{count(failed, 'instance')} of {len(states)} cannot be reached.")
    return 1 if failed else 0


def _devices(names: Sequence[str], most: int = 3) -> str:
    """Return names of devices; a terminal shows some of them."""
    if len(names) <= most or not output.is_terminal():
        return ", ".join(names) or "-"
    return f"{', '.join(names[:most])} and {len(names) - most} more"

# SPDX-License-Identifier: Apache-2.0
"""Options of verbs that use an account or a service on this machine, and the provider that they mean."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import completing

if TYPE_CHECKING:
    from ..provider.provider import IBMProvider

LOCAL = "local"
#: The kind of service.
Channel = Annotated[
    str | None,
    typer.Option(
        "--channel",
        metavar="CHANNEL",
        help="'local' for a service on this machine, 'ibm_quantum_platform' for the account (default: as IBMProvider()).",
        autocompletion=completing.channels,
    ),
]
#: A saved account.
AccountName = Annotated[
    str | None,
    typer.Option("--name", metavar="NAME", help="A saved account.", autocompletion=completing.accounts),
]
#: An instance of the account.
Instance = Annotated[
    str | None, typer.Option("--instance", metavar="INSTANCE", help="Name or CRN of an instance of the account.")
]
#: The file of local jobs.
Store = Annotated[
    Path | None,
    typer.Option(
        "--store", metavar="FILE", help="With the channel local: the file of jobs; by default that of the user."
    ),
]
#: Level of the transpiler.
Level = Annotated[
    int, typer.Option("--level", metavar="0-3", min=0, max=3, help="Optimization level of the transpiler.")
]
#: Seed of the transpiler.
Seed = Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Seed of the transpiler.")]


def is_local(channel: str | None, account: str | None = None) -> bool:
    """Return whether a channel is that of a service on this machine, by the environment if it is not given."""
    return channel == LOCAL or (
        channel is None and account is None and os.environ.get("QISKIT_IBM_CHANNEL", "") == LOCAL
    )


def provider_of(
    channel: str | None, account: str | None = None, instance: str | None = None, store: Path | None = None,
    **options: Any,
) -> IBMProvider:  # fmt: skip
    """Return the provider that options mean; a service on this machine is started for it.

    Args:
        channel: The channel.
        account: The name of a saved account.
        instance: An instance of it.
        store: The file of local jobs.
        options: Other arguments of :class:`IBMProvider`, or of the channel ``local``.

    Raises:
        IBMError: There is no such account, or the service does not take it.
    """
    from ..provider.provider import IBMProvider

    if not is_local(channel, account):
        if store is not None:
            raise typer.BadParameter("--store is for the channel local; add --channel local.")
        return IBMProvider(channel=channel, name=account, instance=instance, **options)
    if account is not None:
        raise typer.BadParameter("--name is for the platform; the channel local needs no account.")
    return IBMProvider(channel=LOCAL, instance=instance, store=store, **options)

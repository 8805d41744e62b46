# SPDX-License-Identifier: Apache-2.0
"""Channels: where a provider's requests go.

The cloud's channels are here. Others are installed: an entry point of the group ``qiskit_ibm_native.channels`` is a
function that is called with ``instance``, ``archive`` and the options of the channel, and returns a
:class:`Connection`.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Protocol

from .._progress import waiting
from ..accounts import CLOUD_CHANNELS, LOCAL_CHANNEL, Account, ProxyConfiguration, discover_account
from ..client.endpoint import Endpoint, UrlResolver, cloud_endpoint
from ..exceptions import IBMInputValueError, InvalidAccountError

if TYPE_CHECKING:
    from .._moments import Time
    from ..archive import CalibrationArchive

GROUP = "qiskit_ibm_native.channels"


class MovableClock(Protocol):
    """The clock of a service that can be in the past."""

    def now(self) -> datetime.datetime:
        """Return the time of the service, in UTC."""

    def move_to(self, time: Time) -> datetime.datetime:
        """Set the clock; return its time, in UTC."""

    def advance(
        self,
        duration: datetime.timedelta | None = None,
        *,
        days: float = 0,
        hours: float = 0,
        minutes: float = 0,
        seconds: float = 0,
    ) -> datetime.datetime:
        """Set the clock to later; return its time, in UTC."""


@dataclass(frozen=True)
class Connection:
    """The endpoint and account of a provider.

    Attributes:
        endpoint: The address of the service and the key for it.
        account: The account, if there is one.
        close: Releases the resources that were started for the connection.
        archive: The archive that calibrations are recorded into, as the provider was given it.
        clock: The clock of a service that has another time than this machine.
    """

    endpoint: Endpoint
    account: Account | None = None
    close: Callable[[], None] = lambda: None
    archive: CalibrationArchive | str | os.PathLike[str] | bool | None = None
    clock: MovableClock | None = None


def connect(
    *,
    token: str | None,
    url: str | None,
    name: str | None,
    instance: str | None,
    proxies: dict[str, Any] | None,
    verify: bool | None,
    channel: str | None,
    url_resolver: UrlResolver | None,
    archive: CalibrationArchive | str | os.PathLike[str] | bool | None,
    account_options: dict[str, Any],
    channel_options: dict[str, Any],
) -> Connection:
    """Return the connection that the arguments of a provider ask for.

    Raises:
        AccountNotFoundError: There is no account.
        InvalidAccountError: It is not valid, or there is no such channel.
        IBMInputValueError: An option makes no sense for the channel.
    """
    if channel is None and not token and not name and os.environ.get("QISKIT_IBM_CHANNEL") == LOCAL_CHANNEL:
        channel = LOCAL_CHANNEL
    if channel in (None, *CLOUD_CHANNELS, "ibm_quantum"):
        if channel_options:
            raise IBMInputValueError(
                f"Unknown arguments for this channel: {sorted(channel_options)}. Leave them out, or name a channel that has"
                f" them, such as channel={LOCAL_CHANNEL!r}."
            )
        account = discover_account(
            token, url, name, channel, instance=instance, verify=verify,
            proxies=None if proxies is None else ProxyConfiguration.from_dict(proxies), **account_options,
        )  # fmt: skip
        return Connection(cloud_endpoint(account, url_resolver), account, archive=archive)
    for entry in entry_points(group=GROUP, name=str(channel)):
        with waiting(f"Opening the channel {channel!r}"):
            opened: Connection = entry.load()(instance=instance, archive=archive, **channel_options)
        return opened
    installed = sorted({*CLOUD_CHANNELS, *(entry.name for entry in entry_points(group=GROUP))})
    raise InvalidAccountError(f"Invalid `channel` value. Expected one of {installed}, got {channel!r}.")

# SPDX-License-Identifier: Apache-2.0
"""Accounts of IBM Cloud: saved in the file that is shared with the official client, or given by the environment.

The file is ``~/.qiskit/qiskit-ibm.json``, a JSON object of accounts by name. Entries that this package does not know
stay as they are. Reading never creates the file; saving replaces it as a whole, with mode 0600, and leaves the file of
its lock, ``.qiskit-ibm.json.lock``, beside it. The folder has mode 0700. A file or folder of the user that is open to
others is closed to them when accounts are read or saved.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from .._logger import logger
from .file import changing, invalid, path_of, read_entries
from .urls import CLOUD_URL, safe_repr, url_problem

CLOUD_CHANNELS = ("ibm_quantum_platform", "ibm_cloud")
LOCAL_CHANNEL = "local"
DEFAULT_URL = CLOUD_URL
_DEFAULT_NAMES = {"ibm_quantum_platform": "default-ibm-quantum-platform", "ibm_cloud": "default-ibm-cloud"}
_RETIRED = (
    "the channel ibm_quantum and its hub/group/project instances were shut down in 2025; use an IBM Cloud API key with"
    ' channel="ibm_quantum_platform" and the CRN of an instance'
)


@dataclass(frozen=True)
class ProxyConfiguration:
    """URLs and NTLM credentials of proxies.

    Attributes:
        urls: Proxies by protocol or by protocol and host, as ``requests`` takes them.
        username_ntlm: User name, for proxies that require NTLM.
        password_ntlm: Password of that user.

    Examples:
        >>> from qiskit_ibm_native import IBMProvider, ProxyConfiguration
        >>> proxies = ProxyConfiguration(urls={"https": "http://proxy.example.org:3128"})
        >>> proxies.validate()
        >>> IBMProvider.save_account(token="your API key", proxies=proxies.to_dict())
    """

    urls: Mapping[str, str] = field(default_factory=dict, repr=False)
    username_ntlm: str | None = None
    password_ntlm: str | None = field(default=None, repr=False)

    @classmethod
    def from_dict(cls, data: Any) -> ProxyConfiguration:
        """Return the configuration that an account's entry has.

        Raises:
            ValueError: ``data`` is no mapping with the names of attributes as keys, or a value is not valid.
        """
        known = {attribute.name for attribute in fields(cls)}
        if not isinstance(data, Mapping) or not set(data) <= known:
            raise ValueError(f"Invalid proxy configuration: expected a dictionary with the keys {sorted(known)}.")
        configuration = cls(**data)
        configuration.validate()
        return configuration

    def validate(self) -> None:
        """Check the configuration.

        Raises:
            ValueError: ``urls`` is no mapping from text to text, or only one of user name and password is given.
        """
        if not isinstance(self.urls, Mapping) or not all(
            isinstance(part, str) for item in self.urls.items() for part in item
        ):
            raise ValueError("Invalid proxy configuration: `urls` must be a dictionary from protocols to URLs.")
        if not all(isinstance(part, str | None) for part in (self.username_ntlm, self.password_ntlm)):
            raise ValueError("Invalid proxy configuration: `username_ntlm` and `password_ntlm` must be strings.")
        if bool(self.username_ntlm) != bool(self.password_ntlm):
            raise ValueError("Invalid proxy configuration: give both `username_ntlm` and `password_ntlm`, or neither.")

    def to_dict(self) -> dict[str, Any]:
        """Return the configuration for an account's entry, without empty values."""
        given = {attribute.name: getattr(self, attribute.name) for attribute in fields(self)}
        return {key: value for key, value in given.items() if value}


@dataclass(frozen=True)
class Account:
    """Credentials and instance filter of one saved or discovered IBM Cloud account.

    Attributes:
        channel: ``"ibm_quantum_platform"``, or its other name ``"ibm_cloud"``.
        token: The API key.
        url: The base URL of the IBM Cloud, which begins with ``https://``; ``http://`` is for this machine only.
        instance: CRN or name of an instance; ``"auto"`` or ``None`` means all instances of the account.
        proxies: Proxies to connect through.
        verify: Whether to verify the server's certificate.
        private_endpoint: Whether to use the endpoints of IBM Cloud's private network.
        region: Region of the instances to use if ``instance`` is not given.
        plans_preference: Plans of the instances to use if ``instance`` is not given, the preferred one first.
        tags: Tags that the instances to use all have if ``instance`` is not given.

    Examples:
        >>> from qiskit_ibm_native import Account
        >>> account = Account(channel="ibm_quantum_platform", token="your API key", region="us-east")
        >>> account.validate()
        >>> print(account)  # never shows the key
        Account(channel='ibm_quantum_platform', url='https://cloud.ibm.com', instance=None, ...
    """

    channel: str
    token: str = field(repr=False)
    url: str = DEFAULT_URL
    instance: str | None = None
    proxies: ProxyConfiguration | None = None
    verify: bool = True
    private_endpoint: bool = False
    region: str | None = None
    plans_preference: tuple[str, ...] | None = None
    tags: tuple[str, ...] | None = None

    def __repr__(self) -> str:
        return safe_repr(self)

    @classmethod
    def from_entry(cls, entry: Mapping[str, Any]) -> Account:
        """Return the account of an entry of the file; keys that this package does not know are left out.

        Raises:
            InvalidAccountError: The account is not valid.
        """
        known = {attribute.name for attribute in fields(cls)}
        values = {key: value for key, value in entry.items() if key in known and value is not None}
        try:
            if "proxies" in values:
                values["proxies"] = ProxyConfiguration.from_dict(values["proxies"])
            for key in ("plans_preference", "tags"):
                if key in values:
                    values[key] = tuple(values[key])
            account = cls(**{"token": "", "channel": "", **values})
        except (TypeError, ValueError) as error:
            raise invalid(str(error)) from None
        account.validate()
        return account

    def validate(self) -> None:
        """Check that the account may be used.

        Raises:
            InvalidAccountError: An attribute is missing or has a value that is not valid.
            ValueError: The proxies are not valid.
        """
        if self.channel == "ibm_quantum":
            raise invalid(f"Invalid `channel` value. {_RETIRED[0].upper()}{_RETIRED[1:]}.")
        if self.channel not in CLOUD_CHANNELS:
            raise invalid(
                f"Invalid `channel` value. Expected one of {list(CLOUD_CHANNELS)}, got {self.channel!r};"
                ' channel="local" needs no account.'
            )
        if not isinstance(self.token, str) or not self.token:
            raise invalid("Invalid `token` value. Expected a non-empty string.")
        problem = url_problem(self.url)
        if problem is not None:
            raise invalid(f"Invalid `url` value. {problem}.")
        if self.instance is not None and (not isinstance(self.instance, str) or not self.instance):
            raise invalid("Invalid `instance` value. Expected a CRN or the name of an instance.")
        if self.instance is not None and self.instance.count("/") == 2 and not self.instance.startswith("crn:"):
            raise invalid(f"Invalid `instance` value. {_RETIRED[0].upper()}{_RETIRED[1:]}.")
        if self.proxies is not None:
            self.proxies.validate()

    def to_entry(self) -> dict[str, Any]:
        """Return the account as an entry of the file, which the official client reads, too."""
        entry = {attribute.name: getattr(self, attribute.name) for attribute in fields(self)}
        entry = {key: value for key, value in entry.items() if value is not None}
        if self.proxies is not None:
            entry["proxies"] = self.proxies.to_dict()
        if self.verify:
            del entry["verify"]
        return {key: list(value) if isinstance(value, tuple) else value for key, value in entry.items()}


def save_account(
    account: Account,
    name: str | None = None,
    filename: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    set_as_default: bool | None = None,
) -> None:
    """Save an account.

    Args:
        account: The account, which is validated first.
        name: Name of the account; by default one that is made from the channel.
        filename: The file, by default the user's.
        overwrite: Whether to replace an account of that name, and to move the mark of the default account.
        set_as_default: Whether to mark this account as the default one.

    Raises:
        AccountAlreadyExistsError: ``overwrite`` is not set, and there is an account of that name or a default account.
        InvalidAccountError: The account or the file is not valid, or another process keeps the file locked.

    Examples:
        >>> from qiskit_ibm_native.accounts import Account, save_account, saved_accounts
        >>> save_account(Account(channel="ibm_quantum_platform", token="your API key"), name="work")
        >>> list(saved_accounts())
        ['work']
    """
    account.validate()
    name = name or _DEFAULT_NAMES[account.channel]
    entry = account.to_entry()
    with changing(path_of(filename)) as entries:
        if name in entries and not overwrite:
            from ..exceptions import AccountAlreadyExistsError

            raise AccountAlreadyExistsError(f"Named account ({name}) already exists. Set overwrite=True to overwrite.")
        if set_as_default:
            marked = [other for other in entries if _is_marked(entries[other]) and other != name]
            if marked and not overwrite:
                from ..exceptions import AccountAlreadyExistsError

                raise AccountAlreadyExistsError(
                    f"Account ({marked[0]}) is the default account. Set overwrite=True to make {name} the default."
                )
            for former in marked:
                del entries[former]["is_default_account"]
            entry["is_default_account"] = True
        entries[name] = entry


def saved_accounts(
    default: bool | None = None,
    name: str | None = None,
    channel: str | None = None,
    filename: str | os.PathLike[str] | None = None,
) -> dict[str, dict[str, Any]]:
    """Return the entries of saved accounts by name, API keys included.

    Args:
        default: ``True`` for accounts with the default name of a channel only, ``False`` for all others.
        name: Name of the one account to return.
        channel: Channel of the accounts to return.
        filename: The file, by default the user's.

    Raises:
        InvalidAccountError: The file is not valid.

    Examples:
        >>> from qiskit_ibm_native.accounts import saved_accounts
        >>> saved_accounts()
        {}
    """
    return {
        key: entry
        for key, entry in read_entries(path_of(filename)).items()
        if isinstance(entry, dict)
        and (name is None or key == name)
        and (channel is None or entry.get("channel") == channel)
        and (default is None or default == (key in _DEFAULT_NAMES.values()))
    }


def delete_account(
    name: str | None = None, channel: str | None = None, filename: str | os.PathLike[str] | None = None
) -> bool:
    """Delete a saved account, by default that with the default name of the channel; return whether there was one.

    Examples:
        >>> from qiskit_ibm_native.accounts import delete_account
        >>> delete_account("work")
        False
    """
    name = name or _DEFAULT_NAMES[channel or CLOUD_CHANNELS[0]]
    path = path_of(filename)
    if name not in read_entries(path):
        return False
    with changing(path) as entries:
        return entries.pop(name, None) is not None


def discover_account(
    token: str | None = None,
    url: str | None = None,
    name: str | None = None,
    channel: str | None = None,
    filename: str | os.PathLike[str] | None = None,
    **overrides: Any,
) -> Account:
    """Return the account to use.

    The first of these that is there: the saved account called ``name``; the arguments, with ``token``; the environment,
    with ``QISKIT_IBM_TOKEN`` (and ``QISKIT_IBM_URL``, ``QISKIT_IBM_INSTANCE``, ``QISKIT_IBM_CHANNEL``); the saved
    default account.

    Args:
        token: API key.
        url: Base URL of the service.
        name: Name of a saved account.
        channel: ``"ibm_quantum_platform"`` or ``"ibm_cloud"``.
        filename: The file of accounts, by default the user's.
        **overrides: Other attributes of :class:`Account`, which replace those that were found unless they are ``None``.

    Raises:
        AccountNotFoundError: No account is called ``name``, or there is no account at all.
        InvalidAccountError: The account or the file is not valid.

    Examples:
        >>> from qiskit_ibm_native.accounts import discover_account
        >>> discover_account(token="your API key").channel
        'ibm_quantum_platform'
    """
    changes = {key: value for key, value in overrides.items() if value is not None}
    environment = {key: os.environ.get(f"QISKIT_IBM_{key.upper()}") for key in ("token", "url", "instance", "channel")}
    if name is not None:
        if token or url:
            logger.warning("Loading account with name %s. The arguments 'token' and 'url' are ignored.", name)
        account = _named(name, filename)
    elif token:
        found = {"channel": channel or environment["channel"] or CLOUD_CHANNELS[0], "token": token, "url": url}
        account = _account(found | changes)
    elif environment["token"]:
        found = environment | {"channel": channel or environment["channel"] or CLOUD_CHANNELS[0]}
        account = _account(found | ({"url": url} if url else {}) | changes)
    else:
        if url:
            logger.warning(
                "Loading the saved default account. The argument 'url' is ignored, because there is no 'token'."
            )
        account = _saved_default(channel or environment["channel"], explicit=channel is not None, filename=filename)
    account = replace(account, **changes)
    account.validate()
    return account


def _account(found: Mapping[str, Any]) -> Account:
    return Account(**{key: value for key, value in found.items() if value is not None})


def _named(name: str, filename: str | os.PathLike[str] | None) -> Account:
    entries = read_entries(path_of(filename))
    if name not in entries:
        from ..exceptions import AccountNotFoundError

        raise AccountNotFoundError(
            f"Account with the name {name} does not exist in {path_of(filename)}. Saved accounts: {sorted(entries)}."
        )
    if not isinstance(entries[name], dict):
        raise invalid(
            f"The account {name} in {path_of(filename)} is not a JSON object. Save it again with overwrite=True."
        )
    return Account.from_entry(entries[name])


def _saved_default(channel: str | None, explicit: bool, filename: str | os.PathLike[str] | None) -> Account:
    entries = {name: entry for name, entry in read_entries(path_of(filename)).items() if isinstance(entry, dict)}
    marked = [entry for entry in entries.values() if _is_marked(entry)]
    if explicit:
        marked = [entry for entry in marked if entry.get("channel") == channel]
    if marked:
        return Account.from_entry(marked[0])
    preferred = channel or CLOUD_CHANNELS[0]
    named = [entries[name] for name in [_DEFAULT_NAMES.get(preferred, "")] if name in entries]
    of_channel = [entry for entry in entries.values() if entry.get("channel") == preferred]
    any_default = [] if explicit else [entries[name] for name in _DEFAULT_NAMES.values() if name in entries]
    for entry in (*named, *reversed(of_channel), *any_default):
        return Account.from_entry(entry)
    from ..exceptions import AccountNotFoundError

    retired = " Saved accounts of the channel ibm_quantum cannot be used any more." if entries else ""
    raise AccountNotFoundError(
        "Unable to find account. Give token=..., set QISKIT_IBM_TOKEN, or save an account with"
        f' IBMProvider.save_account(token=...). Without an account, use IBMProvider(channel="local").{retired}'
    )


def _is_marked(entry: Any) -> bool:
    return isinstance(entry, dict) and bool(entry.get("is_default_account"))


if not TYPE_CHECKING:
    # For those who come from qiskit-ibm-provider 0.11, whose module of this name had exceptions, too. Importing them
    # imports Qiskit.
    def __getattr__(name: str) -> object:
        if name in ("AccountAlreadyExistsError", "AccountNotFoundError", "InvalidAccountError"):
            from . import exceptions

            return getattr(exceptions, name)
        from .._former_names import missing_name

        raise missing_name(__name__, name)

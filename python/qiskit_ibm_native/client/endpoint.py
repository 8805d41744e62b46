# SPDX-License-Identifier: Apache-2.0
"""Base URLs, API key and proxy settings of one service."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from .._hosts import is_loopback
from ..accounts.urls import masked, safe_repr, url_problem

if TYPE_CHECKING:
    from ..accounts import Account, ProxyConfiguration

#: ``resolver(url, instance, private_endpoint, channel)`` returns the base URL of an instance.
UrlResolver = Callable[[str, str, bool, str], str]
#: Seconds from the submission of a job to the first question about it, and to the second one: of services in the cloud,
#: and of those on this machine, whose answers take a millisecond.
FIRST_POLL, FIRST_POLL_NEARBY = 0.1, 0.01
_REGION = re.compile(r"[a-z0-9-]+")


@dataclass(frozen=True)
class Endpoint:
    """Base URLs, API key and proxy settings of one service.

    Attributes:
        url: Base URL of the account.
        api_key: API key, for which IAM gives access tokens.
        iam_url: Base URL of IAM.
        search_url: Base URL of the search for instances.
        catalog_url: Base URL of the catalog of plans.
        channel: Name of the channel.
        instance: CRN or name of the instance to use; ``None`` means all.
        private_endpoint: Whether to use the endpoints of IBM Cloud's private network.
        proxies: Proxies to connect through.
        verify: Whether to verify the server's certificate.
        runs_simulator_options: Whether jobs may choose a seed and a noise model.
        resolver: Function that returns the base URL of an instance, in place of the rules of the cloud.
    """

    url: str
    api_key: str = field(repr=False)
    iam_url: str
    search_url: str
    catalog_url: str
    channel: str
    instance: str | None = None
    private_endpoint: bool = False
    proxies: ProxyConfiguration | None = None
    verify: bool = True
    runs_simulator_options: bool = False
    resolver: UrlResolver | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        return safe_repr(self)

    @property
    def first_poll(self) -> float:
        """The first wait between two questions about the status of a job, in seconds; the waits grow from there."""
        return FIRST_POLL_NEARBY if is_loopback(urlsplit(self.url).hostname or "") else FIRST_POLL

    def base_url(self, instance: str) -> str:
        """Return the base URL of the routes of an instance.

        Args:
            instance: CRN of the instance.

        Raises:
            IBMInputValueError: The CRN has no region, or the resolver returns a URL that tokens must not be sent to.
        """
        if self.resolver is None:
            return default_base_url(self.url, instance, self.private_endpoint, self.channel).rstrip("/")
        url = self.resolver(self.url, instance, self.private_endpoint, self.channel)
        problem = url_problem(url)
        if problem is not None:
            from ..exceptions import IBMInputValueError

            raise IBMInputValueError(f"Invalid URL of the resolver. {problem}.")
        return url.rstrip("/")


def cloud_endpoint(account: Account, resolver: UrlResolver | None = None) -> Endpoint:
    """Return the endpoint of an account.

    The environment variables ``IAM_URL``, ``GLOBAL_SEARCH_URL`` and ``GLOBAL_CATALOG_URL`` replace URLs.

    Raises:
        InvalidAccountError: A variable has a URL that credentials must not be sent to.
    """
    parts = urlsplit(account.url)
    staging = "test." if _field(account.instance, 2) == "staging" else ""
    private = "private." if account.private_endpoint else ""
    iam = _from_environment("IAM_URL") or _beside(parts, f"{private}iam.{staging}")
    return Endpoint(
        url=account.url,
        api_key=account.token,
        iam_url=iam.rstrip("/").removesuffix("/identity/token"),
        search_url=_from_environment("GLOBAL_SEARCH_URL") or _beside(parts, "api.global-search-tagging."),
        catalog_url=_from_environment("GLOBAL_CATALOG_URL") or _beside(parts, "globalcatalog.", "/api/v1"),
        channel=account.channel,
        instance=None if account.instance == "auto" else account.instance,
        private_endpoint=account.private_endpoint,
        proxies=account.proxies,
        verify=account.verify,
        resolver=resolver,
    )


def _from_environment(name: str) -> str | None:
    url = os.environ.get(name) or None
    problem = None if url is None else url_problem(url)
    if problem is not None:
        from ..exceptions import InvalidAccountError

        raise InvalidAccountError(f"Invalid {name} in the environment. {problem}.")
    return url


def _beside(parts: SplitResult, prefix: str, path: str = "") -> str:
    """Return the URL of a host below the domain of the account.

    A URL with ``http://`` is that of this machine, which has no names below its own: its host is used itself.
    """
    host = parts.netloc.rpartition("@")[2] if parts.scheme == "http" else f"{prefix}{parts.hostname}"
    return f"{parts.scheme}://{host}{path}"


def default_base_url(url: str, instance: str, private_endpoint: bool, _channel: str) -> str:
    """Return the base URL of an instance by the rules of the official client.

    A URL with the word ``experimental`` is returned as it is; accounts and environment variables name services outside
    the cloud, such as the local one, in this way.

    Raises:
        IBMInputValueError: The CRN has no region.
    """
    if "experimental" in url or not instance.startswith("crn:"):
        return url
    region = _field(instance, 5)
    # The region becomes a part of the host that access tokens are sent to.
    if not _REGION.fullmatch(region):
        from ..exceptions import IBMInputValueError

        raise IBMInputValueError(f"Invalid instance {masked(instance)!r}: a CRN has a region as its sixth part.")
    prefix = f"private.{region}." if private_endpoint else "" if region == "us-east" else f"{region}."
    return _beside(urlsplit(url), f"{prefix}quantum.", "/api/v1")


def _field(crn: str | None, index: int) -> str:
    parts = (crn or "").split(":")
    return parts[index] if parts[0] == "crn" and len(parts) > index else ""

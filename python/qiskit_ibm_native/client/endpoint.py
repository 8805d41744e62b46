# SPDX-License-Identifier: Apache-2.0
"""Where the service is, and who asks."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from ..accounts import Account, ProxyConfiguration

#: ``resolver(url, instance, private_endpoint, channel)`` returns the base URL of an instance.
UrlResolver = Callable[[str, str, bool, str], str]


@dataclass(frozen=True)
class Endpoint:
    """Where the service is, and who asks.

    Attributes:
        url: The account's URL.
        api_key: The key that access tokens are given for.
        iam_url: Where access tokens are given.
        search_url: Where instances are searched for.
        catalog_url: Where the plans of instances are described.
        channel: The channel's name.
        instance: CRN or name of an instance, if one was asked for.
        private_endpoint: Whether to use endpoints of a private network.
        proxies: How to get through proxies.
        verify: Whether to verify the server's certificate.
        runs_simulator_options: Whether jobs may choose a seed and a noise model.
        resolver: Returns the base URL of an instance.
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

    def base_url(self, instance: str) -> str:
        """Return the base URL of the routes of an instance.

        Args:
            instance: The CRN.

        Raises:
            IBMInputValueError: It is no CRN.
        """
        resolver = self.resolver or default_base_url
        return resolver(self.url, instance, self.private_endpoint, self.channel).rstrip("/")


def cloud_endpoint(account: Account, resolver: UrlResolver | None = None) -> Endpoint:
    """Return the endpoint of an account; ``IAM_URL``, ``GLOBAL_SEARCH_URL`` and ``GLOBAL_CATALOG_URL`` replace parts."""
    parts = urlsplit(account.url)
    staging = "test." if _field(account.instance, 2) == "staging" else ""
    private = "private." if account.private_endpoint else ""
    iam = os.environ.get("IAM_URL", f"{parts.scheme}://{private}iam.{staging}{parts.hostname}")
    return Endpoint(
        url=account.url,
        api_key=account.token,
        iam_url=iam.rstrip("/").removesuffix("/identity/token"),
        search_url=os.environ.get("GLOBAL_SEARCH_URL", f"{parts.scheme}://api.global-search-tagging.{parts.hostname}"),
        catalog_url=os.environ.get("GLOBAL_CATALOG_URL", f"{parts.scheme}://globalcatalog.{parts.hostname}/api/v1"),
        channel=account.channel,
        instance=None if account.instance == "auto" else account.instance,
        private_endpoint=account.private_endpoint,
        proxies=account.proxies,
        verify=account.verify,
        resolver=resolver,
    )


def default_base_url(url: str, instance: str, private_endpoint: bool, _channel: str) -> str:
    """Return the base URL of an instance by the rules of the official client.

    A URL with the word ``experimental`` is taken as it is; that is how a service elsewhere, such as the local one, is
    named in accounts and environment variables.
    """
    if "experimental" in url or not instance.startswith("crn:"):
        return url
    region = _field(instance, 5)
    if not region:
        from ..exceptions import IBMInputValueError

        raise IBMInputValueError("Invalid instance: a CRN has a region as its sixth part, and the one given has none.")
    parts = urlsplit(url)
    prefix = f"private.{region}." if private_endpoint else "" if region == "us-east" else f"{region}."
    return f"{parts.scheme}://{prefix}quantum.{parts.hostname}/api/v1"


def _field(crn: str | None, index: int) -> str:
    parts = (crn or "").split(":")
    return parts[index] if parts[0] == "crn" and len(parts) > index else ""

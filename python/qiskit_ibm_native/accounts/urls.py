# SPDX-License-Identifier: Apache-2.0
"""Checks of URLs that credentials are sent to, and texts of accounts without secrets."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any
from urllib.parse import urlsplit

from .._hosts import is_loopback

CLOUD_URL = "https://cloud.ibm.com"
#: Hosts of services that IBM has shut down, and parent domains of such hosts.
_RETIRED_HOSTS = ("quantum-computing.ibm.com", "quantum.ibm.com", "quantumexperience.ng.bluemix.net")
#: A backslash ends the host for some readers of URLs and not for others, so that they disagree on the host.
_URL = re.compile(r"https?://[^\s\\\x00-\x1f]+")
_USER_OF_URL = re.compile(r"//[^/@\s]+@")


def url_problem(url: Any) -> str | None:
    """Return the reason why credentials must not be sent to a URL, with a remedy; ``None`` if they may."""
    if not isinstance(url, str) or not _URL.fullmatch(url):
        # The text that was given in place of a URL may be a key, so it is not repeated.
        return "Expected a URL that begins with https://"
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return "Expected a URL with a valid host"
    if not host:
        return "Expected a URL with a host"
    if any(host == retired or host.endswith(f".{retired}") for retired in _RETIRED_HOSTS):
        return f"The service at {host} was shut down; leave the URL out, or use {CLOUD_URL}"
    if parts.scheme == "http" and not is_loopback(host):
        return f"http:// would send the API key to {host} unencrypted; use https://"
    return None


def masked(instance: str | None) -> str | None:
    """Return an instance for display: a CRN without its account and with the last four characters of its id only."""
    if instance is None or not instance.startswith("crn:"):
        return instance
    parts = instance.split(":")
    return ":".join([*parts[:6], "***", f"***{''.join(parts[7:8])[-4:]}", *parts[8:]])


def safe_repr(instance: Any) -> str:
    """Return the ``repr`` of a data class without hidden fields, whole CRNs, and users and passwords in URLs."""
    shown = {attribute.name: getattr(instance, attribute.name) for attribute in fields(instance) if attribute.repr}
    shown["instance"] = masked(shown["instance"])
    texts = (f"{name}={_USER_OF_URL.sub('//***@', repr(value))}" for name, value in shown.items())
    return f"{type(instance).__name__}({', '.join(texts)})"

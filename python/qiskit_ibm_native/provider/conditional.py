# SPDX-License-Identifier: Apache-2.0
"""Conditional requests and deadlines of this package's client, which third-party clients need not support."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from ..client.api import RuntimeClient


def conditional(client: Any, known: bytes | None) -> dict[str, bytes]:
    """Return the argument by which a client asks for a payload only if it is another one than is known."""
    return {"known": known} if known is not None and isinstance(client, RuntimeClient) else {}


def call_of(client: Any) -> AbstractContextManager[None]:
    """Return a context in which all requests of a client together end within the time of a call."""
    return client.call() if isinstance(client, RuntimeClient) else nullcontext()

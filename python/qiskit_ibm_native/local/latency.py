# SPDX-License-Identifier: Apache-2.0
"""Requests that take as long as those to a service far away."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .service.faults import App, Receive, Scope, Send

#: Seconds; an hour is longer than any timeout of a client.
_MAX_LATENCY = 3600.0


def checked_latency(seconds: float) -> float:
    """Return a time to wait.

    Raises:
        IBMInputValueError: The time is none, or longer than an hour.
    """
    if (
        isinstance(seconds, bool)
        or not isinstance(seconds, int | float)
        or not (math.isfinite(seconds) and 0 <= seconds <= _MAX_LATENCY)
    ):
        from ..exceptions import IBMInputValueError

        raise IBMInputValueError(f"latency is {seconds!r}; it must be from 0 to {_MAX_LATENCY:.0f} seconds.")
    return seconds


def delayed(app: App, seconds: float) -> App:
    """Return an application in front of which each request waits."""
    if not seconds:
        return app

    async def wait(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await asyncio.sleep(seconds)
        await app(scope, receive, send)

    return wait

# SPDX-License-Identifier: Apache-2.0
"""Policy of repetitions: attempts and waits.

The caller of a request says whether it is repeatable, since only the caller knows its effect. A request that cannot
have reached the service, or that the service refused to look at (429), is repeated in any case.

urllib3's own ``Retry`` ends when the headers of a response are there, and does not repeat one whose body is cut short.
So the loop is in ``transport``.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

#: Statuses of failures that may pass in a moment, of servers and of proxies in front of them (520 to 524: Cloudflare).
TRANSIENT = frozenset({408, 429, 500, 502, 503, 504, 520, 521, 522, 524})
#: Status of a request that was refused unread, because there were too many.
REFUSED = 429


@dataclass(frozen=True)
class RetryPolicy:
    """Attempts at a request and the waits between them, in seconds.

    Attributes:
        attempts: Largest number of attempts, the first one included.
        first_wait: Wait before the first repetition, which doubles for each further one.
        longest_wait: Limit of the doubling; the service may ask for longer.
        budget: Limit of the sum of all waits. A service that asks for more gets no further request.
        payload_waits: Waits before a payload that is cut short is fetched again.
        search_waits: Waits before each search for a job whose submission had no response.
        result_wait: Wait before results that cannot be decoded are fetched again.
    """

    attempts: int = 6
    first_wait: float = 0.25
    longest_wait: float = 8.0
    budget: float = 60.0
    payload_waits: tuple[float, ...] = (0.25, 0.5)
    search_waits: tuple[float, ...] = (0.5, 1.0, 2.0, 4.0)
    result_wait: float = 0.25

    def wait(self, attempt: int, waited: float, retry_after: str | None) -> float | None:
        """Return the wait before the next attempt, in seconds; ``None`` if there is to be none.

        Half of the wait is random, so that clients that failed together do not come back together.

        Args:
            attempt: Number of attempts so far.
            waited: Sum of the waits so far, in seconds.
            retry_after: ``Retry-After`` header of the response: seconds, or a date.
        """
        if attempt >= self.attempts:
            return None
        asked = parse_retry_after(retry_after)
        full = min(self.first_wait * 2 ** (attempt - 1), self.longest_wait)
        seconds = max(full * (0.5 + random.random() / 2), asked or 0.0)  # noqa: S311 (no secret)
        return seconds if waited + seconds <= self.budget else None


def parse_retry_after(value: str | None) -> float | None:
    """Return the seconds that a ``Retry-After`` header asks for; ``None`` without a header that can be read."""
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        time = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    if time.tzinfo is None:
        time = time.replace(tzinfo=timezone.utc)
    return max(0.0, (time - datetime.now(timezone.utc)).total_seconds())

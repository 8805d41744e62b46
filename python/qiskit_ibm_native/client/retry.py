# SPDX-License-Identifier: Apache-2.0
"""When a request is repeated, and after how long.

What may be repeated is said by who makes the request, since only they know what it does. A request that cannot have reached the
service, or that the service refused to look at (429), is repeated whatever it does.

urllib3's own ``Retry`` ends when the headers of a reply are there: a body that is cut short is not repeated. That is why
the loop is here.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

#: Statuses by which servers and what is in front of them say that it may work in a moment.
TRANSIENT = frozenset({408, 429, 500, 502, 503, 504, 520, 521, 522, 524})
REFUSED = 429


@dataclass(frozen=True)
class RetryPolicy:
    """How often, after how long, and for how long altogether.

    Attributes:
        attempts: How many requests to make at most.
        first_wait: How long to wait before the first repetition, in seconds; twice as long each time after that.
        longest_wait: How long to wait at most, unless the service asks for longer.
        budget: How long all waiting may take, in seconds. A service that asks for more gets no further request.
    """

    attempts: int = 6
    first_wait: float = 0.25
    longest_wait: float = 8.0
    budget: float = 60.0

    def wait(self, attempt: int, waited: float, retry_after: str | None) -> float | None:
        """Return how long to wait before the next request, in seconds; ``None`` if there is to be none.

        Half of the time is chosen at random, so that clients that failed together do not come back together.

        Args:
            attempt: How many requests have been made.
            waited: How long has been waited for so far, in seconds.
            retry_after: What the service asks for: seconds, or a date.
        """
        if attempt >= self.attempts:
            return None
        asked = parse_retry_after(retry_after)
        full = min(self.first_wait * 2 ** (attempt - 1), self.longest_wait)
        seconds = max(full * (0.5 + random.random() / 2), asked or 0.0)  # noqa: S311 (no secret)
        return seconds if waited + seconds <= self.budget else None


def parse_retry_after(value: str | None) -> float | None:
    """Return how many seconds a ``Retry-After`` header asks to wait; ``None`` if there is none or it makes no sense."""
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return max(0.0, (moment - datetime.now(timezone.utc)).total_seconds())

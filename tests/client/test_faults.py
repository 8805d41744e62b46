# SPDX-License-Identifier: Apache-2.0
"""A sample of the matrix of ``make faults``: calls against a faulty peer, each in a process of its own.

A scenario judges its outcome itself: the call ended in time, told no secret, lost or doubled no job, and worked again
afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.support.faulty.calls import CALLS
from tests.support.faulty.faults import ALWAYS, FAULTS, ONCE
from tests.support.faulty.matrix import play_apart, service
from tests.support.faulty.scenario import scenarios

#: Call, fault, its repetition, and possible outcomes.
SAMPLE: list[tuple[str, str, float, str]] = [
    ("token", "reset, not processed", ONCE, "ok"),
    ("backends", "503", ONCE, "ok"),
    ("configuration", "truncated gzip", ONCE, "ok"),
    ("configuration", "HTML, processed", ALWAYS, "BackendPayloadError"),
    ("properties", "nothing, processed", ALWAYS, "BackendPayloadError"),
    ("properties", "hangs, not processed", ALWAYS, "IBMBackendApiError"),
    ("refresh", "truncated gzip", ONCE, "ok"),
    ("refresh", "nothing, processed", ALWAYS, "BackendPayloadError"),
    ("status", "body drips", ALWAYS, "IBMBackendApiError"),
    ("status", "redirect 307", ALWAYS, "IBMBackendApiError"),
    ("submit", "reset, processed", ONCE, "ok"),
    ("submit", "503, processed", ALWAYS, "ok"),
    ("submit", "hangs, processed", ALWAYS, "ok IBMBackendApiError"),
    ("submit, look up", "reset, then 403", ALWAYS, "IBMBackendApiError IBMNotAuthorizedError"),
    ("wait", "503", ALWAYS, "IBMJobTimeoutError"),
    ("wait", "head drips", ALWAYS, "IBMJobTimeoutError"),
    ("result", "hangs, not processed", ALWAYS, "IBMJobTimeoutError"),
    ("result", "HTML", ONCE, "IBMJobApiError ok"),
    # A busy machine may not decompress up to the limit within the time of the call.
    ("result", "gzip bomb", ALWAYS, "IBMJobApiError IBMJobTimeoutError"),
    ("jobs", "endless body", ALWAYS, "IBMBackendApiError ApiIBMProtocolError RequestsApiError"),
    ("cancel", "HTML", ALWAYS, "IBMJobApiError"),
    ("tags", "refused", ONCE, "ok"),
    ("open session", "reset, processed", ONCE, "ok IBMBackendApiError"),
    ("close session", "HTML", ALWAYS, "ApiIBMProtocolError RequestsApiError IBMBackendApiError"),
]


@pytest.fixture(scope="module")
def records() -> Iterator[dict[tuple[str, str, float], Any]]:
    """Play all scenarios of the sample at once: most of their time is waiting."""
    keys = [row[:3] for row in SAMPLE]
    with service() as target, ThreadPoolExecutor(8) as pool:
        yield dict(zip(keys, pool.map(lambda key: play_apart(target, *key), keys)))


@pytest.mark.parametrize(("call", "fault", "times", "outcomes"), SAMPLE)
def test_a_call_of_a_peer_that_fails_ends_well(
    records: dict[Any, Any], call: str, fault: str, times: float, outcomes: str
) -> None:
    record = records[call, fault, times]
    assert not record["problems"], record
    assert record["outcome"] in outcomes.split(), record


def test_the_matrix_has_every_call_with_every_fault() -> None:
    pairs = {(call, fault) for call, fault, _ in scenarios()}
    assert len(pairs) == len(CALLS) * len(FAULTS)

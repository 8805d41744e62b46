# SPDX-License-Identifier: Apache-2.0
"""Pictures of jobs for notebooks, made of what is known without a request.

Classes of jobs import this module, which does without theirs, even for types.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from qiskit.providers import JobStatus

from ... import _html
from ..._words import count, instant, quantity
from ...exceptions import IBMJobApiError
from .tags import is_internal

#: The word and the tone of each status.
_WORDS = {
    JobStatus.INITIALIZING: ("initializing", "waiting"), JobStatus.VALIDATING: ("validating", "waiting"),
    JobStatus.QUEUED: ("queued", "waiting"), JobStatus.RUNNING: ("running", "busy"), JobStatus.DONE: ("done", "good"),
    JobStatus.CANCELLED: ("cancelled", "bad"), JobStatus.ERROR: ("failed", "bad"),
}  # fmt: skip


def status_word(status: JobStatus | None) -> str:
    """Return the word for a status, such as ``"queued"``; ``"not asked yet"`` if it is not known."""
    return "not asked yet" if status is None else _WORDS[status][0]


def _badge(status: JobStatus | None, more: str = "") -> str:
    return _html.badge(status_word(status) + more, "" if status is None else _WORDS[status][1])


def circuit_job_html(job: Any) -> str:
    """Return the picture of a job as of the last reply of the service."""
    reply = job._reply
    position = reply.get("queue_position") if job._status is JobStatus.QUEUED else None
    more = f", position {position:,}" if isinstance(position, int) else ""
    circuits = None if job._circuits is None else len(job._circuits)
    notes = [f"on {job.backend().name}", "" if circuits is None else count(circuits, "circuit")]
    notes += [f"created {instant(job._creation_date)}" if job._creation_date is not None else ""]
    heading = _html.heading(job.job_id(), *notes, kind=type(job).__name__, badges=[_badge(job._status, more)])
    options = (job._job_record or {}).get("options", {})
    facts = _html.facts([
        ("name", job.name()),
        ("program", job.program_id),
        ("shots", options.get("shots")),
        ("tags", ", ".join(tag for tag in job._tags or () if not is_internal(tag))),
        ("session", job.session_id),
        ("charged time", _charged(job)),
    ])  # fmt: skip
    failure = _failure(job)
    return _html.panel(heading, _html.alert(_html.note(failure)) if failure else "", facts)


def _failure(job: Any) -> str:
    """Return why a job failed or was cancelled, as far as that is known without a request."""
    if job._status not in (JobStatus.ERROR, JobStatus.CANCELLED):
        return ""
    known = job._error or job._explained()
    return known or ("job.error_message() tells why." if job._status is JobStatus.ERROR else "")


def _charged(job: Any) -> str | None:
    """Return the charged time of a job that was asked for its metrics when it was done."""
    if job._metrics is None:
        return None
    try:
        return quantity(job.usage(), "s")
    except IBMJobApiError:
        return None


def composite_job_html(job: Any) -> str:
    """Return the picture of a job of several parts as of the last replies of the service."""
    known = [(part, _known_status(part)) for part in job._parts]
    counts = Counter(status_word(status) for _, status in known)
    notes = [f"on {job.backend().name}", count(job._parts[-1].end + 1, "circuit"), count(len(known), "part")]
    badges = [
        _badge(status, f" {counts[status_word(status)]:,}") for status in dict.fromkeys(status for _, status in known)
    ]
    heading = _html.heading(job.job_id(), *notes, kind=type(job).__name__, badges=badges)
    facts = _html.facts([("name", job.name()), ("tags", ", ".join(job.tags()))])
    failed = [
        (f"circuits {part.start:,}-{part.end:,}", _reason(part))
        for part, status in known
        if status in (JobStatus.ERROR, JobStatus.CANCELLED)
    ]
    told = _html.problems(f"{count(len(failed), 'part')} failed or cancelled", failed, ("part", "reason"))
    rows = [(f"{part.start:,}-{part.end:,}", _part_id(part), status_word(status)) for part, status in known]
    parts = _html.table(("circuits", "job", "status"), rows)
    return _html.panel(heading, told, facts, _html.fold("Parts", parts, is_open=len(rows) <= _html.MAX_UNFOLDED))


def _known_status(part: Any) -> JobStatus | None:
    """Return the status of a part without asking the service."""
    if part.is_submitted:
        return part.job()._status
    if part.future.cancelled():
        return JobStatus.CANCELLED
    return JobStatus.ERROR if part.future.done() else JobStatus.INITIALIZING


def _part_id(part: Any) -> str:
    return str(part.job().job_id()) if part.is_submitted else "not submitted"


def _reason(part: Any) -> str:
    if part.is_submitted:
        return _failure(part.job())
    error = None if part.future.cancelled() else part.future.exception()
    return "cancelled before it was submitted" if error is None else f"not submitted: {error}"


def queue_info_html(info: Any) -> str:
    """Return the picture of a position in the queue."""
    position = "unknown" if info.position is None else f"position {info.position:,}"
    heading = _html.heading(info.job_id or "a job", position, (info.status or "").lower(), kind="QueueInfo")
    times = _html.facts([("starts", info.estimated_start_time), ("ends", info.estimated_complete_time)])
    return _html.panel(heading, times)


def job_repr(job: Any, status: JobStatus | None) -> str:
    """Return a job in a line, with the last status that is known."""
    told = "" if status is None else f": {status_word(status)}"
    return f"<{type(job).__name__}({job.job_id()!r}) on {job.backend().name}{told}>"

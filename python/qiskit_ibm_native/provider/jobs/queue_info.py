# SPDX-License-Identifier: Apache-2.0
"""The position of a job in the queue."""

from __future__ import annotations

import datetime
from dataclasses import dataclass


@dataclass(frozen=True)
class QueueInfo:
    """The position of a job in the queue, as far as the service reports it. Datetimes are aware.

    Attributes:
        position: The number of jobs that wait before it, plus one. The local service reports it, today's platform does
            not.
        status: The job's status.
        estimated_start_time: The estimated time at which it starts.
        estimated_complete_time: The estimated time at which it is done.
        job_id: The job.

    Examples:
        >>> from qiskit_ibm_native import QueueInfo
        >>> print(QueueInfo(position=3, status="QUEUED", job_id="d3f1").format())  # as job.queue_info() returns it
        Job d3f1 queue information:
            queue position: 3
            status: QUEUED
            estimated start time: unknown
            estimated completion time: unknown
    """

    position: int | None = None
    status: str | None = None
    estimated_start_time: datetime.datetime | None = None
    estimated_complete_time: datetime.datetime | None = None
    job_id: str | None = None

    def format(self) -> str:
        """Return what is known in a few lines."""

        def shown(value: object) -> str:
            return "unknown" if value is None else str(value)

        return "\n".join((
            f"Job {shown(self.job_id)} queue information:",
            f"    queue position: {shown(self.position)}",
            f"    status: {shown(self.status)}",
            f"    estimated start time: {shown(self.estimated_start_time)}",
            f"    estimated completion time: {shown(self.estimated_complete_time)}",
        ))  # fmt: skip

    def _repr_html_(self) -> str:
        from .picture import queue_info_html

        return queue_info_html(self)

# SPDX-License-Identifier: Apache-2.0
"""Operations about what became of jobs: results, logs, metrics."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.responses import Response

from ..operation import Operation, in_path, json_response, object_of, text
from .jobs import known, seconds_of

if TYPE_CHECKING:
    from starlette.requests import Request

    from ...jobs.store import Store

_ID = in_path("job_id", "Identifier of the job.")
_METRICS = object_of({
    "timestamps": {"type": "object"}, "bss": object_of({"seconds": {"type": "number"}}), "usage": {"type": "object"},
})  # fmt: skip
#: JSON that is sent as text to every client: QRMI asks for JSON, and takes results from text only.
_RESULTS = {"text/plain": text()}


def operations(store: Store) -> list[Operation]:
    """Return the operations, for the jobs of a store."""

    async def get_results(request: Request) -> Response:
        job_id = request.path_params["job_id"]
        known(store, job_id)
        result = await asyncio.to_thread(store.take_result, job_id)
        if result is None:
            return Response(status_code=204)
        return Response(result, media_type="text/plain")

    async def get_logs(request: Request) -> Response:
        job = known(store, request.path_params["job_id"])
        return Response(store.logs(job["id"]), media_type="text/plain")

    async def get_metrics(request: Request) -> Response:
        job = known(store, request.path_params["job_id"])
        seconds = seconds_of(job)
        usage = {
            "quantum_seconds": seconds, "seconds": seconds, "qpu_charge_time_seconds": seconds,
            "status": "complete" if job["finished"] else "pending",
        }  # fmt: skip
        stamps = {key: job[key] for key in ("created", "running", "finished")}
        return json_response({"timestamps": stamps, "bss": {"seconds": seconds}, "usage": usage})

    return [
        Operation(
            "GET", "/jobs/{job_id}/results", "Return the results of a job, if there are any.", get_results,
            parameters=(_ID,), replies={200: _RESULTS, 204: None},
        ),
        Operation(
            "GET", "/jobs/{job_id}/logs", "Return the log of a job.", get_logs,
            parameters=(_ID,), replies={200: {"text/plain": text()}},
        ),
        Operation(
            "GET", "/jobs/{job_id}/metrics", "Return times and usage of a job.", get_metrics,
            parameters=(_ID,), replies={200: _METRICS},
        ),
    ]  # fmt: skip

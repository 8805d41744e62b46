# SPDX-License-Identifier: Apache-2.0
"""Operations by which tests ask for faults on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..faults import KINDS, MAX_SECONDS, Fault, Faults
from ..operation import Operation, Refusal, content_of, nothing, object_of, or_null, text, whole

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

_FAULT = object_of(
    {"kind": text(enum=list(KINDS))},
    match=text(description="A regular expression for the method and path of requests."),
    times=whole(minimum=1, description="Number of requests that fail."),
    after={"type": "boolean", "description": "Whether the request is processed first."},
    seconds={"type": "number", "minimum": 0, "maximum": MAX_SECONDS},
    status=whole(minimum=200, maximum=599),
    retry_after=or_null(text(minLength=1)),
    body=text(),
)


def operations(faults: Faults) -> list[Operation]:
    """Return the operations, for the faults of a service."""

    async def add_fault(request: Request) -> Response:
        try:
            faults.add(Fault(**await content_of(request)))
        except (TypeError, ValueError) as error:
            raise Refusal(400, 1211, str(error)) from None
        return nothing()

    async def clear_faults(_request: Request) -> Response:
        faults.clear()
        return nothing()

    return [
        Operation("POST", "/faults", "Let the next requests that match fail.", add_fault, "token", body=_FAULT),
        Operation("DELETE", "/faults", "Remove all faults.", clear_faults, "token"),
    ]

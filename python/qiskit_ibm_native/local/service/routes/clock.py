# SPDX-License-Identifier: Apache-2.0
"""Operations about the time of the service, which can be moved if its devices have a history."""

from __future__ import annotations

import asyncio
import datetime
from typing import TYPE_CHECKING, Any

from ..operation import ERRORS, Operation, Refusal, Schema, content_of, json_response, object_of, text

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from ...clock import Clock

_CLOCK = object_of({
    "time": text(format="date-time"),
    "speed": {"type": "number", "minimum": 0, "description": "Seconds that pass in a second."},
    "is_simulated": {"type": "boolean", "description": "Whether the clock can be moved."},
})  # fmt: skip
_MOVE = object_of(
    {},
    time=text(format="date-time", description="The time to which the clock is set."),
    advance={"type": "number", "minimum": 0, "description": "Seconds by which it is set forward, in place of a time."},
)
_EXAMPLE: Schema = {"advance": 3600}


def operations(clock: Clock | None) -> list[Operation]:
    """Return the operations, for the clock of a service; ``None`` is that of the machine."""

    def described() -> Response:
        now = datetime.datetime.now(datetime.timezone.utc) if clock is None else clock.now()
        speed = 1.0 if clock is None else clock.speed
        return json_response({"time": now.isoformat(), "speed": speed, "is_simulated": clock is not None})

    async def get_clock(_request: Request) -> Response:
        return described()

    async def move_clock(request: Request) -> Response:
        content = await content_of(request)
        if clock is None:
            raise Refusal(409, 1211, "The clock is the machine's", "Start the service with an archive and a time.")
        try:
            # Calibrations of that time are read from the archive.
            await asyncio.to_thread(_move, clock, content)
        except ValueError as error:
            raise Refusal(400, 1211, str(error)) from None
        return described()

    return [
        Operation("GET", "/clock", "Tell the time of the service.", get_clock, "token", replies={200: _CLOCK}),
        Operation(
            "PUT", "/clock", "Set the time of the service, if it is not the machine's.", move_clock, "token", body=_MOVE,
            example=_EXAMPLE, replies={200: _CLOCK, 409: ERRORS},
        ),
    ]  # fmt: skip


def _move(clock: Clock, content: dict[str, Any]) -> None:
    if content.keys() == {"time"} and isinstance(content["time"], str):
        clock.move_to(content["time"])
    elif content.keys() == {"advance"}:
        clock.advance(seconds=content["advance"])
    else:
        raise ValueError('The body must be {"time": a text in ISO 8601} or {"advance": a number of seconds}')

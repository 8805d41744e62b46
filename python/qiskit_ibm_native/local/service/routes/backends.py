# SPDX-License-Identifier: Apache-2.0
"""Operations about devices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

from .... import _native
from ...devices import Catalog, Device, compressed, validator
from ..operation import (
    Operation,
    Refusal,
    Schema,
    in_header,
    in_path,
    in_query,
    json_response,
    list_of,
    object_of,
    text,
    whole,
)  # fmt: skip
from .identity import PLAN

if TYPE_CHECKING:
    from starlette.requests import Request

    from ...jobs.store import Store

_NAME = in_path("name", "Name of the device.", example="ibmq_vigo")
_DEVICES = object_of({"devices": list_of(object_of({"name": text(), "qubits": whole(), "queue_length": whole()}))})
_STATUS = object_of(
    {"state": {"type": "boolean"}, "status": text(), "length_queue": whole(), "backend_version": text()}
)
_PAYLOAD: Schema = {"type": "object"}
_CACHED = in_header("If-None-Match", "ETag of the payload that the client has.")
_BEFORE = in_query("updated_before", "Return the last calibration before this moment.", text(format="date-time"))


def operations(catalog: Catalog, store: Store, crn: str) -> list[Operation]:
    """Return the operations, for the devices of a service."""

    def device(request: Request) -> Device:
        name = request.path_params["name"]
        found = catalog.get(name)
        if found is None:
            raise Refusal(404, 1007, f"There is no backend {name!r}")
        return found

    async def list_backends(_request: Request) -> Response:
        lengths = store.queue_lengths()
        return json_response({"devices": [found.entry(lengths.get(found.name, 0)) for found in catalog]})

    async def get_configuration(request: Request) -> Response:
        return _payload(device(request).latest.payloads.configuration, request)

    async def get_properties(request: Request) -> Response:
        return _payload(_properties(device(request), request.query_params.get("updated_before")), request)

    async def get_defaults(request: Request) -> Response:
        return _payload(_pulse_defaults(device(request)), request)

    async def get_status(request: Request) -> Response:
        found = device(request)
        return json_response({
            "state": True, "status": "active", "message": "", "length_queue": store.queue_lengths().get(found.name, 0),
            "backend_version": str(getattr(found.model, "backend_version", "0.0.0")),
        })  # fmt: skip

    async def get_usage(_request: Request) -> Response:
        return json_response({"instance_id": crn, "plan_id": PLAN, "usage_consumed_seconds": 0})

    payload = {200: _PAYLOAD, 304: None}
    usage = object_of({"instance_id": text(), "plan_id": text(), "usage_consumed_seconds": {"type": "number"}})
    return [
        Operation("GET", "/backends", "List the devices.", list_backends, replies={200: _DEVICES}),
        Operation(
            "GET", "/backends/{name}/configuration", "Return the configuration of a device.", get_configuration,
            parameters=(_NAME, _CACHED), replies=payload,
        ),
        Operation(
            "GET", "/backends/{name}/properties", "Return a calibration of a device.", get_properties,
            parameters=(_NAME, _BEFORE, _CACHED), replies=payload,
        ),
        Operation(
            "GET", "/backends/{name}/defaults", "Return the pulse defaults of a device.", get_defaults,
            parameters=(_NAME, _CACHED), replies=payload,
        ),
        Operation(
            "GET", "/backends/{name}/status", "Return the state of a device and the length of its queue.", get_status,
            parameters=(_NAME,), replies={200: _STATUS},
        ),
        Operation("GET", "/instances/usage", "Return the usage of the instance.", get_usage, replies={200: usage}),
    ]  # fmt: skip


def _properties(device: Device, updated_before: str | None) -> bytes | None:
    if updated_before is None:
        return device.latest.payloads.properties
    try:
        earlier = device.before(_native.parse_instant(updated_before.replace(" ", "+")))
    except (ValueError, OverflowError) as error:
        raise Refusal(400, 1211, f"updated_before: {error}") from None
    return None if earlier is None else earlier.payloads.properties


def _pulse_defaults(device: Device) -> bytes:
    payload = device.latest.payloads.defaults
    if payload is None:
        raise Refusal(404, 1217, f"{device.name} has no pulse defaults")
    return payload


def _payload(payload: bytes | None, request: Request) -> Response:
    """Return the response of a payload, compressed if the client takes that; ``{}`` if there is none."""
    payload = payload or b"{}"
    headers = {"ETag": validator(payload), "Vary": "Accept-Encoding"}
    if headers["ETag"] in (tag.strip() for tag in request.headers.get("if-none-match", "").split(",")):
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", "") and len(payload) > 1000:
        return Response(
            compressed(payload), headers={**headers, "Content-Encoding": "gzip"}, media_type="application/json"
        )
    return Response(payload, headers=headers, media_type="application/json")

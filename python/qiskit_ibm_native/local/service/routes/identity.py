# SPDX-License-Identifier: Apache-2.0
"""Operations by which clients get access tokens and find the instance."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from ..operation import Operation, Refusal, Schema, in_path, json_response, list_of, object_of, text, whole
from ..tokens import LIFE, Tokens

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

PLAN = "local-plan"
_TOKEN = object_of({"access_token": text(), "token_type": text(), "expires_in": whole(), "expiration": whole()})
_NO_KEY = object_of({"errorCode": text(), "errorMessage": text()})
_KEY: Schema = object_of({"apikey": text()}, grant_type=text())
_ITEM = object_of({"crn": text(), "name": text(), "service_plan_unique_id": text()})


def operations(tokens: Tokens, crn: str) -> list[Operation]:
    """Return the operations, for the API key and the instance of a service."""

    async def issue_token(request: Request) -> Response:
        fields = parse_qs((await request.body()).decode(errors="replace"))
        if not tokens.is_key((fields.get("apikey") or [""])[0]):
            message = "Provided API key could not be found."
            refused = {"errorCode": "BXNIM0415E", "errorMessage": message, "context": {"requestId": "local"}}
            return json_response(refused, 400)
        token, expiration = tokens.issue()
        return json_response({
            "access_token": token, "refresh_token": "not_supported", "ims_user_id": 1, "token_type": "Bearer",
            "expires_in": LIFE, "expiration": expiration, "scope": "ibm openid",
        })  # fmt: skip

    async def search_instances(_request: Request) -> Response:
        item = {
            "crn": crn, "name": "local", "service_plan_unique_id": PLAN, "tags": [],
            "doc": {"extensions": {"backends": ["*"]}},
        }  # fmt: skip
        return json_response({"items": [item]})

    async def describe_plan(request: Request) -> Response:
        plan = request.path_params["plan"]
        if plan != PLAN:
            raise Refusal(404, 1219, f"There is no plan {plan!r}")
        pricing = {"pricing": {"type": "free"}}
        return json_response({"id": plan, "overview_ui": {"en": {"display_name": "Open"}}, "metadata": pricing})

    return [
        Operation(
            "POST", "/identity/token", "Exchange the API key for an access token.", issue_token, "nothing",
            body=_KEY, body_type="application/x-www-form-urlencoded", replies={200: _TOKEN, 400: _NO_KEY},
        ),
        Operation(
            "POST", "/gs/v3/resources/search", "List the instances: there is one.", search_instances, "token",
            replies={200: object_of({"items": list_of(_ITEM)})},
        ),
        Operation(
            "GET", "/gc/{plan}", "Describe a plan.", describe_plan, "token", (in_path("plan", "Identifier of the plan.", example=PLAN),),
            replies={200: object_of({"id": text()})},
        ),
    ]  # fmt: skip

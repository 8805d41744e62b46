# SPDX-License-Identifier: Apache-2.0
"""An operation of the service: how it is asked for, how it replies, and the function that answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

#: A schema or another part of an OpenAPI document.
Schema = dict[str, Any]
Answer = Callable[[Request], Awaitable[Response]]
#: What a request has to have: nothing, an access token, or a token and the CRN of the instance.
Access = Literal["nothing", "token", "instance"]


@dataclass(frozen=True)
class Operation:
    """A method of a path.

    Attributes:
        method: The HTTP method.
        path: The path, with parameters in braces.
        summary: A sentence for the document.
        answer: Answers a request.
        access: What a request has to have.
        parameters: Parameters of the path and the query, as OpenAPI describes them.
        body: The schema of the request's body; ``None`` if there is none.
        body_type: The media type of that body.
        example: A body that is taken.
        replies: By status, the schema of a JSON reply; ``None`` for a reply without a body; a mapping of media types
            to schemas for other replies. Errors without a schema of their own are those of the platform.
    """

    method: str
    path: str
    summary: str
    answer: Answer
    access: Access = "instance"
    parameters: tuple[Schema, ...] = ()
    body: Schema | None = None
    body_type: str = "application/json"
    example: Schema | None = None
    replies: Mapping[int, Schema | None] = field(default_factory=lambda: {204: None})

    def behind(self, prefix: str) -> Operation:
        """Return the operation with a prefix before its path."""
        return replace(self, path=prefix + self.path)


class Refusal(HTTPException):
    """A request is refused, with the errors of the platform."""

    def __init__(
        self, status: int, code: int, message: str, solution: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        """Create a refusal of an HTTP status, an error code of the platform and texts for the user."""
        super().__init__(status, message, headers)
        self.code = code
        self.text = message
        self.solution = solution


#: The schema of errors.
ERRORS: Schema = {"$ref": "#/components/schemas/Errors"}


def error_response(
    status: int, code: int, message: str, solution: str = "", headers: Mapping[str, str] | None = None
) -> Response:
    """Return an error response in the format of the platform."""
    detail = {"code": code, "message": message, "solution": solution, "more_info": ""}
    return json_response({"errors": [detail], "trace": "local"}, status, headers)


def json_response(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a response of JSON."""
    return Response(orjson.dumps(content), status, headers, media_type="application/json")


def nothing() -> Response:
    """Return a response without a body."""
    return Response(status_code=204)


async def content_of(request: Request) -> dict[str, Any]:
    """Return the JSON object that a request has as its body; an empty one if there is no body.

    Raises:
        Refusal: The body is something else.
    """
    try:
        content = orjson.loads(await request.body() or b"{}")
    except orjson.JSONDecodeError as error:
        raise Refusal(400, 1211, f"The body is not JSON: {error}") from None
    if not isinstance(content, dict):
        raise Refusal(400, 1211, "The body is no object")
    return content


def object_of(required: Mapping[str, Schema], **optional: Schema) -> Schema:
    """Return the schema of an object that has some members and may have others."""
    return {"type": "object", "required": list(required), "properties": {**required, **optional}}


def text(**options: Any) -> Schema:
    """Return the schema of a text."""
    return {"type": "string", **options}


def whole(**options: Any) -> Schema:
    """Return the schema of a whole number."""
    return {"type": "integer", **options}


def or_null(schema: Schema) -> Schema:
    """Return the schema of a value that may be missing."""
    return {"anyOf": [schema, {"type": "null"}]}


def list_of(schema: Schema, **options: Any) -> Schema:
    """Return the schema of an array."""
    return {"type": "array", "items": schema, **options}


def in_path(name: str, description: str, **options: Any) -> Schema:
    """Return a parameter of a path."""
    return {"name": name, "in": "path", "required": True, "description": description, "schema": text(), **options}


def in_query(name: str, description: str, schema: Schema | None = None) -> Schema:
    """Return a parameter of a query."""
    return {"name": name, "in": "query", "description": description, "schema": schema or text()}


def in_header(name: str, description: str) -> Schema:
    """Return a parameter of the header."""
    return {"name": name, "in": "header", "description": description, "schema": text()}

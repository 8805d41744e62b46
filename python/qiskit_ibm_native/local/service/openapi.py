# SPDX-License-Identifier: Apache-2.0
"""The OpenAPI document of the service, and a page of it."""

from __future__ import annotations

import re
from html import escape
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import orjson

from ... import _native
from .operation import ERRORS, Operation, Schema

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Errors that every operation may reply, by what a request has to have.
_ALWAYS = (400, 500, 503)
_AFTER_CHECKS = {"nothing": _ALWAYS, "token": (401, *_ALWAYS), "instance": (401, 404, *_ALWAYS)}
_SECURITY: dict[str, list[Schema]] = {
    "nothing": [],
    "token": [{"token": []}, {"key": []}],
    "instance": [{"token": [], "instance": []}, {"key": [], "instance": []}],
}
_SCHEMES: Schema = {
    "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "An access token."},
    "key": {
        "type": "apiKey", "in": "header", "name": "Authorization", "description": "`apikey` and the API key itself.",
    },
    "instance": {"type": "apiKey", "in": "header", "name": "Service-CRN", "description": "The CRN of the instance."},
}  # fmt: skip
_ERROR: Schema = {
    "type": "object",
    "required": ["code", "message", "solution", "more_info"],
    "properties": {
        "code": {"type": "integer", "description": "A code of the platform."},
        **{name: {"type": "string"} for name in ("message", "solution", "more_info")},
    },
}
_ERRORS: Schema = {
    "type": "object",
    "required": ["errors", "trace"],
    "properties": {"errors": {"type": "array", "minItems": 1, "items": _ERROR}, "trace": {"type": "string"}},
}


def document(operations: Sequence[Operation]) -> Schema:
    """Return the OpenAPI document of operations."""
    paths: dict[str, Schema] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _described(operation, operations)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "qiskit-ibm-native local service",
            "version": _native.__version__,
            "description": "The protocol of the IBM Quantum Platform, spoken by a service that simulates its devices.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {"schemas": {"Errors": _ERRORS}, "securitySchemes": _SCHEMES},
    }


def _described(operation: Operation, operations: Sequence[Operation]) -> Schema:
    replies = {str(status): _reply(status, schema) for status, schema in operation.replies.items()}
    errors = [*_AFTER_CHECKS[operation.access]]
    if any(parameter["in"] == "path" for parameter in operation.parameters):
        errors.append(404)
    if operation.body is not None:
        errors += [404, 413]
    if operation.path.endswith("/cancel"):
        errors.append(409)
    for status in sorted(set(errors)):
        replies.setdefault(str(status), _reply(status, ERRORS))
    if operation.method == "POST" and "id" in ((operation.replies.get(200) or {}).get("properties") or {}):
        replies["200"]["links"] = _links(operation, operations)
    described: Schema = {
        "operationId": _identifier(operation),
        "summary": operation.summary,
        "parameters": list(operation.parameters),
        "responses": replies,
        "security": _SECURITY[operation.access],
    }
    if operation.body is not None:
        is_needed = bool(operation.body.get("required"))
        content: Schema = {"schema": operation.body}
        if operation.example is not None:
            content["example"] = operation.example
        described["requestBody"] = {"required": is_needed, "content": {operation.body_type: content}}
    return described


def _identifier(operation: Operation) -> str:
    return re.sub(r"\W+", "_", f"{operation.method.lower()}{operation.path}").strip("_")


def _links(maker: Operation, operations: Sequence[Operation]) -> Schema:
    """Return the links from the reply that has an identifier to the operations that take it."""
    links = {}
    for operation in operations:
        name = re.match(re.escape(maker.path) + r"/{(\w+)}", operation.path)
        if name is not None:
            identifier = _identifier(operation)
            links[identifier] = {"operationId": identifier, "parameters": {name[1]: "$response.body#/id"}}
    return links


def _reply(status: int, schema: Mapping[str, Any] | None) -> Schema:
    reply: Schema = {"description": HTTPStatus(status).phrase}
    if schema is None:
        return reply
    by_type = schema if all("/" in key for key in schema) else {"application/json": schema}
    reply["content"] = {media_type: {"schema": content} for media_type, content in by_type.items()}
    return reply


def page(document: Schema) -> str:
    """Return the page of a document, which needs nothing else: no script, and nothing of other hosts."""
    sections = [
        _section(method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    info = document["info"]
    return _PAGE.format(
        title=escape(info["title"]), version=escape(info["version"]), description=escape(info["description"]),
        sections="\n".join(sections),
        errors=escape(orjson.dumps(document["components"]["schemas"]["Errors"], option=orjson.OPT_INDENT_2).decode()),
    )  # fmt: skip


def _section(method: str, path: str, operation: Schema) -> str:
    rows = [
        f"<tr><td><code>{escape(parameter['name'])}</code></td><td>{escape(parameter['in'])}</td>"
        f"<td>{escape(parameter['description'])}</td></tr>"
        for parameter in operation["parameters"]
    ]
    schemes = sorted({name for need in operation["security"] for name in need})
    needs = f"<p>Needs: {escape(', '.join(schemes))}.</p>" if schemes else ""
    parameters = f"<table><tr><th>Parameter</th><th>in</th><th></th></tr>{''.join(rows)}</table>" if rows else ""
    body = _schemas("Body", operation.get("requestBody", {}).get("content", {}))
    replies = "".join(
        _schemas(f"Reply {status}", reply.get("content", {})) for status, reply in operation["responses"].items()
    )
    return (
        f"<details><summary><b>{escape(method)}</b> <code>{escape(path)}</code> {escape(operation['summary'])}</summary>"
        f"{needs}{parameters}{body}{replies}</details>"
    )


def _schemas(title: str, content: Schema) -> str:
    return "".join(
        f"<h4>{escape(title)}: {escape(media_type)}</h4><pre>"
        f"{escape(orjson.dumps(media['schema'], option=orjson.OPT_INDENT_2).decode())}</pre>"
        for media_type, media in content.items()
        if media["schema"] != ERRORS
    )


_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>
body {{ font: 16px/1.5 sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }}
details {{ border-bottom: 1px solid #ccc; padding: .4rem 0; }} summary {{ cursor: pointer; }}
pre {{ background: #f4f4f4; padding: .6rem; overflow: auto; }} td, th {{ text-align: left; padding-right: 1rem; }}
</style></head>
<body><h1>{title} {version}</h1><p>{description}</p><p>The same for programs: <a href="openapi.json">openapi.json</a>.</p>
{sections}
<h2>Errors</h2><pre>{errors}</pre></body></html>
"""

# SPDX-License-Identifier: Apache-2.0
"""Recordings: files of requests and replies without secrets, and the key by which a request is found again.

A recording is a folder:

- ``recording.json``: the name of the format and its version;
- ``exchanges.jsonl``: a line of JSON for each request, in the order in which replies ended;
- ``ended-early``: why the recording ended before the service did, if it did;
- ``bodies/``: the bodies of requests and replies, each in a file that is named by its SHA-256.

Nothing in a recording is trusted when it is read: sizes are bounded, files must be plain ones inside the folder, bodies
must be what their names say, and headers are those of a short list.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, urlencode

import orjson

from .recording_circuits import with_plain_circuits, without_circuits

FORMAT = "qiskit-ibm-native recording"
VERSION = 1
MANIFEST, EXCHANGES, BODIES, ENDED_EARLY = "recording.json", "exchanges.jsonl", "bodies", "ended-early"
TOKEN_PATH = "/identity/token"  # noqa: S105 (a path)
#: Headers that tell something about a request or a reply, and have no secrets.
REQUEST_HEADERS = ("accept", "content-type", "ibm-api-version", "if-none-match", "user-agent")
REPLY_HEADERS = ("content-type", "etag", "retry-after", "vary")
#: Bytes of the list of exchanges and of all bodies. A line of a hundred bytes takes fifteen times its size in memory.
MAX_EXCHANGES, MAX_BODIES = 16 << 20, 256 << 20

#: Characters of the shortest secret that is removed from texts: a shorter key is no secret, and would garble them.
SHORTEST = 8

_HEADER = re.compile(r"[ -~]{0,1000}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_METHOD = re.compile(r"[!-~]{1,40}")
_PRIVATE = re.compile(rb'"private"\s*:\s*true')
_JOBS = re.compile(r"/jobs/?$")
#: Names of members, fields and parameters that hold secrets, in any case.
_NAMES_OF_SECRETS = (
    r"(?:x[-_])?(?:api[-_]?key|(?:access|refresh|id|auth|bearer|identity)[-_]?token|token|password|passwd|passcode"
    r"|(?:client[-_]?)?secret|authorization)"
)
_IS_SECRET_NAME = re.compile(_NAMES_OF_SECRETS, re.IGNORECASE)
#: Secrets by their looks: access tokens (JSON Web Tokens), and members and headers that have secrets.
_SECRETS = tuple(
    (re.compile(pattern.replace("NAME", _NAMES_OF_SECRETS).encode(), re.IGNORECASE), replacement)
    for pattern, replacement in (
        (r"eyJ[\w-]{4,}\.[\w-]+\.[\w-]+", b"***"),
        (r"\b(bearer|apikey)(\s+|%20|\+)[\w.~+/=-]{8,}", rb"\1 ***"),
        (r"\b(NAME)=[^&\s\"']+", rb"\1=***"),
        (r"\b(api[-_]?key|authorization)\s*:\s*[\w.~+/=-]{8,}", rb"\1: ***"),
        (r'("NAME"\s*:\s*")(?:[^"\\]|\\.)*', rb"\1***"),
    )
)
#: Tags that this package draws anew for each job, to find a job whose reply was lost, and the parts of a large one.
_DRAWN_TAG = re.compile(rb"(qiskit-ibm-native:|ibm_composite_job_id_)[0-9a-f-]{4,64}")

Query = tuple[tuple[str, str], ...]
Key = tuple[str, str, Query, str, str]


@dataclass(frozen=True)
class Reply:
    """What a client got.

    Attributes:
        status: The status.
        headers: Headers of :data:`REPLY_HEADERS`.
        body: The body, without compression; ``None`` if it is not kept.
        is_complete: Whether the reply ended, rather than its connection.
    """

    status: int
    headers: dict[str, str]
    body: bytes | None
    is_complete: bool


@dataclass(frozen=True)
class Request:
    """What a client asked, without secrets.

    Attributes:
        method: The method.
        path: The path.
        query: Names and values, sorted.
        headers: Headers of :data:`REQUEST_HEADERS`.
        body: The body.
    """

    method: str
    path: str
    query: Query
    headers: dict[str, str]
    body: bytes

    @cached_property
    def key(self) -> Key:
        """What equal requests have in common."""
        body = b"" if self.path == TOKEN_PATH else self.body
        return self._key(with_plain_circuits(body) if self.is_submission else body)

    @property
    def key_without_circuits(self) -> Key:
        """The common part of submissions that differ in their circuits alone, or in how these were written."""
        return self._key(without_circuits(self.body))

    @property
    def is_submission(self) -> bool:
        """Whether the request submits a job."""
        return self.method == "POST" and _JOBS.search(self.path) is not None

    def _key(self, body: bytes) -> Key:
        query = tuple((name, _undrawn(value)) for name, value in self.query)
        digest = hashlib.sha256(_DRAWN_TAG.sub(rb"\1*", body)).hexdigest()
        return self.method, self.path, query, digest, self.headers.get("if-none-match", "")

    @property
    def drawn_tags(self) -> list[bytes]:
        """Tags that the client drew."""
        texts = [*(value.encode() for _, value in self.query), self.body]
        return [match[0] for text in texts for match in _DRAWN_TAG.finditer(text)]


@dataclass(frozen=True)
class Exchange:
    """A request and its reply; ``None`` if the connection ended without one."""

    request: Request
    reply: Reply | None


def _undrawn(value: str) -> str:
    return _DRAWN_TAG.sub(rb"\1*", value.encode()).decode()


def without_secrets(content: bytes, secrets: Iterable[str]) -> bytes:
    """Return content without known secrets, as they are or quoted for URLs or JSON, and without what looks like one."""
    for secret in secrets:
        if len(secret) < SHORTEST:
            continue
        for spelling in {secret, quote(secret, safe=""), quote(secret), quote_plus(secret), json.dumps(secret)[1:-1]}:
            content = content.replace(spelling.encode(), b"***")
    for pattern, replacement in _SECRETS:
        content = pattern.sub(replacement, content)
    return content


def request_without_secrets(
    method: str, raw_path: str, raw_query: bytes, headers: dict[str, str], body: bytes, secrets: Iterable[str]
) -> Request:
    """Return a request as it is kept. ``params`` of private jobs are left out."""
    secrets = list(secrets)

    def cleared(text: str) -> str:
        return without_secrets(text.encode(), secrets).decode("utf-8", "replace")

    # Decoded first: there are many ways to quote a character.
    query = [
        (cleared(name), "***" if _IS_SECRET_NAME.fullmatch(name) else cleared(value))
        for name, value in parse_qsl(raw_query.decode("latin-1"), keep_blank_values=True)
    ]
    path = cleared(raw_path)
    kept = headers_without_secrets(headers, REQUEST_HEADERS, secrets)
    if path == TOKEN_PATH:
        fields = parse_qsl(body.decode("utf-8", "replace"))
        body = urlencode([(name, value if name == "grant_type" else "***") for name, value in fields]).encode()
    elif is_private_job(method, path, body):
        body = orjson.dumps(orjson.loads(body) | {"params": None})
    return Request(method, path, tuple(sorted(query)), kept, without_secrets(body, secrets))


def headers_without_secrets(headers: dict[str, str], known: tuple[str, ...], secrets: Iterable[str]) -> dict[str, str]:
    """Return the headers that are kept."""
    kept = {name: without_secrets(headers[name].encode(), secrets).decode() for name in known if name in headers}
    return {name: value for name, value in kept.items() if _HEADER.fullmatch(value)}


def is_private_job(method: str, path: str, body: bytes) -> bool:
    """Return whether a request submits a private job."""
    if method != "POST" or not _JOBS.search(path) or b"private" not in body:
        return False
    try:
        job = orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    return isinstance(job, dict) and bool(job.get("private"))


def without_private_texts(body: bytes, *, is_submission: bool) -> bytes:
    """Return the body of a reply without texts that tell of the circuits of private jobs.

    Args:
        body: The body, which may have private jobs anywhere in it.
        is_submission: Whether it is the reply to the submission of a private job, whose errors tell of it, too.
    """
    if not is_submission and _PRIVATE.search(body) is None:
        return body
    try:
        return orjson.dumps(_without_texts(orjson.loads(body), ("message", "solution") if is_submission else ()))
    except (orjson.JSONDecodeError, orjson.JSONEncodeError, RecursionError):
        # It broke off.
        return b""


def _without_texts(value: Any, names: tuple[str, ...]) -> Any:
    if isinstance(value, list):
        return [_without_texts(item, names) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("private") is True:
        names = ("reason", "params", *names)
    return {
        name: (item and "***" if isinstance(item, str) else None) if name in names else _without_texts(item, names)
        for name, item in value.items()
    }


def described(exchange: Exchange, bodies: dict[str, bytes]) -> dict[str, Any]:
    """Return the line of an exchange, after its bodies were added to ``bodies`` by their digests."""
    request, reply = exchange.request, exchange.reply

    def digest(body: bytes | None) -> str | None:
        if not body:
            return None if body is None else ""
        name = hashlib.sha256(body).hexdigest()
        bodies[name] = body
        return name

    return {
        "method": request.method, "path": request.path, "query": request.query, "headers": request.headers,
        "body": digest(request.body),
        "reply": None if reply is None else {
            "status": reply.status, "headers": reply.headers, "body": digest(reply.body), "complete": reply.is_complete,
        },
    }  # fmt: skip


def read(folder: str | os.PathLike[str]) -> tuple[list[Exchange], str]:
    """Return the exchanges of a recording, and why it ended before the service did (``""`` if it did not).

    Raises:
        IBMInputValueError: The folder is no recording, is damaged, or was written by a later version.
    """
    try:
        root = Path(folder).expanduser()
        manifest = _parsed(_content(root / MANIFEST, 1 << 16))
        _require(isinstance(manifest, dict) and manifest.get("format") == FORMAT, "it is no recording")
        version = manifest.get("version")
        _require(version == VERSION, f"its format has version {version!r}; this release reads version {VERSION}")
        content = _content(root / EXCHANGES, MAX_EXCHANGES)
        return list(_exchanges(root, content)), _early_end(root, content)
    except (_Damaged, OSError, RuntimeError, ValueError) as error:
        from ..exceptions import IBMInputValueError

        reason = error.strerror if isinstance(error, OSError) else error
        raise IBMInputValueError(
            f"The recording {os.fspath(folder)!r} cannot be read: {reason}. `record` and `serve --record` write one."
        ) from None


class _Damaged(Exception):  # noqa: N818 (it is what a recording is)
    pass


def _require(condition: bool, problem: str) -> None:
    if not condition:
        raise _Damaged(problem)


def _exchanges(root: Path, content: bytes) -> Iterator[Exchange]:
    bodies: dict[str, bytes] = {}
    total = 0

    def body(name: Any) -> bytes | None:
        nonlocal total
        if not name:
            _require(name in (None, ""), "a body has no name")
            return None if name is None else b""
        # A name leads nowhere but to a file of the folder.
        _require(isinstance(name, str) and _DIGEST.fullmatch(name) is not None, "the name of a body is no SHA-256")
        if name not in bodies:
            content = _content(root / BODIES / name, MAX_BODIES - total)
            _require(hashlib.sha256(content).hexdigest() == name, f"the body {name} is not what it was")
            total += len(content)
            bodies[name] = content
        return bodies[name]

    for number, line in enumerate(io.BytesIO(content), 1):
        # The disk was full, or the service was killed.
        if not line.endswith(b"\n"):
            return
        try:
            yield _exchange(_parsed(line), body)
        except KeyError as error:
            raise _Damaged(f"line {number} of {EXCHANGES} has no {error}") from None
        except (_Damaged, TypeError, ValueError) as error:
            raise _Damaged(f"line {number} of {EXCHANGES}: {error}") from None


def _early_end(root: Path, content: bytes) -> str:
    if os.path.lexists(root / ENDED_EARLY):
        text = _content(root / ENDED_EARLY, 1000).decode("ascii", "replace")
        # It may be written to a terminal.
        return "".join(character for character in text if character.isprintable()) or "it does not say why"
    return "its last line is cut off" if content and not content.endswith(b"\n") else ""


def _exchange(line: Any, body: Any) -> Exchange:
    _require(isinstance(line, dict), "it is no object")
    method, path, query, reply = line["method"], line["path"], line["query"], line["reply"]
    _require(isinstance(method, str) and _METHOD.fullmatch(method) is not None, "the method is none")
    _require(isinstance(path, str) and path.startswith("/"), "the path is none")
    pairs = tuple((name, value) for name, value in query)
    _require(all(isinstance(text, str) for pair in pairs for text in pair), "the query has something else than texts")
    request = Request(method, path, pairs, _headers(line["headers"], REQUEST_HEADERS), body(line["body"]) or b"")
    if reply is None:
        return Exchange(request, None)
    status = reply["status"]
    _require(isinstance(status, int) and 200 <= status < 600, "the status is none")
    _require(isinstance(reply["complete"], bool), "complete is neither true nor false")
    headers = _headers(reply["headers"], REPLY_HEADERS)
    return Exchange(request, Reply(status, headers, body(reply["body"]), reply["complete"]))


def _headers(headers: Any, known: tuple[str, ...]) -> dict[str, str]:
    _require(isinstance(headers, dict), "headers are no object")
    for name, value in headers.items():
        _require(name in known, f"there is no header {name!r} in recordings")
        _require(isinstance(value, str) and _HEADER.fullmatch(value) is not None, f"the header {name} is none")
    return dict(headers)


def _parsed(content: bytes) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise _Damaged(f"it is no JSON ({error})") from None


def _content(path: Path, limit: int) -> bytes:
    """Return the content of a plain file, which is no link and is not too large."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags)
    except OSError as error:
        raise _Damaged(f"{path.name}: {error.strerror}") from None
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        _require(stat.S_ISREG(status.st_mode), f"{path.name} is no plain file")
        _require(status.st_size <= limit, f"{path.name} is too large")
        content = file.read(limit + 1)
    _require(len(content) <= limit, f"{path.name} is too large")
    return content

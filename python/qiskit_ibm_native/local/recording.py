# SPDX-License-Identifier: Apache-2.0
"""Writing down requests and replies, so that a failure that somebody saw can be looked at elsewhere."""

from __future__ import annotations

import errno
import os
import re
import threading
import zlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from .. import _native
from .._files import make_private_folder
from .._logger import logger
from .recording_format import (
    BODIES,
    ENDED_EARLY,
    EXCHANGES,
    FORMAT,
    MANIFEST,
    MAX_BODIES,
    MAX_EXCHANGES,
    REPLY_HEADERS,
    VERSION,
    Exchange,
    Reply,
    Request,
    described,
    headers_without_secrets,
    is_private_job,
    request_without_secrets,
    without_private_texts,
    without_secrets,
)

if TYPE_CHECKING:
    from .service.faults import App, Receive, Scope, Send

#: Requests that are about the service itself.
_OWN_PATHS = ("/faults", "/health", "/docs", "/openapi.json")
#: What tells of the circuits of a job, and is left out as a whole if the job is private.
_OF_JOBS = re.compile(r"/jobs/([^/]+)/(?:results|logs)/?$")
_PRIVATE_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL


class Recording:
    """A folder that requests and replies are written to. Nobody but the user may read it."""

    def __init__(self, folder: str | os.PathLike[str], secrets: Iterable[str] = ()) -> None:
        """Begin a recording.

        Args:
            folder: A folder that is empty, or not there yet.
            secrets: Texts that are never written.

        Raises:
            IBMInputValueError: The folder cannot be written to, or has something in it.
        """
        self.secrets = list(secrets)
        self._lock = threading.Lock()
        self._is_closed = False
        #: Names of bodies that are written, and the bytes of all lines and bodies.
        self._bodies: set[str] = set()
        self._sizes = [0, 0]
        manifest = {"format": FORMAT, "version": VERSION, "written_by": f"qiskit-ibm-native {_native.__version__}"}
        try:
            # RuntimeError: there is no home; ValueError: no file can have this name.
            self._folder = Path(folder).expanduser().absolute()
            make_private_folder(self._folder)
            if any(self._folder.iterdir()):
                _refuse(errno.ENOTEMPTY, "it is not empty, and a recording needs a folder of its own")
            (self._folder / BODIES).mkdir(mode=0o700)
            self._write(self._folder / MANIFEST, orjson.dumps(manifest) + b"\n")
            self._exchanges = os.open(self._folder / EXCHANGES, _PRIVATE_FILE | os.O_APPEND, 0o600)
        except (OSError, RuntimeError, ValueError) as error:
            from ..exceptions import IBMInputValueError

            reason = error.strerror if isinstance(error, OSError) else error
            raise IBMInputValueError(f"The recording {os.fspath(folder)!r} cannot be written: {reason}.") from error

    def _write(self, path: Path, content: bytes) -> None:
        with os.fdopen(os.open(path, _PRIVATE_FILE, 0o600), "wb") as file:
            file.write(content)

    def add(self, exchange: Exchange) -> None:
        """Write an exchange down. A disk that is full ends the recording, and not what is recorded."""
        bodies: dict[str, bytes] = {}
        line = orjson.dumps(described(exchange, bodies)) + b"\n"
        with self._lock:
            if self._is_closed:
                return
            try:
                self._add(line, {name: body for name, body in bodies.items() if name not in self._bodies})
            except OSError as error:
                logger.error("The recording %s ends here: %s", self._folder, error.strerror)
                self._close()
                # There may be no room for this either; a line that was cut off tells as much.
                with suppress(OSError):
                    self._write(self._folder / ENDED_EARLY, (error.strerror or "").encode())

    def _add(self, line: bytes, bodies: dict[str, bytes]) -> None:
        self._sizes[0] += len(line)
        self._sizes[1] += sum(map(len, bodies.values()))
        if self._sizes[0] > MAX_EXCHANGES or self._sizes[1] > MAX_BODIES:
            _refuse(errno.EFBIG, "it is as large as a recording may be")
        for name, body in bodies.items():
            self._write(self._folder / BODIES / name, body)
            self._bodies.add(name)
        os.write(self._exchanges, line)

    def descriptors(self) -> list[int]:
        """Return the descriptors of open files."""
        return [] if self._is_closed else [self._exchanges]

    def close(self) -> None:
        """End the recording."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            os.close(self._exchanges)


def _refuse(number: int, reason: str) -> None:
    raise OSError(number, reason)


class Recorder:
    """Middleware that writes down each request, and what the client gets."""

    def __init__(self, app: App, recording: Recording, is_private: Callable[[str], bool]) -> None:
        """Stand in front of an application.

        Args:
            app: The application.
            recording: Where exchanges are written to.
            is_private: Tells of the identifier of a job whether its results are kept from everybody but their first
                reader, and so from the recording.
        """
        self._app = app
        self._recording = recording
        self._is_private = is_private

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http" or scope["path"].startswith(_OWN_PATHS):
            await self._app(scope, receive, send)
            return
        body = await read_body(receive)
        messages: list[Any] = []

        async def tell(message: Any) -> None:
            messages.append(message)
            await send(message)

        of_job = _OF_JOBS.search(scope["path"])
        # Asked first: the results of a private job can be read once.
        is_hidden = of_job is not None and self._is_private(of_job[1])
        try:
            await self._app(scope, replaying(body, receive), tell)
        finally:
            self._write_down(scope, body, messages, is_hidden)

    def _write_down(self, scope: Scope, body: bytes, messages: list[Any], is_hidden: bool) -> None:
        secrets = self._recording.secrets
        try:
            reply = _reply(messages, secrets, is_hidden, is_private_job(scope["method"], scope["path"], body))
            self._recording.add(Exchange(request_of(scope, body, secrets), reply))
        except Exception:
            # What is recorded must not notice.
            logger.exception("%s %s could not be written to the recording.", scope["method"], scope["path"])


def request_of(scope: Scope, body: bytes, secrets: Iterable[str]) -> Request:
    """Return a request as it is kept."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    return request_without_secrets(scope["method"], scope["path"], scope["query_string"], headers, body, secrets)


async def read_body(receive: Receive) -> bytes:
    """Return the body of a request, of which the size was checked."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b"".join(parts)
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def replaying(body: bytes, receive: Receive) -> Receive:
    """Return a function that gives a body that was read already, and then further messages."""
    messages: list[dict[str, Any]] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Any:
        return messages.pop() if messages else await receive()

    return replay


def _reply(messages: list[Any], secrets: Iterable[str], is_hidden: bool, is_private: bool) -> Reply | None:
    if not messages:
        return None
    start = messages[0]
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in start.get("headers", ())}
    body = b"".join(message.get("body", b"") for message in messages[1:])
    if headers.get("content-encoding") == "gzip":
        # It may be cut off.
        body = zlib.decompressobj(wbits=31).decompress(body)
    if headers.get("content-type", "").startswith("application/json"):
        body = without_private_texts(body, is_submission=is_private)
    secrets = list(secrets)
    kept = headers_without_secrets(headers, REPLY_HEADERS, secrets)
    is_complete = len(messages) > 1 and not messages[-1].get("more_body", False)
    return Reply(start["status"], kept, None if is_hidden and body else without_secrets(body, secrets), is_complete)

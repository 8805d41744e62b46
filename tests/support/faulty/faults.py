# SPDX-License-Identifier: Apache-2.0
"""Table of faults: actions of the proxy in place of handing a request on."""

from __future__ import annotations

import functools
import gzip
import socket
import threading
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .peer import PIECE, Answer, Exchange, Peer, damaged, endless

if TYPE_CHECKING:
    from .scenario import Stage

ONCE, ALWAYS = 1.0, float("inf")
_JSON = (("Content-Type", "application/json"),)
_HTML = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Welcome to the hotel</body></html>"
_ERROR = b'{"errors":[{"code":1000,"message":"a fault on purpose","solution":"","more_info":""}],"trace":"fault"}'
#: Seconds that an outage lasts if it happens once.
_OUTAGE = 0.5


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong.

    Attributes:
        about: Says more than its name.
        act: What happens to a request that is meant.
        begin: What happens at the start, to the peer as a whole; returns what undoes it.
        times: How often it is tried to happen: once, always.
        is_a_lie: Whether the peer replies as if it had done what it was asked for.
    """

    about: str
    act: Callable[[Exchange], None] = lambda exchange: exchange.send(exchange.forward())
    begin: Callable[[Stage, float], Callable[[], None]] | None = None
    times: tuple[float, ...] = (ONCE, ALWAYS)
    is_a_lie: bool = False


# Peers that do not reply


def _refused(stage: Stage, times: float) -> Callable[[], None]:
    stage.peer.refuse()
    if times == ONCE:
        timer = threading.Timer(_OUTAGE, stage.peer.listen_again)
        timer.start()
        return timer.join
    return stage.peer.listen_again


def _unresolvable(stage: Stage, times: float) -> Callable[[], None]:
    """Make the resolver of this process fail for all names."""
    known, left = socket.getaddrinfo, times

    def resolve(*arguments: Any, **options: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            return known(*arguments, **options)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    def undo() -> None:
        socket.getaddrinfo = known

    socket.getaddrinfo = resolve
    stage.peer.drop_connections()
    return undo


def _reset_after(exchange: Exchange) -> None:
    exchange.forward()
    exchange.reset()


def _reset_and_refused(exchange: Exchange) -> None:
    if exchange.server.happened > 1:
        _status(403)(exchange)
    else:
        _reset_after(exchange)


def _reset_in_body(exchange: Exchange) -> None:
    answer = exchange.forward(whole=True)
    exchange.wfile.write(answer.head() + answer.body[: len(answer.body) // 2])
    # The bytes that were sent have to arrive before the connection breaks.
    exchange.server.is_over.wait(0.05)
    exchange.reset()


def _hang_after(exchange: Exchange) -> None:
    exchange.forward()
    exchange.hang()


def _drip_head(exchange: Exchange) -> None:
    answer = exchange.forward()
    exchange.drip(answer.head() + answer.body)


def _drip_body(exchange: Exchange) -> None:
    answer = exchange.forward(whole=True)
    exchange.wfile.write(answer.head())
    exchange.drip(answer.body)


# Refusals


def _status(status: int, *headers: tuple[str, str]) -> Callable[[Exchange], None]:
    return lambda exchange: exchange.send_and_close(Answer(status, (*_JSON, *headers), _ERROR))


def _status_after(status: int) -> Callable[[Exchange], None]:
    def act(exchange: Exchange) -> None:
        exchange.forward()
        exchange.send(Answer(status, _JSON, _ERROR))

    return act


def _redirect(status: int) -> Callable[[Exchange], None]:
    return lambda exchange: exchange.send_and_close(Answer(status, (("Location", exchange.server.elsewhere),)))


# Malformed bodies


def _truncated_gzip(exchange: Exchange) -> None:
    answer = _identity(exchange.forward(whole=True))
    half = gzip.compress(answer.body)
    half = half[: len(half) // 2]
    exchange.send(damaged(answer, headers=(*answer.headers, ("Content-Encoding", "gzip")), body=half))


def _truncated(exchange: Exchange) -> None:
    answer = _identity(exchange.forward(whole=True))
    exchange.send(damaged(answer, body=answer.body[: len(answer.body) // 2]))


def _too_long(exchange: Exchange) -> None:
    answer = exchange.forward(whole=True)
    exchange.send_and_close(damaged(answer, length=len(answer.body) + 10))


def _too_short(exchange: Exchange) -> None:
    answer = _identity(exchange.forward(whole=True))
    exchange.send_and_close(damaged(answer, length=max(len(answer.body) - 10, 0)))


def _identity(answer: Answer) -> Answer:
    """Return a response without compression."""
    encoded = ("content-encoding", "gzip") in [(name.lower(), value) for name, value in answer.headers]
    headers = tuple(pair for pair in answer.headers if pair[0].lower() != "content-encoding")
    return damaged(answer, headers=headers, body=gzip.decompress(answer.body) if encoded else answer.body)


def _says(body: bytes, kind: str = "application/json") -> Callable[[Exchange], None]:
    """Return an action that sends another body with status 200 and does not hand the request on."""
    return lambda exchange: exchange.send_and_close(Answer(200, (("Content-Type", kind),), body))


def _says_after(body: bytes) -> Callable[[Exchange], None]:
    """Return an action that replaces the body of the service's response and keeps its headers, an ETag included."""

    def act(exchange: Exchange) -> None:
        answer = _identity(exchange.forward(whole=True))
        exchange.send(damaged(answer, status=200, body=body))

    return act


def _bomb(exchange: Exchange) -> None:
    headers = (*_JSON, ("Content-Encoding", "gzip"))
    exchange.send_and_close(Answer(200, headers, _gigabyte()))


@functools.cache
def _gigabyte() -> bytes:
    """Return a gzip stream of 1 MB that decompresses to 1 GiB of spaces, made quickly of one block that is repeated."""
    block = b" " * (1 << 20)
    compressor = zlib.compressobj(9, zlib.DEFLATED, 31)
    start = compressor.compress(block) + compressor.flush(zlib.Z_FULL_FLUSH)
    again = compressor.compress(block) + compressor.flush(zlib.Z_FULL_FLUSH)
    return start + again * 1023


_CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
_CHUNK = b"%x\r\n%s\r\n" % (PIECE, b" " * PIECE)

FAULTS: dict[str, Fault] = {
    "refused": Fault("no connection; once: for half a second", begin=_refused),
    "no such host": Fault("the host's name is not known", begin=_unresolvable),
    "reset, not processed": Fault("the connection is reset before the service has the request", Exchange.reset),
    "reset, processed": Fault("the connection is reset after the service has processed the request", _reset_after),
    "reset, then 403": Fault(
        "processed and reset; what is asked for after that is refused", _reset_and_refused, times=(ALWAYS,)
    ),
    "reset in the body": Fault("the connection is reset in the middle of the reply's body", _reset_in_body),
    "hangs, not processed": Fault("no byte comes back, for ever", Exchange.hang),
    "hangs, processed": Fault("the service processed it, and no byte comes back", _hang_after, times=(ALWAYS,)),
    "head drips": Fault("a byte each half a second from the status line on", _drip_head, times=(ALWAYS,)),
    "body drips": Fault("the head comes, then a byte of the body each half a second", _drip_body, times=(ALWAYS,)),
    "429": Fault("too many requests", _status(429)),
    "429, Retry-After 1": Fault("too many requests, come back in a second", _status(429, ("Retry-After", "1"))),
    "429, Retry-After 3600": Fault("come back in an hour", _status(429, ("Retry-After", "3600"))),
    "500": Fault("refused by the service", _status(500)),
    "502": Fault("refused by a gateway", _status(502)),
    "503": Fault("refused by a gateway", _status(503)),
    "504": Fault("a gateway has waited in vain", _status(504)),
    "500, processed": Fault("processed, and then it fails", _status_after(500)),
    "502, processed": Fault("processed, and the reply is lost on the way", _status_after(502), times=(ONCE,)),
    "503, processed": Fault("processed, and the reply is lost on the way", _status_after(503)),
    "504, processed": Fault("processed, later than the gateway waits", _status_after(504)),
    "401": Fault("the token is not accepted", _status(401)),
    "403": Fault("the token does not allow it", _status(403), times=(ALWAYS,)),
    "redirect 302": Fault("to another host", _redirect(302), times=(ALWAYS,)),
    "redirect 307": Fault("to another host", _redirect(307), times=(ALWAYS,)),
    "truncated gzip": Fault("half of a compressed body, of which Content-Length tells; with the ETag", _truncated_gzip),
    "truncated": Fault("half of a body, of which Content-Length tells; with the ETag", _truncated),
    "Content-Length too long": Fault("more bytes are promised than come", _too_long),
    "Content-Length too short": Fault("ten bytes fewer are promised than there are", _too_short),
    "HTML": Fault("200 and a page to sign in; not processed", _says(_HTML, "text/html"), is_a_lie=True),
    "HTML, processed": Fault("the same in place of the service's reply, with its ETag", _says_after(_HTML)),
    "nothing": Fault("200 and no body; not processed", _says(b""), is_a_lie=True),
    "nothing, processed": Fault("the same in place of the service's reply, with its ETag", _says_after(b"")),
    "a list": Fault("200 and `[]`; not processed", _says(b"[]"), is_a_lie=True),
    "other members": Fault('200 and `{"foo": 1}`; not processed', _says(b'{"foo": 1}'), is_a_lie=True),
    "gzip bomb": Fault("1 MB that becomes 1 GiB", _bomb, times=(ALWAYS,), is_a_lie=True),
    "endless body": Fault(
        "chunks without end", lambda exchange: endless(exchange, _CHUNKED, _CHUNK), times=(ALWAYS,), is_a_lie=True
    ),
    "endless head": Fault(
        "headers without end",
        lambda exchange: endless(exchange, b"HTTP/1.1 200 OK\r\n", b"X-More: more\r\n" * 10, 0.01),
        times=(ALWAYS,),
    ),
}


def plan_of(stage: Stage, fault: Fault, match: str, times: float) -> Callable[[], None]:
    """Begin a fault; return the function that ends it."""
    peer: Peer = stage.peer
    peer.plan(fault.act, match, times if fault.begin is None else 0)
    undo = fault.begin(stage, times) if fault.begin else lambda: None

    def end() -> None:
        peer.heal()
        undo()

    return end

# SPDX-License-Identifier: Apache-2.0
"""HTTP requests: repeated by a policy, within the deadline of the call, with this package's exceptions only.

No exception of ``requests`` leaves this file, and neither does a text with a key, a token or a proxy's password.
"""

from __future__ import annotations

import platform
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from ssl import SSLCertVerificationError
from typing import TYPE_CHECKING, Any, TypeAlias

import orjson
import requests
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ProxyError, ReadTimeoutError

from .. import __version__
from .._deadline import deadline, pause, seconds_left
from .._extras import needed
from .._logger import logger
from .._progress import waiting
from .._redaction import redact
from .._threads import tell_after_fork
from ..exceptions import ApiIBMProtocolError, IBMNotAuthorizedError, RequestsApiError
from .bodies import BodyDamagedError, BodyTooLargeError, read_body, read_start
from .connections import DeadlineAdapter, close_inherited
from .limits import Limits
from .retry import REFUSED, TRANSIENT, RetryPolicy

if TYPE_CHECKING:
    from ..accounts import ProxyConfiguration

#: Seconds to connect: around the world it takes less than one, and the rest is for packets that are lost.
_CONNECT_TIMEOUT = 5.0
#: Share of a call's time for which the first attempt of a repeatable request waits for a byte. A kept connection may be
#: dead, and two thirds leave time to find out on another one.
_FIRST_READ_SHARE = 1 / 3
#: Attempts at a request whose response is malformed: a proxy in between may have replied, which seldom lasts.
_MALFORMED_ATTEMPTS = 3
#: Bytes of an error's body that are read: it only explains, and pages of proxies are cut to 2000 characters anyway.
_MAX_ERROR_BYTES = 2**16
_USER_AGENT = f"qiskit-ibm-native/{__version__} python/{platform.python_version()}"
#: Status of the response to a conditional request for a payload that has not changed.
NOT_MODIFIED = 304
#: The status of a request that cannot be stored, which was not processed.
_NOT_KEPT = 507
#: ``code`` of the error of a request without a response in time.
TIMED_OUT = "timeout"


_Failure: TypeAlias = RequestsApiError | ApiIBMProtocolError | IBMNotAuthorizedError


class HttpResponse:
    """An HTTP response whose body has been read and decompressed.

    Attributes:
        label: Method and path of the request, for texts of errors.
        status: HTTP status.
        headers: Headers, which are found whatever their case.
        body: Decompressed body.
    """

    __slots__ = ("_content", "body", "headers", "label", "status")

    def __init__(self, label: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Create a response; ``label`` is the method and the path of its request."""
        self.label = label
        self.status = status
        self.headers = headers
        self.body = body
        self._content: tuple[Any] | None = None

    def json(self) -> Any:
        """Return the content of the body, which is parsed once.

        Raises:
            ApiIBMProtocolError: The body is not JSON.
        """
        if self._content is None:
            reason = ""
            try:
                self._content = (orjson.loads(self.body),)
            except orjson.JSONDecodeError as error:
                reason = str(error)
            if self._content is None:
                # Neither the text nor the cause has the body: it may be a token, for example.
                failure = ApiIBMProtocolError(
                    f"{self.label}: the reply is not JSON ({reason}; {len(self.body)} bytes)."
                )
                failure.is_transient = True
                raise failure
        return self._content[0]

    def object(self, **required: type | tuple[type, ...]) -> dict[str, Any]:
        """Return the content as a JSON object.

        Args:
            **required: Types of members that the object must have.

        Raises:
            ApiIBMProtocolError: The body is not JSON, is no object, or lacks a required member of its type.
        """
        content = self.json()
        if not isinstance(content, dict):
            raise ApiIBMProtocolError(
                f"{self.label}: the reply must be a JSON object, and is a {type(content).__name__}."
            )
        for key, kind in required.items():
            if not isinstance(content.get(key), kind):
                found = f"a {type(content[key]).__name__}" if key in content else "missing"
                raise ApiIBMProtocolError(f"{self.label}: the member {key!r} of the reply is {found}")
        return content


def check_acknowledgement(reply: HttpResponse) -> None:
    """Check that a response without content comes from the service, and not from a proxy in between.

    Raises:
        ApiIBMProtocolError: The body is neither empty nor a JSON object.
    """
    if reply.body.strip():
        reply.object()


class _Session(requests.Session):
    """A session that follows no redirects and does not read their bodies."""

    def get_redirect_target(self, resp: Any) -> None:
        """Return no target."""


class Transport:
    """Makes HTTP requests over connections that are kept. Threads and forked processes may share one.

    Attributes:
        policy: Attempts and waits of requests.
        limits: Time of a call and sizes of bodies.
        on_request: Called with each ``requests.PreparedRequest``, access token included, before it is sent. For tests.
        on_response: Called with the request and its response, when that has been read. For tests.
    """

    def __init__(
        self,
        proxies: ProxyConfiguration | None = None,
        verify: bool = True,
        policy: RetryPolicy | None = None,
        limits: Limits | None = None,
    ) -> None:
        """Create a transport; the first request connects."""
        self.policy = policy or RetryPolicy()
        self.limits = limits or Limits()
        self.on_request: Callable[[requests.PreparedRequest], object] | None = None
        self.on_response: Callable[[requests.PreparedRequest, HttpResponse], object] | None = None
        self._is_closed = False
        self._proxies, self._verify = proxies, verify
        # Arguments go before the environment.
        self._trusts_environment = proxies is None and verify
        self._session = self._new_session()
        self._routes: dict[str, dict[str, Any]] = {}
        tell_after_fork(self)

    def _new_session(self) -> requests.Session:
        session = _Session()
        # Credentials of .netrc are for other programs. Proxies and certificates of the environment are looked up once
        # for each host, by _route: a look-up is a third of the CPU time of a request.
        session.trust_env = False
        session.auth = _no_authentication
        session.headers["User-Agent"] = _USER_AGENT
        # Each request has its own Accept. gzip is the encoding that bodies.py decompresses.
        session.headers["Accept-Encoding"] = "gzip"
        adapter = DeadlineAdapter(pool_connections=8, pool_maxsize=64, max_retries=0)
        for scheme in ("http://", "https://"):
            session.mount(scheme, adapter)
        session.verify = self._verify
        if self._proxies is not None:
            session.proxies.update(self._proxies.urls)
            if self._proxies.username_ntlm:
                session.auth = _ntlm(self._proxies)
        return session

    def after_fork(self) -> None:
        """Replace the connections: responses on those of the parent are for the parent."""
        close_inherited()
        self._session = self._new_session()

    @contextmanager
    def call(self) -> Iterator[None]:
        """Give a context with the deadline of a call, or an earlier one that is set already."""
        with waiting("Waiting for the service", is_general=True), deadline(time.monotonic() + self.limits.timeout):
            yield

    def _route(self, url: str) -> dict[str, Any]:
        """Return the proxies and certificates for a URL, by the variables that ``requests`` reads."""
        if not self._trusts_environment:
            return {}
        host = "/".join(url.split("/", 3)[:3])
        if host not in self._routes:
            with requests.Session() as environment:
                settings = environment.merge_environment_settings(host, {}, None, None, None)
            self._routes[host] = {"proxies": settings["proxies"], "verify": settings["verify"]}
        return self._routes[host]

    def close(self) -> None:
        """Close the connections; later requests raise RequestsApiError."""
        self._is_closed = True
        self._session.close()

    def request(
        self,
        method: str,
        url: str,
        label: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Any = None,
        body: bytes | str | None = None,
        repeatable: bool = False,
        check: Callable[[HttpResponse], object] | None = None,
        limit: int | None = None,
    ) -> HttpResponse:
        """Make a request, again if the policy says so, within the deadline of the call.

        Args:
            method: HTTP method.
            url: URL without the query.
            label: Method and path, for texts of errors.
            headers: Headers beside those of all requests.
            params: Query, as ``requests`` takes it.
            body: Body.
            repeatable: Whether sending the request twice has the same effect as sending it once.
            check: Raises ApiIBMProtocolError if the response is malformed, which counts as a failure of the request.
            limit: Largest body of the response in bytes, ``limits.max_reply_bytes`` by default.

        Raises:
            IBMNotAuthorizedError: The status is 401 or 403.
            ApiIBMProtocolError: ``check`` refuses the response.
            RequestsApiError: No response came in time, it is too large, or its status is an error.
        """
        with self.call(), waiting(f"Waiting for {_host_of(url)}", is_general=True):
            attempt, waited = 0, 0.0
            is_conditional = headers is not None and "If-None-Match" in headers
            while True:
                attempt += 1
                if self._is_closed:
                    raise RequestsApiError(
                        f"{label}: the provider is closed. Open another one with IBMProvider().", code="closed"
                    )
                silence = self.limits.timeout * (_FIRST_READ_SHARE if repeatable and attempt == 1 else 1)
                outcome = self._attempt(
                    label, (method, url, headers, params, body), silence, limit or self.limits.max_reply_bytes
                )
                failure, again, retry_after = self._judge(outcome, attempt, repeatable, is_conditional, check)
                if failure is None:
                    assert isinstance(outcome, HttpResponse)  # noqa: S101 (for type checkers)
                    return outcome
                seconds = self.policy.wait(attempt, waited, retry_after) if again else None
                if seconds is None or seconds >= seconds_left():
                    raise failure if seconds is None and seconds_left() > 0 else self._timed_out(failure)
                logger.debug("%s failed (%s); again in %.2f s.", label, failure, seconds)
                pause(seconds)
                waited += seconds

    def _judge(
        self,
        outcome: HttpResponse | RequestsApiError,
        attempt: int,
        repeatable: bool,
        is_conditional: bool,
        check: Callable[[HttpResponse], object] | None,
    ) -> tuple[_Failure | None, bool, str | None]:
        """Return the failure of an attempt, if it is one, whether to try again, and the ``Retry-After`` header."""
        if isinstance(outcome, RequestsApiError):
            return outcome, outcome.is_transient and (repeatable or not outcome.maybe_processed), None
        if outcome.status == NOT_MODIFIED and is_conditional:
            return None, False, None
        if not 200 <= outcome.status < 300:
            again = outcome.status == REFUSED or (repeatable and outcome.status in TRANSIENT)
            return self._refused(outcome), again, outcome.headers.get("Retry-After")
        if check is not None:
            try:
                check(outcome)
            except ApiIBMProtocolError as error:
                return error, repeatable and attempt < _MALFORMED_ATTEMPTS, None
        return None, False, None

    def _prepare(
        self, method: str, url: str, headers: Mapping[str, str] | None, params: Any, body: bytes | str | None
    ) -> requests.PreparedRequest:
        # Anew for each attempt, because NTLM changes the request; and not by the session, whose merging of settings is
        # a fifth of the CPU time of a request.
        request = requests.PreparedRequest()
        merged = {**self._session.headers, **(headers or {})}
        request.prepare(method, url, headers=merged, data=body, params=params, auth=self._session.auth)
        return request

    def _attempt(
        self, label: str, parts: tuple[Any, ...], silence: float, limit: int
    ) -> HttpResponse | RequestsApiError:
        url, left, raw = parts[1], seconds_left(), None
        if left <= 0:
            return RequestsApiError(f"{label}: there was no time left to make the request.", code=TIMED_OUT)
        try:
            request = self._prepare(*parts)
            if self.on_request is not None:
                self.on_request(request)
            response = self._session.send(
                request, timeout=(min(_CONNECT_TIMEOUT, left), min(silence, left)), stream=True, allow_redirects=False,
                **self._route(url),
            )  # fmt: skip
            raw = response.raw
            is_good = 200 <= response.status_code < 300
            body = read_body(raw, limit) if is_good else read_start(raw, _MAX_ERROR_BYTES)
        except ValueError:
            # The text of the error has the malformed part, which may be a secret.
            return RequestsApiError(
                f"{label}: the address, a header or the reply is malformed.", code="malformed", maybe_processed=True
            )
        except (requests.exceptions.RequestException, HTTPError, BodyDamagedError) as error:
            return self._no_response(label, url, error)
        except BodyTooLargeError:
            return RequestsApiError(
                f"{label}: the reply is larger than {limit} bytes. If that is right,"
                " IBMProvider(max_reply_bytes=..., max_result_bytes=...) allows larger ones.",
                code="too large", maybe_processed=True,
            )  # fmt: skip
        finally:
            if raw is not None:
                # A connection whose response was read to its end is back in the pool by now; any other is useless.
                raw.close()
        reply = HttpResponse(label, response.status_code, response.headers, body)
        if self.on_response is not None:
            self.on_response(request, reply)
        return reply

    def _no_response(self, label: str, url: str, error: Exception) -> RequestsApiError:
        host = redact(re.sub(r"^(\w+://)([^/@]*@)?([^/]*).*", r"\1\3", url))
        is_late = isinstance(error, requests.exceptions.ReadTimeout | ReadTimeoutError)
        is_untrusted = _is_untrusted(error)
        never_sent = isinstance(error, requests.exceptions.ConnectTimeout) or is_untrusted or _never_connected(error)
        reason = "nothing came in time" if is_late else redact(_reason(error))
        return RequestsApiError(
            f"{label}: no reply from {host} ({reason}).",
            code=TIMED_OUT if is_late else "certificate" if is_untrusted else None,
            maybe_processed=not never_sent,
        )

    def _timed_out(self, failure: _Failure) -> _Failure:
        """Return a failure with the note that the time of the call is over."""
        failure.message = (
            f"{failure.message} The time for it was over: timeout= of IBMProvider ({self.limits.timeout:g} s), or of"
            " what was called, allows for more."
        )
        failure.args = (failure.message,)
        return failure

    def _refused(self, reply: HttpResponse) -> RequestsApiError | IBMNotAuthorizedError:
        try:
            code, text = _error_text(reply.body)
        except (TypeError, ValueError, RecursionError):
            code, text = None, "(an explanation that cannot be shown)"
        message = redact(f"{reply.label}: {reply.status} {text}")
        if reply.status in (401, 403):
            return IBMNotAuthorizedError(message)
        body = redact(reply.body.decode(errors="replace"))
        code = redact(code)[:100] if isinstance(code, str) else code if isinstance(code, int) else None
        return RequestsApiError(
            message, reply.status, code, body, maybe_processed=reply.status >= 500 and reply.status != _NOT_KEPT
        )


def _never_connected(error: Exception) -> bool:
    """Return whether a request failed for want of a connection, so that nothing was sent."""
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", cause)
    if isinstance(reason, ProxyError):
        # urllib3 raises it for failures behind the proxy, too, also after the request has been sent.
        reason = reason.original_error
        if type(reason) is OSError:
            # The proxy refused the tunnel.
            return True
    return isinstance(reason, NewConnectionError | ConnectTimeoutError)


def _is_untrusted(error: Exception) -> bool:
    """Return whether a request failed because the server's certificate is not trusted."""
    cause: Any = error
    while cause is not None and not isinstance(cause, SSLCertVerificationError):
        inner = cause.args[0] if getattr(cause, "args", None) else None
        cause = getattr(inner, "reason", inner) if isinstance(inner, Exception) else None
    return cause is not None


def _reason(error: Exception) -> str:
    """Return the innermost text of an exception of ``requests``, which wraps others up to three deep."""
    cause: Any = error
    while getattr(cause, "args", None) and isinstance(cause.args[0], Exception):
        cause = cause.args[0]
    reason = getattr(cause, "reason", None)
    text = str(reason if reason is not None else cause).split(">: ")[-1]
    return re.sub(r"^\w+\(host=.*?\): ", "", text)


def _no_authentication(request: Any) -> Any:
    """Return a request unchanged, in place of the authentication of ``requests``: it has its header already."""
    return request


def _error_text(body: bytes) -> tuple[int | str | None, str]:
    """Return the code and the text of the body of an error, which has one of three known shapes or any other."""
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None, body.decode(errors="replace").strip()[:2000] or "(no explanation)"
    if not isinstance(content, dict):
        return None, str(content)
    errors = content.get("errors")
    if isinstance(errors, list) and errors and all(isinstance(error, dict) for error in errors):
        texts = [_sentence(error) for error in errors]
        trace = f" (trace {content['trace']})" if content.get("trace") else ""
        return errors[0].get("code"), "; ".join(texts) + trace
    if isinstance(content.get("error"), dict):
        return content["error"].get("code"), _sentence(content["error"])
    if "errorMessage" in content:
        return content.get("errorCode"), f"{content.get('errorCode', '')} {content['errorMessage']}".strip()
    return content.get("code"), orjson.dumps(content).decode()


def _sentence(error: Mapping[str, Any]) -> str:
    parts = [str(error[key]) for key in ("message", "solution") if error.get(key)]
    code = f" Error code: {error['code']}." if error.get("code") is not None else ""
    return " ".join(part if part.endswith(".") else f"{part}." for part in parts) + code


def _host_of(url: str) -> str:
    """Return the host of a URL, without credentials."""
    return url.split("/", 3)[2].rpartition("@")[2] if url.count("/") > 1 else "the service"


def _ntlm(proxies: ProxyConfiguration) -> Any:
    package = needed("requests_ntlm", None, "Proxies with NTLM")
    return package.HttpNtlmAuth(proxies.username_ntlm, proxies.password_ntlm)

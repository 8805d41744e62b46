# SPDX-License-Identifier: Apache-2.0
"""Requests over HTTP: repeated where that is right, and every failure one of this package's exceptions.

No exception of ``requests`` leaves this file, and no text does that has a key, a token or a proxy's password in it.
"""

from __future__ import annotations

import platform
import re
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from ssl import SSLCertVerificationError
from typing import TYPE_CHECKING, Any, TypeAlias

import orjson
import requests
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ProxyError, ReadTimeoutError

from .. import __version__
from .._deadline import deadline, pause, seconds_left
from .._logger import logger
from .._redaction import redact
from .._threads import tell_after_fork
from ..exceptions import ApiIBMProtocolError, IBMNotAuthorizedError, RequestsApiError
from .bodies import BodyDamagedError, BodyTooLargeError, read_body, read_start
from .connections import PunctualAdapter, close_inherited
from .limits import Limits
from .retry import REFUSED, TRANSIENT, RetryPolicy

if TYPE_CHECKING:
    from ..accounts import ProxyConfiguration

#: Seconds to connect.
_CONNECT = 5.0
#: The part of a call's time for which a request that can be repeated waits for a byte: a connection may be dead.
_SILENCE = 1 / 3
#: How often a request is made whose reply is not what it should be. That passes, if something in between replied.
_MISUNDERSTANDINGS = 3
#: Bytes of the body of an error that are read.
_MAX_ERROR_BYTES = 2**16
_USER_AGENT = f"qiskit-ibm-native/{__version__} python/{platform.python_version()}"
#: The status of a reply to a conditional request: what the client has is what there is.
NOT_MODIFIED = 304
#: The code of an error of a request without a reply in time.
TIMED_OUT = "timeout"


_Failure: TypeAlias = RequestsApiError | ApiIBMProtocolError | IBMNotAuthorizedError


class Reply:
    """What the service replied.

    Attributes:
        what: The method and the path of the request.
        status: The HTTP status.
        headers: The headers.
        body: The body, decoded from what it was compressed by.
    """

    __slots__ = ("_content", "body", "headers", "status", "what")

    def __init__(self, what: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Create a reply; ``what`` is the method and the path of the request."""
        self.what = what
        self.status = status
        self.headers = headers
        self.body = body
        self._content: tuple[Any] | None = None

    def json(self) -> Any:
        """Return the content.

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
                # The body is not shown, and no error that has it is the cause: it may be anything, a token for example.
                failure = ApiIBMProtocolError(f"{self.what}: the reply is not JSON ({reason}; {len(self.body)} bytes)")
                failure.may_pass = True
                raise failure
        return self._content[0]

    def object(self, **required: type | tuple[type, ...]) -> dict[str, Any]:
        """Return the content, an object that has these members with values of these types.

        Raises:
            ApiIBMProtocolError: It is not that.
        """
        content = self.json()
        if not isinstance(content, dict):
            raise ApiIBMProtocolError(f"{self.what}: expected an object, the reply is a {type(content).__name__}")
        for key, kind in required.items():
            if not isinstance(content.get(key), kind):
                found = f"a {type(content[key]).__name__}" if key in content else "missing"
                raise ApiIBMProtocolError(f"{self.what}: the member {key!r} of the reply is {found}")
        return content


def acknowledged(reply: Reply) -> None:
    """Check that a reply without content comes from the service: nothing or an object, and no page of something in between.

    Raises:
        ApiIBMProtocolError: It is something else.
    """
    if reply.body.strip():
        reply.object()


class _Session(requests.Session):
    """A session that follows no redirects, and does not read the bodies of replies that are some."""

    def get_redirect_target(self, resp: Any) -> None:
        """Return no target."""


class Transport:
    """Makes requests over connections that are kept. Any number of threads, and of processes after a fork, may use one."""

    def __init__(
        self,
        proxies: ProxyConfiguration | None = None,
        verify: bool = True,
        policy: RetryPolicy | None = None,
        limits: Limits | None = None,
    ) -> None:
        """Create a transport; nothing is connected to yet."""
        self.policy = policy or RetryPolicy()
        self.limits = limits or Limits()
        self._is_closed = False
        self._proxies, self._verify = proxies, verify
        # What is said here goes before what the environment says.
        self._trusts_environment = proxies is None and verify
        self._session = self._new_session()
        self._routes: dict[str, dict[str, Any]] = {}
        tell_after_fork(self)

    def _new_session(self) -> requests.Session:
        session = _Session()
        # Credentials of .netrc are for others, and of what the environment says about proxies and certificates a note is
        # taken once for each host: looking it up is a third of what a request takes this process.
        session.trust_env = False
        session.auth = _unchanged
        session.headers["User-Agent"] = _USER_AGENT
        # No Accept: that is said request by request. Of encodings, the one that is decoded here.
        session.headers["Accept-Encoding"] = "gzip"
        adapter = PunctualAdapter(pool_connections=8, pool_maxsize=64, max_retries=0)
        for scheme in ("http://", "https://"):
            session.mount(scheme, adapter)
        session.verify = self._verify
        if self._proxies is not None:
            session.proxies.update(self._proxies.urls)
            if self._proxies.username_ntlm:
                session.auth = _ntlm(self._proxies)
        return session

    def after_fork(self) -> None:
        """Use connections of this process's own: replies on the others are the parent's."""
        close_inherited()
        self._session = self._new_session()

    def call(self) -> AbstractContextManager[None]:
        """Return a context in which everything ends within the time of a call, or of the call around it."""
        return deadline(time.monotonic() + self.limits.timeout)

    def _route(self, url: str) -> dict[str, Any]:
        """Return the proxies and certificates to use for a URL, as ``requests`` understands the environment."""
        if not self._trusts_environment:
            return {}
        host = "/".join(url.split("/", 3)[:3])
        if host not in self._routes:
            with requests.Session() as environment:
                settings = environment.merge_environment_settings(host, {}, None, None, None)
            self._routes[host] = {"proxies": settings["proxies"], "verify": settings["verify"]}
        return self._routes[host]

    def close(self) -> None:
        """Close the connections; there are no more requests."""
        self._is_closed = True
        self._session.close()

    def request(
        self,
        method: str,
        url: str,
        what: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Any = None,
        body: bytes | str | None = None,
        repeatable: bool = False,
        check: Callable[[Reply], object] | None = None,
        limit: int | None = None,
    ) -> Reply:
        """Make a request, within the deadline of the call.

        Args:
            method: The HTTP method.
            url: Where to.
            what: What errors call it: the method and the path.
            headers: Headers.
            params: The query.
            body: The body.
            repeatable: Whether doing it twice is the same as doing it once.
            check: Raises ApiIBMProtocolError for a reply that is not what it should be. Such a request has failed.
            limit: How many bytes the reply may have, ``limits.max_reply_bytes`` by default.

        Raises:
            IBMNotAuthorizedError: The reply is 401 or 403.
            ApiIBMProtocolError: The reply is not what it should be.
            RequestsApiError: There was no reply, or it says that the request failed.
        """
        with self.call():
            attempt, waited = 0, 0.0
            is_conditional = headers is not None and "If-None-Match" in headers
            while True:
                attempt += 1
                if self._is_closed:
                    raise RequestsApiError(f"{what}: the provider is closed", code="closed")
                # A connection may be dead: what can be repeated is not waited for until the end the first time.
                silence = self.limits.timeout * (_SILENCE if repeatable and attempt == 1 else 1)
                outcome = self._once(
                    what, (method, url, headers, params, body), silence, limit or self.limits.max_reply_bytes
                )
                failure, again, retry_after = self._failure(outcome, attempt, repeatable, is_conditional, check)
                if failure is None:
                    assert isinstance(outcome, Reply)  # noqa: S101 (no failure is only said of replies)
                    return outcome
                seconds = self.policy.wait(attempt, waited, retry_after) if again else None
                if seconds is None or seconds >= seconds_left():
                    raise failure if seconds is None and seconds_left() > 0 else self._late(failure)
                logger.debug("%s failed (%s); again in %.2f s", what, failure, seconds)
                pause(seconds)
                waited += seconds

    def _failure(
        self,
        outcome: Reply | RequestsApiError,
        attempt: int,
        repeatable: bool,
        is_conditional: bool,
        check: Callable[[Reply], object] | None,
    ) -> tuple[_Failure | None, bool, str | None]:
        """Return what is wrong with the outcome of a request, whether to make it again, and when the service says so."""
        if isinstance(outcome, RequestsApiError):
            return outcome, outcome.may_pass and (repeatable or not outcome.maybe_processed), None
        if outcome.status == NOT_MODIFIED and is_conditional:
            return None, False, None
        if not 200 <= outcome.status < 300:
            again = outcome.status == REFUSED or (repeatable and outcome.status in TRANSIENT)
            return self._refusal(outcome), again, outcome.headers.get("Retry-After")
        if check is not None:
            try:
                check(outcome)
            except ApiIBMProtocolError as error:
                return error, repeatable and attempt < _MISUNDERSTANDINGS, None
        return None, False, None

    def _prepared(
        self, method: str, url: str, headers: Mapping[str, str] | None, params: Any, body: bytes | str | None
    ) -> requests.PreparedRequest:
        # Prepared anew for each attempt, because authentication by NTLM changes what it sends; and here, because the session would merge what there is nothing to merge with: a fifth of a request.
        request = requests.PreparedRequest()
        every = {**self._session.headers, **(headers or {})}
        request.prepare(method, url, headers=every, data=body, params=params, auth=self._session.auth)
        return request

    def _once(self, what: str, parts: tuple[Any, ...], silence: float, limit: int) -> Reply | RequestsApiError:
        url, left, raw = parts[1], seconds_left(), None
        if left <= 0:
            return RequestsApiError(f"{what}: there was no time to ask.", code=TIMED_OUT)
        try:
            request = self._prepared(*parts)
            response = self._session.send(
                request, timeout=(min(_CONNECT, left), min(silence, left)), stream=True, allow_redirects=False,
                **self._route(url),
            )  # fmt: skip
            raw = response.raw
            is_good = 200 <= response.status_code < 300
            body = read_body(raw, limit) if is_good else read_start(raw, _MAX_ERROR_BYTES)
            return Reply(what, response.status_code, response.headers, body)
        except ValueError:
            # Of this request or of the reply, and with what is wrong in it, which may be a secret.
            return RequestsApiError(
                f"{what}: the address, a header or the reply is malformed", code="malformed", maybe_processed=True
            )
        except (requests.exceptions.RequestException, HTTPError, BodyDamagedError) as error:
            return self._no_reply(what, url, error)
        except BodyTooLargeError:
            return RequestsApiError(
                f"{what}: the reply is larger than {limit} bytes. If that is right, IBMProvider(max_reply_bytes=...,"
                " max_result_bytes=...) allows for more.",
                code="too large", maybe_processed=True,
            )  # fmt: skip
        finally:
            if raw is not None:
                # A connection whose reply was read to its end is back in the pool by now; any other is of no more use.
                raw.close()

    def _no_reply(self, what: str, url: str, error: Exception) -> RequestsApiError:
        host = redact(re.sub(r"^(\w+://)([^/@]*@)?([^/]*).*", r"\1\3", url))
        is_late = isinstance(error, requests.exceptions.ReadTimeout | ReadTimeoutError)
        is_untrusted = _is_untrusted(error)
        never_sent = isinstance(error, requests.exceptions.ConnectTimeout) or is_untrusted or _never_connected(error)
        reason = "nothing came in time" if is_late else redact(_reason(error))
        return RequestsApiError(
            f"{what}: no reply from {host} ({reason})",
            code=TIMED_OUT if is_late else "certificate" if is_untrusted else None,
            maybe_processed=not never_sent,
        )

    def _late(self, failure: _Failure) -> _Failure:
        """Return a failure that says that the time of the call is over, too."""
        failure.message = (
            f"{failure.message} The time for it was over: timeout= of IBMProvider ({self.limits.timeout:g} s), or of what was"
            " called, allows for more."
        )
        failure.args = (failure.message,)
        return failure

    def _refusal(self, reply: Reply) -> RequestsApiError | IBMNotAuthorizedError:
        try:
            code, text = _explanation(reply.body)
        except (TypeError, ValueError, RecursionError):
            code, text = None, "(an explanation that cannot be shown)"
        message = redact(f"{reply.what}: {reply.status} {text}")
        if reply.status in (401, 403):
            return IBMNotAuthorizedError(message)
        body = redact(reply.body.decode(errors="replace"))
        code = redact(code)[:100] if isinstance(code, str) else code if isinstance(code, int) else None
        return RequestsApiError(message, reply.status, code, body, maybe_processed=reply.status >= 500)


def _never_connected(error: Exception) -> bool:
    """Return whether a request was not sent, because there was no connection to send it on."""
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", cause)
    if isinstance(reason, ProxyError):
        # urllib3 blames the proxy for whatever happens behind it, also after the request has been sent.
        reason = reason.original_error
        if type(reason) is OSError:
            # The proxy refused the tunnel.
            return True
    return isinstance(reason, NewConnectionError | ConnectTimeoutError)


def _is_untrusted(error: Exception) -> bool:
    """Return whether the other side has no certificate that is trusted."""
    cause: Any = error
    while cause is not None and not isinstance(cause, SSLCertVerificationError):
        inner = cause.args[0] if getattr(cause, "args", None) else None
        cause = getattr(inner, "reason", inner) if isinstance(inner, Exception) else None
    return cause is not None


def _reason(error: Exception) -> str:
    """Return the innermost text of an exception of ``requests``, which wraps others three deep."""
    cause: Any = error
    while getattr(cause, "args", None) and isinstance(cause.args[0], Exception):
        cause = cause.args[0]
    reason = getattr(cause, "reason", None)
    text = str(reason if reason is not None else cause).split(">: ")[-1]
    return re.sub(r"^\w+\(host=.*?\): ", "", text)


def _unchanged(request: Any) -> Any:
    """Return a request as it is: the header of who asks is there already."""
    return request


def _explanation(body: bytes) -> tuple[int | str | None, str]:
    """Return the code and the text of the body of an error: one of three shapes, or whatever it is."""
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None, body.decode(errors="replace").strip()[:2000] or "(no explanation)"
    if not isinstance(content, dict):
        return None, str(content)
    errors = content.get("errors")
    if isinstance(errors, list) and errors and all(isinstance(each, dict) for each in errors):
        texts = [_sentence(each) for each in errors]
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


def _ntlm(proxies: ProxyConfiguration) -> Any:
    try:
        from requests_ntlm import HttpNtlmAuth
    except ImportError:
        from ..exceptions import IBMInputValueError

        raise IBMInputValueError("Proxies with NTLM need one more package: pip install requests-ntlm") from None
    return HttpNtlmAuth(proxies.username_ntlm, proxies.password_ntlm)

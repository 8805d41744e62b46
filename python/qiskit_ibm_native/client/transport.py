# SPDX-License-Identifier: Apache-2.0
"""Requests over HTTP: repeated where that is right, and every failure one of this package's exceptions.

No exception of ``requests`` leaves this file, and no text does that has a key, a token or a proxy's password in it.
"""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson
import requests
from requests.adapters import HTTPAdapter

from .. import __version__
from ..exceptions import ApiIBMProtocolError, IBMNotAuthorizedError, RequestsApiError
from ..logger import logger
from .retry import REFUSED, TRANSIENT, RetryPolicy, pause, seconds_left, within_deadline

if TYPE_CHECKING:
    from ..accounts import ProxyConfiguration

#: Seconds to connect, and seconds without a byte.
TIMEOUT = (5.0, 60.0)
_USER_AGENT = f"qiskit-ibm-native/{__version__} python/{platform.python_version()}"
_SHORTEST_SECRET = 8
#: The status of a reply to a conditional request: what the client has is what there is.
NOT_MODIFIED = 304
#: The code of an error of a request without a reply in time.
TIMED_OUT = "timeout"
_SECRETS = (
    (re.compile(r"(?i)\b(bearer|apikey)\s+[^\s\"',;]+"), r"\1 ***"),
    (re.compile(r"(?i)(\bapikey=)[^&\s\"']+"), r"\1***"),
    (re.compile(r'(?i)("apikey"\s*:\s*")[^"]*'), r"\1***"),
    (re.compile(r"//[^/@\s]+@"), "//***@"),
)


class Reply:
    """What the service replied.

    Attributes:
        status: The HTTP status.
        headers: The headers.
        body: The body, decoded from what it was compressed by.
    """

    __slots__ = ("body", "headers", "status", "what")

    def __init__(self, what: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Create a reply; ``what`` is the method and the path of the request."""
        self.what = what
        self.status = status
        self.headers = headers
        self.body = body

    def json(self) -> Any:
        """Return the content.

        Raises:
            ApiIBMProtocolError: The body is not JSON.
        """
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError as error:
            raise ApiIBMProtocolError(
                f"{self.what}: the reply is not JSON ({error}); it starts with {self.body[:60]!r}"
            ) from None

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


class Transport:
    """Makes requests over connections that are kept. Any number of threads may use one."""

    def __init__(
        self, proxies: ProxyConfiguration | None = None, verify: bool = True, policy: RetryPolicy | None = None
    ) -> None:
        """Create a transport; nothing is connected to yet."""
        self.policy = policy or RetryPolicy()
        self._hidden: list[str] = []
        self._is_closed = False
        self._session = requests.Session()
        # Credentials of .netrc are for others, and of what the environment says about proxies and certificates a note is
        # taken once for each host: looking it up is a third of what a request takes this process.
        self._session.trust_env = False
        self._session.auth = _unchanged
        # What is said here goes before what the environment says.
        self._trusts_environment = proxies is None and verify
        self._routes: dict[str, dict[str, Any]] = {}
        self._session.headers["User-Agent"] = _USER_AGENT
        # No Accept: that is said request by request. Accept-Encoding stays, which has gzip.
        adapter = HTTPAdapter(pool_connections=8, pool_maxsize=64, max_retries=0)
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, adapter)
        self._session.verify = verify
        if proxies is not None:
            self._session.proxies.update(proxies.urls)
            if proxies.username_ntlm:
                self._session.auth = _ntlm(proxies)

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

    def hide(self, secret: str) -> None:
        """Let a secret appear in no text that leaves. What is shorter than any real one would only garble texts."""
        if len(secret) >= _SHORTEST_SECRET:
            self._hidden.append(secret)

    def without_secrets(self, text: str) -> str:
        """Return a text without keys, tokens and passwords."""
        for secret in self._hidden:
            text = text.replace(secret, "***")
        return without_secrets(text)

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
        timeout: tuple[float, float] = TIMEOUT,
    ) -> Reply:
        """Make a request.

        Args:
            method: The HTTP method.
            url: Where to.
            what: What errors call it: the method and the path.
            headers: Headers.
            params: The query.
            body: The body.
            repeatable: Whether doing it twice is the same as doing it once.
            timeout: Seconds to connect, and seconds without a byte.

        Raises:
            IBMNotAuthorizedError: The reply is 401 or 403.
            RequestsApiError: There was no reply, or it says that the request failed.
        """
        attempt, waited = 0, 0.0
        while True:
            attempt += 1
            if self._is_closed:
                raise RequestsApiError(f"{what}: the provider is closed")
            failure = None
            reply = self._once(method, url, what, headers, params, body, within_deadline(timeout))
            if isinstance(reply, RequestsApiError):
                failure, again, retry_after = reply, repeatable or not reply.maybe_processed, None
            elif reply.status < 300 or reply.status == NOT_MODIFIED:
                return reply
            else:
                again = reply.status == REFUSED or (repeatable and reply.status in TRANSIENT)
                retry_after = reply.headers.get("Retry-After")
                failure = self._refusal(reply)
            seconds = self.policy.wait(attempt, waited, retry_after) if again else None
            if seconds is None or seconds >= seconds_left():
                raise failure
            logger.debug("%s failed (%s); again in %.2f s", what, failure, seconds)
            pause(seconds)
            waited += seconds

    def _once(
        self,
        method: str,
        url: str,
        what: str,
        headers: Mapping[str, str] | None,
        params: Any,
        body: bytes | str | None,
        timeout: tuple[float, float],
    ) -> Reply | RequestsApiError:
        try:
            # Prepared here, because the session would merge what there is nothing to merge with: a fifth of a request.
            request = requests.PreparedRequest()
            every = {**self._session.headers, **(headers or {})}
            request.prepare(method, url, headers=every, data=body, params=params, auth=self._session.auth)
            with self._session.send(request, timeout=timeout, allow_redirects=False, **self._route(url)) as response:
                return Reply(what, response.status_code, response.headers, response.content)
        except (requests.exceptions.ConnectTimeout, requests.exceptions.ProxyError) as error:
            return self._no_reply(what, url, error, maybe_processed=False)
        except requests.exceptions.ReadTimeout as error:
            return self._no_reply(what, url, error, maybe_processed=True, code=TIMED_OUT)
        except requests.exceptions.ConnectionError as error:
            return self._no_reply(what, url, error, maybe_processed=not _never_connected(error))
        except requests.exceptions.RequestException as error:
            return self._no_reply(what, url, error, maybe_processed=True)

    def _no_reply(
        self, what: str, url: str, error: Exception, maybe_processed: bool, code: str | None = None
    ) -> RequestsApiError:
        host = re.sub(r"^(\w+://)([^/@]*@)?([^/]*).*", r"\1\3", url)
        reason = self.without_secrets(_reason(error))
        return RequestsApiError(f"{what}: no reply from {host} ({reason})", code=code, maybe_processed=maybe_processed)

    def _refusal(self, reply: Reply) -> RequestsApiError | IBMNotAuthorizedError:
        code, text = _explanation(reply.body)
        message = self.without_secrets(f"{reply.what}: {reply.status} {text}")
        if reply.status in (401, 403):
            return IBMNotAuthorizedError(message)
        body = self.without_secrets(reply.body.decode(errors="replace"))
        return RequestsApiError(message, reply.status, code, body, maybe_processed=reply.status >= 500)


def _never_connected(error: requests.exceptions.ConnectionError) -> bool:
    from urllib3.exceptions import NewConnectionError

    cause = error.args[0] if error.args else None
    return isinstance(getattr(cause, "reason", cause), NewConnectionError)


def _reason(error: Exception) -> str:
    """Return the innermost text of an exception of ``requests``, which wraps others three deep."""
    cause: Any = error
    while getattr(cause, "args", None) and isinstance(cause.args[0], Exception):
        cause = cause.args[0]
    reason = getattr(cause, "reason", None)
    return str(reason if reason is not None else cause).split(">: ")[-1]


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


def without_secrets(text: str) -> str:
    """Return the text without keys, tokens and passwords of URLs."""
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text


def _ntlm(proxies: ProxyConfiguration) -> Any:
    try:
        from requests_ntlm import HttpNtlmAuth
    except ImportError:
        from ..exceptions import IBMInputValueError

        raise IBMInputValueError("Proxies with NTLM need one more package: pip install requests-ntlm") from None
    return HttpNtlmAuth(proxies.username_ntlm, proxies.password_ntlm)

"""The one place where outgoing HTTP sessions are made.

A session never repeats a request, never follows a redirect (a token must not travel to another
host), always has time limits, reads at most `MAX_BODY_BYTES` and keeps no cookies. Whoever calls
decides what a failure means; `was_never_sent` says when the request surely didn't leave.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from ipaddress import ip_address
from typing import Any, ClassVar
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.cookies import RequestsCookieJar
from requests.exceptions import ConnectTimeout, RequestException
from urllib3.exceptions import MaxRetryError, NewConnectionError
from urllib3.util import Retry

MAX_BODY_BYTES = 5 * 1024 * 1024
CHUNK_BYTES = 64 * 1024
# The read limit of a socket starts anew with every byte; this many of them end a whole answer.
WHOLE_ANSWER_FACTOR = 3


class AnswerTooLarge(RequestException):
    """The body is longer than `MAX_BODY_BYTES`; the rest was not read."""


class AnswerTooSlow(RequestException):
    """The body kept coming, but took far longer than the read limit."""


@cache
def user_agent() -> str:
    """How Makegood names itself to vendors."""
    try:
        return f"Makegood/{version('makegood')}"
    except PackageNotFoundError:
        return "Makegood"


class _NoCookies(RequestsCookieJar):
    """Vendors' cookies would tie one account's calls to another's."""

    def set_cookie(self, cookie: Any, *args: Any, **kwargs: Any) -> None:
        """Forget the cookie."""


class BoundedSession(requests.Session):
    """A `requests.Session` with limits that callers can tighten but not remove.

    Raises requests.RequestException for everything that goes wrong, as requests does.
    """

    # Shared by all sessions of a process: hosts are few, and the environment doesn't change.
    _environments: ClassVar[dict[tuple[str, str], dict[str, Any]]] = {}

    def __init__(self, connect_timeout_seconds: float, read_timeout_seconds: float) -> None:
        super().__init__()
        if connect_timeout_seconds <= 0 or read_timeout_seconds <= 0:
            raise ValueError("time limits must be above zero")
        self.limits = (connect_timeout_seconds, read_timeout_seconds)
        self.headers["User-Agent"] = user_agent()
        self.cookies = _NoCookies()
        # Any auth stops requests from looking for passwords in a .netrc file.
        self.auth = _leave_as_it_is
        for scheme in ("https://", "http://"):
            self.mount(scheme, HTTPAdapter(max_retries=Retry(0, read=False, redirect=0)))

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send once, without redirects, within the limits, and read the body whole."""
        timeout = _both_limits(kwargs.get("timeout"), self.limits)
        keep_open = bool(kwargs.get("stream"))
        kwargs |= {"timeout": timeout, "allow_redirects": False, "stream": True}
        response = super().send(request, **kwargs)
        if not keep_open:
            _read_whole(response, timeout[1] * WHOLE_ANSWER_FACTOR)
        return response

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Nowhere: even preparing to follow would read the whole body without its limit."""
        return None

    def merge_environment_settings(
        self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any
    ) -> Any:
        """As requests does it, but this machine itself is never reached through a proxy.

        The environment is looked at once for each host: each look costs as much time as the rest
        of a small request.
        """
        if proxies or stream or verify is not None or cert is not None:
            return self._merged(url, proxies, stream, verify, cert)
        parts = urlsplit(str(url))
        host = (parts.scheme, parts.netloc)
        if host not in self._environments:
            self._environments[host] = self._merged(url, proxies, stream, verify, cert)
        return dict(self._environments[host])

    def _merged(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        merged = super().merge_environment_settings(url, proxies, stream, verify, cert)
        if _is_loopback(str(url)):
            merged["proxies"] = {}
        return merged


class SessionPool:
    """One session per thread and process, so that connections are used again.

    A forked worker never writes to a connection of its parent.
    """

    def __init__(self, make: Callable[[], BoundedSession]) -> None:
        self._make = make
        self._local = threading.local()

    def session(self) -> BoundedSession:
        """The calling thread's session."""
        held: tuple[int, BoundedSession] | None = getattr(self._local, "held", None)
        if held is None or held[0] != os.getpid():
            held = (os.getpid(), self._make())
            self._local.held = held
        return held[1]


def was_never_sent(error: BaseException) -> bool:
    """Whether the connection was never made, so that the vendor can't have seen the request."""
    if isinstance(error, ConnectTimeout):
        return True
    if not isinstance(error, requests.ConnectionError) or not error.args:
        return False
    cause = error.args[0]
    if isinstance(cause, MaxRetryError):
        cause = cause.reason
    return isinstance(cause, NewConnectionError)


def retry_after_seconds(text: str | None, default: float) -> float:
    """The seconds of a Retry-After header ("2", "2.0"); `default` when absent or unreadable."""
    try:
        seconds = float(text) if text else default
    except ValueError:
        return default
    return seconds if 0 <= seconds < 86_400 else default


def _leave_as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _both_limits(given: Any, limits: tuple[float, float]) -> tuple[float, float]:
    """Connect and read seconds from whatever form requests allows; None takes the session's."""
    connect, read = given if isinstance(given, tuple) else (given, given)
    return (connect or limits[0], read or limits[1])


def _read_whole(response: requests.Response, seconds: float) -> None:
    """Fill `response.content`, up to the size and time limits."""
    deadline = time.monotonic() + seconds
    chunks: list[bytes] = []
    size = 0
    try:
        for chunk in response.iter_content(CHUNK_BYTES):
            size += len(chunk)
            if size > MAX_BODY_BYTES:
                raise AnswerTooLarge(f"more than {MAX_BODY_BYTES} bytes", response=response)
            if time.monotonic() > deadline:
                raise AnswerTooSlow(f"not complete after {seconds:g} s", response=response)
            chunks.append(chunk)
    except BaseException:
        response.close()
        raise
    response._content = b"".join(chunks)


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False

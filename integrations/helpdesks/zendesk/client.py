"""HTTP to one Zendesk account: zenpy for the API's objects, this session below it.

zenpy sleeps through a 429, repeats a PUT whose answer was lost and keeps tickets in a cache. None
of it can happen here: every answer outside 200-299 becomes one of our errors before zenpy sees it,
nothing is repeated except once after a 401, and the cache is off. One client per job.
"""

from __future__ import annotations

import json
import logging
import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from pydantic import ValidationError
from requests.adapters import HTTPAdapter
from urllib3.util import Retry
from zenpy import Zenpy
from zenpy.lib.exception import ZenpyException

from app.domain.errors import (
    AccessDenied,
    ConfigurationError,
    Malformed,
    NotFound,
    OutcomeUnknown,
    Rejected,
    Unavailable,
    VendorError,
)
from app.ports import Account, Surroundings
from integrations.helpdesks.zendesk.answers import VENDOR, error_for
from integrations.helpdesks.zendesk.oauth import AccountTokens, TokenAnswer, TokenSource
from integrations.helpdesks.zendesk.pace import TICKET_UPDATES_PER_MINUTE, Pacer
from integrations.http import BoundedSession, was_never_sent

# At DEBUG zenpy logs whole request and answer bodies.
logging.getLogger("zenpy").setLevel(logging.WARNING)

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_READS = frozenset({"GET", "HEAD"})
DEFAULT_REQUESTS_PER_MINUTE = 400
# A connection unused for longer may be dying at the other end, which would make a write's outcome
# unknown for nothing.
_IDLE_SECONDS = 20.0
_MAX_TRANSPORTS = 64


@dataclass(frozen=True)
class Marketplace:
    """What an app in Zendesk's Marketplace names on every request; empty for a private app.

    https://developer.zendesk.com/documentation/apps/getting-started/request-header-requirements-for-marketplace-apps/
    """

    name: str = ""
    organization_id: str = ""
    app_id: str = ""

    def headers(self) -> dict[str, str]:
        """The headers that are known."""
        known = {
            "X-Zendesk-Marketplace-Name": self.name,
            "X-Zendesk-Marketplace-Organization-Id": self.organization_id,
            "X-Zendesk-Marketplace-App-Id": self.app_id,
        }
        return {name: value for name, value in known.items() if value}


@dataclass(frozen=True)
class Address:
    """One account's address. `claimed` is how Zendesk writes it, `base` where it is reached."""

    subdomain: str
    base: str

    @property
    def claimed(self) -> str:
        """The origin in Zendesk's own URLs."""
        return f"https://{self.subdomain}.zendesk.com"

    @classmethod
    def of(cls, subdomain: object, template: str) -> Address:
        """Raises ConfigurationError unless the subdomain is one DNS label and the base is safe.

        A subdomain such as `evil.example/` would otherwise send our token to another host.
        """
        if not isinstance(subdomain, str) or not _LABEL.fullmatch(subdomain):
            raise ConfigurationError(
                "the Zendesk subdomain must be one name such as `acme` in acme.zendesk.com"
            )
        base = template.replace("{subdomain}", subdomain).rstrip("/")
        parts = urlsplit(base)
        loopback = parts.hostname in {"127.0.0.1", "localhost", "::1"}
        if parts.scheme != "https" and not (parts.scheme == "http" and loopback):
            raise ConfigurationError("MAKEGOOD_ZENDESK_URL must be an https address")
        return cls(subdomain, base)


class _ToBase(HTTPAdapter):
    """Sends what is addressed to the claimed origin to the base instead.

    zenpy hard-codes https://<subdomain>.zendesk.com, and so do `next` links in answers. The answer
    keeps the claimed address, by which zenpy recognises what it has got.
    """

    def __init__(self, address: Address) -> None:
        super().__init__(max_retries=Retry(0, read=False, redirect=0))
        self._address = address

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        moved = request.copy()
        moved.url = self._address.base + str(request.url).removeprefix(self._address.claimed)
        response = super().send(moved, *args, **kwargs)
        response.request, response.url = request, str(request.url)
        return response


class _Transports(threading.local):
    """This thread's connections, by process and address, so that jobs can use them again.

    A forked worker never writes to a connection of its parent.
    """

    def __init__(self) -> None:
        self._held: dict[tuple[int, Address], tuple[_ToBase, float]] = {}

    def to(self, address: Address) -> _ToBase:
        """A transport whose idle connections are young."""
        key, now = (os.getpid(), address), time.monotonic()
        held = self._held.get(key)
        if held is None or now - held[1] > _IDLE_SECONDS:
            if len(self._held) >= _MAX_TRANSPORTS:
                self._held.clear()
            held = (_ToBase(address), now)
        self._held[key] = (held[0], now)
        return held[0]


_transports = _Transports()


class AccountSession(BoundedSession):
    """Reaches one account and nothing else. Every answer is a readable 2xx or a VendorError.

    The token goes to no other host: URLs elsewhere have no adapter and are refused unsent.
    """

    def __init__(
        self,
        address: Address,
        connect_timeout_seconds: float,
        read_timeout_seconds: float,
        *,
        tokens: TokenSource | None = None,
        pacer: Pacer | None = None,
        marketplace: Marketplace | None = None,
    ) -> None:
        super().__init__(connect_timeout_seconds, read_timeout_seconds)
        self.address = address
        self.tokens = tokens
        # How zenpy sees that the session brings its own credentials.
        self.authorized = True
        self._pacer = pacer
        self.headers["Accept"] = "application/json"
        self.headers.update((marketplace or Marketplace()).headers())
        self.adapters.clear()
        self.mount(f"{address.claimed}/", _transports.to(address))

    def merge_environment_settings(
        self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any
    ) -> Any:
        """By the address that is really called, so that loopback never meets a proxy."""
        real = str(url).replace(self.address.claimed, self.address.base, 1)
        return super().merge_environment_settings(real, proxies, stream, verify, cert)

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> requests.Response:
        """One call, with the account's token. Raises VendorError for anything but a readable 2xx.

        After a 401 the token is renewed once and the call repeated once: a refused token means
        that nothing was processed.
        """
        verb = str(method).upper()
        path = urlsplit(str(url)).path
        operation = f"{verb} {path}"
        # Callers can't choose limits: zenpy would hand in one number for both.
        kwargs["timeout"] = None
        if self._pacer is not None:
            self._pacer.wait_for(verb, path, operation)
        if self.tokens is None:
            response = self._send(verb, url, operation, *args, **kwargs)
        else:
            token = self.tokens.current()
            response = self._send_as(token, verb, url, operation, *args, **kwargs)
            if response.status_code == 401:
                token = self.tokens.renewed(token)
                response = self._send_as(token, verb, url, operation, *args, **kwargs)
        is_write = verb not in _READS
        if not 200 <= response.status_code < 300:
            raise error_for(
                response.status_code,
                response.headers,
                response.content,
                operation=operation,
                is_write=is_write,
            )
        _check_readable(response, path, operation, is_write=is_write)
        return response

    def _send_as(
        self, token: str, verb: str, url: Any, operation: str, *args: Any, **kwargs: Any
    ) -> requests.Response:
        headers = {**(kwargs.pop("headers", None) or {}), "Authorization": f"Bearer {token}"}
        return self._send(verb, url, operation, *args, headers=headers, **kwargs)

    def _send(
        self, verb: str, url: Any, operation: str, *args: Any, **kwargs: Any
    ) -> requests.Response:
        try:
            return super().request(verb, url, *args, **kwargs)
        except requests.exceptions.InvalidSchema:
            raise Rejected(
                "the address isn't this account's Zendesk", vendor=VENDOR, operation=operation
            ) from None
        except requests.RequestException as error:
            if verb in _READS or was_never_sent(error):
                raise Unavailable(
                    "Zendesk can't be reached", vendor=VENDOR, operation=operation
                ) from error
            raise OutcomeUnknown(
                "Zendesk gave no answer: it may have been written",
                vendor=VENDOR,
                operation=operation,
            ) from error


def _check_readable(
    response: requests.Response, path: str, operation: str, *, is_write: bool
) -> None:
    """zenpy would take a broken body for success."""
    if response.status_code == 204 or path.endswith(".pem"):
        return
    try:
        readable = isinstance(json.loads(response.content), dict)
    except ValueError:
        readable = False
    if not readable:
        raise unreadable(operation, is_write=is_write, status=response.status_code)


def unreadable(operation: str, *, is_write: bool, status: int | None = None) -> VendorError:
    """What an answer that can't be understood means."""
    if is_write:
        return OutcomeUnknown(
            "Zendesk's answer can't be read: it may have been written",
            vendor=VENDOR,
            operation=operation,
            status=status,
        )
    return Malformed(
        "Zendesk's answer can't be read", vendor=VENDOR, operation=operation, status=status
    )


class ZendeskClient:
    """One account for one job: `zenpy` for objects, `get` and `send` where zenpy won't do."""

    def __init__(self, session: AccountSession) -> None:
        self.session = session
        self._zenpy: Any = None

    @property
    def zenpy(self) -> Any:
        """zenpy without cache, retries and sleeping; made when first needed."""
        if self._zenpy is None:
            self._zenpy = Zenpy(
                subdomain=self.session.address.subdomain, session=self.session, disable_cache=True
            )
        return self._zenpy

    @contextmanager
    def understanding(self, operation: str, *, is_write: bool = False) -> Iterator[None]:
        """Turn zenpy's and pydantic's complaints about an answer into ours."""
        try:
            yield
        except (ZenpyException, ValidationError, KeyError, TypeError, AttributeError) as error:
            # From None: such an error's text can hold parts of the answer.
            kind = type(error).__name__
            raise unreadable(f"{operation} ({kind})", is_write=is_write) from None

    def get(self, path: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        """GET below /api/v2, as a JSON object. Raises VendorError."""
        found: dict[str, Any] = self.session.get(self.url(path), params=params).json()
        return found

    def get_text(self, path: str) -> str:
        """GET below /api/v2, as text. Raises VendorError."""
        return self.session.get(self.url(path)).text

    def send(self, verb: str, path: str, body: Mapping[str, object]) -> dict[str, Any]:
        """A write below /api with a JSON body. Raises VendorError."""
        response = self.session.request(verb, self.url(path), json=body)
        answer: dict[str, Any] = {} if response.status_code == 204 else response.json()
        return answer

    def url(self, path: str) -> str:
        """The claimed URL of a path below /api/v2, of one that starts with /api, or itself."""
        if path.startswith("https://"):
            return path
        prefix = "" if path.startswith("/") else "/api/v2/"
        return f"{self.session.address.claimed}{prefix}{path}"


def ask_for_token(
    address: Address, surroundings: Surroundings, marketplace: Marketplace
) -> Callable[[Mapping[str, object]], TokenAnswer]:
    """A function that posts one token request to an account.

    It raises Unavailable where no answer came: a refresh that may have been processed is asked for
    again with the same refresh token, and if that is dead, AccessDenied follows.
    https://developer.zendesk.com/api-reference/ticketing/oauth/grant_type_tokens/
    """
    session = AccountSession(
        address,
        surroundings.connect_timeout_seconds,
        surroundings.read_timeout_seconds,
        marketplace=marketplace,
    )

    def ask(body: Mapping[str, object]) -> TokenAnswer:
        operation = "ask for a token"
        try:
            response = session.post(f"{address.claimed}/oauth/tokens", json=dict(body))
            return TokenAnswer.model_validate_json(response.content)
        except (OutcomeUnknown, ValidationError):
            raise Unavailable(
                "Zendesk didn't answer the request for a token",
                vendor=VENDOR,
                operation=operation,
            ) from None
        except (AccessDenied, NotFound) as error:
            raise AccessDenied(
                "Zendesk refuses our OAuth client or its secret",
                vendor=VENDOR,
                operation=operation,
                status=error.status,
            ) from error

    return ask


def open_client(
    account: Account, surroundings: Surroundings, marketplace: Marketplace | None = None
) -> ZendeskClient:
    """A client for one account and one job. Raises ConfigurationError."""
    market = marketplace or Marketplace()
    address = Address.of(account.config.get("subdomain"), surroundings.endpoints["zendesk"])
    per_minute = _limit(account, "requests_per_minute", DEFAULT_REQUESTS_PER_MINUTE)
    updates = _limit(account, "ticket_updates_per_minute", TICKET_UPDATES_PER_MINUTE)
    session = AccountSession(
        address,
        surroundings.connect_timeout_seconds,
        surroundings.read_timeout_seconds,
        tokens=AccountTokens(account, surroundings, ask_for_token(address, surroundings, market)),
        pacer=Pacer(surroundings.pace, account.id, per_minute, ticket_updates_per_minute=updates),
        marketplace=market,
    )
    return ZendeskClient(session)


def _limit(account: Account, name: str, default: int) -> int:
    """A limit of the account's plan, if its config names one (the High Volume add-on, say)."""
    given = account.config.get(name)
    return given if isinstance(given, int) and given > 0 else default

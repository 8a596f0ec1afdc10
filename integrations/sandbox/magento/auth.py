"""Who calls: OAuth 1.0a signatures, bearer tokens, and the resources they open.

https://developer.adobe.com/commerce/webapi/get-started/authentication/gs-authentication-oauth/
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import quote, unquote

from integrations.sandbox.magento.clock import Clock
from integrations.sandbox.magento.errors import MagentoError, missing_resource

SIGNATURE_METHOD = "HMAC-SHA256"
SECONDS_AHEAD = 600
ADMIN_TOKEN_LIFE = timedelta(minutes=60)
ADMIN_FAILURES = 6
ADMIN_LOCK = timedelta(seconds=1800)
REQUIRED = (
    "oauth_consumer_key",
    "oauth_signature",
    "oauth_signature_method",
    "oauth_nonce",
    "oauth_timestamp",
    "oauth_token",
)
WRONG_LOGIN = (
    "The account sign-in was incorrect or your account is disabled temporarily. "
    "Please wait and try again later."
)
# What a refund app needs; see the README.
APP_RESOURCES = frozenset(
    {
        "Magento_Sales::actions_view",
        "Magento_Sales::creditmemo",
        "Magento_Sales::sales_invoice",
        "Magento_Sales::sales_creditmemo",
        "Magento_Sales::shipment",
        "Magento_Sales::cancel",
        "Magento_Sales::comment",
    }
)


@dataclass
class Integration:
    """One integration. `resources` None opens everything; each credential has 32 characters."""

    consumer_id: int
    name: str
    consumer_key: str
    consumer_secret: str
    token: str
    token_secret: str
    resources: frozenset[str] | None
    nonces: set[tuple[str, str]] = field(default_factory=set)

    def allows(self, resource: str) -> bool:
        return self.resources is None or resource in self.resources


@dataclass
class Admin:
    """A user of the shop's back office."""

    username: str
    password: str
    failures: int = 0
    locked_until: datetime | None = None


class Callers:
    """The integrations and admins of one site."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self.integrations: list[Integration] = []
        self.admins: dict[str, Admin] = {}
        self._tokens: dict[str, datetime] = {}

    def add_integration(
        self,
        name: str,
        resources: Iterable[str] | None = APP_RESOURCES,
        *,
        credentials: tuple[str, str, str, str] | None = None,
    ) -> Integration:
        """An activated integration: key, secret, token, token secret are made up or given."""
        key, secret, token, token_secret = credentials or tuple(
            secrets.token_hex(16) for _ in range(4)
        )
        made = Integration(
            consumer_id=len(self.integrations) + 2,
            name=name,
            consumer_key=key,
            consumer_secret=secret,
            token=token,
            token_secret=token_secret,
            resources=None if resources is None else frozenset(resources),
        )
        self.integrations.append(made)
        return made

    def admin_token(self, username: str, password: str) -> str:
        """A new admin token, good for an hour. Raises MagentoError 401."""
        now = self._clock.now()
        with self._lock:
            admin = self.admins.get(username)
            is_locked = admin is not None and (admin.locked_until or now) > now
            if admin is None or is_locked or not hmac.compare_digest(admin.password, password):
                if admin is not None and not is_locked:
                    admin.failures += 1
                    if admin.failures >= ADMIN_FAILURES:
                        admin.locked_until = now + ADMIN_LOCK
                raise MagentoError(401, WRONG_LOGIN)
            admin.failures = 0
            parts = [secrets.token_urlsafe(size) for size in (27, 54, 32)]
            token = ".".join(parts)
            self._tokens[token] = now + ADMIN_TOKEN_LIFE
        return token

    def check_bearer(self, header: str, resource: str, *, integrations_may: bool) -> None:
        """Raises MagentoError 401, whatever is wrong."""
        token = header.partition(" ")[2].strip()
        with self._lock:
            expires = self._tokens.get(token)
        if expires is not None and expires > self._clock.now():
            return
        if integrations_may:
            for integration in self.integrations:
                if hmac.compare_digest(integration.token, token) and integration.allows(resource):
                    return
        raise missing_resource(resource)

    def check_oauth(
        self, header: str, method: str, url: str, query: str, resource: str
    ) -> Integration:
        """The integration that signed a request for `url` (without query) under `resource`.

        A nonce is used up before the signature is looked at. Raises MagentoError 400 or 401.
        """
        given = parse_header(header)
        for name in REQUIRED:
            if not given.get(name):
                raise MagentoError(
                    400, '"%fieldName" is required. Enter and try again.', {"fieldName": name}
                )
        if given.get("oauth_version", "1.0") != "1.0":
            raise MagentoError(
                400, "The %1 OAuth version isn't supported.", [given["oauth_version"]]
            )
        for name, what in (("oauth_token", "token"), ("oauth_consumer_key", "Consumer key")):
            if len(given[name]) != 32:
                raise MagentoError(
                    401, f"The {what} length is invalid. Check the length and try again."
                )
        if given["oauth_signature_method"] != SIGNATURE_METHOD:
            raise MagentoError(
                400, "Signature method %1 is not supported", [given["oauth_signature_method"]]
            )
        integration = next(
            (i for i in self.integrations if i.consumer_key == given["oauth_consumer_key"]), None
        )
        if integration is None:
            raise MagentoError(401, "A consumer having the specified key does not exist")
        self._use_nonce(integration, given["oauth_nonce"], given["oauth_timestamp"])
        if not hmac.compare_digest(integration.token.encode(), given["oauth_token"].encode()):
            raise MagentoError(401, "Specified token does not exist")
        expected = signature(
            method,
            url,
            [(k, v) for k, v in given.items() if k != "oauth_signature"] + query_parameters(query),
            integration.consumer_secret,
            integration.token_secret,
        )
        if not hmac.compare_digest(expected.encode(), given["oauth_signature"].encode()):
            raise MagentoError(401, "The signature is invalid. Verify and try again.")
        if not integration.allows(resource):
            raise missing_resource(resource)
        return integration

    def _use_nonce(self, integration: Integration, nonce: str, timestamp: str) -> None:
        moment = int(timestamp) if timestamp.isascii() and timestamp.isdigit() else 0
        if moment <= 0 or moment > self._clock.now().timestamp() + SECONDS_AHEAD:
            raise MagentoError(401, "An error occurred validating the nonce")
        with self._lock:
            if (nonce, timestamp) in integration.nonces:
                raise MagentoError(
                    401,
                    "The nonce is already being used by the consumer with ID %1",
                    [str(integration.consumer_id)],
                )
            integration.nonces.add((nonce, timestamp))


def parse_header(header: str) -> dict[str, str]:
    """The `oauth_*` parameters of an Authorization header."""
    start = header.lower().find("oauth ")
    given: dict[str, str] = {}
    for part in header[start + len("oauth ") :].split(","):
        name, sign, value = part.strip().partition("=")
        if sign and name.startswith("oauth_"):
            given[unquote(name)] = unquote(value.strip('"'))
    return given


def query_parameters(query: str) -> list[tuple[str, str]]:
    """The query as the server signs it: a `+` stays a plus, a value with a raw `=` is dropped."""
    found = []
    for part in query.split("&"):
        pieces = part.split("=")
        if len(pieces) == 2 and not pieces[0].startswith("oauth_"):
            found.append((unquote(pieces[0]), unquote(pieces[1])))
    return found


def signature(
    method: str,
    url: str,
    parameters: list[tuple[str, str]],
    consumer_secret: str,
    token_secret: str,
) -> str:
    """The base64 signature the server expects. Parameters are in natural order, in which
    `groups[10]` comes after `groups[9]`; OAuth itself asks for byte order.
    """
    encoded = {_encode(name): _encode(value) for name, value in parameters}
    ordered = sorted(encoded.items(), key=lambda pair: natural_key(pair[0]))
    text = "&".join(f"{name}={value}" for name, value in ordered)
    base = "&".join((method.upper(), _encode(url), _encode(text)))
    key = f"{_encode(consumer_secret)}&{_encode(token_secret)}"
    return base64.b64encode(hmac.digest(key.encode(), base.encode(), hashlib.sha256)).decode()


def natural_key(text: str) -> list[tuple[int, int, str]]:
    """Sorts runs of digits by their value and everything else by character."""
    return [
        (0, int(piece), "") if piece.isdigit() else (1, ord(piece), piece)
        for piece in re.findall(r"\d+|\D", text)
    ]


def _encode(text: str) -> str:
    return quote(text, safe="-._~")

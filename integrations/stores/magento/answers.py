"""What each kind of answer means, without I/O.

Magento has no keys for repeated calls. So of a refund only an answer that surely comes from before
any work counts as a refusal; everything else is an unknown outcome, and the store is read.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NoReturn

from app.domain.errors import (
    AccessDenied,
    Malformed,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unavailable,
    VendorError,
)
from integrations.http import retry_after_seconds
from integrations.stores.magento.config import AuthMode
from integrations.stores.magento.vocabulary import VENDOR

DEFAULT_WAIT_SECONDS = 30.0
_SHOWN = 300

# Refusals that Magento makes before it touches a gateway or its database. The texts are those of
# an English store view; in another language a refusal is an unknown outcome, which is read.
_REFUSALS = tuple(
    re.compile(text)
    for text in (
        r"Creditmemo Document Validation Error\(s\):",
        r"We found an invalid quantity to refund item",
        r"Maximum shipping amount allowed to refund is",
        r"You can not refund shipping if there is no shipping amount",
        r'"[^"]*" is not supported\. Correct the field name',
        r'Error occurred during "[^"]*" processing',
        r"The \"[^\"]*\" value's type is invalid",
        r"Decoding error\.",
        r"Specified request cannot be processed\.",
        r"Signature method ",
    )
)
_NO_ROUTE = "Request does not match any route"
_BEARER_HINT = (
    "if the token is right, allow it: Stores, Configuration, Services, OAuth, Consumer Settings, "
    '"Allow OAuth Access Tokens to be used as standalone Bearer tokens"'
)
_OAUTH_HINT = (
    "check the four OAuth values, this machine's clock, and that the shop knows its own https "
    "address behind its proxy"
)


@dataclass(frozen=True)
class Reply:
    """An HTTP answer, whole."""

    status: int
    body: bytes
    content_type: str = ""
    retry_after: str | None = None

    @property
    def is_page(self) -> bool:
        """Whether it is a web page rather than data."""
        return "html" in self.content_type.lower() or self.body.lstrip()[:1] == b"<"


@dataclass(frozen=True)
class Reading:
    """How the answer to one operation is read. `is_money` marks a call that pays."""

    operation: str
    mode: AuthMode
    is_money: bool = False

    def read(self, reply: Reply) -> Any:
        """The decoded JSON; numbers with a point become Decimals.

        Raises AccessDenied, NotFound, Rejected, RateLimited; Unavailable or Malformed for reads,
        OutcomeUnknown for calls that pay.
        """
        if reply.status == 429:
            raise RateLimited(
                "the shop or its firewall asks for fewer calls",
                vendor=VENDOR,
                operation=self.operation,
                status=429,
                retry_after_seconds=retry_after_seconds(reply.retry_after, DEFAULT_WAIT_SECONDS),
            )
        if reply.is_page:
            self._page(reply)
        try:
            data = json.loads(reply.body, parse_float=Decimal)
        except ValueError:
            self._unreadable(reply)
        if reply.status == 200:
            return data
        self._refuse(reply, message_of(data), resource_of(data))

    def lost(self, kind: str) -> NoReturn:
        """No answer came to a call that may have arrived."""
        if self.is_money:
            raise self._error(
                OutcomeUnknown, f"the shop gave no answer ({kind}): it may have refunded"
            )
        raise self._error(Unavailable, f"the shop didn't answer in time or broke off ({kind})")

    def _refuse(self, reply: Reply, message: str, resource: str | None) -> NoReturn:
        status = reply.status
        if status == 401:
            raise self._error(AccessDenied, self._denied(message, resource), status)
        if status == 404:
            if _NO_ROUTE in message:
                raise self._error(
                    Rejected,
                    "the shop has no such API route: a module is switched off, or the address it "
                    "was connected by is not Magento's",
                    status,
                )
            raise self._error(NotFound, f"the shop has no such record ({message})", status)
        if status == 400 and (not self.is_money or _is_refusal(message)):
            raise self._error(Rejected, f"Magento refused: {message}", status)
        if self.is_money:
            raise self._error(
                OutcomeUnknown,
                f'Magento answered "{message}", which doesn\'t prove that no money moved',
                status,
            )
        if status >= 500:
            raise self._error(Unavailable, f"the shop failed ({status}): {message}", status)
        raise self._error(Rejected, f"the shop refused ({status}): {message}", status)

    def _denied(self, message: str, resource: str | None) -> str:
        if resource is not None:
            hint = f"; {_BEARER_HINT}" if self.mode is AuthMode.BEARER else ""
            return (
                f"the shop refuses the credentials, or the integration isn't granted {resource} "
                f"(System, Extensions, Integrations, API){hint}"
            )
        hint = _BEARER_HINT if self.mode is AuthMode.BEARER else _OAUTH_HINT
        return f"the shop refuses the credentials ({message}): {hint}"

    def _page(self, reply: Reply) -> NoReturn:
        """A web page: maintenance, a proxy, a firewall or another address."""
        status = reply.status
        if self.is_money:
            raise self._error(
                OutcomeUnknown,
                f"a web page came instead of an answer ({status}): it may have refunded",
                status,
            )
        if 300 <= status < 400:
            raise self._error(
                Rejected, "the shop redirects to another address: connect that one", status
            )
        if status == 503:
            raise self._error(Unavailable, "the shop is in maintenance or overloaded", status)
        if status >= 500:
            raise self._error(Unavailable, f"a proxy before the shop failed ({status})", status)
        if status in (401, 403, 406):
            raise self._error(
                AccessDenied,
                f"a firewall before the shop refuses the call ({status} with a web page): allow "
                "this machine's address for /rest",
                status,
            )
        if status == 404:
            raise self._error(
                Rejected, "there is no Magento API at this address (a web page came)", status
            )
        raise self._error(
            Malformed, f"a web page came instead of data ({status}): a firewall's, perhaps", status
        )

    def _unreadable(self, reply: Reply) -> NoReturn:
        status = reply.status
        if self.is_money:
            raise self._error(
                OutcomeUnknown, f"the answer can't be read ({status}): it may have refunded", status
            )
        if status >= 500:
            raise self._error(Unavailable, f"the shop failed ({status})", status)
        raise self._error(Malformed, f"the shop's answer can't be read ({status})", status)

    def _error(
        self, kind: type[VendorError], message: str, status: int | None = None
    ) -> VendorError:
        # RateLimited alone takes more, and isn't made here.
        return kind(message, vendor=VENDOR, operation=self.operation, status=status)


def message_of(data: object) -> str:
    """Magento's message with its placeholders filled, on one line.

    `%1` counts into a list of parameters, `%name` into an object of them.
    """
    if not isinstance(data, dict) or not isinstance(data.get("message"), str):
        return "no reason given"
    text: str = data["message"]
    parameters = data.get("parameters")
    if isinstance(parameters, list):
        values = {str(index): value for index, value in enumerate(parameters, start=1)}
    else:
        values = dict(parameters) if isinstance(parameters, dict) else {}

    def fill(found: re.Match[str]) -> str:
        value = values.get(found.group(1))
        return found.group(0) if value is None else str(value)

    return " ".join(re.sub(r"%(\w+)", fill, text).split())[:_SHOWN]


def resource_of(data: object) -> str | None:
    """The permission that a refusal names."""
    parameters = data.get("parameters") if isinstance(data, dict) else None
    resource = parameters.get("resources") if isinstance(parameters, dict) else None
    return resource if isinstance(resource, str) else None


def _is_refusal(message: str) -> bool:
    return any(pattern.match(message) for pattern in _REFUSALS)

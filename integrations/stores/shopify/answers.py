"""Reads what Shopify's GraphQL endpoint answers, without any I/O.

Order of the checks: HTTP status, body, top-level errors. A refusal can come with HTTP 200, and
data can come together with errors; then the data is kept and the errors are kept beside it.
https://shopify.dev/docs/api/usage/response-codes
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NoReturn

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from app.domain.errors import (
    AccessDenied,
    Malformed,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unavailable,
)
from integrations.http import retry_after_seconds
from integrations.stores.shopify.vocabulary import VENDOR

MINIMUM_WAIT_SECONDS = 1.0

# Codes that say: understood and not executed.
_REFUSED = frozenset(
    {
        "BAD_REQUEST",
        "INVALID_VARIABLE",
        "MAX_COST_EXCEEDED",
        "MAX_INPUT_SIZE_EXCEEDED",
        "RESOURCE_NOT_FOUND",
        "argumentNotAccepted",
        "argumentLiteralsIncompatible",
        "directiveCannotBeApplied",
        "invalidDocument",
        "missingRequiredArguments",
        "missingRequiredInputObjectAttribute",
        "parseError",
        "selectionMismatch",
        "undefinedDirective",
        "undefinedField",
        "undefinedFragment",
        "undefinedType",
        "variableMismatch",
        "variableNotDefined",
        "variableNotUsed",
        "variableRequiresValidNullability",
    }
)
_DENIED = frozenset({"ACCESS_DENIED", "SHOP_INACTIVE"})
_BROKEN = frozenset({"INTERNAL_SERVER_ERROR", "TIMEOUT", "SERVICE_UNAVAILABLE"})

# Words of an answer that means: another attempt with this key ran, or is still running.
_ABOUT_KEYS = re.compile(r"idempoten|in progress|concurrent", re.IGNORECASE)
_DIRECTIVE_MISSING = re.compile(r"directive is required", re.IGNORECASE)


class GraphQLError(BaseModel):
    """One entry of `errors`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    message: str = ""
    path: tuple[str | int, ...] = ()
    extensions: dict[str, Any] = {}

    @field_validator("extensions", mode="before")
    @classmethod
    def _none_is_empty(cls, value: object) -> object:
        return value if isinstance(value, dict) else {}

    @field_validator("path", mode="before")
    @classmethod
    def _path_as_tuple(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list | tuple) else ()

    @property
    def code(self) -> str:
        """The machine-readable code, or ""."""
        code = self.extensions.get("code")
        return code if isinstance(code, str) else ""

    @property
    def is_denied(self) -> bool:
        """Whether a scope or an approval is missing."""
        return self.code in _DENIED

    @property
    def place(self) -> str:
        """Where it happened, without list positions: `order.customer.email`."""
        return ".".join(part for part in self.path if isinstance(part, str))


class Throttle(BaseModel):
    """The shop's budget as of this answer. https://shopify.dev/docs/api/usage/limits"""

    model_config = ConfigDict(frozen=True, extra="ignore")

    maximum_available: Decimal = Field(alias="maximumAvailable")
    currently_available: Decimal = Field(alias="currentlyAvailable")
    restore_rate: Decimal = Field(alias="restoreRate")


class Cost(BaseModel):
    """What the call cost; `actual` is None when it was throttled."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    requested: Decimal | None = Field(default=None, alias="requestedQueryCost")
    actual: Decimal | None = Field(default=None, alias="actualQueryCost")
    throttle: Throttle | None = Field(default=None, alias="throttleStatus")

    def wait_seconds(self) -> float:
        """How long until the budget has room for this call, at least a second."""
        if self.throttle is None or self.requested is None or self.throttle.restore_rate <= 0:
            return MINIMUM_WAIT_SECONDS
        lacking = self.requested - self.throttle.currently_available
        return max(MINIMUM_WAIT_SECONDS, float(lacking / self.throttle.restore_rate))


@dataclass(frozen=True, slots=True)
class SearchWarning:
    """A search filter that was ignored, so that its list is not what was asked for."""

    field: str
    code: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One GraphQL answer. `data` may be partial; then `errors` says which parts are missing."""

    data: dict[str, Any]
    errors: tuple[GraphQLError, ...] = ()
    cost: Cost | None = None
    api_version: str | None = None
    request_id: str | None = None
    search_warnings: Mapping[str, tuple[SearchWarning, ...]] | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer, reduced to what is looked at."""

    status: int
    body: bytes
    retry_after: str | None = None
    api_version: str | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """Reads the replies to one operation. `is_mutation` decides what a lost answer means."""

    operation: str
    is_mutation: bool

    def lost(self, what: str, status: int | None = None, request_id: str | None = None) -> NoReturn:
        """No readable answer came: raise OutcomeUnknown for a mutation, else Unavailable."""
        kind = OutcomeUnknown if self.is_mutation else Unavailable
        raise kind(
            f"Shopify gave no answer ({what})",
            vendor=VENDOR,
            operation=self.operation,
            status=status,
            request_id=request_id,
        )

    def read(self, reply: Reply) -> Answer:
        """The answer in a reply; 401 is the caller's and must not come here.

        Raises AccessDenied, NotFound, Rejected, RateLimited, Unavailable or Malformed (reads),
        OutcomeUnknown (mutations).
        """
        self._check_status(reply)
        body = self._body(reply)
        errors = self._errors(body, reply)
        cost = _cost(body)
        data = body.get("data")
        data = data if isinstance(data, dict) else {}
        self._check_errors(errors, data, cost, reply)
        if not data and not errors:
            self._unreadable("there is neither data nor an error", reply)
        return Answer(
            data=data,
            errors=errors,
            cost=cost,
            api_version=reply.api_version,
            request_id=reply.request_id,
            search_warnings=_search_warnings(body),
        )

    def _check_status(self, reply: Reply) -> None:
        status = reply.status
        if status == 200:
            return
        if status == 429:
            self._rate_limited(retry_after_seconds(reply.retry_after, MINIMUM_WAIT_SECONDS), reply)
        if status == 408 or status >= 500 or status < 300:
            self.lost(f"HTTP {status}", status, reply.request_id)
        if status == 404:
            raise NotFound("Shopify has no such shop", **self._where(reply))
        texts = {
            402: "the shop is frozen for unpaid bills",
            403: "the shop refuses this app",
            423: "the shop is locked",
            430: "Shopify's security check refused the call",
        }
        if status in texts:
            raise AccessDenied(f"Shopify: {texts[status]}", **self._where(reply))
        if status < 400:
            raise Rejected(
                "Shopify answered with a redirect, which is not followed: "
                "connect the shop by its present myshopify.com name",
                **self._where(reply),
            )
        raise Rejected(f"Shopify refused {self.operation} with HTTP {status}", **self._where(reply))

    def _body(self, reply: Reply) -> dict[str, Any]:
        try:
            body = json.loads(reply.body, parse_float=Decimal, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            self._unreadable("the body is not JSON", reply)
        if not isinstance(body, dict):
            self._unreadable("the body is not a JSON object", reply)
        return body

    def _errors(self, body: dict[str, Any], reply: Reply) -> tuple[GraphQLError, ...]:
        raw = body.get("errors")
        if raw is None:
            return ()
        if not isinstance(raw, list):
            raw = [{"message": raw if isinstance(raw, str) else "unspecified"}]
        try:
            return tuple(GraphQLError.model_validate(one) for one in raw)
        except ValidationError:
            self._unreadable("its errors can't be read", reply)

    def _check_errors(
        self,
        errors: tuple[GraphQLError, ...],
        data: dict[str, Any],
        cost: Cost | None,
        reply: Reply,
    ) -> None:
        if not errors:
            return
        if any(error.code == "THROTTLED" for error in errors):
            self._rate_limited(cost.wait_seconds() if cost else MINIMUM_WAIT_SECONDS, reply)
        if self.is_mutation:
            self._check_mutation_errors(errors, reply)
            return
        if any(error.code in _BROKEN for error in errors):
            self.lost("an internal error", reply.status, reply.request_id)
        if any(value is not None for value in data.values()):
            return
        first = errors[0]
        if any(error.is_denied for error in errors):
            raise AccessDenied(_denied_text(errors), **self._where(reply))
        if first.code == "RESOURCE_NOT_FOUND":
            raise NotFound("Shopify has no such record", **self._where(reply))
        raise Rejected(
            f"Shopify refused {self.operation} ({first.code or 'no code'}): {first.message}",
            **self._where(reply),
        )

    def _check_mutation_errors(self, errors: tuple[GraphQLError, ...], reply: Reply) -> NoReturn:
        """Every top-level error of a mutation ends it; which way decides about money."""
        for error in errors:
            if speaks_of_keys(error.message) or error.code.startswith("IDEMPOTENCY"):
                self.lost("an earlier attempt with the same key is not finished", reply.status)
        if all(error.is_denied for error in errors):
            raise AccessDenied(_denied_text(errors), **self._where(reply))
        if all(error.code in _REFUSED or error.is_denied for error in errors):
            first = next(error for error in errors if error.code in _REFUSED)
            raise Rejected(
                f"Shopify did not run {self.operation} ({first.code}): {first.message} "
                "An administrator must look at this.",
                **self._where(reply),
            )
        first = errors[0]
        self.lost(f"{first.code or 'an error without a code'}", reply.status, reply.request_id)

    def _rate_limited(self, seconds: float, reply: Reply) -> NoReturn:
        raise RateLimited(
            "Shopify's call budget of this shop is used up",
            retry_after_seconds=seconds,
            **self._where(reply),
        )

    def _unreadable(self, what: str, reply: Reply) -> NoReturn:
        if self.is_mutation:
            self.lost(what, reply.status, reply.request_id)
        raise Malformed(
            f"Shopify's answer to {self.operation} can't be read: {what}", **self._where(reply)
        )

    def _where(self, reply: Reply) -> dict[str, Any]:
        return {
            "vendor": VENDOR,
            "operation": self.operation,
            "status": reply.status,
            "request_id": reply.request_id,
        }


def speaks_of_keys(message: str) -> bool:
    """Whether a refusal is about an earlier or running attempt rather than about the refund."""
    return bool(_ABOUT_KEYS.search(message)) and not _DIRECTIVE_MISSING.search(message)


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


def _denied_text(errors: tuple[GraphQLError, ...]) -> str:
    """Names the scopes that Shopify asks for, as it writes them."""
    needed = {
        scope
        for error in errors
        for scope in re.findall(r"`(\w+)`", str(error.extensions.get("requiredAccess", "")))
    }
    if not needed:
        return "Shopify denies the app access: check its scopes and its approval for customer data"
    return f"the app lacks {', '.join(sorted(needed))}: grant it and connect the shop again"


def _extensions(body: dict[str, Any]) -> dict[str, Any]:
    extensions = body.get("extensions")
    return extensions if isinstance(extensions, dict) else {}


def cost_of(reply: Reply) -> Cost | None:
    """The cost part of any reply, also of one that was refused."""
    try:
        body = json.loads(reply.body, parse_float=Decimal)
    except (ValueError, RecursionError):
        return None
    return _cost(body) if isinstance(body, dict) else None


def _cost(body: dict[str, Any]) -> Cost | None:
    """The cost part; an unreadable one is no reason to lose an answer."""
    try:
        return Cost.model_validate(_extensions(body).get("cost"))
    except ValidationError:
        return None


def _search_warnings(body: dict[str, Any]) -> dict[str, tuple[SearchWarning, ...]]:
    """Warnings of searches by the alias they belong to; "" where it isn't told."""
    found: dict[str, tuple[SearchWarning, ...]] = {}
    searches = _extensions(body).get("search")
    for search in searches if isinstance(searches, list) else []:
        if not isinstance(search, dict) or not search.get("warnings"):
            continue
        path = search.get("path")
        alias = str(path[0]) if isinstance(path, list) and path else ""
        warnings = search["warnings"] if isinstance(search["warnings"], list) else [{}]
        found[alias] = found.get(alias, ()) + tuple(
            SearchWarning(str(one.get("field", "")), str(one.get("code", "")))
            for one in warnings
            if isinstance(one, dict)
        )
    return found

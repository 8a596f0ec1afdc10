"""Sends one GraphQL operation to one shop, within its budget and its limits.

Nothing is sent twice here, with one exception: a call that was answered 401 goes out once more,
unchanged, with a renewed token. https://shopify.dev/docs/api/admin-graphql
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping
from typing import Any

import requests

from app.domain.errors import AccessDenied, RateLimited, Unavailable
from app.ports import Surroundings
from integrations.http import BoundedSession, was_never_sent
from integrations.stores.shopify.answers import Answer, Cost, Reading, Reply, cost_of
from integrations.stores.shopify.documents import Document
from integrations.stores.shopify.tokens import TokenProvider, shop_url
from integrations.stores.shopify.vocabulary import API_VERSION, VENDOR

log = logging.getLogger(__name__)

# A call waits this long for its share of the budget, then its caller is told to come back.
BUDGET_WAIT_SECONDS = 5.0
# Moving money takes the vendor longer than reading.
MUTATION_READ_FACTOR = 3.0


class ShopifyClient:
    """The Admin API of one shop. Not shared between threads.

    `answering_version` is the API version that gave the last answer; when it isn't
    `API_VERSION`, the pinned one is gone and the vendor's rules may have changed.
    """

    def __init__(
        self,
        *,
        shop: str,
        tokens: TokenProvider,
        surroundings: Surroundings,
        session: BoundedSession,
    ) -> None:
        self._shop = shop
        self._url = f"{shop_url(surroundings, shop)}/admin/api/{API_VERSION}/graphql.json"
        self._tokens = tokens
        self._surroundings = surroundings
        self._session = session
        self.answering_version: str | None = None

    @property
    def answers_as_pinned(self) -> bool:
        """False once an answer came from another API version than the one asked for."""
        return self.answering_version in (None, API_VERSION)

    def execute(
        self,
        document: Document,
        variables: Mapping[str, Any] | str,
        *,
        cost: float | None = None,
    ) -> Answer:
        """Run one document. `variables` as text is JSON that is sent as it stands.

        `cost` is what to reserve where the variables switch most of the document off.
        Raises what `answers.Reading` raises, and Unavailable when the call never left.
        """
        reading = Reading(document.operation, document.is_mutation)
        body = _body(document, variables)
        self._wait_for_budget(document, document.cost if cost is None else cost)
        token = self._tokens.current()
        reply = self._post(reading, body, token)
        if reply.status == 401:
            reply = self._post(reading, body, self._tokens.replace(token))
        if reply.status == 401:
            raise AccessDenied(
                "Shopify refuses the renewed token as well: connect the shop again",
                vendor=VENDOR,
                operation=document.operation,
                status=401,
                request_id=reply.request_id,
            )
        self._note_version(reply, document)
        try:
            answer = reading.read(reply)
        except RateLimited:
            self._report_budget(cost_of(reply))
            raise
        self._report_budget(answer.cost)
        return answer

    def _post(self, reading: Reading, body: bytes, token: str) -> Reply:
        read_seconds = self._surroundings.read_timeout_seconds
        if reading.is_mutation:
            read_seconds *= MUTATION_READ_FACTOR
        started = time.monotonic()
        try:
            response = self._session.post(
                self._url,
                data=body,
                headers={
                    "Content-Type": "application/json",
                    "Accept": "application/json",
                    "X-Shopify-Access-Token": token,
                },
                timeout=(self._surroundings.connect_timeout_seconds, read_seconds),
            )
        except requests.RequestException as error:
            kind = type(error).__name__
            self._log(reading.operation, started, 0, kind)
            if was_never_sent(error):
                raise Unavailable(
                    f"Shopify can't be reached ({kind})",
                    vendor=VENDOR,
                    operation=reading.operation,
                ) from error
            is_slow = isinstance(error, requests.Timeout)
            reading.lost("it took too long" if is_slow else "the connection broke")
        self._log(reading.operation, started, response.status_code, "")
        headers = response.headers
        return Reply(
            status=response.status_code,
            body=response.content,
            retry_after=headers.get("Retry-After"),
            api_version=headers.get("X-Shopify-API-Version"),
            request_id=headers.get("X-Request-Id"),
        )

    def _log(self, operation: str, started: float, status: int, failure: str) -> None:
        log.info(
            "shopify call",
            extra={
                "shop": self._shop,
                "operation": operation,
                "status": status,
                "failure": failure,
                "ms": round((time.monotonic() - started) * 1000),
            },
        )

    @property
    def _budget_key(self) -> str:
        return f"{VENDOR}:{self._shop}"

    def _wait_for_budget(self, document: Document, cost: float) -> None:
        """Reserve what the call may cost, or say when to come back."""
        deadline = time.monotonic() + BUDGET_WAIT_SECONDS
        while True:
            seconds = self._surroundings.pace.reserve_cost(self._budget_key, cost)
            if seconds <= 0:
                return
            if time.monotonic() + seconds > deadline:
                raise RateLimited(
                    "the shop's call budget is used up by other work",
                    vendor=VENDOR,
                    operation=document.operation,
                    retry_after_seconds=seconds,
                )
            time.sleep(seconds)

    def _report_budget(self, cost: Cost | None) -> None:
        throttle = cost.throttle if cost else None
        if throttle is not None:
            self._surroundings.pace.report_cost(
                self._budget_key,
                available=float(throttle.currently_available),
                maximum=float(throttle.maximum_available),
                restore=float(throttle.restore_rate),
            )

    def _note_version(self, reply: Reply, document: Document) -> None:
        if reply.api_version is None:
            return
        self.answering_version = reply.api_version
        if not self.answers_as_pinned:
            log.error(
                "shopify answers with another API version than the one asked for",
                extra={
                    "shop": self._shop,
                    "operation": document.operation,
                    "asked": API_VERSION,
                    "answered": reply.api_version,
                },
            )


def _body(document: Document, variables: Mapping[str, Any] | str) -> bytes:
    """The request body. Stored variables are put in as text, so that they can't change."""
    head = json.dumps({"operationName": document.operation, "query": document.text})
    text = variables if isinstance(variables, str) else json.dumps(variables)
    return f'{head[:-1]}, "variables": {text}}}'.encode()

"""Sends webhooks in the background: signed, with the vendor's time limit, retries and breaker.

https://developer.zendesk.com/documentation/webhooks/creating-and-monitoring-webhooks/

Delivery is best effort as on the real service, and `Disturbances` make it worse on purpose.
"""

from __future__ import annotations

import base64
import json
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import urllib3

from integrations.sandbox.sending import Job, Sender
from integrations.sandbox.zendesk.account import Account
from integrations.sandbox.zendesk.clock import real_now, stamp
from integrations.sandbox.zendesk.deliveries import (
    Attempt,
    Breaker,
    Counters,
    Invocation,
)
from integrations.sandbox.zendesk.model import Webhook
from integrations.sandbox.zendesk.signing import webhook_signature

MAX_RETRIES_AFTER_TIMEOUT = 5
MAX_RETRIES_AFTER_409 = 3
MAX_RETRIES_AFTER_RETRY_AFTER = 5  # the vendor names no number
RETRY_AFTER_BELOW_SECONDS = 60
KEPT_INVOCATIONS = 20_000
CONTENT_TYPES = {
    "json": "application/json; charset=utf-8",
    "xml": "application/xml; charset=utf-8",
    "form_encoded": "application/x-www-form-urlencoded; charset=utf-8",
}


class Dispatcher(Sender[Invocation]):
    """Background sender. `concurrency` threads; retry waits run on the sandbox clock."""

    def __init__(
        self,
        account: Account,
        *,
        concurrency: int = 8,
        timeout_seconds: float = 12.0,
        timeout_retry_wait_seconds: float = 5.0,
        conflict_retry_wait_seconds: float = 2.0,
        seed: int = 1,
    ) -> None:
        super().__init__(account.clock, concurrency=concurrency, seed=seed)
        self.counters: Counters = Counters()
        self.timeout_seconds = timeout_seconds
        self.timeout_retry_wait_seconds = timeout_retry_wait_seconds
        self.conflict_retry_wait_seconds = conflict_retry_wait_seconds
        self.breaker = Breaker(account.clock)
        self._account = account
        self._invocations: dict[str, Invocation] = {}
        self._order: deque[str] = deque()
        self._pool = urllib3.PoolManager(maxsize=concurrency, retries=False)

    def stop(self) -> None:
        """Stop after the attempts under way; what still waits is dropped."""
        self.stop_threads(self.timeout_seconds + 1)
        self._pool.clear()

    def invocations(self, webhook_id: str) -> list[Invocation]:
        """Newest first."""
        with self._wake:
            found = [self._invocations[one] for one in self._order]
        return [one for one in reversed(found) if one.webhook_id == webhook_id]

    def invocation(self, webhook_id: str, invocation_id: str) -> Invocation | None:
        with self._wake:
            found = self._invocations.get(invocation_id)
        return found if found and found.webhook_id == webhook_id else None

    # What the triggers and the engine call

    def send_body(self, webhook: Webhook, body: str) -> None:
        """Queue a trigger's rendered body for a trigger-connected webhook."""
        content_type = CONTENT_TYPES.get(webhook.request_format, CONTENT_TYPES["json"])
        self._submit(webhook, body.encode(), content_type)

    def publish(self, event: dict[str, Any]) -> None:
        """Queue an event for every webhook that subscribes to its type."""
        body: bytes | None = None
        for webhook in list(self._account.webhooks.values()):
            if webhook.status == "active" and event["type"] in webhook.subscriptions:
                if body is None:
                    body = json.dumps(event, ensure_ascii=False).encode()
                self._submit(webhook, body, CONTENT_TYPES["json"])

    def send_test(self, webhook: Webhook, body: bytes, *, secret: str | None = None) -> Attempt:
        """Send one test request at once and return the attempt. Not counted, never retried."""
        invocation = self._invocation(webhook, body, CONTENT_TYPES["json"])
        return self._attempt(invocation, webhook, secret or webhook.secret, 1)

    def _invocation(self, webhook: Webhook, body: bytes, content_type: str) -> Invocation:
        return Invocation(
            id=self._account.ulid(),
            webhook_id=webhook.id,
            url=webhook.endpoint,
            method=webhook.http_method,
            body=b"" if webhook.http_method in ("GET", "DELETE") else body,
            content_type=content_type,
            created_at=self._account.clock.now(),
        )

    def _submit(self, webhook: Webhook, body: bytes, content_type: str) -> None:
        self.submit(lambda: self._invocation(webhook, body, content_type))

    def remember(self, item: Invocation) -> None:
        self._invocations[item.id] = item
        self._order.append(item.id)
        if len(self._order) > KEPT_INVOCATIONS:
            self._invocations.pop(self._order.popleft(), None)

    def forget(self, item: Invocation) -> None:
        item.state = "lost"

    def run(self, job: Job[Invocation]) -> None:
        invocation = job.item
        webhook = self._account.webhooks.get(invocation.webhook_id)
        if webhook is None or webhook.status != "active":
            invocation.state = "failed"
            return
        if self.breaker.is_open(webhook.id):
            invocation.state = "circuit broken"
            with self._wake:
                self.counters.circuit_broken += 1
            return
        began = time.perf_counter()
        attempt = self._attempt(invocation, webhook, webhook.secret, job.attempt)
        took = time.perf_counter() - began
        with self._wake:
            if attempt.outcome == "success":
                self._answer_seconds.append(took)
            if attempt.outcome != "timeout" and self.hits("lose_answer_next", 0.0):
                attempt.outcome, attempt.status_code = "timeout", 504
            self.counters.sent += 1
            self.counters.retries += job.attempt > 1
            self.counters.timeouts += attempt.outcome == "timeout"
        ok = 200 <= attempt.status_code < 300
        self.breaker.record(webhook.id, ok=ok)
        wait = None if ok else self.retry_wait(invocation, attempt)
        with self._wake:
            if ok:
                invocation.state = "success"
                self.counters.acked += 1
            elif wait is None:
                invocation.state = "failed"
                self.counters.failed += 1
            else:
                self.retry(job, wait)

    def retry_wait(self, invocation: Invocation, attempt: Attempt) -> float | None:
        """Seconds until the next attempt, or None when there is none."""

        def earlier(matches: Callable[[Attempt], bool]) -> int:
            return sum(1 for one in invocation.attempts if matches(one))

        if attempt.outcome == "timeout":
            if earlier(lambda one: one.outcome == "timeout") <= MAX_RETRIES_AFTER_TIMEOUT:
                return self.timeout_retry_wait_seconds
            return None
        if attempt.status_code == 409:
            if earlier(lambda one: one.status_code == 409) <= MAX_RETRIES_AFTER_409:
                return self.conflict_retry_wait_seconds
            return None
        if attempt.status_code in (429, 503):
            given = attempt.retry_after
            tried = earlier(lambda one: one.status_code in (429, 503))
            if (
                given.isdigit()
                and int(given) < RETRY_AFTER_BELOW_SECONDS
                and tried <= MAX_RETRIES_AFTER_RETRY_AFTER
            ):
                return float(given)
        return None

    def _attempt(
        self, invocation: Invocation, webhook: Webhook, secret: str, number: int
    ) -> Attempt:
        account = self._account
        fresh = account.options.retry_has_fresh_timestamp
        now = account.clock.now()
        if invocation.signed_at is None or fresh:
            invocation.signed_at = real_now()
        timestamp = stamp(invocation.signed_at)
        headers = self._headers(invocation, webhook, secret, timestamp)
        attempt = Attempt(number, now, 0, "failed", headers)
        try:
            response = self._pool.request(
                invocation.method,
                invocation.url,
                body=invocation.body or None,
                headers=headers,
                timeout=urllib3.Timeout(total=self.timeout_seconds),
                redirect=False,
            )
        except urllib3.exceptions.TimeoutError:
            attempt.outcome, attempt.status_code = "timeout", 504
        except urllib3.exceptions.HTTPError as error:
            attempt.outcome, attempt.status_code = "failed", 502
            attempt.response_body = type(error).__name__
        else:
            attempt.status_code = response.status
            attempt.outcome = "success" if 200 <= response.status < 300 else "failed"
            attempt.response_body = response.data[:2000].decode("utf-8", "replace")
            attempt.retry_after = response.headers.get("Retry-After", "")
        invocation.attempts.append(attempt)
        return attempt

    def _headers(
        self, invocation: Invocation, webhook: Webhook, secret: str, timestamp: str
    ) -> dict[str, str]:
        headers = {
            **webhook.custom_headers,
            "User-Agent": "Zendesk Webhook",
            "Content-Type": invocation.content_type,
            "X-Zendesk-Account-Id": str(self._account.account_id),
            "X-Zendesk-Webhook-Id": webhook.id,
            "X-Zendesk-Webhook-Invocation-Id": invocation.id,
            "X-Zendesk-Webhook-Signature-Timestamp": timestamp,
            "X-Zendesk-Webhook-Signature": webhook_signature(secret, timestamp, invocation.body),
        }
        authentication = webhook.authentication or {}
        data = authentication.get("data") or {}
        match authentication.get("type"):
            case "basic_auth":
                pair = f"{data.get('username', '')}:{data.get('password', '')}"
                headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
            case "bearer_token":
                headers["Authorization"] = f"Bearer {data.get('token', '')}"
            case "api_key":
                headers[str(data.get("name", "X-Api-Key"))] = str(data.get("value", ""))
        return headers

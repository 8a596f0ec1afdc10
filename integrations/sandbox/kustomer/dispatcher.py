"""Sends outbound webhooks in the background: signed, with the vendor's retries, and switched off
when nothing helps.

https://developer.kustomer.com/docs/events/delivery-and-retries.md

At least once and in no order, as on the real service; `Disturbances` make it worse on purpose.
"""

from __future__ import annotations

import json
import time
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import urllib3

from integrations.sandbox.kustomer.clock import stamp
from integrations.sandbox.kustomer.model import Webhook
from integrations.sandbox.kustomer.org import Org
from integrations.sandbox.kustomer.signing import webhook_signature
from integrations.sandbox.sending import Counters, Job, Sender

RETRY_WAITS_MINUTES = (1, 1, 2, 5, 10, 15, 30)
KEPT_TRANSACTIONS = 20_000


@dataclass(slots=True)
class Delivery:
    """One event on its way to one webhook."""

    webhook_id: str
    event_name: str
    body: bytes


@dataclass(slots=True)
class Transaction:
    """The newest attempt of a delivery, as the log shows it: without its payload."""

    id: str
    webhook_id: str
    event_name: str
    sent_at: datetime
    status: int
    next_retry: datetime | None

    def as_json(self) -> dict[str, Any]:
        return {
            "type": "outbound_webhook_transaction",
            "id": self.id,
            "attributes": {
                "webhookId": self.webhook_id,
                "eventName": self.event_name,
                "sentAt": stamp(self.sent_at),
                "status": self.status,
                "nextRetry": stamp(self.next_retry) if self.next_retry else None,
            },
        }


class Dispatcher(Sender[Delivery]):
    """Background sender of an org's events."""

    def __init__(
        self, org: Org, *, concurrency: int = 8, timeout_seconds: float = 10.0, seed: int = 1
    ) -> None:
        super().__init__(org.clock, concurrency=concurrency, seed=seed)
        self.counters = Counters()
        self.timeout_seconds = timeout_seconds
        self._org = org
        self._transactions: deque[Transaction] = deque(maxlen=KEPT_TRANSACTIONS)
        self._pool = urllib3.PoolManager(maxsize=concurrency, retries=False)

    def stop(self) -> None:
        """Stop after the attempts under way; what still waits is dropped."""
        self.stop_threads(self.timeout_seconds + 1)
        self._pool.clear()

    def publish(self, event: dict[str, Any]) -> None:
        """Queue an event for every webhook that is switched on and subscribes to it."""
        body: bytes | None = None
        for webhook in list(self._org.webhooks.values()):
            if webhook.enabled and event["name"] in webhook.events:
                if body is None:
                    body = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
                made = Delivery(webhook.id, event["name"], body)
                self.submit(lambda made=made: made)  # type: ignore[misc]

    def send_raw(self, webhook: Webhook, event_name: str, body: bytes) -> None:
        """Queue bytes as they are, for tests of what a receiver refuses."""
        self.submit(lambda: Delivery(webhook.id, event_name, body))

    def transactions(self, webhook_id: str | None = None) -> list[Transaction]:
        """Newest first, of one webhook or of all."""
        with self._wake:
            kept = list(self._transactions)
        return [one for one in reversed(kept) if webhook_id in (None, one.webhook_id)]

    def run(self, job: Job[Delivery]) -> None:
        delivery = job.item
        webhook = self._org.webhooks.get(delivery.webhook_id)
        if webhook is None or not webhook.enabled:
            return
        began = time.perf_counter()
        status = self._attempt(webhook, delivery)
        took = time.perf_counter() - began
        ok = 200 <= status < 300
        # Taken before the queue is locked: whoever publishes holds the org and wants the queue.
        transaction_id = self._org.next_id()
        with self._wake:
            if ok:
                self._answer_seconds.append(took)
            if ok and self.hits("lose_answer_next", 0.0):
                ok, status = False, 0
            self.counters.sent += 1
            self.counters.retries += job.attempt > 1
            self.counters.timeouts += status == 0
            wait = None
            if ok:
                self.counters.acked += 1
            elif job.attempt <= len(RETRY_WAITS_MINUTES):
                wait = RETRY_WAITS_MINUTES[job.attempt - 1] * 60.0
                self.retry(job, wait)
            else:
                self.counters.failed += 1
            now = self._org.clock.now()
            following = now + timedelta(seconds=wait) if wait else None
            self._transactions.append(
                Transaction(transaction_id, webhook.id, delivery.event_name, now, status, following)
            )
        if not ok and wait is None and self._org.switches.disable_after_retries:
            webhook.enabled = False
            webhook.is_error = True
            webhook.updated_at = self._org.clock.now()

    def _attempt(self, webhook: Webhook, delivery: Delivery) -> int:
        """The status of the answer, 0 for none."""
        headers = {
            **{one["name"]: one["value"] for one in webhook.headers},
            "Content-Type": "application/json",
            "User-Agent": "Kustomer-Outbound-Webhook",
            "X-Kustomer-Webhook-Event": delivery.event_name,
            "X-Kustomer-Webhook-Signature": webhook_signature(webhook.token, delivery.body),
        }
        try:
            response = self._pool.request(
                "POST",
                webhook.url,
                body=delivery.body,
                headers=headers,
                timeout=urllib3.Timeout(total=self.timeout_seconds),
                redirect=False,
            )
        except urllib3.exceptions.HTTPError:
            return 0
        return int(response.status)

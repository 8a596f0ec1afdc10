"""Sends webhooks in the background: signed, with the vendor's time limit, retries and breaker.

https://developer.zendesk.com/documentation/webhooks/creating-and-monitoring-webhooks/

Delivery is best effort as on the real service, and `Disturbances` make it worse on purpose.
"""

from __future__ import annotations

import base64
import heapq
import json
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import urllib3

from integrations.sandbox.zendesk.account import Account
from integrations.sandbox.zendesk.clock import real_now, stamp
from integrations.sandbox.zendesk.deliveries import (
    Attempt,
    Breaker,
    Counters,
    Invocation,
    Job,
    next_number,
)
from integrations.sandbox.zendesk.model import Webhook
from integrations.sandbox.zendesk.signing import webhook_signature

MAX_RETRIES_AFTER_TIMEOUT = 5
MAX_RETRIES_AFTER_409 = 3
MAX_RETRIES_AFTER_RETRY_AFTER = 5  # the vendor names no number
RETRY_AFTER_BELOW_SECONDS = 60
KEPT_INVOCATIONS = 20_000
KEPT_ANSWER_TIMES = 20_000
CONTENT_TYPES = {
    "json": "application/json; charset=utf-8",
    "xml": "application/xml; charset=utf-8",
    "form_encoded": "application/x-www-form-urlencoded; charset=utf-8",
}


@dataclass
class Disturbances:
    """Deliveries to spoil. The `*_next` counts are used up first, then the shares apply."""

    duplicate_next: int = 0
    lose_next: int = 0
    delay_next: int = 0
    delay_seconds: float = 0.0
    lose_answer_next: int = 0  # delivered, but the answer counts as a timeout
    reorder_next: int = 0  # hold this many back, then send them in reverse
    duplicate_share: float = 0.0
    lose_share: float = 0.0
    delay_share: float = 0.0


class Dispatcher:
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
        self.counters = Counters()
        self.disturbances = Disturbances()
        self.timeout_seconds = timeout_seconds
        self.timeout_retry_wait_seconds = timeout_retry_wait_seconds
        self.conflict_retry_wait_seconds = conflict_retry_wait_seconds
        self.breaker = Breaker(account.clock)
        self._account = account
        self._concurrency = concurrency
        self._random = random.Random(seed)  # noqa: S311 - repeatable disturbances
        self._wake = threading.Condition()
        self._jobs: list[Job] = []
        self._held: list[Job] = []
        self._in_flight = 0
        self._paused = False
        self._stopping = False
        self._threads: list[threading.Thread] = []
        self._invocations: dict[str, Invocation] = {}
        self._order: deque[str] = deque()
        self._answer_seconds: deque[float] = deque(maxlen=KEPT_ANSWER_TIMES)
        self._pool = urllib3.PoolManager(maxsize=concurrency, retries=False)
        account.clock.on_advance(self._notify)

    def start(self) -> None:
        """Start the sending threads."""
        for number in range(self._concurrency):
            thread = threading.Thread(target=self._work, name=f"webhooks-{number}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Stop after the attempts under way; what still waits is dropped."""
        with self._wake:
            self._stopping = True
            self._wake.notify_all()
        for thread in self._threads:
            thread.join(timeout=self.timeout_seconds + 1)
        self._pool.clear()

    def pause(self) -> None:
        """Let deliveries pile up until `resume()`."""
        with self._wake:
            self._paused = True

    def resume(self) -> None:
        with self._wake:
            self._paused = False
            self._wake.notify_all()

    def drain(self, timeout_seconds: float = 30.0) -> bool:
        """Wait until nothing is due or under way. False if it took longer than that.

        Retries that wait for a later time don't count: move the clock for those.
        """
        with self._wake:
            return self._wake.wait_for(self._is_idle, timeout_seconds)

    def waiting(self) -> int:
        """Attempts that are due now, wait for their time, or are held back."""
        with self._wake:
            return len(self._jobs) + len(self._held) + self._in_flight

    def answer_milliseconds(self) -> list[float]:
        """How long each delivery's 2xx took, oldest first."""
        with self._wake:
            return [round(seconds * 1000, 2) for seconds in self._answer_seconds]

    def release_held(self) -> None:
        """Send what `reorder_next` holds back although the number isn't reached."""
        with self._wake:
            self._release()

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
        spoil, now = self.disturbances, self._account.clock.seconds()
        with self._wake:
            copies = 2 if self._hits("duplicate_next", spoil.duplicate_share) else 1
            self.counters.duplicated += copies - 1
            for _ in range(copies):
                invocation = self._invocation(webhook, body, content_type)
                self._remember(invocation)
                self.counters.invocations += 1
                if self._hits("lose_next", spoil.lose_share):
                    invocation.state = "lost"
                    self.counters.lost += 1
                    continue
                delay = spoil.delay_seconds if self._hits("delay_next", spoil.delay_share) else 0
                job = Job(now + delay, next_number(), invocation)
                if spoil.reorder_next > 0:
                    spoil.reorder_next -= 1
                    self._held.append(job)
                    if spoil.reorder_next == 0:
                        self._release()
                    continue
                heapq.heappush(self._jobs, job)
            self._wake.notify()

    def _hits(self, counter: str, share: float) -> bool:
        left = getattr(self.disturbances, counter)
        if left > 0:
            setattr(self.disturbances, counter, left - 1)
            return True
        return share > 0 and self._random.random() < share

    def _release(self) -> None:
        now = self._account.clock.seconds()
        for job in reversed(self._held):
            heapq.heappush(self._jobs, Job(now, next_number(), job.invocation))
        self._held.clear()
        self._wake.notify_all()

    def _remember(self, invocation: Invocation) -> None:
        self._invocations[invocation.id] = invocation
        self._order.append(invocation.id)
        if len(self._order) > KEPT_INVOCATIONS:
            self._invocations.pop(self._order.popleft(), None)

    def _notify(self) -> None:
        with self._wake:
            self._wake.notify_all()

    def _is_idle(self) -> bool:
        due = bool(self._jobs) and self._jobs[0].due <= self._account.clock.seconds()
        return self._in_flight == 0 and not (due and not self._paused)

    def _work(self) -> None:
        while True:
            with self._wake:
                job = self._take()
                while job is None:
                    if self._stopping:
                        return
                    self._wake.wait(self._seconds_to_next())
                    job = self._take()
                if self._stopping:
                    return
                self._in_flight += 1
            try:
                self._run(job)
            finally:
                with self._wake:
                    self._in_flight -= 1
                    self._wake.notify_all() if self._is_idle() else self._wake.notify()

    def _take(self) -> Job | None:
        if self._paused or not self._jobs:
            return None
        if self._jobs[0].due > self._account.clock.seconds():
            return None
        return heapq.heappop(self._jobs)

    def _seconds_to_next(self) -> float:
        if self._paused or not self._jobs:
            return 60.0
        return max(0.001, self._jobs[0].due - self._account.clock.seconds())

    def _run(self, job: Job) -> None:
        invocation = job.invocation
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
            if attempt.outcome != "timeout" and self._hits("lose_answer_next", 0.0):
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
                due = self._account.clock.seconds() + wait
                heapq.heappush(self._jobs, Job(due, next_number(), invocation, job.attempt + 1))

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

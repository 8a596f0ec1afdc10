"""What the dispatcher keeps: jobs that wait, invocations with their attempts, counters, breaker."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from integrations.sandbox import sending
from integrations.sandbox.zendesk.clock import SandboxClock, stamp

BREAKER_WINDOW_SECONDS = 300.0
BREAKER_MIN_REQUESTS = 100
BREAKER_ERROR_SHARE = 0.7
BREAKER_MAX_ERRORS = 1000
BREAKER_PAUSE_SECONDS = 5.0


@dataclass(slots=True)
class Attempt:
    number: int
    at: datetime
    status_code: int
    outcome: str
    request_headers: dict[str, str]
    response_body: str = ""
    retry_after: str = ""

    def as_json(self, invocation: Invocation) -> dict[str, Any]:
        return {
            "id": f"{invocation.id}-{self.number}",
            "invocation_id": invocation.id,
            "invoked_at": stamp(self.at),
            "status": self.outcome,
            "status_code": self.status_code,
            "request": {
                "url": invocation.url,
                "http_method": invocation.method,
                "headers": [
                    {"key": name, "value": value} for name, value in self.request_headers.items()
                ],
                "body": invocation.body.decode("utf-8", "replace"),
            },
            "response": {"body": self.response_body, "headers": []},
        }


@dataclass(slots=True)
class Invocation:
    """One thing to tell an endpoint, with every attempt made at it."""

    id: str
    webhook_id: str
    url: str
    method: str
    body: bytes
    content_type: str
    created_at: datetime
    signed_at: datetime | None = None  # real time of the first signature
    attempts: list[Attempt] = field(default_factory=list)
    state: str = "pending"  # pending, success, failed, circuit broken, lost

    def as_json(self) -> dict[str, Any]:
        last = self.attempts[-1] if self.attempts else None
        return {
            "id": self.id,
            "webhook_id": self.webhook_id,
            "latest_completed_at": stamp(last.at) if last else None,
            "status": self.state,
            "status_code": last.status_code if last else None,
        }


@dataclass
class Counters(sending.Counters):
    """The totals, with what the breaker held back."""

    circuit_broken: int = 0


class Breaker:
    """Stops sending for five seconds when an endpoint fails too often.

    https://developer.zendesk.com/documentation/webhooks/creating-and-monitoring-webhooks/
    """

    def __init__(self, clock: SandboxClock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._results: dict[str, deque[tuple[float, bool]]] = {}
        self._errors: dict[str, int] = {}
        self._open_until: dict[str, float] = {}

    def is_open(self, webhook_id: str) -> bool:
        with self._lock:
            return self._clock.seconds() < self._open_until.get(webhook_id, 0.0)

    def record(self, webhook_id: str, *, ok: bool) -> None:
        """Note one answer; may open the breaker."""
        now = self._clock.seconds()
        with self._lock:
            results = self._results.setdefault(webhook_id, deque())
            results.append((now, ok))
            errors = self._errors.get(webhook_id, 0) + (not ok)
            while results and results[0][0] < now - BREAKER_WINDOW_SECONDS:
                errors -= not results.popleft()[1]
            self._errors[webhook_id] = errors
            total = len(results)
            if total >= BREAKER_MIN_REQUESTS and (
                errors / total >= BREAKER_ERROR_SHARE or errors > BREAKER_MAX_ERRORS
            ):
                self._open_until[webhook_id] = now + BREAKER_PAUSE_SECONDS

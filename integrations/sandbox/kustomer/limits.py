"""Rate limits: fixed windows of a minute on the sandbox clock, with the headers the vendor sends.

https://developer.kustomer.com/docs/concepts/rate-limits.md
"""

from __future__ import annotations

import math
import threading
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from integrations.sandbox.kustomer.errors import too_many

if TYPE_CHECKING:
    from integrations.sandbox.kustomer.org import Org

PLANS = {"enterprise": 1000, "ultimate": 2000, "business": 500, "professional": 300}
WINDOW_SECONDS = 60


def default_limits() -> dict[str, int]:
    """Per minute. `org` counts all keys together; `people` those who use the app; `object` the
    updates of one record by one user, whose number nobody has confirmed."""
    return {
        "org": PLANS["enterprise"],
        "people": 1000,
        "search": 100,
        "notes": 120,
        "messages": 120,
        "drafts": 120,
        "object": 60,
    }


@dataclass(slots=True)
class _Window:
    started: float
    used: int = 0


@dataclass(slots=True)
class Charge:
    """What one request was counted against. `headers` go on its answer, also on a refusal."""

    headers: dict[str, str] = field(default_factory=dict)


class RateLimits:
    """Counts requests. `enabled=False` switches all limits off but keeps the headers."""

    def __init__(self, org: Org, *, enabled: bool = True) -> None:
        self.enabled = enabled
        self.limits = default_limits()
        self.refused: dict[str, int] = {}
        self.peak: dict[str, int] = {}
        self._org = org
        self._lock = threading.Lock()
        self._windows: dict[tuple[str, Hashable], _Window] = {}

    def charge(self, charge: Charge, name: str, key: Hashable = "") -> None:
        """Count one request. Raises ApiError 429 when the window is full."""
        total, now = self.limits[name], self._org.clock.seconds()
        with self._lock:
            window = self._windows.get((name, key))
            if window is None or now >= window.started + WINDOW_SECONDS:
                window = self._windows[(name, key)] = _Window(now)
            resets_at = window.started + WINDOW_SECONDS
            full = self.enabled and window.used >= total
            if full:
                self.refused[name] = self.refused.get(name, 0) + 1
            else:
                window.used += 1
                self.peak[name] = max(self.peak.get(name, 0), window.used)
            remaining = max(0, total - window.used)
        headers = self._headers(total, remaining, resets_at, now)
        if name in ("org", "people"):
            charge.headers |= headers
        if full:
            if self._org.switches.retry_after:
                headers["Retry-After"] = str(max(1, math.ceil(resets_at - now)))
            charge.headers |= headers
            raise too_many(name, headers)

    def _headers(self, total: int, remaining: int, resets_at: float, now: float) -> dict[str, str]:
        in_seconds = self._org.switches.reset_unit == "seconds"
        reset = max(1, math.ceil(resets_at - now)) if in_seconds else math.ceil(resets_at)
        return {
            "x-ratelimit-limit": str(total),
            "x-ratelimit-remaining": str(remaining),
            "x-ratelimit-reset": str(reset),
        }

    def reset(self) -> None:
        """Forget every window and count."""
        with self._lock:
            self._windows.clear()
            self.refused.clear()
            self.peak.clear()

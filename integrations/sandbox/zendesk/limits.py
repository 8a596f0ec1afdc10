"""Rate limits: fixed windows on the sandbox clock, with the headers the vendor sends.

https://developer.zendesk.com/api-reference/introduction/rate-limits/
"""

from __future__ import annotations

import math
import threading
from collections.abc import Hashable
from dataclasses import dataclass, field

from integrations.sandbox.zendesk.clock import SandboxClock
from integrations.sandbox.zendesk.errors import too_many

PLANS = {"team": 200, "growth": 400, "professional": 400, "enterprise": 700, "high_volume": 2500}


@dataclass(frozen=True, slots=True)
class Limit:
    """`total` requests per `seconds`, counted for each key on its own."""

    name: str
    total: int
    seconds: int


def default_limits() -> dict[str, Limit]:
    """The documented limits of an Enterprise account."""
    limits = [
        Limit("account", PLANS["enterprise"], 60),
        Limit("ticket-updates-account", 100, 60),
        Limit("ticket-updates-per-agent-ticket", 30, 600),
        Limit("user-updates-per-user", 5, 60),
        Limit("user-updates-account", 1, 1),
        Limit("incremental-exports", 10, 60),
        Limit("search-export", 100, 60),
    ]
    return {limit.name: limit for limit in limits}


@dataclass(slots=True)
class _Window:
    started: float
    used: int = 0


@dataclass(slots=True)
class Charge:
    """What one request was counted against. `headers` go on its answer, also on a 429."""

    headers: dict[str, str] = field(default_factory=dict)


class RateLimits:
    """Counts requests. `enabled=False` switches all limits off but keeps the headers."""

    def __init__(self, clock: SandboxClock, *, enabled: bool = True) -> None:
        self.enabled = enabled
        self.limits = default_limits()
        self.refused: dict[str, int] = {}
        self.peak: dict[str, int] = {}
        self._clock = clock
        self._lock = threading.Lock()
        self._windows: dict[tuple[str, Hashable], _Window] = {}

    def set(self, name: str, total: int, seconds: int | None = None) -> None:
        """Change one limit. Raises KeyError for an unknown name."""
        old = self.limits[name]
        self.limits[name] = Limit(name, total, old.seconds if seconds is None else seconds)

    def charge(self, charge: Charge, name: str, key: Hashable = "") -> None:
        """Count one request. Raises ApiError 429 with Retry-After when the window is full."""
        limit = self.limits[name]
        now = self._clock.seconds()
        with self._lock:
            window = self._windows.get((name, key))
            if window is None or now >= window.started + limit.seconds:
                window = self._windows[(name, key)] = _Window(now)
            resets = max(1, math.ceil(window.started + limit.seconds - now))
            full = self.enabled and window.used >= limit.total
            if full:
                self.refused[name] = self.refused.get(name, 0) + 1
            else:
                window.used += 1
                self.peak[name] = max(self.peak.get(name, 0), window.used)
            remaining = max(0, limit.total - window.used)
        if name == "account":
            charge.headers |= {
                "X-Rate-Limit": str(limit.total),
                "X-Rate-Limit-Remaining": str(remaining),
                "ratelimit-limit": str(limit.total),
                "ratelimit-remaining": str(remaining),
                "ratelimit-reset": str(resets),
            }
        else:
            charge.headers[f"zendesk-ratelimit-{name}"] = (
                f"total={limit.total}; remaining={remaining}; resets={resets}"
            )
        if full:
            raise too_many(resets)

    def reset(self) -> None:
        """Forget every window and count."""
        with self._lock:
            self._windows.clear()
            self.refused.clear()
            self.peak.clear()

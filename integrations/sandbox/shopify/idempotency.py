"""The memory behind `@idempotent(key:)`: one outcome per key and shop, kept for 24 hours.

https://shopify.dev/docs/api/usage/implementing-idempotency
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from integrations.sandbox.shopify.clock import Clock

KEPT_FOR = timedelta(hours=24)

PARAMETER_MISMATCH = "The same idempotency key cannot be used with different operation parameters."
CONCURRENT_REQUEST = "A request with the same idempotency key is already in progress."


class KeyRefused(Exception):
    """The key can't be used for this request; the text says why."""


@dataclass(slots=True)
class _Entry:
    digest: str
    first_used: datetime
    outcome: Any = None
    is_done: bool = False


class IdempotencyKeys:
    """Outcomes by key. A refused attempt is an outcome too: its key is used up."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: dict[str, _Entry] = {}

    def run(self, key: str, values: Mapping[str, Any], work: Callable[[], Any]) -> Any:
        """The outcome stored for `key`, or that of `work`, which runs at most once per key.

        Raises KeyRefused for other `values` under the same key, and while the first request
        with it is still running. When `work` raises, the key is free again.
        """
        digest = hashlib.sha256(
            json.dumps(values, sort_keys=True, default=str).encode()
        ).hexdigest()
        now = self._clock.now()
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None and entry.is_done and now - entry.first_used >= KEPT_FOR:
                entry = None
            if entry is not None:
                if entry.digest != digest:
                    raise KeyRefused(PARAMETER_MISMATCH)
                if not entry.is_done:
                    raise KeyRefused(CONCURRENT_REQUEST)
                return entry.outcome
            entry = self._entries[key] = _Entry(digest, now)
        try:
            outcome = work()
        except BaseException:
            with self._lock:
                del self._entries[key]
            raise
        with self._lock:
            entry.outcome, entry.is_done = outcome, True
        return outcome

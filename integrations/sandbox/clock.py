"""A sandbox's own clock: real time plus an offset that only grows.

Token expiry, rate-limit windows, retry waits and the records' time stamps all read it, so a test
moves an hour in no time. What a receiver checks against its own clock (webhook signatures, the
sidebar's token) is signed with real time instead: nobody can move the receiver's clock.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime


class SandboxClock:
    """Aware UTC time that can be moved forward. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._offset_seconds = 0.0
        self._listeners: list[Callable[[], None]] = []

    def seconds(self) -> float:
        """Seconds since the epoch."""
        with self._lock:
            return time.time() + self._offset_seconds

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds(), UTC)

    def advance(self, seconds: float) -> None:
        """Move forward and wake whoever waits for a time. Raises ValueError if negative."""
        if seconds < 0:
            raise ValueError("the clock moves forward only")
        with self._lock:
            self._offset_seconds += seconds
        for listener in self._listeners:
            listener()

    def on_advance(self, listener: Callable[[], None]) -> None:
        self._listeners.append(listener)

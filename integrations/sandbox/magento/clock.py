"""The sandbox's own time, which tests and control calls can move."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta


class Clock:
    """Runs with the machine's clock plus an offset, or stands still at a given moment."""

    def __init__(self, frozen_at: datetime | None = None) -> None:
        self._lock = threading.Lock()
        self._offset = timedelta()
        self._frozen_at = frozen_at

    def now(self) -> datetime:
        """Sandbox time, aware UTC."""
        with self._lock:
            return (self._frozen_at or datetime.now(UTC)) + self._offset

    def advance(self, seconds: float) -> datetime:
        """Move the clock (backwards when negative) and return the new time."""
        with self._lock:
            self._offset += timedelta(seconds=seconds)
        return self.now()

    def freeze(self, at: datetime | None = None) -> datetime:
        """Stand still at `at`, or at the current sandbox time."""
        moment = at or self.now()
        with self._lock:
            self._frozen_at, self._offset = moment, timedelta()
        return moment


def stamp(moment: datetime) -> str:
    """UTC without a zone mark, as every timestamp of the API: `2026-11-21 23:20:14`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")

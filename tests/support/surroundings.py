"""What an adapter is given in a test: everything in memory, but real locks."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from app.ports import Clock, Surroundings


class MemoryVault:
    """`app.ports.SecretVault`. `writes` is every `put`, in order."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, str], str] = {}
        self.writes: list[dict[str, str | None]] = []

    def get(self, owner: str, name: str) -> str | None:
        return self.values.get((owner, name))

    def put(self, owner: str, values: Mapping[str, str | None]) -> None:
        self.writes.append(dict(values))
        for name, value in values.items():
            self.values.pop((owner, name), None)
            if value is not None:
                self.values[(owner, name)] = value


class ThreadLocks:
    """`app.ports.Locks` for the threads of one process."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._locks: dict[str, threading.Lock] = defaultdict(threading.Lock)

    @contextmanager
    def hold(self, name: str, seconds: float, wait_seconds: float) -> Iterator[None]:
        with self._guard:
            lock = self._locks[name]
        if not lock.acquire(timeout=wait_seconds):
            raise TimeoutError(name)
        try:
            yield
        finally:
            lock.release()


class RecordingPace:
    """`app.ports.VendorPace`: always goes at once, unless `waits` holds answers for it."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self.reserved: list[tuple[str, float]] = []
        self.reported: list[tuple[str, dict[str, float]]] = []

    def acquire(self, key: str, *, limit: int, per_seconds: int, cost: int = 1) -> float:
        return self.waits.pop(0) if self.waits else 0.0

    def reserve_cost(self, key: str, cost: float) -> float:
        self.reserved.append((key, cost))
        return self.waits.pop(0) if self.waits else 0.0

    def report_cost(self, key: str, *, available: float, maximum: float, restore: float) -> None:
        self.reported.append(
            (key, {"available": available, "maximum": maximum, "restore": restore})
        )


class CallableClock:
    """`app.ports.Clock` that asks somebody else for the time."""

    def __init__(self, now: Any) -> None:
        self._now = now

    def now(self) -> datetime:
        moment: datetime = self._now()
        return moment


def make_surroundings(
    endpoints: Mapping[str, str],
    clock: Clock,
    *,
    vault: MemoryVault | None = None,
    pace: RecordingPace | None = None,
    read_timeout_seconds: float = 5.0,
) -> Surroundings:
    """Surroundings in memory. Reads give up early where a test waits for that."""
    return Surroundings(
        vault=vault or MemoryVault(),
        locks=ThreadLocks(),
        pace=pace or RecordingPace(),
        clock=clock,
        endpoints=endpoints,
        connect_timeout_seconds=2.0,
        read_timeout_seconds=read_timeout_seconds,
    )

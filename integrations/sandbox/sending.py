"""Sends what a sandbox posts to others in the background: queue, threads, spoilt deliveries.

A vendor derives its webhook sender from `Sender` and says how one attempt is made and what follows
from its outcome. Waits run on the sandbox clock, so a test moves an hour of retries in no time.
"""

from __future__ import annotations

import heapq
import itertools
import random
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from integrations.sandbox.clock import SandboxClock

KEPT_ANSWER_TIMES = 20_000

_numbers = itertools.count(1)

Item = TypeVar("Item")


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


@dataclass
class Counters:
    """Totals since the start. `sent` counts attempts that left, `acked` invocations that got
    a 2xx, `lost` those that were never tried."""

    invocations: int = 0
    sent: int = 0
    acked: int = 0
    retries: int = 0
    failed: int = 0
    timeouts: int = 0
    duplicated: int = 0
    lost: int = 0

    def as_json(self) -> dict[str, int]:
        return dict(vars(self))


@dataclass(order=True, slots=True)
class Job(Generic[Item]):
    """An attempt that is due at `due` (seconds on the sandbox clock)."""

    due: float
    number: int
    item: Item = field(compare=False)
    attempt: int = field(compare=False, default=1)


class Sender(Generic[Item]):
    """Background sender with `concurrency` threads. `counters` belong to the subclass."""

    counters: Counters

    def __init__(self, clock: SandboxClock, *, concurrency: int = 8, seed: int = 1) -> None:
        self.disturbances = Disturbances()
        self._clock = clock
        self._concurrency = concurrency
        self._random = random.Random(seed)  # noqa: S311 - repeatable disturbances
        self._wake = threading.Condition()
        self._jobs: list[Job[Item]] = []
        self._held: list[Job[Item]] = []
        self._in_flight = 0
        self._paused = False
        self._stopping = False
        self._threads: list[threading.Thread] = []
        self._answer_seconds: deque[float] = deque(maxlen=KEPT_ANSWER_TIMES)
        clock.on_advance(self._notify)

    # What a vendor says

    def run(self, job: Job[Item]) -> None:
        """Make one attempt and settle what follows from it. Called on a sending thread."""
        raise NotImplementedError

    def remember(self, item: Item) -> None:
        """Keep a new item, for those who ask later."""

    def forget(self, item: Item) -> None:
        """The item is lost on the way: it will never be tried."""

    # Life

    def start(self) -> None:
        """Start the sending threads."""
        for number in range(self._concurrency):
            thread = threading.Thread(target=self._work, name=f"webhooks-{number}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop_threads(self, patience_seconds: float) -> None:
        """Stop after the attempts under way; what still waits is dropped."""
        with self._wake:
            self._stopping = True
            self._wake.notify_all()
        for thread in self._threads:
            thread.join(timeout=patience_seconds)

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

    # For the subclass

    def submit(self, make: Callable[[], Item]) -> None:
        """Queue what `make` makes, spoilt as `disturbances` say; a duplicate is made anew."""
        spoil, now = self.disturbances, self._clock.seconds()
        with self._wake:
            copies = 2 if self.hits("duplicate_next", spoil.duplicate_share) else 1
            self.counters.duplicated += copies - 1
            for _ in range(copies):
                item = make()
                self.remember(item)
                self.counters.invocations += 1
                if self.hits("lose_next", spoil.lose_share):
                    self.forget(item)
                    self.counters.lost += 1
                    continue
                delay = spoil.delay_seconds if self.hits("delay_next", spoil.delay_share) else 0
                job = Job(now + delay, next(_numbers), item)
                if spoil.reorder_next > 0:
                    spoil.reorder_next -= 1
                    self._held.append(job)
                    if spoil.reorder_next == 0:
                        self._release()
                    continue
                heapq.heappush(self._jobs, job)
            self._wake.notify()

    def retry(self, job: Job[Item], wait_seconds: float) -> None:
        """Queue the next attempt; call with the wake condition held."""
        due = self._clock.seconds() + wait_seconds
        heapq.heappush(self._jobs, Job(due, next(_numbers), job.item, job.attempt + 1))

    def hits(self, counter: str, share: float) -> bool:
        """Whether the next delivery is spoilt in this way; counts it down."""
        left = getattr(self.disturbances, counter)
        if left > 0:
            setattr(self.disturbances, counter, left - 1)
            return True
        return share > 0 and self._random.random() < share

    # The threads

    def _release(self) -> None:
        now = self._clock.seconds()
        for job in reversed(self._held):
            heapq.heappush(self._jobs, Job(now, next(_numbers), job.item))
        self._held.clear()
        self._wake.notify_all()

    def _notify(self) -> None:
        with self._wake:
            self._wake.notify_all()

    def _is_idle(self) -> bool:
        due = bool(self._jobs) and self._jobs[0].due <= self._clock.seconds()
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
                self.run(job)
            finally:
                with self._wake:
                    self._in_flight -= 1
                    self._wake.notify_all() if self._is_idle() else self._wake.notify()

    def _take(self) -> Job[Item] | None:
        if self._paused or not self._jobs:
            return None
        if self._jobs[0].due > self._clock.seconds():
            return None
        return heapq.heappop(self._jobs)

    def _seconds_to_next(self) -> float:
        if self._paused or not self._jobs:
            return 60.0
        return max(0.001, self._jobs[0].due - self._clock.seconds())

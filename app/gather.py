"""Do together what several threads ask for at the same time.

One commit to disk, or one round trip to Redis, costs about as much for ten rows as for one. While
one thread commits, the others' items gather; then the first of them takes all of them along. A
thread that is alone waits for nobody.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class _Entry(Generic[Item, Answer]):
    """One thread's item. `woken` is set when it is done, or when its thread is to lead."""

    def __init__(self, item: Item) -> None:
        self.item = item
        self.woken = threading.Event()
        self.leads = False
        self.answer: Answer | None = None
        self.error: BaseException | None = None


class Gathered(Generic[Item, Answer]):
    """Calls `work` with all items that came together; it answers one value for each, in order.

    What `work` raises is raised to every thread whose item was in that call.
    """

    def __init__(self, work: Callable[[Sequence[Item]], Sequence[Answer]], most: int = 200) -> None:
        self._work = work
        self._most = most
        self._gate = threading.Lock()
        self._waiting: list[_Entry[Item, Answer]] = []
        self._has_leader = False

    def __call__(self, item: Item) -> Answer:
        """Have `item` done, alone or with others, and give its answer."""
        entry: _Entry[Item, Answer] = _Entry(item)
        with self._gate:
            self._waiting.append(entry)
            entry.leads, self._has_leader = not self._has_leader, True
        if not entry.leads:
            entry.woken.wait()
        if entry.leads:
            self._lead(entry)
        if entry.error is not None:
            raise entry.error
        return entry.answer  # type: ignore[return-value]

    def _lead(self, leader: _Entry[Item, Answer]) -> None:
        """Do all that waits (the leader's own item is the first of it), then hand over."""
        with self._gate:
            batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
        try:
            answers = self._work([entry.item for entry in batch])
            for entry, answer in zip(batch, answers, strict=True):
                entry.answer = answer
        except BaseException as error:
            for entry in batch:
                entry.error = error
        with self._gate:
            # Whoever came meanwhile is led by the first of them, never by nobody.
            successor = self._waiting[0] if self._waiting else None
            self._has_leader = successor is not None
        if successor is not None:
            successor.leads = True
            successor.woken.set()
        for entry in batch:
            if entry is not leader:
                entry.woken.set()

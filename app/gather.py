"""Do together what several threads ask for at the same time.

One commit to disk, or one round trip to Redis, costs about as much for ten rows as for one. While
one thread commits, the others' items gather; the next thread then takes all of them along. A
thread that is alone waits for nobody.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class _Entry(Generic[Item, Answer]):
    def __init__(self, item: Item) -> None:
        self.item = item
        self.is_done = False
        self.answer: Answer | None = None
        self.error: BaseException | None = None


class Gathered(Generic[Item, Answer]):
    """Calls `work` with all items that came together; it answers one value for each, in order.

    What `work` raises is raised to every thread whose item was in that call.
    """

    def __init__(self, work: Callable[[Sequence[Item]], Sequence[Answer]], most: int = 200) -> None:
        self._work = work
        self._most = most
        self._waiting: list[_Entry[Item, Answer]] = []
        self._gate = threading.Lock()
        self._turn = threading.Lock()

    def __call__(self, item: Item) -> Answer:
        """Have `item` done, alone or with others, and give its answer."""
        entry: _Entry[Item, Answer] = _Entry(item)
        with self._gate:
            self._waiting.append(entry)
        while not entry.is_done:
            with self._turn:
                if not entry.is_done:
                    self._do_next()
        if entry.error is not None:
            raise entry.error
        return entry.answer  # type: ignore[return-value]

    def _do_next(self) -> None:
        with self._gate:
            batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
        try:
            answers = self._work([entry.item for entry in batch])
            for entry, answer in zip(batch, answers, strict=True):
                entry.answer = answer
        except BaseException as error:
            for entry in batch:
                entry.error = error
        for entry in batch:
            entry.is_done = True

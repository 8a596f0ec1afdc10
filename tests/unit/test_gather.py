"""Items that come together are done together, each once, and each thread gets its own answer."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.gather import Gathered


def test_every_thread_gets_the_answer_to_its_own_item() -> None:
    batches: list[list[int]] = []

    def double(items: Sequence[int]) -> list[int]:
        batches.append(list(items))
        return [item * 2 for item in items]

    gathered = Gathered(double, most=7)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(gathered, range(2000)))
    assert answers == [item * 2 for item in range(2000)]
    assert sorted(item for batch in batches for item in batch) == list(range(2000))
    assert max(len(batch) for batch in batches) <= 7


def test_what_comes_while_one_is_at_work_goes_together() -> None:
    at_work, go_on = threading.Event(), threading.Event()
    batches: list[list[str]] = []

    def work(items: Sequence[str]) -> list[str]:
        batches.append(list(items))
        if items[0] == "first":
            at_work.set()
            assert go_on.wait(10)
        return list(items)

    gathered = Gathered(work)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(gathered, "first")
        assert at_work.wait(10)
        others = [pool.submit(gathered, name) for name in ("a", "b", "c")]
        while len(gathered._waiting) < 3:
            threading.Event().wait(0.005)
        go_on.set()
        assert first.result(10) == "first"
        assert [one.result(10) for one in others] == ["a", "b", "c"]
    assert batches[0] == ["first"]
    assert sorted(batches[1]) == ["a", "b", "c"]


def test_a_failure_reaches_all_of_its_batch_and_nobody_else() -> None:
    def work(items: Sequence[int]) -> list[int]:
        if -1 in items:
            raise OSError("disk full")
        return list(items)

    gathered = Gathered(work)
    with pytest.raises(OSError, match="disk full"):
        gathered(-1)
    assert gathered(5) == 5


def test_a_wrong_number_of_answers_is_an_error_not_a_wait() -> None:
    gathered: Gathered[int, int] = Gathered(lambda _items: [])
    with pytest.raises(ValueError, match="zip"):
        gathered(1)

"""An order of priorities for clauses that conflict: with it each case has one answer.

What is decided already stays as it is. Where nothing says which of two goes first, evidence and a
person's look go before a no, a no before money, and else what stands first in the text.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapify, heappop, heappush

from app.domain.policy.language.looking import Looked, shared_case
from app.domain.policy.model import Effect
from app.domain.policy.precedence import Ranked, find_cycle, rank

_STEP = 10
_HIGHEST = 1000
_FIRST = (Effect.ASK_EVIDENCE, Effect.REVIEW, Effect.EXCLUDE, Effect.REFUND)

Pair = tuple[int, int]


def priorities(looked: Sequence[Looked]) -> list[tuple[str, int]] | None:
    """Names and priorities from the highest down, so that no conflict is left; None: none found.

    Clauses that need no priority aren't named, unless one is written that must go.
    """
    meeting = [
        (first, second)
        for second, two in enumerate(looked)
        for first, one in enumerate(looked[:second])
        if one.ranked.group != two.ranked.group and _may_meet(one, two)
    ]
    ranked = [one.ranked for one in looked]
    order = _order(ranked, meeting)
    if order is None:
        return None
    steps = _steps(ranked, meeting, order)
    highest = max(steps)
    if highest > _HIGHEST:
        return None
    step = min(_STEP, _HIGHEST // max(highest, 1))
    chosen = [steps[at] * step for at in range(len(ranked))]
    if not _is_clean(looked, meeting, chosen):
        return None
    named = [at for at in order if chosen[at] or ranked[at].clause.priority]
    named.sort(key=lambda at: (not ranked[at].level[0], -chosen[at]))
    return [(ranked[at].clause.title, chosen[at]) for at in named]


def _may_meet(one: Looked, two: Looked) -> bool:
    """Whether both can hold; yes where the cases are too many to look at."""
    return one.cases is None or two.cases is None or shared_case(one, two) is not None


def _order(ranked: Sequence[Ranked], meeting: Sequence[Pair]) -> list[int] | None:
    """All clauses, each before those that it beats already; None where that is a ring."""
    below: dict[int, list[int]] = {at: [] for at in range(len(ranked))}
    waits = [0] * len(ranked)
    for one, two in meeting:
        for high, low in ((one, two), (two, one)):
            if ranked[high].beats(ranked[low]):
                below[high].append(low)
                waits[low] += 1
    ready = [_wish(ranked, at) for at, count in enumerate(waits) if not count]
    heapify(ready)
    order = []
    while ready:
        at = heappop(ready)[1]
        order.append(at)
        for low in below[at]:
            waits[low] -= 1
            if not waits[low]:
                heappush(ready, _wish(ranked, low))
    return order if len(order) == len(ranked) else None


def _wish(ranked: Sequence[Ranked], at: int) -> tuple[int, int]:
    return _FIRST.index(ranked[at].clause.effect), at


def _steps(ranked: Sequence[Ranked], meeting: Sequence[Pair], order: Sequence[int]) -> list[int]:
    """How many steps above the lowest each clause must stand: as few as there can be."""
    place = {at: number for number, at in enumerate(order)}
    below: dict[int, list[int]] = {at: [] for at in order}
    for one, two in meeting:
        high, low = (one, two) if place[one] < place[two] else (two, one)
        # A general exception goes before every rule without a priority.
        if ranked[high].level[0] == ranked[low].level[0]:
            below[high].append(low)
    steps = [0] * len(ranked)
    for at in reversed(order):
        for low in below[at]:
            steps[at] = max(steps[at], steps[low] + _needs_step(ranked[at], ranked[low]))
    return steps


def _needs_step(high: Ranked, low: Ranked) -> int:
    """1, or 0 where the higher goes first on the same priority, too."""
    is_named = low.clause.id in high.clause.excepts
    return 0 if is_named or high.demands.is_more_specific_than(low.demands) else 1


def _is_clean(looked: Sequence[Looked], meeting: Sequence[Pair], chosen: Sequence[int]) -> bool:
    """Whether with these priorities one of each pair goes first, and none in a ring."""
    clauses = [
        one.clause.model_copy(update={"priority": priority})
        for one, priority in zip(looked, chosen, strict=True)
    ]
    again = rank(clauses)
    is_settled = all(
        again[one].beats(again[two]) or again[two].beats(again[one])
        for one, two in meeting
        if looked[one].cases is not None and looked[two].cases is not None
    )
    return is_settled and not find_cycle(again)

"""Once outside a window, always outside: a later clock never makes an item eligible again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.cli.policy_samples import NOW, random_condition, random_order, random_request
from app.domain.decision import Decision, Truth, Verdict
from app.domain.order import Order
from app.domain.people import Tier
from app.domain.policy.conditions import facts_of
from app.domain.policy.evaluate import decide
from app.domain.policy.facts import FACTS, FactType, Source
from app.domain.policy.model import (
    AllOf,
    Clause,
    Condition,
    DayOfYear,
    Effect,
    Operator,
    Policy,
    Scope,
    Season,
    TierLimit,
)
from app.domain.policy.model import Test as Comparison

WINDOWS = (
    "order.age_days",
    "order.days_since_shipment",
    "order.days_since_delivery",
    "item.days_since_order",
    "item.days_since_shipment",
    "item.days_since_delivery",
)
DATES = ("order.created_on", "order.delivered_on", "item.shipped_on", "item.delivered_on")
ZONES = ("UTC", "Asia/Tokyo", "America/Los_Angeles", "Pacific/Kiritimati", "Europe/Berlin")
# What another clock changes by itself.
TIMELY = {
    name
    for name, spec in FACTS.items()
    if spec.type in {FactType.DAYS, FactType.DATE} or spec.source is Source.SERVICE
}
seeds = st.integers(0, 10**9)


def conditions(random: Random, count: int) -> Iterator[Condition]:
    """So many conditions that no clock changes."""
    while count:
        made = random_condition(random)
        if not facts_of(made) & TIMELY:
            count -= 1
            yield made


def policy_with(window: Comparison | Season, zone: str, *others: Condition) -> Policy:
    """One clause, which refunds inside the window where the rest holds as well."""
    is_of_order = all(
        name.startswith("order.") for name in facts_of(AllOf(parts=(window, *others)))
    )
    clause = Clause(
        id="window",
        title="Window",
        scope=Scope.ORDER if is_of_order else Scope.LINE,
        effect=Effect.REFUND,
        when=AllOf(parts=(window, *others)),
        because="Inside the window.",
    )
    return Policy(
        id="one",
        version=1,
        title="One window",
        time_zone=zone,
        clauses=(clause,),
        tiers=(TierLimit(tier=Tier.MANAGER, up_to=None),),
    )


def lines_outside(decision: Decision, window: Comparison | Season) -> set[str]:
    """The lines that are surely past the window."""
    operator = "season" if isinstance(window, Season) else window.operator.value
    found: set[str] = set()
    lines = {line.line_id for line in decision.lines}
    for line_id, finding in decision.tested():
        for one in finding.comparisons:
            is_window = (one.fact, one.operator) == (window.fact, operator)
            if is_window and one.truth is Truth.FALSE:
                found |= {line_id} if line_id is not None else lines
    return found & lines


def held_against_later_clocks(
    policy: Policy, order: Order, window: Comparison | Season, start: datetime, later: list[int]
) -> None:
    request = random_request(Random(3)).model_copy(update={"line_ids": ()})
    outside: set[str] = set()
    for hours in (0, *later):
        start += timedelta(hours=hours)
        decision = decide(policy, order, request, start)
        now_outside = lines_outside(decision, window)
        assert outside <= now_outside
        outside = now_outside
        eligible = {one.line_id for one in decision.lines if one.verdict is Verdict.ELIGIBLE}
        assert not outside & eligible
        if outside and len(outside) == len(decision.lines):
            assert decision.plan is None
            assert not decision.is_money_allowed


clocks = st.datetimes(
    datetime(2026, 6, 1), datetime(2027, 6, 1), timezones=st.just(UTC)
)  # the orders' own moments lie in between
waits = st.lists(st.integers(1, 24 * 60), min_size=1, max_size=5)


@settings(max_examples=150)
@given(seeds, st.sampled_from(WINDOWS), st.integers(0, 90), st.sampled_from(ZONES), clocks, waits)
def test_past_so_many_days_it_never_becomes_eligible_again(
    seed: int, fact: str, limit: int, zone: str, start: datetime, later: list[int]
) -> None:
    random = Random(seed)
    window = Comparison(fact=fact, operator=Operator.AT_MOST, threshold=limit)
    others = list(conditions(random, random.randint(0, 3)))
    policy = policy_with(window, zone, *others)
    held_against_later_clocks(policy, random_order(random), window, start, later)


@settings(max_examples=150)
@given(seeds, st.sampled_from(DATES), st.data(), st.sampled_from(ZONES), waits)
def test_past_the_last_day_of_a_season_it_never_becomes_eligible_again(
    seed: int, fact: str, data: Any, zone: str, later: list[int]
) -> None:
    """Seasons of one year and of every year, with and without a final day."""
    random = Random(seed)
    first = NOW.date() - timedelta(days=data.draw(st.integers(0, 150)))
    last = first + timedelta(days=data.draw(st.integers(0, 120)))
    until = last + timedelta(days=data.draw(st.integers(0, 60)))
    has_year, has_until = data.draw(st.booleans()), data.draw(st.booleans())

    def day(date: Any) -> DayOfYear:
        return DayOfYear(month=date.month, day=date.day, year=date.year if has_year else None)

    window = Season(
        fact=fact, first=day(first), last=day(last), until=day(until) if has_until else None
    )
    policy = policy_with(window, zone, *conditions(random, random.randint(0, 2)))
    # From the order's own last moment on: what lies in the future counts as today until then.
    held_against_later_clocks(policy, random_order(random), window, NOW, later)


def delivered(order: Order, at: datetime) -> Order:
    line = order.lines[0].model_copy(
        update={"was_shipped": True, "shipped_at": at, "delivered_at": at}
    )
    return order.model_copy(update={"created_at": at, "lines": (line,)})


def an_order(at: datetime) -> Order:
    """One that a policy of one window says yes to, while inside."""
    for seed in range(1000):
        order = delivered(random_order(Random(seed)), at)
        window = Comparison(fact=WINDOWS[0], operator=Operator.AT_MOST, threshold=9)
        request = random_request(Random(3))
        if decide(policy_with(window, "UTC"), order, request, at).plan is not None:
            return order
    raise AssertionError("no random order can be refunded")


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("fact", WINDOWS)
def test_the_last_day_is_inside_to_its_last_second(fact: str, zone: str) -> None:
    at = datetime(2026, 9, 3, 7, 15, tzinfo=UTC)
    order, request = an_order(at), random_request(Random(3))
    window = Comparison(fact=fact, operator=Operator.AT_MOST, threshold=30)
    policy = policy_with(window, zone)
    day_after = at.astimezone(ZoneInfo(zone)).date() + timedelta(days=31)
    end = datetime.combine(day_after, time(0), ZoneInfo(zone))
    inside = decide(policy, order, request, end - timedelta(seconds=1))
    assert inside.verdict is Verdict.ELIGIBLE
    assert lines_outside(inside, window) == set()
    outside = decide(policy, order, request, end)
    assert outside.verdict is Verdict.NOT_ELIGIBLE
    assert lines_outside(outside, window) == {order.lines[0].id}


@pytest.mark.parametrize("fact", DATES)
def test_a_season_of_one_year_ends_with_its_final_day(fact: str) -> None:
    order, request = an_order(datetime(2026, 9, 3, 7, 15, tzinfo=UTC)), random_request(Random(3))
    window = Season(
        fact=fact,
        first=DayOfYear(year=2026, month=9, day=1),
        last=DayOfYear(year=2026, month=9, day=3),
        until=DayOfYear(year=2026, month=10, day=31),
    )
    policy = policy_with(window, "UTC")
    inside = decide(policy, order, request, datetime(2026, 10, 31, 23, 59, tzinfo=UTC))
    assert inside.verdict is Verdict.ELIGIBLE
    for moment in (datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 9, 2, tzinfo=UTC)):
        assert decide(policy, order, request, moment).verdict is Verdict.NOT_ELIGIBLE

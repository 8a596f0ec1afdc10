"""Clicks that say that a ticket was read wrongly become labels, and steer no money."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from app.domain.classification import Kind
from app.domain.errors import Conflict, NotAllowed
from app.domain.feedback import DayCount, LabelKind, WeekOfReading
from app.domain.insight import confusions, spikes
from app.usecases.cases import choose_order, correct_case_kind, open_ticket, triage_by_hand
from app.usecases.feedback import forget_old_texts, say_not_refund
from app.usecases.triage import triage_delivery
from app.web.standing import standing
from tests.support.bench import Bench

EVER = datetime(2020, 1, 1, tzinfo=UTC)


def test_not_a_refund_sets_the_case_aside_and_keeps_a_masked_label(bench: Bench) -> None:
    bench.add_order("#1001")
    case = bench.triage(text="refund to card 4111 1111 1111 1111 please")
    offered = bench.deps.cases.current_offer("acme", case.id)
    assert offered is not None
    changed = say_not_refund(bench.deps, bench.account, case.id, bench.agent)
    assert changed.set_aside_by == bench.agent.id
    assert standing(open_ticket(bench.deps, bench.account, "7")).code == "set_aside"
    with pytest.raises((Conflict, NotAllowed)):
        bench.click(case)
    assert bench.store.books == []
    (label,) = bench.deps.learning.labels("acme", EVER)
    assert (label.what, label.said_refund, label.right_refund) == (
        LabelKind.NOT_REFUND,
        True,
        False,
    )
    assert "4111" not in label.text and "refund to card" in label.text


def test_it_can_be_taken_back_and_then_is_no_label(bench: Bench) -> None:
    bench.add_order("#1001")
    case = bench.triage()
    say_not_refund(bench.deps, bench.account, case.id, bench.agent)
    again = triage_by_hand(bench.deps, bench.account, "7", bench.agent)
    assert again.id == case.id and again.set_aside_by is None
    assert bench.deps.learning.labels("acme", EVER) == []
    assert bench.click(again).plan.total.amount


def test_a_case_with_a_refund_stays(bench: Bench) -> None:
    bench.add_order("#1001")
    case = bench.triage()
    bench.click(case)
    with pytest.raises(Conflict):
        say_not_refund(bench.deps, bench.account, case.id, bench.agent)
    assert bench.deps.learning.labels("acme", EVER) == []


def test_another_kind_is_decided_anew(bench: Bench) -> None:
    bench.add_order("#1001")
    case = bench.triage()
    changed = correct_case_kind(bench.deps, bench.account, case.id, Kind.RETURN, bench.agent)
    assert changed.request.kind is Kind.RETURN
    assert changed.decision_id != case.decision_id
    (label,) = bench.deps.learning.labels("acme", EVER)
    assert (label.said_kind, label.right_kind) == (Kind.REFUND_ITEM, Kind.RETURN)
    assert [(one.said, one.right) for one in confusions([label])] == [("refund_item", "return")]


def test_a_missed_wish_and_another_order_are_labels_too(bench: Bench) -> None:
    bench.add_order("#1001")
    other = bench.add_order("#1002", email="somebody.else@example.com")
    bench.helpdesk.add_ticket("8", "where is my parcel")
    delivery = bench.deliver("8")
    assert delivery is not None
    triage_delivery(bench.deps, delivery)
    case = triage_by_hand(bench.deps, bench.account, "8", bench.agent)
    choose_order(bench.deps, bench.account, case.id, other.store_id, other.order_id, bench.agent)
    found = {one.what: one for one in bench.deps.learning.labels("acme", EVER)}
    assert set(found) == {LabelKind.IS_REFUND, LabelKind.ORDER}
    assert found[LabelKind.IS_REFUND].said_refund is False
    assert found[LabelKind.ORDER].right_order == "#1002"
    assert found[LabelKind.ORDER].text == ""
    (week,) = bench.deps.learning.weeks("acme", EVER)
    assert (week.called_refund, week.missed, week.recall) == (0, 1, 0.0)


def test_who_may_only_look_says_nothing(bench: Bench) -> None:
    bench.add_order("#1001")
    case = bench.triage()
    viewer = bench.agent.model_copy(update={"tier": None})
    with pytest.raises(NotAllowed):
        say_not_refund(bench.deps, bench.account, case.id, viewer)
    assert bench.deps.learning.labels("acme", EVER) == []


def test_words_go_after_a_year_and_with_the_customer(bench: Bench) -> None:
    bench.add_order("#1001")
    case = bench.triage()
    say_not_refund(bench.deps, bench.account, case.id, bench.agent)
    bench.clock.advance(timedelta(days=366).total_seconds())
    assert forget_old_texts(bench.deps) == 1
    (label,) = bench.deps.learning.labels("acme", EVER)
    assert label.text == ""
    assert bench.deps.learning.erase_requester("acme", case.requester_id) == 1
    assert bench.deps.learning.labels("acme", EVER) == []


def test_order_forms_are_learned_from_the_store(bench: Bench) -> None:
    bench.add_order("#WEB1001X")
    bench.triage()
    (form,) = bench.deps.learning.order_forms("acme")
    assert (form.prefix, form.suffix, form.highest) == ("WEB", "X", 1001)


def test_days_have_kind_reason_and_product(bench: Bench) -> None:
    bench.add_order("#1001")
    bench.triage()
    (day,) = bench.deps.learning.days("acme", EVER)
    assert (day.kind, day.product, day.count) == ("refund_item", "Item 1", 1)


def test_a_spike_is_twice_the_usual_and_at_least_five() -> None:
    today = date(2026, 11, 28)

    def on(ago: int, count: int, product: str = "Lamp") -> DayCount:
        day = (today - timedelta(days=ago)).isoformat()
        return DayCount(day=day, kind="return", reason="unknown", product=product, count=count)

    usual = [on(ago, 2) for ago in (8, 15, 22, 29)]
    assert spikes([*usual, on(1, 4)], today) == []
    (kind, product) = spikes([*usual, on(1, 6)], today)
    assert {(one.field, one.value, one.count) for one in (kind, product)} == {
        ("kind", "return", 6),
        ("product", "Lamp", 6),
    }


def test_shares_of_a_week() -> None:
    week = WeekOfReading(
        week="2026-11-23", called_refund=10, called_other=30, not_refunds=1, missed=3
    )
    assert (week.precision, week.recall) == (0.9, 0.75)

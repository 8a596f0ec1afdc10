"""The checks of the headless run can fail: each is shown something that is wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from app.cli.headless import Told
from app.cli.judging import act_faults, holds_number, scene_faults
from app.domain.money import Money
from app.domain.refund import Refund, RefundState
from integrations.sandbox.scenario import STORIES, Act, Scene, play

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SCENES = {scene.story.key: scene for scene in play(len(STORIES), NOW)}
ORDER = "gid://shopify/Order/1"


def scene(key: str, act: Act | None = None) -> Scene:
    found = SCENES[key]
    return found if act is None else replace(found, act=act)


def refund(state: RefundState, amount: str | None = None, currency: str = "USD") -> Refund:
    """Only what the checks look at."""
    values: dict[str, Any] = {
        "state": state,
        "order_id": ORDER,
        "settled_amount": Money.of(amount, currency) if amount else None,
        "explanation": None,
    }
    return Refund.model_construct(**values)


SETTLED = refund(RefundState.SETTLED, "25.92")
PAID = {ORDER: Decimal("25.92")}


def test_a_refund_of_the_right_amount_has_no_fault():
    assert act_faults(Told(scene("dollars_tax_on_top"), "1"), [SETTLED], PAID) == []


@pytest.mark.parametrize(
    ("act", "refunds", "paid", "says"),
    [
        (Act.REFUND, [], PAID, "0 refunds"),
        (Act.REFUND, [SETTLED, SETTLED], PAID, "2 refunds"),
        (Act.REFUND, [refund(RefundState.UNKNOWN)], PAID, "unknown"),
        (Act.REFUND, [refund(RefundState.SETTLED, "25.93")], PAID, "25.92 was expected"),
        (Act.REFUND, [SETTLED], {ORDER: Decimal("51.84")}, "the store paid 51.84"),
        (Act.CANCEL, [SETTLED], PAID, "settled"),
        (Act.SETTLES_LATER, [refund(RefundState.FAILED)], PAID, "failed"),
        (Act.NOTHING, [SETTLED], PAID, "without a click"),
    ],
)
def test_a_wrong_outcome_is_named(act, refunds, paid, says):
    faults = act_faults(Told(scene("dollars_tax_on_top", act), "1"), refunds, paid)
    assert any(says in fault for fault in faults), faults


def test_one_bowl_of_three_is_not_the_whole_order():
    bowls = Told(scene("several_lines_discount_tax"), "1")
    whole = refund(RefundState.SETTLED, "69.49")
    part = refund(RefundState.SETTLED, "11.66")
    assert act_faults(bowls, [part], {ORDER: Decimal("11.66")}) == []
    assert act_faults(bowls, [whole], {ORDER: Decimal("69.49")}) != []


def test_a_ticket_taken_for_the_wrong_kind_is_named():
    about_refunds = Told(scene("dollars_tax_on_top"), "1")
    invoice = Told(scene("invoice"), "2")
    assert scene_faults(about_refunds, {"1": False}) != []
    assert scene_faults(invoice, {"2": True}) != []
    assert scene_faults(invoice, {"2": False}) == []


def test_a_refund_ticket_without_a_case_is_named():
    assert scene_faults(Told(scene("dollars_tax_on_top"), "1"), {"1": True}) == [
        "dollars_tax_on_top: it has no case"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "pay 4111111111111111 now",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        '{"text": "4111.1111.1111.1111"}',
    ],
)
def test_a_card_number_is_found_however_it_is_spaced(text):
    assert holds_number({"4111111111111111"}, text)


def test_a_masked_number_is_not_found():
    assert not holds_number({"4111111111111111"}, "ending in 1111, 4111 and other figures")

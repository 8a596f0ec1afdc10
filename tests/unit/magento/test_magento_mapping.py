"""Orders as a real shop answered them, in our words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.domain.errors import Rejected
from app.domain.money import Money
from app.domain.order import FulfilmentStatus, Order, PaymentStatus, Restock, TransactionStatus
from app.domain.plan import ChosenLine, RefundChoice
from app.domain.pricing import build_plan, everything_left
from app.domain.refundability import order_blocks
from integrations.stores.magento.config import MagentoConfig
from integrations.stores.magento.facts import Facts
from integrations.stores.magento.mapping import to_order
from integrations.stores.magento.memos import to_store_refund
from integrations.stores.magento.payloads import Found, MemoPayload, ShipmentPayload
from tests.unit.magento.answers import CONFIG, facts, recorded

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def order_of(given: Facts, shipments: tuple[ShipmentPayload, ...] | None = None) -> Order:
    return to_order(given, store_id="store_1", read_at=NOW, shipments=shipments, is_complete=True)


def usd(amount: str) -> Money:
    return Money.of(amount, "USD")


def euros(amount: str) -> Money:
    return Money.of(amount, "EUR")


def test_a_plain_order() -> None:
    order = order_of(facts("order__simple", invoices="invoices__simple"))
    assert (order.order_id, order.name) == ("1", "000000001")
    assert order.created_at == datetime(2026, 11, 21, 23, 20, 14, tzinfo=UTC)
    assert (order.total, order.paid, order.refunded) == (usd("69.99"), usd("69.99"), usd("0"))
    assert order.payment_status is PaymentStatus.PAID
    assert order.fulfilment_status is FulfilmentStatus.FULFILLED
    assert order.country == "US"
    assert (order.missing, order.unknown_values, order_blocks(order)) == ((), (), [])
    mug, shirt = order.lines
    assert (mug.id, mug.sku, mug.quantity, mug.refundable_quantity) == ("1", "MUG-BLUE", 2, 2)
    assert (mug.total, mug.tax, mug.was_shipped) == (usd("25"), usd("2.50"), True)
    assert mug.delivered_at is None
    assert (shirt.total, shirt.tax) == (usd("24.99"), usd("2.50"))


def test_an_unpaid_order_has_nothing_to_give_back() -> None:
    order = order_of(facts("order__pending"))
    assert order.payment_status is PaymentStatus.PENDING
    assert [line.refundable_quantity for line in order.lines] == [0]
    (block,) = order_blocks(order)
    assert block.code.endswith("payment")


def test_composites_are_the_rows_that_may_be_refunded() -> None:
    """Configurable: the parent. Bundle of parts: the parts. Bundle at a fixed price: the parent."""
    order = order_of(facts("order__composites"))
    assert [(line.id, line.name) for line in order.lines] == [
        ("4", "Tee"),
        ("7", "GIFT-SET-DYN: Mug Blue"),
        ("8", "GIFT-SET-DYN: Shirt Red M"),
        ("9", "GIFT-SET-FIX"),
    ]
    total = Money.total((line.total + line.tax for line in order.lines), "USD") + order.shipping
    assert total == order.total == usd("206.99")
    assert order.missing == ()
    assert [line.was_shipped for line in order.lines] == [True] * 4


def test_a_virtual_order_has_neither_shipping_nor_parcels() -> None:
    order = order_of(facts("order__virtual"))
    assert order.fulfilment_status is FulfilmentStatus.NOT_REQUIRED
    assert order.shipping == usd("0")
    assert not order.lines[0].requires_shipping
    assert build_plan(order, everything_left(order)).total == usd("9.90")


def test_goods_that_never_left_stay_in_stock() -> None:
    order = order_of(facts("order__discount"))
    assert order.fulfilment_status is FulfilmentStatus.UNFULFILLED
    assert {line.restock for line in order.lines} == {Restock.CANCEL}


def test_discounts_and_taxes_follow_as_magento_did_it() -> None:
    """One of three mugs, 10 % coupon, 10 % tax: 12.38 was refunded by the shop, then the rest."""
    given = facts("order__discount")
    order = order_of(given)
    mug = RefundChoice(lines=(ChosenLine(line_id="12", quantity=1),))
    plan = build_plan(order, mug, given.price(mug))
    assert plan.total == usd("12.38")
    assert plan.is_exact
    items = recorded("order__discount")["items"]
    items[0] |= {
        "qty_refunded": 1,
        "amount_refunded": Decimal("12.5"),
        "discount_refunded": Decimal("1.25"),
        "tax_refunded": Decimal("1.13"),
    }
    after = order_of(facts("order__discount", items=items, total_refunded=Decimal("12.38")))
    rest = build_plan(after, everything_left(after))
    assert rest.total == usd("69.48")
    assert rest.is_exact


def test_the_customers_currency_and_the_shops() -> None:
    order = order_of(facts("order__foreign_currency"))
    assert (order.currency, order.shop_currency) == ("EUR", "USD")
    assert order.total == euros("33.75")
    plan = build_plan(order, everything_left(order))
    assert (plan.total, plan.total_in_shop_currency) == (euros("33.75"), usd("37.50"))


def test_a_plain_amount_must_be_sayable_in_the_shops_currency() -> None:
    given = facts("order__foreign_currency")
    assert given.price(RefundChoice(amount_override=euros("9"))).amount_in_shop_currency == usd(
        "10"
    )
    cents = [Money.of(Decimal(n) / 100, "EUR") for n in range(100, 140)]
    for amount in cents:
        try:
            base = given.price(RefundChoice(amount_override=amount)).amount_in_shop_currency
        except Rejected:
            continue
        assert Money.rounded(base.amount * Decimal("0.9"), "EUR") == amount


def test_part_refunds_before_are_counted_from_what_is_left() -> None:
    order = order_of(facts("order__part_refunded"))
    assert order.payment_status is PaymentStatus.PARTIALLY_REFUNDED
    assert (order.refunded, order.paid) == (usd("127.33"), usd("139.98"))
    mug, shirt = order.lines
    assert (mug.refundable_quantity, shirt.refundable_quantity) == (1, 0)
    assert mug.remaining is not None
    assert (mug.remaining.price, mug.remaining.tax) == (usd("12.50"), usd("1.25"))
    assert order.suggestion is not None
    assert order.suggestion.maximum == usd("12.65")
    assert order.suggestion.shipping_maximum == usd("0")


# --- how the money goes back ----------------------------------------------------------------------


def test_an_offline_method_is_only_recorded() -> None:
    order = order_of(facts("order__simple", invoices="invoices__simple"))
    plan = build_plan(order, everything_left(order))
    assert plan.is_manual
    assert "Somebody must pay it by hand" in plan.warnings[0]


def test_a_card_goes_back_through_its_invoice() -> None:
    given = facts("order__card", invoices="invoices__card")
    plan = build_plan(order_of(given), everything_left(order_of(given)))
    assert not plan.is_manual
    assert [(one.transaction_id, one.amount) for one in plan.tenders] == [("14", usd("37.50"))]


def test_a_payment_that_magento_doesnt_prove_is_left_to_a_person() -> None:
    payment = {"method": "somepay"}
    order = order_of(facts("order__simple", invoices="invoices__simple", payment=payment))
    assert any("how somepay was paid" in one for one in order.missing)
    config = CONFIG.model_copy(update={"offline_methods": ("somepay",)})
    known = order_of(
        facts("order__simple", invoices="invoices__simple", payment=payment, config=config)
    )
    assert known.missing == ()
    assert build_plan(known, everything_left(known)).is_manual


def two_invoices(*, memos: str | None = None, **changes: object) -> Facts:
    """The order of the recorded pair of invoices: 1 mug with the shipping, 2 mugs and a shirt."""
    items = recorded("order__simple")["items"]
    items[0] |= {
        "item_id": 52,
        "qty_ordered": 3,
        "qty_invoiced": 3,
        "row_invoiced": Decimal("37.5"),
        "base_row_invoiced": Decimal("37.5"),
        "tax_invoiced": Decimal("3.75"),
        "base_tax_invoiced": Decimal("3.75"),
    }
    items[1] |= {"item_id": 53}
    return facts(
        "order__simple",
        invoices="invoices__two",
        memos=memos,
        **{
            "entity_id": 40,
            "items": items,
            "payment": {"method": "fakepay", "last_trans_id": "cap-1"},
            "shipping_invoiced": 20,
            "base_shipping_invoiced": 20,
            "shipping_amount": 20,
            "base_shipping_amount": 20,
            "grand_total": Decimal("88.74"),
            "total_paid": Decimal("88.74"),
            "total_invoiced": Decimal("88.74"),
            **changes,
        },
    )


def _noted(*pairs: tuple[str, object]) -> dict[str, Any]:
    noted = [{"key": key, "value": value} for key, value in pairs]
    return {"extension_attributes": {"payment_additional_info": noted}}


@pytest.mark.parametrize(
    ("method", "noted", "label"),
    [
        ("fakepay", (("method_title", "Credit Card"),), "Credit Card"),
        (
            "fakepay",
            (("cc_number", "xxxx-1111"), ("method_title", " Credit\n Card ")),
            "Credit Card",
        ),
        ("checkmo", (("method_title", "Cheque by post"),), "Cheque by post"),
        ("checkmo", (), "Check / money order"),
        ("fakepay", (("method_title", None),), "fakepay"),
        ("fakepay", (("method_title", ["Card"]),), "fakepay"),
        ("fakepay", (), "fakepay"),
        ("", (), "unnamed payment"),
    ],
)
def test_a_payment_is_called_as_the_shop_calls_it(
    method: str, noted: tuple[tuple[str, object], ...], label: str
) -> None:
    given = facts("order__simple", payment={"method": method}, **_noted(*noted))
    assert given.label == label


def test_of_what_gateways_note_only_the_title_is_kept() -> None:
    given = facts("order__simple", **_noted(("cc_owner", "Ida"), ("method_title", "Credit Card")))
    assert "Ida" not in given.order.model_dump_json()


def test_a_refund_takes_from_the_one_invoice_that_has_it_all() -> None:
    given = two_invoices()
    shirt = RefundChoice(lines=(ChosenLine(line_id="53", quantity=1),))
    assert [one.transaction_id for one in given.price(shirt).tenders] == ["37"]
    shipping = RefundChoice(shipping=usd("20"))
    assert [one.transaction_id for one in given.price(shipping).tenders] == ["36"]
    two = RefundChoice(lines=(ChosenLine(line_id="52", quantity=2),))
    assert [one.transaction_id for one in given.price(two).tenders] == ["37"]


@pytest.mark.parametrize(
    "choice",
    [
        RefundChoice(lines=(ChosenLine(line_id="52", quantity=3),)),
        RefundChoice(lines=(ChosenLine(line_id="53", quantity=1),), shipping=usd("20")),
        RefundChoice(amount_override=usd("60")),
    ],
)
def test_what_no_single_invoice_has_is_refused_with_the_reason(choice: RefundChoice) -> None:
    """Magento would cut it down silently."""
    with pytest.raises(Rejected, match="charged in 2 parts"):
        two_invoices().price(choice)


def test_units_that_memos_took_back_are_gone_from_their_invoice() -> None:
    given = two_invoices(memos="creditmemos__two_invoices", total_refunded=Decimal("27.5"))
    assert given.books_differ is None
    one = RefundChoice(lines=(ChosenLine(line_id="52", quantity=1),))
    assert [tender.transaction_id for tender in given.price(one).tenders] == ["37"]
    two = RefundChoice(lines=(ChosenLine(line_id="52", quantity=2),))
    with pytest.raises(Rejected):
        given.price(two)


# --- what keeps a person in the loop --------------------------------------------------------------


def test_memos_that_make_more_than_the_order_says_are_an_alarm() -> None:
    """Two refunds at once: the gateway paid twice, the order counts one."""
    order = order_of(facts("order__card", memos="creditmemos__card", total_refunded=Decimal("0")))
    assert order.refunded == usd("13.75")
    assert any("credit memos make 13.75 USD" in one for one in order.missing)
    assert order_blocks(order)


@pytest.mark.parametrize(("state", "word"), [("holded", "on hold"), ("payment_review", "review")])
def test_a_held_order_is_left_to_a_person(state: str, word: str) -> None:
    order = order_of(facts("order__simple", state=state))
    assert not order.is_refundable
    assert any(word in one for one in order.missing)


def test_a_closed_order_has_nothing_left_whatever_its_sums_say() -> None:
    assert not order_of(facts("order__simple", state="closed")).is_refundable


def test_a_new_state_is_unknown() -> None:
    order = order_of(facts("order__simple", state="pending_ogone"))
    assert order.payment_status is PaymentStatus.UNKNOWN
    assert order.unknown_values == ("state=pending_ogone",)


def test_money_beside_the_lines_is_left_to_a_person() -> None:
    """Store credit, gift cards and fees of extensions stand in fields that we don't read."""
    order = order_of(
        facts("order__simple", total_invoiced=Decimal("59.99"), total_paid=Decimal("59.99"))
    )
    assert any("all parts of the total" in one for one in order.missing)


def test_an_authorised_order_has_no_money_yet() -> None:
    order = order_of(facts("order__pending", state="processing"))
    assert order.payment_status is PaymentStatus.AUTHORIZED


def test_fractions_of_a_unit_are_left_to_a_person() -> None:
    items = recorded("order__simple")["items"]
    items[0]["qty_ordered"] = items[0]["qty_invoiced"] = Decimal("1.5")
    order = order_of(facts("order__simple", items=items))
    assert [line.id for line in order.lines] == ["2"]
    assert any("whole units of Mug Blue" in one for one in order.missing)


# --- delivery -------------------------------------------------------------------------------------


def test_delivery_is_estimated_only_where_the_merchant_says_so() -> None:
    sent = datetime(2026, 11, 1, 9, tzinfo=UTC)
    parcel = ShipmentPayload.model_validate(
        {
            "entity_id": 1,
            "created_at": "2026-11-01 09:00:00",
            "items": [{"order_item_id": 1, "qty": 2}],
        }
    )
    config = MagentoConfig(base_url="https://shop.example.com", delivered_after_days=3)
    mug, shirt = order_of(facts("order__simple", config=config), (parcel,)).lines
    assert (mug.delivered_at, mug.is_delivery_estimated) == (sent + timedelta(days=3), True)
    assert (shirt.delivered_at, shirt.is_delivery_estimated) == (None, False)
    plain, _ = order_of(facts("order__simple"), (parcel,)).lines
    assert (plain.delivered_at, plain.is_delivery_estimated) == (None, False)


# --- credit memos ---------------------------------------------------------------------------------


def memos(name: str) -> tuple[MemoPayload, ...]:
    return Found[MemoPayload].model_validate(recorded(name)).items


def test_an_online_memo_is_money_and_an_offline_one_is_bookkeeping() -> None:
    online = to_store_refund(memos("creditmemos__card")[0])
    assert (online.id, online.order_id, online.amount) == ("30", "16", usd("13.75"))
    assert (online.status, online.is_manual) == (TransactionStatus.SUCCESS, False)
    assert online.note == "[refund-key 51aa]"
    offline = to_store_refund(MemoPayload.model_validate(recorded("creditmemo__comment")))
    assert (offline.amount, offline.is_manual) == (usd("43.75"), True)


def test_a_memo_of_an_invoice_without_a_payment_says_so() -> None:
    memo = memos("creditmemos__card")[0].model_copy(update={"transaction_id": None})
    refund = to_store_refund(memo)
    assert refund.is_manual
    assert "payment provider" in (refund.explanation or "")


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (1, TransactionStatus.PENDING),
        (2, TransactionStatus.SUCCESS),
        (3, TransactionStatus.FAILED),
        (9, TransactionStatus.UNKNOWN),
        (None, TransactionStatus.UNKNOWN),
    ],
)
def test_the_state_of_a_memo(state: int | None, status: TransactionStatus) -> None:
    memo = memos("creditmemos__card")[0].model_copy(update={"state": state})
    assert to_store_refund(memo).status is status

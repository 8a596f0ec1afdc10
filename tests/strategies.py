"""Hypothesis strategies for the domain: money, orders, requests, policies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from app.domain.classification import Kind, Reason, Request
from app.domain.money import Money, minor_unit_digits
from app.domain.order import FulfilmentStatus, LineItem, Order, PaymentStatus, Suggestion, Tender
from app.domain.policy.model import AllOf, AnyOf, Clause, Condition, Effect, Not, Operator, Outcome
from app.domain.policy.model import Policy as PolicyModel
from app.domain.policy.model import Test as Comparison

NOW = datetime(2025, 6, 15, 12, 0, tzinfo=UTC)
CURRENCIES = ("EUR", "USD", "JPY", "KWD")

currencies = st.sampled_from(CURRENCIES)


def money_in(
    currency: str, minimum: int = 0, maximum: int = 10_000_000
) -> st.SearchStrategy[Money]:
    """Amounts of whole minor units."""
    scale = -minor_unit_digits(currency)
    return st.integers(minimum, maximum).map(
        lambda units: Money.of(Decimal(units).scaleb(scale), currency)
    )


money = currencies.flatmap(lambda currency: money_in(currency, -10_000_000))


def make_line(currency: str = "EUR", **changes: Any) -> LineItem:
    """A delivered line of two units at 10.00 with 2.00 tax in all, changed as asked."""
    values: dict[str, Any] = {
        "id": "line-1",
        "name": "Oak shelf",
        "quantity": 2,
        "refundable_quantity": 2,
        "unit_price": Money.of("10", currency),
        "discount": Money.zero(currency),
        "total": Money.of("20", currency),
        "tax": Money.of("2", currency),
        "is_final_sale": False,
        "was_shipped": True,
        "delivered_at": NOW - timedelta(days=10),
    }
    return LineItem(**{**values, **changes})


def make_order(lines: tuple[LineItem, ...] | None = None, **changes: Any) -> Order:
    """A paid order with one card payment that takes everything back, changed as asked."""
    currency = changes.get("currency", "EUR")
    lines = (make_line(currency),) if lines is None else lines
    shipping = changes.get("shipping", Money.of("5", currency))
    shipping_tax = changes.get("shipping_tax", Money.zero(currency))
    goods = Money.total((line.total for line in lines), currency)
    tax = Money.total((line.tax for line in lines), currency)
    whole = goods + shipping + shipping_tax
    if not changes.get("prices_include_tax"):
        whole = whole + tax
    values: dict[str, Any] = {
        "store_id": "store-1",
        "store_kind": "shopify",
        "order_id": "order-1",
        "name": "#1001",
        "created_at": NOW - timedelta(days=14),
        "updated_at": NOW - timedelta(days=10),
        "read_at": NOW,
        "currency": currency,
        "shop_currency": currency,
        "payment_status": PaymentStatus.PAID,
        "fulfilment_status": FulfilmentStatus.FULFILLED,
        "total": whole,
        "paid": whole,
        "refunded": Money.zero(currency),
        "refund_pending": Money.zero(currency),
        "tip": Money.zero(currency),
        "duties": Money.zero(currency),
        "shipping": shipping,
        "shipping_tax": shipping_tax,
        "refunded_shipping": Money.zero(currency),
        "lines": lines,
    }
    if "suggestion" not in changes:
        values["suggestion"] = make_suggestion(whole, shipping, shipping_tax)
    return Order(**{**values, **changes})


def make_suggestion(
    amount: Money, shipping: Money, shipping_tax: Money, tenders: tuple[Tender, ...] | None = None
) -> Suggestion:
    """The store's figure for everything, on one card unless tenders are given."""
    card = Tender(transaction_id="t-1", gateway="card", label="Card", amount=amount, maximum=amount)
    return Suggestion(
        amount=amount,
        amount_in_shop_currency=amount,
        maximum=amount,
        shipping=shipping,
        shipping_maximum=shipping,
        shipping_tax=shipping_tax,
        tenders=(card,) if tenders is None else tenders,
    )


@st.composite
def line_items(draw: st.DrawFn, currency: str = "EUR", line_id: str = "line-1") -> LineItem:
    """Lines in every state of delivery, refund and tax."""
    quantity = draw(st.integers(1, 7))
    return make_line(
        currency,
        id=line_id,
        quantity=quantity,
        refundable_quantity=draw(st.integers(0, quantity)),
        unit_price=draw(money_in(currency, 1, 100_000)),
        total=draw(money_in(currency, quantity, 300_000)),
        tax=draw(money_in(currency, 0, 60_000)),
        is_final_sale=draw(st.sampled_from([True, False, None])),
        is_gift_card=draw(st.booleans()),
        was_shipped=draw(st.sampled_from([True, True, False, None])),
        delivered_at=draw(
            st.none() | st.integers(0, 90).map(lambda days: NOW - timedelta(days=days))
        ),
        tags=tuple(draw(st.lists(st.sampled_from(["sale", "new", "oak"]), max_size=2))),
    )


@st.composite
def orders(draw: st.DrawFn) -> Order:
    """Orders that can be refunded or not, in one of several currencies."""
    currency = draw(currencies)
    count = draw(st.integers(1, 3))
    lines = tuple(draw(line_items(currency, f"line-{index}")) for index in range(count))
    includes_tax = draw(st.booleans())
    return make_order(
        lines,
        currency=currency,
        shop_currency=currency,
        prices_include_tax=includes_tax,
        shipping=draw(money_in(currency, 0, 5_000)),
        shipping_tax=Money.zero(currency) if includes_tax else draw(money_in(currency, 0, 900)),
        payment_status=draw(st.sampled_from([PaymentStatus.PAID] * 4 + list(PaymentStatus))),
        is_disputed=draw(st.sampled_from([False, False, False, True, None])),
        has_open_return=draw(st.sampled_from([False, False, False, True, None])),
    )


requests = st.builds(Request, kind=st.just(Kind.REFUND_ITEM), reason=st.sampled_from(list(Reason)))

_tests = st.sampled_from(
    [
        Comparison(fact="item.is_final_sale", operator=Operator.IS, threshold=True),
        Comparison(fact="item.is_shipped", operator=Operator.IS, threshold=True),
        Comparison(fact="item.is_delivered", operator=Operator.IS_NOT, threshold=False),
        Comparison(fact="item.days_since_delivery", operator=Operator.AT_MOST, threshold=30),
        Comparison(fact="item.days_since_delivery", operator=Operator.MORE_THAN, threshold=14),
        Comparison(fact="item.price", operator=Operator.LESS_THAN, threshold=Decimal("99.50")),
        Comparison(fact="item.tags", operator=Operator.CONTAINS_ANY, threshold=("sale",)),
        Comparison(fact="request.reason", operator=Operator.NONE_OF, threshold=("damaged",)),
        Comparison(fact="request.states_fault", operator=Operator.IS, threshold=True),
        Comparison(fact="no.such_fact", operator=Operator.IS, threshold=True),
    ]
)
conditions: st.SearchStrategy[Condition] = st.recursive(
    _tests,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: AllOf(parts=tuple(parts))),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: AnyOf(parts=tuple(parts))),
        inner.map(lambda part: Not(part=part)),
    ),
    max_leaves=5,
)


@st.composite
def policies(draw: st.DrawFn) -> PolicyModel:
    """Policies of one to five clauses with every effect; each clause decides differently."""
    clauses = tuple(
        Clause(
            id=f"clause_{index}",
            title=f"Clause {index}",
            effect=draw(st.sampled_from([Effect.REFUND, Effect.REFUND, *Effect])),
            when=draw(conditions),
            because=f"Because of clause {index}.",
            outcome=Outcome(percent=Decimal(draw(st.sampled_from([50, 100])))),
            priority=index,
        )
        for index in range(draw(st.integers(1, 5)))
    )
    return PolicyModel(id="generated", version=1, title="Generated", clauses=clauses, tiers=())

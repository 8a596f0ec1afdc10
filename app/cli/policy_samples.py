"""Random orders, requests and policies for benchmarks: the same seed gives the same ones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

from app.domain.classification import Kind, Reason, Request, Wants
from app.domain.money import Money
from app.domain.order import (
    Customer,
    FulfilmentStatus,
    LineItem,
    Order,
    PaymentStatus,
    ServiceUse,
    Suggestion,
    Tender,
)
from app.domain.people import Tier
from app.domain.policy.facts import FACTS, FactSpec, FactType, Source
from app.domain.policy.model import (
    AbuseLimit,
    AllOf,
    Alternative,
    AnyOf,
    Clause,
    Condition,
    DayOfYear,
    Effect,
    Not,
    Operator,
    Outcome,
    Policy,
    ProRataBasis,
    Resolution,
    Scope,
    Season,
    Subject,
    Test,
    TierLimit,
)

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
_CURRENCIES = ("EUR", "EUR", "USD", "JPY", "KWD")
_TAGS = ("sale", "new", "final-sale", "perishable", "oak", "vip")
_NUMBERS = (Operator.AT_MOST, Operator.AT_LEAST, Operator.LESS_THAN, Operator.MORE_THAN)


def _units(random: Random, currency: str, most: int) -> Money:
    return Money.from_minor_units(random.randint(0, most), currency)


def _moment(random: Random, most_days: int) -> datetime:
    return NOW - timedelta(days=random.randint(0, most_days), hours=random.randint(0, 23))


def random_line(random: Random, currency: str, number: int) -> LineItem:
    """A line in any state of delivery, refund and tax."""
    quantity = random.randint(1, 5)
    price = Money.from_minor_units(random.randint(1, 60_000), currency)
    gross = Money.rounded(price.amount * quantity, currency)
    discount = gross.share(random.choice([0, 0, 10, 25]), 100)
    total = gross - discount
    was_shipped = random.choice([True, True, True, False, None])
    delivered = _moment(random, 90) if was_shipped and random.random() < 0.8 else None
    service = None
    if random.random() < 0.1:
        start = _moment(random, 60)
        service = ServiceUse(
            starts_at=start,
            ends_at=start + timedelta(days=random.randint(1, 90)),
            percent_completed=Decimal(random.randint(0, 100)),
            sla_missed_minutes=random.choice([0, 0, 45]),
        )
    return LineItem(
        id=f"line-{number}",
        name=f"Item {random.randint(1, 300)}",
        sku=f"SKU-{random.randint(1, 300)}",
        quantity=quantity,
        refundable_quantity=random.choice([quantity, quantity, random.randint(0, quantity)]),
        unit_price=price,
        discount=discount,
        total=total,
        tax=total.share(random.choice([0, 7, 19]), 100),
        product_type=random.choice(["Shoes", "Book", None]),
        tags=tuple(random.sample(_TAGS, random.randint(0, 2))),
        is_gift_card=random.random() < 0.03,
        is_final_sale=random.choice([False, False, False, True, None]),
        is_subscription=random.random() < 0.1,
        was_shipped=was_shipped,
        shipped_at=delivered - timedelta(days=2) if delivered else None,
        delivered_at=delivered,
        service=service,
    )


def random_order(random: Random, number: int = 1) -> Order:
    """An order that can be refunded or not."""
    currency = random.choice(_CURRENCIES)
    lines = tuple(random_line(random, currency, n) for n in range(random.randint(1, 4)))
    includes_tax = random.random() < 0.5
    shipping = _units(random, currency, 900)
    whole = Money.total((line.total for line in lines), currency) + shipping
    if not includes_tax:
        whole = whole + Money.total((line.tax for line in lines), currency)
    refunded = whole.share(random.choice([0, 0, 0, 30]), 100)
    left = whole - refunded
    card = Tender(
        transaction_id="t-1",
        gateway="card",
        label="Card",
        amount=Money.zero(currency),
        maximum=left,
    )
    zero = Money.zero(currency)
    return Order(
        store_id="store-1",
        store_kind="shopify",
        order_id=f"order-{number}",
        name=f"#{1000 + number}",
        created_at=_moment(random, 120),
        updated_at=NOW,
        read_at=NOW,
        country=random.choice(["DE", "US", "FR", None]),
        currency=currency,
        shop_currency=currency,
        payment_status=random.choice([PaymentStatus.PAID] * 6 + list(PaymentStatus)),
        fulfilment_status=random.choice(list(FulfilmentStatus)),
        is_disputed=random.choice([False] * 8 + [True, None]),
        has_open_return=random.choice([False] * 8 + [True, None]),
        can_store_credit=random.random() < 0.5,
        prices_include_tax=includes_tax,
        total=whole,
        paid=whole,
        refunded=refunded,
        refund_pending=zero,
        tip=zero,
        duties=zero,
        shipping=shipping,
        shipping_tax=zero,
        refunded_shipping=zero,
        customer=Customer(
            id=str(random.randint(1, 5000)),
            orders_count=random.randint(1, 30),
            lifetime_value=_units(random, currency, 500_000),
            tags=tuple(random.sample(_TAGS, random.randint(0, 1))),
        ),
        lines=lines,
        suggestion=Suggestion(
            amount=left,
            amount_in_shop_currency=left,
            maximum=left,
            shipping=shipping,
            shipping_maximum=shipping,
            shipping_tax=zero,
            tenders=(card,),
            store_credit_maximum=left,
        ),
    )


def random_request(random: Random) -> Request:
    """What a customer wants."""
    return Request(
        kind=random.choice(list(Kind)[:9]),
        reason=random.choice(list(Reason)),
        wants=random.choice(list(Wants)),
        has_evidence=random.choice([True, False, None]),
        states_opened=random.choice([True, False, None]),
    )


_ASKABLE = [spec for spec in FACTS.values() if spec.source is not Source.DECISION]


def random_test(random: Random) -> Condition:
    """A comparison that fits the fact it is about."""
    spec = random.choice(_ASKABLE)
    if spec.type is FactType.DATE and random.random() < 0.5:
        return Season(
            fact=spec.name,
            first=DayOfYear(month=random.randint(1, 12), day=random.randint(1, 28)),
            last=DayOfYear(month=random.randint(1, 12), day=random.randint(1, 28)),
            until=random.choice([None, DayOfYear(month=1, day=31)]),
        )
    operator, threshold = _comparison(random, spec)
    return Test.model_validate({"fact": spec.name, "operator": operator, "threshold": threshold})


def _comparison(random: Random, spec: FactSpec) -> tuple[Operator, object]:
    if spec.type is FactType.YES_NO:
        return random.choice([Operator.IS, Operator.IS_NOT]), random.random() < 0.5
    if spec.type is FactType.MONEY:
        currency = random.choice(_CURRENCIES)
        return random.choice(_NUMBERS), Money.from_minor_units(random.randint(0, 90_000), currency)
    if spec.type is FactType.DATE:
        return random.choice(_NUMBERS), NOW.date() - timedelta(days=random.randint(0, 120))
    if spec.type is FactType.LIST:
        values = spec.values or _TAGS
        return Operator.CONTAINS_ANY, tuple(random.sample(values, 2))
    if spec.type is FactType.TEXT:
        values = spec.values or ("DE", "US", "EUR", "Shoes", "Book", "SKU-1", "SKU-2")
        some = tuple(random.sample(values, min(2, len(values))))
        return random.choice([Operator.ONE_OF, Operator.NONE_OF, Operator.LIKE]), some
    return random.choice(_NUMBERS), random.randint(0, 100)


def random_condition(random: Random, depth: int = 2) -> Condition:
    """A comparison, or some joined."""
    kind = random.random()
    if depth == 0 or kind < 0.4:
        return random_test(random)
    if kind < 0.5:
        return Not(part=random_condition(random, depth - 1))
    parts = tuple(random_condition(random, depth - 1) for _ in range(random.randint(1, 3)))
    return AllOf(parts=parts) if kind < 0.85 else AnyOf(parts=parts)


def random_outcome(random: Random) -> Outcome:
    """Any outcome that makes sense."""
    resolution = random.choice([Resolution.REFUND] * 5 + list(Resolution))
    return Outcome(
        percent=Decimal(random.choice([100, 100, 50, 33])),
        shipping=random.random() < 0.4,
        restocking_percent=Decimal(random.choice([0, 0, 0, 15])),
        return_shipping_fee=random.choice([None, None, None, Money.of("5", "EUR")]),
        pro_rata=random.choice([ProRataBasis.NONE] * 5 + list(ProRataBasis)),
        resolution=resolution,
        bonus_percent=Decimal(10 if resolution is Resolution.STORE_CREDIT else 0),
    )


def random_policy(random: Random, clauses: int | None = None) -> Policy:
    """A policy in which anything may stand, also what contradicts itself."""
    count = clauses or random.randint(1, 12)
    made: list[Clause] = []
    for number in range(count):
        is_exception = random.random() < 0.25
        named = random.sample(made, 1) if made and is_exception and random.random() < 0.5 else []
        made.append(
            Clause(
                id=f"clause_{number}",
                title=f"Clause {number}",
                scope=random.choice([Scope.LINE, Scope.LINE, Scope.ORDER]),
                effect=random.choice([Effect.REFUND] * 4 + list(Effect)),
                when=random_condition(random),
                because=f"Because of clause {number}.",
                outcome=random_outcome(random),
                alternatives=tuple(random.sample(list(Alternative), random.randint(0, 2))),
                priority=random.choice([0, 0, 0, 1, 5]),
                is_exception=is_exception,
                excepts=tuple(clause.id for clause in named),
            )
        )
    limits: Sequence[AbuseLimit] = ()
    if random.random() < 0.2:
        limits = (AbuseLimit(id="often", title="Often", subject=Subject.CUSTOMER, hours=24,
                             max_count=3),)  # fmt: skip
    return Policy(
        id="random",
        version=1,
        title="Random",
        time_zone=random.choice(["UTC", "Asia/Tokyo", "America/Los_Angeles"]),
        clauses=tuple(made),
        tiers=(
            TierLimit(tier=Tier.AGENT, up_to=Decimal(100)),
            TierLimit(tier=Tier.TEAM_LEAD, up_to=Decimal(500)),
            TierLimit(tier=Tier.MANAGER, up_to=None),
        ),
        abuse_limits=tuple(limits),
    )

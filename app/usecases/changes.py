"""What changed at the store since a plan was shown: until the click, or until a fresh reading."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from app.domain.case import Case
from app.domain.decision import Decision
from app.domain.money import Money
from app.domain.order import Order, PaymentStatus
from app.domain.policy.comparing import as_text
from app.domain.policy.facts import Fact, FactType, Source, fact_spec, label_of
from app.domain.returns import with_returns
from app.ports import Recheck
from app.records import Basis

_REFUNDABLE = {
    PaymentStatus.PAID,
    PaymentStatus.PARTIALLY_PAID,
    PaymentStatus.PARTIALLY_REFUNDED,
}


# What `changes_since` tells about in its own words.
_TOLD = frozenset(
    {
        "item.refundable_quantity",
        "order.has_refunds",
        "order.is_cancelled",
        "order.is_disputed",
        "order.refunded",
        "order.refunds_count",
    }
)


def changes_since(basis: Basis, recheck: Recheck, currency: str) -> tuple[str, ...]:
    """Sentences for everything that a plan rested on and that is different now; empty if nothing.

    Units and amounts that were refunded meanwhile count, whoever refunded them.
    """
    return _changes(basis, recheck, recheck.refundable, currency)


def changes_in(basis: Basis, order: Order, currency: str) -> tuple[str, ...]:
    """The same, of an order that was read again in full."""
    return _changes(basis, order, Basis.of(order).refundable, currency)


def no_longer_back(basis: Basis, case: Case) -> tuple[str, ...]:
    """Sentences for goods that a plan needed to be back, and that aren't known to be any more."""
    if case.order is None:
        return ()
    order = with_returns(case.order, case.returns)
    present = {line.id: line for line in order.lines}
    return tuple(
        f"{present[line_id].name} isn't known to have come back any more"
        for line_id, units in basis.returned.items()
        if line_id in present and present[line_id].units_back < units
    )


def changed_facts(before: Decision, after: Decision) -> tuple[str, ...]:
    """Sentences for what the store says otherwise about the order than when it was decided before.

    Not what time alone changes, and not what is known now only, or no longer.
    """
    found = []
    for old, new in _fact_pairs(before, after):
        spec = fact_spec(old.name)
        is_of_store = spec is not None and spec.source is Source.STORE
        is_of_time = spec is not None and spec.type is FactType.DAYS
        if not is_of_store or is_of_time or old.name in _TOLD:
            continue
        if old.is_known and new.is_known and (old.value, old.unit) != (new.value, new.unit):
            words = f"{as_text(new.value)} now, not {as_text(old.value)}"
            found.append(f"{label_of(old.name)}: {words}")
    return tuple(dict.fromkeys(found))


def _fact_pairs(before: Decision, after: Decision) -> Iterator[tuple[Fact, Fact]]:
    """Each fact that both decisions hold, of the order and of each line."""
    groups = [(before.facts, after.facts)]
    groups += [
        (facts, after.line_facts.get(line_id, ())) for line_id, facts in before.line_facts.items()
    ]
    for olds, news in groups:
        present = {fact.name: fact for fact in news}
        yield from ((old, present[old.name]) for old in olds if old.name in present)


def _changes(
    basis: Basis, recheck: Recheck | Order, refundable: Mapping[str, int], currency: str
) -> tuple[str, ...]:
    found: list[str] = []
    if recheck.refunded.currency != basis.refunded.currency:
        found.append(f"the order is in {recheck.refunded.currency} now, not {currency}")
    elif recheck.refunded != basis.refunded:
        more = recheck.refunded - basis.refunded
        if more > Money.zero(currency):
            found.append(f"{more} was refunded meanwhile by somebody else")
        else:
            found.append(f"the refunded total is {recheck.refunded} now, not {basis.refunded}")
    for line_id, units in basis.refundable.items():
        now = refundable.get(line_id)
        if now is None:
            found.append("an item is no longer on the order")
        elif now != units:
            found.append(f"an item has {now} refundable units now, not {units}")
    if recheck.is_cancelled and not basis.is_cancelled:
        found.append("the order was cancelled")
    if recheck.is_disputed:
        found.append("the customer's bank opened a dispute")
    if recheck.is_disputed is None:
        found.append("the store no longer tells about disputes")
    if not recheck.is_refundable or recheck.payment_status not in _REFUNDABLE:
        found.append("the store says that nothing can be refunded any more")
    return tuple(dict.fromkeys(found))

"""What changed at the store between the plan that was shown and the click that executes it."""

from __future__ import annotations

from app.domain.money import Money
from app.domain.order import PaymentStatus
from app.ports import Recheck
from app.records import Basis

_REFUNDABLE = {
    PaymentStatus.PAID,
    PaymentStatus.PARTIALLY_PAID,
    PaymentStatus.PARTIALLY_REFUNDED,
}


def changes_since(basis: Basis, recheck: Recheck, currency: str) -> tuple[str, ...]:
    """Sentences for everything that a plan rested on and that is different now; empty if nothing.

    Units and amounts that were refunded meanwhile count, whoever refunded them.
    """
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
        now = recheck.refundable.get(line_id)
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

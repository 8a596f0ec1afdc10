"""From what the policy gives for each line to one choice that can be priced."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from app.domain.money import Money
from app.domain.plan import ChosenFee, ChosenLine, Destination, InvalidChoice, RefundChoice, Terms


def choice_by_terms(
    quantities: Mapping[str, int],
    terms: Mapping[str, Terms],
    *,
    shipping: Money | None = None,
    duties: bool = False,
    amount_override: Money | None = None,
    destination: Destination | None = None,
) -> RefundChoice:
    """Units of lines, each at its own terms, as one choice.

    `quantities` and `terms` are by line id. Without a `destination` the lines' own one is taken.
    Raises InvalidChoice when the lines don't go together in one refund: one that goes back to the
    payment and one that may only become store credit, or two with different bonuses.
    """
    chosen = {line_id: terms.get(line_id, Terms()) for line_id in quantities}
    wanted = destination or _destination(chosen)
    return RefundChoice(
        lines=tuple(
            ChosenLine(
                line_id=line_id,
                quantity=quantities[line_id],
                percent=one.percent,
                pro_rata=one.pro_rata,
                keeps_item=one.keeps_item,
            )
            for line_id, one in chosen.items()
        ),
        shipping=shipping,
        duties=duties,
        fees=_fees(chosen),
        amount_override=amount_override,
        destination=wanted,
        bonus_percent=_bonus(chosen) if wanted is Destination.STORE_CREDIT else Decimal(0),
    )


def _destination(chosen: Mapping[str, Terms]) -> Destination:
    found = {one.destination for one in chosen.values()}
    if len(found) > 1:
        raise InvalidChoice(
            "some of these items go back to the payment, others only to store credit: "
            "refund them one after the other"
        )
    return found.pop() if found else Destination.ORIGINAL_PAYMENT


def _bonus(chosen: Mapping[str, Terms]) -> Decimal:
    found = {one.bonus_percent for one in chosen.values()}
    if len(found) > 1:
        raise InvalidChoice(
            "these items have different bonuses: give store credit for them one after the other"
        )
    return found.pop() if found else Decimal(0)


def _fees(chosen: Mapping[str, Terms]) -> tuple[ChosenFee, ...]:
    """Each fee once, for all the lines that have it; an amount isn't charged once per line."""
    lines: dict[ChosenFee, list[str]] = {}
    for line_id, one in chosen.items():
        for fee in one.fees:
            lines.setdefault(fee.model_copy(update={"line_ids": ()}), []).append(line_id)
    return tuple(
        fee.model_copy(update={"line_ids": tuple(line_ids)}) for fee, line_ids in lines.items()
    )

"""Holds our bonuses on store credit against the stores' own books, in both directions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from app.cli.shops import BookedCredit
from app.domain.bonus import Bonus, BonusState


def bonus_faults(
    bonuses: Iterable[Bonus], credits: Iterable[BookedCredit], kinds: Mapping[str, str]
) -> list[str]:
    """Where ledger and store differ. `credits` are those that belong to no refund; `kinds` has the
    kind of each store by its id, as ids of two kinds of store may be the same.

    A given bonus stands there once with its amount, one that wasn't given doesn't, and nothing
    stands there that isn't a bonus. What isn't decided is a fault: money may be on its way.
    """
    booked: dict[tuple[str, str], list[BookedCredit]] = defaultdict(list)
    for credit in credits:
        booked[credit.kind, credit.id].append(credit)
    faults = []
    for bonus in bonuses:
        where = f"bonus of {bonus.amount} for {bonus.order_name}"
        if not bonus.state.is_final:
            faults.append(f"{where}: still {bonus.state.value}")
        if bonus.state is not BonusState.GIVEN or bonus.store_credit_id is None:
            continue
        # Taken away, so that a second bonus can't stand for the same credit.
        found = booked.pop((kinds[bonus.store_id], bonus.store_credit_id), [])
        wanted = (bonus.amount.amount, bonus.amount.currency)
        if [(one.amount, one.currency) for one in found] != [wanted]:
            sums = [f"{one.amount:f} {one.currency}" for one in found]
            faults.append(f"{where}: the store has {' and '.join(sums) or 'none'}")
    faults += [
        f"store credit {one.id} of {one.amount:f} {one.currency} is nobody's bonus"
        for left in booked.values()
        for one in left
    ]
    return faults

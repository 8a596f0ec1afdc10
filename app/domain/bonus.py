"""A bonus on store credit: its own intent beside the refund that it belongs to, given at most once.

queued -> sending -> given
with refused (surely not given) and unknown (sent, no answer), which is left only by reading the
store. A store's credit carries neither a key nor a note of ours, so nothing is ever sent twice: a
lost answer is resolved by what is new in the customer's account.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import AwareDatetime

from app.domain.base import Value
from app.domain.errors import IllegalTransition
from app.domain.money import Money


class BonusState(StrEnum):
    """Where a bonus stands."""

    QUEUED = "queued"
    SENDING = "sending"
    UNKNOWN = "unknown"
    GIVEN = "given"
    REFUSED = "refused"

    @property
    def is_final(self) -> bool:
        """Nothing more happens by itself."""
        return not _MOVES[self]


_MOVES: dict[BonusState, frozenset[BonusState]] = {
    BonusState.QUEUED: frozenset({BonusState.SENDING, BonusState.REFUSED}),
    # Back to `queued` only when the store surely didn't process it.
    BonusState.SENDING: frozenset(
        {BonusState.QUEUED, BonusState.GIVEN, BonusState.REFUSED, BonusState.UNKNOWN}
    ),
    BonusState.UNKNOWN: frozenset({BonusState.GIVEN}),
    BonusState.GIVEN: frozenset(),
    BonusState.REFUSED: frozenset(),
}
# States in which money may be on its way and nothing else of this customer may be mistaken for it.
UNDECIDED_BONUSES = (BonusState.SENDING, BonusState.UNKNOWN)


class Bonus(Value):
    """One bonus. `store_input` holds what is sent, and what was in the account before.

    `customer_id` is the store's. `store_credit_id` is the store's record of it once it is given.
    """

    id: str
    account_id: str
    refund_id: str
    case_id: str
    ticket_id: str
    store_id: str
    order_id: str
    order_name: str
    customer_id: str
    amount: Money
    state: BonusState = BonusState.QUEUED
    created_at: AwareDatetime
    store_input: str | None = None
    sent_at: AwareDatetime | None = None
    store_credit_id: str | None = None
    explanation: str | None = None
    next_check_at: AwareDatetime | None = None

    def moved_to(self, state: BonusState) -> Bonus:
        """This bonus in another state; raises IllegalTransition if there is no such move."""
        if state not in _MOVES[self.state]:
            raise IllegalTransition(f"a bonus can't go from {self.state} to {state}")
        return self.model_copy(update={"state": state})

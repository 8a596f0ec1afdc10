"""A refund: money going back, and the states it may be in.

proposed -> awaiting_approval -> approved -> holding -> sending -> settled
with declined, cancelled, failed, pending (the store accepted, the payment provider hasn't paid
yet) and unknown (sent, no answer: money may have moved). `unknown` is left only by reading the
store.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from enum import StrEnum

from pydantic import AwareDatetime

from app.domain.base import Value
from app.domain.errors import IllegalTransition
from app.domain.money import Money
from app.domain.override import Override
from app.domain.plan import Plan

HOLD_SECONDS = 5


class RefundState(StrEnum):
    """Where a refund stands."""

    PROPOSED = "proposed"
    AWAITING_APPROVAL = "awaiting_approval"
    APPROVED = "approved"
    HOLDING = "holding"
    SENDING = "sending"
    PENDING = "pending"
    SETTLED = "settled"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    FAILED = "failed"
    UNKNOWN = "unknown"

    @property
    def is_final(self) -> bool:
        """Nothing more happens by itself."""
        return not _MOVES[self]

    @property
    def counts_as_spent(self) -> bool:
        """Money of this refund has moved, or may move: it can't be promised a second time."""
        return self in SPENT_STATES

    @property
    def is_open(self) -> bool:
        """While a refund of an order is open, no other refund of that order may start."""
        return self in OPEN_STATES


_MOVES: dict[RefundState, frozenset[RefundState]] = {
    RefundState.PROPOSED: frozenset(
        {RefundState.AWAITING_APPROVAL, RefundState.APPROVED, RefundState.CANCELLED}
    ),
    RefundState.AWAITING_APPROVAL: frozenset(
        {RefundState.APPROVED, RefundState.DECLINED, RefundState.CANCELLED}
    ),
    RefundState.APPROVED: frozenset({RefundState.HOLDING, RefundState.CANCELLED}),
    RefundState.HOLDING: frozenset(
        {RefundState.SENDING, RefundState.CANCELLED, RefundState.FAILED}
    ),
    RefundState.SENDING: frozenset(
        {RefundState.SETTLED, RefundState.PENDING, RefundState.FAILED, RefundState.UNKNOWN}
    ),
    RefundState.UNKNOWN: frozenset({RefundState.SETTLED, RefundState.PENDING, RefundState.FAILED}),
    RefundState.PENDING: frozenset({RefundState.SETTLED, RefundState.FAILED}),
    RefundState.SETTLED: frozenset(),
    RefundState.DECLINED: frozenset(),
    RefundState.CANCELLED: frozenset(),
    RefundState.FAILED: frozenset(),
}

OPEN_STATES = frozenset(
    {
        RefundState.AWAITING_APPROVAL,
        RefundState.APPROVED,
        RefundState.HOLDING,
        RefundState.SENDING,
        RefundState.UNKNOWN,
    }
)
SPENT_STATES = frozenset(
    {
        RefundState.HOLDING,
        RefundState.SENDING,
        RefundState.UNKNOWN,
        RefundState.PENDING,
        RefundState.SETTLED,
    }
)


def check_move(current: RefundState, to: RefundState) -> None:
    """Raise IllegalTransition unless a refund may go from `current` to `to`."""
    if to not in _MOVES[current]:
        allowed = ", ".join(sorted(_MOVES[current])) or "nothing: it is final"
        raise IllegalTransition(
            f"a refund can't go from {current} to {to}; from here it may go to {allowed}"
        )


class Refund(Value):
    """One intent to give money back, with its frozen plan.

    `idempotency_key` and `store_input` are stored before the store is called and sent unchanged at
    every attempt. `marker` stands in the store's own record, so that it can be found again.
    `override` names the clause that a person set aside, where it goes against the policy.
    """

    id: str
    account_id: str
    case_id: str
    plan_id: str
    ticket_id: str
    store_id: str
    order_id: str
    order_name: str
    state: RefundState
    plan: Plan
    marker: str
    idempotency_key: str
    requested_by: str
    requested_by_name: str
    notify_customer: bool
    created_at: AwareDatetime
    hold_until: AwareDatetime | None = None
    store_input: str | None = None
    sent_at: AwareDatetime | None = None
    attempts: int = 0
    store_refund_id: str | None = None
    settled_amount: Money | None = None
    settled_at: AwareDatetime | None = None
    explanation: str | None = None
    next_check_at: AwareDatetime | None = None
    override: Override | None = None

    def moved_to(self, state: RefundState) -> Refund:
        """This refund in another state; raises IllegalTransition if there is no such move."""
        check_move(self.state, state)
        return self.model_copy(update={"state": state})

    def may_cancel(self, now: datetime) -> bool:
        """Whether anybody who may act can still stop it: it is released, but nothing was sent.

        While it waits for approval, only its requester may withdraw it.
        """
        return self.state is RefundState.APPROVED or (
            self.state is RefundState.HOLDING
            and self.hold_until is not None
            and now < self.hold_until
        )


# Letters and digits that can't be taken for one another when read out on the phone.
_MARKER_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def new_marker() -> str:
    """A short public reference for one refund, e.g. `R-7Q2KXW9PHM` (50 bits)."""
    return "R-" + "".join(secrets.choice(_MARKER_ALPHABET) for _ in range(10))

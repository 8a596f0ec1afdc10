"""Who may release which amount, what is released by nobody's click, and limits against abuse."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum

from pydantic import Field, model_validator

from app.domain.base import Value
from app.domain.money import Currency, Money
from app.domain.people import Tier
from app.domain.policy.conditions import Condition

CLAUSE_ID = r"^[a-z][a-z0-9_]*$"


class TierLimit(Value):
    """Up to and including `up_to` a person of `tier` may release. None: no end.

    The currency is that of the rule it stands in, else the shop's.
    """

    tier: Tier
    up_to: Decimal | None


def check_limits(limits: Sequence[TierLimit]) -> None:
    """Raise ValueError unless limits run from the smallest amount and authority to the largest."""
    ends = [limit.up_to if limit.up_to is not None else Decimal("Inf") for limit in limits]
    ranks = [limit.tier.rank for limit in limits]
    if ends != sorted(ends) or ranks != sorted(ranks):
        raise ValueError("tiers run from the smallest to the largest limit and authority")


def tier_for(limits: Sequence[TierLimit], amount: Decimal) -> Tier:
    """The tier that an amount needs: the first whose limit isn't exceeded, else manager."""
    for limit in limits:
        if limit.up_to is None or amount <= limit.up_to:
            return limit.tier
    return Tier.MANAGER


class TierRule(Value):
    """Limits of their own for some refunds: by reason, by customer, by the exception that decides.

    `when` may ask for facts of the order, request, customer and history, and for those of the
    decision itself (`decision.clauses`, `decision.uses_exception`, `decision.is_override`).
    Among rules that hold the strictest counts; while a rule can't be told, the stricter of both
    answers counts. `currency` is that of the limits; None: the shop's.
    """

    id: str = Field(pattern=CLAUSE_ID)
    title: str
    when: Condition
    limits: tuple[TierLimit, ...]
    currency: Currency | None = None
    source_line: int | None = None

    @model_validator(mode="after")
    def _is_ordered(self) -> TierRule:
        check_limits(self.limits)
        return self


class AutomaticRelease(Value):
    """What is released with nobody's click; a policy without it releases nothing by itself.

    Every limit that is written must hold. `up_to` None: as far as the tiers' `automatic` limit
    goes. Counts and sums are of refunds that were released automatically or by a click, in the
    last 24 hours for all customers together and in `per_customer_days` for the one.
    """

    up_to: Money | None = None
    when: Condition | None = None
    per_day_count: int | None = Field(default=None, ge=0)
    per_day_amount: Money | None = None
    per_customer_count: int | None = Field(default=None, ge=0)
    per_customer_amount: Money | None = None
    per_customer_days: int = Field(default=30, ge=1, le=3660)
    source_line: int | None = None


class Subject(StrEnum):
    """Whose refunds are counted."""

    CUSTOMER = "customer"
    ADDRESS = "address"
    AGENT = "agent"
    ITEM = "item"
    STORE = "store"
    ORDER = "order"


class LimitEffect(StrEnum):
    """What reaching a limit does: a person must look first, or a higher tier must release."""

    REVIEW = "review"
    TIER = "tier"


class AbuseLimit(Value):
    """At most so many refunds, or so much money, for one subject within some hours.

    The refund at hand counts too: with `max_count` 3 the fourth is stopped. A count or sum that
    isn't known is treated as reached. An agent's refunds are counted when the agent clicks, and
    always ask for `tier`: at triage no agent has acted yet.
    """

    id: str = Field(pattern=CLAUSE_ID)
    title: str
    subject: Subject
    hours: int = Field(ge=1, le=24 * 3660)
    max_count: int | None = Field(default=None, ge=0)
    max_amount: Money | None = None
    effect: LimitEffect = LimitEffect.REVIEW
    tier: Tier = Tier.MANAGER
    source_line: int | None = None

    @model_validator(mode="after")
    def _has_a_limit(self) -> AbuseLimit:
        if (self.max_count is None) == (self.max_amount is None):
            raise ValueError("a limit names a count or an amount, one of them")
        return self

"""What a policy is: clauses over facts, with outcomes, reasons, alternatives and tiers.

A policy file in plain English is a face on this model; so is the policy that we ship.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from app.domain.base import Value
from app.domain.money import Currency, Money
from app.domain.people import Tier
from app.domain.plan import Destination
from app.domain.policy.conditions import (
    ALWAYS,
    AllOf,
    AnyOf,
    Condition,
    DayOfYear,
    Not,
    Operator,
    Scalar,
    Season,
    Test,
)
from app.domain.policy.limits import (
    CLAUSE_ID,
    AbuseLimit,
    AutomaticRelease,
    LimitEffect,
    Subject,
    TierLimit,
    TierRule,
    check_limits,
    tier_for,
)

__all__ = [
    "ALWAYS",
    "STORE_PREFIX",
    "AbuseLimit",
    "AllOf",
    "Alternative",
    "AnyOf",
    "AutomaticRelease",
    "Clause",
    "Condition",
    "DayOfYear",
    "Effect",
    "LimitEffect",
    "Money",
    "Not",
    "Operator",
    "Outcome",
    "Policy",
    "ProRataBasis",
    "Resolution",
    "Scalar",
    "Scope",
    "Season",
    "Subject",
    "Test",
    "TierLimit",
    "TierRule",
]

# Findings that the store's own rules make begin with this; see app.domain.refundability.
STORE_PREFIX = "store_"
# Findings about limits against abuse begin with this; see app.domain.policy.authority.
LIMIT_PREFIX = "limit_"


class Scope(StrEnum):
    """What a clause is tested against: each line item, or the order as a whole."""

    LINE = "line"
    ORDER = "order"


class Effect(StrEnum):
    """What a clause does when its condition holds.

    `exclude` declines. `ask_evidence` waits for a photo or document from the customer; once the
    request has evidence the clause has nothing to ask and doesn't hold.
    """

    REFUND = "refund"
    EXCLUDE = "exclude"
    REVIEW = "review"
    ASK_EVIDENCE = "ask_evidence"


class Alternative(StrEnum):
    """What can be offered instead of money back."""

    STORE_CREDIT = "store_credit"
    EXCHANGE = "exchange"
    REPAIR = "repair"
    MANAGER_REVIEW = "manager_review"


class Resolution(StrEnum):
    """How the customer is made whole. Only `refund` and `store_credit` move money."""

    REFUND = "refund"
    STORE_CREDIT = "store_credit"
    EXCHANGE = "exchange"
    REPAIR = "repair"

    @property
    def moves_money(self) -> bool:
        """Whether a plan comes of it."""
        return self in {Resolution.REFUND, Resolution.STORE_CREDIT}


class ProRataBasis(StrEnum):
    """Which unused part of a service is paid back: by days of the paid period, or by work done."""

    NONE = "none"
    DAYS = "days"
    COMPLETION = "completion"


class Outcome(Value):
    """What a refunding clause gives.

    `percent` is of the line's paid amount including its tax; `pro_rata` takes the unused share of
    that. `shipping` says whether the original shipping is given back when the whole order goes
    back. `return_shipping_fee` and `restocking_fee` are kept back once for a refund,
    `restocking_percent` of each line's share. `keeps_item`: the customer needn't send it back.
    `requires_return`: money goes only after the goods are back; None: not said. `bonus_percent`
    is added to store credit.
    """

    percent: Decimal = Field(default=Decimal(100), gt=0, le=100)
    shipping: bool = False
    return_shipping_fee: Money | None = None
    restocking_percent: Decimal = Field(default=Decimal(0), ge=0, lt=100)
    restocking_fee: Money | None = None
    pro_rata: ProRataBasis = ProRataBasis.NONE
    keeps_item: bool = False
    requires_return: bool | None = None
    resolution: Resolution = Resolution.REFUND
    bonus_percent: Decimal = Field(default=Decimal(0), ge=0, le=100)

    @model_validator(mode="after")
    def _is_possible(self) -> Outcome:
        for fee in (self.return_shipping_fee, self.restocking_fee):
            if fee is not None and fee.amount < 0:
                raise ValueError("a fee isn't negative")
        if self.bonus_percent and self.resolution is not Resolution.STORE_CREDIT:
            raise ValueError("a bonus goes with store credit only")
        if self.keeps_item and self.requires_return:
            raise ValueError("an item can't both be kept and sent back")
        return self

    @property
    def destination(self) -> Destination:
        """Where the money goes."""
        if self.resolution is Resolution.STORE_CREDIT:
            return Destination.STORE_CREDIT
        return Destination.ORIGINAL_PAYMENT


class Clause(Value):
    """One rule of the policy.

    `because` is the sentence that agents (and customers) read when the clause decides. Which of
    several clauses that hold decides is told in app.domain.policy.precedence. An exception with
    `excepts` beats those clauses, and among the others ranks as the highest of them does.
    `source_line` is the line of the policy's text.
    """

    id: str = Field(pattern=CLAUSE_ID)
    title: str
    scope: Scope = Scope.LINE
    effect: Effect
    when: Condition
    because: str
    outcome: Outcome = Outcome()
    alternatives: tuple[Alternative, ...] = ()
    priority: int = 0
    is_exception: bool = False
    excepts: tuple[str, ...] = ()
    source_line: int | None = None

    @model_validator(mode="after")
    def _excepts_as_an_exception(self) -> Clause:
        if self.excepts and not self.is_exception:
            raise ValueError("only an exception can name the clauses that it excepts")
        return self


class Policy(Value):
    """A merchant's policy in one version.

    `tiers` are the limits where no rule of `tier_rules` holds; they and `currency` (None: the
    shop's) run from the smallest to the largest limit. Refunds of the same `split_subject` within
    `split_days` are added to an amount before it is compared with limits, so that one large refund
    in small parts needs the same person. An approval that waits is remembered every
    `remind_every_hours`, and after `escalate_after_reminders` of them goes to `escalate_to`.

    `takes_as_unopened`: goods of which the customer doesn't say whether they were opened or used
    count as unopened. Else that is unknown, and where it matters a person must look.

    Nothing is released automatically unless the merchant writes it: `automatic`, or in policies
    of the first shape `releases_automatically`.
    """

    id: str
    version: int = Field(ge=1)
    title: str
    time_zone: str = "UTC"
    takes_as_unopened: bool = False
    clauses: tuple[Clause, ...]
    tiers: tuple[TierLimit, ...]
    currency: Currency | None = None
    tier_rules: tuple[TierRule, ...] = ()
    abuse_limits: tuple[AbuseLimit, ...] = ()
    automatic: AutomaticRelease | None = None
    releases_automatically: bool = False
    remind_every_hours: int = Field(default=24, ge=1, le=24 * 60)
    escalate_after_reminders: int = Field(default=3, ge=1, le=100)
    escalate_to: str = "owner"
    split_days: int = Field(default=30, ge=0, le=3660)
    split_subject: Subject = Subject.ORDER

    @model_validator(mode="after")
    def _is_unambiguous(self) -> Policy:
        ids = [clause.id for clause in self.clauses]
        if len(ids) != len(set(ids)):
            raise ValueError("each clause needs an id of its own")
        rule_ids = [rule.id for rule in self.tier_rules] + [one.id for one in self.abuse_limits]
        if len(rule_ids) != len(set(rule_ids)):
            raise ValueError("each tier rule and each limit needs an id of its own")
        for prefix, whose in ((STORE_PREFIX, "the store's rules"), (LIMIT_PREFIX, "limits")):
            if any(clause_id.startswith(prefix) for clause_id in ids):
                raise ValueError(f"clause ids can't begin with {prefix}: {whose} do")
        known = set(ids)
        for clause in self.clauses:
            if unknown := [one for one in clause.excepts if one not in known or one == clause.id]:
                raise ValueError(f"{clause.id} excepts {unknown[0]}, which is no other clause")
        try:
            ZoneInfo(self.time_zone)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"{self.time_zone!r} is not a time zone") from None
        check_limits(self.tiers)
        return self

    @property
    def may_release_automatically(self) -> bool:
        """Whether the merchant wrote that anything may be released with nobody's click."""
        return self.automatic is not None or self.releases_automatically

    def tier_for(self, amount_in_shop_currency: Decimal) -> Tier:
        """The tier that an amount needs by the default limits alone.

        What a person's click needs is `app.domain.policy.authority.required_tier`, which also
        knows rules, rates, limits against abuse and earlier refunds.
        """
        return tier_for(self.tiers, amount_in_shop_currency)

    def release_tier(self, tier: Tier) -> Tier:
        """Who must click for an amount of `tier`: an agent, while nothing is released by itself."""
        if tier is Tier.AUTOMATIC and not self.may_release_automatically:
            return Tier.AGENT
        return tier

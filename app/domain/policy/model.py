"""What a policy is: clauses over facts, with outcomes, reasons, alternatives and tiers.

A policy file in plain English is a face on this model; so is the policy that we ship.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, PlainSerializer, model_validator

from app.domain.base import Value
from app.domain.people import Tier

# Findings that the store's own rules make begin with this; see app.domain.refundability.
STORE_PREFIX = "store_"


class Scope(StrEnum):
    """What a clause is tested against: each line item, or the order as a whole."""

    LINE = "line"
    ORDER = "order"


class Effect(StrEnum):
    """What a clause does when its condition holds."""

    REFUND = "refund"
    EXCLUDE = "exclude"
    REVIEW = "review"


class Operator(StrEnum):
    """How a fact is compared with a threshold."""

    IS = "is"
    IS_NOT = "is_not"
    ONE_OF = "one_of"
    NONE_OF = "none_of"
    CONTAINS_ANY = "contains_any"
    AT_MOST = "at_most"
    AT_LEAST = "at_least"
    LESS_THAN = "less_than"
    MORE_THAN = "more_than"


def _read_decimal(value: object) -> object:
    if isinstance(value, dict) and set(value) == {"decimal"}:
        return Decimal(str(value["decimal"]))
    return value


# A decimal among other types: written as `{"decimal": "99.50"}`, so that it is read back as one.
TaggedDecimal = Annotated[
    Decimal,
    BeforeValidator(_read_decimal),
    PlainSerializer(lambda value: {"decimal": format(value, "f")}, when_used="json"),
]
Scalar = bool | int | TaggedDecimal | str


class Test(Value):
    """One comparison of one fact, e.g. `item.days_since_delivery` at_most 30."""

    __test__ = False  # not a pytest class

    type: Literal["test"] = "test"
    fact: str
    operator: Operator
    threshold: Scalar | tuple[str, ...]


class AllOf(Value):
    """True when every part is true. Unknown when none is false and one is unknown."""

    type: Literal["all"] = "all"
    parts: tuple[Condition, ...]


class AnyOf(Value):
    """True when a part is true. Unknown when none is true and one is unknown."""

    type: Literal["any"] = "any"
    parts: tuple[Condition, ...]


class Not(Value):
    """The opposite of its part; unknown stays unknown."""

    type: Literal["not"] = "not"
    part: Condition


Condition = Annotated[Test | AllOf | AnyOf | Not, Field(discriminator="type")]


class Alternative(StrEnum):
    """What can be offered instead of money back."""

    STORE_CREDIT = "store_credit"
    EXCHANGE = "exchange"
    REPAIR = "repair"
    MANAGER_REVIEW = "manager_review"


class Outcome(Value):
    """What a refunding clause gives: a percentage of the line, with or without shipping.

    `percent` is of the line's paid amount including its tax. `shipping` says whether the original
    shipping is given back when the whole order goes back.
    """

    percent: Decimal = Field(default=Decimal(100), gt=0, le=100)
    shipping: bool = False


class Clause(Value):
    """One rule of the policy.

    `because` is the sentence that agents (and customers) read when the clause decides. Among
    refunding clauses that hold for one line, the highest `priority` decides, then the more
    generous `percent`, then the order in the policy; the choice never depends on anything else.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    scope: Scope = Scope.LINE
    effect: Effect
    when: Condition
    because: str
    outcome: Outcome = Outcome()
    alternatives: tuple[Alternative, ...] = ()
    priority: int = 0


class TierLimit(Value):
    """Up to and including `up_to` (shop currency), a person of `tier` may release. None: no end."""

    tier: Tier
    up_to: Decimal | None


class Policy(Value):
    """A merchant's policy in one version.

    `tiers` run from the smallest to the largest limit. `releases_automatically` is off unless the
    merchant writes it: then `automatic` amounts still wait for an agent's click.
    """

    id: str
    version: int = Field(ge=1)
    title: str
    time_zone: str = "UTC"
    clauses: tuple[Clause, ...]
    tiers: tuple[TierLimit, ...]
    releases_automatically: bool = False

    @model_validator(mode="after")
    def _is_unambiguous(self) -> Policy:
        ids = [clause.id for clause in self.clauses]
        if len(ids) != len(set(ids)):
            raise ValueError("each clause needs an id of its own")
        if any(clause_id.startswith(STORE_PREFIX) for clause_id in ids):
            raise ValueError(f"clause ids can't begin with {STORE_PREFIX}: the store's rules do")
        try:
            ZoneInfo(self.time_zone)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"{self.time_zone!r} is not a time zone") from None
        ends = [limit.up_to if limit.up_to is not None else Decimal("Inf") for limit in self.tiers]
        ranks = [limit.tier.rank for limit in self.tiers]
        if ends != sorted(ends) or ranks != sorted(ranks):
            raise ValueError("tiers run from the smallest to the largest limit and authority")
        return self

    def tier_for(self, amount_in_shop_currency: Decimal) -> Tier:
        """The tier that an amount needs: the first whose limit isn't exceeded, else manager."""
        for limit in self.tiers:
            if limit.up_to is None or amount_in_shop_currency <= limit.up_to:
                return limit.tier
        return Tier.MANAGER

    def release_tier(self, tier: Tier) -> Tier:
        """Who must click for an amount of `tier`: an agent, while nothing is released by itself."""
        if tier is Tier.AUTOMATIC and not self.releases_automatically:
            return Tier.AGENT
        return tier


AllOf.model_rebuild()
AnyOf.model_rebuild()
Not.model_rebuild()
Clause.model_rebuild()

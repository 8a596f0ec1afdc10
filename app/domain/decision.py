"""A decision: the policy's answer for a case, with every reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from enum import StrEnum

from pydantic import AwareDatetime, Field

from app.domain.base import Value
from app.domain.classification import Classification
from app.domain.people import Tier
from app.domain.plan import Plan, Terms
from app.domain.policy.facts import Fact
from app.domain.policy.history import UNKNOWN_HISTORY, History
from app.domain.policy.model import Alternative, Effect, Resolution
from app.domain.policy.rates import NO_RATES, Rates
from app.domain.returns import Returned


class Verdict(StrEnum):
    """The answer. `needs_review`: a fact is missing, or the policy asks for a person."""

    ELIGIBLE = "eligible"
    NOT_ELIGIBLE = "not_eligible"
    NEEDS_REVIEW = "needs_review"


class Truth(StrEnum):
    """Three-valued logic: an unknown fact is never a yes and never a no."""

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"


class Comparison(Value):
    """One fact held against one threshold.

    `sentence` says it in words ("delivered 32 days ago, limit 30: 2 days late"); `missed_by` is
    how far a number was off, in the fact's unit.
    """

    fact: str
    operator: str
    threshold: str
    actual: str | None
    truth: Truth
    sentence: str
    missed_by: Decimal | None = None


class Finding(Value):
    """One clause (or one rule of the store) that was tested, and how it came out.

    `missed_by` is set when the clause failed by one number alone.
    """

    code: str
    title: str
    effect: Effect
    truth: Truth
    sentence: str
    comparisons: tuple[Comparison, ...] = ()
    missed_by: Decimal | None = None
    is_nearest_miss: bool = False


# A finding, and the id of the line that it is about; None for the whole order.
FindingAbout = tuple[str | None, Finding]


def findings_about(
    of_order: Iterable[Finding], of_lines: Mapping[str, Iterable[Finding]]
) -> Iterator[FindingAbout]:
    """All findings, the order's first, each with what it is about."""
    yield from ((None, one) for one in of_order)
    for line_id, findings in of_lines.items():
        yield from ((line_id, one) for one in findings)


class LineVerdict(Value):
    """The verdict for one line, with the clause that decided it.

    `terms` are what the policy gives for the line where it is eligible, with `offers` that the
    customer may choose instead; `alternatives` what it offers where it isn't. `requires_return`:
    money goes once the goods are back (None: the policy doesn't say), and `units_back` are then
    the units that are (see app.domain.policy.waiting). `conflict` names clauses
    that give different answers, none of which beats the others.
    """

    line_id: str
    name: str
    verdict: Verdict
    decided_by: str | None
    because: str
    percent: Decimal = Decimal(100)
    terms: Terms = Terms()
    alternatives: tuple[Alternative, ...] = ()
    resolution: Resolution = Resolution.REFUND
    requires_return: bool | None = None
    units_back: int = 0
    offers: tuple[Alternative, ...] = ()
    conflict: tuple[str, ...] = ()


class Decision(Value):
    """The policy's answer for one order and request at one time.

    Holds what was used beside order and request (the policy's version, the facts, the history,
    the rates, what was said to be back, how surely the text was understood), so it can be made
    again years later with the same answer. `evidence_wanted` says what to ask the customer for.
    `tier_because` says what made the tier. `findings` are about the whole order, `line_findings`
    about a line, by its id. `headline` is the one sentence for people. `is_money_allowed` is False
    whenever a button that moves money must be off; `blocked_because` then says why in words.
    `warnings` names what is due beside the plan: eligible lines that it leaves out.
    """

    verdict: Verdict
    headline: str
    policy_id: str
    policy_version: int
    decided_at: AwareDatetime
    lines: tuple[LineVerdict, ...] = ()
    findings: tuple[Finding, ...] = ()
    line_findings: dict[str, tuple[Finding, ...]] = Field(default_factory=dict)
    facts: tuple[Fact, ...] = ()
    line_facts: dict[str, tuple[Fact, ...]] = Field(default_factory=dict)
    missing: tuple[str, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    plan: Plan | None = None
    tier: Tier | None = None
    release_tier: Tier | None = None
    is_money_allowed: bool = False
    blocked_because: tuple[str, ...] = ()
    evidence_wanted: tuple[str, ...] = ()
    tier_because: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    history: History = UNKNOWN_HISTORY
    rates: Rates = NO_RATES
    returns: tuple[Returned, ...] = ()
    classification: Classification | None = None

    def tested(self) -> Iterator[FindingAbout]:
        """Everything that was tested, the order's first, each with the line it is about."""
        return findings_about(self.findings, self.line_findings)

    @property
    def deciding_clause(self) -> str | None:
        """The id of the clause that decided, the first line's where there are several."""
        return next((line.decided_by for line in self.lines if line.decided_by), None)

    def titles(self) -> dict[str, str]:
        """What everything that was tested is called, by its code."""
        return {finding.code: finding.title for _, finding in self.tested()}

    @property
    def waits_for_return(self) -> bool:
        """Whether the plan is for goods that have to come back first: no money goes by it yet."""
        if self.plan is None:
            return False
        free = {line.line_id: line.units_back for line in self.lines if line.requires_return}
        return any(one.quantity > free.get(one.line_id, one.quantity) for one in self.plan.lines)

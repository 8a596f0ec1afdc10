"""An approval: one person asks, another says yes or no to exactly one plan.

open -> approved | denied | void | withdrawn. Each of them is final. The refund it is about waits
in `awaiting_approval` meanwhile; both change in one step.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import AwareDatetime, Field

from app.domain.base import Value
from app.domain.decision import Finding, FindingAbout, Verdict, findings_about
from app.domain.money import Money
from app.domain.people import Agent, Tier, is_same_person

REASON_LENGTH = 1000


class ApprovalState(StrEnum):
    """Where a request stands. `void`: the order's facts changed, the plan isn't true any more."""

    OPEN = "open"
    APPROVED = "approved"
    DENIED = "denied"
    VOID = "void"
    WITHDRAWN = "withdrawn"


class Asked(StrEnum):
    """Who is asked now. Whoever's tier covers the amount may decide all along."""

    TEAM_LEAD = "team_lead"
    MANAGER = "manager"
    OWNER = "owner"


class Evidence(Value):
    """What the requester saw: kept as it was, so that an approver decides about the same thing.

    `clause` and `because` are those of the clause that decided. `plan` is its make-up in one line
    and `goes_to` where the money goes; `order` and `history` are labelled facts for people; `items`
    names the lines that findings are about.
    """

    verdict: Verdict
    headline: str
    policy: str
    clause: str | None = None
    because: str | None = None
    findings: tuple[Finding, ...] = ()
    line_findings: dict[str, tuple[Finding, ...]] = Field(default_factory=dict)
    items: dict[str, str] = Field(default_factory=dict)
    plan: str = ""
    goes_to: str = ""
    order: tuple[tuple[str, str], ...] = ()
    history: tuple[tuple[str, str], ...] = ()

    def tested(self) -> Iterator[FindingAbout]:
        """Everything that was tested, the order's first, each with the line it is about."""
        return findings_about(self.findings, self.line_findings)


class ApprovalRequest(Value):
    """The request to release a plan above the requester's own tier.

    `needed` is the tier when it was asked; at the decision it is worked out again. `overrides`
    names the clause of the policy that the plan goes against, None when it follows the policy.
    `told` is whom the policy names to be told of what waits too long, once they were told.
    `decided_for` is the person whose authority a delegate used. `changes` says what made it void.
    """

    id: str
    account_id: str
    case_id: str
    refund_id: str
    plan_id: str
    ticket_id: str
    order_name: str
    amount: Money
    needed: Tier
    requested_by: str
    requested_by_name: str
    requested_by_email: str | None = None
    reason: str = Field(min_length=1, max_length=REASON_LENGTH)
    evidence: Evidence
    overrides: str | None = None
    created_at: AwareDatetime
    state: ApprovalState = ApprovalState.OPEN
    asked: Asked = Asked.TEAM_LEAD
    told: str | None = None
    reminders: int = 0
    next_reminder_at: AwareDatetime | None = None
    decided_by: str | None = None
    decided_by_name: str | None = None
    decided_for: str | None = None
    decided_for_name: str | None = None
    decided_at: AwareDatetime | None = None
    answer: str | None = None
    changes: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether it still waits for a decision."""
        return self.state is ApprovalState.OPEN

    def is_own(self, agent: Agent) -> bool:
        """Whether this person asked, under this account or another one with the same mailbox."""
        return is_same_person(agent, self.requested_by, self.requested_by_email)

    def is_overdue(self) -> bool:
        """Whether a reminder had to be sent."""
        return self.is_open and self.reminders > 0


def first_asked(needed: Tier) -> Asked:
    """Who is asked first for an amount that needs this tier."""
    return Asked.MANAGER if needed is Tier.MANAGER else Asked.TEAM_LEAD


def reminded(
    request: ApprovalRequest, now: datetime, every: timedelta, passed_on_after: int, told: str
) -> ApprovalRequest:
    """The request after one more reminder: after every `passed_on_after` the next one is asked,
    and whoever the policy names (`told`) is told at the first of these.

    Reminders go on until somebody decides.
    """
    reminders = request.reminders + 1
    asked = request.asked
    is_passed_on = reminders % passed_on_after == 0
    if is_passed_on and asked is not Asked.OWNER:
        asked = list(Asked)[list(Asked).index(asked) + 1]
    return request.model_copy(
        update={
            "reminders": reminders,
            "asked": asked,
            "told": told if is_passed_on else request.told,
            "next_reminder_at": now + every,
        }
    )


class Delegation(Value):
    """A team lead's or manager's own authority to approve, lent to a named person for some days.

    It ends by itself at `ends_at` (the first moment that isn't covered any more), or earlier when
    somebody ends it. It never gives more than `tier`, nor more than its giver may do that day.
    """

    id: str
    account_id: str
    from_id: str
    from_name: str
    from_email: str | None = None
    to_id: str
    to_name: str
    tier: Tier
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    created_at: AwareDatetime
    ended_at: AwareDatetime | None = None
    ended_by: str | None = None

    def holds(self, now: datetime) -> bool:
        """Whether it gives authority at this moment."""
        return self.starts_at <= now < self.ends_at and self.ended_at is None

    def is_over(self, now: datetime) -> bool:
        """Whether it can never give authority again."""
        return self.ended_at is not None or now >= self.ends_at

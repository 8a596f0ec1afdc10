"""What the ticket says about a request for approval: one note a step, each posted once."""

from __future__ import annotations

from app.domain.approval import ApprovalRequest, Asked, first_asked
from app.domain.case import Case
from app.domain.crm import CHECKED_TAG, Note, TicketWrite
from app.domain.people import Tier
from app.domain.refund import Refund
from app.records import PendingWrite, WriteState, new_id
from app.usecases.deps import Deps
from app.usecases.fields import proposed_fields
from app.usecases.notes import describe_plan
from app.usecases.people import TIER_NAMES

OVERDUE_TAG = "makegood_approval_overdue"
ESCALATED_TAG = "makegood_approval_escalated"
TOLD_TAG = "makegood_approval_told"

_FOOTER = "Makegood. Decide in the sidebar or on the approvals page; this note moves no money."


def _what(request: ApprovalRequest) -> str:
    return f"{request.amount} for {request.order_name}"


def asked_words(request: ApprovalRequest) -> str:
    """Who is asked now. In the end it is whoever the policy names."""
    if request.asked is Asked.OWNER:
        return request.told or "the owner"
    return TIER_NAMES[Tier(request.asked.value)]


def _override(request: ApprovalRequest) -> tuple[str, ...]:
    if request.overrides is None:
        return ()
    return (f"This goes against the policy: {request.overrides}",)


def requested_note(request: ApprovalRequest, refund: Refund) -> Note:
    """Somebody asks; everything that a decision needs."""
    evidence = request.evidence
    facts = [
        ("Amount", describe_plan(refund.plan)),
        ("Asked by", request.requested_by_name),
        ("Reason", request.reason),
        ("Needed", TIER_NAMES[request.needed]),
        ("Policy", evidence.clause or evidence.policy),
        *evidence.order,
        *evidence.history,
        ("Reference", refund.marker),
    ]
    return Note(
        headline=f"Approval needed: refund of {_what(request)}",
        paragraphs=(*_override(request), evidence.headline),
        facts=tuple(facts),
        footer=_FOOTER,
    )


def approved_note(request: ApprovalRequest, refund: Refund) -> Note:
    """Somebody said yes: it is sent now."""
    return Note(
        headline=f"Approved: refund of {_what(request)}",
        paragraphs=(*_override(request), "It is sent to the store now."),
        facts=(
            ("Approved by", _decider(request)),
            ("Asked by", request.requested_by_name),
            ("Reason", request.reason),
            ("Reference", refund.marker),
        ),
        footer="Makegood.",
    )


def denied_note(request: ApprovalRequest, refund: Refund) -> Note:
    """Somebody said no, and why."""
    return Note(
        headline=f"Declined: refund of {_what(request)}. No money moved",
        facts=(
            ("Declined by", _decider(request)),
            ("Why", request.answer or ""),
            ("Asked by", request.requested_by_name),
            ("Reference", refund.marker),
        ),
        footer="Makegood.",
    )


def void_note(request: ApprovalRequest, refund: Refund) -> Note:
    """The plan isn't true any more: for the requester, what changed."""
    return Note(
        headline=f"Request void: refund of {_what(request)}. No money moved",
        paragraphs=(
            f"{request.requested_by_name}: the order changed since you asked. Check the new "
            "figures and ask again if they are right.",
        ),
        facts=(("Reference", refund.marker),),
        bullets=request.changes,
        footer="Makegood.",
    )


def withdrawn_note(request: ApprovalRequest, refund: Refund) -> Note:
    """The requester changed their mind."""
    return Note(
        headline=f"Request withdrawn: refund of {_what(request)}. No money moved",
        facts=(("Withdrawn by", _decider(request)), ("Reference", refund.marker)),
        footer="Makegood.",
    )


def reminder_note(before: ApprovalRequest, request: ApprovalRequest, refund: Refund) -> Note:
    """It still waits; from time to time somebody higher is asked, and somebody is told."""
    passed_on = []
    if request.asked is not before.asked:
        passed_on.append(f"Now {asked_words(request)} is asked.")
    if request.told != before.told and asked_words(request) != request.told:
        passed_on.append(f"To be told: {request.told}.")
    return Note(
        headline=f"Still waiting for approval: refund of {_what(request)}",
        paragraphs=(*_override(request), *passed_on),
        facts=(
            ("Waiting since", f"{request.created_at:%d %b %Y %H:%M} UTC"),
            ("Reminder", str(request.reminders)),
            ("Asked by", request.requested_by_name),
            ("Needed", TIER_NAMES[request.needed]),
            ("Reference", refund.marker),
        ),
        footer=_FOOTER,
    )


def reminder_tags(request: ApprovalRequest) -> tuple[str, ...]:
    """Tags by which views and triggers of the helpdesk find what waits too long."""
    tags = [OVERDUE_TAG]
    if request.asked is not first_asked(request.needed):
        tags.append(ESCALATED_TAG)
    if request.told is not None:
        tags.append(TOLD_TAG)
    return tuple(tags)


def _decider(request: ApprovalRequest) -> str:
    name = request.decided_by_name or ""
    if request.decided_for_name is not None:
        return f"{name}, on behalf of {request.decided_for_name}"
    return name


def approval_write(
    deps: Deps,
    case: Case,
    refund: Refund,
    request: ApprovalRequest,
    note: Note,
    *,
    step: str,
    tags: tuple[str, ...] = (),
) -> PendingWrite:
    """The ticket write of one step; its marker, one for each request and step, posts it once."""
    others = [
        item
        for item in deps.ledger.of_case(case.account_id, case.id)
        if item.id != refund.id and item.created_at < refund.created_at
    ]
    return PendingWrite(
        id=new_id("write"),
        account_id=case.account_id,
        case_id=case.id,
        purpose="approval",
        write=TicketWrite(
            ticket_id=case.ticket_id,
            marker=f"{request.id}-{step}",
            note=note,
            add_tags=(CHECKED_TAG, *tags),
            fields=proposed_fields(case, [*others, refund]),
        ),
        state=WriteState.QUEUED,
        attempts=0,
    )

"""The same customer asking on two tickets about the same order is one case."""

from __future__ import annotations

from datetime import datetime, timedelta

from app.domain.case import Case
from app.domain.crm import CHECKED_TAG, Note, TicketWrite
from app.domain.decision import Decision
from app.domain.order import Order
from app.domain.ticket import Ticket
from app.records import SYSTEM, PendingWrite, WriteState, new_id
from app.usecases.decide import decide_case
from app.usecases.deps import Deps
from app.usecases.fields import proposed_fields
from app.usecases.notes import case_headline

# A new message about an order this long after the last change of its case is a new wish.
_SAME_WISH = timedelta(days=14)


def case_to_join(deps: Deps, case: Case, now: datetime) -> Case | None:
    """The case of another ticket that a fresh one would repeat, or None.

    Never one of another person at the helpdesk whose order it isn't: the order was matched as this
    requester's own before. A case whose money went back is finished, and so is one set aside.
    """
    if case.order is None or case.match.chosen_by is not None:
        return None
    found = deps.cases.open_case_of_order(
        case.account_id, case.order.store_id, case.order.order_id, now - _SAME_WISH
    )
    if found is None or found.ticket_id == case.ticket_id or found.set_aside_by is not None:
        return None
    refunds = deps.ledger.of_case(found.account_id, found.id)
    if any(refund.state.counts_as_spent and not refund.state.is_open for refund in refunds):
        return None
    return found


def decided_anew(deps: Deps, first: Case, order: Order, now: datetime) -> Case:
    """The joined case decided with the order as it was just read; no note, no call to a vendor.

    A case with a refund stays as it is: what was asked for or sent rests on what was shown.
    """
    if deps.ledger.of_case(first.account_id, first.id):
        return first
    decided = decide_case(
        deps, first.model_copy(update={"revision": first.revision + 1}), order, now
    )
    if decided.case.decision is None or first.decision is None:
        return first
    if _says_the_same(decided.case.decision, first.decision) or not deps.cases.save_decision(
        decided.case, decided.offered, SYSTEM, "case_refreshed", now
    ):
        return first
    return decided.case


def _says_the_same(one: Decision, other: Decision) -> bool:
    return (one.verdict, one.plan, one.is_money_allowed) == (
        other.verdict,
        other.plan,
        other.is_money_allowed,
    )


def joined_write(deps: Deps, first: Case, fresh: Case, ticket: Ticket) -> PendingWrite:
    """The one note on the second ticket: where the case is, and what is new."""
    refunds = deps.ledger.of_case(first.account_id, first.id)
    facts = [
        ("Case", f"ticket {first.ticket_id}, since {first.created_at:%d %b %Y}"),
        ("Stands", case_headline(first)),
    ]
    if first.order is not None:
        facts.append(("Order", first.order.name))
    note = Note(
        headline=f"Refund: asked for already on ticket {first.ticket_id}",
        paragraphs=(
            "The same customer wrote about the same order on another channel. Both tickets show "
            "the same case in the sidebar, and it can be refunded once.",
            *([f"In their words: {fresh.classification.summary}"] if _says_more(fresh) else []),
        ),
        facts=tuple(facts),
        footer="Makegood. Open the sidebar to act; this note moves no money.",
    )
    return PendingWrite(
        id=new_id("write"),
        account_id=first.account_id,
        case_id=first.id,
        purpose="joined",
        write=TicketWrite(
            ticket_id=ticket.id,
            marker=f"joined-{first.id}-{ticket.id}"[:200],
            note=note,
            add_tags=(CHECKED_TAG,),
            fields=proposed_fields(first, refunds),
        ),
        state=WriteState.QUEUED,
        attempts=0,
    )


def _says_more(case: Case) -> bool:
    return bool(case.classification.summary)

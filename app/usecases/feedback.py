"""An agent's click is a label: "not a refund", "another kind", "another order".

What the text said is kept with the label, cleaned, masked and short, so that the account's own
classifier can learn from it. After a year the words go and the counts stay.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from app.domain.case import Case
from app.domain.classification import Classification, Kind
from app.domain.classify.clean import clean
from app.domain.errors import Conflict
from app.domain.feedback import Label, LabelKind
from app.domain.people import Agent, Tier
from app.domain.ticket import Ticket
from app.ports import Account
from app.records import new_id
from app.usecases.deps import Deps
from app.usecases.people import require_tier

log = logging.getLogger(__name__)

# What a letter is about stands in its beginning.
_TEXT_KEPT = 1_500
TEXT_KEPT_FOR = timedelta(days=365)


def _kept_text(ticket: Ticket) -> str:
    """Subject and what the person wrote, cleaned, masked and cut."""
    cleaned = clean(ticket.description, ticket.subject, requester=ticket.requester.name)
    return f"{cleaned.subject}\n\n{cleaned.text}".strip()[:_TEXT_KEPT]


def keep_label(
    deps: Deps,
    account: Account,
    agent: Agent,
    what: LabelKind,
    *,
    ticket_id: str,
    requester_id: str,
    said: Classification,
    right_refund: bool,
    right_kind: Kind | None = None,
    case_id: str | None = None,
    ticket: Ticket | None = None,
    orders: tuple[str | None, str | None] = (None, None),
) -> None:
    """Keep one label. `ticket` gives its text; `orders` are the one said and the right one."""
    now = deps.clock.now()
    deps.learning.add(
        Label(
            id=new_id("label"),
            account_id=account.id,
            ticket_id=ticket_id,
            requester_id=requester_id,
            case_id=case_id,
            agent_id=agent.id,
            what=what,
            said_refund=said.refund,
            said_kind=said.kind,
            right_refund=right_refund,
            right_kind=right_kind,
            said_order=orders[0],
            right_order=orders[1],
            language=said.language,
            confidence=said.confidence,
            classifier=said.classifier,
            text=_kept_text(ticket) if ticket is not None else "",
            made_at=now,
        ),
        now,
    )


def _case(deps: Deps, account: Account, case_id: str) -> Case:
    case = deps.cases.case(account.id, case_id)
    if case is None:
        raise LookupError(f"there is no case {case_id}")
    return case


def say_not_refund(deps: Deps, account: Account, case_id: str, agent: Agent) -> Case:
    """Set a case aside: it isn't about a refund. Nothing of it can be released then.

    Raises Conflict while a refund of the case is under way or when money of it has moved, and
    VendorError when the ticket's text can't be read; then nothing is changed.
    """
    require_tier(agent, Tier.AGENT, "say what a ticket is about")
    case = _case(deps, account, case_id)
    if case.set_aside_by is not None:
        return case
    refunds = deps.ledger.of_case(account.id, case.id)
    if any(refund.state.is_open or refund.state.counts_as_spent for refund in refunds):
        raise Conflict("This case has a refund already: it can't be set aside any more.")
    ticket = deps.helpdesk(account).read_ticket(case.ticket_id)
    now = deps.clock.now()
    changed = case.model_copy(
        update={"set_aside_by": agent.id, "revision": case.revision + 1, "updated_at": now}
    )
    if not deps.cases.save_decision(changed, None, agent.id, "case_set_aside", now):
        raise Conflict("The case was changed by somebody else meanwhile. Look at it again.")
    keep_label(
        deps,
        account,
        agent,
        LabelKind.NOT_REFUND,
        ticket_id=case.ticket_id,
        requester_id=case.requester_id,
        said=case.classification,
        right_refund=False,
        case_id=case.id,
        ticket=ticket,
    )
    return changed


def correct_kind(deps: Deps, account: Account, case_id: str, kind: Kind, agent: Agent) -> Case:
    """Say which kind of wish a case is; the caller decides anew with it.

    Raises Conflict when the case changed meanwhile, VendorError when the text can't be read.
    """
    require_tier(agent, Tier.AGENT, "say what a ticket is about")
    case = _case(deps, account, case_id)
    if case.request.kind is kind:
        return case
    ticket = deps.helpdesk(account).read_ticket(case.ticket_id)
    now = deps.clock.now()
    changed = case.model_copy(
        update={
            "request": case.request.model_copy(update={"kind": kind}),
            "revision": case.revision + 1,
            "updated_at": now,
        }
    )
    if not deps.cases.save_decision(changed, None, agent.id, "kind_corrected", now):
        raise Conflict("The case was changed by somebody else meanwhile. Look at it again.")
    keep_label(
        deps,
        account,
        agent,
        LabelKind.KIND,
        ticket_id=case.ticket_id,
        requester_id=case.requester_id,
        said=case.classification,
        right_refund=kind.is_refund_related,
        right_kind=kind,
        case_id=case.id,
        ticket=ticket,
    )
    return changed


def forget_old_texts(deps: Deps) -> int:
    """Empty the texts of labels older than a year; the clock calls this."""
    gone = deps.learning.erase_texts(deps.clock.now() - TEXT_KEPT_FOR)
    if gone:
        log.info("texts of labels erased", extra={"count": gone})
    return gone

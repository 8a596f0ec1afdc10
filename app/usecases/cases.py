"""What agents do with a case: open it, read the store again, look for and choose the order."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pydantic import AwareDatetime

from app.domain.approval import ApprovalRequest
from app.domain.base import Value
from app.domain.bonus import Bonus
from app.domain.case import Case
from app.domain.classification import Kind
from app.domain.crm import CustomerFields
from app.domain.errors import Conflict
from app.domain.feedback import LabelKind
from app.domain.matching import Match, MatchOutcome, OrderQuery, normal_name
from app.domain.named_lines import lines_meant
from app.domain.order import Order, OrderSummary
from app.domain.orders_elsewhere import KeptOrder
from app.domain.people import Agent, Tier
from app.domain.refund import Refund, RefundState
from app.ports import Account
from app.records import AskedOn, AuditEvent, OfferedPlan, PendingWrite, TriageResult
from app.usecases.customers import customer_fields, shown_customer_fields
from app.usecases.decide import decide_case, note_write
from app.usecases.deps import Deps
from app.usecases.feedback import correct_kind, keep_label
from app.usecases.lookup import ask_stores
from app.usecases.people import require_tier
from app.usecases.reading import classify_ticket
from app.usecases.stale_requests import void_stale_requests
from app.usecases.ticket_writes import deliver_write
from app.usecases.triage import build_case, without_addresses


class TicketView(Value):
    """Everything that the sidebar shows of one ticket, from the database alone."""

    case: Case | None
    is_triaged: bool
    offered: OfferedPlan | None = None
    refunds: tuple[Refund, ...] = ()
    bonuses: tuple[Bonus, ...] = ()
    approvals: tuple[ApprovalRequest, ...] = ()
    writes: tuple[PendingWrite, ...] = ()
    history: tuple[AuditEvent, ...] = ()
    customer_fields: CustomerFields = CustomerFields()
    asked_on: tuple[AskedOn, ...] = ()
    read_at: AwareDatetime

    def bonus_of(self, refund: Refund) -> Bonus | None:
        """The bonus that goes with one of the refunds."""
        return next((one for one in self.bonuses if one.refund_id == refund.id), None)


def require_case(deps: Deps, account: Account, case_id: str) -> Case:
    """A case of this account; LookupError when there is none."""
    case = deps.cases.case(account.id, case_id)
    if case is None:
        raise LookupError(f"there is no case {case_id}")
    return case


def open_ticket(deps: Deps, account: Account, ticket_id: str) -> TicketView:
    """The stored case of a ticket with its refunds, writes and history. No vendor is called."""
    now = deps.clock.now()
    case = deps.cases.case_of_ticket(account.id, ticket_id)
    if case is None:
        triaged = deps.cases.is_triaged(account.id, ticket_id)
        return TicketView(case=None, is_triaged=triaged, read_at=now)
    refunds = deps.ledger.of_case(account.id, case.id)
    history = deps.audit.of_subject(account.id, f"case:{case.id}")
    for refund in refunds:
        history += deps.audit.of_subject(account.id, f"refund:{refund.id}")
    history.sort(key=lambda event: event.sequence)
    return TicketView(
        case=case,
        is_triaged=True,
        offered=deps.cases.current_offer(account.id, case.id),
        refunds=tuple(refunds),
        bonuses=tuple(deps.bonuses.of_case(account.id, case.id)) if refunds else (),
        approvals=tuple(deps.approvals.of_case(account.id, case.id)) if refunds else (),
        writes=tuple(deps.outbox.of_ticket(account.id, ticket_id)),
        history=tuple(history),
        customer_fields=shown_customer_fields(customer_fields(deps, case), history, refunds),
        asked_on=tuple(deps.cases.tickets_of_case(account.id, case.id)),
        read_at=now,
    )


def kept_orders(deps: Deps, account: Account, ticket_id: str) -> tuple[KeptOrder, ...]:
    """The customer's orders that stand in the helpdesk itself; nothing is decided by them.

    Raises LookupError for a ticket without a case, VendorError when the helpdesk doesn't answer.
    """
    case = deps.cases.case_of_ticket(account.id, ticket_id)
    if case is None:
        raise LookupError(f"there is no case of ticket {ticket_id}")
    return deps.helpdesk(account).kept_orders(case.requester_id)


def triage_by_hand(deps: Deps, account: Account, ticket_id: str, agent: Agent) -> Case:
    """Make a case of a ticket that triage left alone, because an agent says it is a refund.

    What the text states counts as stated, whatever the classifier thought of it. Raises
    VendorError when helpdesk or store don't answer; then nothing is stored.
    """
    require_tier(agent, Tier.AGENT, "start a refund case")
    existing = deps.cases.case_of_ticket(account.id, ticket_id)
    if existing is not None:
        return _taken_up(deps, existing, agent) if existing.set_aside_by else existing
    ticket = deps.helpdesk(account).read_ticket(ticket_id)
    now = deps.clock.now()
    said = classify_ticket(deps, account.id, ticket)
    found = said.model_copy(update={"refund": True, "refund_related": True, "needs_human": False})
    case, offered = build_case(deps, account, ticket, found, now, can_wait=False)
    write = note_write(deps, case, [])
    stored = deps.cases.save_triage(
        TriageResult(
            delivery_id=None,
            account_id=account.id,
            ticket_id=ticket.id,
            requester_id=ticket.requester.id,
            is_refund=True,
            outcome=f"started by {agent.id}",
            takes_up=True,
            case=case,
            offered=offered,
            write=write,
        ),
        now,
    )
    if not stored:
        present = deps.cases.case_of_ticket(account.id, ticket_id)
        if present is not None:
            return present
        raise Conflict("The ticket is being worked on right now. Try again in a moment.")
    deps.audit.append(account.id, agent.id, "case_started", f"case:{case.id}", {}, now)
    keep_label(
        deps,
        account,
        agent,
        LabelKind.IS_REFUND,
        ticket_id=ticket.id,
        requester_id=ticket.requester.id,
        said=said,
        right_refund=True,
        right_kind=said.kind if said.kind.is_refund_related else None,
        case_id=case.id,
        ticket=ticket,
    )
    deliver_write(deps, write.id, seen=ticket)
    return case


def _taken_up(deps: Deps, case: Case, agent: Agent) -> Case:
    """A case that was set aside is about a refund after all: decided anew, its label withdrawn."""
    deps.learning.withdraw(case.account_id, case.ticket_id, LabelKind.NOT_REFUND)
    case = case.model_copy(update={"set_aside_by": None})
    if case.order is None and case.match.order is None:
        now = deps.clock.now()
        back = case.model_copy(update={"revision": case.revision + 1, "updated_at": now})
        if not deps.cases.save_decision(back, None, agent.id, "case_taken_up", now):
            raise Conflict("The case was changed by somebody else meanwhile. Look at it again.")
        return back
    return redecide(deps, case, agent.id, "case_taken_up")


def correct_case_kind(deps: Deps, account: Account, case_id: str, kind: Kind, agent: Agent) -> Case:
    """Say which kind of wish a case is, and decide anew with it."""
    case = correct_kind(deps, account, case_id, kind, agent)
    if case.order is None:
        return case
    return redecide(deps, case, agent.id, "case_refreshed")


def refresh_case(deps: Deps, account: Account, case_id: str, agent: Agent) -> Case:
    """Read the order again and decide anew; the sidebar's fresh figures. No note is posted.

    A case without an order looks for it again. Raises VendorError when a vendor doesn't answer.
    """
    require_tier(agent, Tier.AGENT, "refresh the figures")
    case = require_case(deps, account, case_id)
    if case.order is None and case.match.order is None:
        return _look_again(deps, account, case, agent)
    return redecide(deps, case, agent.id, "case_refreshed")


def redecide(
    deps: Deps,
    case: Case,
    actor: str,
    action: str,
    *,
    with_note: bool = False,
    revise: Callable[[Case, Order], Case] = lambda case, order: case,
    noted: Mapping[str, object] | None = None,
) -> Case:
    """Read the case's order from its store and decide again. Raises Conflict, VendorError.

    `revise` changes what the case is decided with, knowing the order as it was just read; `noted`
    is kept in the audit. A request that waits for approval is void where the order changed
    (`stale_requests`).
    """
    store_id, order_id = _order_of(case)
    order = deps.store_by_id(case.account_id, store_id).read_order(order_id)
    now = deps.clock.now()
    revised = revise(case, order)
    next_one = revised.model_copy(update={"revision": case.revision + 1})
    decided = decide_case(deps, next_one, order, now)
    refunds = deps.ledger.of_case(case.account_id, case.id)
    write = note_write(deps, decided.case, refunds) if with_note else None
    if not deps.cases.save_decision(
        decided.case, decided.offered, actor, action, now, write, noted
    ):
        raise Conflict("The case was changed by somebody else meanwhile. Look at it again.")
    void_stale_requests(deps, case, decided.case)
    if write is not None:
        deliver_write(deps, write.id)
    return decided.case


def _order_of(case: Case) -> tuple[str, str]:
    if case.order is not None:
        return case.order.store_id, case.order.order_id
    if case.match.order is not None:
        return case.match.order.store_id, case.match.order.order_id
    raise Conflict("Choose the order first.")


def _look_again(deps: Deps, account: Account, case: Case, agent: Agent) -> Case:
    ticket = deps.helpdesk(account).read_ticket(case.ticket_id)
    now = deps.clock.now()
    fresh, offered = build_case(deps, account, ticket, case.classification, now, can_wait=False)
    updated = case.model_copy(
        update={
            "match": fresh.match,
            "request": case.request.model_copy(update={"line_ids": fresh.request.line_ids}),
            "order": fresh.order,
            "decision": fresh.decision,
            "decision_id": fresh.decision_id,
            "problem": fresh.problem,
            "updated_at": now,
            "revision": case.revision + 1,
        }
    )
    if offered is not None:
        offered = offered.model_copy(update={"case_id": case.id, "case_revision": updated.revision})
    refunds = deps.ledger.of_case(account.id, case.id)
    changed = updated.match != case.match or updated.decision is not None
    write = note_write(deps, updated, refunds) if changed else None
    if not deps.cases.save_decision(updated, offered, agent.id, "order_searched", now, write):
        raise Conflict("The case was changed by somebody else meanwhile. Look at it again.")
    if write is not None:
        deliver_write(deps, write.id)
    return updated


def search_order(
    deps: Deps, account: Account, case_id: str, text: str, agent: Agent
) -> list[OrderSummary]:
    """Orders with exactly this number in any store, whoever's they are. The search is recorded.

    Without the addresses that the stores have for them: an agent compares by date and amount.
    """
    require_tier(agent, Tier.AGENT, "search for orders")
    case = require_case(deps, account, case_id)
    name = text.strip().lstrip("#")
    lookups, errors = ask_stores(deps, account, OrderQuery(order_names=(name,)))
    found = [
        candidate.order.model_copy(update={"email": None, "phone": None})
        for lookup in lookups
        for candidate in lookup.candidates
        if normal_name(candidate.order.name) == normal_name(name)
    ]
    if errors and not found:
        raise errors[0]
    deps.audit.append(
        account.id,
        agent.id,
        "order_searched_by_hand",
        f"case:{case.id}",
        {"text": name[:64], "found": len(found)},
        deps.clock.now(),
    )
    return found


def choose_order(
    deps: Deps, account: Account, case_id: str, store_id: str, order_id: str, agent: Agent
) -> Case:
    """Decide for the order that an agent chose by hand, with a new note. The choice is recorded.

    Raises Conflict while a refund of the case is under way, or when money of it has moved already.
    """
    require_tier(agent, Tier.AGENT, "choose the order")
    case = require_case(deps, account, case_id)
    if case.order is not None and (case.order.store_id, case.order.order_id) == (
        store_id,
        order_id,
    ):
        return case
    refunds = deps.ledger.of_case(account.id, case.id)
    if any(item.state is RefundState.AWAITING_APPROVAL for item in refunds):
        raise Conflict(
            "A refund of this case waits for approval: withdraw the request before you choose "
            "another order."
        )
    if any(item.state.counts_as_spent or item.state.is_open for item in refunds):
        raise Conflict("This case already has a refund: its order can't be changed any more.")
    order = deps.store_by_id(account.id, store_id).read_order(order_id)
    now = deps.clock.now()
    summary = OrderSummary(
        store_id=order.store_id,
        order_id=order.order_id,
        name=order.name,
        created_at=order.created_at,
        total=order.total,
        refunded=order.refunded,
        payment_status=order.payment_status,
        is_cancelled=order.is_cancelled,
        is_test=order.is_test,
    )
    match = Match(
        outcome=MatchOutcome.MATCHED,
        order=summary,
        candidates=case.match.candidates,
        explanation=f"Chosen by {agent.name}.",
        tried=case.match.tried,
        chosen_by=agent.id,
    )
    meant = lines_meant(case.request, order)
    chosen = case.model_copy(
        update={
            "match": without_addresses(match),
            "request": case.request.model_copy(update={"line_ids": meant}),
            # What came back of another order says nothing about this one.
            "returns": (),
            "revision": case.revision + 1,
        }
    )
    decided = decide_case(deps, chosen, order, now)
    write = note_write(deps, decided.case, [])
    if not deps.cases.save_decision(
        decided.case, decided.offered, agent.id, "order_chosen", now, write
    ):
        raise Conflict("The case was changed by somebody else meanwhile. Look at it again.")
    if case.match.chosen_by is None:
        keep_label(
            deps,
            account,
            agent,
            LabelKind.ORDER,
            ticket_id=case.ticket_id,
            requester_id=case.requester_id,
            said=case.classification,
            right_refund=True,
            case_id=case.id,
            orders=(case.match.order.name if case.match.order else None, order.name),
        )
    deliver_write(deps, write.id)
    return decided.case

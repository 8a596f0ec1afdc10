"""The helpdesk fields that Makegood proposes, and an agent's own values for them."""

from __future__ import annotations

from collections.abc import Sequence

from app.domain.case import Case, refund_status
from app.domain.crm import CHECKED_TAG, CustomerFields, TicketFields, TicketWrite
from app.domain.people import Agent, Tier
from app.domain.refund import Refund, RefundState
from app.ports import Account
from app.records import PendingWrite, WriteState, new_id
from app.usecases.customers import customer_fields
from app.usecases.deps import Deps
from app.usecases.people import require_tier
from app.usecases.ticket_writes import deliver_write


def proposed_fields(case: Case, refunds: Sequence[Refund]) -> TicketFields:
    """What the ticket's fields should say: the latest refund's amount, else the plan's."""
    latest = refunds[-1] if refunds else None
    amount = None
    if latest is not None and latest.state not in {
        RefundState.CANCELLED,
        RefundState.DECLINED,
        RefundState.FAILED,
    }:
        amount = latest.settled_amount or latest.plan.total
    elif case.decision is not None and case.decision.plan is not None:
        amount = case.decision.plan.total
    return TicketFields(
        status=refund_status(case, latest),
        amount=amount,
        order=case.order.name if case.order else None,
        reason=case.request.reason,
    )


def shown_fields(
    case: Case, refunds: Sequence[Refund], writes: Sequence[PendingWrite]
) -> TicketFields:
    """What sidebar and open form show: an agent's own values while they are the newest written,
    else what is proposed. `writes` are the ticket's, oldest first."""
    proposed = proposed_fields(case, refunds)
    newest = writes[-1] if writes else None
    if newest is None or newest.purpose != "fields" or newest.state is WriteState.REFUSED:
        return proposed
    by_hand = {
        name: value for name in TicketFields.model_fields
        if (value := getattr(newest.write.fields, name)) is not None
    }  # fmt: skip
    return proposed.model_copy(update=by_hand)


def save_fields(
    deps: Deps,
    account: Account,
    case_id: str,
    ticket: TicketFields,
    customer: CustomerFields,
    agent: Agent,
) -> PendingWrite:
    """Write an agent's field values into ticket and customer now; the audit keeps who did it.

    Raises NotAllowed for people without the right to act, LookupError for an unknown case.
    """
    require_tier(agent, Tier.AGENT, "save fields")
    case = deps.cases.case(account.id, case_id)
    if case is None:
        raise LookupError(f"there is no case {case_id}")
    now = deps.clock.now()
    write_id = new_id("write")
    pending = PendingWrite(
        id=write_id,
        account_id=account.id,
        case_id=case.id,
        purpose="fields",
        write=TicketWrite(
            ticket_id=case.ticket_id,
            marker=f"fields-{write_id}",
            add_tags=(CHECKED_TAG,),
            fields=ticket,
        ),
        state=WriteState.QUEUED,
        attempts=0,
    )
    data = {
        "ticket_fields": ticket.model_dump(mode="json", exclude_none=True),
        "customer_fields": customer.model_dump(mode="json", exclude_none=True),
    }
    deps.audit.append(account.id, agent.id, "fields_saved", f"case:{case.id}", data, now)
    if ticket != TicketFields():
        deps.outbox.add(pending, now)
        deliver_write(deps, pending.id)
    if customer != CustomerFields() and customer != customer_fields(deps, case):
        deps.helpdesk(account).write_customer(case.requester_id, customer)
    written = deps.outbox.of_ticket(account.id, case.ticket_id)
    return next((item for item in written if item.id == write_id), pending)

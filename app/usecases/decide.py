"""Read an order and decide: the part that triage, a chosen order and a refresh share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.domain.case import Case
from app.domain.crm import CHECKED_TAG, TicketWrite
from app.domain.decision import Decision
from app.domain.order import Order
from app.domain.plan import ChosenFee, ChosenLine, Plan, RefundChoice
from app.domain.policy.evaluate import decide
from app.domain.refund import Refund
from app.records import Basis, OfferedPlan, PendingWrite, WriteState, new_id
from app.usecases.deps import Deps
from app.usecases.fields import proposed_fields
from app.usecases.history import history_for, rates_of
from app.usecases.notes import triage_note


@dataclass(frozen=True)
class Decided:
    """A case with its new decision, and the plan that goes with it."""

    case: Case
    offered: OfferedPlan | None


def keep_little(order: Order) -> Order:
    """The order as it is kept: without addresses, which only the match needed."""
    customer = order.customer.model_copy(update={"email": None}) if order.customer else None
    return order.model_copy(update={"email": None, "phone": None, "customer": customer})


def choice_of(plan: Plan) -> RefundChoice:
    """The choice that a plan prices, to be priced again by the store. Its fees are amounts now."""
    return RefundChoice(
        lines=tuple(
            ChosenLine(
                line_id=line.line_id,
                quantity=line.quantity,
                percent=line.percent,
                pro_rata=line.pro_rata,
                keeps_item=line.keeps_item,
            )
            for line in plan.lines
        ),
        shipping=plan.shipping if plan.shipping else None,
        duties=plan.duties is not None,
        fees=tuple(
            ChosenFee(kind=fee.kind, label=fee.label, amount=fee.amount) for fee in plan.fees
        ),
        amount_override=plan.total if plan.adjustment else None,
        destination=plan.destination,
        bonus_percent=plan.bonus_percent,
    )


def decide_case(deps: Deps, case: Case, order: Order, now: datetime) -> Decided:
    """`case` with a decision about `order` at `now`, by the policy that is in force for its store.

    Reads the policy, the history that it asks for and the admin's rates; no vendor is called.
    """
    policy = deps.policies.in_force(case.account_id, order.store_id, now)
    order = keep_little(order)
    history = history_for(deps, case.account_id, case.requester_id, order, policy, now)
    decision = decide(
        policy,
        order,
        case.request,
        now,
        case.classification,
        history=history,
        rates=rates_of(deps.account(case.account_id)),
        returns=case.returns,
    )
    case = case.model_copy(
        update={
            "order": order,
            "decision": decision,
            "decision_id": new_id("dec"),
            "problem": None,
            "updated_at": now,
        }
    )
    return Decided(case=case, offered=_offer(case, order, decision, now))


def _offer(case: Case, order: Order, decision: Decision, now: datetime) -> OfferedPlan | None:
    # What waits for the goods can't be released: there is no plan that a click could execute.
    if decision.plan is None or decision.waits_for_return:
        return None
    return OfferedPlan(
        id=new_id("plan"),
        account_id=case.account_id,
        case_id=case.id,
        store_id=order.store_id,
        plan=decision.plan,
        choice=choice_of(decision.plan),
        basis=basis_of(order, decision, decision.plan),
        case_revision=case.revision,
        created_at=now,
        decision_id=case.decision_id,
    )


def basis_of(order: Order, decision: Decision | None, plan: Plan) -> Basis:
    """What a plan rests on; where it goes by a decision, that may need goods to be back."""
    lines = decision.lines if decision is not None else ()
    needed = {line.line_id for line in lines if line.requires_return}
    returned = {line.line_id: line.quantity for line in plan.lines if line.line_id in needed}
    return Basis.of(order).model_copy(update={"returned": returned})


def note_write(deps: Deps, case: Case, refunds: list[Refund]) -> PendingWrite:
    """The ticket write that tells about a case's decision; one marker per decision."""
    names = {store.id: store.name for store in deps.accounts.stores(case.account_id)}
    about = case.decision_id or f"{case.id}-{case.revision}"
    return PendingWrite(
        id=new_id("write"),
        account_id=case.account_id,
        case_id=case.id,
        purpose="decision",
        write=TicketWrite(
            ticket_id=case.ticket_id,
            marker=f"decision-{about}",
            note=triage_note(case, names),
            add_tags=(CHECKED_TAG,),
            fields=proposed_fields(case, refunds),
        ),
        state=WriteState.QUEUED,
        attempts=0,
    )

"""Domain values as bodies of the interface."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from app.domain.bonus import Bonus, BonusState
from app.domain.case import Case, refund_status
from app.domain.money import Money
from app.domain.order import Order, OrderSummary
from app.domain.override import Override
from app.domain.people import Agent, Tier
from app.domain.plan import ChosenLine as DomainLine
from app.domain.plan import Plan, RefundChoice
from app.domain.pricing import shipping_left
from app.domain.refund import Refund
from app.records import AuditEvent, Delivery, PendingWrite
from app.usecases.plans import usual_destination
from app.web import api_models as body
from app.web.formats import Formats
from app.web.plan_words import (
    Row,
    ask_words,
    button_words,
    destinations,
    fee_label,
    make_up,
    plan_sums,
)
from app.web.returns_view import ReturnsView
from app.web.standing import hold_ms_left, money_moved, release, state_code
from app.web.texts import has_text, text


def _money(money: Money) -> body.MoneyBody:
    return body.MoneyBody.of(money)


def to_choice(case: Case, order: Order, wanted: body.ChoiceBody) -> RefundChoice:
    """The domain's choice; "shipping" means all shipping that is left on the order, and without a
    destination it goes where the policy sends it."""
    left = shipping_left(order)
    ids = [line.line_id for line in wanted.lines]
    return RefundChoice(
        lines=tuple(DomainLine.model_validate(line.model_dump()) for line in wanted.lines),
        shipping=left if wanted.shipping and left else None,
        duties=wanted.duties,
        amount_override=wanted.amount.to_money() if wanted.amount else None,
        destination=wanted.destination or usual_destination(case, ids),
    )


def to_override(wanted: body.ChoiceBody) -> Override | None:
    """The rule that is set aside, and why."""
    return Override.model_validate(wanted.override.model_dump()) if wanted.override else None


def order_body(
    order: OrderSummary | Order, store_names: dict[str, str], formats: Formats
) -> body.OrderBody:
    """An order as lists show it."""
    return body.OrderBody(
        store_id=order.store_id,
        store=store_names.get(order.store_id, order.store_id),
        order_id=order.order_id,
        name=order.name,
        created_at=order.created_at,
        created_text=formats.day(order.created_at),
        total=_money(order.total),
        total_text=formats.money(order.total),
        refunded=_money(order.refunded),
        payment_status=order.payment_status.value,
        is_cancelled=order.is_cancelled,
    )


def plan_body(
    plan: Plan,
    token: str | None,
    needed: Tier,
    agent: Agent | None,
    formats: Formats,
    against: str | None = None,
    reason: str | None = None,
) -> body.PlanBody:
    """A plan with the words of its button. `token` None: a what-if that nothing can release.

    `against` is the title of the rule that is set aside for it, `reason` what a request for
    approval begins with.
    """
    sums = plan_sums(plan)
    who = release(needed, agent)
    may_ask = who.may_ask and plan.is_exact
    return body.PlanBody(
        plan=token if who.is_allowed else None,
        order_name=plan.order_name,
        verdict="override" if against is not None else "eligible",
        verdict_text=(
            text("override.verdict", title=against) if against else text("verdict.eligible")
        ),
        lines=[
            body.PlanLineBody(
                line_id=line.line_id,
                name=line.name,
                quantity=line.quantity,
                amount=_money(line.amount),
                tax=_money(line.tax),
            )
            for line in plan.lines
        ],
        items=_money(sums["items"]),
        discount=_money(sums["discount"]),
        tax=_money(sums["tax"]),
        shipping=_money(sums["shipping"]),
        duties=_money(sums["duties"]),
        fees=[
            body.FeeBody(kind=fee.kind.value, label=fee_label(fee), amount=_money(fee.amount))
            for fee in plan.fees
        ],
        adjustment=_money(sums["adjustment"]),
        total=_money(plan.total),
        total_text=formats.money(plan.total),
        destination=plan.destination.value,
        bonus=_money(plan.bonus) if plan.bonus else None,
        credit_total=_money(plan.credit_total) if plan.is_store_credit else None,
        given_text=formats.money(plan.credit_total),
        rows=[_row(row) for row in make_up(plan, formats)],
        goes_to=[_row(row) for row in destinations(plan, formats)],
        stores_figure=_money(plan.comparison.stores) if plan.comparison else None,
        agrees=plan.is_exact,
        needed_tier=who.needed.value,
        needed_tier_text=text("part.released_by", tier=text(f"tier.{who.needed.value}")),
        may_release=who.is_allowed and plan.is_exact,
        why_not=who.why_not if plan.is_exact else _differs(plan, formats),
        button=button_words(plan, formats),
        may_ask=may_ask,
        ask=token if may_ask else None,
        ask_button=ask_words(plan, who.needed, formats) if may_ask else None,
        reason=reason if may_ask else None,
        is_manual=plan.is_manual,
        warnings=list(plan.warnings),
    )


def _row(row: Row) -> body.RowBody:
    return body.RowBody(label=row.label, value=row.value, kind=row.kind)


def _differs(plan: Plan, formats: Formats) -> str:
    stores = plan.comparison.stores if plan.comparison else plan.total
    return text("amount.differs", stores=formats.money(stores))


def refund_body(
    refund: Refund,
    now: datetime,
    formats: Formats,
    *,
    bonus: Bonus | None = None,
    is_new: bool = False,
) -> body.RefundState:
    """A refund, and the bonus that goes with it, in words that say what is true about the money.

    It isn't final while its bonus is still to be given.
    """
    code = state_code(refund)
    amount = formats.money(_given(refund, bonus))
    label = ", ".join(tender.label for tender in refund.plan.tenders)
    title = f"refund.{code}.title"
    if refund.plan.is_store_credit and has_text(f"{title}_credit"):
        title = f"{title}_credit"
    values = {"amount": amount, "order": refund.order_name, "label": label}
    detail = text(f"refund.{code}.detail", **values)
    if refund.explanation and code != "holding":
        says_it_all = detail.rstrip(".").lower() in refund.explanation.lower()
        detail = refund.explanation if says_it_all else f"{detail} {refund.explanation}"
    if bonus is not None:
        about = text(f"bonus.{bonus.state.value}", amount=formats.money(bonus.amount))
        detail = f"{detail} {about} {bonus.explanation or ''}".rstrip()
    return body.RefundState(
        id=refund.id,
        state=refund.state.value,
        is_final=refund.state.is_final and (bonus is None or bonus.state.is_final),
        money_moved=money_moved(refund),
        amount=_money(refund.settled_amount or refund.plan.total),
        order_name=refund.order_name,
        marker=refund.marker,
        title=text(title, **values),
        detail=detail,
        next=text(f"refund.{code}.next", **values),
        may_cancel=refund.may_cancel(now),
        hold_ms=hold_ms_left(refund, now),
        requested_by=refund.requested_by_name,
        is_new=is_new,
    )


def _given(refund: Refund, bonus: Bonus | None) -> Money:
    """What the customer has, or is to get: with the bonus, until it is known to have failed."""
    if refund.settled_amount is None:
        return refund.plan.credit_total
    if bonus is not None and bonus.state is BonusState.GIVEN:
        return refund.settled_amount + bonus.amount
    return refund.settled_amount


def return_bodies(view: ReturnsView | None) -> list[body.ReturnBody]:
    """What has to come back, or is said to be."""
    return [
        body.ReturnBody(
            line_id=line.line_id, name=line.name, units=line.units, back=line.back, told=line.told
        )
        for line in (view.lines if view else ())
    ]


def write_body(write: PendingWrite) -> body.WriteBody:
    """A ticket write."""
    return body.WriteBody(
        id=write.id, purpose=write.purpose, state=write.state.value, cause=write.cause
    )


def history_body(event: AuditEvent) -> body.HistoryBody:
    """One entry of the timeline; the event's data stays in the audit."""
    return body.HistoryBody(at=event.at, actor=event.actor, action=event.action)


def case_body(case: Case, refunds: Sequence[Refund]) -> body.CaseBody:
    """A case in short."""
    headline = case.decision.headline if case.decision else (case.problem or case.match.explanation)
    return body.CaseBody(
        case_id=case.id,
        ticket_id=case.ticket_id,
        revision=case.revision,
        status=refund_status(case, refunds[-1] if refunds else None).value,
        headline=headline,
    )


def delivery_body(delivery: Delivery) -> body.DeliveryBody:
    """A kept delivery."""
    return body.DeliveryBody(
        id=delivery.id,
        ticket_id=delivery.event.ticket_id,
        kind=delivery.event.kind.value,
        state=delivery.state.value,
        attempts=delivery.attempts,
        cause=delivery.outcome,
        received_at=delivery.received_at,
    )

"""The what-if: which items, how many, another amount, another method, and against the policy."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.case import Case
from app.domain.decision import Decision, LineVerdict, Truth, Verdict
from app.domain.order import Order
from app.domain.plan import Destination, Plan
from app.domain.policy.model import Effect
from app.domain.policy.waiting import most_now
from app.domain.pricing import refundable_maximum, shipping_left
from app.usecases.cases import TicketView
from app.usecases.plans import (
    is_credit_only,
    line_units_free,
    may_give,
    usual_destination,
)
from app.web.formats import Formats
from app.web.standing import can_choose_parts, can_override
from app.web.texts import text


@dataclass(frozen=True)
class StepView:
    """One line with a stepper; `maximum` 0: it can't be chosen, and `note` says why.

    `only` is the one method in which the policy gives something for it, if there is but one.
    """

    id: str
    name: str
    note: str
    badge: str
    maximum: int
    chosen: int
    percent: str
    only: str = ""


@dataclass(frozen=True)
class MethodView:
    """One way in which the money can go."""

    value: str
    label: str
    is_chosen: bool


@dataclass(frozen=True)
class PartView:
    """One form of choices. `clauses` (id, title) make it a refund against the policy."""

    lines: tuple[StepView, ...]
    methods: tuple[MethodView, ...]
    shipping: str | None
    is_shipping_chosen: bool
    has_duties: bool
    can_notify: bool
    currency: str
    maximum: str
    clauses: tuple[tuple[str, str], ...] = ()
    can_waive: bool = False


def part_view(view: TicketView, formats: Formats) -> PartView | None:
    """What the policy lets an agent choose; None if it gives nothing or a refund is on its way."""
    case = view.case
    if case is None or case.order is None or case.decision is None or not can_choose_parts(view):
        return None
    plan = case.decision.plan
    order = case.order
    return _form(
        case,
        order,
        formats,
        lines=tuple(_step(order, one, plan, formats) for one in case.decision.lines),
        plan=plan,
    )


def override_view(view: TicketView, formats: Formats) -> PartView | None:
    """The same with every line open, for a person who sets a rule aside and says why."""
    case = view.case
    if case is None or case.order is None or case.decision is None or not can_override(view):
        return None
    order = case.order
    form = _form(
        case,
        order,
        formats,
        lines=tuple(_open_step(order, one, formats) for one in case.decision.lines),
        plan=None,
        is_free=True,
    )
    return PartView(
        **{
            **vars(form),
            "clauses": _clauses(case.decision),
            "can_waive": any(line.terms.fees for line in case.decision.lines),
        }
    )


def _form(
    case: Case,
    order: Order,
    formats: Formats,
    *,
    lines: tuple[StepView, ...],
    plan: Plan | None,
    is_free: bool = False,
) -> PartView:
    left = shipping_left(order)
    most = refundable_maximum(order)
    if case.decision is not None and not is_free:
        most = most_now(case.decision, order)
    return PartView(
        lines=lines,
        methods=_methods(case, order, is_free=is_free),
        shipping=formats.money(left) if left else None,
        is_shipping_chosen=plan is not None and bool(plan.shipping),
        has_duties=any(line.duties for line in order.lines),
        can_notify=order.can_notify_customer,
        currency=order.currency,
        maximum=formats.money(most),
    )


def _step(order: Order, verdict: LineVerdict, plan: Plan | None, formats: Formats) -> StepView:
    item = order.line(verdict.line_id)
    is_open = may_give(verdict)
    badge = ""
    if is_open and is_credit_only(verdict):
        badge = text("part.credit_only")
    elif is_open and verdict.terms.percent != 100:
        badge = text("part.percent", percent=f"{verdict.terms.percent.normalize():f}")
    is_eligible = verdict.verdict is Verdict.ELIGIBLE
    most = line_units_free(verdict, order) if is_open else 0
    note = formats.money(item.unit_price) if is_eligible else verdict.because
    if is_open and most < item.refundable_quantity:
        waiting = item.refundable_quantity - most
        key = "part.waits_some" if item.refundable_quantity > 1 else "part.waits"
        note = text(key, price=note, count=waiting, total=item.refundable_quantity)
    planned = {line.line_id: line.quantity for line in plan.lines} if plan else {}
    return StepView(
        id=item.id,
        name=item.name,
        note=note,
        badge=badge,
        maximum=most,
        chosen=min(most, planned.get(item.id, 0)),
        percent=f"{verdict.terms.percent.normalize():f}",
        only=Destination.STORE_CREDIT.value if is_open and is_credit_only(verdict) else "",
    )


def _open_step(order: Order, verdict: LineVerdict, formats: Formats) -> StepView:
    item = order.line(verdict.line_id)
    return StepView(
        id=item.id,
        name=item.name,
        note=formats.money(item.unit_price),
        badge="",
        maximum=item.refundable_quantity,
        chosen=0,
        percent="100",
    )


def _methods(case: Case, order: Order, *, is_free: bool) -> tuple[MethodView, ...]:
    """Empty where there is only one way: then nobody has to choose."""
    if not order.can_store_credit or case.decision is None:
        return ()
    usual = usual_destination(case, ())
    gives_money = is_free or any(
        may_give(line) and not is_credit_only(line) for line in case.decision.lines
    )
    credit = Destination.STORE_CREDIT
    chosen = credit if not gives_money else usual
    methods = [MethodView(credit.value, _credit_label(case.decision), chosen is credit)]
    if gives_money:
        original = Destination.ORIGINAL_PAYMENT
        label = _original_label(order)
        methods.insert(0, MethodView(original.value, label, chosen is original))
    return tuple(methods)


def _original_label(order: Order) -> str:
    tenders = order.suggestion.tenders if order.suggestion else ()
    if len(tenders) == 1:
        return text("part.method_original", label=tenders[0].label)
    return text("part.method_payment")


def _credit_label(decision: Decision) -> str:
    bonuses = {
        line.terms.bonus_percent for line in decision.lines if line.verdict is Verdict.ELIGIBLE
    }
    bonus = bonuses.pop() if len(bonuses) == 1 else None
    if bonus:
        return text("part.method_bonus", percent=f"{bonus.normalize():f}")
    return text("part.method_credit")


def _clauses(decision: Decision) -> tuple[tuple[str, str], ...]:
    """The rules that can be set aside: those that decided against something first, then the others.

    A rule that simply gives the refund stands in nobody's way.
    """
    decided = [
        line.decided_by
        for line in decision.lines
        if (line.verdict is not Verdict.ELIGIBLE or line.requires_return)
        and line.decided_by is not None
    ]
    found: dict[str, str] = {}
    titles = decision.titles()
    for code in decided:
        found[code] = titles.get(code, code)
    for _, finding in decision.tested():
        is_in_the_way = finding.effect is not Effect.REFUND and finding.truth is not Truth.FALSE
        is_unmet = finding.effect is Effect.REFUND and finding.truth is not Truth.TRUE
        if is_in_the_way or is_unmet:
            found.setdefault(finding.code, finding.title)
    for line in decision.lines:
        # What is given, but less than the person wants to give.
        if line.decided_by is not None:
            found.setdefault(line.decided_by, titles.get(line.decided_by, line.decided_by))
    return tuple(found.items())

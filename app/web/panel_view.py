"""The panel as values: every word and figure that the template prints, and nothing to compute."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.domain.case import Case
from app.domain.order import FulfilmentStatus, LineItem, Order, OrderSummary
from app.domain.people import Agent, Tier
from app.domain.plan import Plan
from app.domain.policy.model import Policy
from app.domain.refund import Refund
from app.domain.returns import with_returns
from app.usecases.approval_queue import stand
from app.usecases.authority import Lent
from app.usecases.cases import TicketView
from app.usecases.evidence import prefilled_reason
from app.web import bodies
from app.web.api_models import RefundState
from app.web.approval_view import ApprovalView, approval_view
from app.web.fields_view import FieldGroup, fields_view
from app.web.formats import Formats
from app.web.part_view import PartView, override_view, part_view
from app.web.plan_words import Row, ask_words, button_words, destinations, make_up
from app.web.reasons_view import HistoryEntry, Why, history_view, why_view
from app.web.returns_view import ReturnsView, returns_view
from app.web.standing import (
    Standing,
    can_choose_order,
    release,
    standing,
    state_code,
)
from app.web.texts import text, text_or_code
from app.web.words_view import WordsView, kind_choices, words_view


@dataclass(frozen=True)
class Strip:
    """The verdict: its look (`code` chooses colour and icon), word and one sentence."""

    code: str
    label: str
    reason: str


@dataclass(frozen=True)
class LineView:
    """One line of the order."""

    id: str
    name: str
    quantity: int
    price: str
    badges: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class OrderView:
    """The order's card."""

    name: str
    store: str
    ordered: str
    admin_url: str | None
    rows: tuple[Row, ...]
    badges: tuple[tuple[str, str], ...]
    lines: tuple[LineView, ...]
    explanation: str
    is_by_hand: bool


@dataclass(frozen=True)
class AmountView:
    """What would go back, its make-up, and the store's word on it."""

    rows: tuple[Row, ...]
    title: str
    total: str
    agrees: bool | None
    stores: str
    destinations: tuple[Row, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class AskView:
    """What stands in the button's place for somebody who may only ask for it."""

    token: str
    label: str
    reason: str


@dataclass(frozen=True)
class PayView:
    """The button. `token` None: off, and `why_not` says why, or `ask` is there instead."""

    label: str
    token: str | None
    why_not: str | None
    can_notify: bool
    ask: AskView | None = None


@dataclass(frozen=True)
class CandidateView:
    """An order among which an agent chooses."""

    store_id: str
    order_id: str
    name: str
    store: str
    ordered: str
    total: str
    badges: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class PanelView:
    """Everything on the panel, from top to bottom."""

    ticket_id: str
    strip: Strip
    needs_role: bool
    can_act: bool = True
    case_id: str | None = None
    revision: int = 0
    problem: str | None = None
    refund: RefundState | None = None
    refund_code: str = ""
    order: OrderView | None = None
    amount: AmountView | None = None
    approval: ApprovalView | None = None
    waiting: int = 0
    pay: PayView | None = None
    returns: ReturnsView | None = None
    is_rest: bool = False
    must_check_again: bool = False
    part: PartView | None = None
    override: PartView | None = None
    candidates: tuple[CandidateView, ...] = ()
    chosen_order: str | None = None
    can_choose: bool = False
    can_search: bool = False
    tried: tuple[str, ...] = ()
    why: Why | None = None
    fields: tuple[FieldGroup, ...] = ()
    fields_write: Row | None = None
    earlier: tuple[RefundState, ...] = ()
    history: tuple[HistoryEntry, ...] = ()
    read_at: str | None = None
    can_triage: bool = False
    words: WordsView | None = None
    kinds: tuple[tuple[str, str, bool], ...] = ()
    can_see_quality: bool = False
    mirror: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Viewer:
    """Who looks, and how they read amounts; what others have lent them, and how many requests of
    the account wait for approval."""

    agent_id: str
    agent: Agent | None
    formats: Formats
    lent: tuple[Lent, ...] = ()
    waiting: int = 0


# Eligible, and yet no button that moves money is on.
_HELD_BACK = frozenset({"held_back", "waits_return"})


def panel_view(
    view: TicketView,
    *,
    ticket_id: str,
    viewer: Viewer,
    policy: Policy,
    store_names: dict[str, str],
    plan_token: str | None,
    mirror: dict[str, object],
    needed: Tier | None = None,
) -> PanelView:
    """The whole panel of a ticket. `plan_token` and `needed` are for the plan of
    `standing(view).offered`."""
    stands = standing(view)
    case = view.case
    needs_role = viewer.agent is None
    can_act = viewer.agent is None or viewer.agent.tier is not None
    if case is None or case.set_aside_by is not None:
        strip = Strip(
            stands.code, text(f"strip.{stands.code}"), text(f"strip.{stands.code}.reason")
        )
        return PanelView(
            ticket_id,
            strip,
            needs_role,
            can_act,
            can_triage=can_act,
            waiting=viewer.waiting,
            can_see_quality=_leads(viewer.agent),
        )
    formats = viewer.formats
    refund = _refund(view, stands.refund, formats) if stands.refund else None
    plan = _shown_plan(stands, case)
    matched = case.order is not None
    can_choose = can_act and can_choose_order(view)
    return PanelView(
        ticket_id,
        _strip(stands, case, refund),
        needs_role,
        can_act,
        case_id=case.id,
        revision=case.revision,
        problem=case.problem,
        refund=refund,
        refund_code=state_code(stands.refund) if stands.refund else "",
        order=_order(case, case.order, store_names, formats) if case.order else None,
        amount=_amount(plan, formats) if plan else None,
        approval=_approval(view, stands, viewer),
        waiting=viewer.waiting,
        pay=_pay(stands, case, needed, viewer, plan_token),
        returns=None if stands.is_busy else returns_view(view, formats),
        is_rest=stands.refund is not None and stands.refund.state.counts_as_spent,
        must_check_again=stands.must_check_again,
        part=part_view(view, formats) if can_act else None,
        override=override_view(view, formats) if can_act else None,
        candidates=tuple(_candidate(item, store_names, formats) for item in case.match.candidates),
        chosen_order=case.order.order_id if case.order else None,
        can_choose=can_choose and (not matched or len(case.match.candidates) > 1),
        can_search=can_choose,
        tried=case.match.tried,
        why=why_view(case.decision, case.order, policy) if case.decision else None,
        fields=fields_view(view, case),
        fields_write=_fields_write(view),
        earlier=tuple(
            _refund(view, item, formats) for item in view.refunds if item is not stands.refund
        ),
        history=history_view(view, viewer.agent_id, viewer.agent, formats),
        read_at=formats.time(case.order.read_at) if case.order else None,
        words=words_view(view, formats),
        kinds=kind_choices(case.request.kind) if can_act else (),
        can_see_quality=_leads(viewer.agent),
        mirror=mirror,
    )


def _refund(view: TicketView, refund: Refund, formats: Formats) -> RefundState:
    bonus = view.bonus_of(refund)
    return bodies.refund_body(refund, view.read_at, formats, bonus=bonus)


def _leads(agent: Agent | None) -> bool:
    return agent is not None and agent.tier is not None and agent.tier.covers(Tier.TEAM_LEAD)


def _strip(stands: Standing, case: Case, refund: RefundState | None) -> Strip:
    if refund is not None and stands.code == state_code_of(stands):
        return Strip(stands.code, text(f"strip.{stands.code}"), refund.title)
    if case.decision is not None:
        blocked = case.decision.blocked_because
        is_off = stands.code in _HELD_BACK and bool(blocked)
        reason = blocked[0] if is_off else case.decision.headline
    else:
        reason = case.problem or case.match.explanation
    return Strip(stands.code, text(f"strip.{stands.code}"), reason)


def state_code_of(stands: Standing) -> str:
    """The code that the strip has when it speaks of the refund."""
    return state_code(stands.refund) if stands.refund else ""


def _shown_plan(stands: Standing, case: Case) -> Plan | None:
    """The plan whose make-up is printed: what can be released, else what the refund is about."""
    if stands.offered is not None and not stands.is_busy:
        return stands.offered.plan
    if stands.refund is not None and stands.code == state_code_of(stands):
        return stands.refund.plan
    return case.decision.plan if case.decision else None


def _pay(
    stands: Standing, case: Case, needed: Tier | None, viewer: Viewer, token: str | None
) -> PayView | None:
    if stands.is_busy or case.order is None:
        return None
    if stands.offered is None or needed is None:
        return _pay_off(stands, case, viewer)
    plan = stands.offered.plan
    who = release(needed, viewer.agent)
    ask = None
    if token is not None and who.may_ask and plan.is_exact:
        ask = AskView(token, ask_words(plan, needed, viewer.formats), prefilled_reason(case, None))
    return PayView(
        label=button_words(plan, viewer.formats),
        token=token if who.is_allowed else None,
        why_not=who.why_not,
        can_notify=case.order.can_notify_customer,
        ask=ask,
    )


def _approval(view: TicketView, stands: Standing, viewer: Viewer) -> ApprovalView | None:
    """The request that the ticket's refund waits for."""
    for request in view.approvals:
        if stands.refund is not None and request.refund_id == stands.refund.id and request.is_open:
            own = stand(request, viewer.agent, list(viewer.lent))
            return approval_view(own, view.read_at, viewer.formats)
    return None


def _pay_off(stands: Standing, case: Case, viewer: Viewer) -> PayView | None:
    """The button of a plan that is held back: off, with the reason."""
    decision = case.decision
    if stands.code not in _HELD_BACK or decision is None or decision.plan is None:
        return None
    why_not = next(iter(decision.blocked_because), text("pay.decide_anew"))
    return PayView(button_words(decision.plan, viewer.formats), None, why_not, False)


def _amount(plan: Plan, formats: Formats) -> AmountView:
    return AmountView(
        rows=make_up(plan, formats),
        title=text("amount.title_credit" if plan.is_store_credit else "amount.title"),
        total=formats.money(plan.credit_total),
        agrees=plan.comparison.agrees if plan.comparison else None,
        stores=formats.money(plan.comparison.stores) if plan.comparison else "",
        destinations=destinations(plan, formats),
        warnings=plan.warnings,
    )


def _line_badges(line: LineItem) -> tuple[tuple[str, str], ...]:
    badges: list[tuple[str, str]] = []
    if line.is_final_sale:
        badges.append(("bad", text("badge.final_sale")))
    if line.is_gift_card:
        badges.append(("warn", text("badge.gift_card")))
    if line.was_shipped is False and line.requires_shipping:
        badges.append(("info", text("badge.not_shipped")))
    if line.is_subscription:
        badges.append(("info", text("badge.subscription")))
    if line.refunded_quantity and line.refundable_quantity:
        part = text("badge.refunded_part", count=line.refunded_quantity, total=line.quantity)
        badges.append(("plain", part))
    elif line.refunded_quantity:
        badges.append(("plain", text("badge.refunded")))
    if line.units_back:
        is_all = line.units_back == line.refundable_quantity
        words = (
            text("back.all")
            if is_all
            else text("back.some", count=line.units_back, total=line.refundable_quantity)
        )
        badges.append(("good", words))
    return tuple(badges)


def _line(line: LineItem, formats: Formats) -> LineView:
    return LineView(
        id=line.id,
        name=line.name,
        quantity=line.quantity,
        price=formats.money(line.unit_price),
        badges=_line_badges(line),
    )


def _delivery(order: Order, formats: Formats) -> str:
    dates = [line.delivered_at for line in order.lines if line.delivered_at is not None]
    if dates and order.fulfilment_status is not FulfilmentStatus.PARTIAL:
        return text("delivery.delivered", date=formats.day(max(dates)))
    return text(f"delivery.{order.fulfilment_status.value}")


def _web_address(url: str | None) -> str | None:
    """A link that is safe to print: a store's answer must not become a script."""
    return url if url is not None and url.startswith(("https://", "http://127.0.0.1")) else None


def _order(case: Case, order: Order, store_names: dict[str, str], formats: Formats) -> OrderView:
    rows = [Row(text("order.paid"), formats.money(order.paid))]
    if order.refunded:
        rows.append(Row(text("order.refunded"), formats.money(order.refunded)))
    if order.refund_pending:
        rows.append(Row(text("order.pending"), formats.money(order.refund_pending)))
    if order.shipping:
        rows.insert(1, Row(text("order.shipping"), formats.money(order.shipping), "quiet"))
    badges: list[tuple[str, str]] = []
    if order.is_cancelled:
        badges.append(("bad", text("badge.cancelled")))
    if order.is_test:
        badges.append(("warn", text("badge.test")))
    if order.is_disputed:
        badges.append(("bad", text("badge.disputed")))
    delivery_tone = "good" if order.fulfilment_status is FulfilmentStatus.FULFILLED else "plain"
    badges.append((delivery_tone, _delivery(order, formats)))
    return OrderView(
        name=order.name,
        store=store_names.get(order.store_id, order.store_id),
        ordered=text("order.ordered", date=formats.day(order.created_at)),
        admin_url=_web_address(order.admin_url),
        rows=tuple(rows),
        badges=tuple(badges),
        lines=tuple(_line(line, formats) for line in with_returns(order, case.returns).lines),
        explanation=case.match.explanation,
        is_by_hand=case.match.chosen_by is not None,
    )


def _candidate(order: OrderSummary, store_names: dict[str, str], formats: Formats) -> CandidateView:
    badges: list[tuple[str, str]] = []
    if order.is_cancelled:
        badges.append(("bad", text("badge.cancelled")))
    if order.is_test:
        badges.append(("warn", text("badge.test")))
    if order.refunded:
        refunded = f"{text('order.refunded')} {formats.money(order.refunded)}"
        badges.append(("plain", refunded))
    return CandidateView(
        store_id=order.store_id,
        order_id=order.order_id,
        name=order.name,
        store=store_names.get(order.store_id, order.store_id),
        ordered=formats.day(order.created_at),
        total=formats.money(order.total),
        badges=tuple(badges),
    )


def _fields_write(view: TicketView) -> Row | None:
    """How far the newest write of the ticket is, in words."""
    if not view.writes:
        return None
    newest = view.writes[-1]
    code = newest.state.value
    if code == "refused":
        return Row("", text("write.refused", cause=newest.cause or ""), "bad")
    return Row("", text_or_code("write", code), "good" if code == "sent" else "busy")

"""Where a ticket stands, and whether the button that moves money may be on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from app.domain.case import Case
from app.domain.decision import Verdict
from app.domain.matching import MatchOutcome
from app.domain.people import Agent, Tier
from app.domain.plan import Terms
from app.domain.policy.evaluate import order_level_blocks
from app.domain.policy.waiting import waits_for_goods
from app.domain.refund import Refund, RefundState
from app.records import OfferedPlan
from app.usecases.cases import TicketView
from app.usecases.plans import may_give_now
from app.web.texts import text

MoneyMoved = Literal["no", "maybe", "yes"]

_MOVED: dict[RefundState, MoneyMoved] = {
    RefundState.SENDING: "maybe",
    RefundState.UNKNOWN: "maybe",
    RefundState.PENDING: "maybe",
    RefundState.SETTLED: "yes",
}
# A refund that people stopped: the case goes on where its decision stands. A failed one isn't
# among them: an agent must not miss that it failed, even once a new plan is there.
_CAME_TO_NOTHING = frozenset({RefundState.CANCELLED, RefundState.DECLINED, RefundState.PROPOSED})


def money_moved(refund: Refund) -> MoneyMoved:
    """Whether money of a refund has moved. One that the store merely records has moved none."""
    if refund.state is RefundState.SETTLED and refund.plan.is_manual:
        return "no"
    return _MOVED.get(refund.state, "no")


def state_code(refund: Refund) -> str:
    """The state's key in the catalogue: a settled manual refund is only `recorded`, settled store
    credit is `credited`."""
    if refund.state is RefundState.SETTLED and refund.plan.is_manual:
        return "recorded"
    if refund.state is RefundState.SETTLED and refund.plan.is_store_credit:
        return "credited"
    return refund.state.value


@dataclass(frozen=True)
class Standing:
    """`code` is the key of the verdict strip. `refund` is the one it speaks of, if any."""

    code: str
    refund: Refund | None
    offered: OfferedPlan | None
    is_busy: bool
    must_check_again: bool


def standing(view: TicketView) -> Standing:
    """The one thing to say about a ticket: its latest refund, else its decision, else its match."""
    case = view.case
    latest = view.refunds[-1] if view.refunds else None
    offered = _fresh_offer(view)
    is_busy = _is_under_way(latest)
    if case is None:
        code = "not_refund" if view.is_triaged else "not_read"
        return Standing(code, None, None, False, False)
    if case.set_aside_by is not None:
        return Standing("set_aside", None, None, False, False)
    is_allowed = case.decision is not None and case.decision.is_money_allowed
    again = is_allowed and offered is None and not is_busy
    if latest is None:
        return Standing(_decision_code(case), None, offered, False, again)
    if latest.state not in _CAME_TO_NOTHING:
        return Standing(state_code(latest), latest, offered, is_busy, again)
    has_newer = offered is not None and offered.created_at > latest.created_at
    return Standing(_decision_code(case), None if has_newer else latest, offered, False, again)


def _is_under_way(latest: Refund | None) -> bool:
    """Nothing more is offered meanwhile: what is still on its way must not be paid twice."""
    return latest is not None and (latest.state.is_open or latest.state is RefundState.PENDING)


def _decision_code(case: Case) -> str:
    if case.decision is not None:
        if case.decision.waits_for_return:
            return "waits_return"
        is_held_back = case.decision.verdict is Verdict.ELIGIBLE and not (
            case.decision.is_money_allowed
        )
        return "held_back" if is_held_back else case.decision.verdict.value
    if case.match.outcome in {MatchOutcome.CHOOSE, MatchOutcome.NONE}:
        return case.match.outcome.value
    return "unavailable"


def _fresh_offer(view: TicketView) -> OfferedPlan | None:
    """The decision's plan, if it is of the case's present revision and was never used."""
    offered, case = view.offered, view.case
    if offered is None or case is None or offered.case_revision != case.revision:
        return None
    if any(refund.plan_id == offered.id for refund in view.refunds):
        return None
    if case.decision is None or not case.decision.is_money_allowed:
        return None
    # Decided before such money waited: it has to be decided anew.
    return None if case.decision.waits_for_return else offered


def can_choose_parts(view: TicketView) -> bool:
    """Whether some line may be refunded by itself, even where the whole order may not."""
    case = view.case
    if case is None or case.order is None or case.decision is None:
        return False
    if view.refunds and _is_under_way(view.refunds[-1]):
        return False
    if order_level_blocks(case.decision):
        return False
    return any(may_give_now(line, case.order) for line in case.decision.lines)


def can_override(view: TicketView) -> bool:
    """Whether a person may refund against the policy: there is a line to choose, and the order
    itself forbids nothing."""
    case = view.case
    if case is None or case.order is None or case.decision is None:
        return False
    if view.refunds and _is_under_way(view.refunds[-1]):
        return False
    if order_level_blocks(case.decision):
        return False
    is_all_given = all(line.verdict is Verdict.ELIGIBLE for line in case.decision.lines)
    has_terms = any(line.terms != Terms() for line in case.decision.lines)
    has_units = any(line.refundable_quantity for line in case.order.lines)
    return has_units and (
        not is_all_given or has_terms or waits_for_goods(case.decision, case.order)
    )


def can_choose_order(view: TicketView) -> bool:
    """Whether another order may still be chosen: no, once money of this case may have moved."""
    return view.case is not None and not any(
        refund.state.counts_as_spent or refund.state.is_open for refund in view.refunds
    )


@dataclass(frozen=True)
class Release:
    """Who may release a plan, whether this person may, and whether they may ask for it."""

    needed: Tier
    is_allowed: bool
    why_not: str | None
    may_ask: bool = False


def release(needed: Tier, agent: Agent | None) -> Release:
    """For the button only: the use case checks again, with the role as the helpdesk reports it.

    `agent` None: the role isn't known yet.
    """
    if agent is None:
        return Release(needed, False, text("pay.checking_role"))
    if not agent.id:
        return Release(needed, False, text("pay.not_proven"))
    if agent.tier is None or not agent.is_active:
        why = text("pay.look_only", tier=text(f"tier.{needed.value}"))
        return Release(needed, False, why)
    if not agent.tier.covers(needed):
        why = text("pay.needs_tier", tier=text(f"tier.{needed.value}"))
        return Release(needed, False, why, may_ask=True)
    return Release(needed, True, None)


def hold_ms_left(refund: Refund, now: datetime) -> int:
    """Milliseconds in which a holding refund can still be cancelled; sent as a length of time,
    because a browser's clock may be wrong."""
    if refund.state is not RefundState.HOLDING or refund.hold_until is None:
        return 0
    return max(0, int((refund.hold_until - now).total_seconds() * 1000))

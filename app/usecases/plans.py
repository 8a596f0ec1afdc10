"""An agent's own choice of items, shipping or amount becomes a plan that can be executed."""

from __future__ import annotations

from app.domain.case import Case
from app.domain.decision import Verdict
from app.domain.errors import Conflict, NotAllowed
from app.domain.order import Order
from app.domain.people import Agent, Tier
from app.domain.plan import InvalidChoice, Plan, RefundChoice, build_plan
from app.domain.policy.evaluate import order_level_blocks
from app.ports import Account
from app.records import Basis, OfferedPlan, new_id
from app.usecases.cases import require_case
from app.usecases.changes import changes_since
from app.usecases.deps import Deps
from app.usecases.people import require_tier


def allowed_choice(case: Case, choice: RefundChoice) -> tuple[Order, RefundChoice]:
    """The order and the choice, if the policy's decision lets each chosen line be refunded.

    The percentage of a line is the policy's, whatever the choice says. Raises NotAllowed for a
    line that isn't eligible or when the order as a whole is blocked, Conflict without a decision.
    """
    if case.order is None or case.decision is None:
        raise Conflict("There is no order to refund yet: choose it first.")
    blocks = order_level_blocks(case.decision)
    if blocks:
        raise NotAllowed(blocks[0])
    verdicts = {line.line_id: line for line in case.decision.lines}
    if not any(line.verdict is Verdict.ELIGIBLE for line in case.decision.lines):
        raise NotAllowed(case.decision.headline)
    lines = []
    for chosen in choice.lines:
        verdict = verdicts.get(chosen.line_id)
        if verdict is None:
            raise InvalidChoice(f"{chosen.line_id} is not an item of this request")
        if verdict.verdict is not Verdict.ELIGIBLE:
            raise NotAllowed(f"{verdict.name}: {verdict.because}")
        lines.append(chosen.model_copy(update={"percent": verdict.percent}))
    return case.order, choice.model_copy(update={"lines": tuple(lines)})


def price_choice(deps: Deps, account: Account, case_id: str, choice: RefundChoice) -> Plan:
    """What a choice would refund, computed from the stored order: no store call, nothing kept."""
    order, allowed = allowed_choice(require_case(deps, account, case_id), choice)
    return build_plan(order, allowed)


def offer_choice(
    deps: Deps, account: Account, case_id: str, choice: RefundChoice, agent: Agent
) -> OfferedPlan:
    """Price a choice with the store, and keep it as a plan that a click can execute.

    Raises InvalidChoice, NotAllowed, Conflict when the order changed since it was shown or when
    the store's figure differs from ours, VendorError when the store doesn't answer.
    """
    require_tier(agent, Tier.AGENT, "refund")
    case = require_case(deps, account, case_id)
    order, allowed = allowed_choice(case, choice)
    recheck = deps.store_by_id(account.id, order.store_id).recheck(order, allowed)
    basis = Basis.of(order)
    changed = changes_since(basis, recheck, order.currency)
    if changed:
        raise Conflict("The order changed since it was read: " + "; ".join(changed), changed)
    plan = build_plan(order, allowed, recheck.suggestion)
    if plan.comparison is not None and not plan.comparison.agrees:
        raise Conflict(
            f"Our figure is {plan.comparison.ours}, the store's is {plan.comparison.stores}: "
            "nothing is refunded until they agree."
        )
    offered = OfferedPlan(
        id=new_id("plan"),
        account_id=account.id,
        case_id=case.id,
        store_id=order.store_id,
        plan=plan,
        choice=allowed,
        basis=basis,
        case_revision=case.revision,
        created_at=deps.clock.now(),
    )
    deps.cases.offer(offered)
    return offered

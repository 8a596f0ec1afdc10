"""An agent's own choice of items, shipping or amount becomes a plan that can be executed."""

from __future__ import annotations

from collections.abc import Iterable

from app.domain.case import Case
from app.domain.decision import Decision, LineVerdict, Verdict
from app.domain.errors import Conflict, NotAllowed
from app.domain.order import Order
from app.domain.override import Override
from app.domain.people import Agent, Tier
from app.domain.plan import Destination, InvalidChoice, Plan, RefundChoice, Terms
from app.domain.policy.evaluate import order_level_blocks
from app.domain.policy.model import Alternative
from app.domain.policy.waiting import held_back, units_free
from app.domain.pricing import build_plan
from app.domain.terms import choice_by_terms
from app.ports import Account
from app.records import Basis, OfferedPlan, new_id
from app.usecases.cases import require_case
from app.usecases.changes import changes_since
from app.usecases.decide import basis_of
from app.usecases.deps import Deps
from app.usecases.people import require_tier


def allowed_choice(
    case: Case, choice: RefundChoice, override: Override | None = None
) -> tuple[Order, RefundChoice]:
    """The order, and the choice at the policy's own terms.

    Percentages, fees and bonus are the policy's, whatever the choice says. An item that isn't
    eligible may become store credit where the policy offers that instead. What the policy gives
    once it has come back isn't given before. With an `override` a person sets a clause aside: then
    items that aren't eligible or aren't back may be chosen, at the percentage that the choice
    names, and the destination is free. What the order itself forbids (an open
    chargeback, nothing paid) no override changes.

    Raises NotAllowed for what policy or order forbid, InvalidChoice for an unknown item or clause,
    Conflict without a decision.
    """
    if case.order is None or case.decision is None:
        raise Conflict("There is no order to refund yet: choose it first.")
    blocks = order_level_blocks(case.decision)
    if blocks:
        raise NotAllowed(blocks[0])
    if override is not None:
        _check_clause(case.decision, override)
        terms = _overridden_terms(case.decision, choice)
    else:
        terms = _allowed_terms(case.decision, case.order, choice)
    allowed = choice_by_terms(
        {line.line_id: line.quantity for line in choice.lines},
        terms,
        shipping=choice.shipping,
        duties=choice.duties,
        amount_override=choice.amount_override,
        destination=choice.destination,
    )
    if override is not None and override.waives_fees:
        allowed = allowed.model_copy(update={"fees": ()})
    if override is None and any(line.requires_return for line in case.decision.lines):
        waits = held_back(case.decision, case.order, build_plan(case.order, allowed))
        if waits is not None:
            raise NotAllowed(f"Nothing is refunded yet: {waits}.")
    return case.order, allowed


def usual_destination(case: Case, line_ids: Iterable[str]) -> Destination:
    """Where the policy sends the refund of these lines (of all eligible ones, when there are none):
    the original payment, unless it gives nothing but store credit."""
    lines = case.decision.lines if case.decision else ()
    wanted = set(line_ids)
    found = {
        line.terms.destination
        for line in lines
        if line.verdict is Verdict.ELIGIBLE and (not wanted or line.line_id in wanted)
    }
    is_credit = found == {Destination.STORE_CREDIT}
    return Destination.STORE_CREDIT if is_credit else Destination.ORIGINAL_PAYMENT


def _check_clause(decision: Decision, override: Override) -> None:
    if override.clause_id not in decision.titles():
        raise InvalidChoice(
            f"{override.clause_id} is no rule that was tested for this order: "
            "name the rule that is set aside"
        )


def _line(decision: Decision, line_id: str) -> LineVerdict:
    for line in decision.lines:
        if line.line_id == line_id:
            return line
    raise InvalidChoice(f"{line_id} is not an item of this request")


def _overridden_terms(decision: Decision, choice: RefundChoice) -> dict[str, Terms]:
    """The policy's terms where it has some, else what the choice itself names."""
    found: dict[str, Terms] = {}
    for chosen in choice.lines:
        line = _line(decision, chosen.line_id)
        is_eligible = line.verdict is Verdict.ELIGIBLE
        found[chosen.line_id] = line.terms if is_eligible else Terms(percent=chosen.percent)
    return found


def _allowed_terms(decision: Decision, order: Order, choice: RefundChoice) -> dict[str, Terms]:
    """The terms of each chosen line. Raises NotAllowed for what the policy doesn't give."""
    open_lines = [line for line in decision.lines if may_give_now(line, order)]
    if not open_lines:
        raise NotAllowed(decision.headline)
    is_credit = choice.destination is Destination.STORE_CREDIT
    if not choice.lines:
        # Shipping alone or a plain amount: one line that money may go back for is enough.
        if not is_credit and all(is_credit_only(line) for line in open_lines):
            raise NotAllowed(_credit_only(open_lines[0]))
        return {}
    found: dict[str, Terms] = {}
    for chosen in choice.lines:
        line = _line(decision, chosen.line_id)
        if not may_give(line):
            raise NotAllowed(f"{line.name}: {line.because}")
        if is_credit_only(line) and not is_credit:
            raise NotAllowed(_credit_only(line))
        found[line.line_id] = line.terms if line.verdict is Verdict.ELIGIBLE else Terms()
    return found


def may_give(line: LineVerdict) -> bool:
    """Whether the policy gives something for a line, be it store credit instead of a refund."""
    return line.verdict is Verdict.ELIGIBLE or is_credit_only(line)


def may_give_now(line: LineVerdict, order: Order) -> bool:
    """Whether it gives something at once: not all of it waits for the goods."""
    return may_give(line) and (not line.requires_return or line_units_free(line, order) > 0)


def line_units_free(line: LineVerdict, order: Order) -> int:
    """How many units of a line can be refunded without waiting for the goods."""
    return units_free(line, order.line(line.line_id))


def is_credit_only(line: LineVerdict) -> bool:
    """Whether the policy gives store credit for a line, but no money back."""
    if line.verdict is Verdict.ELIGIBLE:
        return line.terms.destination is Destination.STORE_CREDIT
    is_declined = line.verdict is Verdict.NOT_ELIGIBLE
    return is_declined and Alternative.STORE_CREDIT in line.alternatives


def _credit_only(line: LineVerdict) -> str:
    if line.verdict is Verdict.ELIGIBLE:
        return f"{line.name}: the policy gives store credit for it, not money back."
    return f"{line.name}: {line.because} Store credit can be given instead."


def price_choice(case: Case, choice: RefundChoice, override: Override | None = None) -> Plan:
    """What a choice would refund, computed from the stored order: no store call, nothing kept."""
    order, allowed = allowed_choice(case, choice, override)
    return build_plan(order, allowed)


def offer_choice(
    deps: Deps,
    account: Account,
    case_id: str,
    choice: RefundChoice,
    agent: Agent,
    override: Override | None = None,
) -> OfferedPlan:
    """Price a choice with the store, and keep it as a plan that a click can execute.

    An `override` is kept on the plan, and in the audit trail at once.

    Raises InvalidChoice, NotAllowed, Conflict when the order changed since it was shown or when
    the store's figure differs from ours, VendorError when the store doesn't answer.
    """
    require_tier(agent, Tier.AGENT, "refund")
    case = require_case(deps, account, case_id)
    order, allowed = allowed_choice(case, choice, override)
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
        basis=basis_of(order, case.decision if override is None else None, plan),
        case_revision=case.revision,
        created_at=deps.clock.now(),
        decision_id=case.decision_id,
        chosen_by=agent.id,
        override=override,
    )
    deps.cases.offer(offered)
    if override is not None:
        deps.audit.append(
            account.id,
            agent.id,
            "policy_overridden",
            f"case:{case.id}",
            {
                "plan": offered.id,
                "amount": str(plan.credit_total),
                "clause": override.clause_id,
                "reason": override.reason,
                "waives_fees": override.waives_fees,
            },
            offered.created_at,
        )
    return offered

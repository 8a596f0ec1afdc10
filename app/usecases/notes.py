"""The internal notes: what an agent reads before opening the sidebar."""

from __future__ import annotations

from app.domain.bonus import Bonus, BonusState
from app.domain.case import Case
from app.domain.crm import REASON_LABELS, Note
from app.domain.decision import Decision, Verdict
from app.domain.matching import MatchOutcome
from app.domain.money import Money
from app.domain.order import Order, OrderSummary
from app.domain.people import Tier
from app.domain.plan import Plan, PlanLine
from app.domain.policy.evaluate import order_level_blocks
from app.domain.policy.waiting import waits_for_goods
from app.domain.refund import Refund, RefundState
from app.domain.returns import with_returns
from app.usecases.people import TIER_NAMES
from app.usecases.signal_words import SIGNAL_WORDS

_FOOTER = "Makegood. Open the sidebar to act; this note moves no money."

_WAITS = "Refund: eligible once it is back"
_ONCE_BACK = (
    "Once it is there, say in the sidebar that it has come back: its refund can be released then."
)

_HEADLINES = {
    Verdict.ELIGIBLE: "Refund: eligible",
    Verdict.NOT_ELIGIBLE: "Refund: not eligible",
    Verdict.NEEDS_REVIEW: "Refund: needs review",
}


def describe_plan(plan: Plan) -> str:
    """The make-up of a plan in one line: items, tax, shipping, adjustment, less fees, total; and
    what store credit comes to with its bonus."""
    parts = [f"{line.quantity} × {line.name} {line.amount}{_share(line)}" for line in plan.lines]
    taxes = [line.tax for line in plan.lines if line.tax and not line.is_tax_included]
    if taxes:
        parts.append(f"tax {Money.total(taxes, plan.total.currency)}")
    if plan.shipping:
        parts.append(f"shipping {plan.shipping}")
    if plan.shipping_tax:
        parts.append(f"shipping tax {plan.shipping_tax}")
    if plan.duties:
        parts.append(f"import duties {plan.duties}")
    if plan.adjustment:
        parts.append(f"adjustment {plan.adjustment}")
    made = " + ".join(parts)
    for fee in plan.fees:
        made += f" − {fee.label.lower()} {fee.amount}"
    text = f"{made} = {plan.total}" if made else str(plan.total)
    if plan.bonus is not None:
        percent = f"{plan.bonus_percent.normalize():f}"
        text += f", and {percent} % bonus {plan.bonus} = {plan.credit_total}"
    return text


def _share(line: PlanLine) -> str:
    """At which share of its price an item goes back, where it is less than all."""
    shares = []
    if line.percent != 100:
        shares.append(f"{line.percent.normalize():f} %")
    if line.pro_rata is not None:
        shares.append(f"{line.pro_rata.left:f} of {line.pro_rata.of:f} {line.pro_rata.unit}")
    return f" ({', '.join(shares)})" if shares else ""


def goes_to(plan: Plan) -> str:
    """Where the money goes: each payment with its part, or store credit."""
    if plan.is_store_credit:
        return "the customer's store credit"
    if len(plan.tenders) == 1:
        return plan.tenders[0].label
    return ", ".join(f"{tender.label} {tender.amount}" for tender in plan.tenders)


def _order_line(order: OrderSummary | Order) -> str:
    text = f"{order.name}, {order.created_at:%d %b %Y}, {order.total}"
    if order.refunded:
        text += f", {order.refunded} refunded before"
    return text


def _reasons(decision: Decision) -> list[str]:
    """What the headline doesn't say yet: blocks of the order, else one line per item, then gaps."""
    blocks = order_level_blocks(decision)
    lines = list(blocks) or [f"{line.name}: {line.because}" for line in decision.lines]
    if len(lines) == 1 and lines[0].endswith(decision.headline):
        lines = []
    lines += [f"Missing: {text}" for text in decision.missing if text != decision.headline]
    return list(dict.fromkeys(lines))


def case_headline(case: Case) -> str:
    """Where a case stands, in one sentence."""
    if case.decision is not None:
        return case.decision.headline
    return case.problem or case.match.explanation


def _words_of(case: Case) -> list[tuple[str, str]]:
    """The customer's own words, what to know before answering, and addresses they named."""
    found = case.classification
    facts = [("In their words", found.summary)] if found.summary else []
    if found.signals:
        facts.append(("Note", "The text " + "; ".join(SIGNAL_WORDS[one] for one in found.signals)))
    named = [*found.other_emails, *found.other_phones]
    if named:
        facts.append(("Also named", ", ".join(named) + " (not proven to be theirs)"))
    return facts


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _policy_line(decision: Decision) -> str:
    """The rule that decided, by its name, and the version of the policy that it stands in."""
    version = f"{decision.policy_id}, version {decision.policy_version}"
    rule = decision.titles().get(decision.deciding_clause or "")
    return f"“{rule}” ({version})" if rule else version


def returned_facts(case: Case) -> tuple[tuple[str, str], ...]:
    """What is known to have come back of what can still be refunded, and who knows it."""
    if case.order is None:
        return ()
    said = {one.line_id: one for one in case.returns}
    found = []
    for item in with_returns(case.order, case.returns).lines:
        if not item.units_back:
            continue
        one = said.get(item.id)
        who = "the store says so"
        if one is not None and one.units_left(item):
            who = f"said by {one.said_by_name} on {one.said_at:%d %b %Y}"
        found.append(("Came back", f"{item.units_back} × {item.name}: {who}"))
    return tuple(found)


def _decision_note(case: Case, decision: Decision, order: Order, store_name: str) -> Note:
    facts = [("Order", f"{_order_line(order)} ({store_name})")]
    if decision.plan is not None:
        facts.append(("Amount", describe_plan(decision.plan)))
        facts.append(("Goes to", goes_to(decision.plan)))
        if decision.release_tier is not None and decision.release_tier is not Tier.AGENT:
            by = TIER_NAMES[decision.release_tier]
            if decision.release_tier is Tier.AUTOMATIC:
                by = "Makegood by itself, within the policy's limits"
            facts.append(("Released by", by))
    facts += returned_facts(case)
    facts.append(("Reason given", REASON_LABELS[case.request.reason]))
    facts += _words_of(case)
    facts.append(("Policy", _policy_line(decision)))
    assumed = [fact.assumed_because for fact in decision.facts if fact.assumed_because]
    if assumed:
        facts.append(("Assumed", "; ".join(assumed)))
    if decision.alternatives:
        offers = ", ".join(item.value.replace("_", " ") for item in decision.alternatives)
        facts.append(("Can be offered", offers))
    paragraphs = [_capital(decision.headline)]
    if decision.plan is not None:
        paragraphs += list(decision.plan.warnings)
    paragraphs += list(decision.warnings)
    if waits_for_goods(decision, order):
        paragraphs.append(_ONCE_BACK)
    if case.match.chosen_by is not None:
        paragraphs.append("The order was chosen by hand.")
    return Note(
        headline=_WAITS if decision.waits_for_return else _HEADLINES[decision.verdict],
        paragraphs=tuple(dict.fromkeys(paragraphs)),
        facts=tuple(facts),
        bullets=tuple(_reasons(decision)),
        footer=_FOOTER,
    )


def triage_note(case: Case, store_names: dict[str, str]) -> Note:
    """The note for a fresh case, whatever its match came to."""
    if case.decision is not None and case.order is not None:
        name = store_names.get(case.order.store_id, case.order.store_id)
        return _decision_note(case, case.decision, case.order, name)
    match = case.match
    tried = tuple(f"Looked for: {text}" for text in match.tried)
    if match.outcome is MatchOutcome.CHOOSE:
        listed = tuple(
            f"{_order_line(order)} ({store_names.get(order.store_id, order.store_id)})"
            for order in match.candidates
        )
        return Note(
            headline="Refund: choose the order",
            paragraphs=(match.explanation, "Choose the right one in the sidebar."),
            facts=tuple(_words_of(case)),
            bullets=listed + tried,
            footer=_FOOTER,
        )
    if match.outcome is MatchOutcome.NONE:
        return Note(
            headline="Refund: no order found",
            paragraphs=(match.explanation, "You can look for it by its number in the sidebar."),
            facts=tuple(_words_of(case)),
            bullets=tried,
            footer=_FOOTER,
        )
    return Note(
        headline="Refund: the store could not be read",
        paragraphs=(case.problem or match.explanation, "Try again in the sidebar."),
        bullets=tried,
        footer=_FOOTER,
    )


_OUTCOMES = {
    RefundState.SETTLED: "Refunded {amount} for {order}",
    RefundState.PENDING: "Refund of {amount} for {order} requested, payment provider pending",
    RefundState.FAILED: "Refund of {amount} for {order} failed: no money moved",
    RefundState.UNKNOWN: "Refund of {amount} for {order}: the store's answer is missing",
}


_CREDIT_OUTCOMES = {
    RefundState.SETTLED: "Store credit of {amount} given for {order}",
    RefundState.PENDING: "Store credit of {amount} for {order} requested, not confirmed yet",
    RefundState.FAILED: "Store credit of {amount} for {order} was not given",
    RefundState.UNKNOWN: "Store credit of {amount} for {order}: the store's answer is missing",
}


def outcome_note(refund: Refund) -> Note:
    """The note about what became of a refund."""
    headline = _OUTCOMES[refund.state].format(amount=refund.plan.total, order=refund.order_name)
    if refund.state is RefundState.SETTLED and refund.plan.is_manual:
        headline = (
            f"Refund of {refund.plan.total} for {refund.order_name} recorded: "
            "somebody must pay it by hand"
        )
    if refund.plan.is_store_credit:
        amount = refund.plan.total
        headline = _CREDIT_OUTCOMES[refund.state].format(amount=amount, order=refund.order_name)
    paragraphs = [refund.explanation] if refund.explanation else []
    if refund.plan.bonus is not None and refund.state is RefundState.SETTLED:
        paragraphs.append(f"The bonus of {refund.plan.bonus} is added next.")
    # What is still due once this refund is done must not be forgotten.
    paragraphs += [one.sentence for one in refund.plan.left_out]
    if refund.override is not None:
        paragraphs.append(
            f"Against the policy: {refund.requested_by_name} set the rule "
            f"{refund.override.clause_id} aside. Reason: {refund.override.reason}"
        )
    if refund.state is RefundState.UNKNOWN:
        paragraphs.append(
            "Money may have moved. Check the order in the store before anything else is done."
        )
    return Note(
        headline=headline,
        paragraphs=tuple(paragraphs),
        facts=(
            ("Amount", describe_plan(refund.plan)),
            ("To", goes_to(refund.plan)),
            ("Requested by", refund.requested_by_name),
            ("Reference", refund.marker),
        ),
        footer="Makegood.",
    )


_BONUS_HEADLINES = {
    BonusState.GIVEN: "Bonus of {amount} added to the customer's store credit for {order}",
    BonusState.REFUSED: "Bonus of {amount} for {order} was not given",
    BonusState.UNKNOWN: "Bonus of {amount} for {order}: the store's answer is missing",
}


def bonus_note(bonus: Bonus) -> Note:
    """The note about what became of a bonus on store credit."""
    paragraphs = [bonus.explanation] if bonus.explanation else []
    if bonus.state is BonusState.REFUSED:
        paragraphs.append("The refund itself stands. Add the bonus by hand in the store.")
    return Note(
        headline=_BONUS_HEADLINES[bonus.state].format(amount=bonus.amount, order=bonus.order_name),
        paragraphs=tuple(paragraphs),
        footer="Makegood.",
    )

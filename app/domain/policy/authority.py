"""Who may release an amount: tiers by rule, earlier refunds added, limits against abuse.

Where something that matters isn't known (a rule's fact, a rate, a count) the stricter answer
counts, and says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from app.domain.base import Value
from app.domain.decision import Comparison, Decision, Finding, Truth
from app.domain.money import Money
from app.domain.people import Tier
from app.domain.policy.compiled import CompiledPolicy, prepare
from app.domain.policy.facts import Fact, window_words
from app.domain.policy.history import UNKNOWN_HISTORY, History, HistoryFigure
from app.domain.policy.limits import (
    AbuseLimit,
    AutomaticRelease,
    LimitEffect,
    Subject,
    TierLimit,
    tier_for,
)
from app.domain.policy.model import LIMIT_PREFIX, Effect, Policy
from app.domain.policy.rates import NO_RATES, Rates

Facts = Mapping[str, Fact]

TIER_WORDS: dict[Tier, str] = {
    Tier.AUTOMATIC: "may be automatic",
    Tier.AGENT: "an agent",
    Tier.TEAM_LEAD: "a team lead",
    Tier.MANAGER: "a manager",
}


class Required(Value):
    """Who must release an amount.

    `tier` is what the limits ask for, `release_tier` who must click: the same, but an agent where
    nothing is released by itself. `compared` is the amount that was held against the limits: this
    refund and `earlier` ones that count with it. `because` says what made the tier, in words.
    """

    tier: Tier
    release_tier: Tier
    compared: Money
    earlier: Money
    because: tuple[str, ...] = ()


def decision_facts(policy: Policy, decision: Decision, *, is_override: bool = False) -> Facts:
    """The facts of a decision, with those that are known only once it is made."""
    facts = {fact.name: fact for fact in decision.facts}
    clauses = {clause.id: clause for clause in policy.clauses}
    deciding = {line.decided_by: None for line in decision.lines if line.decided_by}
    known = [clauses[one] for one in deciding if one in clauses]
    given = {clause.outcome.resolution.value: None for clause in known}
    made: dict[str, bool | tuple[str, ...]] = {
        "decision.clauses": tuple(deciding),
        "decision.uses_exception": any(clause.is_exception for clause in known),
        "decision.is_override": is_override,
        "decision.resolution": tuple(given),
    }
    return {**facts, **{name: Fact(name=name, value=value) for name, value in made.items()}}


def _today(facts: Facts) -> date:
    today = facts.get("calendar.today")
    # A decision of before facts had a calendar: its seasons can't be told.
    return today.value if today and isinstance(today.value, date) else date.max


# --- tiers --------------------------------------------------------------------------------------


def required_tier(
    policy: Policy,
    facts: Facts,
    amount: Money,
    history: History = UNKNOWN_HISTORY,
    rates: Rates = NO_RATES,
) -> Required:
    """Who must release `amount` (in the shop's currency, a bonus included).

    `facts` are `decision_facts` of the decision that the plan comes from. `history` holds the
    figures of the case's subjects, and those of the agent who clicks where one does. Pure.
    """
    ready = prepare(policy)
    today = _today(facts)
    earlier, untold = _earlier(policy, facts, amount, history, rates)
    compared = amount + earlier
    because: list[str] = []
    if earlier:
        because.append(f"{earlier} was refunded before and counts with it: {compared} in all")
    tier = _tier_by_rules(ready, facts, compared, rates, today, because)
    if untold is not None:
        tier = Tier.MANAGER
        because.append(f"{untold}: {TIER_WORDS[tier]}")
    for limit in policy.abuse_limits:
        if limit.subject is Subject.AGENT and not history.of(limit.subject, limit.hours):
            # Nobody clicks yet: it counts once somebody does.
            continue
        finding = limit_finding(limit, amount, history, rates)
        needs_person = limit.effect is LimitEffect.TIER or limit.subject is Subject.AGENT
        if needs_person and finding.truth is not Truth.FALSE and not tier.covers(limit.tier):
            tier = limit.tier
            because.append(f"{limit.title}: {finding.sentence}")
    release = tier
    if tier.rank <= Tier.AGENT.rank:
        release = _release(ready, facts, amount, compared, tier, history, rates, today, because)
    return Required(
        tier=tier, release_tier=release, compared=compared, earlier=earlier, because=tuple(because)
    )


def _earlier(
    policy: Policy, facts: Facts, amount: Money, history: History, rates: Rates
) -> tuple[Money, str | None]:
    """Earlier refunds that count with this one, in the amount's currency, and what isn't known.

    The ledger's figure, or what the store says was refunded of the order, whichever is more: a
    refund that was made in the store's own pages counts too. Of several items the one with most.
    """
    zero = Money.zero(amount.currency)
    if not policy.split_days:
        return zero, None
    subject, hours = policy.split_subject, policy.split_days * 24
    no_rate = f"a rate to {amount.currency} is missing"
    untold = None
    totals = [rates.total(one.amounts, amount.currency) for one in history.of(subject, hours)]
    of_order = _refunded_of_order(facts, amount.currency, rates)
    if None in totals:
        untold = no_rate
    elif not totals and subject is not Subject.AGENT:
        # Nobody clicks yet where an agent's are counted: they count once somebody does.
        untold = history.unknown_because
    if of_order is None:
        untold = no_rate
    elif subject is Subject.ORDER:
        # The store tells of its own order even where the ledger can't be asked.
        untold = None
    told = [one for one in (*totals, of_order) if one is not None]
    found = [zero, *(Money.rounded(one, amount.currency) for one in told)]
    label = f"earlier refunds for {_SUBJECT_WORDS[subject]} in {window_words(hours)}"
    words = f"{label}: not known ({untold})" if untold is not None else None
    return max(found, key=lambda one: one.amount), words


def _refunded_of_order(facts: Facts, currency: str, rates: Rates) -> Decimal | None:
    """What the store says was refunded of the order; None where that can't be told."""
    refunded = facts.get("order.refunded")
    if refunded is None or not isinstance(refunded.value, Decimal) or len(refunded.unit) != 3:
        return None
    if not refunded.value:
        # Nothing is nothing in any currency.
        return refunded.value
    return rates.convert(Money.rounded(refunded.value, refunded.unit), currency)


def _tier_by_rules(
    ready: CompiledPolicy,
    facts: Facts,
    compared: Money,
    rates: Rates,
    today: date,
    because: list[str],
) -> Tier:
    """The strictest tier of the rules that hold, else the default's; see `TierRule`."""
    policy = ready.policy
    certain: list[tuple[Tier, str]] = []
    possible: list[tuple[Tier, str]] = []
    for rule, condition in ready.tier_rules:
        truth = condition.truth(facts, rates, today)
        if truth is Truth.FALSE:
            continue
        tier, why = _tier_in(rule.limits, rule.currency, compared, rates)
        if truth is Truth.TRUE:
            certain.append((tier, f"{rule.title}: {why}"))
        else:
            possible.append((tier, f"{rule.title} may apply (a fact is missing): {why}"))
    if not certain:
        certain.append(_tier_in(policy.tiers, policy.currency, compared, rates))
    tier, why = max(certain + possible, key=lambda one: one[0].rank)
    because.append(why)
    return tier


def _tier_in(
    limits: tuple[TierLimit, ...], currency: str | None, compared: Money, rates: Rates
) -> tuple[Tier, str]:
    currency = currency or compared.currency
    amount = rates.convert(compared, currency)
    if amount is None:
        return Tier.MANAGER, f"no rate from {compared.currency} to {currency} is set"
    tier = tier_for(limits, amount)
    words = TIER_WORDS[tier]
    beaten = [limit.up_to for limit in limits if limit.up_to is not None and amount > limit.up_to]
    reached = [limit.up_to for limit in limits if limit.up_to is not None and amount <= limit.up_to]
    if reached:
        return tier, f"up to {reached[0]} {currency}: {words}"
    return tier, f"above {beaten[-1]} {currency}: {words}" if beaten else words


# --- limits against abuse -----------------------------------------------------------------------

_SUBJECT_WORDS = {
    Subject.CUSTOMER: "this customer",
    Subject.ADDRESS: "this address",
    Subject.AGENT: "this agent",
    Subject.ITEM: "this item",
    Subject.STORE: "this store",
    Subject.ORDER: "this order",
}


def limit_finding(
    limit: AbuseLimit, amount: Money | None, history: History, rates: Rates
) -> Finding:
    """How a limit stands, this refund included; of several items the one nearest its limit.

    True: it is passed. Unknown: the figure was not read, or a rate is missing.
    """
    label = f"refunds for {_SUBJECT_WORDS[limit.subject]} in {window_words(limit.hours)}"
    figures = history.of(limit.subject, limit.hours)
    outcomes = [_held_against(limit, one, amount, rates, label) for one in figures]
    if not outcomes:
        outcomes = [(Truth.UNKNOWN, f"{label}: not known ({history.unknown_because})", None)]
    order = (Truth.TRUE, Truth.UNKNOWN, Truth.FALSE)
    truth, sentence, actual = min(outcomes, key=lambda one: order.index(one[0]))
    threshold = str(limit.max_count if limit.max_count is not None else limit.max_amount)
    return Finding(
        code=f"{LIMIT_PREFIX}{limit.id}",
        title=limit.title,
        effect=Effect.REVIEW,
        truth=truth,
        sentence=sentence,
        comparisons=(
            Comparison(
                fact=f"history.{limit.subject.value}",
                operator="more_than",
                threshold=threshold,
                actual=actual,
                truth=truth,
                sentence=sentence,
            ),
        ),
    )


def _held_against(
    limit: AbuseLimit,
    figure: HistoryFigure,
    amount: Money | None,
    rates: Rates,
    label: str,
) -> tuple[Truth, str, str | None]:
    if limit.max_count is not None:
        count = figure.count + 1
        truth = Truth.TRUE if count > limit.max_count else Truth.FALSE
        return truth, f"{label}: {count} with this one, limit {limit.max_count}", str(count)
    most = limit.max_amount
    if most is None:
        raise ValueError(f"limit {limit.id} has neither a count nor an amount")
    amounts = figure.amounts if amount is None else (*figure.amounts, amount)
    total = rates.total(amounts, most.currency)
    if total is None:
        return Truth.UNKNOWN, f"{label}: not known (no rate to {most.currency} is set)", None
    summed = Money.rounded(total, most.currency)
    truth = Truth.TRUE if summed > most else Truth.FALSE
    return truth, f"{label}: {summed} with this one, limit {most}", str(summed)


def limit_findings(
    policy: Policy, amount: Money | None, history: History, rates: Rates
) -> list[Finding]:
    """How each limit stands that asks for a look before anything is offered.

    An agent's limit isn't among them: it counts when somebody clicks.
    """
    return [
        limit_finding(limit, amount, history, rates)
        for limit in policy.abuse_limits
        if limit.effect is LimitEffect.REVIEW and limit.subject is not Subject.AGENT
    ]


# --- automatic release --------------------------------------------------------------------------


def _release(
    ready: CompiledPolicy,
    facts: Facts,
    amount: Money,
    compared: Money,
    tier: Tier,
    history: History,
    rates: Rates,
    today: date,
    because: list[str],
) -> Tier:
    """Nobody's click when the merchant wrote so and every limit of it holds, else an agent's."""
    automatic = ready.policy.automatic
    if automatic is None:
        return ready.policy.release_tier(tier)
    if automatic.up_to is None and tier is not Tier.AUTOMATIC:
        return tier
    condition = ready.automatic_when
    if condition is not None and condition.truth(facts, rates, today) is not Truth.TRUE:
        return Tier.AGENT
    stopped = _stops(automatic, amount, compared, history, rates)
    because += [f"not released automatically: {one}" for one in stopped]
    return Tier.AGENT if stopped else Tier.AUTOMATIC


def _stops(
    automatic: AutomaticRelease, amount: Money, compared: Money, history: History, rates: Rates
) -> list[str]:
    """The limits of automatic release that this refund would pass, or that can't be told."""
    stopped = []
    if automatic.up_to is not None:
        total = rates.convert(compared, automatic.up_to.currency)
        if total is None or total > automatic.up_to.amount:
            stopped.append(f"{compared} is above {automatic.up_to}")
    for subject, hours, most, most_amount in (
        (Subject.STORE, 24, automatic.per_day_count, automatic.per_day_amount),
        (
            Subject.CUSTOMER,
            automatic.per_customer_days * 24,
            automatic.per_customer_count,
            automatic.per_customer_amount,
        ),
    ):
        figure = history.figure(subject, hours)
        words = f"{_SUBJECT_WORDS[subject]} in {window_words(hours)}"
        if most is None and most_amount is None:
            continue
        if figure is None:
            stopped.append(f"refunds for {words} are not known")
            continue
        if most is not None and figure.count + 1 > most:
            stopped.append(f"{figure.count + 1} refunds for {words}, limit {most}")
        if most_amount is not None:
            total = rates.total((*figure.amounts, amount), most_amount.currency)
            if total is None or total > most_amount.amount:
                stopped.append(f"refunds for {words} would pass {most_amount}")
    return stopped

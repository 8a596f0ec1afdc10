"""A policy said back as text: what is printed compiles to the same policy."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from app.domain.people import Tier
from app.domain.policy.language.printing_conditions import (
    Words,
    listed,
    money_words,
    number_words,
    quoted,
)
from app.domain.policy.model import (
    AbuseLimit,
    Alternative,
    AutomaticRelease,
    Clause,
    Effect,
    LimitEffect,
    Outcome,
    Policy,
    ProRataBasis,
    Resolution,
    Scope,
    TierLimit,
    TierRule,
)

_WIDTH = 96
TAKEN_AS_UNOPENED = (
    "Where the customer does not say whether it was opened or used, take it as unopened."
)
_ALTERNATIVE_WORDS = {
    Alternative.STORE_CREDIT: "store credit",
    Alternative.EXCHANGE: "exchange",
    Alternative.REPAIR: "repair",
    Alternative.MANAGER_REVIEW: "a manager review",
}
_PERSONS = {
    Tier.AGENT: "an agent",
    Tier.TEAM_LEAD: "a team lead",
    Tier.MANAGER: "a manager",
}


def print_policy(policy: Policy) -> str:
    """The whole policy in the language, one sentence after the other."""
    sentences = [*heading_sentences(policy)]
    sentences += [clause_sentence(policy, clause) for clause in policy.clauses]
    sentences += authority_sentences(policy)
    return "\n".join("\n".join(_lines(sentence)) for sentence in sentences) + "\n"


def _lines(sentence: str) -> list[str]:
    return wrap(sentence, _WIDTH, subsequent_indent="    ", break_long_words=False,
                break_on_hyphens=False)  # fmt: skip


def heading_sentences(policy: Policy) -> list[str]:
    """Name, currency, time zone and what a customer's silence means."""
    sentences = [f"The policy is called {quoted(policy.title)}."]
    if policy.currency is not None:
        sentences.append(f"All amounts are in {policy.currency}.")
    if policy.time_zone != "UTC":
        sentences.append(f"All dates are in the time zone {quoted(policy.time_zone)}.")
    if policy.takes_as_unopened:
        sentences.append(TAKEN_AS_UNOPENED)
    return sentences


# --- rules --------------------------------------------------------------------------------------


def clause_sentence(policy: Policy, clause: Clause) -> str:
    """One rule or exception, complete with its name, reason and alternatives."""
    names = {one.id: one.title for one in policy.clauses}
    heading = "Exception" if clause.is_exception else "Rule"
    heading += f" {quoted(clause.title)}"
    if clause.excepts:
        heading += " to " + listed([quoted(names[one]) for one in clause.excepts], "and")
    if clause.priority:
        heading += f" with priority {clause.priority}"
    when = Words().when(clause.when)
    action = action_words(clause)
    said = f"{action} {when}" if when else action
    if not when and not clause.is_exception:
        said = f"otherwise {action}"
    sentence = f"{heading}: {said}, because {quoted(clause.because)}"
    if clause.alternatives:
        offered = [_ALTERNATIVE_WORDS[one] for one in clause.alternatives]
        sentence += f", and offer {listed(offered, 'or')} instead"
    return f"{sentence}."


def action_words(clause: Clause) -> str:
    """What a rule does, e.g. "refund the item less a restocking fee of 15%"."""
    item = "the order" if clause.scope is Scope.ORDER else "the item"
    if clause.effect is Effect.EXCLUDE:
        return f"do not refund {item}"
    if clause.effect is Effect.REVIEW:
        return f"ask a person to review {item}"
    if clause.effect is Effect.ASK_EVIDENCE:
        return f"ask for evidence of {item}"
    return " ".join([_given(clause.outcome, item), *_parts(clause.outcome)])


def _given(outcome: Outcome, item: str) -> str:
    share = f"{number_words(outcome.percent)}%"
    is_all = outcome.percent == 100
    if outcome.resolution is Resolution.STORE_CREDIT:
        if is_all:
            return f"give store credit for {item}"
        return f"give {share} of {item} as store credit"
    if outcome.resolution is not Resolution.REFUND:
        return f"{outcome.resolution.value} {item}"
    return f"refund {item}" if is_all else f"refund {share} of {item}"


def _parts(outcome: Outcome) -> list[str]:
    parts = []
    fees = []
    if outcome.shipping:
        is_plain = outcome.percent == 100 and outcome.resolution is Resolution.REFUND
        parts.append("in full" if is_plain else "with the shipping")
    if outcome.pro_rata is not ProRataBasis.NONE:
        parts.append(f"pro rata by {outcome.pro_rata.value}")
    if outcome.bonus_percent:
        parts.append(f"with a bonus of {number_words(outcome.bonus_percent)}%")
    if outcome.restocking_percent:
        fees.append(f"less a restocking fee of {number_words(outcome.restocking_percent)}%")
    if outcome.restocking_fee is not None:
        fees.append(f"less a restocking fee of {money_words(outcome.restocking_fee)}")
    if outcome.return_shipping_fee is not None:
        fee = money_words(outcome.return_shipping_fee)
        fees.append(f"less a return shipping fee of {fee}")
    if fees:
        parts.append(" and ".join(fees))
    if outcome.keeps_item:
        parts.append("and let the customer keep it")
    if outcome.requires_return is not None:
        parts.append("once it has come back" if outcome.requires_return else "without a return")
    return parts


# --- people and limits --------------------------------------------------------------------------


def authority_sentences(policy: Policy) -> list[str]:
    """Tiers, automatic release, limits, reminders: what differs from the model's defaults."""
    sentences = []
    if policy.tiers:
        sentences.append(f"{_capital(limits_words(policy.tiers, policy.currency))}.")
    sentences += [tier_sentence(rule, policy) for rule in policy.tier_rules]
    if policy.automatic is not None:
        sentences.append(automatic_sentence(policy.automatic))
    sentences += [limit_sentence(limit) for limit in policy.abuse_limits]
    defaults = {name: field.default for name, field in Policy.model_fields.items()}
    reminds = ("remind_every_hours", "escalate_after_reminders", "escalate_to")
    if any(getattr(policy, name) != defaults[name] for name in reminds):
        sentences.append(reminder_sentence(policy))
    if any(getattr(policy, name) != defaults[name] for name in ("split_days", "split_subject")):
        sentences.append(split_sentence(policy))
    return sentences


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def limits_words(limits: Sequence[TierLimit], currency: str | None) -> str:
    """Limits as one sentence without its full stop."""
    said: list[str] = []
    for limit in limits:
        if limit.up_to is None:
            person = _PERSONS.get(limit.tier, "an agent")
            said.append(f"above that {person}" if said else f"{person} must approve")
            continue
        amount = number_words(limit.up_to) + (f" {currency}" if currency else "")
        if limit.tier is Tier.AUTOMATIC:
            who = "a refund may be automatic"
        else:
            alone = "" if any("alone" in one for one in said) else " may refund alone"
            who = f"{_PERSONS[limit.tier]}{alone}"
        said.append(f"up to {amount} {who}")
    return "; ".join(said)


def tier_sentence(rule: TierRule, policy: Policy) -> str:
    """Limits of their own for some refunds."""
    when = _with_names(Words().when(rule.when), policy)
    return f"Tier {quoted(rule.title)}: {when}, {limits_words(rule.limits, rule.currency)}."


def _with_names(words: str, policy: Policy) -> str:
    """Clauses by their names, where a condition asks which clause decides."""
    for clause in policy.clauses:
        words = words.replace(f'"{clause.id}"', quoted(clause.title))
    return words


def automatic_sentence(release: AutomaticRelease) -> str:
    """What is released with nobody's click."""
    words = "Release refunds"
    if release.up_to is not None:
        words += f" up to {money_words(release.up_to)}"
    words += " automatically"
    days = f"{release.per_customer_days} day{'' if release.per_customer_days == 1 else 's'}"
    if release.per_day_count is not None:
        words += f", at most {number_words(release.per_day_count)} refunds a day"
    if release.per_day_amount is not None:
        words += f", at most {money_words(release.per_day_amount)} a day"
    if release.per_customer_count is not None:
        words += f", at most {number_words(release.per_customer_count)} refunds per customer"
        words += f" in {days}"
    if release.per_customer_amount is not None:
        words += f", at most {money_words(release.per_customer_amount)} per customer in {days}"
    if release.when is not None:
        when = Words().when(release.when)
        words += f", {when}" if when else ""
    return f"{words}."


def limit_sentence(limit: AbuseLimit) -> str:
    """One limit against abuse."""
    if limit.max_amount is not None:
        allowed = f"{money_words(limit.max_amount)} of refunds"
    else:
        count = limit.max_count or 0
        allowed = f"{number_words(count)} refund{'' if count == 1 else 's'}"
    hours = limit.hours
    if hours % 24 == 0 and hours > 24:
        span = f"{hours // 24} days"
    else:
        span = f"{hours} hour{'' if hours == 1 else 's'}"
    beyond = "ask a person to review"
    if limit.effect is LimitEffect.TIER:
        beyond = f"{_PERSONS.get(limit.tier, 'an agent')} must approve"
    return (
        f"Limit {quoted(limit.title)}: allow at most {allowed} per {limit.subject.value} "
        f"in {span}; beyond that {beyond}."
    )


def reminder_sentence(policy: Policy) -> str:
    """How approvers are reminded, and who is told in the end."""
    owner = "the owner" if policy.escalate_to == "owner" else quoted(policy.escalate_to)
    count = policy.escalate_after_reminders
    hours = policy.remind_every_hours
    return (
        f"Remind approvers every {hours} hour{'' if hours == 1 else 's'}, and after {count} "
        f"reminder{'' if count == 1 else 's'} tell {owner}."
    )


def split_sentence(policy: Policy) -> str:
    """Whose refunds are added up before an amount is compared with the tiers."""
    days = policy.split_days
    return (
        f"Refunds for the same {policy.split_subject.value} within {days} "
        f"day{'' if days == 1 else 's'} count as one amount."
    )

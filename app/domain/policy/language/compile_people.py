"""Sentences about people, automatic release and limits: from a tree to the policy's draft."""

from __future__ import annotations

from app.domain.policy.conditions import facts_of
from app.domain.policy.language.authorities import (
    abuse_limit,
    automatic_release,
    limits_of,
    reminders_of,
    split_of,
)
from app.domain.policy.language.compile_rules import Draft, title_of, when_of
from app.domain.policy.language.names import id_of
from app.domain.policy.language.parse import Parsed
from app.domain.policy.language.saying import Setting
from app.domain.policy.language.trees import named_parts
from app.domain.policy.language.values import Faulty
from app.domain.policy.model import TierRule


def compile_tiers(item: Parsed, setting: Setting, draft: Draft) -> None:
    node, where = item.node, item.sentence.place
    parts = named_parts(node)
    when = when_of(parts, setting, where)
    limits, currency = limits_of(node, setting, where)
    if reminders := reminders_of(node, where):
        draft.say_once("How approvers are reminded", where, **reminders)
    if when is None:
        if "tier_heading" in parts:
            raise Faulty("Only tiers for some refunds (If …, up to …) have a name.", where)
        if draft.values.get("currency") not in {None, currency}:
            raise Faulty(
                f"These limits are in {currency}, and all amounts are in "
                f"{draft.values['currency']}.",
                where,
            )
        draft.say_once("Who may refund how much", where, tiers=limits, currency=currency)
        return
    for name in sorted(facts_of(when)):
        if name.startswith(("item.", "service.", "history.item_")):
            raise Faulty(
                "Who may refund how much can't depend on a single item: ask for the order, the "
                "reason, the customer or the decision.",
                where,
            )
    title = title_of(item)
    if "tier_heading" in parts:
        title = str(parts["tier_heading"].children[0])
    draft.tier_rules.append(
        TierRule(
            id=id_of(title, draft.rule_ids),
            title=title,
            when=when,
            limits=limits,
            currency=currency,
            source_line=where.line,
        )
    )


def compile_reminders(item: Parsed, setting: Setting, draft: Draft) -> None:
    where = item.sentence.place
    draft.say_once("How approvers are reminded", where, **reminders_of(item.node, where))


def compile_automatic(item: Parsed, setting: Setting, draft: Draft) -> None:
    where = item.sentence.place
    when = when_of(named_parts(item.node), setting, where)
    release = automatic_release(item.node, when, setting, where)
    draft.say_once("What is released automatically", where, automatic=release)


def compile_limit(item: Parsed, setting: Setting, draft: Draft) -> None:
    node, where = item.node, item.sentence.place
    parts = named_parts(node)
    heading = parts.get("limit_heading")
    title = str(heading.children[0]) if heading is not None else title_of(item)
    draft.limits.append(abuse_limit(node, title, id_of(title, draft.rule_ids), where))


def compile_split(item: Parsed, setting: Setting, draft: Draft) -> None:
    where = item.sentence.place
    draft.say_once("Which refunds count as one", where, **split_of(item.node, where))

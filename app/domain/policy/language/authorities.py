"""Tiers, reminders, automatic release and limits against abuse: from trees to the model."""

from __future__ import annotations

from typing import Any

from lark import Token, Tree

from app.domain.money import Money
from app.domain.people import Tier
from app.domain.policy.language.problems import Place
from app.domain.policy.language.saying import Setting
from app.domain.policy.language.trees import Node, parts_of, tokens_of, trees_of
from app.domain.policy.language.values import Faulty, money, number, place_of
from app.domain.policy.model import (
    AbuseLimit,
    AutomaticRelease,
    Condition,
    LimitEffect,
    Subject,
    TierLimit,
)

_HOLDERS = {
    "nobody": Tier.AUTOMATIC,
    "agent": Tier.AGENT,
    "team_lead": Tier.TEAM_LEAD,
    "manager": Tier.MANAGER,
}
_MOST_HOURS = 24 * 60


def _holder(node: Node) -> Tier:
    return next(_HOLDERS[str(part.data)] for part in parts_of(node) if str(part.data) in _HOLDERS)


def _whole(token: Token, where: Place, most: int, what: str) -> int:
    found = number(token)
    if not isinstance(found, int) or not 1 <= found <= most:
        raise Faulty(f"{what} from 1 to {most:,}.", place_of(token, where))
    return found


def limits_of(
    node: Node, setting: Setting, where: Place
) -> tuple[tuple[TierLimit, ...], str | None]:
    """The limits of a sentence about tiers, and their currency (None: the shop's)."""
    limits: list[TierLimit] = []
    currencies: set[str | None] = set()
    body = next(part for part in parts_of(node) if str(part.data) in {"limits", "always"})
    # "up to 100 EUR …; up to 500 …": the currency that one names is meant by all.
    codes = {str(code) for code in tokens_of(body, "CODE")}
    default = next(iter(codes)) if len(codes) == 1 else setting.currency
    for child in trees_of(body):
        if str(child.data) in {"remind", "escalate"}:
            continue
        if str(child.data) != "up_to":
            limits.append(TierLimit(tier=_HOLDERS[str(child.data)], up_to=None))
            continue
        amount = money(trees_of(child)[0], default, where)
        currencies.add(amount.currency if isinstance(amount, Money) else None)
        plain = amount.amount if isinstance(amount, Money) else amount
        limit = TierLimit(tier=_holder(child), up_to=plain)
        if limits and (limit.tier.rank < limits[-1].tier.rank or plain < (limits[-1].up_to or 0)):
            raise Faulty(
                "Amounts and people go from the smaller to the larger.",
                place_of(child, where),
                ("up to 100 EUR an agent may refund alone; up to 500 EUR a team lead; "
                 "above that a manager",),
            )  # fmt: skip
        limits.append(limit)
    if len(limits) > 1 and limits[-1].tier.rank < limits[-2].tier.rank:
        raise Faulty("Above the last amount somebody with more authority decides.", where)
    if len(currencies) > 1:
        raise Faulty("The limits of one sentence are in one currency.", where)
    return tuple(limits), next(iter(currencies), setting.currency)


def reminders_of(node: Node, where: Place) -> dict[str, Any]:
    """How often approvers are reminded, and who is told in the end; empty where not said."""
    values: dict[str, Any] = {}
    for part in parts_of(node):
        if str(part.data) == "remind":
            token = tokens_of(part)[0]
            values["remind_every_hours"] = _whole(token, where, _MOST_HOURS, "Hours are")
        elif str(part.data) == "escalate":
            token = tokens_of(part, "NUMERAL")[0]
            values["escalate_after_reminders"] = _whole(token, where, 100, "Reminders are")
        elif str(part.data) == "somebody":
            values["escalate_to"] = str(part.children[0])
        elif str(part.data) == "the_owner":
            values["escalate_to"] = "owner"
    return values


def automatic_release(
    node: Node, when: Condition | None, setting: Setting, where: Place
) -> AutomaticRelease:
    """What is released with nobody's click."""
    values: dict[str, Any] = {"when": when, "source_line": where.line}
    windows: set[int] = set()
    for part in trees_of(node):
        kind = str(part.data)
        tokens = [child for child in part.children if isinstance(child, Token)]
        if kind == "money":
            found = money(part, setting.currency, where)
            if not isinstance(found, Money):
                raise Faulty(
                    "What is released automatically needs a currency.",
                    place_of(part, where),
                    (f"up to {found} EUR",),
                )
            values["up_to"] = found
            continue
        name, value = _cap(kind, tokens, where)
        if name is None:
            continue
        if name in values:
            raise Faulty("The same limit is said twice.", place_of(tokens[0], where))
        values[name] = value
        if name.startswith("per_customer"):
            windows.add(_whole(tokens[-1], where, 3660, "Days are"))
    if len(windows) > 1:
        raise Faulty("Both limits per customer are for the same number of days.", where)
    if windows:
        values["per_customer_days"] = windows.pop()
    return AutomaticRelease(**values)


def _cap(kind: str, tokens: list[Token], where: Place) -> tuple[str | None, int | Money | None]:
    names = {
        "count_a_day": "per_day_count",
        "amount_a_day": "per_day_amount",
        "count_per_customer": "per_customer_count",
        "amount_per_customer": "per_customer_amount",
    }
    if kind not in names:
        return None, None
    if kind.startswith("count"):
        return names[kind], _whole(tokens[0], where, 1_000_000, "Refunds are counted")
    amount = money(Tree("money", [*tokens[:2]]), None, where)
    return names[kind], amount if isinstance(amount, Money) else None


def abuse_limit(node: Node, title: str, limit_id: str, where: Place) -> AbuseLimit:
    """One limit against abuse."""
    parts = {str(part.data): part for part in parts_of(node)}
    subject = Subject(_subject(parts))
    span = parts.get("span_days") or parts["span_hours"]
    token = tokens_of(span)[0]
    count = _whole(token, where, 3660, "Days and hours are counted")
    values: dict[str, Any] = {"hours": count if span.data == "span_hours" else count * 24}
    if "allowed_count" in parts:
        counted = tokens_of(parts["allowed_count"])[0]
        allowed = number(counted)
        if not isinstance(allowed, int):
            raise Faulty("Refunds are counted in whole numbers.", place_of(counted, where))
        values["max_count"] = allowed
    else:
        tokens = tokens_of(parts["allowed_amount"])
        values["max_amount"] = money(Tree("money", [*tokens]), None, where)
    if "to_tier" in parts:
        values |= {"effect": LimitEffect.TIER, "tier": _holder(parts["to_tier"])}
    elif subject is Subject.AGENT:
        raise Faulty(
            "An agent's refunds are counted when the agent clicks: say who must approve then.",
            where,
            ("beyond that a team lead must approve",),
        )
    return AbuseLimit(id=limit_id, title=title, subject=subject, source_line=where.line, **values)


def _subject(parts: dict[str, Node]) -> str:
    return next(name.removeprefix("of_") for name in parts if name.startswith("of_"))


def split_of(node: Node, where: Place) -> dict[str, Any]:
    """Whose refunds are added up before an amount is compared with the tiers."""
    parts = {str(part.data): part for part in parts_of(node)}
    token = tokens_of(node, "NUMERAL")[0]
    return {
        "split_subject": Subject(_subject(parts)),
        "split_days": _whole(token, where, 3660, "Days are counted"),
    }

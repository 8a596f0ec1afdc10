"""Outcomes: from the tree of "refund the item less …" to the model's effect and outcome."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from app.domain.policy.language.problems import Place
from app.domain.policy.language.saying import Setting
from app.domain.policy.language.trees import Node, parts_of, trees_of
from app.domain.policy.language.values import Faulty, percent, place_of, reason_of, sure_money
from app.domain.policy.model import (
    Alternative,
    Effect,
    Outcome,
    ProRataBasis,
    Resolution,
    Scope,
)

_EFFECTS = {
    "decline": Effect.EXCLUDE,
    "review": Effect.REVIEW,
    "ask_evidence": Effect.ASK_EVIDENCE,
}
_RESOLUTIONS = {
    "refund": Resolution.REFUND,
    "refund_share": Resolution.REFUND,
    "store_credit": Resolution.STORE_CREDIT,
    "store_credit_share": Resolution.STORE_CREDIT,
    "exchange": Resolution.EXCHANGE,
    "repair": Resolution.REPAIR,
}
# What may be said of an exchange or repair, which moves no money.
_WITHOUT_MONEY = frozenset({"keeps_item", "requires_return", "without_return"})
_SAID = {
    "in_full": "in full",
    "with_shipping": "with the shipping",
    "without_shipping": "without the shipping",
    "bonus": "with a bonus",
    "restocking_percent": "less a restocking fee",
    "restocking_fee": "less a restocking fee",
    "return_shipping": "less a return shipping fee",
    "by_days": "pro rata",
    "by_completion": "pro rata",
    "keeps_item": "and let the customer keep it",
    "requires_return": "once it has come back",
    "without_return": "without a return",
}
_ALTERNATIVES = {
    "offer_store_credit": Alternative.STORE_CREDIT,
    "offer_exchange": Alternative.EXCHANGE,
    "offer_repair": Alternative.REPAIR,
    "offer_manager_review": Alternative.MANAGER_REVIEW,
}


def effect_of(action: Node) -> Effect:
    """What the sentence does."""
    return _EFFECTS.get(str(action.data), Effect.REFUND)


def scope_of(action: Node) -> Scope:
    """Each item, or the order as a whole."""
    is_order = any(str(part.data) == "the_order" for part in parts_of(action))
    return Scope.ORDER if is_order else Scope.LINE


def alternatives_of(instead: Node) -> tuple[Alternative, ...]:
    """What is offered instead, in the order written."""
    found = [
        _ALTERNATIVES[str(part.data)]
        for part in parts_of(instead)
        if str(part.data) in _ALTERNATIVES
    ]
    return tuple(dict.fromkeys(found))


def outcome_of(action: Node, setting: Setting, where: Place) -> Outcome:
    """What a refunding sentence gives; the plain outcome for one that gives nothing."""
    kind = str(action.data)
    if kind in _EFFECTS:
        return Outcome()
    resolution = _RESOLUTIONS[kind]
    values: dict[str, Any] = {"resolution": resolution}
    said: set[str] = set()
    for part in trees_of(action):
        data = str(part.data)
        if data == "percent":
            values["percent"] = _share(part, where)
        if data not in _SAID:
            continue
        if data in said:
            raise Faulty(f'"{_SAID[data]}" is said twice.', where)
        said.add(data)
        _check_fits(data, resolution, where)
        values |= _part(part, setting, where)
    _check_agreement(said, kind, where)
    if "without_shipping" in said:
        values["shipping"] = False
    try:
        return Outcome(**values)
    except ValueError as error:
        raise Faulty(reason_of(error), where) from None


def _share(node: Node, where: Place) -> Decimal:
    share = Decimal(percent(node, where))
    if share == 0:
        raise Faulty(
            "Nothing would be refunded.", place_of(node, where), ("do not refund the item",)
        )
    return share


def _part(part: Node, setting: Setting, where: Place) -> dict[str, Any]:
    data = str(part.data)
    inner = next(iter(trees_of(part)), part)
    if data in {"restocking_percent", "bonus"}:
        share = Decimal(percent(inner, where))
        if data == "restocking_percent" and share == 100:
            raise Faulty("A restocking fee of 100% leaves nothing.", place_of(inner, where))
        return {"restocking_percent" if data == "restocking_percent" else "bonus_percent": share}
    if data in {"restocking_fee", "return_shipping"}:
        name = "restocking_fee" if data == "restocking_fee" else "return_shipping_fee"
        return {name: sure_money(inner, setting.currency, where)}
    plain: dict[str, dict[str, Any]] = {
        "in_full": {"shipping": True},
        "with_shipping": {"shipping": True},
        "without_shipping": {"shipping": False},
        "by_days": {"pro_rata": ProRataBasis.DAYS},
        "by_completion": {"pro_rata": ProRataBasis.COMPLETION},
        "keeps_item": {"keeps_item": True},
        "requires_return": {"requires_return": True},
        "without_return": {"requires_return": False},
    }
    return plain[data]


def _check_fits(data: str, resolution: Resolution, where: Place) -> None:
    if not resolution.moves_money and data not in _WITHOUT_MONEY:
        raise Faulty(
            f'"{_SAID[data]}" can\'t be said of an exchange or a repair: no money moves.', where
        )
    if data == "bonus" and resolution is not Resolution.STORE_CREDIT:
        raise Faulty(
            "A bonus goes with store credit only.",
            where,
            ("give store credit for the item with a bonus of 10%",),
        )


def _check_agreement(said: set[str], kind: str, where: Place) -> None:
    clashes = [
        ({"with_shipping", "without_shipping"}, "The shipping is both given and kept."),
        ({"requires_return", "without_return"}, "The item both comes back and doesn't."),
        ({"keeps_item", "requires_return"}, "The item is both kept and sent back."),
        ({"by_days", "by_completion"}, "Pro rata goes by days or by completion, not by both."),
    ]
    for both, message in clashes:
        if both <= said:
            raise Faulty(message, where)
    if "in_full" in said and kind.endswith("_share"):
        raise Faulty("A percentage isn't in full.", where)

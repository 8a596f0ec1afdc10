"""A plan in words: its make-up, where it goes, and what its button will do."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.money import Money
from app.domain.people import Tier
from app.domain.plan import Plan, PlanFee, ProRata
from app.web.formats import Formats
from app.web.texts import text, text_or_code


@dataclass(frozen=True)
class Row:
    """A label and its value; `kind` is a style: "quiet" explains, "total" is the sum."""

    label: str
    value: str
    kind: str = ""


def plan_sums(plan: Plan) -> dict[str, Money]:
    """Items before discount, discount, tax, shipping, duties, fees, adjustment and total of a plan.

    Where prices include tax, `tax` is zero. Shares of a line's price (50 % by policy) count as
    items of that reduced price. Discount and fees are negative.
    """
    currency = plan.total.currency
    discount = Money.total((line.discount for line in plan.lines if not line.is_reduced), currency)
    items = Money.total((line.amount for line in plan.lines), currency)
    taxes = [line.tax for line in plan.lines if not line.is_tax_included]
    return {
        "items": items + discount,
        "discount": -discount,
        "tax": Money.total([*taxes, plan.shipping_tax], currency),
        "shipping": plan.shipping,
        "duties": plan.duties or Money.zero(currency),
        "fees": -plan.fee_total,
        "adjustment": plan.adjustment,
        "total": plan.total,
    }


def make_up(plan: Plan, formats: Formats) -> tuple[Row, ...]:
    """What the total is made of, row by row; the total itself isn't among them."""
    sums = plan_sums(plan)
    rows: list[Row] = []
    if plan.lines:
        rows.append(Row(text("amount.items"), formats.money(sums["items"])))
    rows += [_reduction(name, share) for name, share in _reductions(plan)]
    rows += [
        Row(text(f"amount.{name}"), formats.money(sums[name]))
        for name in ("discount", "tax", "shipping", "duties")
        if sums[name]
    ]
    rows += [Row(fee_label(fee), formats.money(-fee.amount), "fee") for fee in plan.fees]
    if sums["adjustment"]:
        rows.append(Row(text("amount.adjustment"), formats.money(sums["adjustment"])))
    included = [line.tax for line in plan.lines if line.is_tax_included and line.tax]
    if included:
        tax = Money.total(included, plan.total.currency)
        rows.append(Row(text("amount.tax_included"), formats.money(tax), "quiet"))
    if plan.bonus is not None:
        rows.append(Row(text("amount.before_bonus"), formats.money(plan.total)))
        percent = f"{plan.bonus_percent.normalize():f}"
        rows.append(Row(text("amount.bonus", percent=percent), formats.money(plan.bonus), "bonus"))
    if plan.total_in_shop_currency.currency != plan.total.currency:
        value = formats.money(plan.total_in_shop_currency)
        rows.append(Row(text("amount.in_shop_currency"), value, "quiet"))
    return tuple(rows)


def _reductions(plan: Plan) -> list[tuple[str, str]]:
    """Which items go back at less than their price, and at which share."""
    found: list[tuple[str, str]] = []
    for line in plan.lines:
        shares = []
        if line.percent != 100:
            shares.append(text("amount.percent", percent=f"{line.percent.normalize():f}"))
        if line.pro_rata is not None:
            shares.append(pro_rata_words(line.pro_rata))
        if shares:
            found.append((line.name, ", ".join(shares)))
    return found


def _reduction(name: str, share: str) -> Row:
    return Row(text("amount.share", name=name), share, "quiet")


def pro_rata_words(part: ProRata) -> str:
    """`20 of 30 days`."""
    unit = text_or_code("unit", part.unit).lower()
    return text("amount.pro_rata", left=f"{part.left:f}", of=f"{part.of:f}", unit=unit)


def fee_label(fee: PlanFee) -> str:
    """The fee's own name, with its percentage where the name doesn't say it."""
    percent = f"{fee.percent.normalize():f}" if fee.percent is not None else ""
    if not percent or f"{percent} %" in fee.label or f"{percent}%" in fee.label:
        return fee.label
    return text("amount.fee_percent", label=fee.label, percent=percent)


def destinations(plan: Plan, formats: Formats) -> tuple[Row, ...]:
    """Where it goes: each payment with its part, or store credit."""
    if plan.is_store_credit:
        return (Row(text("destination.store_credit"), formats.money(plan.credit_total)),)
    return tuple(Row(item.label, formats.money(item.amount)) for item in plan.tenders)


def button_words(plan: Plan, formats: Formats) -> str:
    """What a click on the plan's button does, exactly."""
    if plan.is_store_credit:
        return text("pay.button_credit", amount=formats.money(plan.credit_total))
    amount = formats.money(plan.total)
    if plan.is_manual:
        return text("pay.button_manual", amount=amount)
    if not plan.tenders:
        return text("pay.button", amount=amount)
    if len(plan.tenders) == 1:
        return text("pay.button_to", amount=amount, label=plan.tenders[0].label)
    return text("pay.button_to_several", amount=amount, count=len(plan.tenders))


def ask_words(plan: Plan, needed: Tier, formats: Formats) -> str:
    """What the button says to somebody who may not release the plan alone."""
    who = text(f"ask.tier.{needed.value}")
    return text("ask.button", tier=who, amount=formats.money(plan.credit_total))

"""What can be said about each fact: the words that stand for it in a sentence.

A `Form` is one way to speak of one fact about one subject ("the item" + "is on final sale"). The
grammar takes its predicates from this table, and so does the printer: the first form that fits is
the one printed, the others are understood as well. A fact that has no form can still be written by
its name ("the fact item.quantity is at least 2").

Slots: {ago} an age in days, {count} {money} {percent} {days} {minutes} a number with its limit
("at least 3"), {text} {texts} quoted, {word} {words} one or several of a fact's own values,
{code} {codes} currencies, {dates} dates and seasons, {span} "30 days" or "24 hours".
"""

from __future__ import annotations

from dataclasses import dataclass

# Subject -> how it is written. The first group needs a verb after it; nouns are compared.
SUBJECTS: dict[str, str] = {
    "item": "the item",
    "order": "the order",
    "customer": "the customer",
    "service": "the service",
    "today": "today",
    "reason": "the reason",
    "kind": "the kind of request",
    "channel": "the channel",
    "decision": "the decision",
}


@dataclass(frozen=True)
class Form:
    """One way to say something about one fact.

    `denial` says the opposite where that isn't made by a limit; `companion` is a yes/no fact that
    is said along with it (what was delivered ten days ago was delivered). `value` is the one value
    of an enumerated text that these words mean. `note` says what they cover where it isn't plain.
    """

    subject: str
    words: str
    fact: str
    denial: str | None = None
    companion: str | None = None
    value: str | None = None
    note: str = ""


def _yes_no(subject: str, words: str, fact: str, note: str = "") -> Form:
    """A form whose denial puts "not" behind its first word."""
    verb, _, rest = words.partition(" ")
    return Form(subject, words, fact, denial=f"{verb} not {rest}", note=note)


def _named(subject: str, verb: str, one: str, many: str, fact: str) -> tuple[Form, Form]:
    """Forms "is of the type X" and "is of one of the types X or Y", with their denials."""
    denied = {"is": "is not", "has": "does not have", "was": "was not", "ships": "does not ship"}
    return (
        Form(subject, f"{verb} {one}", fact, denial=f"{denied[verb]} {one}"),
        Form(subject, f"{verb} {many}", fact, denial=f"{denied[verb]} {many}"),
    )


def _noun(subject: str, slot: str, slots: str, fact: str) -> tuple[Form, Form]:
    return (
        Form(subject, f"is {{{slot}}}", fact, denial=f"is not {{{slot}}}"),
        Form(subject, f"is one of {{{slots}}}", fact, denial=f"is none of {{{slots}}}"),
    )


def _age(subject: str, verb: str, fact: str, companion: str | None = None) -> tuple[Form, ...]:
    return (Form(subject, f"{verb} {{ago}}", fact, companion=companion),)


_ITEM: tuple[Form, ...] = (
    _yes_no("item", "is on final sale", "item.is_final_sale"),
    _yes_no("item", "is a gift card", "item.is_gift_card"),
    _yes_no("item", "is digital", "item.is_digital"),
    _yes_no("item", "is a download", "item.is_digital"),
    _yes_no("item", "is perishable", "item.is_perishable"),
    _yes_no("item", "is a subscription", "item.is_subscription"),
    _yes_no("item", "is discounted", "item.is_discounted", "by the shop or by a coupon"),
    _yes_no("item", "has shipped", "item.is_shipped"),
    _yes_no("item", "was shipped", "item.is_shipped"),
    _yes_no("item", "was delivered", "item.is_delivered"),
    _yes_no("item", "has arrived", "item.is_delivered"),
    _yes_no("item", "is in transit", "item.is_in_transit"),
    _yes_no("item", "has come back", "item.is_return_received"),
    _yes_no("item", "was opened or used", "request.states_opened"),
    Form("item", "is opened", "request.states_opened", denial="is unopened"),
    *_age("item", "was ordered", "item.days_since_order"),
    *_age("item", "was shipped", "item.days_since_shipment", "item.is_shipped"),
    *_age("item", "was delivered", "item.days_since_delivery", "item.is_delivered"),
    *_age("item", "arrived", "item.days_since_delivery", "item.is_delivered"),
    *_age("item", "came back", "item.days_since_return_received", "item.is_return_received"),
    Form("item", "was shipped {dates}", "item.shipped_on"),
    Form("item", "was delivered {dates}", "item.delivered_on"),
    *_named("item", "has", "the tag {text}", "one of the tags {texts}", "item.tags"),
    *_named("item", "is", "of the type {text}", "of one of the types {texts}", "item.type"),
    *_named("item", "has", "the SKU {text}", "one of the SKUs {texts}", "item.sku"),
    *_named("item", "is", "called {text}", "called one of {texts}", "item.name"),
    Form("item", "costs {money}", "item.price", note="one piece, before discounts"),
    Form("item", "was paid for with {money}", "item.total", note="all pieces, after discounts"),
    Form("item", "is discounted by {percent}", "item.discount_percent"),
    Form("item", "is discounted by {money}", "item.discount"),
    Form("item", "was ordered in {count} units", "item.quantity"),
    Form("item", "can be refunded in {count} units", "item.refundable_quantity"),
    Form("item", "had {count} refunds in the last {span}", "history.item_refunds_"),
    Form("item", "was refunded by {money} in the last {span}", "history.item_refunded_"),
)
_ORDER: tuple[Form, ...] = (
    *_age("order", "was placed", "order.age_days"),
    *_age("order", "was shipped", "order.days_since_shipment", "order.is_shipped"),
    *_age("order", "was delivered", "order.days_since_delivery", "order.is_delivered"),
    Form("order", "was placed {dates}", "order.created_on"),
    Form("order", "was delivered {dates}", "order.delivered_on"),
    _yes_no("order", "has shipped", "order.is_shipped"),
    _yes_no("order", "was delivered", "order.is_delivered"),
    _yes_no("order", "is in transit", "order.is_in_transit"),
    _yes_no("order", "is cancelled", "order.is_cancelled"),
    _yes_no("order", "is disputed", "order.is_disputed"),
    _yes_no("order", "was refunded before", "order.has_refunds"),
    _yes_no("order", "is a business order", "order.is_business"),
    Form(
        "order",
        "has an open return",
        "order.has_open_return",
        denial="has no open return",
    ),
    Form("order", "totals {money}", "order.total"),
    Form("order", "had {count} refunds", "order.refunds_count"),
    Form("order", "was refunded by {money}", "order.refunded"),
    Form("order", "has {count} items", "order.items_count"),
    Form("order", "is in {code}", "order.currency", denial="is not in {code}"),
    Form("order", "is in one of {codes}", "order.currency", denial="is not in one of {codes}"),
    *_named("order", "ships", "to {text}", "to one of {texts}", "order.country"),
    *_named("order", "is", "from the store {text}", "from one of the stores {texts}",
            "order.store"),
    Form("order", "is from a {word} store", "order.store_kind",
         denial="is not from a {word} store"),
    *_named("order", "was", "paid with {text}", "paid with one of {texts}",
            "order.payment_methods"),
    *_named("order", "has", "the risk {text}", "one of the risks {texts}", "order.risk"),
)  # fmt: skip
_CUSTOMER: tuple[Form, ...] = (
    Form(
        "customer",
        "reports a fault",
        "request.states_fault",
        denial="reports no fault",
        note="damaged, wrong item or not as described",
    ),
    Form(
        "customer",
        "says it never arrived",
        "request.states_not_arrived",
        denial="does not say it never arrived",
    ),
    Form(
        "customer",
        "says they were charged twice",
        "request.states_duplicate_charge",
        denial="does not say they were charged twice",
    ),
    _yes_no("customer", "has sent evidence", "request.has_evidence"),
    Form("customer", "shows the warning sign {text}", "request.signals",
         denial="does not show the warning sign {text}"),
    Form("customer", "shows one of the warning signs {texts}", "request.signals",
         denial="shows none of the warning signs {texts}"),
    Form("customer", "wants the whole order back", "request.wants", value="whole"),
    Form("customer", "wants a part of the order back", "request.wants", value="part"),
    _yes_no("customer", "has an account", "customer.is_known"),
    _yes_no("customer", "is ordering for the first time", "customer.is_first_order"),
    Form("customer", "has placed {count} orders", "customer.orders_count"),
    Form("customer", "has spent {money}", "customer.lifetime_value"),
    *_named("customer", "has", "the tag {text}", "one of the tags {texts}", "customer.tags"),
    Form("customer", "had {count} refunds in the last {span}", "history.customer_refunds_"),
    Form("customer", "was refunded {money} in the last {span}", "history.customer_refunded_"),
    Form(
        "customer",
        "had a refund rate of {percent} in the last {span}",
        "history.customer_refund_rate_",
    ),
)  # fmt: skip
_SERVICE: tuple[Form, ...] = (
    Form("service", "was used for {days}", "service.days_used"),
    Form("service", "was paid for {days}", "service.days_paid"),
    Form("service", "has {days} left", "service.days_left"),
    Form("service", "is {percent} used", "service.percent_used"),
    Form("service", "is {percent} complete", "service.percent_completed"),
    Form(
        "service",
        "missed its service level",
        "service.is_sla_missed",
        denial="did not miss its service level",
    ),
    Form(
        "service",
        "missed its service level by {minutes}",
        "service.sla_missed_minutes",
        companion="service.is_sla_missed",
    ),
)
_NOUNS: tuple[Form, ...] = (
    Form("today", "is {dates}", "calendar.today"),
    *_noun("reason", "word", "words", "request.reason"),
    *_noun("kind", "word", "words", "request.kind"),
    *_noun("channel", "word", "words", "request.channel"),
    Form("decision", "uses an exception", "decision.uses_exception",
         denial="uses no exception"),
    Form("decision", "is an override", "decision.is_override", denial="is no override"),
    Form("decision", "is made by {text}", "decision.clauses", denial="is not made by {text}"),
    Form("decision", "gives {text}", "decision.resolution", denial="does not give {text}"),
    Form("decision", "gives one of {texts}", "decision.resolution",
         denial="gives none of {texts}"),
    Form("decision", "is made by one of {texts}", "decision.clauses",
         denial="is made by none of {texts}"),
)  # fmt: skip

FORMS: tuple[Form, ...] = (*_ITEM, *_ORDER, *_CUSTOMER, *_SERVICE, *_NOUNS)

# Words of managers that this language says otherwise: a hint beside the error.
SAID_OTHERWISE: dict[str, str] = {
    "items": "refund the item if …, or do not refund the item if …",
    "products": "refund the item if …, or do not refund the item if …",
    "orders": "refund the order if …, or do not refund the order if …",
    "customers": "refund the item if …, or do not refund the item if …",
    "we": "refund the item if …, or do not refund the item if …",
    "send": "ask a person to review the item",
    "agents": "up to 100 EUR an agent may refund alone",
    "managers": "above that a manager",
    "unused": "was not opened or used",
    "minus": "less a restocking fee of 15%",
    "deduct": "less a return shipping fee of 5 EUR",
    "but": "less a restocking fee of 15%, or without the shipping",
    "under": "at most, or less than",
    "below": "at most, or less than",
    "over": "more than",
    "above": "more than",
    "received": "was delivered",
    "got": "was delivered",
    "purchased": "the order was placed",
    "bought": "the order was placed",
    "broken": "the reason is damaged",
    "damaged": "the reason is damaged",
    "defective": "the reason is damaged",
    "faulty": "the reason is damaged",
    "clearance": "is on final sale",
    "sale": "is discounted",
    "sealed": "is unopened",
    "worn": "was opened or used",
    "photo": "has sent evidence",
    "picture": "has sent evidence",
    "proof": "has sent evidence",
    "voucher": "give store credit",
    "credit": "give store credit",
    "reject": "do not refund",
    "deny": "do not refund",
    "refuse": "do not refund",
    "never": "do not refund",
    "return": "refund the item",
    "returned": "has come back",
    "reimburse": "refund the item",
    "swap": "exchange the item",
    "replace": "exchange the item",
    "fix": "repair the item",
    "escalate": "ask a person to review the item",
    "supervisor": "a team lead",
    "lead": "a team lead",
    "vip": 'the customer has the tag "VIP"',
    "chargeback": "the order is disputed",
    "spent": "has spent",
    "price": "the item costs",
    "country": "the order ships to",
    "weeks": "days",
    "week": "days",
    "months": "days",
    "month": "days",
}

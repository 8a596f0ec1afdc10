"""Finding a requester's orders: what is asked, in one call, and what of the answer is believed.

Texts from a ticket are the attacker's. They reach a search only when they match a whitelist without
commas (which part a list), and what comes back is compared again.
https://developer.adobe.com/commerce/webapi/rest/use-rest/performing-searches/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from app.domain.matching import Candidate, FoundBy, Lookup, OrderQuery, normal_name
from integrations.stores.magento.config import MagentoConfig
from integrations.stores.magento.mapping import to_summary
from integrations.stores.magento.payloads import ORDER_ROW_FIELDS, Found, OrderRow

NAME = re.compile(r"#?[A-Za-z0-9][A-Za-z0-9._/-]{0,31}")
MAIL = re.compile(r"[^\s\"'\\()*:<>@,;%]{1,64}@[A-Za-z0-9.-]{1,189}")

MAX_EMAILS = 4
MAX_NAMES = 4
# Shops may limit a list to 20 values. https://developer.adobe.com/commerce/webapi/get-started/
MAX_FORMS = 20
PAGE = 20


@dataclass
class Plan:
    """What is asked. `forms` maps each number to the ways in which the shop may write it."""

    emails: list[str] = field(default_factory=list)
    forms: dict[str, list[str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @property
    def numbers(self) -> list[str]:
        """All written forms, each once, as many as one list may hold."""
        every = [form for forms in self.forms.values() for form in forms]
        return list(dict.fromkeys(every))[:MAX_FORMS]


def plan_lookup(query: OrderQuery, config: MagentoConfig) -> Plan:
    """Choose what of a query can be asked safely."""
    plan = Plan()
    plan.emails = _choose(query.emails, MAIL, MAX_EMAILS, "e-mail addresses", plan.problems)
    names = _choose(query.order_names, NAME, MAX_NAMES, "order numbers", plan.problems)
    plan.forms = {name: written_forms(name, config) for name in names}
    if query.phones and not plan.emails and not names:
        plan.problems.append("Magento can't be searched by phone number")
    return plan


def written_forms(name: str, config: MagentoConfig) -> list[str]:
    """How the shop may write an order number that a customer wrote.

    Customers leave out zeros and prefixes: "123" may be "000000123" or "DE-000000123".
    """
    bare = name.removeprefix("#")
    forms = [bare, bare.upper()]
    if bare.isdigit():
        short = bare.lstrip("0") or "0"
        padded = short.zfill(config.order_number_digits)
        forms += [padded, short]
        for prefix in config.order_number_prefixes:
            forms += [f"{prefix}{padded}", f"{prefix}{bare}", f"{prefix}{short}"]
    return list(dict.fromkeys(forms))


def _choose(
    texts: Iterable[str], allowed: re.Pattern[str], slots: int, what: str, problems: list[str]
) -> list[str]:
    given = list(dict.fromkeys(texts))
    usable = [text for text in given if allowed.fullmatch(text)]
    if len(usable) < len(given):
        problems.append(f"some {what} have a form that the store can't be searched for")
    if len(usable) > slots:
        problems.append(f"only {slots} of {len(usable)} {what} were looked up")
    return usable[:slots]


def criteria(*groups: Sequence[tuple[str, str, str]], page: int) -> list[tuple[str, str]]:
    """Search parameters: filters (field, condition, value) of one group are alternatives."""
    query: list[tuple[str, str]] = []
    for number, group in enumerate(groups):
        for index, (name, condition, value) in enumerate(group):
            head = f"searchCriteria[filter_groups][{number}][filters][{index}]"
            query += [
                (f"{head}[field]", name),
                (f"{head}[value]", value),
                (f"{head}[condition_type]", condition),
            ]
    return [*query, ("searchCriteria[pageSize]", str(page)), ("searchCriteria[currentPage]", "1")]


def search(emails: Sequence[str], numbers: Sequence[str]) -> list[tuple[str, str]]:
    """Orders of any of these addresses or with any of these numbers, newest first."""
    group = []
    if emails:
        group.append(("customer_email", "in", ",".join(emails)))
    if numbers:
        group.append(("increment_id", "in", ",".join(numbers)))
    return [
        *criteria(group, page=PAGE),
        ("searchCriteria[sortOrders][0][field]", "created_at"),
        ("searchCriteria[sortOrders][0][direction]", "DESC"),
        ("fields", ORDER_ROW_FIELDS),
    ]


def is_cut_short(plan: Plan, page: Found[OrderRow]) -> bool:
    """Whether a named order may be missing only because the customer has so many."""
    if not plan.emails or not plan.numbers or page.total_count <= len(page.items):
        return False
    return not any(_is_named(row, plan) for row in page.items)


def read_lookup(
    plan: Plan, pages: Sequence[Found[OrderRow]], *, store_id: str, has_more: bool
) -> Lookup:
    """What the answers prove: rows that carry none of what was asked are left out."""
    found: dict[int, Candidate] = {}
    for page in pages:
        for row in page.items:
            found_by = _found_by(row, plan)
            if found_by is not None and row.entity_id not in found:
                found[row.entity_id] = Candidate(order=to_summary(row, store_id), found_by=found_by)
    return Lookup(
        store_id=store_id,
        candidates=tuple(found.values()),
        has_more=has_more,
        problems=tuple(dict.fromkeys(plan.problems)),
    )


def _found_by(row: OrderRow, plan: Plan) -> FoundBy | None:
    mail = (row.customer_email or "").strip().casefold()
    if mail and mail in {one.casefold() for one in plan.emails}:
        return FoundBy.ORDER_EMAIL if row.customer_id is None else FoundBy.EMAIL
    return FoundBy.ORDER_NUMBER if _is_named(row, plan) else None


def _is_named(row: OrderRow, plan: Plan) -> bool:
    return normal_name(row.increment_id) in {normal_name(form) for form in plan.numbers}

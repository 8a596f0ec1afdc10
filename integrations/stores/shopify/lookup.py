"""Finding a requester's orders: what is asked, in one call, and what of the answer is believed.

Texts from a ticket are the attacker's. They reach a search only when they match a whitelist that
holds nothing the search language could read as an operator, and what comes back is compared again.
https://shopify.dev/docs/api/usage/search-syntax
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from app.domain.matching import Candidate, FoundBy, Lookup, OrderQuery, normal_name
from integrations.stores.shopify.answers import Answer
from integrations.stores.shopify.mapping import to_summary
from integrations.stores.shopify.payloads import CustomerRow, OrderRow, Page
from integrations.stores.shopify.vocabulary import READ_ALL_ORDERS

NAME = re.compile(r"#?[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
MAIL = re.compile(r"[^\s\"'\\()*:<>@]{1,64}@[A-Za-z0-9.-]{1,189}")
PHONE = re.compile(r"\+[1-9][0-9]{6,14}")

MAX_EMAILS = 4
MAX_PHONES = 2
MAX_NAMES = 5
COST_OF_A_PART = 12.0

# The surest way of finding comes first: it is the one that is kept for an order found twice.
_SURENESS = (FoundBy.EMAIL, FoundBy.PHONE, FoundBy.ORDER_EMAIL, FoundBy.ORDER_NUMBER)


def name_query(text: str) -> str | None:
    """The search for an order name, with and without `#`; None when it may not be searched."""
    if not NAME.fullmatch(text):
        return None
    bare = text.removeprefix("#")
    return f"name:#{bare} OR name:{bare}"


def email_query(text: str) -> str | None:
    """The search for orders that carry an address; None when it may not be searched."""
    return f'email:"{text}"' if MAIL.fullmatch(text) else None


@dataclass
class Plan:
    """What is asked. `variables` are empty when nothing can be asked."""

    variables: dict[str, object] = field(default_factory=dict)
    emails: dict[int, str] = field(default_factory=dict)
    phones: dict[int, str] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @property
    def cost(self) -> float:
        """Points of the parts that are switched on; an address is two of them."""
        return COST_OF_A_PART * (2 * len(self.emails) + len(self.phones) + len(self.names))


def plan_lookup(query: OrderQuery) -> Plan:
    """Choose what of a query can be asked safely, up to the document's slots."""
    plan = Plan()
    plan.emails = _choose(query.emails, MAIL, MAX_EMAILS, "e-mail addresses", plan.problems)
    plan.names = _choose(query.order_names, NAME, MAX_NAMES, "order numbers", plan.problems)
    # A phone number that isn't in international form only matters when there is nothing better.
    ignored: list[str] = []
    phones = tuple(re.sub(r"[\s()./-]", "", phone) for phone in query.phones)
    plan.phones = _choose(
        phones, PHONE, MAX_PHONES, "phone numbers", ignored if plan.emails else plan.problems
    )
    for slot, email in plan.emails.items():
        plan.variables |= {
            f"withEmail{slot}": True,
            f"email{slot}": email,
            f"emailQuery{slot}": email_query(email),
        }
    for slot, phone in plan.phones.items():
        plan.variables |= {f"withPhone{slot}": True, f"phone{slot}": phone}
    for slot, name in plan.names.items():
        plan.variables |= {f"withName{slot}": True, f"nameQuery{slot}": name_query(name)}
    return plan


def _choose(
    texts: Iterable[str], allowed: re.Pattern[str], slots: int, what: str, problems: list[str]
) -> dict[int, str]:
    given = list(dict.fromkeys(texts))
    usable = [text for text in given if allowed.fullmatch(text)]
    if len(usable) < len(given):
        problems.append(f"some {what} have a form that the store can't be searched for")
    if len(usable) > slots:
        problems.append(f"only {slots} of {len(usable)} {what} were looked up")
    return dict(enumerate(usable[:slots], start=1))


def read_lookup(
    plan: Plan, answer: Answer, *, store_id: str, scopes: frozenset[str] | None
) -> Lookup:
    """What the answer proves. Raises pydantic.ValidationError when it can't be read."""
    reader = _Reader(plan, answer, store_id)
    reader.read()
    problems = reader.problems
    candidates = reader.candidates()
    if not candidates and scopes is not None and READ_ALL_ORDERS not in scopes:
        problems.append("orders older than 60 days are hidden from Makegood in this store")
    return Lookup(
        store_id=store_id,
        candidates=candidates,
        has_more=reader.has_more,
        problems=tuple(dict.fromkeys(problems)),
    )


class _Reader:
    """Walks the aliases of the answer."""

    def __init__(self, plan: Plan, answer: Answer, store_id: str) -> None:
        self._plan = plan
        self._answer = answer
        self._store_id = store_id
        self._found: dict[str, tuple[FoundBy, OrderRow]] = {}
        self.has_more = False
        self.problems = list(plan.problems)

    def read(self) -> None:
        self._note_errors()
        for slot, email in self._plan.emails.items():
            self._customer(f"customerByEmail{slot}", FoundBy.EMAIL, _has_email(email))
            self._orders(f"ordersByEmail{slot}", FoundBy.ORDER_EMAIL, _carries_email(email))
        for slot, phone in self._plan.phones.items():
            self._customer(f"customerByPhone{slot}", FoundBy.PHONE, _has_phone(phone))
        for slot, name in self._plan.names.items():
            self._orders(f"ordersByName{slot}", FoundBy.ORDER_NUMBER, _is_named(name))

    def candidates(self) -> tuple[Candidate, ...]:
        return tuple(
            Candidate(order=to_summary(row, self._store_id), found_by=found_by)
            for found_by, row in self._found.values()
        )

    def _note_errors(self) -> None:
        for error in self._answer.errors:
            what = "may not be read" if error.is_denied else "could not be read"
            self.problems.append(f"{_in_words(error.place)} {what} in this store")

    def _customer(
        self, alias: str, found_by: FoundBy, is_right: Callable[[CustomerRow], bool]
    ) -> None:
        raw = self._answer.data.get(alias)
        if raw is None:
            return
        customer = CustomerRow.model_validate(raw)
        if not is_right(customer):
            self.problems.append("the store answered with another customer than the one asked for")
            return
        page = customer.orders
        more = page.page_info.has_next_page
        # Without the permission for old orders they are left out of the list, but counted.
        more = more or (customer.number_of_orders or 0) > len(page.nodes)
        self.has_more = self.has_more or more
        for row in page.nodes:
            self._keep(row, found_by)

    def _orders(self, alias: str, found_by: FoundBy, is_right: Callable[[OrderRow], bool]) -> None:
        raw = self._answer.data.get(alias)
        if raw is None:
            return
        if self._was_ignored(alias):
            self.problems.append("the store ignored a search filter, so its list was not used")
            return
        page = Page[OrderRow].model_validate(raw)
        right = [row for row in page.nodes if is_right(row)]
        if page.page_info.has_next_page and (found_by is not FoundBy.ORDER_NUMBER or not right):
            self.has_more = True
        if found_by is FoundBy.ORDER_EMAIL and any(row.email is None for row in page.nodes):
            self.problems.append("orders' e-mail addresses may not be read in this store")
        for row in right:
            self._keep(row, found_by)

    def _was_ignored(self, alias: str) -> bool:
        warnings = self._answer.search_warnings or {}
        return alias in warnings or "" in warnings

    def _keep(self, row: OrderRow, found_by: FoundBy) -> None:
        known = self._found.get(row.id)
        if known is None or _SURENESS.index(found_by) < _SURENESS.index(known[0]):
            self._found[row.id] = (found_by, row)


def _has_email(email: str) -> Callable[[CustomerRow], bool]:
    """The address is the customer's, as far as the store lets us see it."""

    def check(customer: CustomerRow) -> bool:
        have = customer.default_email_address
        if have is None or have.email_address is None:
            return True
        return have.email_address.strip().casefold() == email.casefold()

    return check


def _has_phone(phone: str) -> Callable[[CustomerRow], bool]:
    def check(customer: CustomerRow) -> bool:
        have = customer.default_phone_number
        if have is None or have.phone_number is None:
            return True
        return re.sub(r"[^+0-9]", "", have.phone_number) == phone

    return check


def _carries_email(email: str) -> Callable[[OrderRow], bool]:
    return lambda row: row.email is not None and row.email.strip().casefold() == email.casefold()


def _is_named(name: str) -> Callable[[OrderRow], bool]:
    return lambda row: normal_name(row.name) == normal_name(name)


def _in_words(place: str) -> str:
    if place.startswith("customer"):
        return "customers"
    if place.startswith("ordersByEmail"):
        return "orders of an address"
    return "orders" if place.startswith("orders") else "a part of the lookup"

"""Bonuses on store credit: what is sent, and how a credit is found again without a mark on it.

https://shopify.dev/docs/api/admin-graphql/2026-10/mutations/storeCreditAccountCredit
"""

from __future__ import annotations

import json

from pydantic import AwareDatetime, Field

from app.domain.bonus import Bonus
from app.domain.errors import OutcomeUnknown, Rejected
from app.domain.money import Money
from app.ports import StoreCredit
from integrations.stores.shopify.payloads import MoneyPayload, Page, Payload, UserError
from integrations.stores.shopify.vocabulary import VENDOR
from integrations.stores.shopify.words import wire_amount

OPERATION = "StoreCreditCredit"
# A credit that was given by itself; one of a refund or a cancellation is never ours.
_BY_ITSELF = "ADJUSTMENT"
_CREDIT = "StoreCreditAccountCreditTransaction"


class CreditPayload(Payload):
    """StoreCreditAccountTransaction; only credits have an id."""

    kind: str = Field(alias="__typename", default=_CREDIT)
    id: str | None = None
    event: str
    created_at: AwareDatetime
    amount: MoneyPayload


class AccountPayload(Payload):
    """StoreCreditAccount, newest movements first."""

    id: str
    transactions: Page[CreditPayload] = Page()


class HolderPayload(Payload):
    """Customer with the store credit in all currencies."""

    id: str
    store_credit_accounts: Page[AccountPayload] = Page()

    def credits(self) -> list[CreditPayload]:
        """The newest credits that were given by themselves."""
        return [
            one
            for account in self.store_credit_accounts.nodes
            for one in account.transactions.nodes
            if one.kind == _CREDIT and one.event == _BY_ITSELF and one.id is not None
        ]


class CreditedPayload(Payload):
    """What storeCreditAccountCredit answers."""

    store_credit_account_transaction: CreditPayload | None = None
    user_errors: tuple[UserError, ...] = ()


def prepare(bonus: Bonus, holder: HolderPayload) -> str:
    """What is sent and what was there before, as canonical JSON to be stored before it is sent."""
    if holder.store_credit_accounts.page_info.has_next_page:
        raise refused("the customer has more store credit accounts than can be told apart")
    amount = {"amount": wire_amount(bonus.amount), "currencyCode": bonus.amount.currency}
    return json.dumps(
        {
            "bonus": bonus.id,
            "variables": {"id": bonus.customer_id, "creditInput": {"creditAmount": amount}},
            "before": sorted(one.id for one in holder.credits() if one.id is not None),
        },
        sort_keys=True,
        separators=(",", ":"),
    )


def stored_variables(bonus: Bonus) -> str:
    """The stored variables, after a look that they belong to this bonus.

    Raises Rejected when they don't: nothing is sent then.
    """
    try:
        stored = json.loads(bonus.store_input or "")
        variables, owner = stored["variables"], stored["variables"]["id"]
        given = stored["variables"]["creditInput"]["creditAmount"]
        amount = Money.of(given["amount"], given["currencyCode"])
    except (ValueError, KeyError, TypeError):
        raise refused("the bonus has no readable stored input") from None
    if stored.get("bonus") != bonus.id or owner != bonus.customer_id or amount != bonus.amount:
        raise refused("the stored input belongs to another bonus")
    return json.dumps(variables, sort_keys=True, separators=(",", ":"))


def new_credits(bonus: Bonus, holder: HolderPayload) -> tuple[StoreCredit, ...]:
    """Credits of this very amount that weren't there before the bonus was sent."""
    try:
        before = frozenset(json.loads(bonus.store_input or "")["before"])
    except (ValueError, KeyError, TypeError):
        raise refused("the bonus has no readable stored input") from None
    found = (to_credit(one) for one in holder.credits() if one.id not in before)
    return tuple(one for one in found if one.amount == bonus.amount)


def to_credit(payload: CreditPayload) -> StoreCredit:
    """A credit in our words. Raises ValueError without an id."""
    if payload.id is None:
        raise ValueError("the credit has no id")
    amount = Money.rounded(payload.amount.amount, payload.amount.currency_code)
    return StoreCredit(id=payload.id, created_at=payload.created_at, amount=amount)


def answered(payload: CreditedPayload, request_id: str | None) -> StoreCredit:
    """What became of it. Raises Rejected for a refusal, OutcomeUnknown for anything unclear."""
    given = payload.store_credit_account_transaction
    if given is None and payload.user_errors:
        reasons = "; ".join(error.message for error in payload.user_errors)
        raise Rejected(
            f"Shopify refused the bonus: {reasons}",
            vendor=VENDOR,
            operation=OPERATION,
            status=200,
            request_id=request_id,
        )
    if given is None or given.id is None or payload.user_errors:
        raise OutcomeUnknown(
            "Shopify may have given the bonus: its answer is unclear",
            vendor=VENDOR,
            operation=OPERATION,
            status=200,
            request_id=request_id,
        )
    return to_credit(given)


def refused(message: str) -> Rejected:
    """A refusal of our own: nothing was sent."""
    return Rejected(f"Not sent: {message}.", vendor=VENDOR, operation=OPERATION)

"""Store credit accounts: one for each currency of a customer, and every credit that was given.

https://shopify.dev/docs/api/admin-graphql/2026-10/objects/StoreCreditAccount
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from integrations.sandbox.shopify.model import (
    Customer,
    StoreCreditAccount,
    StoreCreditTransaction,
)
from integrations.sandbox.shopify.money import has_valid_precision
from integrations.sandbox.shopify.shop import Shop


class CreditRefused(Exception):
    """A user error of `storeCreditAccountCredit`, which unlike refunds has codes."""

    def __init__(self, code: str, message: str, *path: str) -> None:
        super().__init__(message)
        self.code, self.message, self.path = code, message, list(path)

    def as_user_error(self) -> dict[str, Any]:
        """As GraphQL answers it."""
        return {"code": self.code, "message": self.message, "field": self.path}


def add_credit(
    shop: Shop, customer: Customer, amount: Decimal, currency: str, event: str
) -> StoreCreditTransaction:
    """Add to the customer's account in this currency, opening it when there is none.

    Hold the shop's lock.
    """
    account = next((one for one in customer.store_credit if one.currency == currency), None)
    if account is None:
        account = StoreCreditAccount(shop.gids.new("StoreCreditAccount"), currency)
        customer.store_credit.append(account)
    account.balance += amount
    transaction = StoreCreditTransaction(
        id=shop.gids.new("StoreCreditAccountCreditTransaction"),
        account=account,
        amount=amount,
        balance_after=account.balance,
        created_at=shop.clock.now(),
        event=event,
    )
    account.transactions.append(transaction)
    return transaction


def give_credit(shop: Shop, owner: str, given: Mapping[str, Any]) -> StoreCreditTransaction:
    """Goodwill by customer or account id. Raises CreditRefused with nothing changed."""
    money = given["creditAmount"]
    amount, currency = money["amount"], money["currencyCode"]
    if amount <= 0 or not has_valid_precision(amount, currency):
        raise CreditRefused(
            "NEGATIVE_OR_ZERO_AMOUNT", "Amount must be positive", "creditInput", "creditAmount"
        )
    expires_at = given.get("expiresAt")
    if expires_at is not None and expires_at <= shop.clock.now():
        raise CreditRefused(
            "EXPIRES_AT_IN_PAST", "Expiration is in the past", "creditInput", "expiresAt"
        )
    with shop.lock:
        return add_credit(shop, _owner(shop, owner, currency), amount, currency, "ADJUSTMENT")


def _owner(shop: Shop, owner: str, currency: str) -> Customer:
    if "/StoreCreditAccount/" not in owner:
        customer = shop.customers.get(owner)
        if customer is None:
            raise CreditRefused("OWNER_NOT_FOUND", "Owner does not exist", "id")
        return customer
    for customer in shop.customers.values():
        for account in customer.store_credit:
            if account.id == owner and account.currency != currency:
                raise CreditRefused("MISMATCHING_CURRENCY", "Currency differs", "creditInput")
            if account.id == owner:
                return customer
    raise CreditRefused("ACCOUNT_NOT_FOUND", "Account does not exist", "id")


def find_credit(shop: Shop, transaction_id: str) -> StoreCreditTransaction | None:
    """A credit by its id."""
    return next((one for one in all_credits(shop) if one.id == transaction_id), None)


def all_credits(shop: Shop) -> list[StoreCreditTransaction]:
    """Every credit of every customer."""
    return [
        transaction
        for customer in shop.customers.values()
        for account in customer.store_credit
        for transaction in account.transactions
    ]

"""`app.ports.Store` for one Shopify shop: each method is one call, save where it says otherwise."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import ValidationError

from app.domain.bonus import Bonus
from app.domain.errors import (
    Malformed,
    NotFound,
    OutcomeUnknown,
    Rejected,
    Unavailable,
)
from app.domain.matching import Lookup, OrderQuery
from app.domain.order import Order
from app.domain.plan import Destination, RefundChoice
from app.domain.refund import Refund
from app.ports import Check, Recheck, StoreCredit, StoreRecord, StoreRefund, Surroundings
from integrations.addresses import address_key
from integrations.stores.shopify import documents, refund_input, store_credit
from integrations.stores.shopify.answers import Answer, GraphQLError, speaks_of_keys
from integrations.stores.shopify.checks import run_checks
from integrations.stores.shopify.client import ShopifyClient
from integrations.stores.shopify.config import ShopifyConfig
from integrations.stores.shopify.documents import Document
from integrations.stores.shopify.lookup import plan_lookup, read_lookup
from integrations.stores.shopify.mapping import to_order, to_suggestion
from integrations.stores.shopify.payloads import (
    OrderPayload,
    PreviewPayload,
    RefundCreatePayload,
    RefundPayload,
    RefundsPayload,
    UserError,
)
from integrations.stores.shopify.refund_input import PROPORTIONAL
from integrations.stores.shopify.refund_status import to_store_refund
from integrations.stores.shopify.vocabulary import (
    READ_CUSTOMERS,
    READ_LOCATIONS,
    READ_PRODUCTS,
    READ_RETURNS,
    STORE_CREDIT_SCOPES,
    VENDOR,
)
from integrations.stores.shopify.words import Notes, wire_amount

log = logging.getLogger(__name__)

REFUNDS_READ = 100  # page size of refund_find, refunds_of and refund_preview

P = TypeVar("P")


class Shopify:
    """One connected shop. Made per job; not shared between threads."""

    # The key is kept for 24 hours: https://shopify.dev/docs/api/usage/implementing-idempotency
    resend_is_safe = True

    def __init__(
        self, record: StoreRecord, client: ShopifyClient, surroundings: Surroundings
    ) -> None:
        self.record = record
        self._config = ShopifyConfig.of(record)
        self._client = client
        self._surroundings = surroundings

    # --- reading --------------------------------------------------------------------------------

    def find_orders(self, query: OrderQuery) -> Lookup:
        """Customers and orders of all addresses and numbers, in one call; none when there is
        nothing that may be searched for."""
        plan = plan_lookup(query)
        if not plan.variables:
            return Lookup(store_id=self.record.id, problems=tuple(plan.problems))
        document = documents.FIND_CANDIDATES
        answer = self._client.execute(document, plan.variables, cost=plan.cost)
        return self._readable(
            document,
            lambda: read_lookup(plan, answer, store_id=self.record.id, scopes=self._config.granted),
        )

    def read_order(self, order_id: str) -> Order:
        """The whole order. What a missing scope hides is named in it."""
        document = documents.DECISION_CONTEXT
        flags = {
            "withReturns": self._config.may(READ_RETURNS),
            "withProducts": self._config.may(READ_PRODUCTS),
            "withCustomer": self._config.may(READ_CUSTOMERS),
        }
        answer = self._client.execute(document, {"orderId": order_id, **flags})
        raw = self._node(document, answer, "order", "order")
        notes = self._notes(answer)
        if not flags["withCustomer"]:
            notes.missing(f"the customer (needs {READ_CUSTOMERS})")
        payload = self._readable(document, lambda: OrderPayload.model_validate(raw))
        # With a part of the address refused, the rest would be another address.
        is_whole = not any(_is_of_address(error) for error in answer.errors)
        shipped_to = payload.shipping_address if is_whole else None
        key = (
            address_key(shipped_to.to_postal(), self.record.account_id, self._surroundings)
            if shipped_to
            else None
        )
        return self._readable(
            document,
            lambda: to_order(
                payload,
                address_key=key,
                store_id=self.record.id,
                shop=self._config.shop,
                read_at=self._surroundings.clock.now(),
                final_sale_tags=self._config.final_sale_tags,
                may_give_bonus=all(self._config.may(scope) for scope in STORE_CREDIT_SCOPES),
                notes=notes,
            ),
        )

    def recheck(self, order: Order, choice: RefundChoice) -> Recheck:
        """Price exactly this choice, and read what else a plan rests on.

        Raises Rejected when the shop doesn't price the choice any more, or answers with values
        that we don't know.
        """
        document = documents.REFUND_PREVIEW
        variables: dict[str, Any] = {
            "orderId": order.order_id,
            "withLocations": self._config.may(READ_LOCATIONS),
            # No restock type: then the shop says which one fits the units.
            "refundLineItems": [
                {"lineItemId": line.line_id, "quantity": line.quantity} for line in choice.lines
            ],
        }
        if choice.shipping is not None:
            variables["shippingAmount"] = wire_amount(choice.shipping)
        if choice.duties:
            variables["refundDuties"] = [
                {"dutyId": duty.id, "refundType": PROPORTIONAL}
                for line in choice.lines
                for duty in order.line(line.line_id).duties
            ]
        if choice.destination is Destination.STORE_CREDIT:
            variables["allocation"] = "STORE_CREDIT"
        answer = self._client.execute(document, variables)
        raw = self._node(document, answer, "order", "order")
        payload = self._readable(document, lambda: PreviewPayload.model_validate(raw))
        notes = self._notes(answer)
        if payload.choice is None:
            reasons = "; ".join(error.message for error in answer.errors) or "no reason given"
            raise self._rejected(document, f"this choice can't be refunded ({reasons})")
        if len(payload.refunds) >= REFUNDS_READ or payload.line_items.page_info.has_next_page:
            raise self._rejected(document, "the order is too long to be checked: use the store")
        result = self._readable(document, lambda: _to_recheck(payload, notes))
        wants_credit = choice.destination is Destination.STORE_CREDIT
        if wants_credit and result.suggestion.store_credit_maximum is None:
            raise self._rejected(document, "the shop gives no store credit for this order")
        strange = notes.unknown_values + notes.missing_parts
        if strange:
            raise self._rejected(
                document, "the order has something that we don't know: " + ", ".join(strange)
            )
        return result

    def find_refund(self, refund: Refund) -> StoreRefund | None:
        """By the marker in the refund's note, read by the order's id; two calls when found.

        Raises NotFound when the order itself isn't there: that is no proof of anything.
        """
        document = documents.REFUND_FIND
        answer = self._client.execute(document, {"orderId": refund.order_id})
        raw = self._node(document, answer, "order", "order")
        refunds = self._readable(document, lambda: RefundsPayload.model_validate(raw)).refunds
        found = [one for one in refunds if refund_input.carries(one.note, refund)]
        if not found:
            if len(refunds) >= REFUNDS_READ:
                raise Unavailable(
                    "the order has more refunds than can be searched",
                    vendor=VENDOR,
                    operation=document.operation,
                )
            return None
        status = self.read_refund(found[0].id)
        if len(found) == 1:
            return status
        log.error("shopify refund made twice", extra={"order": refund.order_id})
        sentence = f"{len(found)} refunds of this order carry the reference {refund.marker}."
        explanation = f"{sentence} {status.explanation or ''}".strip()
        return status.model_copy(update={"explanation": explanation})

    def read_refund(self, store_refund_id: str) -> StoreRefund:
        """A refund's present state, from its payments."""
        document = documents.REFUND_STATUS
        answer = self._client.execute(document, {"refundId": store_refund_id})
        raw = self._node(document, answer, "refund", "refund")
        return self._readable(document, lambda: to_store_refund(RefundPayload.model_validate(raw)))

    def refunds_of(self, order_id: str) -> tuple[StoreRefund, ...]:
        """All refunds of an order. Raises Rejected when there are more than are read."""
        document = documents.REFUNDS_OF
        answer = self._client.execute(document, {"orderId": order_id})
        raw = self._node(document, answer, "order", "order")
        refunds = self._readable(document, lambda: RefundsPayload.model_validate(raw)).refunds
        if len(refunds) >= REFUNDS_READ:
            raise self._rejected(document, "the order has more refunds than can be listed")
        return self._readable(
            document, lambda: tuple(to_store_refund(one, order_id) for one in refunds)
        )

    def check(self) -> list[Check]:
        """Connection, scopes, API version, currency and customer data, each with its mend."""
        return run_checks(self._client, self._config)

    # --- moving money ---------------------------------------------------------------------------

    def prepare_refund(self, refund: Refund, recheck: Recheck) -> str:
        """The exact input, as text to be stored before it is sent. No call."""
        return refund_input.prepare(refund, recheck)

    def send_refund(self, refund: Refund) -> StoreRefund:
        """Send the stored text once. Moves money.

        Raises Rejected when it was surely refused, RateLimited or Unavailable when it surely
        wasn't processed, OutcomeUnknown for everything else.
        """
        document = documents.REFUND_CREATE
        answer = self._client.execute(document, refund_input.stored_input(refund))
        try:
            payload = RefundCreatePayload.model_validate(answer.data.get("refundCreate"))
        except ValidationError as error:
            raise self._unknown(answer, "its answer can't be read") from error
        if payload.refund is None:
            self._refuse(payload.user_errors, answer)
        elif payload.user_errors:
            raise self._unknown(answer, "it reported a refund and a refusal at once")
        created = payload.refund
        if created is None:
            raise self._unknown(answer, "it named neither a refund nor a reason")
        try:
            return to_store_refund(created, refund.order_id)
        except ValueError as error:
            raise self._unknown(answer, "its refund can't be read") from error

    # --- bonuses on store credit ----------------------------------------------------------------

    def prepare_credit(self, bonus: Bonus) -> str:
        """Read what is in the customer's account; the exact input, to be stored. One call."""
        return store_credit.prepare(bonus, self._holder(bonus))

    def send_credit(self, bonus: Bonus) -> StoreCredit:
        """Send the stored input once; the vendor knows no key for it. Raises as `send_refund`."""
        document = documents.STORE_CREDIT_CREDIT
        answer = self._client.execute(document, store_credit.stored_variables(bonus))
        try:
            payload = store_credit.CreditedPayload.model_validate(
                answer.data.get("storeCreditAccountCredit")
            )
            return store_credit.answered(payload, answer.request_id)
        except (ValidationError, ValueError) as error:
            raise OutcomeUnknown(
                "Shopify may have given the bonus: its answer can't be read",
                vendor=VENDOR,
                operation=document.operation,
                status=200,
                request_id=answer.request_id,
            ) from error

    def find_credits(self, bonus: Bonus) -> tuple[StoreCredit, ...]:
        """What is new in the customer's account since the bonus was prepared. One call."""
        holder = self._holder(bonus)
        document = documents.STORE_CREDIT_HISTORY
        return self._readable(document, lambda: store_credit.new_credits(bonus, holder))

    def read_credit(self, store_credit_id: str) -> StoreCredit:
        """A credit, by its id."""
        document = documents.STORE_CREDIT_READ
        answer = self._client.execute(document, {"id": store_credit_id})
        raw = self._node(document, answer, "node", "credit")
        return self._readable(
            document,
            lambda: store_credit.to_credit(store_credit.CreditPayload.model_validate(raw)),
        )

    def _holder(self, bonus: Bonus) -> store_credit.HolderPayload:
        document = documents.STORE_CREDIT_HISTORY
        answer = self._client.execute(document, {"customerId": bonus.customer_id})
        raw = self._node(document, answer, "customerByIdentifier", "customer")
        if answer.errors:
            raise self._rejected(document, answer.errors[0].message)
        return self._readable(document, lambda: store_credit.HolderPayload.model_validate(raw))

    # --- refusals -------------------------------------------------------------------------------

    def _refuse(self, errors: tuple[UserError, ...], answer: Answer) -> None:
        """Raise for what the shop's rules refused; nothing when there is no reason."""
        if any(speaks_of_keys(error.message) for error in errors):
            raise self._unknown(answer, "an earlier attempt with the same key is not finished")
        if errors:
            raise Rejected(
                "Shopify refused the refund: " + "; ".join(error.message for error in errors),
                vendor=VENDOR,
                operation=documents.REFUND_CREATE.operation,
                status=200,
                request_id=answer.request_id,
            )

    # --- answers --------------------------------------------------------------------------------

    def _notes(self, answer: Answer) -> Notes:
        """What an answer lacks: denied fields, failed fields, another API version."""
        notes = Notes()
        for error in answer.errors:
            if error.place.startswith("order.credit"):
                # No proposal for store credit: then it isn't offered, and nothing else is lost.
                continue
            if _is_of_address(error) and error.is_denied:
                # The address isn't told from others then; only a policy's limits ask for that.
                continue
            place = error.place.removeprefix("order.") or "a part of the answer"
            why = "not permitted" if error.is_denied else error.code or "failed"
            notes.missing(f"{place} ({why})")
        if not self._client.answers_as_pinned:
            notes.unknown("apiVersion", self._client.answering_version)
        return notes

    def _node(self, document: Document, answer: Answer, field: str, what: str) -> object:
        raw = answer.data.get(field)
        if raw is None:
            if answer.errors:
                raise self._rejected(document, answer.errors[0].message)
            raise NotFound(
                f"the store has no such {what}, or hides it: it may be older than 60 days",
                vendor=VENDOR,
                operation=document.operation,
                request_id=answer.request_id,
            )
        return raw

    def _readable(self, document: Document, read: Callable[[], P]) -> P:
        """`read()`, with everything unreadable as Malformed; never quotes the answer."""
        try:
            return read()
        except ValidationError as error:
            places = {".".join(str(part) for part in one["loc"]) for one in error.errors()}
            what = ", ".join(sorted(places)[:5])
        except (ValueError, ArithmeticError) as error:
            what = str(error)
        raise Malformed(
            f"Shopify's answer to {document.operation} can't be read: {what}",
            vendor=VENDOR,
            operation=document.operation,
        )

    def _rejected(self, document: Document, message: str) -> Rejected:
        return Rejected(f"Shopify: {message}", vendor=VENDOR, operation=document.operation)

    def _unknown(self, answer: Answer, what: str) -> OutcomeUnknown:
        return OutcomeUnknown(
            f"Shopify may have made the refund: {what}",
            vendor=VENDOR,
            operation=documents.REFUND_CREATE.operation,
            status=200,
            request_id=answer.request_id,
        )


def _to_recheck(payload: PreviewPayload, notes: Notes) -> Recheck:
    if payload.choice is None:
        raise ValueError("the choice has no price")
    notes.currency = payload.presentment_currency_code
    more = payload.everything.suggested_transactions if payload.everything else ()
    return Recheck(
        suggestion=to_suggestion(payload.choice, notes, more),
        refundable={line.id: line.refundable_quantity for line in payload.line_items.nodes},
        refunded=notes.presentment(payload.total_refunded_set, "refunded"),
        payment_status=notes.payment_status(payload.display_financial_status),
        is_refundable=payload.refundable,
        is_cancelled=payload.cancelled_at is not None,
        is_disputed=notes.is_disputed(payload.disputes),
        notes=tuple(refund.note for refund in payload.refunds if refund.note),
    )


def _is_of_address(error: GraphQLError) -> bool:
    """Whether a protected part of the shipping address couldn't be read; the country isn't one."""
    place = error.place
    return place.startswith("order.shippingAddress.") and not place.endswith(".countryCodeV2")

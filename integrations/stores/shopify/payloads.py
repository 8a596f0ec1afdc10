"""What Shopify answers, as frozen models. Its spelling stops here.

Fields are optional where the schema or a missing permission may leave them null. Amounts come as
text ("15.0") and become Decimals. https://shopify.dev/docs/api/admin-graphql/2026-10
"""

from __future__ import annotations

from decimal import Decimal
from typing import Generic, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from integrations.addresses import PostalAddress

T = TypeVar("T")


class Payload(BaseModel):
    """A frozen part of an answer; fields that we didn't ask for are ignored."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True
    )


class MoneyPayload(Payload):
    """MoneyV2."""

    amount: Decimal
    currency_code: str


class Bag(Payload):
    """MoneyBag: the customer's currency, and the shop's where it was asked for."""

    presentment_money: MoneyPayload
    shop_money: MoneyPayload | None = None


class PageInfo(Payload):
    """Whether a list goes on."""

    has_next_page: bool = False


class Page(Payload, Generic[T]):
    """A connection."""

    nodes: tuple[T, ...] = ()
    page_info: PageInfo = PageInfo()


class Count(Payload):
    """Length of a list that has no page info."""

    count: int


class Ref(Payload):
    """Another record, by its id."""

    id: str


class Email(Payload):
    """CustomerEmailAddress. https://shopify.dev/docs/apps/launch/protected-customer-data"""

    email_address: str | None = None


class Phone(Payload):
    """CustomerPhoneNumber."""

    phone_number: str | None = None


# --- lookups ------------------------------------------------------------------------------------


class OrderRow(Payload):
    """An order in a list."""

    id: str
    name: str
    email: str | None = None
    phone: str | None = None
    created_at: AwareDatetime
    cancelled_at: AwareDatetime | None = None
    test: bool = False
    display_financial_status: str | None = None
    customer: Ref | None = None
    total_price_set: Bag
    total_refunded_set: Bag


class CustomerRow(Payload):
    """A customer with the newest orders. `number_of_orders` comes as text."""

    id: str
    default_email_address: Email | None = None
    default_phone_number: Phone | None = None
    number_of_orders: int | None = None
    orders: Page[OrderRow] = Page()


# --- an order for a decision --------------------------------------------------------------------


class Address(Payload):
    """Where the parcels go. Only the country is kept; the rest becomes a digest."""

    country_code_v2: str | None = None
    address1: str | None = None
    address2: str | None = None
    city: str | None = None
    zip: str | None = None

    def to_postal(self) -> PostalAddress:
        """As addresses are told from one another."""
        return PostalAddress(
            (self.address1, self.address2), self.city, self.zip, self.country_code_v2
        )


class CustomerPayload(Payload):
    """Customer."""

    id: str
    display_name: str | None = None
    number_of_orders: int | None = None
    amount_spent: MoneyPayload | None = None
    tags: tuple[str, ...] = ()
    default_email_address: Email | None = None


class Attribute(Payload):
    """A line's custom attribute."""

    key: str
    value: str | None = None


class SellingPlan(Payload):
    """The subscription that a line was bought with."""

    name: str


class Allocation(Payload):
    """A discount's share of a line."""

    allocated_amount_set: Bag


class TaxLine(Payload):
    """A tax on a line, for the whole quantity."""

    price_set: Bag


class DutyPayload(Payload):
    """Import duty on a line, for its whole quantity."""

    id: str
    price: Bag


class Product(Payload):
    """Product, as far as policies use it."""

    product_type: str | None = None
    tags: tuple[str, ...] = ()


class LinePayload(Payload):
    """LineItem. `quantity` includes refunded and removed units."""

    id: str
    name: str
    sku: str | None = None
    quantity: int
    refundable_quantity: int
    unfulfilled_quantity: int
    is_gift_card: bool
    requires_shipping: bool
    custom_attributes: tuple[Attribute, ...] = ()
    selling_plan: SellingPlan | None = None
    original_unit_price_set: Bag
    discount_allocations: tuple[Allocation, ...] = ()
    tax_lines: tuple[TaxLine, ...] = ()
    duties: tuple[DutyPayload, ...] = ()
    product: Product | None = None


class ShippingLine(Payload):
    """A shipping method with its price after discounts."""

    discounted_price_set: Bag
    tax_lines: tuple[TaxLine, ...] = ()


class FulfilmentLine(Payload):
    """Units of a line in one shipment."""

    quantity: int | None = None
    line_item: Ref


class Event(Payload):
    """A carrier's event."""

    status: str
    happened_at: AwareDatetime


class FulfilmentPayload(Payload):
    """Fulfillment: one shipment."""

    id: str
    status: str
    created_at: AwareDatetime
    delivered_at: AwareDatetime | None = None
    fulfillment_line_items: Page[FulfilmentLine] = Page()
    events: Page[Event] = Page()


class TransactionPayload(Payload):
    """OrderTransaction."""

    id: str
    kind: str
    status: str
    gateway: str | None = None
    formatted_gateway: str | None = None
    error_code: str | None = None
    manual_payment_gateway: bool = False
    created_at: AwareDatetime | None = None
    amount_set: Bag
    parent_transaction: Ref | None = None


class RefundedLine(Payload):
    """Units of a line in a refund."""

    quantity: int
    line_item: Ref


class OrderRef(Payload):
    """The order that a refund belongs to."""

    id: str
    presentment_currency_code: str


class RefundPayload(Payload):
    """Refund. `created_at` may be null, `processed_at` isn't."""

    id: str
    created_at: AwareDatetime | None = None
    processed_at: AwareDatetime | None = None
    note: str | None = None
    order: OrderRef | None = None
    refund_line_items: Page[RefundedLine] = Page()
    transactions: Page[TransactionPayload] = Page()


class ReturnPayload(Payload):
    """Return."""

    id: str
    status: str


class Assessment(Payload):
    """One fraud assessment."""

    risk_level: str


class Risk(Payload):
    """OrderRiskSummary."""

    recommendation: str
    assessments: tuple[Assessment, ...] = ()


class DisputePayload(Payload):
    """OrderDisputeSummary."""

    id: str
    initiated_as: str
    status: str


class SuggestedShipping(Payload):
    """Shipping in a suggestion, and what is left of it."""

    amount_set: Bag
    maximum_refundable_set: Bag
    tax_set: Bag


class SuggestedLinePayload(Payload):
    """A line in a suggestion."""

    quantity: int
    restock_type: str
    location: Ref | None = None
    line_item: Ref
    subtotal_set: Bag
    total_tax_set: Bag


class ParentTransaction(Payload):
    """The payment that money goes back to."""

    id: str
    manual_payment_gateway: bool = False


class SuggestedPayment(Payload):
    """SuggestedOrderTransaction."""

    kind: str
    gateway: str | None = None
    formatted_gateway: str | None = None
    amount_set: Bag
    maximum_refundable_set: Bag | None = None
    parent_transaction: ParentTransaction | None = None


class SuggestedDutyPayload(Payload):
    """RefundDuty in a suggestion."""

    amount_set: Bag
    original_duty: Ref | None = None


class SuggestedMethod(Payload):
    """SuggestedRefundMethod. `kind` is its type's name."""

    kind: str = Field(alias="__typename")
    maximum_refundable: Bag


class SuggestedMethods(Payload):
    """Only the refund methods of a suggestion."""

    suggested_refund_methods: tuple[SuggestedMethod, ...] = ()


class SuggestionPayload(Payload):
    """SuggestedRefund."""

    amount_set: Bag
    maximum_refundable_set: Bag
    shipping: SuggestedShipping
    refund_line_items: tuple[SuggestedLinePayload, ...] = ()
    refund_duties: tuple[SuggestedDutyPayload, ...] = ()
    suggested_transactions: tuple[SuggestedPayment, ...] = ()
    suggested_refund_methods: tuple[SuggestedMethod, ...] = ()


class SuggestedPayments(Payload):
    """Only the payments of a suggestion."""

    suggested_transactions: tuple[SuggestedPayment, ...] = ()


class OrderPayload(Payload):
    """Order, with everything that a decision needs."""

    id: str
    legacy_resource_id: str | int | None = None
    name: str
    email: str | None = None
    phone: str | None = None
    created_at: AwareDatetime
    updated_at: AwareDatetime
    cancelled_at: AwareDatetime | None = None
    test: bool
    display_financial_status: str | None = None
    display_fulfillment_status: str | None = None
    return_status: str | None = None
    refundable: bool
    can_notify_customer: bool = False
    taxes_included: bool
    currency_code: str
    presentment_currency_code: str
    shipping_address: Address | None = None
    purchasing_entity: dict[str, str] | None = None
    total_price_set: Bag
    total_received_set: Bag
    total_refunded_set: Bag
    total_refunded_shipping_set: Bag
    total_tip_received_set: Bag
    customer: CustomerPayload | None = None
    line_items: Page[LinePayload]
    shipping_lines: Page[ShippingLine]
    fulfillments_count: Count | None = None
    fulfillments: tuple[FulfilmentPayload, ...]
    transactions_count: Count | None = None
    transactions: tuple[TransactionPayload, ...]
    refunds: tuple[RefundPayload, ...]
    returns: Page[ReturnPayload] | None = None
    risk: Risk | None = None
    disputes: tuple[DisputePayload, ...] | None = None
    everything: SuggestionPayload | None = None
    credit: SuggestedMethods | None = None


# --- rechecks and refunds -----------------------------------------------------------------------


class LineUnits(Payload):
    """How many units of a line are left."""

    id: str
    refundable_quantity: int


class PreviewPayload(Payload):
    """Order, as read right before money moves."""

    id: str
    refundable: bool
    cancelled_at: AwareDatetime | None = None
    display_financial_status: str | None = None
    currency_code: str
    presentment_currency_code: str
    total_refunded_set: Bag
    disputes: tuple[DisputePayload, ...] | None = None
    refunds: tuple[RefundPayload, ...]
    line_items: Page[LineUnits]
    choice: SuggestionPayload | None = None
    everything: SuggestedPayments | None = None


class RefundsPayload(Payload):
    """Order with its refunds only."""

    id: str
    refunds: tuple[RefundPayload, ...]


class UserError(Payload):
    """A refusal by the shop's rules; `refundCreate` gives no code."""

    field: tuple[str, ...] | None = None
    message: str


class RefundCreatePayload(Payload):
    """What refundCreate answers."""

    refund: RefundPayload | None = None
    user_errors: tuple[UserError, ...] = ()

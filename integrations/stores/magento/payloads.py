"""What Magento answers, as frozen models. Its spelling stops here.

Keys whose value is null are mostly left out, and lists may be null: both are read as nothing.
Amounts come as numbers or text and become Decimals. Times are UTC without a mark.
https://developer.adobe.com/commerce/webapi/rest/modules/sales/
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from integrations.addresses import PostalAddress

T = TypeVar("T")


def _zero(value: Any) -> Any:
    return Decimal(0) if value is None else value


def _nothing(value: Any) -> Any:
    return () if value is None else value


def _utc(value: Any) -> Any:
    if isinstance(value, str):
        return datetime.strptime(value, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    return value


Amount = Annotated[Decimal, BeforeValidator(_zero)]
Instant = Annotated[datetime, BeforeValidator(_utc)]
Items = Annotated[tuple[T, ...], BeforeValidator(_nothing)]


class Payload(BaseModel):
    """A frozen part of an answer; fields that we don't know are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Found(Payload, Generic[T]):
    """A search result."""

    items: Items[T] = ()
    total_count: int = 0


class OrderRow(Payload):
    """An order in a list."""

    entity_id: int
    increment_id: str
    created_at: Instant
    customer_email: str | None = None
    customer_id: int | None = None
    state: str | None = None
    order_currency_code: str
    grand_total: Amount = Decimal(0)
    total_paid: Amount = Decimal(0)
    total_refunded: Amount = Decimal(0)


class ItemPayload(Payload):
    """A row of an order. `row_invoiced` is before discounts; `amount_refunded` likewise."""

    item_id: int
    parent_item_id: int | None = None
    product_type: str = "simple"
    sku: str = ""
    name: str = ""
    is_virtual: int = 0
    qty_ordered: Amount = Decimal(0)
    qty_invoiced: Amount = Decimal(0)
    qty_shipped: Amount = Decimal(0)
    qty_refunded: Amount = Decimal(0)
    qty_canceled: Amount = Decimal(0)
    price: Amount = Decimal(0)
    row_total: Amount = Decimal(0)
    tax_amount: Amount = Decimal(0)
    discount_amount: Amount = Decimal(0)
    row_invoiced: Amount = Decimal(0)
    amount_refunded: Amount = Decimal(0)
    tax_invoiced: Amount = Decimal(0)
    tax_refunded: Amount = Decimal(0)
    discount_invoiced: Amount = Decimal(0)
    discount_refunded: Amount = Decimal(0)
    discount_tax_compensation_invoiced: Amount = Decimal(0)
    discount_tax_compensation_refunded: Amount = Decimal(0)
    base_row_invoiced: Amount = Decimal(0)
    base_amount_refunded: Amount = Decimal(0)
    base_tax_invoiced: Amount = Decimal(0)
    base_tax_refunded: Amount = Decimal(0)
    base_discount_invoiced: Amount = Decimal(0)
    base_discount_refunded: Amount = Decimal(0)
    base_discount_tax_compensation_invoiced: Amount = Decimal(0)
    base_discount_tax_compensation_refunded: Amount = Decimal(0)


class PaymentPayload(Payload):
    """How the order was paid. Card details are not asked for."""

    method: str = ""
    last_trans_id: str | None = None


class AddressPayload(Payload):
    """Of the billing address only the country is asked for."""

    country_id: str | None = None


class ShippingAddressPayload(AddressPayload):
    """Where the parcels go. Nothing of it is kept; it becomes a digest."""

    street: Items[str] = ()
    city: str | None = None
    postcode: str | None = None

    def to_postal(self) -> PostalAddress:
        """As addresses are told from one another."""
        return PostalAddress(self.street, self.city, self.postcode, self.country_id)


class ShippingPayload(Payload):
    """How a part of an order is sent."""

    address: ShippingAddressPayload | None = None


class AssignmentPayload(Payload):
    """A part of an order that is sent to one address."""

    shipping: ShippingPayload | None = None


class PaymentInfoPayload(Payload):
    """One thing that the method noted about the payment; `value` may be anything."""

    key: str = ""
    value: Any = None


_METHOD_TITLE = "method_title"
_LONGEST_TITLE = 60


def _title_only(noted: tuple[PaymentInfoPayload, ...]) -> tuple[PaymentInfoPayload, ...]:
    # The same list is where gateways leave what they know about card and payer.
    return tuple(one for one in noted if one.key == _METHOD_TITLE)


class OrderExtrasPayload(Payload):
    """What Magento's modules add to an order. Virtual orders have no assignment."""

    shipping_assignments: Items[AssignmentPayload] = ()
    payment_additional_info: Annotated[Items[PaymentInfoPayload], AfterValidator(_title_only)] = ()


class OrderPayload(OrderRow):
    """An order for a decision; `base_` amounts are in the shop's own currency."""

    updated_at: Instant
    store_id: int | None = None
    customer_firstname: str | None = None
    customer_lastname: str | None = None
    is_virtual: int = 0
    base_currency_code: str
    base_to_order_rate: Amount = Decimal(1)
    tax_invoiced: Amount = Decimal(0)
    total_invoiced: Amount = Decimal(0)
    shipping_amount: Amount = Decimal(0)
    shipping_tax_amount: Amount = Decimal(0)
    shipping_discount_amount: Amount = Decimal(0)
    shipping_invoiced: Amount = Decimal(0)
    shipping_refunded: Amount = Decimal(0)
    shipping_tax_refunded: Amount = Decimal(0)
    base_grand_total: Amount = Decimal(0)
    base_total_paid: Amount = Decimal(0)
    base_total_refunded: Amount = Decimal(0)
    base_shipping_amount: Amount = Decimal(0)
    base_shipping_tax_amount: Amount = Decimal(0)
    base_shipping_discount_amount: Amount = Decimal(0)
    base_shipping_invoiced: Amount = Decimal(0)
    base_shipping_refunded: Amount = Decimal(0)
    base_shipping_tax_refunded: Amount = Decimal(0)
    items: Items[ItemPayload] = ()
    payment: PaymentPayload = PaymentPayload()
    billing_address: AddressPayload | None = None
    extension_attributes: OrderExtrasPayload | None = None

    @property
    def shipped_to(self) -> ShippingAddressPayload | None:
        """The one address that all of it is sent to; None where there is none, or several."""
        extras = self.extension_attributes
        assigned = extras.shipping_assignments if extras else ()
        found = [one.shipping.address for one in assigned if one.shipping]
        return found[0] if len(found) == 1 and len(assigned) == 1 else None

    @property
    def method_title(self) -> str:
        """The payment method's name as people know it from the shop; empty where it isn't told."""
        extras = self.extension_attributes
        for one in extras.payment_additional_info if extras else ():
            if isinstance(one.value, str):
                return " ".join(one.value.split())[:_LONGEST_TITLE]
        return ""


class UnitsPayload(Payload):
    """Units of an order's row on an invoice, a credit memo or a shipment."""

    order_item_id: int
    qty: Amount = Decimal(0)


class InvoicePayload(Payload):
    """A charge. State 2 is paid; without a transaction it was captured outside the gateway."""

    entity_id: int
    increment_id: str = ""
    created_at: Instant
    state: int | None = None
    transaction_id: str | None = None
    grand_total: Amount = Decimal(0)
    base_grand_total: Amount = Decimal(0)
    base_shipping_amount: Amount = Decimal(0)
    items: Items[UnitsPayload] = ()


class CommentPayload(Payload):
    """A comment of a credit memo."""

    comment: str | None = None


class MemoPayload(Payload):
    """A credit memo: Magento's document of one refund. State 2 is refunded."""

    entity_id: int
    order_id: int
    created_at: Instant
    state: int | None = None
    invoice_id: int | None = None
    transaction_id: str | None = None
    order_currency_code: str
    grand_total: Amount = Decimal(0)
    base_grand_total: Amount = Decimal(0)
    base_shipping_amount: Amount = Decimal(0)
    items: Items[UnitsPayload] = ()
    comments: Items[CommentPayload] = ()


class ShipmentPayload(Payload):
    """A parcel. Magento knows when it was sent, never when it arrived."""

    entity_id: int
    created_at: Instant
    items: Items[UnitsPayload] = ()


def field_list(model: type[Payload], **nested: type[Payload] | str) -> str:
    """The `fields` parameter that asks for a model's own fields and for nested ones, each a model
    or a list of fields.

    Unasked for, an answer holds addresses and card details that nobody here needs.
    """
    own = [name for name in model.model_fields if name not in nested]
    inner = {
        name: one if isinstance(one, str) else ",".join(one.model_fields)
        for name, one in nested.items()
    }
    return ",".join(own + [f"{name}[{fields}]" for name, fields in inner.items()])


ORDER_ROW_FIELDS = f"items[{field_list(OrderRow)}],total_count"
_SHIPPING_ADDRESS = field_list(ShippingPayload, address=ShippingAddressPayload)
ORDER_FIELDS = field_list(
    OrderPayload,
    items=ItemPayload,
    payment=PaymentPayload,
    billing_address=AddressPayload,
    extension_attributes=(
        f"shipping_assignments[shipping[{_SHIPPING_ADDRESS}]],"
        f"payment_additional_info[{field_list(PaymentInfoPayload)}]"
    ),
)
INVOICE_FIELDS = f"items[{field_list(InvoicePayload, items=UnitsPayload)}],total_count"
MEMO_ONE_FIELDS = field_list(MemoPayload, items=UnitsPayload, comments=CommentPayload)
MEMO_FIELDS = f"items[{MEMO_ONE_FIELDS}],total_count"
SHIPMENT_FIELDS = f"items[{field_list(ShipmentPayload, items=UnitsPayload)}],total_count"

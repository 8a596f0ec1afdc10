"""Magento's words that more than one module needs."""

from __future__ import annotations

VENDOR = "magento"

# What an integration must be granted under System, Extensions, Integrations, and what for.
# https://developer.adobe.com/commerce/webapi/get-started/authentication/gs-authentication-token/
NEEDED_RESOURCES: dict[str, str] = {
    "Magento_Sales::actions_view": "reading orders",
    "Magento_Sales::sales_invoice": "reading invoices and refunding through the payment gateway",
    "Magento_Sales::sales_creditmemo": "reading credit memos",
    "Magento_Sales::creditmemo": "recording refunds of orders paid by hand",
}
SHIPMENT_RESOURCE = "Magento_Sales::shipment"

# Methods that come with Magento whose money never passes through a gateway.
OFFLINE_METHODS: dict[str, str] = {
    "checkmo": "Check / money order",
    "banktransfer": "Bank transfer",
    "cashondelivery": "Cash on delivery",
    "purchaseorder": "Purchase order",
    "free": "No payment needed",
}

STATES = frozenset(
    {
        "new",
        "pending_payment",
        "processing",
        "complete",
        "closed",
        "canceled",
        "holded",
        "payment_review",
    }
)
REFUNDABLE_STATES = frozenset({"processing", "complete"})

"""What Shopify answers about the shop itself and about our access to it.

https://shopify.dev/docs/api/admin-graphql/2026-10/objects/AppInstallation
"""

from __future__ import annotations

from integrations.stores.shopify.payloads import CustomerRow, Payload


class Scope(Payload):
    """A granted scope."""

    handle: str


class Installation(Payload):
    """AppInstallation."""

    access_scopes: tuple[Scope, ...]


class ApiVersion(Payload):
    """An API version of the vendor."""

    handle: str
    supported: bool


class Plan(Payload):
    """The shop's plan at Shopify."""

    public_display_name: str | None = None
    partner_development: bool = False


class ShopPayload(Payload):
    """Shop."""

    id: str
    name: str
    myshopify_domain: str
    currency_code: str
    iana_timezone: str
    taxes_included: bool = False
    plan: Plan | None = None


class WhoAmI(Payload):
    """Who we are to the shop, and what the shop is."""

    current_app_installation: Installation
    public_api_versions: tuple[ApiVersion, ...] = ()
    shop: ShopPayload

    @property
    def scopes(self) -> frozenset[str]:
        """The granted scopes as written by the vendor."""
        return frozenset(scope.handle for scope in self.current_app_installation.access_scopes)


class ProtectedOrder(Payload):
    """What shows whether customer data is readable."""

    email: str | None = None
    customer: CustomerRow | None = None

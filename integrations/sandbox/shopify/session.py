"""Who is asking: the shop, the granted scopes and what the answer has to report besides data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLError

from integrations.sandbox.shopify.shop import Shop

ACCESS_DOCS = "https://shopify.dev/api/usage/access-scopes"
PROTECTED_DOCS = "https://shopify.dev/docs/apps/launch/protected-customer-data"


def with_implied(scopes: set[str] | frozenset[str]) -> frozenset[str]:
    """The scopes with the read scopes that write scopes include.

    https://shopify.dev/docs/api/usage/access-scopes
    """
    implied = {"read_" + s.removeprefix("write_") for s in scopes if s.startswith("write_")}
    return frozenset(scopes) | implied


@dataclass(slots=True)
class Session:
    """The context of one execution."""

    shop: Shop
    granted: frozenset[str]
    version: str
    variables: Mapping[str, Any]
    sees_protected_data: bool = True
    search_warnings: list[dict[str, Any]] = field(default_factory=list)

    @property
    def scopes(self) -> frozenset[str]:
        return with_implied(self.granted)

    @property
    def sees_all_orders(self) -> bool:
        return "read_all_orders" in self.scopes

    def require(self, scope: str, field_name: str) -> None:
        """Raise the vendor's ACCESS_DENIED error when `scope` wasn't granted."""
        if scope not in self.scopes:
            needed = f"`{scope}` access scope."
            raise GraphQLError(
                f"Access denied for {field_name} field. Required access: {needed}",
                extensions={
                    "code": "ACCESS_DENIED",
                    "documentation": ACCESS_DOCS,
                    "requiredAccess": needed,
                },
            )

    def require_protected(self, field_name: str) -> None:
        """Raise ACCESS_DENIED when the app isn't approved for protected customer data."""
        if not self.sees_protected_data:
            raise GraphQLError(
                f"This app is not approved to use the {field_name} field. See {PROTECTED_DOCS}",
                extensions={"code": "ACCESS_DENIED", "documentation": PROTECTED_DOCS},
            )


def bad_request(message: str) -> GraphQLError:
    """A top-level error that stops one field before it ran."""
    return GraphQLError(message, extensions={"code": "BAD_REQUEST"})

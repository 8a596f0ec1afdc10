"""What a connected shop's record holds besides its secrets."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from app.domain.errors import ConfigurationError
from app.ports import StoreRecord
from integrations.stores.shopify.mapping import DEFAULT_FINAL_SALE_TAGS
from integrations.stores.shopify.tokens import AuthMode
from integrations.stores.shopify.vocabulary import with_implied


class ShopifyConfig(BaseModel):
    """`StoreRecord.config` of a Shopify shop.

    `scopes` are those granted when it was connected, None when that isn't known: then everything
    is asked for, and what is refused is named.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    shop: str
    mode: AuthMode = AuthMode.STATIC
    currency: str | None = None
    timezone: str | None = None
    scopes: tuple[str, ...] | None = None
    final_sale_tags: tuple[str, ...] = DEFAULT_FINAL_SALE_TAGS

    @classmethod
    def of(cls, record: StoreRecord) -> Self:
        """Read a record's config. Raises ConfigurationError naming the wrong keys."""
        try:
            return cls.model_validate(record.config)
        except ValidationError as error:
            keys = ", ".join(sorted({str(one["loc"][0]) for one in error.errors() if one["loc"]}))
            raise ConfigurationError(
                f"the store {record.name} has a wrong or missing setting ({keys}): connect it again"
            ) from None

    @property
    def granted(self) -> frozenset[str] | None:
        """The scopes with those that they include."""
        return None if self.scopes is None else with_implied(frozenset(self.scopes))

    def may(self, scope: str) -> bool:
        """Whether a scope was granted, as far as we know."""
        return self.granted is None or scope in self.granted

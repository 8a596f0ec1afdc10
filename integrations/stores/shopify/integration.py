"""How a Shopify shop is opened for one job."""

from __future__ import annotations

from app.ports import StoreRecord, Surroundings
from integrations.http import BoundedSession, SessionPool
from integrations.stores.shopify.adapter import Shopify
from integrations.stores.shopify.client import ShopifyClient
from integrations.stores.shopify.config import ShopifyConfig
from integrations.stores.shopify.tokens import TokenProvider
from integrations.stores.shopify.vocabulary import VENDOR

# Each call states its own limits; these only bound what would forget to.
CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0


class ShopifyIntegration:
    """`app.ports.StoreIntegration`. Connections are kept per thread and used again."""

    name = VENDOR

    def __init__(self) -> None:
        self._pool = SessionPool(lambda: BoundedSession(CONNECT_SECONDS, READ_SECONDS))

    def open(self, store: StoreRecord, surroundings: Surroundings) -> Shopify:
        """A client for one shop. Raises ConfigurationError, or AccessDenied for a wrong name."""
        config = ShopifyConfig.of(store)
        session = self._pool.session()
        tokens = TokenProvider(
            shop=config.shop,
            mode=config.mode,
            owner=store.id,
            vault=surroundings.vault,
            surroundings=surroundings,
            session=session,
        )
        client = ShopifyClient(
            shop=config.shop, tokens=tokens, surroundings=surroundings, session=session
        )
        return Shopify(store, client, surroundings)

"""How a Magento site is opened for one job."""

from __future__ import annotations

from app.ports import StoreRecord, Surroundings
from integrations.http import BoundedSession, SessionPool
from integrations.stores.magento.adapter import Magento
from integrations.stores.magento.client import MagentoClient
from integrations.stores.magento.config import MagentoConfig
from integrations.stores.magento.signing import signer_for
from integrations.stores.magento.vocabulary import VENDOR

# Each call states its own limits; these only bound what would forget to.
CONNECT_SECONDS = 5.0
READ_SECONDS = 20.0


class MagentoIntegration:
    """`app.ports.StoreIntegration`. Connections are kept per thread and used again."""

    name = VENDOR

    def __init__(self) -> None:
        self._pool = SessionPool(lambda: BoundedSession(CONNECT_SECONDS, READ_SECONDS))

    def open(self, store: StoreRecord, surroundings: Surroundings) -> Magento:
        """A client for one site. Raises ConfigurationError, or AccessDenied without secrets."""
        config = MagentoConfig.of(store)
        client = MagentoClient(
            config=config,
            signer=signer_for(surroundings.vault, store.id, config.mode),
            surroundings=surroundings,
            session=self._pool.session(),
        )
        return Magento(store, client, surroundings)

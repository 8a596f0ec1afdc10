"""The same scene with a Magento site as its store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from app.ports import Account, StoreRecord
from integrations.helpdesks.zendesk.oauth import StoredToken
from integrations.sandbox.magento import MagentoSandbox
from integrations.sandbox.magento.app import DEMO_CREDENTIALS
from integrations.sandbox.magento.books import read_books
from integrations.sandbox.server import SandboxServer
from integrations.sandbox.shopify import ShopifySandbox
from integrations.sandbox.zendesk import ZendeskSandbox
from tests.fault.scene import Scene, Workers


class MagentoScene(Scene):
    """A site whose orders were paid by card; two refunds at one moment would both be paid."""

    def __init__(self, magento: MagentoSandbox, magento_url: str, *args: Any) -> None:
        self.magento, self._magento_url = magento, magento_url
        self.site = magento.sites["demo"]
        super().__init__(*args)

    def _settings(self) -> dict[str, Any]:
        return {"magento_url": f"{self._magento_url}/sites/demo"}

    def _connect(self) -> None:
        now, accounts = self.deps.clock.now(), self.deps.accounts
        config: dict[str, object] = {"subdomain": self.zendesk.account.subdomain, "auth": "static"}
        accounts.save(
            Account(id="acme", helpdesk="zendesk", name="Acme", config=config), "tests", now
        )
        site: dict[str, object] = {
            "base_url": "https://demo.example.com",
            "currency": "EUR",
            "delivered_after_days": 2,
            "final_sale_skus": [],
        }
        accounts.save_store(
            StoreRecord(id="store-1", account_id="acme", kind="magento", name="Demo", config=site),
            "tests",
            now,
        )
        vault = accounts.vault("acme")
        token = StoredToken(access_token=self.zendesk.static_token or "")
        vault.put("helpdesk", {"token": token.model_dump_json()})
        names = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
        vault.put("store-1", dict(zip(names, DEMO_CREDENTIALS, strict=True)))

    def sell(self, email: str, price: Decimal) -> str:
        now = datetime.now(UTC)
        order = self.magento.add_order(
            self.site,
            {
                "email": email,
                "customer_id": self._customers,
                "items": [{"sku": "MUG", "name": "Mug", "price": str(price), "qty": 1}],
                "payment": {"method": "fakepay"},
                "created_at": (now - timedelta(days=9)).isoformat(),
                "shipments": [{"created_at": (now - timedelta(days=7)).isoformat()}],
            },
        )
        return str(order.entity_id)

    def refunds_in_store(self, order_id: str) -> list[Decimal]:
        """What the gateway paid out, payment by payment: memos that no money left for don't count,
        money without a memo does."""
        [order] = [one for one in read_books(self.site)["orders"] if str(one["id"]) == order_id]
        assert len(order["refunds"]) == len(order["payouts"])
        return [Decimal(one["amount"]) for one in order["payouts"]]


@contextmanager
def make_magento_scene(database_url: str, folder: Path, workers: Workers) -> Iterator[MagentoScene]:
    """Sandboxes on loopback ports around an empty database."""
    with ExitStack() as stack:
        zendesk = stack.enter_context(ZendeskSandbox(limits_enabled=False))
        magento = MagentoSandbox()
        site = magento.add_site("demo", base_currency="EUR")
        magento.add_integration(site, credentials=DEMO_CREDENTIALS)
        shop = stack.enter_context(SandboxServer(magento.app))
        scene = MagentoScene(
            magento, shop.url, database_url, folder, zendesk, ShopifySandbox(), "http://127.0.0.1:1",
            workers, "unix:///nowhere",
        )  # fmt: skip
        stack.callback(scene.services.close)
        yield scene

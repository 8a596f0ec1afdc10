"""The same scene with Kustomer as its helpdesk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from app.ports import Account, StoreRecord
from integrations.helpdesks.kustomer.connect import Credentials, connect
from integrations.sandbox.kustomer import KustomerSandbox
from integrations.sandbox.server import SandboxServer
from integrations.sandbox.shopify import ShopifySandbox
from integrations.sandbox.zendesk import ZendeskSandbox
from manifest.kustomer import checked_definition
from tests.fault.scene import SUBJECT, TEXT, Scene, Workers

PUBLIC_URL = "https://refunds.example.com"


class KustomerScene(Scene):
    """An org that was connected as an admin connects it."""

    def __init__(self, kustomer: KustomerSandbox, *args: Any) -> None:
        self.kustomer = kustomer
        super().__init__(*args)

    def _settings(self) -> dict[str, Any]:
        return {
            "kustomer_url": self.kustomer.base,
            "kustomer_app_url": self.kustomer.base,
            "public_url": PUBLIC_URL,
            "zendesk_url": "http://127.0.0.1:1",
        }

    def _connect(self) -> None:
        now, accounts = self.deps.clock.now(), self.deps.accounts
        account = Account(id="acme", helpdesk="kustomer", name="Acme", config={"org": "acme"})
        made = connect(
            account,
            self.deps.surroundings("acme"),
            Credentials(self.kustomer.api_key),
            checked_definition(PUBLIC_URL, "1.0.0"),
        )
        accounts.save(account.model_copy(update={"config": made.config}), "tests", now)
        shop: dict[str, object] = {"shop": self.shop.domain, "mode": "static", "currency": "EUR"}
        accounts.save_store(
            StoreRecord(id="store-1", account_id="acme", kind="shopify", name="Demo", config=shop),
            "tests",
            now,
        )
        vault = accounts.vault("acme")
        vault.put("helpdesk", made.secrets)
        vault.put("store-1", {"access_token": self.shopify.issue_token(self.shop)})

    def write(self, email: str) -> str:
        customer = self.kustomer.add_customer("Ida Example", email)
        return self.kustomer.add_conversation(customer.id, SUBJECT, TEXT).id

    def notes(self, ticket_id: int | str) -> list[str]:
        return [str(one["externalId"]) for one in self.kustomer.notes(str(ticket_id))]


@contextmanager
def make_kustomer_scene(
    database_url: str, folder: Path, workers: Workers
) -> Iterator[KustomerScene]:
    """Sandboxes on loopback ports around an empty database; nothing is delivered by itself."""
    with ExitStack() as stack:
        kustomer = stack.enter_context(KustomerSandbox(limits_enabled=False))
        zendesk = ZendeskSandbox(port=None)
        shopify = ShopifySandbox()
        server = stack.enter_context(SandboxServer(shopify.app))
        scene = KustomerScene(
            kustomer, database_url, folder, zendesk, shopify, server.url, workers,
            "unix:///nowhere",
        )  # fmt: skip
        stack.callback(scene.services.close)
        yield scene

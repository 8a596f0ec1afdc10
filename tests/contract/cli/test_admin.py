"""What an admin types: connect, look, undo. Each command runs as a process of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from integrations.sandbox.kustomer import KustomerSandbox
from integrations.sandbox.magento import MagentoSandbox
from integrations.sandbox.server import SandboxServer
from integrations.sandbox.shopify import ShopifySandbox
from integrations.sandbox.zendesk import STATIC_TOKEN, ZendeskSandbox
from tests.support.commands import Commands


@dataclass
class Admin:
    """A shell with Makegood's settings, and the vendors it is connected to."""

    folder: Path
    environment: dict[str, str]
    zendesk: ZendeskSandbox
    shopify: ShopifySandbox
    magento: MagentoSandbox
    kustomer: KustomerSandbox
    commands: Commands
    secrets: dict[str, str] = field(default_factory=dict)

    def run(self, *arguments: str, expect: int = 0) -> str:
        """The output of `makegood ARGUMENTS`; fails on another exit code."""
        done = self.commands.run(*arguments, environment=self.environment | self.secrets)
        assert done.returncode == expect, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr


@pytest.fixture
def admin(tmp_path: Path, redis_url: str, commands: Commands) -> Iterator[Admin]:
    shopify, magento = ShopifySandbox(), MagentoSandbox()
    shopify.add_shop("demo")
    site = magento.add_site("demo", base_currency="EUR")
    with (
        ZendeskSandbox() as zendesk,
        KustomerSandbox() as kustomer,
        SandboxServer(shopify.app) as shop_server,
        SandboxServer(magento.app) as site_server,
    ):
        environment = {
            "MAKEGOOD_DATA_DIR": str(tmp_path),
            "MAKEGOOD_DATABASE_URL": "",
            "MAKEGOOD_REDIS_URL": redis_url,
            "MAKEGOOD_SECRET_KEYS": "",
            "MAKEGOOD_PUBLIC_URL": "http://localhost:8000",
            "MAKEGOOD_ZENDESK_URL": zendesk.base,
            "MAKEGOOD_KUSTOMER_URL": kustomer.base,
            "MAKEGOOD_KUSTOMER_APP_URL": kustomer.base,
            "MAKEGOOD_SHOPIFY_URL": f"{shop_server.url}/shops/{{shop}}",
            "MAKEGOOD_MAGENTO_URL": magento.site_url(site_server.url, site),
        }
        yield Admin(tmp_path, environment, zendesk, shopify, magento, kustomer, commands)


def connect_zendesk(admin: Admin) -> str:
    admin.run("migrate")
    admin.run(
        *("manifest", "build", "--helpdesk", "zendesk"), *("--out", str(admin.folder / "dist"))
    )
    package = next((admin.folder / "dist").glob("*.zip"))
    admin.secrets["ZENDESK_TOKEN"] = STATIC_TOKEN
    return admin.run(
        *("connect", "zendesk", "--subdomain", "acme", "--static-token"),
        *("--package", str(package), "--tier", "Team lead=team_lead"),
    )


def connect_shopify(admin: Admin, *more: str) -> str:
    admin.secrets["SHOPIFY_CLIENT_SECRET"] = admin.shopify.client.client_secret
    return admin.run(
        *("connect", "shopify", "--shop", "demo.myshopify.com"),
        *("--client-id", admin.shopify.client.client_id),
        *more,
    )


def connect_magento(admin: Admin) -> str:
    integration = admin.magento.add_integration(admin.magento.sites["demo"])
    admin.secrets |= {
        "MAGENTO_CONSUMER_SECRET": integration.consumer_secret,
        "MAGENTO_ACCESS_TOKEN": integration.token,
        "MAGENTO_ACCESS_TOKEN_SECRET": integration.token_secret,
    }
    return admin.run(
        *("connect", "magento", "--url", "https://demo.example.com"),
        *("--consumer-key", integration.consumer_key),
    )


def checks(admin: Admin, *, ok: bool) -> dict[str, dict[str, str]]:
    report = json.loads(admin.run("doctor", "--json", expect=0 if ok else 1))
    assert report["ok"] is ok
    return {check["name"]: check for check in report["checks"]}


def test_an_admin_connects_everything_and_the_doctor_is_content(admin: Admin) -> None:
    assert "created" in connect_zendesk(admin)
    assert "is connected as store_" in connect_shopify(admin)
    assert "is connected as store_" in connect_magento(admin)
    found = checks(admin, ok=True)
    assert {"database", "queue: redis", "queue: clock", "deliveries"} <= set(found)
    assert {name.split(":")[0] for name in found} >= {"acme, zendesk", "acme, demo.example.com"}
    assert [name for name, check in found.items() if check["status"] == "failed"] == []
    assert "ledger equals store" in admin.run("reconcile")
    assert "whole" in admin.run("audit", "verify")


def test_connecting_again_keeps_what_is_there(admin: Admin) -> None:
    first = connect_zendesk(admin)
    again = connect_zendesk(admin)
    assert "created" not in again
    assert first.splitlines()[-1] == again.splitlines()[-1]
    store = connect_shopify(admin, "--brand", "Northwind Kids")
    assert "Its brand is Northwind Kids:" in store
    again = connect_shopify(admin)
    assert again.splitlines()[0] == store.splitlines()[0]
    assert "Its brand is Northwind Kids:" in again


def test_what_is_broken_is_named_with_its_mend(admin: Admin) -> None:
    connect_zendesk(admin)
    connect_shopify(admin)
    # The token has run out, and the shop's owner has made a new secret since.
    admin.shopify.clock.advance(25 * 3600)
    admin.shopify.client.client_secret = "another"
    found = checks(admin, ok=False)
    broken = [check for check in found.values() if check["status"] == "failed"]
    assert len(broken) == 1
    assert broken[0]["name"] == "acme, Example Shop: connection"
    assert broken[0]["mend"]


def test_before_anything_is_connected_the_doctor_says_what_to_do(admin: Admin) -> None:
    assert checks(admin, ok=False)["database"]["mend"] == "run `makegood migrate`"
    admin.run("migrate")
    assert checks(admin, ok=False)["accounts"]["mend"] == "run `makegood connect zendesk`"


def test_tiers_are_shown_and_replaced(admin: Admin) -> None:
    connect_zendesk(admin)
    assert "role:Team lead = team_lead" in admin.run("tiers")
    given = ("--tier", "group:Refund desk=team_lead", "--tier", "role:Light agent=none")
    admin.run("tiers", *given)
    shown = json.loads(admin.run("tiers", "--json"))
    assert shown["groups"] == {"Refund desk": "team_lead"}
    assert shown["roles"] == {"Light agent": "none"}
    assert "nothing is mapped" in admin.run("tiers", "--clear")


def test_disconnecting_takes_back_what_was_made(admin: Admin) -> None:
    connect_zendesk(admin)
    store = connect_shopify(admin).split(" is connected as ")[1].split()[0]
    assert "is disconnected" in admin.run("disconnect", "store", store)
    undone = admin.run("disconnect", "zendesk")
    assert "removed" in undone
    assert "trigger" in undone
    assert "webhook" in undone
    assert checks(admin, ok=False)["accounts"]["detail"] == "none"


_BAD_USAGE = (
    (("connect", "zendesk", "--subdomain", "acme", "--static-token", "--tier", "x"), "--tier"),
    (("tiers", "--tier", "group:Leads=king"), "'king' is no tier"),
    (("tiers", "--tier", "group:=agent"), "role:NAME=TIER"),
    (("tiers", "--tier", "agent=agent", "--clear"), "exclude each other"),
    (("connect", "shopify", "--shop", "https://shop.example.com"), "account"),
    (("reconcile", "--account", "nobody"), "nobody"),
    (("disconnect", "store", "store_1"), "account"),
)


def test_bad_usage_is_one_clear_sentence(admin: Admin) -> None:
    admin.secrets["ZENDESK_TOKEN"] = STATIC_TOKEN
    admin.run("migrate")
    for arguments, says in _BAD_USAGE:
        assert says in admin.run(*arguments, expect=2), arguments


def test_kustomer_is_connected_looked_at_and_undone(admin: Admin) -> None:
    admin.run("migrate")
    admin.secrets["KUSTOMER_API_KEY"] = admin.kustomer.runtime_key
    told = admin.run("connect", "kustomer", "--org", "acme", expect=2)
    assert "KUSTOMER_SETUP_KEY" in told or "org.admin.apps" in told
    assert admin.kustomer.org.versions == {}
    admin.secrets["KUSTOMER_SETUP_KEY"] = admin.kustomer.api_key
    wanted = ("connect", "kustomer", "--org", "acme", "--tier", "team:Team leads=team_lead")
    told = admin.run(*wanted, "--order-klass", "order", "--requests-per-minute", "1000")
    assert "created  app: makegood_" in told and "acme is connected as account acct_" in told
    for secret in (admin.kustomer.api_key, admin.kustomer.runtime_key, "mgk."):
        assert secret not in told
    told = admin.run(*wanted)
    assert "created" not in told
    checks = json.loads(admin.run("doctor", "--json", expect=1))["checks"]
    ours = [one for one in checks if "kustomer" in one["name"]]
    assert len(ours) > 10 and {one["status"] for one in ours} == {"ok"}
    told = admin.run("disconnect", "kustomer")
    assert "removed  webhook" in told and "acme is disconnected." in told
    assert admin.kustomer.org.webhooks == {}

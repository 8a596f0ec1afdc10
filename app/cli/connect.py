"""`makegood connect` and `disconnect`: what an admin runs, once or again.

Secrets are read from the environment or asked for without echo, never given as arguments: those
stand in the shell's history and in the list of processes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import click

from app.bootstrap import Services, build_services
from app.cli.asking import ACTOR, ask_secret, pick_account
from app.cli.brands import brand_option, read_brand, tell_brand, with_brand
from app.cli.connect_kustomer import disconnect_kustomer_command, kustomer_command
from app.cli.tier_pairs import read_tiers
from app.domain.errors import ConfigurationError
from app.domain.people import TierMap
from app.ports import Account, StoreRecord
from app.records import new_id
from app.settings import Settings
from integrations.helpdesks.zendesk.connect import Credentials
from integrations.helpdesks.zendesk.connect import connect as connect_zendesk
from integrations.helpdesks.zendesk.connect import disconnect as disconnect_zendesk
from integrations.helpdesks.zendesk.oauth import CLIENT_SECRET, TOKEN_SECRET
from integrations.helpdesks.zendesk.setup import Step
from integrations.helpdesks.zendesk.webhook import WEBHOOK_SECRETS
from integrations.stores.magento.config import AuthMode as MagentoMode
from integrations.stores.magento.connect import Disconnection as MagentoDisconnection
from integrations.stores.magento.connect import connect_magento, disconnect_magento
from integrations.stores.shopify.connect import Disconnection as ShopifyDisconnection
from integrations.stores.shopify.connect import connect_shopify, disconnect_shopify
from integrations.stores.shopify.tokens import AuthMode

_DISCONNECTIONS: dict[str, Callable[[], ShopifyDisconnection | MagentoDisconnection]] = {
    "shopify": disconnect_shopify,
    "magento": disconnect_magento,
}


def store_of(services: Services, account: Account, kind: str, **config: str) -> StoreRecord | None:
    """The store of an account with these config values, active or not."""
    for record in services.deps.accounts.stores(account.id):
        if record.kind == kind and all(record.config.get(k) == v for k, v in config.items()):
            return record
    return None


def connect_shopify_store(
    services: Services,
    account: Account,
    shop: str,
    mode: AuthMode,
    credentials: dict[str, str],
    *,
    brand: str | None = None,
) -> tuple[StoreRecord, Sequence[str]]:
    """Try the credentials, then keep store and secrets. Answers the record and what is left to do.

    Running it again for the same shop replaces its credentials and keeps its id, so refunds made
    before stay with it. `brand` None leaves the store's brand as it is, "" ends it.
    """
    connection = connect_shopify(shop, mode, credentials, services.deps.surroundings(account.id))
    found = _Found(connection.name, connection.config, connection.secrets)
    record = _keep_store(services, account, "shopify", found, key="shop", brand=brand)
    return record, connection.steps


def connect_magento_store(
    services: Services,
    account: Account,
    base_url: str,
    mode: MagentoMode,
    credentials: dict[str, str],
    *,
    store_code: str | None = None,
    options: Mapping[str, object] | None = None,
    brand: str | None = None,
) -> tuple[StoreRecord, Sequence[str]]:
    """As `connect_shopify_store`, for a Magento site. `options` is what only the shop knows."""
    surroundings = services.deps.surroundings(account.id)
    connection = connect_magento(
        base_url, mode, credentials, surroundings, store_code=store_code, options=options
    )
    found = _Found(connection.name, connection.config, connection.secrets)
    record = _keep_store(services, account, "magento", found, key="base_url", brand=brand)
    return record, connection.steps


class _Found(NamedTuple):
    """What a store's connection gave to be kept."""

    name: str
    config: dict[str, object]
    secrets: dict[str, str | None]


def _keep_store(
    services: Services,
    account: Account,
    kind: str,
    found: _Found,
    *,
    key: str,
    brand: str | None,
) -> StoreRecord:
    """Store record and secrets; `key` is the config value that makes it the same store."""
    deps = services.deps
    known = store_of(services, account, kind, **{key: str(found.config[key])})
    # What an admin has set for the shop (final sale tags, say) outlives a new connection.
    config = {**(known.config if known else {}), **found.config}
    record = StoreRecord(
        id=known.id if known else new_id("store"),
        account_id=account.id,
        kind=kind,
        name=found.name,
        config=with_brand(config, brand),
    )
    deps.accounts.save_store(record, ACTOR, deps.clock.now())
    deps.accounts.vault(account.id).put(record.id, found.secrets)
    return record


def connect_zendesk_account(
    services: Services,
    subdomain: str,
    credentials: Credentials,
    *,
    package: Path | None = None,
    tiers: TierMap | None = None,
) -> tuple[Account, Sequence[Step]]:
    """Set the account up at Zendesk, then keep it. Answers the account and what was done.

    Running it again finds what is there, mends what is missing, and keeps the account's id.
    """
    deps = services.deps
    known = next(
        (
            account
            for account in deps.accounts.everyone()
            if account.helpdesk == "zendesk" and account.config.get("subdomain") == subdomain
        ),
        None,
    )
    account = known or Account(
        id=new_id("acct"), helpdesk="zendesk", name=subdomain, config={"subdomain": subdomain}
    )
    if tiers is not None:
        config = {**account.config, "tiers": tiers.to_config()}
        account = account.model_copy(update={"config": config})
    connected = connect_zendesk(
        account,
        deps.surroundings(account.id),
        credentials,
        services.settings.public_url,
        package=package,
    )
    account = account.model_copy(update={"config": connected.config, "is_active": True})
    deps.accounts.save(account, ACTOR, deps.clock.now())
    deps.accounts.vault(account.id).put("helpdesk", connected.secrets)
    return account, connected.steps


@click.group()
def connect() -> None:
    """Connect a helpdesk or a store. Can be run again."""


connect.add_command(kustomer_command)


@connect.command("zendesk")
@click.option("--subdomain", required=True, help="acme for acme.zendesk.com.")
@click.option("--client-id", default="", help="The OAuth client's identifier.")
@click.option("--code", default="", help="A code from the consent page, valid for 2 minutes.")
@click.option("--code-verifier", default="", help="The PKCE verifier that the code was asked with.")
@click.option("--redirect-uri", default="", help="The address that the code was sent to.")
@click.option("--static-token", is_flag=True, help="Use a token that can't be renewed.")
@click.option(
    "--package",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The built app, to be uploaded and installed too.",
)
@click.option(
    "--tier",
    "tiers",
    multiple=True,
    metavar="NAME=TIER",
    help='Who may release what: "role:Team lead=team_lead", "group:Refund desk=manager". Admins '
    "are managers anyway. Replaces the present mapping; see makegood tiers.",
)
def zendesk_command(
    subdomain: str,
    client_id: str,
    code: str,
    code_verifier: str,
    redirect_uri: str,
    static_token: bool,
    package: Path | None,
    tiers: tuple[str, ...],
) -> None:
    """Connect a Zendesk account: token, fields, webhook with its own secret, trigger.

    Secrets come from ZENDESK_CLIENT_SECRET or ZENDESK_TOKEN, or are asked for.
    """
    if static_token:
        credentials = Credentials(token=ask_secret("ZENDESK_TOKEN", "Access token"))
    else:
        credentials = Credentials(
            client_id=client_id or None,
            # A public client proves itself by the verifier alone.
            client_secret=None
            if code_verifier
            else ask_secret("ZENDESK_CLIENT_SECRET", "Client secret"),
            code=code or None,
            code_verifier=code_verifier or None,
            redirect_uri=redirect_uri or None,
        )
    services = build_services(Settings())
    try:
        account, steps = connect_zendesk_account(
            services,
            subdomain,
            credentials,
            package=package,
            tiers=read_tiers(tiers) if tiers else None,
        )
    finally:
        services.close()
    for step in steps:
        click.echo(f"{step.outcome:8} {step.name}" + (f": {step.detail}" if step.detail else ""))
    click.echo(f"{subdomain} is connected as account {account.id}.")


@connect.command("shopify")
@click.option("--shop", required=True, help="The shop's permanent name, name.myshopify.com.")
@click.option("--account", "account_id", help="The account; needed when there are several.")
@click.option(
    "--mode",
    type=click.Choice([mode.value for mode in AuthMode]),
    default=AuthMode.CLIENT_CREDENTIALS.value,
    show_default=True,
    help="client_credentials: an app of your own organisation. static: an old custom app's token. "
    "oauth_offline: an app installed by the authorization code.",
)
@click.option("--client-id", default="", help="The app's client id.")
@click.option("--code", default="", help="The authorization code, for oauth_offline.")
@brand_option
def shopify_command(
    shop: str, account_id: str | None, mode: str, client_id: str, code: str, brand: str | None
) -> None:
    """Connect a Shopify shop.

    Secrets come from SHOPIFY_CLIENT_SECRET or SHOPIFY_ACCESS_TOKEN, or are asked for.
    """
    services = build_services(Settings())
    try:
        account = pick_account(services, account_id)
        before = services.deps.accounts.stores(account.id)
        brand = read_brand(brand, before)
        chosen = AuthMode(mode)
        credentials = {"client_id": client_id, "code": code}
        if chosen is AuthMode.STATIC:
            question = "Admin API access token"
            credentials["access_token"] = ask_secret("SHOPIFY_ACCESS_TOKEN", question)
        else:
            credentials["client_secret"] = ask_secret("SHOPIFY_CLIENT_SECRET", "Client secret")
        record, steps = connect_shopify_store(
            services, account, shop, chosen, credentials, brand=brand
        )
        after = services.deps.accounts.stores(account.id)
    finally:
        services.close()
    click.echo(f"{record.name} is connected as {record.id} to account {account.id}.")
    tell_brand(record, before, after)
    for step in steps:
        click.echo(f"- {step}")


@connect.command("magento")
@click.option("--url", "base_url", required=True, help="The shop's address, before /rest.")
@click.option("--account", "account_id", help="The account; needed when there are several.")
@click.option("--store-view", help="The code of the store view whose language is used.")
@click.option("--bearer", is_flag=True, help="Use the access token alone, where the site allows.")
@click.option("--consumer-key", default="", help="The integration's consumer key.")
@click.option(
    "--delivered-after-days",
    type=click.IntRange(0, 90),
    help="Days after shipping when an order counts as delivered: Magento knows no delivery date. "
    "Without it a policy with a delivery window asks a person.",
)
@click.option(
    "--final-sale-sku",
    "final_sale_skus",
    multiple=True,
    help="An item that is never taken back; can be given several times.",
)
@brand_option
def magento_command(
    base_url: str,
    account_id: str | None,
    store_view: str | None,
    bearer: bool,
    consumer_key: str,
    delivered_after_days: int | None,
    final_sale_skus: tuple[str, ...],
    brand: str | None,
) -> None:
    """Connect a Magento site by an integration (System, Extensions, Integrations).

    Secrets come from MAGENTO_CONSUMER_SECRET, MAGENTO_ACCESS_TOKEN and
    MAGENTO_ACCESS_TOKEN_SECRET, or are asked for.
    """
    services = build_services(Settings())
    try:
        account = pick_account(services, account_id)
        before = services.deps.accounts.stores(account.id)
        brand = read_brand(brand, before)
        credentials = {"access_token": ask_secret("MAGENTO_ACCESS_TOKEN", "Access token")}
        if not bearer:
            credentials |= {
                "consumer_key": consumer_key or str(click.prompt("Consumer key")),
                "consumer_secret": ask_secret("MAGENTO_CONSUMER_SECRET", "Consumer secret"),
                "access_token_secret": ask_secret("MAGENTO_ACCESS_TOKEN_SECRET", "Token secret"),
            }
        mode = MagentoMode.BEARER if bearer else MagentoMode.OAUTH
        options: dict[str, object] = {"final_sale_skus": list(final_sale_skus)}
        if delivered_after_days is not None:
            options["delivered_after_days"] = delivered_after_days
        record, steps = connect_magento_store(
            services,
            account,
            base_url,
            mode,
            credentials,
            store_code=store_view,
            options=options,
            brand=brand,
        )
        after = services.deps.accounts.stores(account.id)
    finally:
        services.close()
    click.echo(f"{record.name} is connected as {record.id} to account {account.id}.")
    tell_brand(record, before, after)
    for step in steps:
        click.echo(f"- {step}")


@click.group()
def disconnect() -> None:
    """Undo a connection. What was refunded stays on record."""


disconnect.add_command(disconnect_kustomer_command)


@disconnect.command("zendesk")
@click.option("--account", "account_id", help="The account; needed when there are several.")
def disconnect_zendesk_command(account_id: str | None) -> None:
    """Remove trigger and webhook, forget the token, and stop working for the account."""
    services = build_services(Settings())
    try:
        account = pick_account(services, account_id)
        deps = services.deps
        steps = disconnect_zendesk(account, deps.surroundings(account.id))
        deps.accounts.save(account.model_copy(update={"is_active": False}), ACTOR, deps.clock.now())
        deps.accounts.vault(account.id).put(
            "helpdesk", dict.fromkeys((TOKEN_SECRET, CLIENT_SECRET, WEBHOOK_SECRETS))
        )
    finally:
        services.close()
    for step in steps:
        click.echo(f"{step.outcome:8} {step.name}" + (f": {step.detail}" if step.detail else ""))
    click.echo(
        f"{account.name} is disconnected. Uninstall the app in Zendesk to remove its fields."
    )


@disconnect.command("store")
@click.argument("store_id")
@click.option("--account", "account_id", help="The account; needed when there are several.")
def disconnect_store(store_id: str, account_id: str | None) -> None:
    """Forget a store's credentials and stop using it."""
    services = build_services(Settings())
    try:
        account = pick_account(services, account_id)
        deps = services.deps
        record = deps.accounts.store(account.id, store_id)
        if record is None:
            known = ", ".join(store.id for store in deps.accounts.stores(account.id)) or "none"
            raise ConfigurationError(f"there is no store {store_id}; there are: {known}")
        undone = _DISCONNECTIONS[record.kind]()
        inactive = record.model_copy(update={"is_active": False})
        deps.accounts.save_store(inactive, ACTOR, deps.clock.now())
        deps.accounts.vault(account.id).put(record.id, undone.secrets)
    finally:
        services.close()
    click.echo(f"{record.name} is disconnected.")
    for step in undone.steps:
        click.echo(f"- {step}")

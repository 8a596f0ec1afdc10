"""`makegood connect kustomer` and its undoing."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.metadata import version

import click

from app.bootstrap import Services, build_services
from app.cli.asking import ACTOR, ask_secret, pick_account
from app.cli.tier_pairs import read_tiers
from app.domain.errors import ConfigurationError
from app.domain.people import TierMap
from app.ports import Account
from app.records import new_id
from app.settings import Settings
from integrations.helpdesks.kustomer.config import UserHeader
from integrations.helpdesks.kustomer.connect import Credentials, Options, connect, disconnect
from integrations.helpdesks.kustomer.setup import Step
from integrations.helpdesks.kustomer.vocabulary import (
    API_KEY,
    OWNER,
    SERVICE_TOKENS,
    VENDOR,
    WEBHOOK_TOKENS,
)
from manifest.kustomer import checked_definition
from manifest.problems import BadPackage


def connect_kustomer_account(
    services: Services,
    org: str,
    credentials: Credentials,
    *,
    options: Options | None = None,
    tiers: TierMap | None = None,
) -> tuple[Account, Sequence[Step]]:
    """Set the org up at Kustomer, then keep it. Answers the account and what was done.

    Running it again finds what is there, mends what is missing, and keeps the account's id.
    """
    deps = services.deps
    known = next(
        (
            account
            for account in deps.accounts.everyone()
            if account.helpdesk == VENDOR and account.config.get("org") == org
        ),
        None,
    )
    account = known or Account(id=new_id("acct"), helpdesk=VENDOR, name=org, config={"org": org})
    if tiers is not None:
        config = {**account.config, "tiers": tiers.to_config()}
        account = account.model_copy(update={"config": config})
    try:
        definition = checked_definition(services.settings.public_url, version("makegood"))
    except BadPackage as error:
        raise ConfigurationError(f"the app definition is wrong: {error}") from error
    connected = connect(account, deps.surroundings(account.id), credentials, definition, options)
    account = account.model_copy(update={"config": connected.config, "is_active": True})
    deps.accounts.save(account, ACTOR, deps.clock.now())
    deps.accounts.vault(account.id).put(OWNER, connected.secrets)
    return account, connected.steps


@click.command("kustomer")
@click.option("--org", required=True, help="acme for acme.kustomerapp.com.")
@click.option(
    "--tier",
    "tiers",
    multiple=True,
    metavar="KIND:NAME=TIER",
    help='Who may release what, e.g. "team:Team leads=team_lead". Admins are managers anyway.',
)
@click.option(
    "--order-klass",
    help="The custom object in which orders are kept: they are shown beside the store's.",
)
@click.option("--region", help="Country of phone numbers in local form, e.g. DE; US if absent.")
@click.option(
    "--requests-per-minute",
    type=click.IntRange(60, 100_000),
    help="The plan's limit for the whole org (300 to 2000); half of it is used.",
)
@click.option(
    "--trust-user-header/--check-user-header",
    "trusts_header",
    default=None,
    help="Trusted, x-kustomer-user-id alone proves who clicks. Only for an org in which you have "
    "seen that whoever runs a command can't set it. Checked, as without this, it must agree with "
    "Makegood's own proof.",
)
def kustomer_command(
    org: str,
    tiers: tuple[str, ...],
    order_klass: str | None,
    region: str | None,
    requests_per_minute: int | None,
    trusts_header: bool | None,
) -> None:
    """Connect a Kustomer org: key, app, service token, attributes, webhook.

    The key that works all day comes from KUSTOMER_API_KEY, or is asked for. A second one in
    KUSTOMER_SETUP_KEY, with the role org.admin.apps, registers and installs the app and isn't kept.
    """
    header = None
    if trusts_header is not None:
        header = UserHeader.TRUSTED if trusts_header else UserHeader.CHECKED
    options = Options(
        order_klass=order_klass,
        region=region,
        requests_per_minute=requests_per_minute,
        user_header=header,
    )
    credentials = Credentials(
        api_key=ask_secret("KUSTOMER_API_KEY", "API key"),
        setup_key=os.environ.get("KUSTOMER_SETUP_KEY", "").strip() or None,
    )
    services = build_services(Settings())
    try:
        account, steps = connect_kustomer_account(
            services, org, credentials, options=options, tiers=read_tiers(tiers) if tiers else None
        )
    finally:
        services.close()
    _tell(steps)
    click.echo(f"{org} is connected as account {account.id}.")


@click.command("kustomer")
@click.option("--account", "account_id", help="The account; needed when there are several.")
def disconnect_kustomer_command(account_id: str | None) -> None:
    """Remove the webhook, blank the service token, forget the key, and stop working for the org.

    KUSTOMER_SETUP_KEY is used where the stored key may not do that.
    """
    services = build_services(Settings())
    try:
        account = pick_account(services, account_id)
        deps = services.deps
        if account.helpdesk != VENDOR:
            raise ConfigurationError(f"{account.id} is no Kustomer account")
        steps = disconnect(
            account,
            deps.surroundings(account.id),
            os.environ.get("KUSTOMER_SETUP_KEY", "").strip() or None,
        )
        inactive = account.model_copy(update={"is_active": False})
        deps.accounts.save(inactive, ACTOR, deps.clock.now())
        forgotten = dict.fromkeys((API_KEY, SERVICE_TOKENS, WEBHOOK_TOKENS))
        deps.accounts.vault(account.id).put(OWNER, forgotten)
    finally:
        services.close()
    _tell(steps)
    click.echo(f"{account.name} is disconnected.")


def _tell(steps: Sequence[Step]) -> None:
    for step in steps:
        click.echo(f"{step.outcome:8} {step.name}" + (f": {step.detail}" if step.detail else ""))

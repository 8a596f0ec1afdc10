"""`makegood tiers`: which roles, groups and teams of the helpdesk may release which amounts."""

from __future__ import annotations

import json

import click

from app.bootstrap import build_services
from app.cli.asking import pick_account
from app.cli.tier_pairs import TIER_CHOICES, read_tiers
from app.domain.people import TierMap
from app.settings import Settings
from app.usecases.people import set_tiers


@click.command()
@click.option("--account", "account_id", help="The account; needed when there are several.")
@click.option(
    "--tier",
    "given",
    multiple=True,
    metavar="NAME=TIER",
    help=f'"role:Team lead=team_lead" or "group:Refund desk=manager" (team: is the same). '
    f"Tiers: {', '.join(TIER_CHOICES)}. Replaces the whole mapping.",
)
@click.option("--clear", is_flag=True, help="Remove the mapping: the helpdesk's own roles count.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def tiers(account_id: str | None, given: tuple[str, ...], clear: bool, as_json: bool) -> None:
    """Show or replace the mapping of roles, groups and teams to tiers. Holds at once."""
    if given and clear:
        raise click.UsageError("--tier and --clear exclude each other")
    wanted = read_tiers(given)
    services = build_services(Settings())
    try:
        account = pick_account(services, account_id)
        if given or clear:
            account = set_tiers(services.deps, account, wanted, "makegood tiers")
    finally:
        services.close()
    present = TierMap.of(account.config.get("tiers"))
    if as_json:
        click.echo(json.dumps({"account": account.id, **present.to_config()}, ensure_ascii=False))
        return
    click.echo(f"{account.name} ({account.id})")
    for kind, mapping in (("role", present.roles), ("group", present.groups)):
        for name, tier in mapping.items():
            click.echo(f"  {kind}:{name} = {tier.value if tier else 'none (may look only)'}")
    if not present.roles and not present.groups:
        click.echo("  nothing is mapped: the helpdesk's admins are managers, its agents agents")

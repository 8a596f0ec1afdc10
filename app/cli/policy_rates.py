"""`makegood policy rates`: the exchange rates by which a policy's amounts are compared."""

from __future__ import annotations

import json
from collections.abc import Iterable

import click
from pydantic import ValidationError

from app.bootstrap import build_services
from app.cli.asking import pick_account
from app.domain.policy.rates import Rates
from app.settings import Settings
from app.usecases.history import rates_of
from app.usecases.policies import set_rates


def read_rates(base: str, given: Iterable[str]) -> Rates:
    """`CURRENCY=WORTH` pairs, each worth so much in `base`. Raises click.UsageError."""
    per_unit: dict[str, str] = {}
    for pair in given:
        currency, separator, worth = pair.partition("=")
        currency = currency.strip().upper()
        if not separator or currency in per_unit or currency == base:
            raise click.UsageError(f"{pair}: expected each other currency once, like EUR=1.08")
        per_unit[currency] = worth.strip()
    try:
        return Rates.model_validate({"base": base, "per_unit": per_unit})
    except ValidationError as error:
        fault = error.errors()[0]
        where = " ".join(str(part) for part in fault["loc"] if part not in {"per_unit", "[key]"})
        raise click.UsageError(f"{where}: {fault['msg']}") from None


@click.command()
@click.argument("pairs", nargs=-1, metavar="[CURRENCY=WORTH]...")
@click.option("--account", "account_id", help="The account; needed when there are several.")
@click.option("--base", help="The currency that the worths are in. Replaces all rates.")
@click.option("--clear", is_flag=True, help="Remove all rates.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def rates(
    pairs: tuple[str, ...], account_id: str | None, base: str | None, clear: bool, as_json: bool
) -> None:
    """Show the exchange rates, or replace them: `rates --base USD EUR=1.08 GBP=1.27`.

    They hold amounts in one currency against limits in another, and turn a fee into the order's
    currency. What has no rate needs a person's review.
    """
    if (pairs and not base) or (clear and (pairs or base)):
        raise click.UsageError("give --base with CURRENCY=WORTH pairs, or --clear alone")
    wanted = read_rates(base.strip().upper(), pairs) if base else None
    services = build_services(Settings())
    try:
        account = pick_account(services, account_id)
        if wanted is not None or clear:
            account = set_rates(services.deps, account, wanted, "makegood policy rates")
    finally:
        services.close()
    present = rates_of(account)
    if as_json:
        click.echo(json.dumps({"account": account.id, **present.model_dump(mode="json")}))
        return
    click.echo(f"{account.name} ({account.id})")
    for currency, worth in present.per_unit.items():
        click.echo(f"  1 {currency} = {worth} {present.base}")
    if not present.per_unit:
        click.echo("  no rates: amounts in another currency need a person's review")

"""`makegood reconcile` and `makegood audit`: what finance runs."""

from __future__ import annotations

import json
import sys

import click

from app.bootstrap import Services, build_services
from app.settings import Settings
from app.usecases.reconcile import reconcile as reconcile_account


def _account_ids(services: Services, only: str | None) -> list[str]:
    known = [account.id for account in services.deps.accounts.all()]
    if only is None:
        return known
    if only not in known:
        raise click.UsageError(f"there is no account {only}; there are: {', '.join(known)}")
    return [only]


@click.command()
@click.option("--account", help="One account; all of them without it.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def reconcile(account: str | None, as_json: bool) -> None:
    """Hold the ledger against the stores' books. Exit code 1 when they differ."""
    services = build_services(Settings())
    try:
        results = [
            reconcile_account(services.deps, account_id)
            for account_id in _account_ids(services, account)
        ]
    finally:
        services.close()
    if as_json:
        rows = [{**item.model_dump(mode="json"), "agrees": item.agrees} for item in results]
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
    for result in () if as_json else results:
        click.echo(
            f"{result.account_id}: {result.refunds_checked} refunds on "
            f"{result.orders_checked} orders, "
            + ("ledger equals store" if result.agrees else "LEDGER AND STORE DIFFER")
        )
        for difference in result.differences:
            click.echo(f"  {difference.store_id} {difference.order_id}: {difference.what}")
        for text in result.unread:
            click.echo(f"  could not be read: {text}")
    sys.exit(0 if all(result.agrees for result in results) else 1)


@click.group()
def audit() -> None:
    """The record of every act."""


@audit.command()
@click.option("--account", help="One account; all of them without it.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def verify(account: str | None, as_json: bool) -> None:
    """Check the hash chain. Exit code 1 when an entry was changed or removed."""
    services = build_services(Settings())
    try:
        results = {
            account_id: services.deps.audit.verify(account_id)
            for account_id in _account_ids(services, account)
        }
    finally:
        services.close()
    if as_json:
        rows = [
            {"account": key, "events": count, "whole": fault is None, "fault": fault}
            for key, (count, fault) in results.items()
        ]
        click.echo(json.dumps(rows, indent=2))
    else:
        for key, (count, fault) in results.items():
            click.echo(f"{key}: {count} events, {'whole' if fault is None else fault}")
    sys.exit(0 if all(fault is None for _, fault in results.values()) else 1)

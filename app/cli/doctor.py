"""`makegood doctor`: each connection, permission, field, signature, clock and migration."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import timedelta

import click
import redis

from app.bootstrap import Services, build_services
from app.domain.errors import AppError
from app.ports import Account, Check, CheckStatus
from app.records import DeliveryState
from app.settings import Settings
from app.storage.migrate import revisions

_SIGNS = {CheckStatus.OK: "ok", CheckStatus.WARNING: "warning", CheckStatus.FAILED: "FAILED"}


def _check(name: str, ok: bool, detail: str, mend: str | None = None) -> Check:
    status = CheckStatus.OK if ok else CheckStatus.FAILED
    return Check(name=name, status=status, detail=detail, mend=None if ok else mend)


def _guarded(name: str, ask: Callable[[], list[Check]], mend: str) -> list[Check]:
    """The answers of `ask` under the name of what was asked, or its failure as one check."""
    try:
        return [one.model_copy(update={"name": f"{name}: {one.name}"}) for one in ask()]
    except (AppError, LookupError, redis.RedisError) as error:
        return [Check(name=name, status=CheckStatus.FAILED, detail=str(error), mend=mend)]


def _own_checks(services: Services) -> list[Check]:
    present, newest = revisions(services.database)
    checks = [
        _check(
            "database",
            present == newest,
            f"{services.database.engine.dialect.name} at revision {present}, newest is {newest}",
            "run `makegood migrate`",
        )
    ]

    def redis_checks() -> list[Check]:
        seconds = services.redis.time()[0]
        off = abs(seconds - services.deps.clock.now().timestamp())
        return [
            _check("redis", bool(services.redis.ping()), "answers"),
            _check("clock", off < 30, f"{off:.0f} s apart from Redis", "set the machine's clock"),
        ]

    checks += _guarded("queue", redis_checks, "start Redis or mend REDIS_URL")
    if checks[0].status is CheckStatus.OK:
        checks.append(_waiting_deliveries(services))
    return checks


def _waiting_deliveries(services: Services) -> Check:
    waiting = services.deps.inbox.due(services.deps.clock.now() - timedelta(minutes=5), 1000)
    return _check(
        "deliveries",
        not waiting,
        f"{len(waiting)} waiting for more than 5 minutes" if waiting else "none is waiting",
        "see that `makegood worker` and `makegood clock` are running",
    )


def _account_checks(services: Services, account: Account) -> list[Check]:
    deps = services.deps
    checks = _guarded(
        f"{account.name}, {account.helpdesk}",
        lambda: deps.helpdesk(account).check(),
        f"run `makegood connect {account.helpdesk}` again",
    )
    stores = deps.accounts.stores(account.id)
    if not stores:
        checks.append(
            _check(
                f"{account.name}: store", False, "none connected", "run `makegood connect shopify`"
            )
        )
    for record in stores:
        checks += _guarded(
            f"{account.name}, {record.name}",
            lambda record=record: deps.store(record).check(),  # type: ignore[misc]
            f"run `makegood connect {record.kind}` again",
        )
    parked = deps.inbox.with_state(account.id, DeliveryState.PARKED, 100)
    detail = f"{len(parked)}, newest: {parked[0].outcome}" if parked else "none"
    checks.append(
        _check(
            f"{account.name}: parked deliveries",
            not parked,
            detail,
            "mend the cause, then replay them: POST /api/v1/deliveries/ID/replay",
        )
    )
    whole = deps.audit.verify(account.id)[1]
    checks.append(
        _check(f"{account.name}: audit trail", whole is None, whole or "whole", "tell finance")
    )
    return checks


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def doctor(as_json: bool) -> None:
    """Check everything that Makegood needs; each fault comes with its mend."""
    services = build_services(Settings())
    try:
        checks = _own_checks(services)
        if checks[0].status is CheckStatus.OK:
            accounts = services.deps.accounts.all()
            for account in accounts:
                checks += _account_checks(services, account)
            if not accounts:
                checks.append(_check("accounts", False, "none", "run `makegood connect zendesk`"))
    finally:
        services.close()
    failed = any(check.status is CheckStatus.FAILED for check in checks)
    if as_json:
        rows = [check.model_dump(mode="json") for check in checks]
        click.echo(json.dumps({"ok": not failed, "checks": rows}, indent=2, ensure_ascii=False))
    else:
        for check in checks:
            click.echo(f"{_SIGNS[check.status]:8} {check.name}: {check.detail}")
            if check.mend:
                click.echo(f"{'':8} -> {check.mend}")
    sys.exit(1 if failed else 0)

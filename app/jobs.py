"""What workers run. A job carries a name and ids; everything else is in the database."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from app.bootstrap import Services, build_services
from app.replaying import run_replay
from app.settings import Settings
from app.usecases.bonuses import work_on_bonus
from app.usecases.customers import write_customer
from app.usecases.deps import Deps
from app.usecases.feedback import forget_old_texts
from app.usecases.reconcile import reconcile
from app.usecases.refunds import work_on_refund
from app.usecases.reminders import remind
from app.usecases.resume import requeue_unfinished
from app.usecases.sweep import sweep
from app.usecases.ticket_writes import deliver_write
from app.usecases.triage import triage_delivery

log = logging.getLogger(__name__)

_services: Services | None = None


def use_services(services: Services) -> None:
    """Set what the jobs of this process work with; a worker does it once at its start."""
    global _services
    _services = services


def _deps() -> Deps:
    if _services is None:
        use_services(build_services(Settings()))
    assert _services is not None  # noqa: S101 - set in the line above
    return _services.deps


def _sweep_all(deps: Deps) -> str:
    for account in deps.accounts.all():
        deps.notifier.wake("sweep", account.id)
    return "announced"


def _reconcile_all(deps: Deps) -> str:
    # Once a day is also when words that are a year old go.
    forget_old_texts(deps)
    for account in deps.accounts.all():
        result = reconcile(deps, account.id)
        deps.audit.append(
            account.id,
            "makegood",
            "reconciled",
            f"account:{account.id}",
            {
                "refunds": result.refunds_checked,
                "differences": [item.what for item in result.differences],
                "unread": list(result.unread),
            },
            deps.clock.now(),
        )
        if not result.agrees:
            log.error("ledger and store differ", extra={"account": account.id})
    return "done"


def _replay_policy(deps: Deps, account_id: str, replay_id: str) -> str:
    assert _services is not None  # noqa: S101 - `_deps` was asked before
    return run_replay(deps, _services.settings.database, account_id, replay_id)


_JOBS: dict[str, Callable[..., object]] = {
    "triage": lambda deps, *numbers: [triage_delivery(deps, int(one)) for one in numbers],
    "ticket_write": deliver_write,
    "refund": work_on_refund,
    "bonus": work_on_bonus,
    "customer": write_customer,
    "reminder": remind,
    "sweep": lambda deps, *account: sweep(deps, *account) if account else _sweep_all(deps),
    "requeue": requeue_unfinished,
    "reconcile": _reconcile_all,
    "policy_replay": _replay_policy,
}


def run(job: str, *ids: str) -> None:
    """Run one job by name."""
    started = time.perf_counter()
    outcome = _JOBS[job](_deps(), *ids)
    milliseconds = round((time.perf_counter() - started) * 1000, 1)
    log.info("job", extra={"job": job, "ids": ids, "outcome": str(outcome), "ms": milliseconds})

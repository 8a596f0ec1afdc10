"""Worker processes that kill themselves with SIGKILL at a chosen step.

The product is built by `build_services`; its ports and records are wrapped in proxies that count
every call. Nothing in the product knows of this. Run as a program it forks a fresh worker for each
line of JSON on stdin (so that the imports are paid once) and answers with one line about its end.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from app.bootstrap import Services, build_services
from app.domain.bonus import BonusState
from app.domain.classify.trained import TrainedClassifier
from app.domain.people import Agent, Tier
from app.domain.refund import RefundState
from app.jobs import run, use_services
from app.settings import Settings
from app.usecases.approvals import approve
from app.usecases.deps import Deps
from app.usecases.resume import requeue_unfinished

Job = tuple[str, ...]
# Who approves, where a job says so: a click of the web process, which may die like a worker.
LEAD = Agent(id="12", name="Ines Prado", email=None, role="agent", tier=Tier.TEAM_LEAD)


@dataclass
class Order:
    """What a worker shall do: `jobs`, then what these announce; then, if `stays`, everything else
    that is unfinished. It dies before step `dies_at` (counted from 0), or `seconds` into it. Its
    clock is `ahead` of the machine's, and moves on by itself while nothing is due if it `hurries`:
    only where no other worker is at work, who would seem to have stood still."""

    settings: dict[str, Any]
    jobs: list[Job] = field(default_factory=list)
    stays: bool = False
    dies_at: int | None = None
    seconds: float = 0.0
    log: str = ""
    ahead: float = 0.0
    hurries: bool = False


class FastClock:
    """`app.ports.Clock`, some seconds ahead of the machine's: what is for later needn't be waited
    for. Locks, which a dead process holds on to, keep to the machine's time."""

    def __init__(self, ahead: float = 0.0) -> None:
        self.ahead = ahead

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.ahead)


class Steps:
    """Counts calls, writes down their names, and dies when its time has come."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._count = 0
        self._log = os.open(order.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND) if order.log else -1

    def reach(self, name: str) -> None:
        if self._log >= 0:
            os.write(self._log, f"{name}\n".encode())
        if self._count == self._order.dies_at:
            if not self._order.seconds:
                os.kill(os.getpid(), signal.SIGKILL)
            threading.Timer(self._order.seconds, os.kill, (os.getpid(), signal.SIGKILL)).start()
        self._count += 1


class Watched:
    """Any port or record: each of its methods is a step."""

    def __init__(self, real: Any, name: str, steps: Steps) -> None:
        self._real, self._name, self._steps = real, name, steps

    def __getattr__(self, attribute: str) -> Any:
        found = getattr(self._real, attribute)
        if not callable(found):
            return found

        def call(*args: Any, **more: Any) -> Any:
            self._steps.reach(f"{self._name}.{attribute}")
            return found(*args, **more)

        return call


class WatchedLocks:
    """Taking, having and freeing a lock are three steps."""

    def __init__(self, real: Any, steps: Steps) -> None:
        self._real, self._steps = real, steps

    @contextmanager
    def hold(self, name: str, seconds: float, wait_seconds: float) -> Iterator[None]:
        self._steps.reach("locks.take")
        with self._real.hold(name, seconds, wait_seconds):
            self._steps.reach("locks.held")
            yield
            self._steps.reach("locks.free")


class WatchedIntegration:
    """Opens clients whose calls are steps."""

    def __init__(self, real: Any, name: str, steps: Steps) -> None:
        self._real, self._name, self._steps = real, name, steps

    def open(self, *args: Any) -> Watched:
        return Watched(self._real.open(*args), self._name, self._steps)


def watch(steps: Steps, clock: FastClock) -> Callable[[Deps], Deps]:
    """For `build_services(wrap=...)`."""

    def wrap(deps: Deps) -> Deps:
        def integrations(found: Mapping[str, Any], name: str) -> dict[str, Any]:
            return {key: WatchedIntegration(one, name, steps) for key, one in found.items()}

        records: dict[str, Any] = {
            name: Watched(getattr(deps, name), name, steps)
            for name in (
                "inbox",
                "cases",
                "ledger",
                "bonuses",
                "approvals",
                "outbox",
                "audit",
                "notifier",
            )
        }
        return replace(
            deps,
            **records,
            clock=clock,
            locks=WatchedLocks(deps.locks, steps),
            helpdesks=integrations(deps.helpdesks, "helpdesk"),
            stores=integrations(deps.stores, "store"),
        )

    return wrap


class LocalQueue:
    """`app.ports.Notifier`: this worker's own queue. What is for later, others announce again."""

    def __init__(self, jobs: list[Job]) -> None:
        self.jobs = deque(jobs)

    def wake(self, job: str, *ids: str, at: datetime | None = None) -> None:
        if at is None or at <= datetime.now(UTC):
            self.jobs.append((job, *ids))


class FreePace:
    """`app.ports.VendorPace`: as without Redis, nothing is paced."""

    def acquire(self, key: str, *, limit: int, per_seconds: int, cost: int = 1) -> float:
        return 0.0

    def reserve_cost(self, key: str, cost: float) -> float:
        return 0.0

    def report_cost(self, key: str, *, available: float, maximum: float, restore: float) -> None:
        """Nobody asks."""


def is_finished(services: Services) -> bool:
    """Whether nothing is left that a worker could do, now or soon."""
    deps = services.deps
    soon = deps.clock.now() + timedelta(minutes=10)
    moving = (RefundState.APPROVED, RefundState.HOLDING, RefundState.SENDING, RefundState.UNKNOWN)
    waiting = (BonusState.QUEUED, BonusState.SENDING)
    accounts = deps.accounts.all()
    return (
        not any(one.state in waiting for a in accounts for one in deps.bonuses.all_of(a.id))
        and not deps.inbox.due(soon, 1)
        and not deps.outbox.due(soon, 1)
        and not deps.outbox.due_customers(soon, 1)
        and not any(deps.ledger.all_of(account.id, moving) for account in deps.accounts.all())
    )


def work(order: Order) -> None:
    """One worker's life."""
    queue, clock = LocalQueue(order.jobs), FastClock(order.ahead)
    services = build_services(
        Settings(**order.settings), notifier=queue, pace=FreePace(), wrap=watch(Steps(order), clock)
    )
    use_services(services)
    deadline = time.monotonic() + 60
    while True:
        while queue.jobs:
            job, *ids = queue.jobs.popleft()
            if job == "approve":
                approve(services.deps, services.deps.account("acme"), ids[0], LEAD)
            else:
                run(job, *ids)
        if not order.stays or is_finished(services):
            return
        if time.monotonic() > deadline:
            raise TimeoutError("there is always something left to do")
        requeue_unfinished(services.deps)
        if order.hurries and not queue.jobs:
            clock.ahead += 0.5
        else:
            # What is due may be locked by the dead.
            time.sleep(0.05)


def _fork(line: str) -> int:
    """Run one worker; answers how it ended: 0, an exit code, or minus the signal."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            given = json.loads(line)
            given["jobs"] = [tuple(job) for job in given["jobs"]]
            work(Order(**given))
            code = 0
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def main() -> None:
    # What a worker loads at its first ticket is loaded here once, for all that are forked.
    TrainedClassifier().classify("Please refund my order.")
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        print(_fork(line), flush=True)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    main()

"""`makegood policy bench`: the evaluator under many random orders and policies, and its speed."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from random import Random

import click
from sqlalchemy import insert

from app.cli.policy_faults import faults_of
from app.cli.policy_samples import NOW, random_order, random_policy, random_request
from app.domain.policy.compiled import prepare
from app.domain.policy.default import DEFAULT_POLICY
from app.domain.policy.evaluate import decide
from app.domain.policy.model import Policy
from app.replaying import replay_all
from app.storage.engine import Database
from app.storage.migrate import upgrade
from app.storage.policies import SqlPolicies
from app.storage.tables import accounts, cases, decisions

_REPLAY_BUDGET_SECONDS = 60.0
_DECIDE_BUDGET_MS = 5.0


def digest_of_share(task: tuple[int, int, int, int]) -> tuple[str, list[str], int]:
    """Decide a share of the policies over all orders: a digest of all answers, faults, plans.

    The task is the seed, the number of orders, and the first and last (excluded) policy. Every
    twentieth order is decided twice.
    """
    seed, orders, first, last = task
    made = [
        (random_order(Random(f"{seed}-o{n}"), n), random_request(Random(f"{seed}-r{n}")))  # noqa: S311
        for n in range(orders)
    ]
    digest, faults, plans = hashlib.sha256(), [], 0
    for number in range(first, last):
        policy = random_policy(Random(f"{seed}-p{number}"))  # noqa: S311
        for place, (order, request) in enumerate(made):
            about = f"policy {number}, {order.name}"
            try:
                decision = decide(policy, order, request, NOW)
            except Exception as error:
                faults.append(f"{about}: {error!r}")
                continue
            text = decision.to_json()
            if place % 20 == 0:
                again = decide(policy, order, request, NOW).to_json()
                faults += [f"{about}: another answer the second time"] * (again != text)
            plans += decision.plan is not None
            digest.update(text.encode())
            faults += [f"{about}: {one}" for one in faults_of(order, decision)]
    return digest.hexdigest(), faults[:20], plans


def measure_random(seed: int, orders: int, policies: int) -> dict[str, object]:
    """Every order by every policy, and a tenth of it again in another process."""
    started = time.monotonic()
    processes = os.cpu_count() or 1
    step = max(1, min(policies // (processes * 4), policies // 10))
    tasks = [(seed, orders, n, min(n + step, policies)) for n in range(0, policies, step)]
    # Each task has a process of its own, and the first is done once more at the end.
    context = multiprocessing.get_context("spawn")
    with context.Pool(processes, maxtasksperchild=1) as pool:
        *shares, again = pool.map(digest_of_share, [*tasks, tasks[0]], chunksize=1)
    return {
        "orders": orders,
        "policies": policies,
        "decisions": orders * policies,
        "plans": sum(share[2] for share in shares),
        "faults": [fault for share in shares for fault in share[1]][:20],
        "same_in_another_process": again == shares[0],
        "seconds": round(time.monotonic() - started, 1),
    }


def measure_long_policy(clauses: int, orders: int) -> dict[str, object]:
    """How long a policy of many clauses takes to be made ready and to decide one order."""
    random = Random(7)  # noqa: S311
    policy = Policy.from_json(random_policy(random, clauses).to_json())
    started = time.process_time()
    prepare(policy)
    prepared = time.process_time() - started
    # The first half warms up; no order comes twice, so none is answered from memory.
    made = [(random_order(random, n), random_request(random)) for n in range(orders * 2)]
    times = []
    for order, request in made:
        started = time.process_time()
        decide(policy, order, request, NOW)
        times.append((time.process_time() - started) * 1000)
    later = sorted(times[orders:])
    return {
        "clauses": clauses,
        "prepare_ms": round(prepared * 1000, 1),
        "decide_ms_first": round(times[0], 2),
        "decide_ms_p50": round(later[len(later) // 2], 2),
        "decide_ms_p95": round(later[int(len(later) * 0.95)], 2),
    }


def fill_with_cases(database: Database, count: int, say: Callable[[str], None]) -> None:
    """An account with so many decided cases, as triage stores them."""
    random = Random(11)  # noqa: S311
    upgrade(database)
    made = []
    for number in range(min(count, 500)):
        order, request = random_order(random, number), random_request(random)
        decision = decide(DEFAULT_POLICY, order, request, NOW - timedelta(days=number % 60))
        made.append((order, request, decision))
    with database.write() as tx:
        tx.execute(
            insert(accounts).values(
                id="bench", helpdesk="zendesk", name="Bench", config="{}", is_active=True,
                created_at=NOW,
            )
        )  # fmt: skip
    texts = [(o, o.to_json(), r.to_json(), d, d.to_json()) for o, r, d in made]
    for start in range(0, count, 5000):
        rows = []
        for number in range(start, min(start + 5000, count)):
            order, order_json, request_json, decision, decision_json = texts[number % len(texts)]
            rows.append(
                (
                    {
                        "id": f"case-{number}", "account_id": "bench", "ticket_id": str(number),
                        "requester_id": "someone", "store_id": order.store_id,
                        "order_id": order.order_id, "verdict": decision.verdict.value,
                        "decision_id": f"dec-{number}", "body": "{}", "revision": 1,
                        "created_at": NOW, "updated_at": NOW,
                    },
                    {
                        "id": f"dec-{number}", "account_id": "bench", "case_id": f"case-{number}",
                        "verdict": decision.verdict.value, "policy_id": "default",
                        "policy_version": 1, "body": decision_json, "order_snapshot": order_json,
                        "request": request_json, "made_at": NOW,
                    },
                )
            )  # fmt: skip
        with database.write() as tx:
            tx.execute(insert(cases), [row[0] for row in rows])
            tx.execute(insert(decisions), [row[1] for row in rows])
        say(f"{min(start + 5000, count):,} past cases stored")


def measure_replay(count: int, say: Callable[[str], None]) -> dict[str, object]:
    """A changed policy over many stored cases, in as many processes as there are processors."""
    draft = DEFAULT_POLICY.model_copy(
        update={"clauses": tuple(c for c in DEFAULT_POLICY.clauses if c.id != "final_sale")}
    )
    with tempfile.TemporaryDirectory(prefix="makegood-replay-") as folder:
        url = f"sqlite:///{Path(folder) / 'bench.sqlite3'}"
        database = Database(url)
        fill_with_cases(database, count, say)
        ids = SqlPolicies(database).past_ids("bench", None)
        database.dispose()
        used = sum(os.times()[:4])
        tally, seconds = replay_all(
            url, draft, "bench", ids, progress=lambda done, total: say(f"{done:,} of {total:,}")
        )
        used = sum(os.times()[:4]) - used
    return {
        "cases": tally.cases,
        "unreadable": tally.unreadable,
        "changed": tally.changed,
        "seconds": round(seconds, 1),
        "cpu_ms_a_case": round(used * 1000 / max(1, count), 2),
        "cases_a_second": round(tally.cases / seconds) if seconds else None,
    }


@click.command()
@click.option("--orders", default=10_000, show_default=True, help="Random orders.")
@click.option("--policies", default=200, show_default=True, help="Random policies.")
@click.option("--cases", default=100_000, show_default=True, help="Past cases to replay.")
@click.option("--seed", default=1, show_default=True, help="Another seed, other samples.")
@click.option("--json", "is_json", is_flag=True, help="One JSON document.")
def bench(orders: int, policies: int, cases: int, seed: int, is_json: bool) -> None:
    """Decide random orders by random policies and check every answer; measure long policies and
    the replay. 0 leaves a part out. Exit 1: an answer was wrong, or a budget didn't hold."""

    def say(text: str) -> None:
        click.echo(text, err=True)

    report: dict[str, object] = {}
    failed = False
    if orders and policies:
        report["random"] = random = measure_random(seed, orders, policies)
        failed |= bool(random["faults"]) or not random["same_in_another_process"]
    report["long_policy"] = long = measure_long_policy(500, 200)
    failed |= float(str(long["decide_ms_p50"])) > _DECIDE_BUDGET_MS
    if cases:
        report["replay"] = replayed = measure_replay(cases, say)
        failed |= float(str(replayed["seconds"])) > _REPLAY_BUDGET_SECONDS * max(1, cases / 100_000)
    report["ok"] = not failed
    text = json.dumps(report, indent=2)
    click.echo(text if is_json else text.replace('"', ""))
    sys.exit(1 if failed else 0)

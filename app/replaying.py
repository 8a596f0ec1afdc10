"""Replays a policy over an account's past cases, in several processes, with progress.

Each process reads its share from the database itself: only ids go in and counts come out.
"""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Sequence

from app.domain.policy.model import Policy
from app.domain.policy.replay import ReplayState, Tally, replay_case
from app.storage.engine import Database
from app.storage.policies import SqlPolicies
from app.usecases.deps import Deps
from app.usecases.policies import finish_replay, past_ids

log = logging.getLogger(__name__)

_CHUNK = 250
# Below this many cases a second process costs more than it saves.
_WORTH_A_PROCESS = 2_000

_policies: SqlPolicies | None = None
_policy: Policy | None = None


def _start(database_url: str, policy: str) -> None:
    global _policies, _policy
    # Values refer to no ring of each other: counting references frees them all.
    gc.disable()
    _policies = SqlPolicies(Database(database_url))
    _policy = Policy.from_json(policy)


def _replay_chunk(task: tuple[str, Sequence[str]]) -> Tally:
    assert _policies is not None and _policy is not None  # noqa: S101 - set by `_start`
    account_id, ids = task
    return replay_chunk(_policies, _policy, account_id, ids)


def replay_chunk(
    policies: SqlPolicies, policy: Policy, account_id: str, ids: Sequence[str]
) -> Tally:
    """Replay some stored decisions."""
    tally = Tally()
    for case in policies.past_cases(account_id, ids):
        replay_case(policy, case, tally)
    return tally


def _chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), _CHUNK):
        yield ids[start : start + _CHUNK]


def replay_all(
    database_url: str,
    policy: Policy,
    account_id: str,
    ids: Sequence[str],
    *,
    progress: Callable[[int, int], None] = lambda done, total: None,
    processes: int | None = None,
) -> tuple[Tally, float]:
    """Replay stored decisions; the counts, and how many seconds it took.

    `progress` is called with how many are done of how many, about twice a second.
    """
    started = time.monotonic()
    processes = processes or os.cpu_count() or 1
    if len(ids) < _WORTH_A_PROCESS:
        processes = 1
    whole, done, told = Tally(), 0, started
    for tally, count in _tallies(database_url, policy, account_id, ids, processes):
        whole.merge(tally)
        done += count
        if time.monotonic() - told > 0.5:
            told = time.monotonic()
            progress(done, len(ids))
    progress(len(ids), len(ids))
    return whole, time.monotonic() - started


def run_replay(deps: Deps, database_url: str, account_id: str, replay_id: str) -> str:
    """The job of a replay that a manager asked for; answers how it ended, for the log."""
    replay = deps.policies.replay(account_id, replay_id)
    if replay is None or replay.state in {ReplayState.DONE, ReplayState.FAILED}:
        return "nothing to do"
    version = deps.policies.version(account_id, replay.version)
    if version is None or version.policy is None or version.replay_id != replay_id:
        return "written anew meanwhile"
    ids = past_ids(deps, version)
    running = replay.model_copy(update={"state": ReplayState.RUNNING, "total": len(ids)})
    deps.policies.save_replay(running)

    def progress(done: int, total: int) -> None:
        deps.policies.save_replay(running.model_copy(update={"done": done, "total": total}))

    try:
        tally, seconds = replay_all(
            database_url, version.policy, account_id, ids, progress=progress
        )
    except Exception:
        log.exception("replay failed", extra={"replay": replay_id})
        problem = "The replay stopped because of a fault in Makegood: see the log, then try again."
        deps.policies.save_replay(
            running.model_copy(update={"state": ReplayState.FAILED, "problem": problem})
        )
        return "failed"
    finished = running.model_copy(
        update={
            "state": ReplayState.DONE,
            "done": len(ids),
            "seconds": round(seconds, 1),
            "result": tally.result(),
        }
    )
    deps.policies.save_replay(finished)
    finish_replay(deps, finished)
    return "done"


def _tallies(
    database_url: str, policy: Policy, account_id: str, ids: Sequence[str], processes: int
) -> Iterator[tuple[Tally, int]]:
    """In the order of `ids`, so that the same replay lists the same cases."""
    if processes == 1:
        database = Database(database_url)
        try:
            policies = SqlPolicies(database)
            for chunk in _chunks(ids):
                yield replay_chunk(policies, policy, account_id, chunk), len(chunk)
        finally:
            database.dispose()
        return
    # Spawned, not forked: a connection to the database must not be shared by two processes.
    context = multiprocessing.get_context("spawn")
    with context.Pool(processes, _start, (database_url, policy.to_json())) as pool:
        tasks = [(account_id, chunk) for chunk in _chunks(ids)]
        for (_, chunk), tally in zip(tasks, pool.imap(_replay_chunk, tasks), strict=True):
            yield tally, len(chunk)

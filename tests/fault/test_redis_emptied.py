"""The real worker and clock processes, a Redis that is emptied, and workers killed from outside."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import redis

from app.bootstrap import build_services
from app.queue import RqNotifier
from app.settings import Settings
from tests.fault.scene import Scene, Victim, Workers, make_scene
from tests.fault.worker_that_dies import is_finished
from tests.support.forking import ROOT

pytestmark = pytest.mark.fault

_LIMIT_SECONDS = 60


@pytest.fixture
def scene(tmp_path: Path, workers: Workers, redis_url: str, sqlite_url: str) -> Iterator[Scene]:
    """With a Redis that the processes share."""
    with make_scene(sqlite_url, tmp_path, workers, redis_url) as made:
        yield made


class Processes:
    """`makegood worker` and `makegood clock`, as the Procfile starts them."""

    def __init__(self, scene: Scene, stack: ExitStack) -> None:
        self._environment = {
            **{key: value for key, value in os.environ.items() if "MAKEGOOD" not in key},
            **{f"MAKEGOOD_{key.upper()}": str(value) for key, value in scene.settings.items()},
            "MAKEGOOD_REQUEUE_SECONDS": "1",
        }
        self._stack = stack

    def start(self, name: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", name],
            cwd=ROOT,
            env=self._environment,
            stdin=subprocess.DEVNULL,
        )
        self._stack.callback(process.wait)
        self._stack.callback(process.kill)
        return process


def wait_until(condition: object) -> None:
    assert callable(condition)
    deadline = time.monotonic() + _LIMIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it isn't done in time"
        time.sleep(0.05)


def test_redis_emptied_and_workers_killed_in_the_middle_lose_and_double_nothing(
    scene: Scene, redis_url: str
) -> None:
    services = build_services(Settings(**scene.settings))
    announce = RqNotifier(services.redis)
    clicked = [Victim(f"refund {number}", *scene.clicked(), 0) for number in range(6)]
    asked = [scene.ask() for _ in range(6)]
    with ExitStack() as stack, redis.Redis.from_url(redis_url) as client:
        stack.callback(services.close)
        processes = Processes(scene, stack)
        for one in asked:
            announce.wake("triage", scene.deliver(one))
        for victim in clicked:
            announce.wake("refund", victim.refund.id)
        assert sum(announce.depth().values()) == 12
        first = processes.start("worker")
        done = scene.deps.inbox.counts
        # The first worker has done something and not all: then everything announced is gone.
        wait_until(lambda: any(scene.refunds_in_store(one.asked.order_id) for one in clicked))
        client.flushall()
        os.kill(first.pid, signal.SIGKILL)
        assert first.wait() == -signal.SIGKILL
        assert not is_finished(services)
        processes.start("clock")
        processes.start("worker")
        third = processes.start("worker")
        wait_until(lambda: done().get("done", 0) > 8)
        os.kill(third.pid, signal.SIGKILL)
        client.flushall()
        wait_until(lambda: is_finished(services))
    assert scene.faults_of(clicked) == []
    assert [fault for one in asked for fault in scene.faults_of_triage(one)] == []
    assert scene.chain_fault() is None

"""The processes of the Procfile, and `serve`, which runs all of them on one machine."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from types import FrameType
from typing import BinaryIO

import click
import redis
from rq import SimpleWorker
from rq.scheduler import RQScheduler
from rq.serializers import JSONSerializer

from app.bootstrap import build_services
from app.domain.errors import ConfigurationError
from app.logs import configure_logging
from app.queue import QUEUES, RqNotifier, connect_redis, embedded_redis
from app.settings import Settings
from app.storage.engine import Database
from app.storage.migrate import revisions, upgrade

log = logging.getLogger(__name__)

_TICK_SECONDS = 0.5
# RQ's scheduler locks last a minute; a clock that was killed leaves them that long.
_LOCK_SECONDS = 10
_STOP_SECONDS = 15
# A process that dies at once again and again is restarted ever more slowly.
_RESTART_WAITS = (0.2, 1.0, 5.0, 15.0)


@click.command()
def migrate() -> None:
    """Bring the database to the newest revision."""
    settings = Settings()
    database = Database(settings.database)
    upgrade(database)
    click.echo(f"database at revision {revisions(database)[0]}")
    database.dispose()


@click.command()
@click.option("--threads", type=int, help="Threads of each process; 24 without it.")
@click.option("--processes", default=1, show_default=True, help="Worker processes.")
@click.option("--host", default="0.0.0.0", show_default=True, help="Address to listen on.")  # noqa: S104 - a web server of a hosting platform must be reachable
def web(threads: int | None, processes: int, host: str) -> None:
    """Answer webhooks, sidebar and API (gunicorn)."""
    from app.cli.server import THREADS, run_gunicorn

    run_gunicorn(Settings(), host=host, threads=threads or THREADS, processes=processes)


@click.command()
@click.option("--burst", is_flag=True, help="Stop when nothing is left to do.")
def worker(burst: bool) -> None:
    """Do what the queue announces: refunds, ticket writes, triage."""
    from app.jobs import use_services

    settings = Settings()
    configure_logging(settings.log_level)
    services = build_services(settings)
    use_services(services)
    # Jobs run in this very process: no fork per job, and a killed worker is a killed job, which
    # the database and the clock take up again.
    SimpleWorker(list(QUEUES), connection=services.redis, serializer=JSONSerializer).work(
        burst=burst, logging_level="WARNING"
    )


@click.command()
def clock() -> None:
    """Move scheduled jobs to their queues and announce what is unfinished (RQ's scheduler)."""
    settings = Settings()
    configure_logging(settings.log_level)
    if not settings.redis_url:
        raise ConfigurationError("REDIS_URL is not set: the clock needs the workers' Redis")
    client = connect_redis(settings.redis_url)
    stop = threading.Event()

    def request_stop(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, request_stop)
    signal.signal(signal.SIGINT, request_stop)
    while not stop.is_set():
        try:
            _tick_until(stop, settings, client)
        except redis.RedisError as error:
            log.error("clock lost Redis", extra={"cause": str(error)})
            stop.wait(2)


def _tick_until(stop: threading.Event, settings: Settings, client: redis.Redis) -> None:
    """RQ's scheduler for jobs that wait for their time, and our few jobs that come at intervals.

    Two clocks do no harm: RQ's scheduler locks its queues, and the interval jobs only announce
    what the database says.
    """
    notifier = RqNotifier(client)
    scheduler = RQScheduler(
        list(QUEUES),
        connection=client,
        interval=1,
        logging_level="WARNING",
        serializer=JSONSerializer,
    )
    intervals = {
        "requeue": float(settings.requeue_seconds),
        "sweep": settings.sweep_minutes * 60.0,
        "reconcile": 24 * 3600.0,
    }
    due = dict.fromkeys(intervals, 0.0)
    # The first reconciliation waits for its day: at every restart it would be a burst of reads.
    due["reconcile"] = time.monotonic() + intervals["reconcile"]
    locked_at = float("-inf")
    try:
        while not stop.is_set():
            if time.monotonic() - locked_at > _LOCK_SECONDS:
                scheduler.acquire_locks()  # type: ignore[no-untyped-call]
                locked_at = time.monotonic()
            scheduler.enqueue_scheduled_jobs()  # type: ignore[no-untyped-call]
            for job, seconds in intervals.items():
                if time.monotonic() >= due[job]:
                    notifier.wake(job)
                    due[job] = time.monotonic() + seconds
            stop.wait(_TICK_SECONDS)
    finally:
        with suppress(redis.RedisError):
            scheduler.release_locks()  # type: ignore[no-untyped-call]


class Supervisor:
    """Child processes of this command, restarted when they die, stopped together."""

    def __init__(self, environment: Mapping[str, str], output: BinaryIO | None = None) -> None:
        """`output` takes what the children write; without it, it goes where ours goes."""
        self._environment = {**os.environ, **environment}
        self._output = output
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._commands: dict[str, list[str]] = {}
        self._deaths: dict[str, list[float]] = {}

    def start(self, name: str, *arguments: str) -> None:
        """Start `makegood ARGUMENTS` under a name; it is kept running from now on."""
        self._commands[name] = [sys.executable, "-m", "app.cli", *arguments]
        self._deaths[name] = []
        self._spawn(name)

    def _spawn(self, name: str) -> None:
        self._children[name] = subprocess.Popen(
            self._commands[name],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._output,
            start_new_session=True,
        )

    def pid(self, name: str) -> int:
        """The present process id of a child."""
        return self._children[name].pid

    def keep_alive(self) -> None:
        """Start again what has died; call it every now and then."""
        now = time.monotonic()
        for name, child in list(self._children.items()):
            if child.poll() is None:
                continue
            recent = [moment for moment in self._deaths[name] if now - moment < 60]
            wait = _RESTART_WAITS[min(len(recent), len(_RESTART_WAITS) - 1)]
            if recent and now - recent[-1] < wait:
                continue
            log.error("process died", extra={"process": name, "status": child.returncode})
            self._deaths[name] = [*recent, now]
            self._spawn(name)

    def stop(self) -> None:
        """Ask all to finish what they do, and end those that don't."""
        for child in self._children.values():
            if child.poll() is None:
                child.terminate()
        deadline = time.monotonic() + _STOP_SECONDS
        for child in self._children.values():
            try:
                child.wait(timeout=max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


@click.command()
@click.option("--workers", default=2, show_default=True, help="Worker processes.")
def serve(workers: int) -> None:
    """Run everything on this machine: database, queue, web, workers and clock."""
    settings = Settings()
    configure_logging(settings.log_level)
    database = Database(settings.database)
    upgrade(database)
    database.dispose()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    with ExitStack() as stack:
        redis_url = settings.redis_url or stack.enter_context(
            embedded_redis(settings.data_dir / "redis")
        )
        supervisor = Supervisor({"MAKEGOOD_REDIS_URL": redis_url})
        stack.callback(supervisor.stop)
        supervisor.start("web", "web")
        supervisor.start("clock", "clock")
        for number_of_worker in range(workers):
            supervisor.start(f"worker-{number_of_worker + 1}", "worker")
        click.echo(f"Makegood answers on port {settings.port}. Stop with Ctrl-C.")
        while not stop.wait(1):
            supervisor.keep_alive()

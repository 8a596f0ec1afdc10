"""An org's rate limits: our share of them, kept together with all other workers.

https://developer.kustomer.com/docs/concepts/rate-limits
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping

from app.domain.errors import RateLimited
from app.ports import Clock, VendorPace
from integrations.helpdesks.kustomer.answers import seconds_until_reset
from integrations.helpdesks.kustomer.vocabulary import VENDOR

# The budget is the whole org's, its other integrations' too: half of it is ours.
OUR_SHARE = 0.5
SEARCHES_PER_MINUTE = 100
PATIENCE_SECONDS = 3.0

_SEARCH = re.compile(r"customers/search(?:\?|$)")


class Pacer:
    """Keeps one org's calls within its limits, together with all other workers.

    `base` is the org's own address.
    Waits a few seconds at most; a longer wait is RateLimited, so that the job comes back later.
    What an answer says about the limit holds for this process at once, whatever our own count.
    """

    # Until when an org's budget is used up, by our own steady clock; shared by a process's jobs.
    _used_up: dict[str, float] = {}  # noqa: RUF012 - meant to be shared

    def __init__(
        self,
        pace: VendorPace,
        clock: Clock,
        base: str,
        requests_per_minute: int,
        sleep: Callable[[float], None] = time.sleep,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pace = pace
        self._clock = clock
        self._key = f"{VENDOR}:{base}"
        self._per_minute = max(1, int(requests_per_minute * OUR_SHARE))
        self._sleep = sleep
        self._steady = steady

    def wait_for(self, path: str, operation: str) -> None:
        """Return when the call may go out. Raises RateLimited."""
        patience = PATIENCE_SECONDS
        for ask in self._questions(path):
            while (wait := ask()) > 0:
                if wait > patience:
                    raise RateLimited(
                        "our share of Kustomer's rate limit is used up",
                        vendor=VENDOR,
                        operation=operation,
                        retry_after_seconds=wait,
                    )
                self._sleep(wait)
                patience -= wait

    def heard(self, headers: Mapping[str, str]) -> None:
        """Take note of what an answer says: with nothing left, nobody here asks before the reset.

        An answer without the headers, or with unreadable ones, says nothing.
        """
        try:
            remaining = float(headers.get("x-ratelimit-remaining", ""))
        except ValueError:
            return
        if remaining > 0:
            return
        wait = seconds_until_reset(headers, self._clock.now())
        if wait is not None:
            self._used_up[self._key] = self._steady() + wait

    def _questions(self, path: str) -> Iterator[Callable[[], float]]:
        yield lambda: self._used_up.get(self._key, 0.0) - self._steady()
        if _SEARCH.search(path):
            limit = int(SEARCHES_PER_MINUTE * OUR_SHARE)
            yield lambda: self._pace.acquire(f"{self._key}:searches", limit=limit, per_seconds=60)
        yield lambda: self._pace.acquire(
            f"{self._key}:requests", limit=self._per_minute, per_seconds=60
        )

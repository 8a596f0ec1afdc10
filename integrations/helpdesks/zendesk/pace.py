"""One account's share of Zendesk's rate limits, kept together with all other workers.

https://developer.zendesk.com/api-reference/introduction/rate-limits/
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

from app.domain.errors import RateLimited
from app.ports import VendorPace
from integrations.helpdesks.zendesk.answers import VENDOR

TICKET_UPDATES_PER_MINUTE = 100
# Zendesk takes one a second and counts when a call arrives, not when it leaves: at just that pace
# two calls that travel at different speeds meet. Nobody waits for these, so they keep a distance.
SECONDS_PER_USER_UPDATE = 2
USER_UPDATES_PER_USER_AND_MINUTE = 5
# The account's budget also serves its agents' other apps: half of it is ours.
OUR_SHARE = 0.5
PATIENCE_SECONDS = 3.0

_TICKET_UPDATE = re.compile(r"/api/v2/tickets/\d+(?:\.json)?$")
_USER_UPDATE = re.compile(r"/api/v2/users/(\d+)(?:\.json)?$")


class Pacer:
    """Keeps one account's calls within its limits, together with all other workers.

    Waits a few seconds at most; a longer wait is RateLimited, so that the job comes back later.
    """

    def __init__(
        self,
        pace: VendorPace,
        account_id: str,
        requests_per_minute: int,
        sleep: Callable[[float], None] = time.sleep,
        ticket_updates_per_minute: int = TICKET_UPDATES_PER_MINUTE,
    ) -> None:
        self._pace = pace
        self._ticket_updates = ticket_updates_per_minute
        self._key = f"zendesk:{account_id}"
        self._per_minute = max(1, int(requests_per_minute * OUR_SHARE))
        self._sleep = sleep

    def wait_for(self, verb: str, path: str, operation: str) -> None:
        """Return when the call may go out. Raises RateLimited."""
        patience = PATIENCE_SECONDS
        for key, limit, seconds in self._budgets(verb, path):
            while (wait := self._pace.acquire(key, limit=limit, per_seconds=seconds)) > 0:
                if wait > patience:
                    raise RateLimited(
                        "our share of Zendesk's rate limit is used up",
                        vendor=VENDOR,
                        operation=operation,
                        retry_after_seconds=wait,
                    )
                self._sleep(wait)
                patience -= wait

    def _budgets(self, verb: str, path: str) -> Iterator[tuple[str, int, int]]:
        if verb == "PUT" and _TICKET_UPDATE.search(path):
            yield f"{self._key}:ticket-updates", self._ticket_updates, 60
        if verb == "PUT" and (user := _USER_UPDATE.search(path)):
            yield f"{self._key}:user-updates:{user[1]}", USER_UPDATES_PER_USER_AND_MINUTE, 60
            yield f"{self._key}:user-updates", 1, SECONDS_PER_USER_UPDATE
        yield f"{self._key}:requests", self._per_minute, 60

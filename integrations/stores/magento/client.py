"""One call to one Magento site: signed, paced, limited, and never repeated.

https://developer.adobe.com/commerce/webapi/rest/
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import requests

from app.domain.errors import RateLimited, Unavailable
from app.ports import Surroundings
from integrations.http import BoundedSession, was_never_sent
from integrations.stores.magento.answers import Reading, Reply
from integrations.stores.magento.config import MagentoConfig, site_url
from integrations.stores.magento.signing import Method, Signer, encoded_query
from integrations.stores.magento.vocabulary import VENDOR

log = logging.getLogger(__name__)

# Magento itself has no limit; a shop's server is spared all the same. The window is short, so a
# call waits its turn: a triage that has to come back later would read everything once more.
CALLS = 8
CALLS_SECONDS = 2
BUDGET_WAIT_SECONDS = 5.0
# Shops are slower than other vendors, and a refund waits for the payment gateway.
READ_FACTOR = 2.0
REFUND_FACTOR = 4.0

Query = Sequence[tuple[str, str]]


class MagentoClient:
    """The REST API of one site. Not shared between threads."""

    def __init__(
        self,
        *,
        config: MagentoConfig,
        signer: Signer,
        surroundings: Surroundings,
        session: BoundedSession,
    ) -> None:
        self._base = site_url(surroundings, config.base_url)
        self._root = f"{self._base}/rest" + (f"/{config.store_code}" if config.store_code else "")
        self._mode = config.mode
        self._signer = signer
        self._surroundings = surroundings
        self._session = session

    @property
    def host(self) -> str:
        """The site's host, for messages."""
        return urlsplit(self._base).hostname or ""

    def get(self, operation: str, path: str, query: Query = ()) -> Any:
        """GET `/V1/{path}`, decoded. Raises what `Reading.read` raises, or Unavailable."""
        url = f"{self._root}/V1/{path}"
        if query:
            url = f"{url}?{encoded_query(query)}"
        return self._call(Reading(operation, self._mode), "GET", url, None)

    def post(self, operation: str, path: str, body: str, *, is_money: bool) -> Any:
        """POST a JSON text as it stands, once."""
        reading = Reading(operation, self._mode, is_money=is_money)
        return self._call(reading, "POST", f"{self._root}/V1/{path}", body.encode())

    def version_page(self) -> str | None:
        """What the site's public version page says; None where it is hidden."""
        try:
            response = self._session.get(
                f"{self._base}/magento_version", timeout=self._limits(READ_FACTOR)
            )
        except requests.RequestException:
            return None
        text = response.content[:100].decode("utf-8", "replace").strip()
        return text if response.status_code == 200 and text.startswith("Magento/") else None

    def _call(self, reading: Reading, method: Method, url: str, body: bytes | None) -> Any:
        self._wait_for_budget(reading)
        headers = {
            "Accept": "application/json",
            "Authorization": self._signer.header(method, url, self._surroundings.clock.now()),
        }
        if body is not None:
            headers["Content-Type"] = "application/json"
        started = time.monotonic()
        factor = REFUND_FACTOR if reading.is_money else READ_FACTOR
        try:
            response = self._session.request(
                method, url, data=body, headers=headers, timeout=self._limits(factor)
            )
        except requests.RequestException as error:
            kind = type(error).__name__
            self._log(reading, started, 0, kind)
            if was_never_sent(error):
                raise Unavailable(
                    f"the shop {self.host} can't be reached ({kind})",
                    vendor=VENDOR,
                    operation=reading.operation,
                ) from error
            reading.lost(kind)
        self._log(reading, started, response.status_code, "")
        return reading.read(
            Reply(
                status=response.status_code,
                body=response.content,
                content_type=response.headers.get("Content-Type", ""),
                retry_after=response.headers.get("Retry-After"),
            )
        )

    def _limits(self, factor: float) -> tuple[float, float]:
        connect = self._surroundings.connect_timeout_seconds
        return connect, self._surroundings.read_timeout_seconds * factor

    def _wait_for_budget(self, reading: Reading) -> None:
        """Take one call of the shop's share, or say when to come back."""
        deadline = time.monotonic() + BUDGET_WAIT_SECONDS
        while True:
            seconds = self._surroundings.pace.acquire(
                f"{VENDOR}:{self.host}", limit=CALLS, per_seconds=CALLS_SECONDS
            )
            if seconds <= 0:
                return
            if time.monotonic() + seconds > deadline:
                raise RateLimited(
                    "this shop's share of calls is used up by other work",
                    vendor=VENDOR,
                    operation=reading.operation,
                    retry_after_seconds=seconds,
                )
            time.sleep(seconds)

    def _log(self, reading: Reading, started: float, status: int, failure: str) -> None:
        log.info(
            "magento call",
            extra={
                "shop": self.host,
                "operation": reading.operation,
                "status": status,
                "failure": failure,
                "ms": round((time.monotonic() - started) * 1000),
            },
        )


def canonical(value: object) -> str:
    """JSON text that is the same each time it is made."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))

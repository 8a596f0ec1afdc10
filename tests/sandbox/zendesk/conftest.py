"""A fresh sandbox account for each test, and a client that speaks to it over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from integrations.sandbox.zendesk import ZendeskSandbox
from integrations.sandbox.zendesk.model import Ticket, User
from tests.sandbox.zendesk.receiver import Receiver


class Client:
    """JSON calls below `/api/v2` with one bearer token."""

    def __init__(self, base: str, token: str | None) -> None:
        self._base = base
        self._session = requests.Session()
        if token:
            self._session.headers["Authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        return self._session.request(
            method, f"{self._base}/api/v2{path}", json=body, timeout=10, **more
        )

    def get(self, path: str, **params: Any) -> requests.Response:
        return self.call("GET", path, params=params)


@pytest.fixture
def zendesk() -> Iterator[ZendeskSandbox]:
    requirements = {
        "ticket_fields": {
            "refund_status": {
                "type": "tagger",
                "title": "Refund status",
                "custom_field_options": [
                    {"name": "Eligible", "value": "refund_eligible"},
                    {"name": "Refunded", "value": "refund_done"},
                ],
            }
        },
        "user_fields": {
            "refund_count": {"type": "integer", "title": "Refunds (count)", "key": "refund_count"}
        },
    }
    with ZendeskSandbox(requirements=requirements) as sandbox:
        yield sandbox


@pytest.fixture
def api(zendesk: ZendeskSandbox) -> Client:
    return Client(zendesk.base, zendesk.static_token)


@pytest.fixture
def customer(zendesk: ZendeskSandbox) -> User:
    return zendesk.add_user(
        "Lena Brandt",
        "lena@example.com",
        "+49 30 5550100",
        [("email", "lena.brandt@example.org")],
    )


@pytest.fixture
def ticket(zendesk: ZendeskSandbox, customer: User) -> Ticket:
    return zendesk.add_ticket(
        customer.id, "Money back please", "Order #1042 arrived broken.", tags=["vip"]
    )


@pytest.fixture
def status_field(zendesk: ZendeskSandbox) -> int:
    return int(zendesk.installation.requirement_ids["refund_status"]["requirement_id"])


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running

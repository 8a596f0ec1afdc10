"""A fresh sandbox org for each test, and a client that speaks to it over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from integrations.sandbox.kustomer import KustomerSandbox
from integrations.sandbox.kustomer.model import Conversation, Customer
from tests.sandbox.zendesk.receiver import Receiver


class Client:
    """JSON calls below `/v1` with one bearer token."""

    def __init__(self, base: str, token: str | None) -> None:
        self._base = base
        self._session = requests.Session()
        if token:
            self._session.headers["Authorization"] = f"Bearer {token}"

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> requests.Response:
        return self._session.request(
            method, f"{self._base}/v1{path}", json=body, timeout=10, **more
        )

    def get(self, path: str, **params: Any) -> requests.Response:
        return self.call("GET", path, params=params)

    def post(self, path: str, body: Any) -> requests.Response:
        return self.call("POST", path, body)

    def patch(self, path: str, body: Any) -> requests.Response:
        return self.call("PATCH", path, body)


@pytest.fixture
def kustomer() -> Iterator[KustomerSandbox]:
    with KustomerSandbox() as sandbox:
        yield sandbox


@pytest.fixture
def api(kustomer: KustomerSandbox) -> Client:
    return Client(kustomer.base, kustomer.api_key)


@pytest.fixture
def customer(kustomer: KustomerSandbox) -> Customer:
    return kustomer.add_customer(
        "Lena Brandt",
        "lena@example.com",
        "+49305550100",
        other_emails=["lena.brandt@example.org"],
    )


@pytest.fixture
def conversation(kustomer: KustomerSandbox, customer: Customer) -> Conversation:
    return kustomer.add_conversation(
        customer.id, "Money back please", "Order #1042 arrived broken.", tags=["vip"]
    )


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running

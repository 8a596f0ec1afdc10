from __future__ import annotations

from integrations.sandbox.zendesk import ZendeskSandbox
from integrations.sandbox.zendesk.model import Ticket, User
from tests.sandbox.zendesk.conftest import Client


def test_account_limit_with_headers_until_the_window_resets(
    api: Client, zendesk: ZendeskSandbox, ticket: Ticket
) -> None:
    zendesk.limits.set("account", 3)
    first = api.get(f"/tickets/{ticket.id}")
    assert (first.headers["X-Rate-Limit"], first.headers["X-Rate-Limit-Remaining"]) == ("3", "2")
    assert first.headers["ratelimit-remaining"] == "2"
    assert [api.get(f"/tickets/{ticket.id}").status_code for _ in range(3)] == [200, 200, 429]
    refused = api.get(f"/tickets/{ticket.id}")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    zendesk.clock.advance(int(refused.headers["Retry-After"]))
    assert api.get(f"/tickets/{ticket.id}").status_code == 200


def test_user_updates_once_a_second_and_five_a_minute(
    api: Client, zendesk: ZendeskSandbox, customer: User
) -> None:
    def update() -> int:
        body = {"user": {"user_fields": {"refund_count": 1}}}
        return api.call("PUT", f"/users/{customer.id}", body).status_code

    assert [update(), update()] == [200, 429]
    statuses = []
    for _ in range(5):
        zendesk.clock.advance(1.5)
        statuses.append(update())
    # The refused second call counted for the user but not for the account.
    assert statuses == [200, 200, 200, 429, 429]
    zendesk.clock.advance(60)
    assert update() == 200


def test_ticket_updates_per_agent_and_ticket(
    api: Client, zendesk: ZendeskSandbox, ticket: Ticket
) -> None:
    zendesk.limits.set("ticket-updates-per-agent-ticket", 2)

    def update() -> int:
        return api.call("PUT", f"/tickets/{ticket.id}", {"ticket": {"subject": "x"}}).status_code

    assert [update(), update(), update()] == [200, 200, 429]
    zendesk.clock.advance(61)
    assert update() == 429
    zendesk.clock.advance(540)
    assert update() == 200


def test_endpoint_limit_refuses_while_the_account_looks_healthy(
    api: Client, zendesk: ZendeskSandbox
) -> None:
    zendesk.limits.set("search-export", 1)
    assert api.get("/search/export", query="x", **{"filter[type]": "ticket"}).status_code == 200
    refused = api.get("/search/export", query="x", **{"filter[type]": "ticket"})
    assert refused.status_code == 429
    assert int(refused.headers["X-Rate-Limit-Remaining"]) > 600
    assert refused.headers["zendesk-ratelimit-search-export"].startswith("total=1; remaining=0")

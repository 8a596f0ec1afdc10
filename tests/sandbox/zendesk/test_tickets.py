from __future__ import annotations

import pytest

from integrations.sandbox.zendesk import ZendeskSandbox
from integrations.sandbox.zendesk.model import Ticket, User
from tests.sandbox.zendesk.conftest import Client


def test_note_tags_and_field_in_one_put_with_the_marker_in_the_audit(
    api: Client, zendesk: ZendeskSandbox, ticket: Ticket, status_field: int
) -> None:
    shown = api.get(f"/tickets/{ticket.id}", include="users,nonsense").json()
    assert [one["name"] for one in shown["users"]] == ["Lena Brandt"]
    assert "nonsense" not in shown
    answer = api.call(
        "PUT",
        f"/tickets/{ticket.id}.json",
        {
            "ticket": {
                "comment": {
                    "html_body": "<p onclick=x>Eligible<script>bad()</script> <b>48.60</b></p>",
                    "public": False,
                },
                "custom_fields": [{"id": status_field, "value": "refund_eligible"}],
                "tags": [*shown["ticket"]["tags"], "refund_checked"],
                "safe_update": True,
                "updated_stamp": shown["ticket"]["updated_at"],
                "metadata": {"key": "t-1"},
            }
        },
    )
    assert answer.status_code == 200
    changed = answer.json()["ticket"]
    assert changed["tags"] == ["refund_checked", "refund_eligible", "vip"]
    assert {"id": status_field, "value": "refund_eligible"} in changed["custom_fields"]
    assert answer.json()["audit"]["metadata"]["custom"] == {"key": "t-1"}
    [note] = zendesk.notes(ticket.id)
    assert note["custom"] == {"key": "t-1"}
    assert note["body"] == "Eligible 48.60"
    assert "script" not in note["html_body"] and "onclick" not in note["html_body"]
    newest = api.get(f"/tickets/{ticket.id}/audits", sort="-created_at", **{"page[size]": 1}).json()
    assert newest["audits"][0]["metadata"]["custom"] == {"key": "t-1"}
    assert newest["meta"]["has_more"] is True
    older = api.get(
        f"/tickets/{ticket.id}/audits",
        sort="-created_at",
        **{"page[size]": 1, "page[after]": newest["meta"]["after_cursor"]},
    ).json()
    assert older["audits"][0]["events"][0]["type"] == "Comment"
    assert older["meta"]["has_more"] is False


@pytest.mark.parametrize("safe_update", [True, False])
def test_outdated_stamp_conflicts_even_with_false(
    api: Client, zendesk: ZendeskSandbox, ticket: Ticket, safe_update: bool
) -> None:
    stamp = api.get(f"/tickets/{ticket.id}").json()["ticket"]["updated_at"]
    zendesk.clock.advance(2)
    assert api.call("PUT", f"/tickets/{ticket.id}", {"ticket": {"subject": "B"}}).ok
    refused = api.call(
        "PUT",
        f"/tickets/{ticket.id}",
        {"ticket": {"subject": "C", "safe_update": safe_update, "updated_stamp": stamp}},
    )
    assert refused.status_code == 409
    assert refused.json()["error"] == "UpdateConflict"
    assert ticket.subject == "B"


def test_a_date_only_stamp_conflicts(api: Client, ticket: Ticket) -> None:
    body = {"safe_update": True, "updated_stamp": ticket.updated_at.date().isoformat()}
    assert api.call("PUT", f"/tickets/{ticket.id}", {"ticket": body}).status_code == 409


def test_bare_tags_wipe_tags_and_the_dropdown_behind_them(
    api: Client, ticket: Ticket, status_field: int
) -> None:
    value = [{"id": status_field, "value": "refund_done"}]
    assert api.call("PUT", f"/tickets/{ticket.id}", {"ticket": {"custom_fields": value}}).ok
    answer = api.call("PUT", f"/tickets/{ticket.id}", {"ticket": {"tags": ["other"]}}).json()
    assert answer["ticket"]["tags"] == ["other"]
    assert {"id": status_field, "value": None} in answer["ticket"]["custom_fields"]


def test_tags_endpoints_add_set_and_remove(api: Client, ticket: Ticket) -> None:
    path = f"/tickets/{ticket.id}/tags"
    assert api.call("PUT", path, {"tags": ["a"]}).json() == {"tags": ["a", "vip"]}
    assert api.call("DELETE", path, {"tags": ["vip"]}).json() == {"tags": ["a"]}
    answer = api.call("POST", path, {"tags": ["x", "Y"]})
    assert (answer.status_code, answer.json()) == (201, {"tags": ["x", "y"]})


@pytest.mark.parametrize("honoured", [True, False])
def test_additional_tags_are_honoured_or_ignored(
    api: Client, zendesk: ZendeskSandbox, ticket: Ticket, honoured: bool
) -> None:
    zendesk.account.options.additional_tags_honoured = honoured
    body = {"ticket": {"additional_tags": ["refund_checked"]}}
    tags = api.call("PUT", f"/tickets/{ticket.id}", body).json()["ticket"]["tags"]
    assert tags == (["refund_checked", "vip"] if honoured else ["vip"])


def test_comment_without_public_keeps_the_visibility_of_creation(
    api: Client, zendesk: ZendeskSandbox, ticket: Ticket
) -> None:
    body = {"ticket": {"comment": {"body": "meant as a note"}}}
    assert api.call("PUT", f"/tickets/{ticket.id}", body).ok
    assert zendesk.notes(ticket.id) == []
    assert api.get(f"/tickets/{ticket.id}/comments").json()["comments"][-1]["public"] is True


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"status": "finished"}, 422),
        ({"status": "solved"}, 422),
        ({"custom_fields": "text"}, 400),
        ({"comment": {"body": "x", "public": "false"}}, 400),
        ({"comment": {"body": "x", "author_id": 1}}, 422),
        ({"group_id": 12}, 422),
        ({"metadata": []}, 400),
    ],
)
def test_refused_updates_change_nothing(
    api: Client, zendesk: ZendeskSandbox, ticket: Ticket, body: dict[str, object], status: int
) -> None:
    audits = len(ticket.audits)
    answer = api.call("PUT", f"/tickets/{ticket.id}", {"ticket": {"subject": "new", **body}})
    assert answer.status_code == status
    assert ticket.subject == "Money back please"
    assert len(ticket.audits) == audits


def test_dropdown_takes_known_options_only_and_unknown_fields_are_ignored(
    api: Client, zendesk: ZendeskSandbox, ticket: Ticket, status_field: int
) -> None:
    def put(field_id: int, value: object) -> int:
        body = {"ticket": {"custom_fields": [{"id": field_id, "value": value}]}}
        return api.call("PUT", f"/tickets/{ticket.id}", body).status_code

    assert put(status_field, "refund_maybe") == 422
    assert put(99, "anything") == 200
    zendesk.account.options.unknown_custom_fields = "reject"
    assert put(99, "anything") == 422


def test_closed_ticket_and_missing_ticket(api: Client, ticket: Ticket) -> None:
    ticket.status = "closed"
    closed = api.call("PUT", f"/tickets/{ticket.id}", {"ticket": {"subject": "x"}})
    assert closed.status_code == 422
    assert closed.json()["error"] == "RecordInvalid"
    gone = api.get("/tickets/1")
    assert (gone.status_code, gone.json()["error"]) == (404, "RecordNotFound")
    assert api.get("/nothing").json()["error"] == "InvalidEndpoint"


def test_idempotency_key_counts_on_creation_only(
    api: Client, zendesk: ZendeskSandbox, ticket: Ticket
) -> None:
    body = {"ticket": {"subject": "S", "comment": {"body": "B"}}}
    headers = {"Idempotency-Key": "k1"}
    first = api.call("POST", "/tickets", body, headers=headers)
    again = api.call("POST", "/tickets", body, headers=headers)
    assert (first.status_code, first.headers["x-idempotency-lookup"]) == (201, "miss")
    assert (again.json(), again.headers["x-idempotency-lookup"]) == (first.json(), "hit")
    other = api.call("POST", "/tickets", {"ticket": {"comment": {"body": "C"}}}, headers=headers)
    assert (other.status_code, other.json()["error"]) == (400, "IdempotentRequestError")
    zendesk.clock.advance(7201)
    later = api.call("POST", "/tickets", body, headers=headers)
    assert later.json()["ticket"]["id"] != first.json()["ticket"]["id"]
    note = {"ticket": {"comment": {"body": "twice", "public": False}}}
    for _ in range(2):
        assert api.call("PUT", f"/tickets/{ticket.id}", note, headers=headers).ok
    assert len(zendesk.notes(ticket.id)) == 2


def test_an_update_without_a_change_writes_no_audit(api: Client, ticket: Ticket) -> None:
    answer = api.call("PUT", f"/tickets/{ticket.id}", {"ticket": {"subject": ticket.subject}})
    assert answer.json()["audit"]["events"] == []
    assert len(ticket.audits) == 1


def test_search_and_its_export(api: Client, zendesk: ZendeskSandbox, ticket: Ticket) -> None:
    def found(query: str) -> list[int]:
        return [one["id"] for one in api.get("/search", query=query).json()["results"]]

    assert found("type:ticket tags:vip status<solved created>=2026-01-01") == [ticket.id]
    assert found("type:ticket -tags:vip") == []
    assert found("type:ticket requester:lena@example.com broken") == [ticket.id]
    assert api.get("/search", query="type:ticket", page=11, per_page=100).status_code == 422
    assert api.get("/search/export", query="tags:vip").status_code == 400
    typed = api.get("/search/export", query="type:ticket", **{"filter[type]": "ticket"})
    assert typed.status_code == 422
    exported = api.get("/search/export", query="tags:vip", **{"filter[type]": "ticket"}).json()
    assert [one["id"] for one in exported["results"]] == [ticket.id]
    zendesk.account.options.search_lag_seconds = 30.0
    assert api.call("PUT", f"/tickets/{ticket.id}/tags", {"tags": ["late"]}).ok
    assert found("type:ticket tags:late") == []
    zendesk.clock.advance(31)
    assert found("type:ticket tags:late") == [ticket.id]


def test_incremental_export_leaves_the_last_minute_out(
    api: Client, zendesk: ZendeskSandbox, customer: User, ticket: Ticket
) -> None:
    start = int(zendesk.clock.seconds()) - 3600
    path = "/incremental/tickets/cursor"
    assert api.get(path, start_time=int(zendesk.clock.seconds())).status_code == 422
    assert api.get(path, start_time=start).json()["tickets"] == []
    zendesk.clock.advance(120)
    page = api.get(path, start_time=start).json()
    assert [one["id"] for one in page["tickets"]] == [ticket.id]
    assert page["end_of_stream"] is True
    second = zendesk.add_ticket(customer.id, "Another", "text")
    zendesk.clock.advance(120)
    following = api.get(path, cursor=page["after_cursor"]).json()
    assert [one["id"] for one in following["tickets"]] == [second.id]


def test_users_identities_and_the_anonymous_user(
    api: Client, zendesk: ZendeskSandbox, customer: User
) -> None:
    nobody = Client(zendesk.base, None)
    assert nobody.get("/users/me").status_code == 200
    assert nobody.get("/users/me").json()["user"]["id"] is None
    assert nobody.get(f"/users/{customer.id}").status_code == 401
    values = [
        one["value"] for one in api.get(f"/users/{customer.id}/identities").json()["identities"]
    ]
    assert values == ["lena@example.com", "+49 30 5550100", "lena.brandt@example.org"]
    body = {"user": {"user_fields": {"refund_count": 3, "unheard": 1}, "email": "l2@example.com"}}
    user = api.call("PUT", f"/users/{customer.id}", body).json()["user"]
    assert user["user_fields"] == {"refund_count": 3}
    assert user["email"] == "lena@example.com"
    zendesk.clock.advance(2)
    wrong = {"user": {"user_fields": {"refund_count": "many"}}}
    assert api.call("PUT", f"/users/{customer.id}", wrong).status_code == 422


def test_light_agent_may_not_answer_the_customer(zendesk: ZendeskSandbox, ticket: Ticket) -> None:
    token = zendesk.oauth.issue(zendesk.light_agent, "read write").value
    light = Client(zendesk.base, token)
    public = {"ticket": {"comment": {"body": "x", "public": True}}}
    note = {"ticket": {"comment": {"body": "x", "public": False}}}
    assert light.call("PUT", f"/tickets/{ticket.id}", public).status_code == 403
    assert light.call("PUT", f"/tickets/{ticket.id}", note).status_code == 200
    refused = light.call("POST", "/ticket_fields", {"ticket_field": {"title": "x"}})
    assert refused.status_code == 403
    assert refused.json()["error"]["title"] == "Forbidden"

"""Access tokens over real HTTP: renewed by one worker, stored before use, and never lost twice."""

from __future__ import annotations

import threading

import pytest

from app.domain.crm import CHECKED_TAG, Note, TicketWrite
from app.domain.errors import AccessDenied, RateLimited, Unavailable
from app.ports import Helpdesk
from integrations.helpdesks.zendesk.oauth import CLIENT_SECRET, TOKEN_SECRET, StoredToken
from integrations.helpdesks.zendesk.setup import NEEDED_SCOPES
from tests.support.helpdesk_bench import ZendeskBench, outcome_of

CLIENT, SECRET = "makegood-test", "client-secret-for-tests"
SCOPE = " ".join(NEEDED_SCOPES)


class Connected:
    """The bench's account, let in by an OAuth client."""

    def __init__(self, bench: ZendeskBench, kind: str = "oauth", expires_in: int = 1800) -> None:
        self.bench = bench
        self.sandbox = bench.sandbox
        self.sandbox.add_oauth_client(CLIENT, secret=SECRET, expires_in=expires_in)
        config = {**bench.account.config, "auth": kind, "client_id": CLIENT, "scope": SCOPE}
        bench.account = bench.account.model_copy(update={"config": config})
        bench.vault.put("helpdesk", {CLIENT_SECRET: SECRET, TOKEN_SECRET: None})
        if kind == "oauth":
            issued = self.sandbox.issue_token(SCOPE, client=CLIENT)
            stored = StoredToken(access_token=issued.value, refresh_token=issued.refresh)
            bench.vault.put("helpdesk", {TOKEN_SECRET: stored.model_dump_json()})
        bench.vault.writes.clear()
        self.ticket_id = bench.ticket(bench.person("customer"), "Order #1001")
        self.sandbox.calls.clear()

    def helpdesk(self) -> Helpdesk:
        return self.bench.helpdesk()

    def stored(self) -> StoredToken:
        text = self.bench.vault.get("helpdesk", TOKEN_SECRET)
        assert text is not None
        return StoredToken.model_validate_json(text)

    def expire(self) -> None:
        """Zendesk no longer takes the access token."""
        self.sandbox.oauth.tokens[self.stored().access_token].expires = 0.0

    def requests_for_tokens(self) -> int:
        return self.sandbox.calls.count("oauth.tokens")


def test_after_a_401_the_token_is_renewed_and_the_call_repeated_once(bench: ZendeskBench) -> None:
    account = Connected(bench)
    before = account.stored()
    account.expire()
    assert account.helpdesk().read_ticket(account.ticket_id).id == account.ticket_id
    after = account.stored()
    assert after.access_token != before.access_token
    assert after.refresh_token not in (None, before.refresh_token)
    assert account.sandbox.calls.by_operation() == {"tickets.show": 2, "oauth.tokens": 1}


def test_a_write_after_a_401_is_written_once(bench: ZendeskBench) -> None:
    account = Connected(bench)
    helpdesk = account.helpdesk()
    seen = helpdesk.read_ticket(account.ticket_id)
    account.expire()
    write = TicketWrite(
        ticket_id=seen.id, marker="w-1", note=Note(headline="A"), add_tags=(CHECKED_TAG,)
    )
    helpdesk.write_ticket(write, seen)
    assert len(bench.comments(seen.id)) == 1


def test_a_token_near_its_end_is_renewed_before_it_is_used(bench: ZendeskBench) -> None:
    account = Connected(bench)
    account.expire()
    account.helpdesk().read_ticket(account.ticket_id)
    account.sandbox.calls.clear()
    account.sandbox.clock.advance(1800 - 59)
    account.helpdesk().read_ticket(account.ticket_id)
    assert account.sandbox.calls.by_operation() == {"tickets.show": 1, "oauth.tokens": 1}
    account.helpdesk().read_ticket(account.ticket_id)
    assert account.requests_for_tokens() == 1


def test_the_new_pair_is_stored_before_it_is_used(bench: ZendeskBench) -> None:
    account = Connected(bench)
    account.expire()
    # The read after the renewal fails: what was renewed must be there all the same.
    account.sandbox.faults.add("tickets.show", "http_500", skip=1)
    assert outcome_of(lambda: account.helpdesk().read_ticket(account.ticket_id)) is Unavailable
    assert len(bench.vault.writes) == 1
    account.helpdesk().read_ticket(account.ticket_id)
    assert account.requests_for_tokens() == 1


@pytest.mark.parametrize("workers", [2, 8])
def test_workers_that_find_the_token_dead_renew_it_once(bench: ZendeskBench, workers: int) -> None:
    account = Connected(bench)
    account.expire()
    start = threading.Barrier(workers)
    read: list[str] = []
    failed: list[BaseException] = []

    def work() -> None:
        helpdesk = account.helpdesk()
        start.wait()
        try:
            read.append(helpdesk.read_ticket(account.ticket_id).id)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert read == [account.ticket_id] * workers
    assert account.requests_for_tokens() == 1
    assert account.sandbox.oauth.refreshes == 1


def test_a_refresh_token_that_is_dead_asks_for_a_reconnect(bench: ZendeskBench) -> None:
    account = Connected(bench)
    account.sandbox.oauth.revoke(account.sandbox.oauth.tokens[account.stored().access_token])
    with pytest.raises(AccessDenied, match="reconnect needed"):
        account.helpdesk().read_ticket(account.ticket_id)
    assert account.requests_for_tokens() == 1


def test_a_lost_answer_to_a_refresh_is_asked_for_again(bench: ZendeskBench) -> None:
    account = Connected(bench)
    account.expire()
    account.sandbox.faults.add("oauth.tokens", "disconnect_before")
    assert outcome_of(lambda: account.helpdesk().read_ticket(account.ticket_id)) is Unavailable
    account.helpdesk().read_ticket(account.ticket_id)
    # Processed, but the answer is lost: the pair is gone, and only an admin can help.
    account.expire()
    account.sandbox.faults.add("oauth.tokens", "disconnect_after")
    assert outcome_of(lambda: account.helpdesk().read_ticket(account.ticket_id)) is Unavailable
    assert outcome_of(lambda: account.helpdesk().read_ticket(account.ticket_id)) is AccessDenied


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("http_429", RateLimited), ("http_503", Unavailable), ("malformed", Unavailable)],
)
def test_a_token_request_that_fails_changes_nothing(
    bench: ZendeskBench, kind: str, expected: type[Exception]
) -> None:
    account = Connected(bench)
    account.expire()
    account.sandbox.faults.add("oauth.tokens", kind)
    assert outcome_of(lambda: account.helpdesk().read_ticket(account.ticket_id)) is expected
    assert bench.vault.writes == []


def test_client_credentials_need_no_refresh_token(bench: ZendeskBench) -> None:
    account = Connected(bench, "client_credentials")
    account.helpdesk().read_ticket(account.ticket_id)
    assert account.stored().refresh_token is None
    account.expire()
    account.helpdesk().read_ticket(account.ticket_id)
    assert account.requests_for_tokens() == 2


def test_a_wrong_client_secret_asks_for_a_reconnect(bench: ZendeskBench) -> None:
    account = Connected(bench, "client_credentials")
    bench.vault.put("helpdesk", {CLIENT_SECRET: "wrong"})
    assert outcome_of(lambda: account.helpdesk().read_ticket(account.ticket_id)) is AccessDenied


def test_a_static_token_is_not_renewed(bench: ZendeskBench) -> None:
    bench.vault.put("helpdesk", {TOKEN_SECRET: '{"access_token": "dead"}'})
    assert outcome_of(lambda: bench.helpdesk().read_ticket("1")) is AccessDenied
    assert bench.sandbox.calls.count("oauth.tokens") == 0


@pytest.mark.parametrize("text", [None, "{", "{}"])
def test_without_a_readable_token_nothing_is_sent(bench: ZendeskBench, text: str | None) -> None:
    bench.vault.put("helpdesk", {TOKEN_SECRET: text})
    assert outcome_of(lambda: bench.helpdesk().read_ticket("1")) is AccessDenied
    assert bench.calls() == {}


def test_a_lock_that_is_never_free_is_no_reason_to_refresh(
    bench: ZendeskBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = Connected(bench)
    account.expire()
    monkeypatch.setattr("integrations.helpdesks.zendesk.oauth._LOCK_WAIT_SECONDS", 0.05)
    with bench.surroundings.locks.hold(f"zendesk-oauth:{bench.account.id}", 10, 1):
        assert outcome_of(lambda: account.helpdesk().read_ticket(account.ticket_id)) is Unavailable
    assert account.requests_for_tokens() == 0

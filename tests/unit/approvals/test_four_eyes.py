"""Somebody asks, somebody else decides: once, and only who may."""

from __future__ import annotations

import threading

import pytest

from app.domain.approval import ApprovalState
from app.domain.crm import RefundStatus
from app.domain.errors import Conflict, InvalidEntry, NotAllowed, Unavailable
from app.domain.people import Agent, Tier, TierMap
from app.domain.refund import RefundState
from app.usecases.approvals import approve, deny, request_approval, withdraw
from app.usecases.cases import choose_order, refresh_case
from app.usecases.people import agent_for, set_tiers
from app.usecases.refunds import cancel_refund, request_refund
from tests.support.bench import Bench
from tests.support.fakes import TEAM
from tests.support.scripted import rejected, unavailable, usd
from tests.unit.approvals.conftest import Counter


def test_a_plan_above_the_clickers_tier_waits_with_its_evidence(counter: Counter) -> None:
    request = counter.ask()
    refund = counter.refund(request)
    assert refund.state is RefundState.AWAITING_APPROVAL
    assert refund.plan.total == request.amount == usd("640.00")
    assert request.needed is Tier.TEAM_LEAD
    assert request.reason.startswith("Changed mind.")
    assert list(request.evidence.tested())
    assert request.evidence.clause == "Within 30 days"
    assert ("Customer's refunds so far", "none") in request.evidence.history
    assert counter.notes()[-1] == "Approval needed: refund of 640.00 USD for #1001"
    written = counter.bench.helpdesk.written[-1]
    assert written.fields.status is RefundStatus.AWAITING_APPROVAL
    assert counter.sent() == 0


def test_an_agent_alone_cannot_release_it(counter: Counter) -> None:
    with pytest.raises(NotAllowed, match="a team lead is needed"):
        request_refund(
            counter.bench.deps, counter.bench.account, counter.plan_id, counter.bench.agent, True
        )
    assert counter.sent() == 0


def test_who_may_release_it_need_not_ask(counter: Counter) -> None:
    with pytest.raises(NotAllowed, match="yourself"):
        counter.ask(counter.bench.lead)


def test_who_may_only_look_cannot_ask(counter: Counter) -> None:
    with pytest.raises(NotAllowed, match="may look"):
        counter.ask(TEAM["13"])
    assert counter.bench.deps.approvals.count_waiting("acme") == 0


@pytest.mark.parametrize("reason", ["", "   ", "x" * 1001])
def test_a_reason_is_needed_and_has_an_end(counter: Counter, reason: str) -> None:
    with pytest.raises(InvalidEntry):
        counter.ask(reason=reason)
    assert counter.bench.deps.ledger.of_case("acme", counter.case.id) == []


def test_card_numbers_do_not_stay_in_a_reason(counter: Counter) -> None:
    request = counter.ask(reason="Card 4111 1111 1111 1111 was charged twice")
    assert "4111 1111 1111 1111" not in counter.request(request).to_json()


def test_asking_twice_is_asking_once(counter: Counter) -> None:
    first = counter.ask(reason="first")
    assert counter.ask(reason="second") == first
    assert counter.notes().count("Approval needed: refund of 640.00 USD for #1001") == 1


def test_two_tabs_at_the_same_moment_make_one_request(counter: Counter) -> None:
    found: list[str] = []
    gate = threading.Barrier(2)
    plan_id = counter.plan_id

    def ask() -> None:
        gate.wait()
        deps, account = counter.bench.deps, counter.bench.account
        request, _ = request_approval(deps, account, plan_id, counter.bench.agent, None, True)
        found.append(request.id)

    tabs = [threading.Thread(target=ask) for _ in range(2)]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()
    assert len(found) == 2
    assert len(set(found)) == 1
    assert counter.bench.deps.approvals.count_waiting("acme") == 1


def test_another_plan_of_the_same_order_is_refused_meanwhile(counter: Counter) -> None:
    counter.ask()
    refresh_case(counter.bench.deps, counter.bench.account, counter.case.id, counter.bench.agent)
    with pytest.raises(Conflict, match="waiting for approval"):
        counter.ask()
    with pytest.raises(Conflict, match="waiting for approval"):
        request_refund(
            counter.bench.deps, counter.bench.account, counter.plan_id, counter.bench.lead, True
        )
    assert counter.bench.deps.approvals.count_waiting("acme") == 1


# --- yes ---


def test_approving_sends_it_at_once_and_once(counter: Counter) -> None:
    bench = counter.bench
    request = counter.ask()
    approved = approve(bench.deps, bench.account, request.id, bench.lead)
    assert approved.state is ApprovalState.APPROVED
    assert approve(bench.deps, bench.account, request.id, bench.lead) == approved
    settled = bench.work(counter.refund(request))
    assert settled.state is RefundState.SETTLED
    assert settled.requested_by == bench.agent.id
    assert bench.store.paid() == [usd("640.00")]
    assert counter.notes()[-2:] == [
        "Approved: refund of 640.00 USD for #1001",
        "Refunded 640.00 USD for #1001",
    ]


def test_two_approvers_at_the_same_moment_are_one(counter: Counter) -> None:
    bench = counter.bench
    request = counter.ask()
    outcomes: list[object] = []
    gate = threading.Barrier(2)

    def decide(agent: Agent) -> None:
        gate.wait()
        try:
            outcomes.append(approve(bench.deps, bench.account, request.id, agent).state)
        except Conflict as error:
            outcomes.append(error)

    clicks = [threading.Thread(target=decide, args=(one,)) for one in (bench.lead, bench.manager)]
    for click in clicks:
        click.start()
    for click in clicks:
        click.join()
    assert ApprovalState.APPROVED in outcomes
    bench.work(counter.refund(request))
    assert bench.store.paid() == [usd("640.00")]
    assert counter.notes().count("Approved: refund of 640.00 USD for #1001") == 1


def test_an_approved_refund_that_nobody_announced_is_found_by_the_clock(counter: Counter) -> None:
    bench = counter.bench
    request = counter.ask()
    approve(bench.deps, bench.account, request.id, bench.lead)
    bench.notifier.heard.clear()
    bench.pass_time(15, rounds=2)
    assert counter.refund(request).state is RefundState.SETTLED


# --- who may not ---


def test_nobody_approves_their_own_request(counter: Counter) -> None:
    bench = counter.bench
    request = counter.ask()
    promoted = bench.agent.model_copy(update={"tier": Tier.MANAGER})
    with pytest.raises(NotAllowed, match="yourself"):
        approve(bench.deps, bench.account, request.id, promoted)
    with pytest.raises(NotAllowed, match="yourself"):
        deny(bench.deps, bench.account, request.id, promoted, "no")
    assert counter.request(request).is_open
    assert counter.sent() == 0


@pytest.mark.parametrize("alias", ["Noor@example.com", "noor+lead@example.com"])
def test_nor_under_a_second_account_with_the_same_mailbox(counter: Counter, alias: str) -> None:
    bench = counter.bench
    request = counter.ask(bench.agent.model_copy(update={"email": "noor@example.com"}))
    second = bench.lead.model_copy(update={"id": "99", "email": alias})
    with pytest.raises(NotAllowed, match="yourself"):
        approve(bench.deps, bench.account, request.id, second)
    assert counter.sent() == 0


@pytest.mark.parametrize("agent", [TEAM["13"], TEAM["11"].model_copy(update={"id": "21"})])
def test_a_lower_tier_decides_nothing(counter: Counter, agent: Agent) -> None:
    bench = counter.bench
    request = counter.ask()
    with pytest.raises(NotAllowed):
        approve(bench.deps, bench.account, request.id, agent)
    with pytest.raises(NotAllowed):
        deny(bench.deps, bench.account, request.id, agent, "no")
    assert counter.request(request).is_open
    assert counter.sent() == 0


def test_a_suspended_lead_decides_nothing(counter: Counter) -> None:
    bench = counter.bench
    request = counter.ask()
    with pytest.raises(NotAllowed, match="suspended"):
        approve(
            bench.deps,
            bench.account,
            request.id,
            bench.lead.model_copy(update={"is_active": False}),
        )


def test_the_tier_counts_when_it_is_approved(counter: Counter) -> None:
    """A lead who lost the tier meanwhile: the mapping holds at once, whatever was read before."""
    bench = counter.bench
    request = counter.ask()
    assert agent_for(bench.deps, bench.account, "12", 900).tier is Tier.TEAM_LEAD
    account = set_tiers(bench.deps, bench.account, TierMap(roles={"agent": Tier.AGENT}), "admin")
    lead = agent_for(bench.deps, account, "12", 900)
    with pytest.raises(NotAllowed, match="a team lead is needed"):
        approve(bench.deps, account, request.id, lead)
    assert counter.sent() == 0


def test_another_accounts_request_is_not_there(counter: Counter) -> None:
    bench = counter.bench
    request = counter.ask()
    with pytest.raises(LookupError):
        approve(bench.deps, bench.deps.account("other"), request.id, bench.manager)


# --- no ---


def test_declining_needs_a_reason_that_the_ticket_shows(counter: Counter) -> None:
    bench = counter.bench
    request = counter.ask()
    with pytest.raises(InvalidEntry, match="reason"):
        deny(bench.deps, bench.account, request.id, bench.lead, " ")
    denied = deny(bench.deps, bench.account, request.id, bench.lead, "Photo doesn't show damage")
    assert denied.answer == "Photo doesn't show damage"
    refund = counter.refund(request)
    assert refund.state is RefundState.DECLINED
    assert refund.explanation == "Declined by Ines Prado: Photo doesn't show damage"
    assert counter.notes()[-1].startswith("Declined: refund of 640.00 USD")
    assert bench.helpdesk.written[-1].fields.status is RefundStatus.DECLINED
    with pytest.raises(Conflict, match="declined by Ines Prado"):
        approve(bench.deps, bench.account, request.id, bench.manager)
    assert counter.sent() == 0


def test_the_requester_withdraws_and_nobody_else(counter: Counter) -> None:
    bench = counter.bench
    request = counter.ask()
    with pytest.raises(NotAllowed, match="Only Noor Haddad"):
        withdraw(bench.deps, bench.account, request.id, bench.lead)
    with pytest.raises(Conflict, match="withdraw"):
        cancel_refund(bench.deps, bench.account, request.refund_id, bench.lead)
    assert withdraw(bench.deps, bench.account, request.id, bench.agent).state is (
        ApprovalState.WITHDRAWN
    )
    assert counter.refund(request).state is RefundState.CANCELLED
    with pytest.raises(Conflict, match="withdrawn by Noor Haddad"):
        approve(bench.deps, bench.account, request.id, bench.lead)
    refresh_case(bench.deps, bench.account, counter.case.id, bench.agent)
    assert counter.ask().is_open
    assert counter.sent() == 0


# --- the order changed ---


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"is_cancelled": True}, "the order was cancelled"),
        ({"is_disputed": True}, "the customer's bank opened a dispute"),
        ({"refunded": usd("50.00")}, "50.00 USD was refunded meanwhile by somebody else"),
    ],
)
def test_a_request_is_void_when_the_order_changed(
    counter: Counter, changes: dict[str, object], says: str
) -> None:
    bench = counter.bench
    request = counter.ask()
    [(order_id, order)] = bench.store.orders.items()
    bench.store.orders[order_id] = order.model_copy(update=changes)
    with pytest.raises(Conflict) as refused:
        approve(bench.deps, bench.account, request.id, bench.lead)
    assert refused.value.changes == (says,)
    void = counter.request(request)
    assert (void.state, void.changes) == (ApprovalState.VOID, (says,))
    assert counter.refund(request).state is RefundState.CANCELLED
    assert counter.notes()[-1].startswith("Request void")
    note = bench.helpdesk.written[-1].note
    assert note is not None
    assert "Noor Haddad: the order changed" in note.as_text()
    assert says in note.as_text()
    assert counter.sent() == 0
    with pytest.raises(Conflict, match="void"):
        approve(bench.deps, bench.account, request.id, bench.manager)


def test_what_the_store_refuses_to_price_is_void_too(counter: Counter) -> None:
    bench = counter.bench
    request = counter.ask()
    bench.script.fail("recheck", rejected("the order is gone"))
    with pytest.raises(Conflict, match="the order changed"):
        approve(bench.deps, bench.account, request.id, bench.lead)
    assert counter.request(request).changes == ("the store says: the order is gone",)
    assert counter.sent() == 0


def test_a_change_between_approval_and_sending_stops_the_money(counter: Counter) -> None:
    bench = counter.bench
    request = counter.ask()
    approve(bench.deps, bench.account, request.id, bench.lead)
    [(order_id, order)] = bench.store.orders.items()
    bench.store.orders[order_id] = order.model_copy(update={"is_disputed": True})
    failed = bench.work(counter.refund(request))
    assert failed.state is RefundState.FAILED
    assert "opened a dispute" in (failed.explanation or "")
    assert counter.sent() == 0


def test_a_store_that_cannot_be_read_changes_nothing(counter: Counter) -> None:
    bench = counter.bench
    request = counter.ask()
    bench.script.fail("recheck", unavailable())
    with pytest.raises(Unavailable):
        approve(bench.deps, bench.account, request.id, bench.lead)
    assert counter.request(request).is_open
    assert approve(bench.deps, bench.account, request.id, bench.lead).state is (
        ApprovalState.APPROVED
    )


def test_the_order_cannot_be_changed_under_a_request(counter: Counter) -> None:
    bench = counter.bench
    counter.ask()
    other = bench.add_order("#1002", "10.00")
    with pytest.raises(Conflict, match="withdraw the request"):
        choose_order(
            bench.deps, bench.account, counter.case.id, "store-1", other.order_id, bench.agent
        )


def test_the_history_has_a_name_for_every_act(counter: Counter, bench: Bench) -> None:
    request = counter.ask()
    approve(bench.deps, bench.account, request.id, bench.lead)
    events = bench.deps.audit.of_subject("acme", f"case:{counter.case.id}")
    acts = [(event.action, event.actor) for event in events if "approval" in event.action]
    assert acts == [("approval_requested", "11"), ("approval_approved", "12")]
    assert events[-1].data["reason"] == request.reason

"""Nothing is released by itself unless the policy writes it, and then within its limits; what goes
against the policy is asked for, and says so."""

from __future__ import annotations

from typing import Any

import pytest

from app.domain.money import Money
from app.domain.order import PaymentStatus, TransactionStatus
from app.domain.override import Override
from app.domain.people import Tier
from app.domain.plan import ChosenLine, RefundChoice
from app.domain.policy.limits import AutomaticRelease
from app.domain.refund import Refund, RefundState
from app.records import SYSTEM
from app.usecases.approvals import approve, request_approval
from app.usecases.plans import offer_choice
from app.usecases.refunds import cancel_refund, request_refund
from tests.support.bench import Bench
from tests.support.fakes import NOON, TEAM
from tests.support.scripted import unavailable, usd
from tests.unit.approvals.conftest import write_policy


def refunds(bench: Bench) -> list[Refund]:
    return bench.deps.ledger.all_of("acme", list(RefundState))


UP_TO_100 = AutomaticRelease(up_to=usd("100.00"), per_day_count=2, per_customer_count=1)


def test_nothing_is_released_by_itself_unless_it_is_written(bench: Bench) -> None:
    bench.add_order("#1001", "48.60")
    bench.triage()
    assert refunds(bench) == []


def test_what_is_written_is_released_after_the_note_and_once(bench: Bench) -> None:
    write_policy(bench, automatic=UP_TO_100)
    bench.add_order("#1001", "48.60")
    bench.triage()
    [refund] = refunds(bench)
    assert (refund.state, refund.requested_by) == (RefundState.HOLDING, SYSTEM)
    assert bench.script.count("send_refund") == 0
    bench.pass_time(6, rounds=4)
    assert bench.refund(refund).state is RefundState.SETTLED
    assert bench.store.paid() == [usd("48.60")]
    assert bench.helpdesk.notes("7") == ["Refund: eligible", "Refunded 48.60 USD for #1001"]
    note = bench.helpdesk.written[0].note
    assert note is not None
    assert "Makegood by itself" in note.as_text()


def test_an_agent_can_cancel_it_while_it_holds(bench: Bench) -> None:
    write_policy(bench, automatic=UP_TO_100)
    bench.add_order("#1001", "48.60")
    bench.triage()
    [refund] = refunds(bench)
    assert cancel_refund(bench.deps, bench.account, refund.id, bench.agent).state is (
        RefundState.CANCELLED
    )
    bench.pass_time(6, rounds=4)
    assert bench.script.count("send_refund") == 0


@pytest.mark.parametrize(
    ("price", "order"),
    [
        ("100.01", {}),
        ("48.60", {"is_disputed": True}),
        ("48.60", {"payment_status": PaymentStatus.PENDING}),
        ("48.60", {"is_disputed": None}),
    ],
)
def test_what_is_not_sure_or_too_much_waits_for_a_click(
    bench: Bench, price: str, order: dict[str, Any]
) -> None:
    write_policy(bench, automatic=UP_TO_100)
    bench.add_order("#1001", price, **order)
    bench.triage()
    assert refunds(bench) == []


def test_the_customers_and_the_days_limit_hold(bench: Bench) -> None:
    write_policy(bench, automatic=UP_TO_100)
    mara, ute, ida = "mara.lindt@example.com", "ute.brand@example.com", "ida.voss@example.com"
    for number, email in enumerate((mara, mara, ute, ida), start=1):
        for order_id in list(bench.store.orders):
            del bench.store.orders[order_id], bench.store.owners[order_id]
        bench.add_order(f"#100{number}", "20.00", email=email)
        bench.helpdesk.add_ticket(str(number), "refund please", email)
        bench.notifier.heard.append(("triage", str(bench.deliver(str(number)))))
        bench.pass_time(6, rounds=1)
    # Mara's second one and the third of the day wait for an agent.
    assert sorted(one.ticket_id for one in refunds(bench)) == ["1", "3"]


def test_a_note_that_was_not_posted_releases_nothing(bench: Bench) -> None:
    write_policy(bench, automatic=UP_TO_100)
    bench.add_order("#1001", "48.60")
    bench.script.fail("write_ticket", unavailable())
    bench.triage()
    bench.pass_time(30, rounds=3)
    assert bench.helpdesk.notes("7") == ["Refund: eligible"]
    assert refunds(bench) == []


# --- against the policy ---


def test_an_override_is_asked_for_and_the_approver_sees_it(bench: Bench) -> None:
    """What the policy forbids takes two people, however little it is."""
    bench.helpdesk.agents.update(TEAM)
    bench.store.status = TransactionStatus.SUCCESS
    bench.add_order("#1001", "48.60", created_at=NOON.replace(month=8))
    [(order_id, order)] = bench.store.orders.items()
    late = tuple(
        line.model_copy(update={"delivered_at": NOON.replace(month=9)}) for line in order.lines
    )
    bench.store.orders[order_id] = order.model_copy(update={"lines": late})
    case = bench.triage()
    assert case.decision is not None
    clause = next(one.code for _, one in case.decision.tested() if "30" in one.sentence)
    override = Override(clause_id=clause, reason="The parcel lay at the neighbour's for weeks")
    choice = RefundChoice(lines=(ChosenLine(line_id=order.lines[0].id, quantity=1),))
    offered = offer_choice(bench.deps, bench.account, case.id, choice, bench.agent, override)
    with pytest.raises(Exception, match="a team lead is needed"):
        request_refund(bench.deps, bench.account, offered.id, bench.agent, True)
    request, _ = request_approval(bench.deps, bench.account, offered.id, bench.agent, None, True)
    assert request.needed is Tier.TEAM_LEAD
    assert request.reason == override.reason
    assert request.overrides is not None
    assert request.overrides.endswith(override.reason)
    approve(bench.deps, bench.account, request.id, bench.lead)
    bench.pass_time(2, rounds=3)
    texts = [write.note.as_text() for write in bench.helpdesk.written if write.note]
    assert sum("This goes against the policy" in text for text in texts) == 2
    assert bench.store.paid() == [Money.of("48.60", "USD")]
    events = bench.deps.audit.of_subject("acme", f"case:{case.id}")
    assert [one.data["overrides"] for one in events if one.action.startswith("approval_")] == [
        request.overrides,
        request.overrides,
    ]

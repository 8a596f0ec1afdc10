"""Money that waits for the goods: every road to it is closed until somebody says they are back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from app.domain.approval import ApprovalState
from app.domain.case import Case
from app.domain.errors import Conflict, NotAllowed, Unavailable
from app.domain.money import Money
from app.domain.override import Override
from app.domain.plan import ChosenLine, Destination, InvalidChoice, RefundChoice
from app.domain.policy.evaluate import rerun
from app.domain.refund import RefundState
from app.records import OfferedPlan
from app.usecases.approvals import approve, request_approval
from app.usecases.automatic import release_automatically
from app.usecases.cases import open_ticket, refresh_case
from app.usecases.plans import offer_choice, price_choice
from app.usecases.refunds import cancel_refund, request_refund
from app.usecases.returned import say_returned
from tests.support.bench import Bench
from tests.support.fakes import make_line, make_order
from tests.support.policy_language import compiled
from tests.support.scripted import unavailable, usd
from tests.unit.approvals.conftest import Written

POLICY = compiled(
    """
All amounts are in USD.
Rule "At once" with priority 20: refund the item if the item costs less than 10 USD,
    because "Cheap enough.".
Otherwise refund the item once it has come back, because "Send it back.".
Up to 500 USD an agent may refund alone; up to 2,000 USD a team lead; above that a manager.
Release refunds up to 50 USD automatically.
"""
)
MUGS, LAMP, PEN = "line-1", "line-2", "line-3"


def case_of(bench: Bench, *lines: Any, **order: Any) -> Case:
    """Ticket 7 about these lines, decided by the policy."""
    policies: Any = Written(bench.deps.policies, POLICY)
    bench.deps = replace(bench.deps, policies=policies)
    made = make_order("#1001", lines or (make_line(1, "Mug", "20.00", quantity=2),), **order)
    bench.store.orders[made.order_id] = made
    bench.store.owners[made.order_id] = "mara.lindt@example.com"
    return bench.triage()


def say(bench: Bench, case: Case, **units: int) -> Case:
    named = {line_id.replace("_", "-"): count for line_id, count in units.items()}
    return say_returned(bench.deps, bench.account, case.id, named, bench.agent)


def offered(bench: Bench, case: Case) -> OfferedPlan | None:
    return bench.deps.cases.current_offer("acme", case.id)


def choose(bench: Bench, case: Case, choice: RefundChoice, **more: Any) -> OfferedPlan:
    return offer_choice(bench.deps, bench.account, case.id, choice, bench.agent, **more)


def mugs(count: int, **more: Any) -> RefundChoice:
    return RefundChoice(lines=(ChosenLine(line_id=MUGS, quantity=count),), **more)


def total(case: Case) -> Money:
    assert case.decision is not None and case.decision.plan is not None
    return case.decision.plan.total


def test_triage_tells_the_amount_and_offers_nothing(bench: Bench) -> None:
    case = case_of(bench)
    assert total(case) == usd("40.00")
    assert offered(bench, case) is None
    assert bench.deps.ledger.of_case("acme", case.id) == []
    [write] = [one for one in bench.helpdesk.written if one.note]
    assert write.note is not None
    note = write.note.as_text()
    assert write.note.headline == "Refund: eligible once it is back"
    assert "40.00 USD once 2 × Mug have come back." in note
    assert "say in the sidebar that it has come back" in note
    assert "Released by" not in note


@pytest.mark.parametrize(
    "choice",
    [
        mugs(1),
        mugs(2, destination=Destination.STORE_CREDIT),
        RefundChoice(amount_override=usd("5.00")),
        RefundChoice(amount_override=usd("5.00"), destination=Destination.STORE_CREDIT),
        RefundChoice(shipping=usd("4.00")),
    ],
)
def test_no_choice_of_an_agent_goes_around_it(bench: Bench, choice: RefundChoice) -> None:
    case = case_of(bench, shipping=usd("4.00"), can_store_credit=True)
    bench.script.calls.clear()
    with pytest.raises(NotAllowed, match="2 × Mug have come back"):
        price_choice(case, choice)
    with pytest.raises(NotAllowed, match="2 × Mug have come back"):
        choose(bench, case, choice)
    assert bench.script.calls == []
    assert bench.store.books == []


def test_beside_what_may_go_the_rest_waits_in_every_form(bench: Bench) -> None:
    case = case_of(
        bench, make_line(1, "Mug", "20.00", quantity=2), make_line(3, "Pen", "5.00", quantity=1)
    )
    assert total(case) == usd("5.00")
    pen = (ChosenLine(line_id=PEN, quantity=1),)
    assert choose(bench, case, RefundChoice(lines=pen)).plan.total == usd("5.00")
    for choice in (
        RefundChoice(lines=pen, amount_override=usd("45.00")),
        RefundChoice(lines=(*pen, ChosenLine(line_id=MUGS, quantity=1))),
        RefundChoice(amount_override=usd("6.00")),
    ):
        with pytest.raises(NotAllowed, match="Nothing is refunded yet"):
            choose(bench, case, choice)


def test_once_it_is_said_the_refund_goes(bench: Bench) -> None:
    case = case_of(bench)
    bench.script.calls.clear()
    said = say(bench, case, line_1=2)
    assert bench.script.calls == ["read_order"]
    [returned] = said.returns
    assert (returned.said_by, returned.said_by_name) == (bench.agent.id, bench.agent.name)
    assert returned.said_at == bench.clock.now()
    refund = bench.click(said)
    bench.clock.advance(6)
    assert bench.work(refund).state is RefundState.SETTLED
    assert [one.amount for one in bench.store.books] == [usd("40.00")]


def test_only_the_pieces_that_are_back_go_and_then_the_others(bench: Bench) -> None:
    case = say(bench, case_of(bench), line_1=1)
    assert total(case) == usd("20.00")
    with pytest.raises(NotAllowed, match="until 1 × Mug has come back"):
        choose(bench, case, mugs(2))
    refund = bench.click(case)
    bench.clock.advance(6)
    assert bench.work(refund).state is RefundState.SETTLED
    rest = bench.deps.cases.case("acme", case.id)
    assert rest is not None and rest.decision is not None
    assert total(rest) == usd("20.00")
    assert rest.decision.waits_for_return
    assert offered(bench, rest) is None
    bench.clock.advance(60)
    last = bench.click(say(bench, rest, line_1=1))
    bench.clock.advance(6)
    assert bench.work(last).state is RefundState.SETTLED
    assert [one.amount for one in bench.store.books] == [usd("20.00"), usd("20.00")]


def test_the_answer_can_be_made_again_later(bench: Bench) -> None:
    case = say(bench, case_of(bench), line_1=1)
    assert case.decision_id is not None
    kept = bench.deps.cases.decided("acme", case.decision_id)
    assert kept is not None
    order, decision = kept
    assert decision.returns == case.returns
    assert rerun(POLICY, decision, order, case.request) == decision


def test_it_stands_in_timeline_and_audit_with_who_and_when(bench: Bench) -> None:
    case = case_of(bench)
    bench.clock.advance(60)
    say(bench, case, line_1=2)
    fresh = bench.deps.cases.case("acme", case.id)
    assert fresh is not None
    say(bench, fresh, line_1=0)
    acts = [
        (event.action, event.actor, event.data["items"], event.data["name"])
        for event in open_ticket(bench.deps, bench.account, "7").history
        if "items" in event.data
    ]
    assert acts == [
        ("return_said", bench.agent.id, "2 × Mug", bench.agent.name),
        ("return_undone", bench.agent.id, "Mug", bench.agent.name),
    ]


def test_the_same_word_again_changes_nothing(bench: Bench) -> None:
    case = say(bench, case_of(bench), line_1=2)
    bench.script.calls.clear()
    assert say(bench, case, line_1=2) == case
    assert bench.script.calls == []


def test_taken_back_it_waits_again(bench: Bench) -> None:
    case = say(bench, case_of(bench), line_1=2)
    plan = offered(bench, case)
    assert plan is not None
    back = say(bench, case, line_1=0)
    assert back.returns == ()
    assert offered(bench, back) is None
    with pytest.raises(Conflict):
        request_refund(bench.deps, bench.account, plan.id, bench.agent, False)
    assert bench.store.books == []


def test_while_money_may_move_it_cannot_be_taken_back(bench: Bench) -> None:
    case = say(bench, case_of(bench), line_1=2)
    refund = bench.click(case)
    with pytest.raises(Conflict, match="cancel it first"):
        say(bench, case, line_1=0)
    cancel_refund(bench.deps, bench.account, refund.id, bench.agent)
    assert say(bench, case, line_1=0).returns == ()


def test_what_is_taken_back_at_the_last_moment_is_not_sent(bench: Bench) -> None:
    """However it came about: right before sending it has to be back still."""
    case = say(bench, case_of(bench), line_1=2)
    refund = bench.click(case)
    gone = case.model_copy(update={"returns": (), "revision": case.revision + 1})
    now = bench.clock.now()
    assert bench.deps.cases.save_decision(gone, None, "tests", "case_refreshed", now)
    bench.clock.advance(6)
    failed = bench.work(refund)
    assert failed.state is RefundState.FAILED
    assert failed.explanation is not None
    assert "Mug isn't known to have come back any more" in failed.explanation
    assert bench.script.count("send_refund") == 0
    assert bench.store.books == []


def test_a_plan_of_before_does_not_start(bench: Bench) -> None:
    """A plan that was kept before such money waited has no way through."""
    case = case_of(bench)
    assert case.decision is not None and case.decision.plan is not None and case.order is not None
    said = say(bench, case, line_1=2)
    template = offered(bench, said)
    assert template is not None
    bare = say(bench, said, line_1=0)
    early = template.model_copy(update={"id": "plan-early", "case_revision": bare.revision})
    bench.deps.cases.offer(early)
    lead = bench.lead
    for road in (
        lambda: request_refund(bench.deps, bench.account, early.id, lead, False),
        lambda: release_automatically(bench.deps, bare, early),
    ):
        try:
            assert road() is None
        except NotAllowed as error:
            assert "until 2 × Mug have come back" in str(error)
    assert bench.deps.ledger.of_case("acme", bare.id) == []


def test_nothing_is_released_by_itself(bench: Bench) -> None:
    """Neither before it is back nor when it is: somebody clicks."""
    case = case_of(bench, make_line(1, "Mug", "20.00", quantity=1))
    assert bench.deps.ledger.of_case("acme", case.id) == []
    say(bench, case, line_1=1)
    bench.pass_time()
    assert bench.deps.ledger.of_case("acme", case.id) == []


def test_an_exception_that_somebody_answers_for_still_goes(bench: Bench) -> None:
    case = case_of(bench)
    override = Override(clause_id=_clause(case), reason="Photo of the parcel slip")
    plan = offer_choice(bench.deps, bench.account, case.id, mugs(2), bench.lead, override)
    assert plan.basis.returned == {}
    with pytest.raises(NotAllowed):
        request_refund(bench.deps, bench.account, plan.id, bench.agent, False)
    refund, _ = request_refund(bench.deps, bench.account, plan.id, bench.lead, False)
    assert refund.override == override
    bench.clock.advance(6)
    assert bench.work(refund).state is RefundState.SETTLED


def _clause(case: Case) -> str:
    assert case.decision is not None and case.decision.lines[0].decided_by is not None
    return case.decision.lines[0].decided_by


def test_an_approver_sees_it_and_it_voids_the_request_when_taken_back(bench: Bench) -> None:
    case = case_of(bench, make_line(1, "Desk", "640.00"))
    assert offered(bench, case) is None
    said = say(bench, case, line_1=1)
    plan = offered(bench, said)
    assert plan is not None
    request, _ = request_approval(bench.deps, bench.account, plan.id, bench.agent, None, False)
    seen = ("Came back", f"1 × Desk: said by {bench.agent.name} on {bench.clock.now():%d %b %Y}")
    assert seen in request.evidence.order
    say(bench, said, line_1=0)
    found = bench.deps.approvals.find(request.id)
    assert found is not None
    assert found.state is ApprovalState.VOID
    assert found.changes == ("Desk isn't known to have come back any more",)
    with pytest.raises(Conflict):
        approve(bench.deps, bench.account, request.id, bench.lead)
    assert bench.script.count("send_refund") == 0


def test_an_approval_looks_once_more_whether_it_is_back(bench: Bench) -> None:
    case = say(bench, case_of(bench, make_line(1, "Desk", "640.00")), line_1=1)
    plan = offered(bench, case)
    assert plan is not None
    request, _ = request_approval(bench.deps, bench.account, plan.id, bench.agent, None, False)
    gone = case.model_copy(update={"returns": (), "revision": case.revision + 1})
    now = bench.clock.now()
    assert bench.deps.cases.save_decision(gone, None, "tests", "case_refreshed", now)
    with pytest.raises(Conflict) as refused:
        approve(bench.deps, bench.account, request.id, bench.lead)
    assert refused.value.changes == ("Desk isn't known to have come back any more",)
    assert bench.script.count("send_refund") == 0


def test_what_the_store_knows_needs_no_word(bench: Bench) -> None:
    line = make_line(1, "Mug", "20.00", quantity=2, returned_quantity=1)
    case = case_of(bench, line, make_line(2, "Lamp", "90.00"))
    assert total(case) == usd("20.00")
    assert case.decision is not None and case.decision.is_money_allowed
    assert bench.click(case).plan.total == usd("20.00")


@pytest.mark.parametrize(("units", "says"), [({"line_1": 3}, "3 said"), ({"line_9": 1}, "no line")])
def test_more_than_there_is_cannot_be_back(bench: Bench, units: dict[str, int], says: str) -> None:
    case = case_of(bench)
    with pytest.raises(InvalidChoice, match=says):
        say(bench, case, **units)
    assert bench.deps.cases.case("acme", case.id) == case


def test_a_store_that_does_not_answer_leaves_all_as_it_was(bench: Bench) -> None:
    case = case_of(bench)
    bench.script.fail("read_order", unavailable())
    with pytest.raises(Unavailable):
        say(bench, case, line_1=2)
    assert bench.deps.cases.case("acme", case.id) == case


def test_a_refresh_keeps_what_was_said(bench: Bench) -> None:
    case = say(bench, case_of(bench), line_1=2)
    fresh = refresh_case(bench.deps, bench.account, case.id, bench.agent)
    assert fresh.returns == case.returns
    assert fresh.decision is not None and fresh.decision.is_money_allowed

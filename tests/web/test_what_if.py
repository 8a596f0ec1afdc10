"""The what-if and its plans over the interface: other items, amounts, methods, and exceptions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.domain.case import Case
from app.domain.money import Money
from app.domain.order import Customer
from app.domain.plan import ChosenFee, Destination, FeeKind, PlanFee, Terms
from app.domain.refund import RefundState
from app.usecases.bonuses import work_on_bonus
from app.web.plan_words import fee_label
from tests.support.fakes import NOON, World, make_line, make_order
from tests.web.conftest import Desk, Person, body_of

LATE = NOON - timedelta(days=32)


def usd(amount: str) -> Money:
    return Money.of(amount, "USD")


@pytest.fixture
def credited(world: World, desk: Desk) -> Case:
    """As `eligible`, of a store that can give store credit."""
    lines = (make_line(1, "Merino beanie", "20.00", quantity=2), make_line(2, "Wool socks", "20"))
    world.add_order(
        make_order(
            "#1042",
            lines,
            can_store_credit=True,
            can_give_bonus=True,
            customer=Customer(id="customer-1"),
        )
    )
    desk.receive("501", "I want a refund for my order")
    return desk.case("501")


@pytest.fixture
def too_late(world: World, desk: Desk) -> Case:
    """One item, two days over the limit."""
    line = make_line(1, "Linen shirt", "48.60").model_copy(update={"delivered_at": LATE})
    world.add_order(make_order("#1042", (line,), can_store_credit=True, can_give_bonus=True))
    desk.receive("501", "I want a refund for my order")
    return desk.case("501")


def one_of(case: Case, quantity: int = 1, **more: Any) -> dict[str, Any]:
    assert case.order is not None
    line = {"line_id": case.order.lines[0].id, "quantity": quantity}
    return {"lines": [line], **more}


def price(person: Person, case: Case, choice: dict[str, Any]) -> dict[str, Any]:
    answer = person.post(f"/api/v1/cases/{case.id}/price", choice)
    assert answer.status_code == 200, answer.text
    return body_of(answer)


def offer(person: Person, case: Case, choice: dict[str, Any]) -> dict[str, Any]:
    answer = person.post(f"/api/v1/cases/{case.id}/plans", choice)
    assert answer.status_code == 201, answer.text
    return body_of(answer)


def with_terms(world: World, case: Case, change: Callable[[Terms], Terms]) -> None:
    """The stored case as if the policy gave other terms for every line."""
    assert case.decision is not None
    lines = tuple(
        line.model_copy(update={"terms": change(line.terms)}) for line in case.decision.lines
    )
    changed = case.model_copy(
        update={
            "decision": case.decision.model_copy(update={"lines": lines}),
            "revision": case.revision + 1,
        }
    )
    now = world.clock.now()
    assert world.deps.cases.save_decision(changed, None, "tests", "case_refreshed", now, None)


# --- method and amount ----------------------------------------------------------------------------


def test_a_what_if_says_verdict_make_up_tier_and_what_the_button_does(
    agent: Person, credited: Case, world: World
) -> None:
    agent.get("/api/v1/me")
    reads = world.store.reads
    plan = price(agent, credited, one_of(credited))
    assert plan["button"] == "Refund $20.00 to Visa •••• 4242"
    assert (plan["verdict"], plan["verdict_text"]) == ("eligible", "Eligible")
    assert plan["rows"] == [{"label": "Items", "value": "$20.00", "kind": ""}]
    assert plan["goes_to"] == [{"label": "Visa •••• 4242", "value": "$20.00", "kind": ""}]
    assert plan["needed_tier_text"] == "An agent can release it."
    assert plan["plan"] is None
    assert world.store.reads == reads
    assert world.store.sent == []


def test_the_same_items_as_store_credit(agent: Person, credited: Case) -> None:
    agent.get("/api/v1/me")
    plan = price(agent, credited, one_of(credited, destination="store_credit"))
    assert plan["button"] == "Give $20.00 store credit"
    assert plan["goes_to"] == [{"label": "Store credit", "value": "$20.00", "kind": ""}]
    assert plan["credit_total"] == {"amount": "20.00", "currency": "USD"}


def test_fees_and_bonus_are_rows_and_the_button_says_what_is_given(
    agent: Person, credited: Case, world: World
) -> None:
    agent.get("/api/v1/me")
    fee = ChosenFee(kind=FeeKind.RESTOCKING, label="Restocking fee", percent=Decimal(15))
    label = ChosenFee(kind=FeeKind.RETURN_SHIPPING, label="Return label", amount=usd("2.95"))
    terms = Terms(fees=(fee, label), bonus_percent=Decimal(10))
    with_terms(world, credited, lambda _: terms)
    to_card = price(agent, credited, one_of(credited, 2))
    assert to_card["button"] == "Refund $31.05 to Visa •••• 4242"
    assert [(row["label"], row["value"]) for row in to_card["rows"]] == [
        ("Items", "$40.00"),
        ("Restocking fee (15 %)", "-$6.00"),
        ("Return label", "-$2.95"),
    ]
    assert [one["amount"]["amount"] for one in to_card["fees"]] == ["6.00", "2.95"]
    credit = price(agent, credited, one_of(credited, 2, destination="store_credit"))
    assert credit["button"] == "Give $34.16 store credit"
    assert credit["bonus"] == {"amount": "3.11", "currency": "USD"}
    assert credit["rows"][-1] == {"label": "Bonus (10 %)", "value": "$3.11", "kind": "bonus"}


@pytest.mark.parametrize("label", ["Restocking fee 15 %", "15% restocking"])
def test_a_percentage_that_a_fee_says_itself_isnt_said_twice(label: str) -> None:
    fee = PlanFee(kind=FeeKind.RESTOCKING, label=label, percent=Decimal("15.0"), amount=usd("3"))
    assert fee_label(fee) == label


def test_what_the_body_says_about_terms_is_the_policys(
    agent: Person, credited: Case, world: World
) -> None:
    with_terms(world, credited, lambda terms: terms.model_copy(update={"percent": Decimal(50)}))
    choice = one_of(credited)
    choice["lines"][0]["percent"] = "100"
    plan = price(agent, credited, choice)
    assert plan["total"]["amount"] == "10.00"
    for unknown in ("fees", "bonus_percent", "terms"):
        answer = agent.post(f"/api/v1/cases/{credited.id}/price", {**choice, unknown: []})
        assert answer.status_code == 422


def test_without_a_method_it_goes_where_the_policy_sends_it(
    agent: Person, credited: Case, world: World
) -> None:
    credit = Terms(destination=Destination.STORE_CREDIT, bonus_percent=Decimal(10))
    with_terms(world, credited, lambda _: credit)
    assert price(agent, credited, one_of(credited))["destination"] == "store_credit"
    for choice in (
        one_of(credited, destination="original_payment"),
        {"amount": {"amount": "5.00", "currency": "USD"}, "destination": "original_payment"},
    ):
        answer = agent.post(f"/api/v1/cases/{credited.id}/price", choice)
        assert answer.status_code == 403
        assert "store credit" in str(body_of(answer)["detail"])


def test_another_amount_is_told_with_its_tier(
    agent: Person, lead: Person, world: World, desk: Desk
) -> None:
    for person in (agent, lead):
        person.get("/api/v1/me")
    world.add_order(make_order("#7", (make_line(1, "Sofa", "900.00"),)))
    desk.receive("501", "refund")
    case = desk.case("501")
    small = {"amount": {"amount": "499.99", "currency": "USD"}}
    large = {"amount": {"amount": "500.01", "currency": "USD"}}
    assert price(agent, case, small)["may_release"] is True
    told = price(agent, case, large)
    assert (told["may_release"], told["needed_tier"]) == (False, "team_lead")
    assert told["why_not"] == "A team lead can release this amount."
    assert price(lead, case, large)["may_release"] is True
    too_much = {"amount": {"amount": "900.01", "currency": "USD"}}
    answer = agent.post(f"/api/v1/cases/{case.id}/price", too_much)
    assert answer.status_code == 422
    assert "can still be refunded" in str(body_of(answer)["detail"])


def test_a_store_that_has_none_offers_no_store_credit(agent: Person, eligible: Case) -> None:
    choice = one_of(eligible, destination="store_credit")
    answer = agent.post(f"/api/v1/cases/{eligible.id}/price", choice)
    assert answer.status_code == 422
    assert "can't give store credit" in str(body_of(answer)["detail"])
    html = agent.get("/sidebar/tickets/501").text
    assert 'value="store_credit"' not in html


# --- released -------------------------------------------------------------------------------------


def test_store_credit_is_released_told_and_noted_as_such(
    agent: Person, credited: Case, world: World, desk: Desk
) -> None:
    agent.get("/api/v1/me")
    plan = offer(agent, credited, one_of(credited, destination="store_credit"))
    started = body_of(agent.post("/api/v1/refunds", {"plan": plan["plan"]}))
    assert started["title"] == "$20.00 store credit in a few seconds"
    assert desk.work(str(started["id"])) == "settled"
    after = body_of(agent.get(f"/api/v1/refunds/{started['id']}"))
    assert after["title"] == "$20.00 store credit given"
    assert world.store.sent[0].plan.is_store_credit
    [write] = [
        one for one in world.deps.outbox.of_ticket("acme", "501") if one.purpose == "outcome"
    ]
    assert write.write.note is not None
    note = write.write.note.as_text()
    assert "Store credit of 20.00 USD given for #1042" in note
    assert "To: the customer's store credit" in note
    assert "Visa" not in note
    assert "makegood_store_credit" in write.write.add_tags
    html = agent.get("/sidebar/tickets/501").text
    assert "Store credit given" in html


def test_a_bonus_is_told_until_it_is_in_the_store_credit(
    agent: Person, credited: Case, world: World, desk: Desk
) -> None:
    agent.get("/api/v1/me")
    with_terms(world, credited, lambda _: Terms(bonus_percent=Decimal(10)))
    plan = offer(agent, credited, one_of(credited, destination="store_credit"))
    assert plan["button"] == "Give $22.00 store credit"
    started = body_of(agent.post("/api/v1/refunds", {"plan": plan["plan"]}))
    assert desk.work(str(started["id"])) == "settled"
    told = body_of(agent.get(f"/api/v1/refunds/{started['id']}"))
    assert (told["title"], told["is_final"]) == ("$20.00 store credit given", False)
    assert "The bonus of $2.00 is added next." in str(told["detail"])
    bonus = world.deps.bonuses.of_refund("acme", str(started["id"]))
    assert bonus is not None
    assert work_on_bonus(world.deps, bonus.id) == "given"
    told = body_of(agent.get(f"/api/v1/refunds/{started['id']}"))
    assert (told["title"], told["is_final"]) == ("$22.00 store credit given", True)
    assert "The bonus of $2.00 is in it." in str(told["detail"])
    assert [one.amount for one in world.store.credits] == [usd("2.00")]


# --- against the policy ---------------------------------------------------------------------------


def against(clause: str, reason: str = "Storm delayed the parcel", **more: Any) -> dict[str, Any]:
    return {"override": {"clause_id": clause, "reason": reason, **more}}


def test_what_isnt_eligible_needs_a_rule_and_a_reason(
    agent: Person, too_late: Case, world: World
) -> None:
    agent.get("/api/v1/me")
    for choice, status in (
        (one_of(too_late), 403),
        (one_of(too_late, **against("within_30_days", "no")), 422),
        (one_of(too_late, **against("no_such_rule")), 422),
        (one_of(too_late, **against("Store Payment")), 422),
    ):
        for path in ("price", "plans"):
            answer = agent.post(f"/api/v1/cases/{too_late.id}/{path}", choice)
            assert answer.status_code == status, (choice, answer.text)
    assert world.deps.ledger.of_case("acme", too_late.id) == []


def test_an_override_is_kept_on_plan_refund_audit_and_note(
    lead: Person, too_late: Case, world: World, desk: Desk
) -> None:
    lead.get("/api/v1/me")
    choice = one_of(too_late, **against("within_30_days"))
    told = price(lead, too_late, choice)
    assert too_late.decision is not None
    said = f"Against the policy: {too_late.decision.titles()['within_30_days']}"
    assert (told["verdict"], told["verdict_text"]) == ("override", said)
    assert told["button"] == "Refund $48.60 to Visa •••• 4242"
    plan = offer(lead, too_late, choice)
    started = body_of(lead.post("/api/v1/refunds", {"plan": plan["plan"]}))
    assert desk.work(str(started["id"])) == "settled"
    [refund] = world.deps.ledger.of_case("acme", too_late.id)
    assert refund.state is RefundState.SETTLED
    assert refund.override is not None
    assert refund.override.reason == "Storm delayed the parcel"
    [event] = [
        one
        for one in world.deps.audit.of_subject("acme", f"case:{too_late.id}")
        if one.action == "policy_overridden"
    ]
    assert (event.actor, event.data["clause"]) == ("12", "within_30_days")
    for one in world.deps.audit.of_subject("acme", f"refund:{refund.id}"):
        override = one.data["override"]
        assert isinstance(override, dict) and override["clause_id"] == "within_30_days"
    assert world.deps.audit.verify("acme")[1] is None
    [write] = [
        one for one in world.deps.outbox.of_ticket("acme", "501") if one.purpose == "outcome"
    ]
    assert write.write.note is not None
    assert "Reason: Storm delayed the parcel" in write.write.note.as_text()


def test_an_agent_alone_overrides_nothing(agent: Person, too_late: Case, world: World) -> None:
    """However small the amount: at least a team lead releases what goes against the policy."""
    agent.get("/api/v1/me")
    plan = offer(agent, too_late, one_of(too_late, **against("within_30_days")))
    if plan["plan"] is not None:
        assert agent.post("/api/v1/refunds", {"plan": plan["plan"]}).status_code == 403
    assert world.deps.ledger.of_case("acme", too_late.id) == []


@pytest.mark.parametrize("change", [{"is_disputed": True}, {"is_test": True}])
def test_no_override_gets_past_the_store_itself(
    agent: Person, world: World, desk: Desk, change: dict[str, Any]
) -> None:
    line = make_line(1, "Linen shirt", "48.60")
    world.add_order(make_order("#1042", (line,), **change))
    desk.receive("501", "refund")
    case = desk.case("501")
    assert case.decision is not None
    code = next(iter(case.decision.titles()))
    choice = one_of(case, **against(code))
    assert agent.post(f"/api/v1/cases/{case.id}/plans", choice).status_code == 403
    assert world.deps.ledger.of_case("acme", case.id) == []
    agent.get("/api/v1/me")
    assert "fold-override" not in agent.get("/sidebar/tickets/501").text


def test_fees_are_waived_only_by_an_override(agent: Person, credited: Case, world: World) -> None:
    fee = ChosenFee(kind=FeeKind.RESTOCKING, label="Restocking fee", percent=Decimal(15))
    with_terms(world, credited, lambda _: Terms(fees=(fee,)))
    with_fee = one_of(credited, **against("within_30_days"))
    assert price(agent, credited, with_fee)["total"]["amount"] == "17.00"
    waived = one_of(credited, **against("within_30_days", waives_fees=True))
    assert price(agent, credited, waived)["total"]["amount"] == "20.00"


def test_who_may_only_look_overrides_nothing(onlooker: Person, too_late: Case) -> None:
    choice = one_of(too_late, **against("within_30_days"))
    answer = onlooker.post(f"/api/v1/cases/{too_late.id}/plans", choice)
    assert answer.status_code == 403
    onlooker.get("/api/v1/me")
    html = onlooker.get("/sidebar/tickets/501").text
    assert "fold-override" not in html and "fold-part" not in html

"""Corrections by the interface, the words on the panel, and the page for team leads."""

from __future__ import annotations

import re

from flask import Flask

from app.domain.case import Case
from tests.web.conftest import Person
from tests.web.test_panel import code, money_buttons, panel, words


def test_a_case_is_set_aside_and_taken_up_again(agent: Person, eligible: Case) -> None:
    html = panel(agent)
    assert 'data-action="aside"' in html and 'data-action="kind"' in html
    assert agent.post(f"/api/v1/cases/{eligible.id}/set-aside", {}).status_code == 200
    html = panel(agent)
    assert code(html) == "set_aside"
    assert money_buttons(html) == []
    assert agent.post("/api/v1/tickets/501/triage", {}).status_code == 200
    assert code(panel(agent)) == "eligible"


def test_another_kind_is_taken_and_an_unknown_one_refused(agent: Person, eligible: Case) -> None:
    url = f"/api/v1/cases/{eligible.id}/kind"
    assert agent.post(url, {"kind": "return"}).status_code == 200
    assert re.search(r'value="return" selected', panel(agent))
    assert agent.post(url, {"kind": "free money"}).status_code in {400, 422}
    assert agent.post(f"/api/v1/cases/{eligible.id}x/kind", {"kind": "return"}).status_code == 404


def test_the_page_is_for_team_leads(agent: Person, lead: Person, eligible: Case) -> None:
    agent.post(f"/api/v1/cases/{eligible.id}/set-aside", {})
    assert agent.get("/sidebar/reading").status_code == 403
    answer = lead.get("/sidebar/reading")
    assert answer.status_code == 200
    said = words(answer.text)
    assert "Tickets read: 1. Corrected by your team: 1." in said
    assert "not a refund, taken for money back for an item" in said
    assert "<script" not in answer.text and "style=" not in answer.text


def test_nobody_signed_in_sees_nothing(app: Flask) -> None:
    assert app.test_client().get("/sidebar/reading").status_code == 401

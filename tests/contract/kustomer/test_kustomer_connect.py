"""Connecting an org: registered once, names read back, and every unconfirmed answer understood."""

from __future__ import annotations

import pytest

from app.domain.errors import AccessDenied, OutcomeUnknown, RateLimited
from app.domain.ticket import TicketEventKind
from app.ports import Check, CheckStatus
from integrations.helpdesks.kustomer.connect import Connected, Options, disconnect
from integrations.helpdesks.kustomer.fields import ATTRIBUTES
from integrations.sandbox.kustomer import roles
from tests.contract.helpdesk.test_writing import write_for
from tests.support.kustomer_bench import VERSION, KustomerBench


def outcomes(made: Connected) -> dict[str, str]:
    return {step.name: step.outcome for step in made.steps}


def failed(bench: KustomerBench) -> list[Check]:
    return [one for one in bench.helpdesk().check() if one.status is CheckStatus.FAILED]


def a_ticket_goes_through(bench: KustomerBench) -> None:
    """A conversation arrives, is read, and gets note and attributes."""
    ticket_id = bench.ticket(bench.person("customer"), "Order #1001")
    events = [
        bench.integration.receive(
            bench.account, bench.vault, post.headers, post.body, bench.sandbox.clock.now()
        )
        for post in bench.drained()
    ]
    assert [one.kind for one in events if one] == [TicketEventKind.CREATED] * 2
    helpdesk = bench.helpdesk()
    helpdesk.write_ticket(write_for(ticket_id), helpdesk.read_ticket(ticket_id))
    assert bench.fields(ticket_id)["amount"] == "48.60"
    assert len(bench.comments(ticket_id)) == 1


def test_a_first_run_sets_everything_up(fresh: KustomerBench) -> None:
    made = fresh.connect()
    assert "skipped" not in outcomes(made).values()
    org = fresh.sandbox.org
    app = f"makegood_{org.id}"
    assert made.config["app"] == app
    assert made.config["commands"] == {
        name: f"kustomer.app.{app}.{name}" for name in ("sign-in", "look", "act", "refund")
    }
    assert set(org.commands) == set(made.config["commands"].values())
    assert made.config["sign_in_klass"] == f"{app}-sign-in"
    assert made.config["machine_user_id"] == fresh.sandbox.machine_user.id
    token = made.secrets["service_tokens"]
    assert token is not None and token.startswith("mgk.acc_1.") and len(token) > 40
    assert org.settings[f"{app}.default.serviceToken"].value == token
    assert failed(fresh) == []
    a_ticket_goes_through(fresh)


def test_a_second_run_changes_nothing(bench: KustomerBench) -> None:
    before = dict(bench.vault.values)
    made = bench.connect()
    assert set(outcomes(made).values()) == {"kept"}
    assert bench.sandbox.calls.count("apps.register") == 0
    assert dict(bench.vault.values) == before
    assert len(bench.sandbox.org.webhooks) == 1


def test_a_changed_definition_gets_the_next_version(bench: KustomerBench) -> None:
    bench.public_url = "https://moved.example.com"
    made = bench.connect()
    assert made.config["app_version"] == "1.2.4"
    assert outcomes(made)["app"] == "created"
    [webhook] = bench.sandbox.org.webhooks.values()
    assert webhook.url == "https://moved.example.com/webhooks/kustomer"
    again = bench.connect()
    assert again.config["app_version"] == "1.2.4"
    assert outcomes(again)["app"] == "kept"


def test_a_forgotten_account_finds_the_next_version_by_itself(bench: KustomerBench) -> None:
    config = {"org": bench.account.config["org"]}
    bench.account = bench.account.model_copy(update={"config": config})
    made = bench.connect()
    assert made.config["app_version"] != VERSION
    assert failed(bench) == []


@pytest.mark.parametrize(
    "switches",
    [
        {"default_headers": "refused"},
        {"default_headers": "literal"},
        {"attributes_prefixed": False},
        {"klass_needs_icon": True},
        {"empty_lists": False},
        {"error_shape": "json_api"},
        {"error_shape": "simple"},
        {"reset_unit": "seconds"},
        {"changes_on_create": "absent"},
        {"teams_on_user": False},
        {"custom_patch": "merge", "duplicate_note": "conflict"},
        {"default_headers": "refused", "klass_needs_icon": True, "error_shape": "json_api"},
    ],
    ids=str,
)
def test_every_unconfirmed_answer_works(fresh: KustomerBench, switches: dict[str, object]) -> None:
    for name, value in switches.items():
        assert hasattr(fresh.sandbox.org.switches, name)
        setattr(fresh.sandbox.org.switches, name, value)
    made = fresh.connect()
    assert "skipped" not in outcomes(made).values()
    assert failed(fresh) == []
    a_ticket_goes_through(fresh)
    stored = made.config["attributes"]
    assert isinstance(stored, dict)
    is_prefixed = fresh.sandbox.org.switches.attributes_prefixed
    for resource, specs in ATTRIBUTES.items():
        for spec in specs:
            assert str(stored[resource][spec.name]).startswith("@") is is_prefixed


def test_where_only_an_admin_may_install_the_rest_follows_after_it(fresh: KustomerBench) -> None:
    fresh.sandbox.org.switches.install_by_api = False
    made = fresh.connect()
    steps = outcomes(made)
    assert steps["app"] == "created"
    assert {name for name, outcome in steps.items() if outcome == "skipped"} == {
        "installation",
        "service token",
        "attributes of conversation",
        "attributes of customer",
        "webhook",
    }
    [told] = [step.detail for step in made.steps if step.name == "installation"]
    assert str(made.config["app_version"]) in told and "App Directory" in told
    assert failed(fresh)
    fresh.sandbox.install(str(made.config["app"]), str(made.config["app_version"]))
    assert "skipped" not in outcomes(fresh.connect()).values()
    assert failed(fresh) == []
    a_ticket_goes_through(fresh)


def test_two_keys_share_the_work_and_only_the_lesser_is_kept(fresh: KustomerBench) -> None:
    fresh.connect(api_key=fresh.sandbox.runtime_key, setup_key=fresh.sandbox.api_key)
    assert fresh.vault.get("helpdesk", "api_key") == fresh.sandbox.runtime_key
    assert fresh.sandbox.api_key not in fresh.vault.values.values()
    # The lesser key may not look at apps; what the app brings is looked at instead.
    assert failed(fresh) == []


def test_a_key_that_lacks_roles_is_named_before_anything_is_made(fresh: KustomerBench) -> None:
    lacking = [one for one in roles.SETUP if not one.startswith("org.permission.note")]
    key = fresh.sandbox.add_key("Lesser", lacking)
    with pytest.raises(AccessDenied) as refused:
        fresh.connect(api_key=key.token)
    assert "org.permission.note.create" in str(refused.value)
    assert "make a new one" in str(refused.value)
    assert fresh.sandbox.org.versions == {}


def test_a_persons_session_is_no_key(fresh: KustomerBench) -> None:
    with pytest.raises(AccessDenied):
        fresh.connect(api_key=fresh.as_person(fresh.person("manager")))


def test_what_registration_refuses_is_said_and_nothing_is_kept(fresh: KustomerBench) -> None:
    fresh.sandbox.faults.add("apps.register", "http_429")
    with pytest.raises(RateLimited):
        fresh.connect()
    assert fresh.vault.get("helpdesk", "api_key") is None
    assert fresh.sandbox.org.versions == {}


# --- doctor -------------------------------------------------------------------------------------


def broken(bench: KustomerBench) -> dict[str, str]:
    found = {one.name: f"{one.detail} -> {one.mend}" for one in failed(bench)}
    assert all(" -> None" not in one for one in found.values())
    return found


def test_a_webhook_that_was_switched_off_is_seen_and_mended(bench: KustomerBench) -> None:
    [webhook] = bench.sandbox.org.webhooks.values()
    webhook.enabled, webhook.is_error = False, True
    assert "switches it on" in broken(bench)["kustomer webhook"]
    assert outcomes(bench.connect())["webhook"] == "changed"
    assert webhook.enabled
    webhook.is_error = False
    assert broken(bench) == {}


def test_each_fault_is_named_with_its_mend(bench: KustomerBench) -> None:
    org = bench.sandbox.org
    name = bench.attribute("conversation", "status")
    org.klasses["conversation"].properties["refundStatusStr"] = org.klasses[
        "conversation"
    ].properties.pop(name)
    klass = org.klasses.pop(str(bench.account.config["sign_in_klass"]))
    [installation] = org.installations.values()
    installation.status = "install_failed"
    found = broken(bench)
    assert "is called refundStatusStr now" in found["kustomer attribute Refund status"]
    assert klass.name in found["kustomer sign-in"]
    assert "failed" in found["kustomer app"]


def test_a_revoked_key_stands_alone(bench: KustomerBench) -> None:
    bench.vault.put("helpdesk", {"api_key": "revoked"})
    [check] = bench.helpdesk().check()
    assert check.status is CheckStatus.FAILED
    assert "make a new" in f"{check.detail} {check.mend}"


def test_a_key_of_another_region_is_told(bench: KustomerBench) -> None:
    bench.sandbox.faults.add("users.current", "wrong_pod")
    [check] = bench.helpdesk().check()
    assert "another region" in check.detail


def test_a_mapped_team_that_does_not_exist_is_noticed(bench: KustomerBench) -> None:
    config = {**bench.account.config, "tiers": {"groups": {"Gone": "team_lead"}}}
    bench.account = bench.account.model_copy(update={"config": config})
    assert "Gone" in broken(bench)["kustomer tiers"]


# --- undoing ------------------------------------------------------------------------------------


def test_disconnecting_takes_back_what_can_be_taken_back(bench: KustomerBench) -> None:
    steps = {step.name: step.outcome for step in disconnect(bench.account, bench.surroundings)}
    assert steps == {"webhook": "removed", "service token": "removed", "app": "skipped"}
    org = bench.sandbox.org
    assert org.webhooks == {}
    assert {one.value for one in org.settings.values()} == {""}
    again = {step.name: step.outcome for step in disconnect(bench.account, bench.surroundings)}
    assert again["webhook"] == "skipped"


def test_a_lesser_key_says_what_an_admin_must_undo(fresh: KustomerBench) -> None:
    fresh.connect(api_key=fresh.sandbox.runtime_key, setup_key=fresh.sandbox.api_key)
    steps = {step.name: step for step in disconnect(fresh.account, fresh.surroundings)}
    assert steps["webhook"].outcome == "skipped" and "in Kustomer" in steps["webhook"].detail
    disconnect(fresh.account, fresh.surroundings, fresh.sandbox.api_key)
    assert fresh.sandbox.org.webhooks == {}


def test_options_are_kept_until_they_are_changed(bench: KustomerBench) -> None:
    bench.connect(Options(order_klass="order", requests_per_minute=1000))
    assert bench.connect().config["order_klass"] == "order"
    assert bench.connect(Options(order_klass="")).config["order_klass"] == ""
    assert bench.account.config["requests_per_minute"] == 1000


def test_a_registration_whose_answer_was_lost_is_made_again(fresh: KustomerBench) -> None:
    fresh.sandbox.faults.add("apps.register", "disconnect_after")
    with pytest.raises(OutcomeUnknown):
        fresh.connect()
    # A registered version is permanent, so the second try takes the next one.
    assert fresh.connect().config["app_version"] == "1.2.4"
    assert failed(fresh) == []


def test_an_attribute_that_was_renamed_is_found_again(bench: KustomerBench) -> None:
    known = bench.sandbox.org.klasses["conversation"].properties
    known["refundStatusStr"] = known.pop(bench.attribute("conversation", "status"))
    bench.connect()
    assert bench.attribute("conversation", "status") == "refundStatusStr"
    assert failed(bench) == []

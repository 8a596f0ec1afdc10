"""Connecting an account: found again, completed, and taken back."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from app.domain.errors import AccessDenied, ConfigurationError, Rejected
from app.domain.people import Tier, TierMap
from app.ports import Account, CheckStatus, Surroundings
from integrations.helpdesks.zendesk import ZENDESK
from integrations.helpdesks.zendesk.connect import (
    Connected,
    Credentials,
    authorization_url,
    connect,
    disconnect,
)
from integrations.helpdesks.zendesk.oauth import TOKEN_SECRET, StoredToken
from integrations.helpdesks.zendesk.setup import NEEDED_SCOPES
from integrations.helpdesks.zendesk.webhook import WEBHOOK_SECRETS
from integrations.sandbox.zendesk.app import ZendeskSandbox
from manifest.build import build_zendesk
from tests.support.surroundings import CallableClock, MemoryVault, make_surroundings

PUBLIC_URL = "https://refunds.example.com"
HOOK = f"{PUBLIC_URL}/webhooks/zendesk/acc_1"
CLIENT, SECRET = "makegood-test", "client-secret-for-tests"
OWN = Credentials(client_id=CLIENT, client_secret=SECRET)


@dataclass
class Admin:
    """An admin at work: connects, and keeps what there is to keep."""

    sandbox: ZendeskSandbox
    vault: MemoryVault = field(default_factory=MemoryVault)
    account: Account = field(
        default_factory=lambda: Account(
            id="acc_1", helpdesk="zendesk", name="Acme", config={"subdomain": "acme"}
        )
    )

    @property
    def surroundings(self) -> Surroundings:
        clock = CallableClock(self.sandbox.clock.now)
        return make_surroundings({"zendesk": self.sandbox.base}, clock, vault=self.vault)

    def connect(self, credentials: Credentials = OWN, package: Path | None = None) -> Connected:
        made = connect(
            self.account, self.surroundings, credentials, PUBLIC_URL + "/", package=package
        )
        self.vault.put("helpdesk", made.secrets)
        self.account = self.account.model_copy(update={"config": made.config})
        return made

    def outcomes(self, made: Connected) -> dict[str, str]:
        return {step.name: step.outcome for step in made.steps}

    def faults_found(self) -> dict[str, str]:
        """The failed checks and their mends."""
        checks = ZENDESK.open(self.account, self.surroundings).check()
        return {one.name: str(one.mend) for one in checks if one.status is not CheckStatus.OK}


@pytest.fixture
def admin() -> Iterator[Admin]:
    with ZendeskSandbox() as sandbox:
        sandbox.add_oauth_client(CLIENT, secret=SECRET, redirect_uris=[f"{PUBLIC_URL}/back"])
        # As the desk shows an app that an admin has named at its installation.
        sandbox.installation.settings["name"] = "Makegood"
        yield Admin(sandbox)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return build_zendesk(PUBLIC_URL, tmp_path, "1.0.0")


def test_everything_is_made_and_works(admin: Admin) -> None:
    outcomes = admin.outcomes(admin.connect())
    assert (
        outcomes["webhook"] == outcomes["trigger"] == outcomes["field Refund status"] == "created"
    )
    assert admin.faults_found() == {}
    (webhook,) = admin.sandbox.account.webhooks.values()
    assert (webhook.name, webhook.endpoint, webhook.status) == ("Makegood", HOOK, "active")
    assert admin.vault.get("helpdesk", WEBHOOK_SECRETS) == webhook.secret
    kinds = []
    for trigger in admin.sandbox.account.triggers.values():
        called, sent = trigger.actions[0]["value"]
        body = json.loads(sent)
        assert called == webhook.id
        assert body == {"v": 1, "kind": body["kind"], "ticket_id": "{{ticket.id}}"}
        kinds.append(body["kind"])
    assert kinds == ["ticket_created", "customer_replied"]


def test_a_second_run_changes_nothing(admin: Admin) -> None:
    first = admin.connect()
    books = (dict(admin.sandbox.account.webhooks), dict(admin.sandbox.account.triggers))
    fields = len(admin.sandbox.account.ticket_fields)
    second = admin.connect()
    assert set(admin.outcomes(second).values()) == {"kept"}
    assert second.config == first.config
    assert (admin.sandbox.account.webhooks, admin.sandbox.account.triggers) == books
    assert len(admin.sandbox.account.ticket_fields) == fields


def test_a_run_that_lost_its_memory_finds_everything_again(admin: Admin) -> None:
    first = admin.connect()
    admin.account = admin.account.model_copy(update={"config": {"subdomain": "acme"}})
    second = admin.connect()
    assert set(admin.outcomes(second).values()) == {"kept"}
    assert second.config == first.config


def test_what_was_switched_off_or_changed_is_mended(admin: Admin) -> None:
    admin.connect()
    account = admin.sandbox.account
    next(iter(account.webhooks.values())).status = "inactive"
    next(iter(account.triggers.values())).active = False
    status = next(one for one in account.custom_ticket_fields() if one.title == "Refund status")
    status.options.pop()
    amount = next(one for one in account.custom_ticket_fields() if one.title == "Refund amount")
    amount.active = False
    assert len(admin.faults_found()) == 4
    changed = {name for name, one in admin.outcomes(admin.connect()).items() if one == "changed"}
    assert changed == {"webhook", "trigger", "field Refund status", "field Refund amount"}
    assert admin.faults_found() == {}


def test_an_admins_own_condition_and_option_stay(admin: Admin) -> None:
    admin.connect()
    account = admin.sandbox.account
    trigger = next(iter(account.triggers.values()))
    own = {"field": "current_tags", "operator": "includes", "value": "shop"}
    trigger.conditions["all"] = [trigger.conditions["all"][0], own]
    assert "zendesk trigger" in admin.faults_found()
    admin.connect()
    assert own in trigger.conditions["all"]
    assert len(trigger.conditions["all"]) == 3
    assert admin.faults_found() == {}


def test_a_field_of_the_same_name_is_not_taken_for_ours(admin: Admin) -> None:
    theirs = {"type": "text", "title": "Refund status"}
    made = requests.post(
        f"{admin.sandbox.base}/api/v2/ticket_fields.json",
        json={"ticket_field": theirs},
        headers={"Authorization": f"Bearer {admin.sandbox.static_token}"},
        timeout=5,
    ).json()
    admin.connect()
    ids = admin.account.config["ticket_fields"]
    assert isinstance(ids, dict)
    assert str(made["ticket_field"]["id"]) not in ids.values()


def test_another_deployments_webhook_is_left_alone(admin: Admin) -> None:
    theirs = admin.sandbox.add_webhook("https://other.example.com/webhooks/zendesk/acc_9")
    admin.connect()
    assert theirs.endpoint == "https://other.example.com/webhooks/zendesk/acc_9"
    assert len(admin.sandbox.account.webhooks) == 2


def test_a_new_secret_leaves_the_old_one_valid_for_what_is_on_its_way(admin: Admin) -> None:
    admin.connect()
    (webhook,) = admin.sandbox.account.webhooks.values()
    old, webhook.secret = webhook.secret, "a-new-secret"
    admin.connect()
    assert admin.vault.get("helpdesk", WEBHOOK_SECRETS) == f"a-new-secret\n{old}"


def test_disconnecting_removes_what_connecting_made(admin: Admin) -> None:
    admin.connect()
    steps = disconnect(admin.account, admin.surroundings)
    assert [(step.name, step.outcome) for step in steps] == [
        ("trigger", "removed"),
        ("reply trigger", "removed"),
        ("webhook", "removed"),
    ]
    assert admin.sandbox.account.webhooks == {} == admin.sandbox.account.triggers
    again = disconnect(admin.account, admin.surroundings)
    assert {step.outcome for step in again} == {"skipped"}
    assert set(admin.faults_found()) == {
        "zendesk webhook",
        "zendesk trigger",
        "zendesk reply trigger",
    }


def test_the_app_is_uploaded_installed_and_updated(admin: Admin, package: Path) -> None:
    admin.sandbox.account.installations.clear()
    made = admin.connect(package=package)
    outcomes = admin.outcomes(made)
    assert outcomes["app"] == "created"
    # The installation made the fields, so they are only found.
    assert {one for name, one in outcomes.items() if name.startswith("field")} == {"kept"}
    assert admin.faults_found() == {}
    again = admin.connect(package=package)
    assert admin.outcomes(again)["app"] == "changed"
    assert len(admin.sandbox.account.installations) == 1


def test_without_the_app_no_field_is_made_that_would_stand_in_its_way(
    admin: Admin, package: Path
) -> None:
    admin.sandbox.account.installations.clear()
    outcomes = admin.outcomes(admin.connect())
    assert outcomes["app"] == outcomes["field Refund status"] == "skipped"
    assert admin.sandbox.account.custom_ticket_fields() == []
    assert "zendesk app" in admin.faults_found()
    assert admin.outcomes(admin.connect(package=package))["app"] == "created"
    assert admin.faults_found() == {}


def test_a_package_that_zendesk_refuses_says_why(admin: Admin, tmp_path: Path) -> None:
    admin.sandbox.account.installations.clear()
    broken = tmp_path / "broken.zip"
    with zipfile.ZipFile(broken, "w") as archive:
        archive.writestr("readme.txt", "nothing")
    with pytest.raises(Rejected, match=r"manifest\.json is missing"):
        admin.connect(package=broken)


def test_an_admin_consents_with_a_code(admin: Admin) -> None:
    verifier = "v" * 60
    admin.sandbox.consent.auto_user_id = admin.sandbox.admin.id
    url = authorization_url(
        "acme", admin.sandbox.base, CLIENT, f"{PUBLIC_URL}/back", "state-1", verifier
    )
    back = requests.get(url, allow_redirects=False, timeout=5).headers["Location"]
    query = parse_qs(urlsplit(back).query)
    assert query["state"] == ["state-1"]
    credentials = Credentials(
        client_id=CLIENT,
        client_secret=SECRET,
        code=query["code"][0],
        code_verifier=verifier,
        redirect_uri=f"{PUBLIC_URL}/back",
    )
    made = admin.connect(credentials)
    stored = StoredToken.model_validate_json(str(made.secrets[TOKEN_SECRET]))
    assert stored.refresh_token and stored.expires_at
    # Consent gave no right to make fields, and that is no reason to stop.
    assert admin.outcomes(made)["field Refund status"] == "skipped"
    assert admin.outcomes(made)["webhook"] == "created"
    with pytest.raises(Rejected, match="invalid_grant"):
        admin.connect(credentials)


def test_with_own_credentials_only_a_lesser_token_is_kept(admin: Admin) -> None:
    made = admin.connect()
    assert made.secrets[TOKEN_SECRET] is None
    assert admin.faults_found() == {}
    stored = StoredToken.model_validate_json(str(admin.vault.get("helpdesk", TOKEN_SECRET)))
    scopes = admin.sandbox.oauth.tokens[stored.access_token].scopes
    assert scopes == set(NEEDED_SCOPES)


@pytest.mark.parametrize("scope", ["read", "tickets:read tickets:write", "raed write"])
def test_a_token_that_may_too_little_is_refused_with_what_it_lacks(
    admin: Admin, scope: str
) -> None:
    token = admin.sandbox.issue_token(scope)
    with pytest.raises(AccessDenied):
        admin.connect(Credentials(token=token.value))
    assert admin.sandbox.account.webhooks == {}


def test_a_token_of_an_agent_is_not_enough(admin: Admin) -> None:
    token = admin.sandbox.oauth.issue(admin.sandbox.agent, "read write")
    with pytest.raises(AccessDenied, match="admin"):
        admin.connect(Credentials(token=token.value))


def test_no_credentials_are_no_credentials(admin: Admin) -> None:
    with pytest.raises(ConfigurationError):
        admin.connect(Credentials(client_id=CLIENT))


def test_secrets_are_not_shown(admin: Admin) -> None:
    shown = repr(Credentials(token="t-1", client_secret="s-1", code="c-1", code_verifier="v-1"))
    assert not any(secret in shown for secret in ("t-1", "s-1", "c-1", "v-1"))


def test_a_dead_token_is_one_finding_with_its_mend(admin: Admin) -> None:
    admin.connect(Credentials(token=admin.sandbox.static_token))
    admin.sandbox.oauth.tokens.clear()
    assert list(admin.faults_found()) == ["zendesk token"]


def test_each_fault_is_named(admin: Admin) -> None:
    admin.connect()
    account = admin.sandbox.account
    next(iter(account.webhooks.values())).endpoint = "https://old.example.com/"
    next(iter(account.triggers.values())).actions[0]["value"][0] = "another"
    next(iter(account.user_fields.values())).active = False
    admin.sandbox.installation.enabled = False
    admin.account = admin.account.model_copy(
        update={"config": {**admin.account.config, "public_key": "another"}}
    )
    found = admin.faults_found()
    assert set(found) == {
        "zendesk webhook",
        "zendesk trigger",
        "zendesk field Refunds (count)",
        "zendesk app",
        "zendesk public key",
    }
    assert all(mend != "None" for mend in found.values())


def test_groups_are_asked_for_only_where_they_are_mapped(admin: Admin) -> None:
    sandbox = admin.sandbox
    lead = sandbox.add_user(
        "Oda Brandt", "oda.brandt@example.com", role="agent", groups=["Refund desk", "Nights"]
    )
    admin.connect(Credentials(token=sandbox.static_token))
    sandbox.calls.clear()
    read = ZENDESK.open(admin.account, admin.surroundings).read_agent
    assert read(str(lead.id)).groups == ()
    assert sandbox.calls.by_operation() == {"users.show": 1}
    config = {**admin.account.config, "tiers": {"roles": {}, "groups": {"nights": "manager"}}}
    mapped = admin.account.model_copy(update={"config": config})
    sandbox.calls.clear()
    agent = ZENDESK.open(mapped, admin.surroundings).read_agent(str(lead.id))
    assert agent.groups == ("Refund desk", "Nights")
    assert TierMap.of(config["tiers"]).applied_to(agent).tier is Tier.MANAGER
    assert sandbox.calls.by_operation() == {"users.show": 1, "users.groups": 1}


def test_a_mapped_name_that_does_not_exist_is_named(admin: Admin) -> None:
    config = {**admin.account.config, "tiers": {"roles": {}, "groups": {"Nihgts": "manager"}}}
    admin.account = admin.account.model_copy(update={"config": config})
    [step] = [one for one in admin.connect().steps if one.name == "tiers"]
    assert step.detail == "not in this Zendesk: group Nihgts"
    checks = ZENDESK.open(admin.account, admin.surroundings).check()
    [found] = [one for one in checks if one.name == "zendesk tiers"]
    assert (found.status, found.detail) == (CheckStatus.FAILED, "Zendesk has no group Nihgts")

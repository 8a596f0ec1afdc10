"""The app definition: what it says, and that each known rule stops what breaks it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from app.cli.manifest import manifest
from integrations.helpdesks.kustomer.fields import ATTRIBUTES
from integrations.helpdesks.kustomer.webhook import EVENTS
from manifest.kustomer import build_kustomer, definition
from manifest.kustomer.rules import definition_problems
from manifest.problems import BadPackage

URL = "https://refunds.example.com"
Change = Callable[[dict[str, Any]], object]


def broken_by(change: Change) -> list[str]:
    made = copy.deepcopy(definition(URL, "0.1.0"))
    change(made)
    return definition_problems(made)


def test_the_definition_is_right() -> None:
    assert definition_problems(definition(URL, "0.1.0")) == []
    assert definition_problems(definition("http://127.0.0.1:8000", "2.3.4-rc.1")) == []


def test_it_creates_what_the_adapter_writes_and_listens_to() -> None:
    made = definition(URL, "0.1.0")
    for resource, specs in ATTRIBUTES.items():
        [klass] = [one for one in made["klasses"] if one["name"] == resource]
        assert klass["metadata"]["standard"] is True
        assert set(klass["metadata"]["properties"]) == {spec.key for spec in specs}
    [webhook] = made["outboundWebhooks"]
    assert webhook["url"] == f"{URL}/webhooks/kustomer"
    assert webhook["events"] == list(EVENTS)
    assert [one["name"] for one in made["commands"]] == ["sign-in", "look", "act", "refund"]
    logged = {one["name"]: one["auditLogging"] for one in made["commands"]}
    assert logged == {"sign-in": False, "look": False, "act": True, "refund": True}


def test_no_secret_stands_in_it() -> None:
    text = json.dumps(definition(URL, "0.1.0"))
    assert "mgk." not in text
    [view] = definition(URL, "0.1.0")["kviews"]
    assert "?" not in view["template"] and "oken" not in view["template"]


def test_a_build_is_the_same_each_time(tmp_path: Path) -> None:
    first = build_kustomer(URL, tmp_path / "a", "0.1.0").read_bytes()
    assert build_kustomer(URL, tmp_path / "b", "0.1.0").read_bytes() == first
    assert json.loads(first)["version"] == "0.1.0"


@pytest.mark.parametrize(
    "url", ["", "refunds.example.com", "http://refunds.example.com", f"{URL}?x=1"]
)
def test_a_bad_address_leaves_no_file(tmp_path: Path, url: str) -> None:
    with pytest.raises(BadPackage):
        build_kustomer(url, tmp_path, "0.1.0")
    assert list(tmp_path.iterdir()) == []


def test_the_command_builds_and_refuses(tmp_path: Path) -> None:
    wanted = ["build", "--helpdesk", "kustomer", "--out", str(tmp_path)]
    done = CliRunner().invoke(manifest, [*wanted, "--url", URL])
    assert done.exit_code == 0, done.output
    assert len(list(tmp_path.glob("makegood-kustomer-*.json"))) == 1
    refused = CliRunner().invoke(manifest, [*wanted, "--url", "http://refunds.example.com"])
    assert refused.exit_code == 2


def command(made: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = made["commands"][0]
    return found


BREAKS: list[tuple[str, Change, str]] = [
    ("unknown key", lambda one: one.update({"$schema": "x"}), "$schema"),
    ("unknown inner key", lambda one: command(one).update(timeout=5), "timeout"),
    ("deprecated cards", lambda one: one.update(cards=[]), "cards"),
    ("roles", lambda one: one.update(roles=["org.user"]), "roles"),
    ("dash in app", lambda one: one.update(app="make-good"), "snake_case"),
    ("capital in app", lambda one: one.update(app="Makegood"), "snake_case"),
    ("starter name", lambda one: one.update(app="my_app"), "starter"),
    ("version", lambda one: one.update(version="1.0"), "semantic version"),
    ("missing version", lambda one: one.pop("version"), "version"),
    ("public", lambda one: one.update(visibility="public"), "visibility"),
    ("identifier", lambda one: one.update(identifier="mk-good"), "identifier"),
    ("no news", lambda one: one.update(changelog={}), "says nothing about"),
    ("undated news", lambda one: one["changelog"].update({"0.1.0": "First"}), "open with its date"),
    ("vendor's tag", lambda one: one.update(tags=["featured"]), "tags"),
    ("no fallback", lambda one: one["i18n"].pop("en_us"), "en_us is missing"),
    ("untranslated", lambda one: one["i18n"]["de"].popitem(), "is missing"),
    ("idle text", lambda one: one["i18n"]["de"].update({"makegood.x": "y"}), "belongs to nothing"),
    (
        "secret default",
        lambda one: one["settings"]["default"]["serviceToken"].update(defaultValue="abc"),
        "would be readable",
    ),
    (
        "secret that is none",
        lambda one: one["settings"]["default"]["serviceToken"].update(type="string"),
        "looks like a secret",
    ),
    (
        "setting without default",
        lambda one: one["settings"]["default"]["serviceToken"].pop("defaultValue"),
        "defaultValue",
    ),
    (
        "standard flag lost",
        lambda one: one["klasses"][0]["metadata"].pop("standard"),
        "metadata.standard must be true",
    ),
    (
        "attribute without type",
        lambda one: one["klasses"][0]["metadata"]["properties"].update(
            refundStatus={"displayName": "x"}
        ),
        "with a type at its end",
    ),
    (
        "reference",
        lambda one: one["klasses"][0]["metadata"]["properties"].update(
            orderId={"displayName": "x"}
        ),
        "target",
    ),
    ("foreign klass", lambda one: one["klasses"][2].update(name="sign-in"), "must be named"),
    ("klass without icon", lambda one: one["klasses"][2].pop("icon"), "icon"),
    ("plain http", lambda one: command(one).update(url="http://refunds.example.com/x"), "https"),
    (
        "argument in the host",
        lambda one: command(one).update(url="https://{{{host}}}/x"),
        "where the secret goes",
    ),
    ("arguments", lambda one: command(one).update(permittedArgs=["host"]), "where the secret goes"),
    ("kept answers", lambda one: command(one).update(cacheSeconds=60), "old figures"),
    (
        "setting of nobody",
        lambda one: command(one).update(appSettings={"serviceToken": {"key": "makegood.x.y"}}),
        "no secret setting",
    ),
    (
        "undeclared template",
        lambda one: command(one)["defaultHeaders"].update(x="{{other}}"),
        "isn't in appSettings",
    ),
    (
        "unused secret",
        lambda one: command(one).update(defaultHeaders={}),
        "isn't sent by anything",
    ),
    (
        "card with a query",
        lambda one: one["kviews"][0].update(
            template='<DynamicCard src="https://x.example.com/c?t=1" context={object.context} />'
        ),
        "without a query",
    ),
    (
        "card of another context",
        lambda one: one["kviews"][0].update(
            template='<DynamicCard src="https://x.example.com/c" context={context.conversation} />'
        ),
        "object.context",
    ),
    ("kview's place", lambda one: one["kviews"][0].update(context="sidebar"), "unknown context"),
    (
        "unknown event",
        lambda one: one["outboundWebhooks"][0].update(events=["a.b"]),
        "unknown event",
    ),
    (
        "a loop",
        lambda one: one["outboundWebhooks"][0].update(events=["kustomer.conversation.update"]),
        "each of our own writes",
    ),
    ("no event", lambda one: one["outboundWebhooks"][0].update(events=[]), "events"),
    ("twice", lambda one: one["commands"].append(command(one)), "stands twice"),
]


@pytest.mark.parametrize(
    ("change", "reason"), [one[1:] for one in BREAKS], ids=[b[0] for b in BREAKS]
)
def test_each_rule_stops_what_breaks_it(change: Change, reason: str) -> None:
    assert any(reason in one for one in broken_by(change)), broken_by(change)

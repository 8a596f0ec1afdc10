"""Health, headers, logs and static files."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from app.domain.case import Case
from app.domain.errors import ConfigurationError, Rejected
from app.logs import configure_logging, request_id
from app.ports import Check, CheckStatus
from app.settings import Settings
from app.storage.engine import Database
from app.web import texts
from app.web.health import probe_of
from tests.support.fakes import KEYS, World
from tests.web.conftest import Person

WEB = Path(texts.__file__).parent


@pytest.fixture
def log_lines() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logging("INFO", stream)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)


def events(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_health_is_ok_until_a_check_fails(client: FlaskClient, checks: list[Check]) -> None:
    checks.append(Check(name="database", status=CheckStatus.OK, detail="It answers."))
    assert client.get("/health").status_code == 200
    checks.append(Check(name="redis", status=CheckStatus.FAILED, detail="Gone.", mend="Start it."))
    answer = client.get("/health")
    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["status"] == "failed"
    assert answer.json["checks"][1]["mend"] == "Start it."


def test_a_probe_that_breaks_is_a_failed_check(world: World) -> None:
    def broken() -> list[Check]:
        raise RuntimeError("secret words")

    app = create_app(Settings(), world.deps, session_keys=KEYS, probe=broken)
    answer = app.test_client().get("/health")
    assert answer.status_code == 503
    assert "secret words" not in answer.text
    assert app.test_client().get("/livez").status_code == 200


def test_the_probe_looks_at_database_migrations_and_redis(
    world: World, redis_url: str, tmp_path: Path
) -> None:
    client = redis.Redis.from_url(redis_url)
    found = {check.name: check.status for check in probe_of(world.database, client)()}
    assert found == {
        "database": CheckStatus.OK,
        "migrations": CheckStatus.OK,
        "redis": CheckStatus.OK,
    }
    empty = Database(f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    gone = redis.Redis(unix_socket_path=str(tmp_path / "no.sock"))
    found = {check.name: check.status for check in probe_of(empty, gone)()}
    assert found["migrations"] is CheckStatus.FAILED
    assert found["redis"] is CheckStatus.FAILED
    lost = Database(f"sqlite:///{tmp_path}")
    assert probe_of(lost, client)()[0].status is CheckStatus.FAILED


@pytest.mark.parametrize("path", ["/health", "/nothing", "/api/v1/me", "/zendesk/sidebar"])
def test_headers_of_every_answer(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Strict-Transport-Security"].startswith("max-age=")
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert re.fullmatch(r"[0-9a-f]{12}", headers["X-Request-Id"])
    assert "Set-Cookie" not in headers


def test_a_page_that_does_not_exist_is_a_problem(client: FlaskClient) -> None:
    answer = client.get("/nothing")
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


def test_sessions_need_a_key(world: World) -> None:
    with pytest.raises(ConfigurationError, match="SECRET_KEYS"):
        create_app(Settings(), world.deps)


def test_an_old_key_still_opens_sessions(world: World) -> None:
    old = create_app(Settings(), world.deps, session_keys=["old"])
    new = create_app(Settings(), world.deps, session_keys=["new", "old"])
    other = create_app(Settings(), world.deps, session_keys=["new"])
    token = old.extensions["makegood"].signer.issue_session("acme", "11", "71")
    headers = {"Authorization": f"Bearer {token}"}
    assert new.test_client().get("/api/v1/me", headers=headers).status_code == 200
    assert other.test_client().get("/api/v1/me", headers=headers).status_code == 401


def test_one_line_of_json_for_every_request(client: FlaskClient, log_lines: io.StringIO) -> None:
    answer = client.get("/zendesk/sidebar")
    (line,) = [event for event in events(log_lines) if event["event"] == "request"]
    assert line["request_id"] == answer.headers["X-Request-Id"]
    assert (line["path"], line["status"]) == ("/<helpdesk>/sidebar", 200)


def test_no_text_token_or_stack_trace_is_logged_or_answered(
    agent: Person, eligible: Case, world: World, log_lines: io.StringIO
) -> None:
    world.store.fault = RuntimeError("card 4111 1111 1111 1111 of mara.lindt@example.com")
    answer = agent.post(f"/api/v1/cases/{eligible.id}/refresh")
    assert answer.status_code == 500
    for text in (answer.text, log_lines.getvalue()):
        assert "4111" not in text
        assert "mara.lindt" not in text
        assert agent.session not in text
        assert "Traceback" not in text
    (line,) = [event for event in events(log_lines) if event["event"] == "unexpected error"]
    assert line["error"] == "RuntimeError"
    assert "fakes.py" in str(line["where"])


def test_messages_of_our_own_errors_are_logged(log_lines: io.StringIO) -> None:
    token = request_id.set("abc")
    try:
        raise Rejected("the shop said no", vendor="shopify", operation="refund")
    except Rejected as error:
        logging.getLogger("app.tests").error("refused", exc_info=error, extra={"amount": 4860})
    finally:
        request_id.reset(token)
    (line,) = events(log_lines)
    assert (line["detail"], line["amount"], line["request_id"]) == ("the shop said no", 4860, "abc")


def test_static_files_are_kept_by_browsers_under_a_name_of_their_content(app: Flask) -> None:
    client = app.test_client()
    page = client.post("/zendesk/sidebar", data={"token": "acme:11:first"}).text
    addresses = set(re.findall(r'(?:src|href)="(/static/[^"]+)"', page))
    assert len(addresses) == 13
    for address in addresses:
        answer = client.get(address)
        assert answer.status_code == 200
        assert "max-age=31536000" in answer.headers["Cache-Control"]
        assert "no-store" not in answer.headers["Cache-Control"]


def test_scripts_use_only_words_and_addresses_that_exist(app: Flask) -> None:
    known = texts.script_texts()
    rules = {rule.rule for rule in app.url_map.iter_rules()}
    for path in (WEB / "static" / "sidebar").glob("*.js"):
        script = path.read_text()
        for key in re.findall(r"\bt\('([\w.]+)'", script):
            assert key in known, f"{path.name}: {key}"
        assert not re.search(r"\beval\(|new Function|localStorage|sessionStorage|cookie", script)
        for address in re.findall(r"[`'](/(?:api|sidebar)/[\w/]*)", script):
            assert any(rule.startswith(address.rstrip("/")) for rule in rules), address


def test_templates_use_only_words_that_exist() -> None:
    for path in (WEB / "templates").glob("*.html"):
        for key in re.findall(r"\bt\([\"']([\w.]+)[\"']", path.read_text()):
            assert key in texts.ENGLISH, f"{path.name}: {key}"


def test_colours_can_be_read() -> None:
    """WCAG 2.2 contrast, text 4.5 and edges 3: https://www.w3.org/TR/WCAG22/#contrast-minimum"""
    css = (WEB / "static" / "sidebar" / "sidebar.css").read_text()
    schemes = re.findall(r":root(?:\[data-scheme=\"dark\"\])? \{(.*?)\}", css, re.DOTALL)[:2]
    assert len(schemes) == 2
    for scheme in schemes:
        colour = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", scheme))
        tones = ("good", "bad", "warn", "info", "busy")
        pairs = [(tone, f"{tone}-soft") for tone in tones]
        pairs += [(tone, "card") for tone in ("good", "bad", "warn", "ink", "quiet", "link")]
        pairs += [("ink", f"{tone}-soft") for tone in tones]
        pairs += [("on-money", "money"), ("on-money", "money-over")]
        pairs += [("quiet", "soft"), ("quiet", "page"), ("link", "page"), ("quiet", "warn-soft")]
        for text, ground in pairs:
            assert contrast(colour[text], colour[ground]) >= 4.5, (text, ground)
        for edge in ("edge", "focus"):
            assert contrast(colour[edge], colour["card"]) >= 3, edge


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

"""The sandbox in a process of its own, so that what it serves can be killed without it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import requests

from integrations.sandbox.server import ChildServer
from integrations.sandbox.zendesk import STATIC_TOKEN, ZendeskSandbox
from integrations.sandbox.zendesk.model import User
from integrations.sandbox.zendesk.signing import webhook_signature
from tests.sandbox.zendesk.conftest import Client
from tests.sandbox.zendesk.receiver import Receiver


def test_as_a_child_server() -> None:
    with ChildServer("integrations.sandbox.zendesk.app:wsgi_app") as child:
        api = Client(child.url, STATIC_TOKEN)
        assert api.get("/users/me").json()["user"]["role"] == "admin"
        assert requests.get(f"{child.url}/agent", timeout=10).status_code == 200


def test_as_a_module_with_an_app_package(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(
        json.dumps({"name": "Refund Desk", "singleInstall": True}), encoding="utf-8"
    )
    (tmp_path / "requirements.json").write_text(
        json.dumps({"ticket_fields": {"x": {"type": "text", "title": "Reason"}}}),
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "integrations.sandbox.zendesk", "--package", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        line = json.loads(process.stdout.readline())
        api = Client(line["url"], line["token"])
        titles = [one["title"] for one in api.get("/ticket_fields").json()["ticket_fields"]]
        assert "Reason" in titles
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
        process.stdout.close()


def test_moving_the_clock_leaves_signatures_at_real_time(
    zendesk: ZendeskSandbox, receiver: Receiver, customer: User
) -> None:
    webhook = zendesk.add_webhook(receiver.url, subscriptions=["zen:event-type:ticket.created"])
    zendesk.account.options.retry_has_fresh_timestamp = False
    receiver.answers = [409]
    zendesk.clock.advance(86_400)
    zendesk.add_ticket(customer.id, "S", "text")
    assert zendesk.dispatcher.drain(10)
    zendesk.clock.advance(10)
    assert zendesk.dispatcher.drain(10)
    name = "X-Zendesk-Webhook-Signature-Timestamp"
    first, second = (one.headers[name] for one in receiver.received)
    assert first == second
    assert first < zendesk.clock.now().isoformat()[:19]
    body = receiver.received[0].body
    signature = receiver.received[0].headers["X-Zendesk-Webhook-Signature"]
    assert signature == webhook_signature(webhook.secret, first, body)

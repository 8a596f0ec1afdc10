"""Every recorded answer of a real shop, replayed against the sandbox."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from integrations.sandbox import magento
from tests.sandbox.magento.client import HOST, authorization, decoded
from tests.sandbox.magento.recorded_shop import RecordedShop
from tests.sandbox.magento.stories import STORIES

FOLDER = Path(__file__).parent / "recorded"
README = Path(magento.__file__).parent / "README.md"

# What differs from the recordings, and why; README.md has the same table. The keys named are left
# out of the comparison, WHOLE leaves out the body's text, NOT_MODELLED isn't replayed at all.
WHOLE, NOT_MODELLED = "*", "-"
DIFFERS: dict[str, tuple[str, str]] = {
    "legacy-01-creditmemo-refund": (
        NOT_MODELLED,
        "the old route that stores whatever totals it is sent; it must not be used",
    ),
    "legacy-02-order-after": (NOT_MODELLED, "follows from the one above"),
    "stock-01-after-return": ("item_id", "stock items are numbered in order of appearance"),
    "auth-12-admin-token": (WHOLE, "tokens are random"),
    "route-04-wrong-content-type": (WHOLE, "HTML pages are short ones of our own"),
    "route-06-maintenance": (WHOLE, "HTML pages are short ones of our own"),
}

# Numbers and marks that belong to the recorded shop's own history.
OWN = frozenset(
    {
        "applied_rule_ids",
        "billing_address_id",
        "bulk_id",
        "bulk_uuid",
        "code",
        "created_at",
        "customer_note_notify",
        "data_hash",
        "last_trans_id",
        "parent_txn_id",
        "product_id",
        "protect_code",
        "quote_id",
        "quote_item_id",
        "shipping_address_id",
        "start_time",
        "tax_code",
        "tax_id",
        "tax_item_id",
        "trace",
        "transaction_id",
        "txn_id",
        "updated_at",
        "user_id",
    }
)
TRANSACTION = re.compile(r"(cap|ref)-[0-9a-f]{13}")
REPORT = re.compile(r"webapi-[0-9a-f]{13}")


def load(name: str) -> dict[str, Any]:
    text = (FOLDER / f"{name}.json").read_text()
    recorded: dict[str, Any] = json.loads(text, parse_float=Decimal)
    return recorded


def header_for(shop: RecordedShop, name: str, method: str, url: str) -> str:
    """The Authorization header of a recording; some are wrong on purpose."""
    auth = load(name)["request"]["auth"]
    app = shop.integrations["app"]
    now = shop.sandbox.clock.now().timestamp()
    match auth.split(",")[0].split(" ")[0]:
        case "none":
            return ""
        case "Bearer":
            return "Bearer " + ("0" * 32 if "unknown" in auth else app.token)
    match name:
        case "auth-04-oauth-bad-secret":
            return authorization(app, method, url, now, secret="0" * 32)
        case "auth-05-oauth-hmac-sha1":
            return authorization(app, method, url, now, algorithm="SHA1")
        case "auth-06-oauth-unknown-consumer":
            return authorization(app, method, url, now, key="0" * 32)
        case "auth-08-oauth-old-timestamp":
            return authorization(app, method, url, now - 3 * 86400)
        case "auth-09-oauth-future-timestamp":
            return authorization(app, method, url, now + 3600)
        case "auth-13-oauth-space-as-plus":
            return authorization(app, method, url, now, plus_is_space=True)
        case "auth-07-oauth-nonce-reused":
            header = authorization(app, method, url, now, nonce="twice")
            shop.client.send(method, "/rest/V1/orders/1", header=header)
            return header
    caller = re.search(r'integration "(\w+)"', auth)
    assert caller is not None, auth
    return authorization(shop.integrations[caller[1]], method, url, now)


def replay(shop: RecordedShop, name: str) -> tuple[int, Any, dict[str, Any]]:
    """The sandbox's status and body, and the recorded response."""
    recorded = load(name)
    method, url = recorded["request"]["method"], recorded["request"]["url"]
    path = url.removeprefix(HOST)
    for old, new in shop.renamed.items():
        path = path.replace(old, new)
    expected = recorded["response"]
    if isinstance(expected["body"], str) and expected["body"].isdigit():
        # Which number a new document gets is the recorded shop's history.
        table = "shipment" if path.endswith("/ship") else "creditmemo"
        shop.site.numbers.set_next(table, int(expected["body"]))
    body = recorded["request"]["body"]
    sent = None if body is None else body if isinstance(body, str) else dumps(body)
    header = header_for(shop, name, method, shop.client.url(path))
    accept = "text/csv" if name == "route-04-wrong-content-type" else "application/json"
    response = shop.client.send(method, path, sent, header=header, accept=accept)
    answer = decoded(response)
    if isinstance(answer, dict) and "bulk_uuid" in answer:
        shop.renamed[expected["body"]["bulk_uuid"]] = answer["bulk_uuid"]
    return response.status_code, answer, expected


def dumps(body: Any) -> str:
    """A body with Decimals as the numbers they were recorded as."""
    return re.sub(r'"decimal:([^"]+)"', r"\1", json.dumps(body, default=lambda d: f"decimal:{d}"))


LIST_URL = re.compile(r"/V1/(orders|invoices|creditmemos|shipments)\?")


def comparable(value: Any, ignored: frozenset[str], url: str, path: str = "") -> Any:
    """`value` without what belongs to the recorded shop's history.

    The ids of what was asked for stay, those of rows and comments inside go; increment ids stay
    where orders were asked for.
    """
    if isinstance(value, dict):
        is_asked_for = path == (".items" if LIST_URL.search(url) else "")
        kept = {}
        for key, item in value.items():
            is_own = (
                key in ignored
                or (key == "entity_id" and not is_asked_for)
                or (key == "increment_id" and not (is_asked_for and "/orders" in url))
                or (key == "title" and "tax" in path)
            )
            kept[key] = "(own)" if is_own else comparable(item, ignored, url, f"{path}.{key}")
        return kept
    if isinstance(value, list):
        return [comparable(one, ignored, url, path) for one in value]
    if isinstance(value, str):
        return REPORT.sub("(own)", TRANSACTION.sub("(own)", value))
    return value


def differences(got: Any, wanted: Any, place: str) -> list[str]:
    """Where two answers part ways, as readable lines."""
    if isinstance(got, dict) and isinstance(wanted, dict):
        found = [f"{place}.{key}: missing" for key in wanted.keys() - got.keys()]
        found += [f"{place}.{key}: too many ({got[key]!r})" for key in got.keys() - wanted.keys()]
        for key in got.keys() & wanted.keys():
            found += differences(got[key], wanted[key], f"{place}.{key}")
        return found
    if isinstance(got, list) and isinstance(wanted, list) and len(got) == len(wanted):
        pairs = enumerate(zip(got, wanted, strict=True))
        return [line for i, (g, w) in pairs for line in differences(g, w, f"{place}[{i}]")]
    # 1 and True are equal in Python, and not the same in JSON.
    is_same = got == wanted and isinstance(got, bool) == isinstance(wanted, bool)
    return [] if is_same else [f"{place}: {got!r}, recorded {wanted!r}"]


@pytest.mark.parametrize("story", STORIES)
def test_answers_as_recorded(story: str) -> None:
    shop = RecordedShop()
    for step in STORIES[story]:
        if not isinstance(step, str):
            step(shop)
            continue
        status, answer, expected = replay(shop, step)
        assert status == expected["status"], (step, answer)
        key, _ = DIFFERS.get(step, ("", ""))
        if key == WHOLE:
            is_page = [
                str(body).startswith("<!doctype html>") for body in (answer, expected["body"])
            ]
            assert is_page[0] == is_page[1] and isinstance(answer, str), step
            continue
        ignored = OWN | {key}
        url = load(step)["request"]["url"]
        got = comparable(answer, ignored, url)
        wanted = comparable(expected["body"], ignored, url)
        assert differences(got, wanted, step) == []


def test_no_recording_is_forgotten() -> None:
    replayed = {step for steps in STORIES.values() for step in steps if isinstance(step, str)}
    kept = {path.stem for path in FOLDER.glob("*.json")}
    not_modelled = {name for name, (key, _) in DIFFERS.items() if key == NOT_MODELLED}
    assert replayed | not_modelled == kept
    assert not replayed & not_modelled
    assert set(DIFFERS) <= kept


def test_the_readme_names_what_differs() -> None:
    text = README.read_text()
    assert [name for name in DIFFERS if name not in text] == []

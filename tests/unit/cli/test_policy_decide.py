"""`makegood policy decide`: one document in, decision and plan out, and the path of each fault."""

from __future__ import annotations

import copy
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from app.cli.policy_decide import EXAMPLE, decide, schema
from app.cli.policy_rates import read_rates
from app.domain.money import Money

ROOT = Path(__file__).parents[3]
DOCUMENT: dict[str, Any] = {
    "now": "2026-11-28T12:00:00Z",
    "request": {"kind": "refund_item", "reason": "changed_mind"},
    "customer": {"id": "c-1", "orders_count": 4},
    "order": {
        "order_id": "1001",
        "created_at": "2026-11-01T12:00:00Z",
        "currency": "EUR",
        "payment_status": "paid",
        "fulfilment_status": "fulfilled",
        "shipping": "4.90",
        "lines": [
            {
                "id": "mug",
                "name": "Mug",
                "quantity": 2,
                "unit_price": "10.00",
                "tax": {"amount": "3.80", "currency": "EUR"},
                "is_final_sale": False,
                "was_shipped": True,
                "delivered_at": "2026-11-20T12:00:00Z",
            }
        ],
    },
}


def run(document: object, *options: str) -> Result:
    text = document if isinstance(document, str) else json.dumps(document)
    return CliRunner().invoke(decide, ["-", *options], input=text)


def changed(path: str, value: object) -> dict[str, Any]:
    document = copy.deepcopy(DOCUMENT)
    *parents, last = path.split(".")
    place: Any = document
    for part in parents:
        place = place[int(part) if part.isdigit() else part]
    place[last] = value
    return document


def test_the_answer_is_a_decision_and_its_plan() -> None:
    result = run(DOCUMENT)
    assert result.exit_code == 0, result.stderr
    answer = json.loads(result.stdout)
    assert answer["decision"]["verdict"] == "eligible"
    assert answer["plan"]["total"] == {"amount": "23.80", "currency": "EUR"}
    assert answer["plan"] == answer["decision"]["plan"]
    assert Draft202012Validator(schema()["output"]).is_valid(answer)  # type: ignore[arg-type]
    late = run(changed("order.lines.0.delivered_at", "2026-10-01T12:00:00Z"))
    answer = json.loads(late.stdout)
    assert (answer["decision"]["verdict"], answer["plan"]) == ("not_eligible", None)
    assert "28 days late" in answer["decision"]["headline"]


def test_the_same_document_is_answered_the_same() -> None:
    assert run(DOCUMENT).stdout == run(DOCUMENT).stdout


def test_a_policy_in_the_document_decides() -> None:
    text = (
        'The policy is called "None".\n\nRule "Never": do not refund the item if the item has '
        'shipped, because "No.".\n'
    )
    answer = json.loads(run({**DOCUMENT, "policy": text}).stdout)
    assert answer["decision"]["verdict"] == "not_eligible"
    assert answer["decision"]["headline"] == "No."
    refused = run({**DOCUMENT, "policy": "Refund everybody everything."})
    assert refused.exit_code == 2
    assert "policy:1:" in refused.stderr
    assert refused.stdout == ""


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("order.lines.0.quantity", "two", "order.lines[0].quantity: "),
        ("order.lines.0.unit_price", "ten", "order.lines[0].unit_price"),
        ("order.lines.0.unit_price", "1.001", "order.lines[0].unit_price: "),
        ("order.lines.0.tax", {"amount": "1", "currency": "USD"}, "order.lines[0].tax: "),
        ("order.lines", [], "order: "),
        ("order.currency", "euro", "order.currency: "),
        ("order.shipping", "-", "order.shipping"),
        ("order.colour", "red", "order.colour: "),
        ("request.reason", "bored", "request.reason: "),
        ("now", "yesterday", "now: "),
        ("now", "2026-11-28T12:00:00", "now: "),
    ],
)
def test_a_fault_is_named_with_its_path(path: str, value: object, said: str) -> None:
    result = run(changed(path, value))
    assert result.exit_code == 2
    assert f"makegood policy decide: {said}" in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("text", ["", "[", "[]", "null", '"x"', "[" * 100_000, "\x00"])
def test_what_is_no_document_is_refused(text: str) -> None:
    result = run(text)
    assert result.exit_code == 2
    assert result.stderr.startswith("makegood policy decide: ")


def test_the_published_schema_is_current_and_fits() -> None:
    kept = json.loads((ROOT / "docs" / "policy-decide.schema.json").read_text())
    assert kept == json.loads(json.dumps(schema())), "renew it: makegood policy decide --schema"
    validator = Draft202012Validator(kept["input"])
    assert validator.is_valid(DOCUMENT)
    assert not validator.is_valid(changed("order.lines.0.quantity", "two"))


@pytest.mark.parametrize(
    ("base", "pairs", "said"),
    [
        ("USD", ["EUR"], "EUR: expected"),
        ("USD", ["EUR=1.08", "EUR=1.1"], "expected each other currency once"),
        ("USD", ["USD=1"], "expected each other currency once"),
        ("USD", ["EUR=-1"], "greater than 0"),
        ("USD", ["EUR=ten"], "EUR"),
        ("dollars", [], "base"),
    ],
)
def test_rates_that_cannot_be_are_refused(base: str, pairs: list[str], said: str) -> None:
    with pytest.raises(click.UsageError, match=said):
        read_rates(base, pairs)


def test_rates_are_read_exactly() -> None:
    rates = read_rates("USD", ["EUR=1.08", "gbp=1.27"])
    assert rates.convert(Money.of("10", "EUR"), "USD") == Decimal("10.80")
    assert rates.convert(Money.of("10", "EUR"), "JPY") is None


# --- for people ---------------------------------------------------------------------------------

LADDER = """All amounts are in EUR.
Rule "Fee": refund the item less a restocking fee of 10% once it has come back if the item has the
    tag "heavy", because "Heavy things cost a fee.".
Rule "Photo" with priority 10: ask for evidence if the reason is damaged, because "A photo,
    please.".
Rule "Swap" with priority 5: exchange the item if the item has the tag "swap", because "We swap
    it.".
Rule "Credit": give store credit for the item with a bonus of 10% if the item has the tag "late",
    because "Late: credit.".
Otherwise do not refund the item, because "Too late.".
Up to 10 EUR an agent may refund alone; above that a manager.
Limit "Often": allow at most 3 refunds per customer in 365 days; beyond that ask a person to review.
"""


def tried(tags: list[str], **changes: Any) -> str:
    """What is printed for the example's line with these tags, and other parts changed."""
    document = json.loads(run(DOCUMENT, "--example").stdout)
    document["order"]["lines"][0]["tags"] = tags
    document["policy"] = LADDER
    for name, value in changes.items():
        document[name] |= value
    document["order"]["can_store_credit"] = True
    result = run(document, "--text")
    assert result.exit_code == 0, result.stderr
    return result.stdout


def test_the_example_is_a_whole_document_that_is_decided() -> None:
    printed = run("", "--example").stdout
    assert Draft202012Validator(schema()["input"]).is_valid(json.loads(printed))  # type: ignore[arg-type]
    answer = json.loads(run(printed).stdout)
    assert answer["decision"]["verdict"] == "eligible"
    assert answer["plan"]["total"] == {"amount": "20.00", "currency": "EUR"}


def test_the_answer_for_people_has_the_amount_its_make_up_and_who_releases_it() -> None:
    text = tried(["heavy"])
    assert 'Mug: yes (by "Fee")\n  Heavy things cost a fee.\n' in text
    assert "The money waits until it has come back." in text
    assert "18.00 EUR to the original payment" in text
    rows = [" ".join(line.split()) for line in text.splitlines()]
    assert "2 x Mug 20.00 EUR" in rows
    assert "less restocking fee 10 % -2.00 EUR" in rows
    assert any(row.startswith("Who may release it: a manager (above 10") for row in rows)


def test_the_answer_for_people_says_what_a_credit_is_worth() -> None:
    text = tried(["late"])
    assert "22.00 EUR to store credit" in text
    assert "bonus of 10% " in text


def test_the_answer_for_people_says_what_is_missing_and_what_is_no() -> None:
    assert "Ask the customer for:\n  - A photo, please." in tried([], request={"reason": "damaged"})
    declined = tried([])
    assert declined.startswith("No: Too late.\n")
    assert "Who may release it" not in declined
    often = tried(
        ["heavy"],
        history={"figures": [{"subject": "customer", "hours": 8760, "count": 3}]},
    )
    assert often.startswith("A person must look: ") and "4 with this one, limit 3" in often
    assert "No money moves: exchange" in tried(["swap"])


@pytest.mark.parametrize("window", [{"days": 365}, {"hours": 8760}])
def test_a_window_of_the_history_is_in_days_or_in_hours(window: dict[str, int]) -> None:
    figure = {"subject": "customer", "count": 3, **window}
    assert "limit 3" in tried(["heavy"], history={"figures": [figure]})


@pytest.mark.parametrize("window", [{}, {"days": 1, "hours": 24}])
def test_a_window_is_said_once(window: dict[str, int]) -> None:
    figure = {"subject": "customer", "count": 3, **window}
    result = run({**DOCUMENT, "history": {"figures": [figure]}})
    assert result.exit_code == 2
    assert "history.figures[0]: " in result.stderr and "one of both" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-", "--policy", "Refund the item."], "--policy takes the name of a FILE"),
        (["-", "--policy", LADDER], "--policy takes the name of a FILE"),
        (['{"order": {}}'], "DOCUMENT is the name of a JSON file"),
    ],
)
def test_a_text_where_a_file_is_wanted_is_not_said_back(arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(decide, arguments, input=json.dumps(DOCUMENT))
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Refund the item" not in result.stderr and '"order"' not in result.stderr


def test_a_missing_policy_file_is_named() -> None:
    result = run(DOCUMENT, "--policy", "none.policy")
    assert result.exit_code == 2
    assert "none.policy: No such file" in result.stderr


JUNK: list[Any] = [
    None, True, 0, -1, 1.5, "", "x", "2026-13-01", [], {}, [1], {"a": 1}, "9" * 400, 10**30,
    "-0.001", "NaN", "Infinity", {"amount": "1", "currency": "JPY"},
    {"amount": "1e30", "currency": "EUR"}, {"amount": "-1", "currency": "ZZZ"},
]  # fmt: skip


def _places(value: Any, above: tuple[int | str, ...] = ()) -> list[tuple[int | str, ...]]:
    found = [above] if above else []
    if isinstance(value, dict | list):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            found += _places(part, (*above, key))
    return found


@settings(max_examples=150)
@given(st.lists(st.tuples(st.integers(0), st.sampled_from(JUNK)), min_size=1, max_size=3))
def test_whatever_stands_in_a_document_is_decided_or_refused_in_words(
    changes: list[tuple[int, Any]],
) -> None:
    document = json.loads(EXAMPLE)
    for place, junk in changes:
        places = _places(document)
        *above, last = places[place % len(places)]
        inner = document
        for key in above:
            inner = inner[key]
        inner[last] = copy.deepcopy(junk)
    result = run(json.dumps(document))
    assert result.exit_code in {0, 2}
    assert isinstance(result.exception, SystemExit | None)
    assert (result.exit_code == 2) is result.stderr.startswith("makegood policy decide: ")

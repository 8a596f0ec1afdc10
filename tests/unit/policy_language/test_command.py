"""`makegood policy check`, `explain` and `example`: what they print, and their exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.cli.policy import policy
from app.domain.policy.language.compile import compile_policy
from app.domain.policy.precedence import PRECEDENCE
from app.domain.policy.shipped import SHIPPED

GOOD = 'Rule "a": refund the item if the item is digital.\nOtherwise do not refund it.\n'
TIERS = "Up to 100 EUR an agent may refund alone; above that a manager.\n"


def run(*arguments: str, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(policy, list(arguments), input=stdin)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.policy"
    path.write_text(GOOD + TIERS)
    return path


def test_a_policy_that_can_be_used(good: Path) -> None:
    result = run("check", str(good))
    assert result.exit_code == 0
    assert result.output == f"{good}: 0 errors, 0 warnings: it can be used.\n"


def test_errors_have_file_line_and_column_and_exit_code_1(tmp_path: Path) -> None:
    path = tmp_path / "bad.policy"
    path.write_text(f"{TIERS}Refund the item if the item is digitl.\n")
    result = run("check", str(path))
    assert result.exit_code == 1
    assert (
        f'{path}:2:32: error: "digitl" doesn\'t fit here. Did you mean "digital"?' in result.output
    )
    assert "1 error, 0 warnings: it can't be used yet." in result.output


def test_a_conflict_is_an_error_too() -> None:
    text = f"{TIERS}Refund it if the item is digital. Do not refund it if the item is discounted."
    assert run("check", "-", stdin=text).exit_code == 1


def test_json_for_editors(good: Path) -> None:
    text = f'{TIERS}Refund the item if the item has the tag "x".\nRefund the itm.\n'
    document = json.loads(run("check", "-", "--json", stdin=text).output)
    assert document["ok"] is False and document["warnings"] == []
    (error,) = document["errors"]
    assert error["place"] == {"line": 3, "column": 12}
    assert error["understood"] == "Refund the"
    assert "item" in error["suggestions"]
    warned = run("check", "-", "--json", stdin=text.replace("itm", "item"))
    assert {one["code"] for one in json.loads(warned.output)["warnings"]} >= {"no_store_has_it"}


@pytest.mark.parametrize(
    ("text", "place", "replaces", "choices"),
    [
        ("", "1:1", "", {"rule", "refund", "up to a number"}),
        ("Refund ", "1:8", "", {"the", "it", "in full", "a full stop"}),
        ("Refund the it", "1:14", "it", {"item"}),
        ("Refund the item if the item is ", "1:32", "", {"on final sale", "digital", "not"}),
        ("Refund the item if the item is dig", "1:35", "dig", {"digital"}),
        ("Refund the item if the reason is ", "1:34", "", {"damaged", "changed mind"}),
        ("Refund the item.\n", "2:1", "", {"exception"}),
        ("Refund the item\n\n", "3:1", "", {"exception"}),
        ("Refund the item.\nUp to 5 EUR ", "2:13", "", {"an agent", "a"}),
        ("Refund the bicycle if ", "1:23", "", {"item", "order"}),
    ],
)
def test_what_can_be_written_at_a_place(
    text: str, place: str, replaces: str, choices: set[str]
) -> None:
    document = json.loads(run("check", "-", "--json", "--at", place, stdin=text).output)
    assert document["completion"]["replaces"] == replaces
    assert choices <= set(document["completion"]["choices"])


def test_completions_are_only_what_the_grammar_takes_next() -> None:
    text = "Refund the item if the customer has placed "
    document = json.loads(run("check", "-", "--json", "--at", "1:44", stdin=text).output)
    assert set(document["completion"]["choices"]) == {
        "at",
        "exactly a number orders",
        "fewer than a number orders",
        "less than a number orders",
        "more than a number orders",
    }


def test_explain_says_every_clause_back(good: Path) -> None:
    result = run("explain", str(good))
    assert result.exit_code == 0
    assert '1. Rule "a": refund the item if the item is digital, because "a.".' in result.output
    assert "(line 1); asks for: digital item (store)" in result.output
    assert "otherwise do not refund the item" in result.output
    assert "Up to 100 EUR an agent may refund alone; above that a manager." in result.output
    assert "Nothing is released without a click." in result.output
    assert PRECEDENCE in result.output


def test_explain_marks_what_nobody_wrote_and_says_what_words_cover() -> None:
    text = "Refund it if the customer reports a fault. Remind every 12 hours."
    output = run("explain", "-", stdin=text.encode()).output
    assert "Nothing is released without a click. (usual)" in output
    assert "All dates are in the time zone UTC. (usual)" in output
    assert "its name is the reason that people read (usual)" in output
    assert "Remind approvers every 12 hours, and after 3 reminders tell the owner.\n" in output
    assert "(damaged, wrong item or not as described) (request)" in output


def test_explain_refers_to_check_for_conflicts() -> None:
    text = (
        'Rule "a": refund it if it is digital. Rule "b": exchange it if it is perishable. '
        'Rule "c": repair it if it is discounted.'
    )
    explained = run("explain", "-", stdin=text.encode())
    assert explained.exit_code == 1
    assert "want different things" not in explained.output
    assert "2 sentences conflict with others." in explained.output
    assert "makegood policy check -" in explained.output
    checked = run("check", "-", stdin=text.encode()).output
    assert "Give priorities in this order: a 20, b 10. Write" in checked


def test_explain_as_json_holds_sentences_that_compile(good: Path) -> None:
    document = json.loads(run("explain", "--json", str(good)).output)
    said = "\n".join(one["sentence"] for one in document["clauses"])
    assert compile_policy(said).policy is not None
    assert [one["line"] for one in document["clauses"]] == [1, 2]


def test_explain_of_what_cannot_be_read_is_bad_input(tmp_path: Path) -> None:
    path = tmp_path / "bad.policy"
    path.write_text("Refund the itm.")
    result = run("explain", str(path))
    assert result.exit_code == 2
    assert f"{path}:1:12: error: " in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("command", ["check", "explain"])
def test_files_that_cannot_be_read(command: str, tmp_path: Path) -> None:
    missing = run(command, str(tmp_path / "none.policy"))
    assert missing.exit_code == 2 and "No such file" in missing.stderr
    folder = run(command, str(tmp_path))
    assert folder.exit_code == 2 and "directory" in folder.stderr
    latin = tmp_path / "latin.policy"
    latin.write_bytes(b"Refund it.\n# \xe9t\xe9\n")
    result = run(command, str(latin))
    assert result.exit_code == 2 and f"{latin}:2: not UTF-8" in result.stderr
    large = tmp_path / "large.policy"
    large.write_bytes(b"#" * 1_000_001)
    assert run(command, str(large)).exit_code == 2


@pytest.mark.parametrize("options", [("--at", "x"), ("--at", "0:1"), ("--stores", "etsy")])
def test_bad_options(options: tuple[str, str], good: Path) -> None:
    assert run("check", str(good), *options).exit_code == 2


def test_windows_line_ends_and_a_byte_order_mark_are_fine() -> None:
    text = b"\xef\xbb\xbf" + (GOOD + TIERS).replace("\n", "\r\n").encode()
    assert run("check", "-", stdin=text).exit_code == 0


def test_examples_are_listed_and_printed() -> None:
    listed = run("example").output
    assert all(name in listed for name in SHIPPED)
    printed = run("example", "fashion").output
    assert compile_policy(printed).policy is not None
    assert run("example", "toys").exit_code == 2

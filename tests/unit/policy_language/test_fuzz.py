"""No input hangs the reader or ends in anything but a policy or problems with places."""

from __future__ import annotations

import time

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from app.domain.policy.language.compile import MOST_PROBLEMS, Compiled, compile_policy
from app.domain.policy.language.completing import complete
from app.domain.policy.language.problems import Place
from app.domain.policy.language.words import MAX_CHARACTERS
from app.domain.policy.shipped import SHIPPED, shipped_text

TEXTS = {name: shipped_text(name) for name in SHIPPED}
PIECES = (
    *"\"“”#.,;:()%$€\n\t\0\u200b\ud7ff😀",
    "\n\n", "and", "or", "unless", "because", "the item", "1,2,3", "-5", "1e9", "0x1", "..", '""',
    "31 February", "24 December 2026", "item.", "item.price", "EUR", "if", "(" * 25, "not " * 30,
)  # fmt: skip
FAST = settings(max_examples=80, deadline=5_000, suppress_health_check=[HealthCheck.too_slow])


def checked(text: str) -> Compiled:
    """Compile, and hold what comes out to what is promised."""
    found = compile_policy(text)
    assert (found.policy is None) == bool(found.problems)
    lines = text.count("\n") + 1
    for problem in found.problems:
        assert 1 <= problem.place.line <= lines
        assert problem.place.column >= 1
        assert problem.message.strip()
    return found


@FAST
@given(st.text(max_size=300))
@example("\x0c#\x0b.")
@example('Rule "a')
@example("(" * 1_000 + ".")
@example("Refund the item if " + "the item is digital and " * 200)
@example("the fact item.price is exactly 99999999999999999999999999999999999999999 EUR.")
@example("Refund the item if the item costs more than 0.001 EUR.")
@example("Release refunds up to 99999999999999999999999999999 JPY automatically.")
def test_any_text_is_answered(text: str) -> None:
    checked(text)


@FAST
@given(st.sampled_from(sorted(TEXTS)), st.data())
def test_damaged_policies_are_answered(name: str, data: st.DataObject) -> None:
    words = TEXTS[name].split(" ")
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(words) - 1))
        match data.draw(st.sampled_from(["drop", "double", "swap", "insert", "cut"])):
            case "drop":
                words[at] = ""
            case "double":
                words[at] = f"{words[at]} {words[at]}"
            case "swap":
                words[at], words[0] = words[0], words[at]
            case "insert":
                words.insert(at, data.draw(st.sampled_from(PIECES)))
            case _:
                words = words[: at + 1]
    checked(" ".join(words))


@FAST
@given(st.sampled_from(sorted(TEXTS)), st.integers(1, 60), st.integers(1, 120))
def test_completion_is_answered_anywhere(name: str, line: int, column: int) -> None:
    found = complete(TEXTS[name], Place(line=line, column=column))
    assert all(one.strip() for one in found.choices)


def test_what_is_too_large_is_refused_at_once() -> None:
    start = time.process_time()
    found = checked("x" * (MAX_CHARACTERS + 1))
    assert [one.code for one in found.problems] == ["too_long"]
    assert "too_long" in {one.code for one in checked("Refund. " * 3_000).problems}
    assert "too_long" in {one.code for one in checked("refund " * 500 + ".").problems}
    assert time.process_time() - start < 5


def test_deep_brackets_are_refused() -> None:
    text = f"Refund the item if {'(' * 21}the item is digital{')' * 21}."
    assert [one.code for one in checked(text).problems] == ["too_deep"]


def test_a_file_that_is_no_policy_is_told_so_with_a_limit() -> None:
    found = checked("Dear customer, we like you.\n\n" * 400)
    assert len(found.problems) == MOST_PROBLEMS + 1
    assert found.problems[-1].code == "too_many"


def test_five_hundred_rules_compile_in_a_second() -> None:
    rules = "\n".join(
        f'Rule "r{n}" with priority {n % 7}: refund {50 + n % 50}% of the item less a restocking '
        f"fee of {n % 20 + 1}% if the item was delivered within the last {n % 60 + 1} days and has "
        f'the tag "t{n % 40}" and costs at most {n + 10} EUR unless the customer reports a fault, '
        f'because "Reason {n}.", and offer store credit or exchange instead.'
        for n in range(500)
    )
    checked("Refund the item.")  # the grammar is built once a process
    start = time.process_time()
    found = checked(rules)
    spent = time.process_time() - start
    assert found.policy is not None and len(found.policy.clauses) == 500
    # A second is the promise on an idle machine; a busy one counts more for the same work.
    assert spent < 3

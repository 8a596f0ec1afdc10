"""What the grammar allows compiles or is refused with a sentence, and says itself back the same."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.money import Money
from app.domain.policy.facts import FACTS
from app.domain.policy.language.analysing import analyse
from app.domain.policy.language.compile import compile_policy
from app.domain.policy.language.explaining import explain, in_words
from app.domain.policy.language.grammar import grammar_text
from app.domain.policy.language.printing import print_policy
from app.domain.policy.model import (
    AllOf,
    AnyOf,
    Clause,
    Condition,
    Effect,
    Not,
    Operator,
    Policy,
    Test,
)
from tests.support.policy_language import compiled, without_lines
from tests.support.policy_sentences import sentences

SLOW = settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@SLOW
@given(st.one_of(sentences(), sentences("rule"), sentences("tiers"), sentences("limit")))
def test_text_to_model_to_text_to_the_same_model(text: str) -> None:
    compiled = compile_policy(text)
    # Whatever the grammar allows is understood; it can still be something that can't be meant.
    assert {one.code for one in compiled.problems} <= {"cannot_be_meant"}, text
    if compiled.policy is None:
        return
    printed = print_policy(compiled.policy)
    again = compile_policy(printed)
    assert again.policy is not None, f"{text}\n{printed}\n{again.problems}"
    assert without_lines(again.policy) == without_lines(compiled.policy), f"{text}\n{printed}"


@settings(SLOW, max_examples=40)
@given(st.lists(sentences("rule"), min_size=1, max_size=4))
def test_whatever_compiles_can_be_analysed_and_explained(texts: list[str]) -> None:
    policy = compile_policy("\n".join(texts)).policy
    if policy is not None:
        analyse(policy)
        assert policy.title in in_words(explain(policy))


FACT_THRESHOLDS = st.one_of(
    st.booleans(),
    st.integers(0, 500),
    st.decimals("0.01", "999.99", places=2),
    st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    st.sampled_from(["damaged", "VIP", 'say "x"', "a*", ""]),
    st.builds(Money.of, st.integers(0, 500), st.sampled_from(["EUR", "JPY"])),
    st.lists(st.sampled_from(["damaged", "b*", "c"]), max_size=3).map(tuple),
)
CONDITIONS: st.SearchStrategy[Condition] = st.recursive(
    st.builds(
        Test,
        fact=st.sampled_from([*FACTS, "history.item_refunded_24h", "no.such_fact"]),
        operator=st.sampled_from(Operator),
        threshold=FACT_THRESHOLDS,
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: AllOf(parts=tuple(parts))),
        st.lists(inner, max_size=3).map(lambda parts: AnyOf(parts=tuple(parts))),
        inner.map(lambda part: Not(part=part)),
    ),
    max_leaves=6,
)


@settings(SLOW, max_examples=100)
@given(CONDITIONS, st.sampled_from(Effect))
def test_a_model_that_was_never_text_can_be_said_too(when: Condition, effect: Effect) -> None:
    clause = Clause(id="a", title="A", effect=effect, when=when, because="So.")
    policy = Policy(id="p", version=1, title="P", clauses=(clause,), tiers=())
    said = print_policy(policy)
    # It is grammatical; what it compares need not make sense.
    assert {one.code for one in compile_policy(said).problems} <= {"cannot_be_meant"}, said
    analyse(policy)


def test_the_grammar_has_no_conflict_that_is_resolved_by_luck(
    caplog: pytest.LogCaptureFixture,
) -> None:
    from lark import Lark, logger

    from app.domain.policy.language.grammar import Words as Lexer

    logger.setLevel("DEBUG")
    try:
        with caplog.at_level("DEBUG", logger=logger.name):
            Lark(grammar_text(), parser="lalr", lexer=Lexer, debug=True)
    finally:
        logger.setLevel("CRITICAL")
    assert [one for one in caplog.messages if "onflict" in one] == []


def test_amounts_have_their_cents_and_fees_are_joined() -> None:
    text = (
        "All amounts are in EUR. Refund the item less a restocking fee of 15% and less a return "
        "shipping fee of 5.90 EUR if the item costs more than 50 EUR."
    )
    said = print_policy(compiled(text))
    assert "of 15% and less a return shipping fee of 5.90 EUR if" in " ".join(said.split())
    assert "more than 50 EUR" in said

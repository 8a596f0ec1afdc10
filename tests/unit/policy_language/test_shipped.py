"""Policies that are shipped: each compiles, says itself back, and has no conflict."""

from __future__ import annotations

import pytest

from app.domain.policy.default import DEFAULT_POLICY
from app.domain.policy.language.analysing import analyse
from app.domain.policy.language.compile import compile_policy
from app.domain.policy.language.printing import print_policy
from app.domain.policy.language.problems import Severity
from app.domain.policy.shipped import SHIPPED, shipped_policy, shipped_text
from tests.support.policy_language import without_lines


def test_the_default_policy_is_its_text() -> None:
    renew = "run python scripts/compile_default_policy.py"
    assert shipped_policy("default") == DEFAULT_POLICY, renew


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_policy_compiles_and_has_no_conflict(name: str) -> None:
    compiled = compile_policy(shipped_text(name))
    assert compiled.problems == ()
    assert compiled.policy is not None
    found = analyse(compiled.policy)
    assert [one.message for one in found if one.severity is Severity.ERROR] == []
    assert {one.code for one in found} <= {"no_store_has_it", "gap"}


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_policy_is_the_same_when_printed_and_read_again(name: str) -> None:
    policy = compile_policy(shipped_text(name)).policy
    assert policy is not None
    again = compile_policy(print_policy(policy)).policy
    assert again is not None
    assert without_lines(again) == without_lines(policy)


def test_an_unknown_example_names_those_that_exist() -> None:
    with pytest.raises(KeyError, match="there are default, fashion"):
        shipped_text("toys")

"""The reference says what the grammar reads: every example compiles, every form has one."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from app.domain.policy.facts import FACTS
from app.domain.policy.language.compile import compile_policy
from app.domain.policy.language.grammar import parser, value_words
from app.domain.policy.language.parse import parse
from app.domain.policy.language.reference import spec_of
from app.domain.policy.language.trees import parts_of
from app.domain.policy.language.vocabulary import FORMS
from app.domain.policy.language.words import read_sentences

ROOT = Path(__file__).parents[3]
DOCUMENT = (ROOT / "docs/policy-language.md").read_text()
BLOCKS = re.findall(r"```policy\n(.*?)```", DOCUMENT, re.DOTALL)
TABLES = DOCUMENT[DOCUMENT.index("<!-- said: begin") : DOCUMENT.index("<!-- said: end")]
SAID = [
    said
    for row in re.findall(r"^\| `(.*?)` \| (?:`(.*?)`)? \|", TABLES, re.MULTILINE)
    for said in row
    if said
]


def sentence_with(said: str) -> str:
    """A policy that says one line of the tables."""
    if not said.startswith("the decision"):
        return f"Refund the item if {said}."
    rules = " ".join(f'Rule "{name}": refund the item.' for name in ("sample", "one", "two"))
    return f"If {said}, a manager must approve. {rules}"


def forms_in(text: str) -> set[str]:
    """The grammar's own names of everything that a text uses."""
    sentences, _ = read_sentences(text)
    trees = [one.tree for sentence in sentences for one in parse(sentence, text)[0]]
    return {str(part.data) for tree in trees for part in parts_of(tree)}


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.strip().splitlines()[-1][:50])
def test_each_example_compiles(block: str) -> None:
    assert [one.in_words("example") for one in compile_policy(block).problems] == []


def test_each_line_of_the_tables_compiles() -> None:
    assert len(SAID) > 100
    wrong = {said: compile_policy(sentence_with(said)).problems for said in SAID}
    assert {said: found for said, found in wrong.items() if found} == {}


def test_each_form_of_the_grammar_is_in_the_reference() -> None:
    forms = {str(rule.alias or rule.origin.name) for rule in parser().rules}
    used: set[str] = set()
    for text in (*BLOCKS, *(sentence_with(said) for said in SAID)):
        used |= forms_in(text)
    listed = {
        f"value_{value}"
        for spec in FACTS.values()
        for value in spec.values
        if f"`{value_words(value)}`" in TABLES
    }
    assert {form for form in forms if not form.startswith("_")} - used - listed == set()


def test_what_is_generated_is_up_to_date() -> None:
    script = ROOT / "scripts/policy_reference.py"
    spec = importlib.util.spec_from_file_location("policy_reference", script)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.renewed(DOCUMENT) == DOCUMENT, "run python scripts/policy_reference.py"


def test_each_fact_has_words_or_can_be_written_by_its_name() -> None:
    spoken = {spec_of(form).name for form in FORMS}
    assert set(FACTS) <= spoken, "add a form to vocabulary.py"


def test_each_companion_is_a_fact() -> None:
    assert {form.companion for form in FORMS if form.companion} <= set(FACTS)

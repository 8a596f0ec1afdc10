"""The order of priorities that check proposes leaves no conflict, and changes nothing else."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import HealthCheck, given, settings

from app.domain.policy.language.analysing import analyse
from app.domain.policy.language.conflicts import goes_before
from app.domain.policy.language.ladder import priorities
from app.domain.policy.language.looking import Looked
from app.domain.policy.model import Policy
from app.domain.policy.precedence import rank
from tests.support.policy_language import compiled
from tests.unit.policy_language.test_conflicts_agree import policies

SHOP = """Exception "Never": do not refund the item if the item is a gift card.
Rule "Photo": ask for evidence if the customer reports a fault and the item costs more than 50 EUR.
Rule "Keep it": refund the item in full and let the customer keep it if the customer reports a fault
    and the item costs less than 15 EUR.
Rule "Faulty": refund the item in full if the customer reports a fault and the item was delivered
    within the last 90 days.
Rule "Wrong item": refund the item in full if the reason is wrong item and the item was delivered
    within the last 60 days, because "We sent the wrong item.", and offer exchange instead.
Rule "Bicycle": refund the item less a restocking fee of 15% if the item is of the type "Bicycle"
    and was delivered within the last 30 days.
Rule "Holiday": refund the item if the order was placed from 1 November to 24 December with returns
    until 31 January.
Rule "Late": give store credit for the item if the item was delivered within the last 60 days.
Otherwise do not refund the item.
"""


def told(policy: Policy, code: str) -> list[str]:
    return [one.message for one in analyse(policy) if one.code == code]


def test_the_proposed_order_written_into_the_text_makes_the_check_clean() -> None:
    assert len(told(compiled(SHOP), "conflict")) > 3
    (proposal,) = told(compiled(SHOP), "priorities")
    steps = re.search(r"in this order: (.*?)\. Write", proposal)
    assert steps is not None
    text = SHOP
    for step in steps.group(1).split(", "):
        title, _, priority = step.rpartition(" ")
        heading = f'Rule "{title}"'
        assert heading in text
        text = text.replace(f"{heading}:", f"{heading} with priority {priority}:")
    mended = compiled(text)
    assert told(mended, "conflict") == told(mended, "priorities") == []
    assert steps.group(1).startswith("Photo 40, Keep it 40, Faulty 30")


def test_the_proposal_stands_last_and_only_where_more_than_one_pair_conflicts() -> None:
    problems = analyse(compiled(SHOP))
    assert problems[-1].code == "priorities"
    one_pair = 'Rule "a": refund it if it is digital. Rule "b": exchange it if it is perishable.'
    assert told(compiled(one_pair), "conflict")
    assert not told(compiled(one_pair), "priorities")


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(policies)
def test_no_conflict_is_left_and_what_was_decided_stays(sentences: tuple[str, ...]) -> None:
    policy = compiled("\n".join(sentences))
    ladder = priorities([Looked(one) for one in rank(policy.clauses)])
    assert ladder is not None
    chosen = dict(ladder)
    clauses = tuple(
        clause.model_copy(update={"priority": chosen.get(clause.title, 0)})
        for clause in policy.clauses
    )
    mended = policy.model_copy(update={"clauses": clauses})
    assert told(mended, "conflict") == []
    before, after = goes_before(policy), goes_before(mended)
    assert all(set(before[name]) <= set(after[name]) for name in before)


def test_an_exception_that_names_rules_keeps_its_place() -> None:
    policy = compiled(
        'Rule "a": refund it if it is digital. Rule "b": exchange it if it is perishable. '
        'Rule "c": repair it if it is discounted. '
        'Exception "d" to "a": do not refund it if it is on final sale.'
    )
    ladder = priorities([Looked(one) for one in rank(policy.clauses)])
    assert ladder is not None
    titles = [title for title, _ in ladder]
    assert titles.index("d") < titles.index("a")


def test_a_written_priority_that_must_go_is_named_with_nothing() -> None:
    policy = compiled(
        'Rule "a" with priority 7: refund it if it is digital. '
        'Rule "b" with priority 7: exchange it if it is perishable. '
        'Rule "c" with priority 7: repair it if it is discounted. '
    )
    (proposal,) = told(policy, "priorities")
    assert "in this order: a 20, b 10, c 0." in proposal
    mended = compiled('Rule "c" with priority 0: repair it if it is discounted.')
    assert mended.clauses[0].priority == 0


def test_very_many_steps_come_closer_together() -> None:
    def many(count: int) -> Policy:
        return compiled(
            "\n".join(
                f'Rule "r{n}": refund the item less a restocking fee of {n + 1} EUR if the item '
                f'has the tag "t{n}".'
                for n in range(count)
            )
        )

    ladder = priorities([Looked(one) for one in rank(many(150).clauses)])
    assert ladder is not None
    assert ladder[0] == ("r0", 149 * 6)


def test_the_ladder_of_the_guide_has_no_conflict_and_its_rules_without_priorities_have() -> None:
    guide = (Path(__file__).parents[3] / "docs/policy-language.md").read_text()
    section = guide[guide.index("### Most pages need a ladder") :]
    block = re.search(r"```policy\n(.*?)```", section, re.DOTALL)
    assert block is not None
    assert told(compiled(block.group(1)), "conflict") == []
    without = compiled(re.sub(r" with priority \d+", "", block.group(1)))
    (proposal,) = told(without, "priorities")
    shown = re.search(r"`(Give priorities in this order: [^…]*)…", section)
    assert shown is not None and shown.group(1) in proposal

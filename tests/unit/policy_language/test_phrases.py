"""What people write in their own words is answered with the sentence to write."""

from __future__ import annotations

import pytest

from app.domain.policy.language.compile import compile_policy

# What was written, what is answered first, and the sentence that then stands there.
PHRASES = [
    (
        "Refund it if the item is on sale.",
        "the item is discounted",
        "Refund it if {}.",
    ),
    ("Refund it if the item is not on sale.", "the item is not discounted", "Refund it if {}."),
    ("Ask for a photo if the item is digital.", "ask for evidence", "{} if the item is digital."),
    (
        "Refund it if the customer sent a photo.",
        "the customer has sent evidence",
        "Refund it if {}.",
    ),
    (
        "Refund it if the customer has not sent a photo.",
        "the customer has not sent evidence",
        "Refund it if {}.",
    ),
    ("Refund it if the item is unused.", "the item was not opened or used", "Refund it if {}."),
    (
        "Refund it if the item was delivered within 60 days and is digital.",
        "the item was delivered within the last 60 days",
        "Refund it if {} and is digital.",
    ),
    (
        "Refund it if the item arrived within 2 weeks.",
        "the item arrived within the last 14 days",
        "Refund it if {}.",
    ),
    (
        "Refund it if the item was bought from 1 November to 24 December with returns until "
        "31 January.",
        "the order was placed from 1 November to 24 December with returns until 31 January",
        "Refund it if {}.",
    ),
    (
        "Refund it if the order was purchased within 3 months.",
        "the order was placed within the last 90 days",
        "Refund it if {}.",
    ),
    (
        "Refund it less a restocking fee of 15% and a return shipping fee of 5.90 EUR.",
        "and less a return shipping fee of 5.90 EUR",
        "Refund it less a restocking fee of 15% {}.",
    ),
    (
        "Allow at most 3 refunds per customer in 1 year; beyond that ask a person to review.",
        "in 365 days",
        "Allow at most 3 refunds per customer {}; beyond that ask a person to review.",
    ),
    (
        "Refund the item within 30 days of delivery.",
        "Refund the item if it was delivered within the last 30 days",
        "{}.",
    ),
    (
        "Refund the item within 14 days of the purchase.",
        "Refund the item if it was ordered within the last 14 days",
        "{}.",
    ),
    (
        "Refund the item and keep 15% restocking fee.",
        "less a restocking fee of 15%",
        "Refund the item {}.",
    ),
    (
        "Refund the item minus 5 EUR for the return label.",
        "less a return shipping fee of 5 EUR",
        "Refund the item {}.",
    ),
    (
        'Times are in "Europe/Berlin". Refund it.',
        'All dates are in the time zone "Europe/Berlin"',
        "{}. Refund it.",
    ),
    ("Don't refund the item if the item is digital.", "do not refund", "{} it if it is digital."),
    ("Approve the refund if it is digital.", "refund the item", "{} if it is digital."),
    ("Offer store credit if it is digital.", "give store credit for the item", "{}."),
    (
        "Refund the item, including shipping costs, if the item is digital.",
        "Refund the item in full",
        "{} if the item is digital.",
    ),
    ("Refund the item and the shipping.", "Refund the item in full", "{}."),
    (
        "Refund it if the customer does not say it was worn.",
        "the item was not opened or used",
        "Refund it if {}.",
    ),
    (
        "Refund it if the customer says it was used.",
        "the item was opened or used",
        "Refund it if {}.",
    ),
    (
        "Refund it if the customer changed their mind.",
        "the reason is changed mind",
        "Refund it if {}.",
    ),
    (
        "Refund it if the customer got the wrong item.",
        "the reason is wrong item",
        "Refund it if {}.",
    ),
    (
        "Refund it if the customer paid with PayPal.",
        'the order was paid with "PayPal"',
        "Refund it if {}.",
    ),
    ('Refund it if the country is "DE".', 'the order ships to "DE"', "Refund it if {}."),
    ("Refund it if the customer lives in Spain.", 'the order ships to "Spain"', "Refund it if {}."),
    (
        'Refund it if the customer\'s tags include "vip".',
        'the customer has the tag "vip"',
        "Refund it if {}.",
    ),
    ("Refund it if it is tagged sale.", 'the item has the tag "sale"', "Refund it if {}."),
    (
        'Refund it if the product type is one of "Hats" or "Bags".',
        'the item is of one of the types "Hats" or "Bags"',
        "Refund it if {}.",
    ),
    (
        'Refund it if the item category is "Shoes".',
        'the item is of the type "Shoes"',
        "Refund it if {}.",
    ),
    (
        "Refund it if the price is below 50 EUR.",
        "the item costs less than 50 EUR",
        "Refund it if {}.",
    ),
    (
        "Refund it if the order total exceeds 50 EUR.",
        "the order totals more than 50 EUR",
        "Refund it if {}.",
    ),
    (
        "Refund it if the order is above 50 EUR.",
        "the order totals more than 50 EUR",
        "Refund it if {}.",
    ),
    (
        "Refund it if delivered more than 2 weeks ago.",
        "the item was delivered more than 14 days ago",
        "Refund it if {}.",
    ),
    (
        "Refund it if the delivery was more than 20 days ago.",
        "the item was delivered more than 20 days ago",
        "Refund it if {}.",
    ),
    ("Refund it if the item is a helmet.", 'the item has the tag "helmet"', "Refund it if {}."),
    (
        "Refund it if the item is not a helmet.",
        'the item does not have the tag "helmet"',
        "Refund it if {}.",
    ),
    (
        "Refund it if the item is a used helmet.",
        'the item has the tag "helmet" and was opened or used',
        "Refund it if {}.",
    ),
    ("Refund it if the customer is a VIP.", 'the customer has the tag "VIP"', "Refund it if {}."),
    ("Refund it if the item is not faulty.", "the reason is not damaged", "Refund it if {}."),
    (
        "Refund it if the item has not been used.",
        "the item was not opened or used",
        "Refund it if {}.",
    ),
    (
        "Refund it but keep 15% as a restocking fee.",
        "less a restocking fee of 15%",
        "Refund it {}.",
    ),
    (
        "Refund it minus a return shipping fee of 5 EUR.",
        "less a return shipping fee of 5 EUR",
        "Refund it {}.",
    ),
    ("Refund it if the item is faulty.", "the reason is damaged", "Refund it if {}."),
    ("Refund it if the item arrived damaged.", "the reason is damaged", "Refund it if {}."),
]


@pytest.mark.parametrize(("written", "answered", "then"), PHRASES)
def test_the_sentence_to_write_is_named_first_and_can_be_read(
    written: str, answered: str, then: str
) -> None:
    (problem,) = compile_policy(written).problems
    assert problem.suggestions[0] == answered
    assert f"This language says: {answered}" in problem.message
    mended = compile_policy(then.format(problem.suggestions[0]))
    assert mended.policy is not None, mended.problems


def test_a_number_that_is_no_count_of_days_is_left_alone() -> None:
    text = f"Refund it if the item was delivered within {'9' * 5000} weeks."
    (problem,) = compile_policy(text).problems
    assert "This language says" not in problem.message


def test_a_phrase_with_one_meaning_has_one_answer() -> None:
    (problem,) = compile_policy("Refund it if the item was delivered within 60 days.").problems
    assert problem.suggestions == ("the item was delivered within the last 60 days",)


def test_what_damaged_may_mean_is_told_apart() -> None:
    (problem,) = compile_policy("Refund it if the item is faulty.").problems
    assert problem.suggestions == ("the reason is damaged", "the customer reports a fault")
    assert "damaged, wrong item or not as described" in problem.message


@pytest.mark.parametrize(
    "text",
    [
        "Refund or exchange it.",
        "Exchange or refund it.",
        "Refund the item or exchange it if the item is digital.",
    ],
)
def test_a_choice_of_the_customers_is_offered_instead(text: str) -> None:
    (problem,) = compile_policy(text).problems
    assert "mixed" not in problem.message
    assert problem.suggestions == ("refund the item …, and offer exchange instead",)


def test_and_and_or_are_mixed_in_conditions_only() -> None:
    (mixed,) = compile_policy(
        "Refund it if the item is digital and is perishable or is discounted."
    ).problems
    assert "are mixed" in mixed.message
    (plain,) = compile_policy("Do not refund the item or the order.").problems
    assert "are mixed" not in plain.message


def test_a_known_word_misspelled_is_no_phrase() -> None:
    (problem,) = compile_policy("Refund it if the item is a giftcard.").problems
    assert 'Did you mean "gift"?' in problem.message

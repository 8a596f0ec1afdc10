"""The scenario is varied, repeatable and invented."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal

from integrations.sandbox.scenario import MAGENTO_STORIES, STORIES, Act, open_shop, play
from integrations.sandbox.scenario.magento import SITE, magento_order, open_site, order_name

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_the_same_seed_gives_the_same_scenes():
    assert list(play(130, NOW, seed=3)) == list(play(130, NOW, seed=3))
    assert list(play(130, NOW, seed=3)) != list(play(130, NOW, seed=4))


def test_nobody_and_no_order_comes_twice():
    scenes = list(play(3 * len(STORIES), NOW))
    names = [name for scene in scenes for name in scene.order_names]
    addresses = [address for scene in scenes for address in scene.addresses]
    assert len(set(names)) == len(names)
    assert len(set(addresses)) == len(addresses)


def test_everybody_is_invented():
    for scene in play(2 * len(STORIES), NOW):
        for address in scene.addresses:
            assert address.endswith("@example.com") or address.startswith("+1202555")
        everything = repr((scene.user, scene.ticket, scene.orders))
        assert set(re.findall(r"@([\w.-]+)", everything)) <= {"example.com"}


def test_the_shop_takes_every_order_and_holds_enough_money_for_the_answer():
    sandbox = open_shop()
    shop = next(iter(sandbox.shops.values()))
    for scene in play(2 * len(STORIES), NOW):
        made = [sandbox.add_order(shop, spec) for spec in scene.orders]
        expected = scene.story.expected
        if expected.amount is not None:
            paid = sum(one.amount for one in made[0].transactions if one.is_payment)
            assert Decimal(0) < Decimal(expected.amount) <= paid
            assert made[0].currency == expected.currency


def test_every_kind_of_answer_and_act_is_there():
    assert len(STORIES) == len({story.key for story in STORIES}) >= 40
    assert {story.expected.verdict for story in STORIES} == {
        "eligible",
        "not_eligible",
        "needs_review",
        None,
    }
    assert {story.act for story in STORIES} == set(Act)
    assert sum(not story.expected.is_refund for story in STORIES) == 10
    assert {story.expected.tier for story in STORIES} == {"agent", "team_lead", "manager"}


def test_only_what_is_eligible_is_ever_clicked():
    for story in STORIES:
        assert (story.act is Act.NOTHING) == (story.expected.verdict != "eligible"), story.key


def test_the_magento_site_takes_every_order_and_holds_enough_money_for_the_answer():
    sandbox = open_site()
    site = sandbox.sites[SITE]
    for scene in play(
        2 * len(MAGENTO_STORIES), NOW, stories=MAGENTO_STORIES, order_name=order_name
    ):
        made = [
            sandbox.add_order(site, magento_order(spec, scene.story, place))
            for place, spec in enumerate(scene.orders)
        ]
        assert [one.increment_id for one in made] == list(scene.order_names)
        expected = scene.story.expected
        if expected.amount is not None:
            assert Decimal(0) < Decimal(expected.amount) <= made[0].summed("total_paid").order
            assert made[0].order_currency == expected.currency


def test_casts_that_play_side_by_side_have_nobody_in_common():
    first = list(play(60, NOW))
    second = list(play(60, NOW, seed=2, first=60, stories=MAGENTO_STORIES, order_name=order_name))
    people = [{address for one in cast for address in one.addresses} for cast in (first, second)]
    assert not people[0] & people[1]
    numbers = [{name.lstrip("#0") for one in cast for name in one.order_names}
               for cast in (first, second)]  # fmt: skip
    assert not numbers[0] & numbers[1]


def test_magento_has_stories_of_every_kind_too():
    assert len(MAGENTO_STORIES) == len({story.key for story in MAGENTO_STORIES}) >= 38
    assert {story.act for story in MAGENTO_STORIES} == set(Act) - {Act.SETTLES_LATER}
    for story in MAGENTO_STORIES:
        assert (story.act is Act.NOTHING) == (story.expected.verdict != "eligible"), story.key

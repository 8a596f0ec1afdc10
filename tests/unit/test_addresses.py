"""Equal addresses have one key, others another, and none can be found out from its key."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from integrations.addresses import PostalAddress, address_key
from tests.support.fakes import HandClock
from tests.support.surroundings import make_surroundings


def at(
    *street: str | None,
    city: str | None = "Musterstadt",
    postcode: str | None = "12345",
    country: str | None = "DE",
) -> PostalAddress:
    return PostalAddress(street, city, postcode, country)


HOME = at("Größenweg 5a")


@pytest.mark.parametrize(
    ("other", "is_same"),
    [
        (at("GRÖSSENWEG  5 A"), True),
        (at("Größenweg", "5a"), True),
        (at("Größenweg", None, "5a", ""), True),
        (at("Grössenweg, 5a.", city="Muster-Stadt (West)"), True),
        (at("Größenweg 5b"), False),
        (at("Größenweg 5a", "Flat 2"), False),
        (at("Größenweg 5a", postcode="12346"), False),
        (at("Größenweg 5a", country="AT"), False),
        (at("Größenweg 5a", postcode=None), False),
    ],
)
def test_an_address_is_known_again_however_it_is_typed(other: PostalAddress, is_same: bool) -> None:
    here = make_surroundings({}, HandClock())
    key = address_key(HOME, "acme", here)
    assert key is not None and len(key) == 64
    found = address_key(other, "acme", here)
    assert found is not None
    assert (found == key) is is_same


def test_a_flat_and_a_house_number_are_not_run_together() -> None:
    here = make_surroundings({}, HandClock())
    apart = address_key(at("Flat 1", "2 Mill Lane"), "acme", here)
    assert apart != address_key(at("Flat 12", "Mill Lane"), "acme", here)


@pytest.mark.parametrize(
    "part",
    [at(), at(None), at("  ,"), at("Mill 1", country=None), at("Mill 1", postcode="", city=None)],
)
def test_a_part_of_an_address_has_no_key(part: PostalAddress) -> None:
    assert address_key(part, "acme", make_surroundings({}, HandClock())) is None


def test_another_account_has_another_key_for_the_same_address() -> None:
    keys = {address_key(HOME, "acme", make_surroundings({}, HandClock())) for _ in range(3)}
    assert len(keys) == 3


def test_workers_that_begin_together_agree() -> None:
    here = make_surroundings({}, HandClock())
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: address_key(HOME, "acme", here), range(32)))
    assert len(keys) == 1

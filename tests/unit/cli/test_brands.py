"""The brand of a store: how a name is read, kept and told."""

from __future__ import annotations

import pytest

from app.cli.brands import read_brand, tell_brand, with_brand
from app.domain.errors import ConfigurationError
from app.ports import StoreRecord


def store(brand: str | None = None, name: str = "store-1") -> StoreRecord:
    config: dict[str, object] = {"shop": "demo.myshopify.com"}
    return StoreRecord(
        id=name, account_id="acme", kind="shopify", name=name, config=with_brand(config, brand)
    )


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (None, None),
        ("", ""),
        ("  ", ""),
        (" Harbour  House ", "Harbour House"),
        # As another store of the account spells it, so that both are one brand.
        ("northwind KIDS", "Northwind Kids"),
        ("Größe: 7", "Größe: 7"),
        ("x" * 100, "x" * 100),
    ],
)
def test_a_name_is_read(given: str | None, read: str | None) -> None:
    assert read_brand(given, [store("Northwind Kids"), store()]) == read


@pytest.mark.parametrize("given", ["x" * 101, "a\x00b", "a\u202eb"])
def test_what_is_no_name_is_refused(given: str) -> None:
    with pytest.raises(ConfigurationError, match="--brand is a name"):
        read_brand(given, [])


def test_a_brand_stays_until_it_is_changed_or_ended() -> None:
    kept = store("Harbour").config
    assert with_brand(kept, None) == kept
    assert with_brand(kept, "Northwind")["brand"] == "Northwind"
    assert with_brand(kept, "") == store().config


def test_it_is_told_what_decides_and_what_decides_no_more(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tell_brand(store("Harbour"), [store("Northwind")], [store("Harbour")])
    told = capsys.readouterr().out
    assert "Its brand is Harbour:" in told
    assert "No store belongs to the brand Northwind now" in told
    both = [store("Harbour", "store-2"), store()]
    tell_brand(store(), [store("Harbour"), store("Harbour", "store-2")], both)
    assert capsys.readouterr().out == ""

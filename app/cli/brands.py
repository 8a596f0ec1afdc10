"""The brand that a store belongs to: policies can be written for one, whichever shops it has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from app.domain.errors import ConfigurationError
from app.domain.policy.version import is_scope
from app.ports import StoreRecord

BRAND = "brand"

brand_option: Callable[[Any], Any] = click.option(
    "--brand",
    help="The brand that the store belongs to: a policy written for it decides about the store's "
    'orders, unless the store has one of its own. Stays until another is given; "" ends it.',
)


def read_brand(text: str | None, stores: Sequence[StoreRecord]) -> str | None:
    """A brand's name as the account's other stores spell it; "" ends a brand, None says nothing.

    Raises ConfigurationError for what can't be a name.
    """
    if text is None:
        return None
    name = " ".join(text.split())
    if name and not (name.isprintable() and is_scope(f"{BRAND}:{name}")):
        raise ConfigurationError("--brand is a name of at most 100 letters; nothing was changed")
    return next((one for one in _brands(stores) if one.casefold() == name.casefold()), name)


def with_brand(config: Mapping[str, object], brand: str | None) -> dict[str, object]:
    """A store's config with this brand: "" ends what it had, None leaves it."""
    if brand is None:
        return dict(config)
    kept = {key: value for key, value in config.items() if key != BRAND}
    return {**kept, BRAND: brand} if brand else kept


def tell_brand(
    record: StoreRecord, before: Sequence[StoreRecord], after: Sequence[StoreRecord]
) -> None:
    """Say which brand a store has, and which one has no store any more."""
    brand = _brand_of(record)
    if brand is not None:
        click.echo(f"Its brand is {brand}: policies written for that brand decide its orders.")
    for gone in sorted(_brands(before) - _brands(after)):
        click.echo(f"No store belongs to the brand {gone} now: its policies decide nothing.")


def _brand_of(record: StoreRecord) -> str | None:
    return str(record.config[BRAND]) if record.config.get(BRAND) else None


def _brands(stores: Sequence[StoreRecord]) -> set[str]:
    return {brand for store in stores if (brand := _brand_of(store)) is not None}

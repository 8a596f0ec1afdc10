"""NAME=TIER pairs as an admin types them."""

from __future__ import annotations

from collections.abc import Iterable

import click

from app.domain.people import LOOK_ONLY, PEOPLE_TIERS, Tier, TierMap

TIER_CHOICES = (*(tier.value for tier in PEOPLE_TIERS), LOOK_ONLY)
_KINDS = {"role": "roles", "group": "groups", "team": "groups"}


def read_tiers(given: Iterable[str]) -> TierMap:
    """`role:NAME=TIER`, `group:NAME=TIER` or `team:NAME=TIER` pairs; without a kind it is a role.

    Raises click.UsageError that says what is wrong with which pair.
    """
    found: dict[str, dict[str, Tier | None]] = {"roles": {}, "groups": {}}
    for pair in given:
        name, separator, tier = pair.rpartition("=")
        kind, colon, rest = name.partition(":")
        part = _KINDS.get(kind.strip().lower()) if colon else None
        name = (rest if part else name).strip()
        if not separator or not name:
            raise click.UsageError(f"--tier {pair}: expected role:NAME=TIER or group:NAME=TIER")
        tier = tier.strip()
        if tier not in TIER_CHOICES:
            raise click.UsageError(
                f"--tier {pair}: {tier!r} is no tier; write one of {', '.join(TIER_CHOICES)}"
            )
        value = None if tier == LOOK_ONLY else Tier(tier)
        names = found[part or "roles"]
        if names.get(name, value) != value:
            raise click.UsageError(f"--tier {pair}: {name} was given another tier before")
        names[name] = value
    return TierMap.model_validate(found)

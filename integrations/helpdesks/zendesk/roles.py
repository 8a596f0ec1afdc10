"""The roles and groups that an account's config knows, against those that an admin has mapped."""

from __future__ import annotations

from collections.abc import Mapping

from app.domain.people import TierMap

# https://developer.zendesk.com/api-reference/ticketing/users/users/#roles
SYSTEM_ROLES = ("agent", "admin")


def unknown_names(config: Mapping[str, object]) -> tuple[str, ...]:
    """The mapped roles and groups that this Zendesk doesn't have, as far as it was read."""
    roles, groups = config.get("custom_roles"), config.get("groups")
    named = [*roles, *roles.values()] if isinstance(roles, dict) else []
    tiers = TierMap.of(config.get("tiers"))
    if not isinstance(groups, list):
        # Groups that couldn't be read can't be told to lack one.
        groups = list(tiers.groups)
    return tiers.unknown_to([*SYSTEM_ROLES, *map(str, named)], map(str, groups))

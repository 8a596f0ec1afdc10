"""Connecting a site: prove that the credentials work, and say what is to be stored.

Nothing is stored here. `Connection.secrets` belong into the account's vault under the store's id,
`Connection.config` into the store's record.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from pydantic import ValidationError

from app.domain.base import Value
from app.domain.errors import AccessDenied, ConfigurationError
from app.ports import Check, CheckStatus, Surroundings
from integrations.http import BoundedSession
from integrations.stores.magento.checks import GRANT, missing_resources, newest_order, run_checks
from integrations.stores.magento.client import MagentoClient
from integrations.stores.magento.config import (
    ACCESS_TOKEN,
    SECRET_NAMES,
    STORE_CODE,
    AuthMode,
    MagentoConfig,
    clean_base_url,
)
from integrations.stores.magento.signing import BearerSigner, OAuthSigner, Signer
from integrations.stores.magento.vocabulary import VENDOR

ORDERS_SEEN = 50
_NUMBER = re.compile(r"(?P<prefix>.*?)(?P<digits>\d+)")


class Connection(Value):
    """A site that answers. `steps` are what a person should still do, in words."""

    name: str
    config: dict[str, object]
    secrets: dict[str, str | None]
    checks: tuple[Check, ...]
    steps: tuple[str, ...] = ()


def connect_magento(
    base_url: str,
    mode: AuthMode,
    credentials: Mapping[str, str],
    surroundings: Surroundings,
    *,
    store_code: str | None = None,
    options: Mapping[str, object] | None = None,
) -> Connection:
    """Try the credentials, see what the integration was granted, learn how orders are numbered.

    `credentials`: `consumer_key`, `consumer_secret`, `access_token`, `access_token_secret` (oauth),
    or `access_token` (bearer). `options` are further values of `MagentoConfig`, such as
    `delivered_after_days`.
    Raises ConfigurationError when one is lacking, AccessDenied with the mend when the site refuses
    or a permission is missing, Unavailable when it doesn't answer.
    """
    url = clean_base_url(base_url)
    if store_code is not None and not STORE_CODE.fullmatch(store_code):
        raise ConfigurationError("a store view's code is lower case letters, digits and _")
    names = SECRET_NAMES if mode is AuthMode.OAUTH else (ACCESS_TOKEN,)
    missing = [name for name in names if not credentials.get(name)]
    if missing:
        raise ConfigurationError(f"to connect by {mode.value}, also give: {', '.join(missing)}")
    config = _config({**(options or {}), "base_url": url, "mode": mode, "store_code": store_code})
    values = [credentials[name].strip() for name in names]
    signer: Signer = OAuthSigner(*values) if mode is AuthMode.OAUTH else BearerSigner(*values)
    with BoundedSession(
        surroundings.connect_timeout_seconds, surroundings.read_timeout_seconds
    ) as session:
        client = MagentoClient(
            config=config, signer=signer, surroundings=surroundings, session=session
        )
        checks = run_checks(client, config)
        _refuse_what_is_broken(checks)
        seen = newest_order(client, ORDERS_SEEN)
    numbers = seen.get("increment_ids", [])
    prefixes, digits = learn_numbers(numbers)
    return Connection(
        name=urlsplit(url).hostname or url,
        config={
            **config.model_dump(mode="json", exclude_unset=True),
            "currency": seen.get("base_currency_code"),
            "order_number_prefixes": list(config.order_number_prefixes) or prefixes,
            "order_number_digits": digits,
        },
        # What an earlier way of connecting left behind is deleted.
        secrets={**dict.fromkeys(SECRET_NAMES), **dict(zip(names, values, strict=True))},
        checks=tuple(checks),
        steps=tuple(_steps(config, checks)),
    )


class Disconnection(Value):
    """What is deleted from the vault (None values), and what a person does at the shop."""

    secrets: dict[str, str | None]
    steps: tuple[str, ...]


def disconnect_magento() -> Disconnection:
    """Forget every secret. The integration itself is ended by an admin of the shop."""
    return Disconnection(
        secrets=dict.fromkeys(SECRET_NAMES),
        steps=(
            "In the Magento admin: System, Extensions, Integrations, delete the integration. "
            "That ends its tokens.",
        ),
    )


def _config(values: Mapping[str, object]) -> MagentoConfig:
    try:
        return MagentoConfig.model_validate(values)
    except ValidationError as error:
        keys = ", ".join(sorted({str(one["loc"][0]) for one in error.errors() if one["loc"]}))
        raise ConfigurationError(f"these settings of the store are wrong: {keys}") from None


def _steps(config: MagentoConfig, checks: Iterable[Check]) -> Iterable[str]:
    """What Magento can't tell and a person may say, so that fewer tickets need one."""
    for one in checks:
        if one.mend is not None:
            yield f"{one.detail}. {one.mend}"
    if config.final_sale_skus is None:
        yield "Optional: final_sale_skus, the items sold for good (an empty list where none are)."
    if config.delivered_after_days is None:
        yield (
            "Optional: delivered_after_days, after how many days a sent order counts as "
            "delivered: Magento knows no delivery date."
        )


def learn_numbers(increment_ids: Iterable[str]) -> tuple[list[str], int]:
    """Prefixes with letters ("DE-") and the commonest count of digits, from present orders."""
    prefixes: dict[str, None] = {}
    counts: dict[int, int] = {}
    for number in increment_ids:
        match = _NUMBER.fullmatch(number)
        if match is None:
            continue
        if match["prefix"]:
            prefixes[match["prefix"]] = None
        counts[len(match["digits"])] = counts.get(len(match["digits"]), 0) + 1
    digits = max(counts, key=lambda count: counts[count]) if counts else 9
    return list(prefixes)[:4], min(digits, 20)


def _refuse_what_is_broken(checks: list[Check]) -> None:
    broken = [one for one in checks if one.status is CheckStatus.FAILED]
    if not broken:
        return
    lacking = missing_resources(checks)
    if lacking:
        text = f"the integration isn't granted {', '.join(lacking)}. {GRANT}"
    else:
        text = f"{broken[0].detail}. {broken[0].mend or ''}".strip()
    raise AccessDenied(text, vendor=VENDOR, operation="connect")

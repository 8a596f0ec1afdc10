"""What an account keeps of its Kustomer org, read once into values. Secrets are in the vault."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from app.domain.errors import ConfigurationError
from app.ports import Account

DEFAULT_REGION = "US"
# The smallest plan's limit for a whole org; an admin may name the real one.
# https://developer.kustomer.com/docs/concepts/rate-limits
DEFAULT_REQUESTS_PER_MINUTE = 300

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


class UserHeader(StrEnum):
    """What the header that names the clicking person is worth.

    CHECKED: it must agree with the person's own proof. TRUSTED: an admin has seen that callers of
    a command can't set it, so it stands alone where there is no proof.
    """

    CHECKED = "checked"
    TRUSTED = "trusted"


@dataclass(frozen=True)
class KustomerConfig:
    """One org. `attributes` maps a resource to our names of its attributes and the stored ones.

    `commands` are the registered names by ours. `order_klass` is the custom object that holds
    orders, where the merchant keeps some.
    """

    org: str
    org_id: str
    machine_user_id: str
    app: str
    app_version: str
    commands: dict[str, str]
    attributes: dict[str, dict[str, str]]
    sign_in_klass: str
    webhook_id: str
    webhook_url: str
    order_klass: str
    region: str
    requests_per_minute: int
    user_header: UserHeader

    @classmethod
    def of(cls, account: Account) -> KustomerConfig:
        """Read an account's config. Raises ConfigurationError for an org name that is none."""
        config = account.config
        per_minute = config.get("requests_per_minute")
        header = str(config.get("user_header") or UserHeader.CHECKED)
        if header not in set(UserHeader):
            raise ConfigurationError(
                f"user_header is {header!r}: it must be checked or trusted (run makegood connect "
                "kustomer again)"
            )
        return cls(
            org=org_name(config.get("org")),
            org_id=_text(config.get("org_id")),
            machine_user_id=_text(config.get("machine_user_id")),
            app=_text(config.get("app")),
            app_version=_text(config.get("app_version")),
            commands=_texts(config.get("commands")),
            attributes={
                str(name): _texts(values)
                for name, values in _mapping(config.get("attributes")).items()
            },
            sign_in_klass=_text(config.get("sign_in_klass")),
            webhook_id=_text(config.get("webhook_id")),
            webhook_url=_text(config.get("webhook_url")),
            order_klass=_text(config.get("order_klass")),
            region=_text(config.get("region")) or DEFAULT_REGION,
            requests_per_minute=per_minute
            if isinstance(per_minute, int) and per_minute > 0
            else DEFAULT_REQUESTS_PER_MINUTE,
            user_header=UserHeader(header),
        )


def org_name(value: object) -> str:
    """The org's name in its addresses. Raises ConfigurationError unless it is one DNS label.

    A name such as `evil.example/` would otherwise send our key to another host.
    """
    if not isinstance(value, str) or not _LABEL.fullmatch(value):
        raise ConfigurationError(
            "the Kustomer org must be one name such as `acme` in acme.kustomerapp.com"
        )
    return value


def address(template: str, org: str) -> str:
    """A URL template of the settings for one org: https, or http on this machine itself."""
    base = template.replace("{org}", org_name(org)).rstrip("/")
    parts = urlsplit(base)
    loopback = parts.hostname in {"127.0.0.1", "localhost", "::1"}
    if parts.scheme != "https" and not (parts.scheme == "http" and loopback):
        raise ConfigurationError("MAKEGOOD_KUSTOMER_URL must be an https address")
    return base


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _mapping(value: object) -> dict[object, object]:
    return value if isinstance(value, dict) else {}


def _texts(value: object) -> dict[str, str]:
    return {str(key): str(one) for key, one in _mapping(value).items() if one}

"""What a connected Magento site's record holds besides its secrets."""

from __future__ import annotations

import re
from enum import StrEnum
from fnmatch import fnmatchcase
from ipaddress import ip_address
from typing import Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.domain.errors import ConfigurationError
from app.ports import StoreRecord, Surroundings
from integrations.stores.magento.vocabulary import OFFLINE_METHODS, VENDOR

CONSUMER_KEY = "consumer_key"
CONSUMER_SECRET = "consumer_secret"  # noqa: S105 - the secret's name
ACCESS_TOKEN = "access_token"  # noqa: S105
ACCESS_TOKEN_SECRET = "access_token_secret"  # noqa: S105
SECRET_NAMES = (CONSUMER_KEY, CONSUMER_SECRET, ACCESS_TOKEN, ACCESS_TOKEN_SECRET)

# Where no setting says otherwise, a site is reached at the address it was connected by.
DEFAULT_ENDPOINT = "{base_url}"
STORE_CODE = re.compile(r"[a-z][a-z0-9_]{0,31}")


class AuthMode(StrEnum):
    """How calls prove who they are."""

    OAUTH = "oauth"
    BEARER = "bearer"


class MagentoConfig(BaseModel):
    """`StoreRecord.config` of a Magento site.

    `base_url` is what stands before `/rest`. `store_code` chooses language and formats; it does not
    filter orders. `offline_methods` are further payment methods whose money a person pays back by
    hand. `delivered_after_days` after shipping an order counts as delivered (an estimate: Magento
    knows no delivery date). `shipping_includes_tax` says how the shop reads an amount of shipping
    (its setting tax/sales_display/shipping); None: parts of taxed shipping are refused.
    `final_sale_skus` are the items that the merchant sells for good, `*` standing for anything;
    None: not known, so that a policy that asks for it leaves the order to a person.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    base_url: str
    mode: AuthMode = AuthMode.OAUTH
    store_code: str | None = Field(default=None, pattern=r"^[a-z][a-z0-9_]{0,31}$")
    currency: str | None = None
    order_number_prefixes: tuple[str, ...] = ()
    order_number_digits: int = Field(default=9, ge=1, le=20)
    offline_methods: tuple[str, ...] = ()
    delivered_after_days: int | None = Field(default=None, ge=0, le=90)
    return_to_stock: bool = False
    shipping_includes_tax: bool | None = None
    final_sale_skus: tuple[str, ...] | None = None

    @classmethod
    def of(cls, record: StoreRecord) -> Self:
        """Read a record's config. Raises ConfigurationError naming the wrong keys."""
        try:
            return cls.model_validate(record.config)
        except ValidationError as error:
            keys = ", ".join(sorted({str(one["loc"][0]) for one in error.errors() if one["loc"]}))
            raise ConfigurationError(
                f"the store {record.name} has a wrong or missing setting ({keys}): connect it again"
            ) from None

    def is_final_sale(self, sku: str) -> bool | None:
        """Whether an item was sold for good; None where the merchant hasn't said."""
        if self.final_sale_skus is None:
            return None
        return any(fnmatchcase(sku.upper(), one.upper()) for one in self.final_sale_skus)

    def is_offline(self, method: str) -> bool:
        """Whether a payment method's money is paid back by hand."""
        return method in OFFLINE_METHODS or method in self.offline_methods


def clean_base_url(text: str) -> str:
    """The address before `/rest`, from what people type. Raises ConfigurationError."""
    given = text.strip()
    if "://" not in given:
        given = f"https://{given}"
    parts = urlsplit(given)
    if parts.username or parts.password or parts.query or parts.fragment or not parts.hostname:
        raise ConfigurationError("give the shop's plain address, like https://shop.example.com")
    path = re.sub(r"/rest(/.*)?$", "", parts.path.rstrip("/"))
    return f"{parts.scheme.lower()}://{parts.netloc.lower()}{path}"


def site_url(surroundings: Surroundings, base_url: str) -> str:
    """Where a site is called. Raises ConfigurationError unless that is https.

    Plain http is only spoken with this machine itself, and only where the product's own settings
    name such an address: a store's record can't.
    """
    template = surroundings.endpoints.get(VENDOR, DEFAULT_ENDPOINT)
    host = urlsplit(base_url).hostname or ""
    url = template.replace("{base_url}", base_url).replace("{host}", host).rstrip("/")
    parts = urlsplit(url)
    is_set_here = "{base_url}" not in template
    if parts.scheme == "https" and parts.hostname:
        return url
    if parts.scheme == "http" and is_set_here and _is_loopback(parts.hostname or ""):
        return url
    raise ConfigurationError(f"{base_url} must be an https address: connect the store again")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False

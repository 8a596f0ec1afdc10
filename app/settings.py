"""All settings, read once at start-up from environment variables that begin with MAKEGOOD_.

`DATABASE_URL`, `REDIS_URL` and `PORT` are also understood without the prefix, as hosting platforms
set them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class Settings(BaseSettings):
    """Makegood's settings. Every field is in the README's table."""

    model_config = SettingsConfigDict(env_prefix="MAKEGOOD_", frozen=True, extra="ignore")

    database_url: str = Field(
        default="",
        validation_alias=AliasChoices("MAKEGOOD_DATABASE_URL", "DATABASE_URL", "database_url"),
        description="Where everything is kept; empty means SQLite in the data folder.",
    )
    redis_url: str = Field(
        default="",
        validation_alias=AliasChoices("MAKEGOOD_REDIS_URL", "REDIS_URL", "redis_url"),
        description="The queue; empty means an embedded Redis in the data folder.",
    )
    port: int = Field(
        default=8000,
        validation_alias=AliasChoices("MAKEGOOD_PORT", "PORT", "port"),
        description="The port that the web process listens on.",
    )
    data_dir: Path = Field(
        default=Path("var"), description="Folder for the SQLite file and the embedded Redis."
    )
    public_url: str = Field(
        default="http://127.0.0.1:8000",
        description="The https address under which helpdesks reach Makegood.",
    )
    secret_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        default=(),
        description="Keys that encrypt stored secrets and sign sessions, comma separated, "
        "newest first; made and kept in the data folder when empty.",
    )
    zendesk_url: str = Field(
        default="https://{subdomain}.zendesk.com",
        description="Where an account's Zendesk answers.",
    )
    zendesk_sdk_url: str = Field(
        default="https://static.zdassets.com/zendesk_app_framework_sdk/2.0/zaf_sdk.min.js",
        description="The script that connects the sidebar to Zendesk.",
    )
    zendesk_marketplace_name: str = Field(default="", description="Zendesk Marketplace header.")
    zendesk_marketplace_organization_id: str = Field(
        default="", description="Zendesk Marketplace header."
    )
    zendesk_marketplace_app_id: str = Field(default="", description="Zendesk Marketplace header.")
    kustomer_url: str = Field(
        default="https://{org}.api.kustomerapp.com",
        description="Where an org's Kustomer API answers; the org's own name leads to its region.",
    )
    kustomer_app_url: str = Field(
        default="https://{org}.kustomerapp.com",
        description="Kustomer's web app, the only one that may frame the card.",
    )
    kustomer_sdk_url: str = Field(
        default="https://cdn.kustomerapp.com/card-js/latest/kustomer-card.min.js",
        description="The script that connects the card to Kustomer.",
    )
    shopify_url: str = Field(
        default="https://{shop}", description="Where a shop's Admin API answers."
    )
    magento_url: str = Field(
        default="{base_url}",
        description="Where a Magento site answers; the address it was connected by.",
    )
    hold_seconds: float = Field(
        default=5.0, ge=0, le=60, description="How long a clicked refund can still be cancelled."
    )
    patience_seconds: float = Field(
        default=60.0,
        gt=0,
        description="How long a step of another worker may take before it counts as dead; keep it "
        "above five read time-outs.",
    )
    session_minutes: int = Field(
        default=30, ge=5, le=60, description="How long an open sidebar may act."
    )
    connect_timeout_seconds: float = Field(default=5.0, gt=0, description="Per vendor call.")
    read_timeout_seconds: float = Field(default=10.0, gt=0, description="Per vendor call.")
    sweep_minutes: int = Field(
        default=10, ge=1, description="How often tickets that no delivery brought are looked for."
    )
    requeue_seconds: int = Field(
        default=15, ge=1, description="How often the clock announces what is unfinished."
    )
    log_level: str = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR.")

    @field_validator("secret_keys", mode="before")
    @classmethod
    def _split_keys(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator(
        "public_url",
        "zendesk_url",
        "zendesk_sdk_url",
        "kustomer_url",
        "kustomer_app_url",
        "kustomer_sdk_url",
        "shopify_url",
        "magento_url",
    )
    @classmethod
    def _https_or_loopback(cls, value: str) -> str:
        value = value.rstrip("/")
        if value == "{base_url}":
            # The adapter itself takes https addresses only.
            return value
        parts = urlsplit(value.replace("{", "").replace("}", ""))
        loopback = parts.hostname in {"127.0.0.1", "localhost", "::1"}
        if parts.scheme != "https" and not (parts.scheme == "http" and loopback):
            raise ValueError("must be an https address (http only for this machine itself)")
        return value

    @property
    def database(self) -> str:
        """The SQLAlchemy URL; `postgres://` as hosting platforms write it is understood."""
        if not self.database_url:
            return f"sqlite:///{(self.data_dir / 'makegood.sqlite3').resolve()}"
        for prefix in ("postgres://", "postgresql://"):
            if self.database_url.startswith(prefix):
                return "postgresql+psycopg://" + self.database_url.removeprefix(prefix)
        return self.database_url

    @property
    def sdk_urls(self) -> dict[str, str]:
        """The script of each helpdesk that connects our page to it, by the helpdesk's name."""
        return {"zendesk": self.zendesk_sdk_url, "kustomer": self.kustomer_sdk_url}

    @property
    def endpoints(self) -> dict[str, str]:
        """URL template of each integration, by its name."""
        return {
            "zendesk": self.zendesk_url,
            "kustomer": self.kustomer_url,
            "kustomer_app": self.kustomer_app_url,
            "shopify": self.shopify_url,
            "magento": self.magento_url,
        }

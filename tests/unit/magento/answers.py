"""Recorded answers of a Magento Open Source 2.4.7 shop, read as the adapter reads them."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from integrations.stores.magento.config import MagentoConfig
from integrations.stores.magento.facts import Facts
from integrations.stores.magento.payloads import (
    Found,
    InvoicePayload,
    MemoPayload,
    OrderPayload,
)

FOLDER = Path(__file__).parent / "recorded"
CONFIG = MagentoConfig(base_url="https://shop.example.com")


def recorded(name: str) -> Any:
    """One recorded body."""
    return json.loads((FOLDER / f"{name}.json").read_text(), parse_float=Decimal)


def facts(
    order: str,
    *,
    invoices: str | None = None,
    memos: str | None = None,
    config: MagentoConfig = CONFIG,
    **changes: object,
) -> Facts:
    """The facts of recorded documents; `changes` are laid over the order."""
    return Facts(
        order=OrderPayload.model_validate({**recorded(order), **changes}),
        config=config,
        invoices=Found[InvoicePayload].model_validate(recorded(invoices)).items
        if invoices
        else None,
        memos=Found[MemoPayload].model_validate(recorded(memos)).items if memos else None,
    )

"""The invented shop in which the stories happen."""

from __future__ import annotations

from typing import Any

SHOP = "northwind-outfitters"
SLOW_GATEWAY = "bank_transfer_express"


def shop_settings(settles_after_seconds: float | None) -> dict[str, Any]:
    """Settings for the shop sandbox: dollars, taxes on top, one payment provider that takes its
    time (None: until somebody settles it)."""
    return {
        "name": SHOP,
        "currency": "USD",
        "timezone": "UTC",
        "taxes_included": False,
        "gateways": {
            SLOW_GATEWAY: {"status": "PENDING", "settles_after_seconds": settles_after_seconds}
        },
    }

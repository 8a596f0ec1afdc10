"""The people and tickets of a scene as the Kustomer sandbox takes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.sandbox.scenario.cast import Scene

_CHANNELS = {"email": "email", "chat": "chat", "voice": "voice", "web": "form"}


def kustomer_customer(scene: Scene) -> dict[str, Any]:
    """A customer with all addresses, as `add_customer` takes it."""
    others = [one["value"] for one in scene.user["identities"] if one["type"] == "email"]
    return {
        "name": scene.name,
        "email": scene.email,
        "phone": scene.phone,
        "other_emails": others,
        "locale": scene.user["locale"],
    }


def kustomer_conversation(ticket: Mapping[str, Any]) -> dict[str, Any]:
    """What the customer writes, as `add_conversation` takes it, without its customer."""
    return {
        "subject": ticket["subject"],
        "text": ticket["description"],
        "channel": _CHANNELS[ticket["channel"]],
    }

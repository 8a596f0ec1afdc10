"""How a customer wrote, in one vocabulary for all helpdesks."""

from __future__ import annotations

from enum import StrEnum


class Channel(StrEnum):
    """The way a message came in. A vendor's name that we don't know is UNKNOWN, never a guess."""

    EMAIL = "email"
    CHAT = "chat"
    VOICE = "voice"
    SMS = "sms"
    SOCIAL = "social"
    WEB_FORM = "web_form"
    API = "api"
    UNKNOWN = "unknown"

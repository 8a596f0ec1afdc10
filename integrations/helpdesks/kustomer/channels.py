"""Kustomer's names of channels in our one vocabulary.

https://developer.kustomer.com/docs/concepts/conversations-and-messages
"""

from __future__ import annotations

from app.domain.channel import Channel

_CHANNELS: dict[str, Channel] = {
    "email": Channel.EMAIL,
    "chat": Channel.CHAT,
    "whatsapp": Channel.SOCIAL,
    "voice": Channel.VOICE,
    "voicemail": Channel.VOICE,
    "sms": Channel.SMS,
    "facebook": Channel.SOCIAL,
    "facebook-messenger": Channel.SOCIAL,
    "instagram": Channel.SOCIAL,
    "twitter": Channel.SOCIAL,
    "twitter-dm": Channel.SOCIAL,
    "twitter-tweet": Channel.SOCIAL,
    "form": Channel.WEB_FORM,
    "api": Channel.API,
}


def channel_of(name: str) -> Channel:
    """The channel of a vendor's name; UNKNOWN for one that isn't in the table."""
    return _CHANNELS.get(name.strip().lower(), Channel.UNKNOWN)

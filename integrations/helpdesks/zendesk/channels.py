"""Zendesk's names for how a ticket came in, as channels.

https://developer.zendesk.com/documentation/ticketing/reference-guides/via-types
"""

from __future__ import annotations

from app.domain.channel import Channel

# Both spellings that the vendor uses, that of tickets and that of its list of via types, and the
# numbers that some endpoints give instead.
_NAMES: dict[Channel, str] = {
    Channel.EMAIL: "email mail mailgun 4",
    Channel.WEB_FORM: (
        "web web_form web_widget helpcenter help_center dropbox feedback_tab mobile mobile_sdk"
        " iphone android 0 17 48 49"
    ),
    Channel.CHAT: (
        "chat chat_transcript chat_offline_message native_messaging messaging web_messaging ios"
        " unity 29 75"
    ),
    Channel.VOICE: (
        "voice voicemail phone phone_call_inbound phone_call_outbound 44 45 46"
        " phone_call_inbound_abandoned"
    ),
    Channel.SMS: "sms twilio_sms messagebird_sms google_rcs 57 77 80",
    Channel.SOCIAL: (
        "twitter twitter_dm twitter_direct_message twitter_favorite twitter_like x_corp_dm"
        " facebook facebook_post facebook_message facebook_messenger instagram_dm whatsapp"
        " telegram viber line wechat kakaotalk apple_business_chat google_business_messages"
        " sunshine_conversations_facebook_messenger sunshine_conversations_twitter_dm"
        " any_channel tiktok 23 26 30 38 41 72 73 74 86"
    ),
    Channel.API: "api web_service sunshine_conversations_api 5 87",
}
_CHANNELS = {name: channel for channel, names in _NAMES.items() for name in names.split()}


def channel_of(via_channel: str) -> Channel:
    """The channel for a via type; a name that isn't known is UNKNOWN."""
    return _CHANNELS.get(via_channel.strip().lower(), Channel.UNKNOWN)

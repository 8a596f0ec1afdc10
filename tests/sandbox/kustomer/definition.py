"""A small app definition for the tests of registration, commands and cards."""

from __future__ import annotations

import copy
from typing import Any

_DEFINITION: dict[str, Any] = {
    "app": "refund_helper",
    "version": "1.0.0",
    "title": "Refund helper",
    "identifier": "refhelp",
    "visibility": "private",
    "settings": {
        "default": {
            "serviceToken": {"type": "secret", "defaultValue": "", "required": True},
            "greeting": {"type": "string", "defaultValue": "Hello"},
        }
    },
    "i18n": {"en_us": {"refund_helper.settings.page.title": "Refund helper"}},
    "klasses": [
        {
            "name": "conversation",
            "metadata": {
                "standard": True,
                "properties": {
                    "refundStatusStr": {"displayName": "Refund status"},
                    "refundAmountNum": {"displayName": "Refund amount"},
                },
            },
        },
        {
            "name": "order",
            "icon": "receipt",
            "color": "#0b6b57",
            "metadata": {"properties": {"totalNum": {"displayName": "Total"}}},
        },
    ],
    "kviews": [
        {
            "name": "card",
            "resource": "conversation",
            "context": "smartbar-card",
            "meta": {"displayName": "Refund helper", "state": "open"},
            "template": '<div><DynamicCard src="https://example.com/card" '
            "context={object.context} fillToWidth noPadding /></div>",
        }
    ],
    "commands": [
        {
            "name": "lookup",
            "displayName": "Look up",
            "url": "https://example.com/commands/lookup",
            "httpMethod": "post",
            "permittedArgs": [],
            "auditLogging": True,
            "appSettings": {"serviceToken": {"key": "refund_helper.default.serviceToken"}},
            "defaultHeaders": {"authorization": "Bearer {{serviceToken}}"},
            "inputSchema": {
                "type": "object",
                "properties": {"conversationId": {"type": "string"}},
                "required": ["conversationId"],
                "additionalProperties": False,
            },
        }
    ],
    "outboundWebhooks": [
        {
            "name": "Refund helper events",
            "url": "https://example.com/events",
            "events": ["kustomer.conversation.create", "kustomer.message.create"],
            "headers": [],
        }
    ],
    "changelog": {"1.0.0": "{{November 2026}}First version."},
}


def definition(**changes: Any) -> dict[str, Any]:
    """A fresh definition with some top-level keys changed; None leaves one out."""
    made = copy.deepcopy(_DEFINITION) | changes
    return {name: value for name, value in made.items() if value is not None}

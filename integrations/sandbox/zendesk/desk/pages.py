"""The desk's routes. The page itself is in `static/`; it polls the feed here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask

if TYPE_CHECKING:
    from integrations.sandbox.zendesk.app import ZendeskSandbox


def register(app: Flask, sandbox: ZendeskSandbox) -> None:
    """Add the agent workspace."""

"""Times as Zendesk writes them, and the time that signatures carry."""

from __future__ import annotations

from datetime import UTC, datetime

from integrations.sandbox.clock import SandboxClock

__all__ = ["SandboxClock", "fine_stamp", "real_now", "stamp"]


def real_now() -> datetime:
    """The time that signatures carry."""
    return datetime.now(UTC)


def stamp(moment: datetime) -> str:
    """`2026-11-21T12:00:00Z`: the API's time format, second resolution."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def fine_stamp(moment: datetime) -> str:
    """The sub-second format of event envelopes: nine digits, the last three always zero."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "000Z"

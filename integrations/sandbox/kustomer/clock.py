"""Times as Kustomer writes them."""

from __future__ import annotations

from datetime import UTC, datetime

from integrations.sandbox.clock import SandboxClock

__all__ = ["SandboxClock", "stamp"]


def stamp(moment: datetime) -> str:
    """`2026-11-21T10:00:01.010Z`: milliseconds, as in the resources and events."""
    return (
        moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
    )

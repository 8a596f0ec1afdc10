"""The error that every builder raises."""

from __future__ import annotations


class BadPackage(ValueError):
    """What was asked for can't become a package that the helpdesk takes; names every reason."""

"""Makegood: refunds inside a helpdesk. `create_app` is the web application."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from app.bootstrap import Services
    from app.ports import Check
    from app.settings import Settings
    from app.usecases.deps import Deps


def create_app(
    settings: Settings,
    deps: Deps | None = None,
    *,
    services: Services | None = None,
    session_keys: Sequence[str] = (),
    probe: Callable[[], list[Check]] | None = None,
) -> Flask:
    """The Flask application, from `services` (made from `settings` when missing).

    Tests pass `deps` with `session_keys` and `probe` instead; then nothing is assembled.
    Raises ConfigurationError when a setting that is needed is missing.
    """
    from app.web.application import build_application
    from app.web.health import probe_of

    if deps is not None:
        return build_application(settings, deps, session_keys, probe or (lambda: []))
    if services is None:
        from app.bootstrap import build_services

        services = build_services(settings, announces_later=True)
    return build_application(
        settings,
        services.deps,
        services.session_keys,
        probe or probe_of(services.database, services.redis),
    )

"""The Flask application from its parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flask import Flask

from app.ports import Check
from app.settings import Settings
from app.usecases.deps import Deps
from app.web.api import api
from app.web.context import Web, install
from app.web.errors import install_error_handlers
from app.web.health import health
from app.web.hooks import hooks
from app.web.panel import panel
from app.web.security import install_request_hooks
from app.web.session import Signer
from app.web.sidebar import sidebar
from app.web.texts import text


def build_application(
    settings: Settings,
    deps: Deps,
    session_keys: Sequence[str],
    probe: Callable[[], list[Check]],
) -> Flask:
    """Blueprints, error answers, headers and what the views work with."""
    app = Flask("app.web", static_folder="static", template_folder="templates")
    # No Flask session is used, so no secret key is set and no cookie can be.
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals["t"] = text
    signer = Signer(session_keys, deps.clock, settings.session_minutes * 60)
    install(app.extensions, Web(settings=settings, deps=deps, signer=signer, probe=probe))
    install_request_hooks(app, is_https=settings.public_url.startswith("https://"))
    install_error_handlers(app)
    for blueprint in (hooks, sidebar, panel, api, health):
        app.register_blueprint(blueprint)
    return app

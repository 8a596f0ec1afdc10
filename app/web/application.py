"""The Flask application from its parts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

from flask import Flask

from app.ports import Check
from app.settings import Settings
from app.usecases.deps import Deps
from app.web.api import api
from app.web.approvals_api import approvals_api
from app.web.approvals_page import approvals_page
from app.web.card import card
from app.web.context import Web, install
from app.web.errors import install_error_handlers
from app.web.health import health
from app.web.hooks import hooks
from app.web.learning_page import learning_page
from app.web.panel import panel
from app.web.policy_api import policy_api
from app.web.policy_page import policy_page
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
    # The address of a static file names its content, so a browser may keep it for good and never
    # mixes scripts of two versions.
    app = Flask(
        "app.web",
        static_folder="static",
        static_url_path=f"/static/{_fingerprint()}",
        template_folder="templates",
    )
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 365 * 24 * 3600
    # No Flask session is used, so no secret key is set and no cookie can be.
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals["t"] = text
    app.jinja_env.filters["sentence"] = _sentence
    signer = Signer(session_keys, deps.clock, settings.session_minutes * 60)
    install(app.extensions, Web(settings=settings, deps=deps, signer=signer, probe=probe))
    install_request_hooks(app, is_https=settings.public_url.startswith("https://"))
    install_error_handlers(app)
    blueprints = (
        hooks,
        sidebar,
        card,
        panel,
        api,
        approvals_api,
        approvals_page,
        policy_api,
        learning_page,
        policy_page,
        health,
    )
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
    return app


def _fingerprint() -> str:
    """A short digest of all static files."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).with_name("static").rglob("*")):
        if path.is_file():
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def _sentence(words: str) -> str:
    """With a capital first letter; the rest as it is."""
    return words[:1].upper() + words[1:]

"""What the views work with, put into the Flask application once at its start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from flask import current_app, g

from app.domain.errors import NotAllowed
from app.domain.people import Agent
from app.ports import Account, Check
from app.settings import Settings
from app.usecases.deps import Deps
from app.usecases.people import agent_for, known_person
from app.web.session import NOBODY, Session, Signer
from app.web.texts import text

_NAME = "makegood"

# How old our knowledge of a person's role may be: for looking, and for moving money.
LOOKING_SECONDS = 900.0
ACTING_SECONDS = 60.0


@dataclass(frozen=True)
class Web:
    """Settings, use cases and signatures; `probe` is asked by /health."""

    settings: Settings
    deps: Deps
    signer: Signer
    probe: Callable[[], list[Check]]


def install(extensions: dict[str, object], web: Web) -> None:
    """Keep `web` in an application's extensions."""
    extensions[_NAME] = web


def web() -> Web:
    """The running application's own."""
    return cast(Web, current_app.extensions[_NAME])


def session() -> Session:
    """The signed-in session of this request; set by `app.web.sign_in`."""
    return cast(Session, g.session)


def account() -> Account:
    """The account of the signed-in session."""
    return cast(Account, g.account)


# How somebody is shown and treated whom the helpdesk didn't prove to be anybody.
UNPROVEN = Agent(id=NOBODY, name="", email=None, role="not proven", tier=None)


def acting_agent() -> Agent:
    """The person who acts, with the role that the helpdesk reports now. Raises NotAllowed."""
    if not session().is_proven:
        raise NotAllowed(text("pay.not_proven"))
    return agent_for(web().deps, account(), session().agent_id, ACTING_SECONDS)


def known_agent() -> Agent | None:
    """The signed-in person as last read from the helpdesk, without asking it; for looking only."""
    if not session().is_proven:
        return UNPROVEN if session().installation_id else None
    return known_person(web().deps, account(), session().agent_id)

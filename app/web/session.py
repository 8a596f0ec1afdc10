"""The sidebar's own short session, and the signed plans behind its buttons.

A session is a bearer token in the page's memory: no cookie reaches a third-party frame, and nothing
is stored in the browser. Both kinds of token are signed with the product's secret keys, so no id
that a browser makes up is ever believed.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from typing import Any

from itsdangerous import BadSignature, SignatureExpired, TimestampSigner, URLSafeTimedSerializer

from app.domain.base import Value
from app.domain.errors import AppError, ConfigurationError
from app.ports import Clock


class SessionProblem(AppError):
    """No valid session: the person has to reload the app."""

    def __init__(self, message: str, *, is_expired: bool) -> None:
        super().__init__(message)
        self.is_expired = is_expired


class BadPlanToken(AppError):
    """A plan token that we didn't sign for this person, or that is too old."""


# Somebody of the account whom the helpdesk didn't prove to be anybody: may look, never act.
NOBODY = ""


# In place of an installation's id: a card's session before, and after an attempt to prove somebody.
CARD_PENDING, CARD_TRIED = "", "card"


class Session(Value):
    """Who uses the sidebar, as the helpdesk proved when it was opened."""

    account_id: str
    agent_id: str
    installation_id: str
    token_id: str

    @property
    def is_proven(self) -> bool:
        """Whether the helpdesk said who this is."""
        return self.agent_id != NOBODY

    @property
    def is_of_card(self) -> bool:
        """Whether it counts only in calls that the helpdesk's own servers bring."""
        return self.installation_id in {CARD_PENDING, CARD_TRIED}


SIGN_IN_SECONDS = 120


def challenge_of(ticket: str) -> str:
    """What is written into the helpdesk for a ticket: it tells nothing about it."""
    return "makegood-" + hashlib.sha256(ticket.encode()).hexdigest()


def _signer_for(clock: Clock) -> type[TimestampSigner]:
    """A signer that takes the time from our clock."""

    class ClockSigner(TimestampSigner):
        def get_timestamp(self) -> int:
            return int(clock.now().timestamp())

    return ClockSigner


class Signer:
    """Signs and reads sessions and plans. `keys` are newest first; all are accepted."""

    def __init__(self, keys: Sequence[str], clock: Clock, session_seconds: int) -> None:
        if not keys:
            raise ConfigurationError("MAKEGOOD_SECRET_KEYS is empty: sessions can't be signed")
        self._session_seconds = session_seconds
        oldest_first = list(reversed(keys))

        def serializer(purpose: str) -> URLSafeTimedSerializer:
            return URLSafeTimedSerializer(
                oldest_first,
                salt=f"makegood.{purpose}",
                signer=_signer_for(clock),
                signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
            )

        self._sessions = serializer("session")
        self._plans = serializer("plan")
        self._sign_ins = serializer("sign-in")

    def issue_session(self, account_id: str, agent_id: str, installation_id: str) -> str:
        """A bearer token for one opened sidebar."""
        return str(
            self._sessions.dumps([account_id, agent_id, installation_id, secrets.token_hex(8)])
        )

    def read_session(self, token: str) -> Session:
        """The session of a bearer token; raises SessionProblem."""
        try:
            account_id, agent_id, installation_id, token_id = self._loads(self._sessions, token)
        except SignatureExpired:
            raise SessionProblem("The session has expired.", is_expired=True) from None
        except (BadSignature, ValueError, TypeError):
            raise SessionProblem("The session isn't valid.", is_expired=False) from None
        return Session(
            account_id=account_id,
            agent_id=agent_id,
            installation_id=installation_id,
            token_id=token_id,
        )

    def sign_plan(self, session: Session, case_id: str, plan_id: str) -> str:
        """A token that lets this person release exactly this plan."""
        return str(self._plans.dumps([session.account_id, session.agent_id, case_id, plan_id]))

    def issue_sign_in(self, account_id: str) -> tuple[str, str]:
        """A ticket that its holder keeps, and the challenge that the helpdesk is to see.

        The challenge alone, which others may read in the helpdesk, lets nobody in.
        """
        ticket = str(self._sign_ins.dumps([account_id, secrets.token_hex(16)]))
        return ticket, challenge_of(ticket)

    def read_sign_in(self, account_id: str, ticket: str) -> str:
        """The challenge of a ticket that was given out for this account within the last minutes.

        Raises SessionProblem.
        """
        try:
            owner, _ = self._loads(self._sign_ins, ticket, SIGN_IN_SECONDS)
        except SignatureExpired:
            raise SessionProblem("The sign-in took too long.", is_expired=True) from None
        except (BadSignature, ValueError, TypeError):
            raise SessionProblem("The sign-in isn't valid.", is_expired=False) from None
        if owner != account_id:
            raise SessionProblem("The sign-in is another account's.", is_expired=False)
        return challenge_of(ticket)

    def read_plan(self, session: Session, token: str) -> tuple[str, str]:
        """Case id and plan id of a token that this person was given; raises BadPlanToken."""
        try:
            account_id, agent_id, case_id, plan_id = self._loads(self._plans, token)
        except SignatureExpired:
            raise BadPlanToken("This button is too old. Check the figures again.") from None
        except (BadSignature, ValueError, TypeError):
            raise BadPlanToken("This plan wasn't offered by Makegood.") from None
        if (account_id, agent_id) != (session.account_id, session.agent_id):
            raise BadPlanToken("This plan was offered to somebody else.")
        return case_id, plan_id

    def _loads(
        self, serializer: URLSafeTimedSerializer, token: str, seconds: int | None = None
    ) -> list[str]:
        loaded: Any = serializer.loads(token, max_age=seconds or self._session_seconds)
        if not isinstance(loaded, list) or not all(isinstance(part, str) for part in loaded):
            raise ValueError("not one of our tokens")
        return loaded

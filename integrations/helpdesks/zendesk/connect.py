"""Connects an account: everything that can be done by API, found again when it is already there.

Run twice, it changes nothing. `disconnect` takes back what it made. Nothing is stored here: the
caller gets what to keep.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from zenpy.lib.api_objects import TicketField, UserField

from app.domain.base import Value
from app.domain.errors import AccessDenied, ConfigurationError, NotFound, VendorError
from app.ports import Account, Surroundings
from integrations.helpdesks.zendesk import setup
from integrations.helpdesks.zendesk.answers import VENDOR
from integrations.helpdesks.zendesk.apps import find_installation, install_app, upload_app
from integrations.helpdesks.zendesk.client import (
    AccountSession,
    Address,
    Marketplace,
    ZendeskClient,
    ask_for_token,
    open_client,
)
from integrations.helpdesks.zendesk.fields import (
    OPTION_PREFIXES,
    TICKET_FIELDS,
    USER_FIELDS,
    FieldSpec,
)
from integrations.helpdesks.zendesk.hooks import TRIGGERS, ensure_trigger, ensure_webhook
from integrations.helpdesks.zendesk.oauth import (
    CLIENT_SECRET,
    OWNER,
    TOKEN_SECRET,
    AuthKind,
    FixedToken,
    StoredToken,
    TokenAnswer,
)
from integrations.helpdesks.zendesk.roles import unknown_names
from integrations.helpdesks.zendesk.setup import Step
from integrations.helpdesks.zendesk.webhook import WEBHOOK_SECRETS

SCOPE = " ".join(setup.NEEDED_SCOPES)
# Making fields and installing the app needs more than running it.
SCOPE_FOR_SETUP = "read write"


@dataclass(frozen=True)
class Credentials:
    """How to get in: a token, a client's own credentials, or a code from the consent page.

    `token` alone is a token that can't be renewed. `client_id` and `client_secret` without a code
    use the client_credentials grant. With `code` (and `redirect_uri`, `code_verifier`) the code is
    exchanged; it is valid for 120 seconds.
    """

    token: str | None = field(default=None, repr=False)
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    code: str | None = field(default=None, repr=False)
    code_verifier: str | None = field(default=None, repr=False)
    redirect_uri: str | None = None

    @property
    def kind(self) -> AuthKind:
        """Which of the three. Raises ConfigurationError when it is none."""
        if self.token:
            return AuthKind.STATIC
        if self.client_id and self.code:
            return AuthKind.OAUTH
        if self.client_id and self.client_secret:
            return AuthKind.CLIENT_CREDENTIALS
        raise ConfigurationError(
            "give a token, or an OAuth client's id and secret, or a client's id and a code"
        )


class Connected(Value):
    """What to store: `config` in the account, `secrets` in its vault under "helpdesk" by `put`."""

    config: dict[str, object]
    secrets: dict[str, str | None]
    steps: tuple[Step, ...]


def authorization_url(
    subdomain: str, template: str, client_id: str, redirect_uri: str, state: str, verifier: str
) -> str:
    """The consent page for an admin. `verifier` is kept secret until the code is exchanged.

    https://developer.zendesk.com/api-reference/ticketing/oauth/grant_type_tokens/
    """
    digest = hashlib.sha256(verifier.encode()).digest()
    query = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": SCOPE,
        "state": state,
        "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
        "code_challenge_method": "S256",
    }
    base = Address.of(subdomain, template).base
    return f"{base}/oauth/authorizations/new?{urlencode(query)}"


def connect(
    account: Account,
    surroundings: Surroundings,
    credentials: Credentials,
    public_url: str,
    *,
    package: Path | None = None,
    marketplace: Marketplace | None = None,
) -> Connected:
    """Set an account up, and answer what to store.

    `account` need not be stored yet: its id makes the webhook's address, its config has at least
    `subdomain`; whatever else the config holds is kept. With `package` the app is uploaded and
    installed too. Raises ConfigurationError, or VendorError with what Zendesk refused; a second
    run goes on where the first one ended.
    """
    market = marketplace or Marketplace()
    address = Address.of(account.config.get("subdomain"), surroundings.endpoints["zendesk"])
    config: dict[str, object] = dict(account.config)
    steps: list[Step] = []
    stored = _obtain(address, surroundings, market, credentials, config, with_app=bool(package))
    client = ZendeskClient(
        AccountSession(
            address,
            surroundings.connect_timeout_seconds,
            surroundings.read_timeout_seconds,
            tokens=FixedToken(stored.access_token),
            marketplace=market,
        )
    )
    needed = SCOPE_FOR_SETUP.split() if package else setup.NEEDED_SCOPES
    steps.append(_prove(client, config, tuple(needed)))
    steps.append(_app(client, config, package))
    steps += _fields(client, config)
    steps += [_roles(client, config), _groups(client, config), _tiers(config)]
    steps.append(
        ensure_webhook(client, config, f"{public_url.rstrip('/')}/webhooks/zendesk/{account.id}")
    )
    secret = setup.signing_secret(client, str(config["webhook_id"]))
    steps += [ensure_trigger(client, config, spec) for spec in TRIGGERS]
    secrets: dict[str, str | None] = {
        # With a client's own credentials the first job asks for a token with less scope.
        TOKEN_SECRET: None
        if credentials.kind is AuthKind.CLIENT_CREDENTIALS
        else stored.model_dump_json(),
        WEBHOOK_SECRETS: _newest_first(secret, surroundings),
        CLIENT_SECRET: credentials.client_secret,
    }
    return Connected(config=config, secrets=secrets, steps=tuple(steps))


def disconnect(
    account: Account, surroundings: Surroundings, marketplace: Marketplace | None = None
) -> tuple[Step, ...]:
    """Remove triggers and webhook. Fields, app and what stands in tickets the admin removes.

    Raises VendorError; what is already gone is no error.
    """
    client = open_client(account, surroundings, marketplace)
    steps = []
    for name, key, path in (
        *((spec.name, spec.key, "triggers/{}.json") for spec in TRIGGERS),
        ("webhook", "webhook_id", "webhooks/{}"),
    ):
        known = account.config.get(key)
        if not known:
            steps.append(Step(name=name, outcome="skipped", detail="was never set up"))
            continue
        try:
            client.session.delete(client.url(path.format(known)))
            steps.append(Step(name=name, outcome="removed"))
        except NotFound:
            steps.append(Step(name=name, outcome="skipped", detail="was already gone"))
    return tuple(steps)


def _obtain(
    address: Address,
    surroundings: Surroundings,
    market: Marketplace,
    credentials: Credentials,
    config: dict[str, object],
    *,
    with_app: bool,
) -> StoredToken:
    """A token, by whichever credentials there are."""
    kind = credentials.kind
    config["auth"] = kind.value
    if kind is AuthKind.STATIC:
        return StoredToken(access_token=str(credentials.token))
    # A client's own credentials give a token for the set-up only, and a lesser one for work.
    is_for_setup = with_app or kind is AuthKind.CLIENT_CREDENTIALS
    scope = SCOPE_FOR_SETUP if is_for_setup else SCOPE
    body: dict[str, object] = {"client_id": str(credentials.client_id), "scope": scope}
    if credentials.client_secret:
        body["client_secret"] = credentials.client_secret
    if kind is AuthKind.OAUTH:
        body |= {
            "grant_type": "authorization_code",
            "code": credentials.code,
            "redirect_uri": credentials.redirect_uri,
        }
        if credentials.code_verifier:
            body["code_verifier"] = credentials.code_verifier
    else:
        body["grant_type"] = "client_credentials"
    config |= {"client_id": str(credentials.client_id), "scope": SCOPE}
    answer: TokenAnswer = ask_for_token(address, surroundings, market)(body)
    return answer.to_stored(surroundings.clock.now())


def _prove(client: ZendeskClient, config: dict[str, object], needed: tuple[str, ...]) -> Step:
    """That the token is somebody's and may do what we need.

    Without credentials `users/me` answers 200 "Anonymous user", and a token with a mistyped scope
    is issued all the same: neither status proves a connection.
    """
    lacking = setup.lacking_scopes(setup.granted_scopes(client), needed)
    if lacking:
        raise AccessDenied(
            f"the token lacks the scopes {', '.join(lacking)}",
            vendor=VENDOR,
            operation="check the token",
        )
    user = setup.me(client)
    if user.id is None or user.role != "admin":
        raise AccessDenied(
            "the token must belong to an admin of this Zendesk",
            vendor=VENDOR,
            operation="check the token",
        )
    config["bot_user_id"] = user.id
    return Step(name="token", outcome="kept", detail=f"user {user.id}")


def _app(client: ZendeskClient, config: dict[str, object], package: Path | None) -> Step:
    """The app's installation and the key that signs its first loads."""
    known = str(config["installation_id"]) if config.get("installation_id") else None
    try:
        installation = find_installation(client, known)
    except AccessDenied as error:
        return Step(name="app", outcome="skipped", detail=str(error))
    outcome = "kept"
    if package is not None and installation is None:
        installation = install_app(client, upload_app(client, package))
        outcome = "created"
    elif package is not None and installation is not None:
        upload_app(client, package, installation.app_id)
        outcome = "changed"
    if installation is None:
        detail = "not installed yet: upload the package in Zendesk's Admin Center"
        return Step(name="app", outcome="skipped", detail=detail)
    config["installation_id"], config["app_id"] = installation.id, installation.app_id
    config["public_key"] = setup.public_key(client, installation.app_id)
    return Step(name="app", outcome=outcome, detail=f"installation {installation.id}")


def _fields(client: ZendeskClient, config: dict[str, object]) -> list[Step]:
    """Our fields, which the app's installation makes; made here where it hasn't."""
    steps: list[Step] = []
    ids: dict[str, str] = {}
    known = config.get("ticket_fields")
    before = known if isinstance(known, dict) else {}
    is_installed = bool(config.get("installation_id"))
    found = setup.fields_of(client, "ticket_fields")
    for spec in TICKET_FIELDS:
        remembered = [one for one in found if one.id == str(before.get(spec.name))]
        candidates = [one for one in remembered + found if one.is_for(spec)]
        field_id, step = _field(
            client, spec, candidates, "ticket_fields", is_installed=is_installed
        )
        if field_id is not None:
            ids[spec.name] = field_id
        steps.append(step)
    found = setup.fields_of(client, "user_fields")
    for spec in USER_FIELDS:
        candidates = [one for one in found if one.is_for(spec)]
        _, step = _field(client, spec, candidates, "user_fields", is_installed=is_installed)
        steps.append(step)
    config["ticket_fields"] = ids
    config["ticket_field_options"] = dict(OPTION_PREFIXES)
    return steps


def _field(
    client: ZendeskClient,
    spec: FieldSpec,
    candidates: list[setup.FieldPayload],
    family: str,
    *,
    is_installed: bool,
) -> tuple[str | None, Step]:
    """One field's id: found, completed, switched on, or created; None where we may not."""
    name = f"field {spec.title}"
    if not candidates and not is_installed:
        # Made now, they would stand in the way of the app's own: option tags exist once.
        return None, Step(name=name, outcome="skipped", detail="installing the app makes it")
    try:
        return _kept_field(client, spec, candidates, family)
    except AccessDenied as error:
        known = candidates[0].id if candidates else None
        detail = f"{error}; installing the app makes the fields"
        return known, Step(name=name, outcome="skipped", detail=detail)


def _kept_field(
    client: ZendeskClient, spec: FieldSpec, candidates: list[setup.FieldPayload], family: str
) -> tuple[str, Step]:
    """As `_field`. Raises AccessDenied."""
    name = f"field {spec.title}"
    api: Any = client.zenpy.ticket_fields if family == "ticket_fields" else client.zenpy.user_fields
    kind: Any = TicketField if family == "ticket_fields" else UserField
    if not candidates:
        with client.understanding(f"create the {name}", is_write=True):
            made = setup.FieldPayload.model_validate(api.create(kind(**spec.body())).to_dict())
        return made.id, Step(name=name, outcome="created", detail=f"field {made.id}")
    field_ = candidates[0]
    change: dict[str, object] = {}
    missing = field_.missing_options(spec)
    if missing:
        # Options that aren't named would be deleted, with the values in tickets.
        change["custom_field_options"] = [
            *(
                {"id": int(one.id), "name": one.name, "value": one.value}
                for one in field_.custom_field_options
                if one.id is not None
            ),
            *({"name": label, "value": tag} for tag, label in missing),
        ]
    if not field_.active:
        change["active"] = True
    if not change:
        return field_.id, Step(name=name, outcome="kept", detail=f"field {field_.id}")
    # An update must name type and title too.
    body = {family.removesuffix("s"): {"type": field_.type, "title": field_.title, **change}}
    client.send("PUT", f"{family}/{field_.id}.json", body)
    return field_.id, Step(name=name, outcome="changed", detail=f"field {field_.id}")


def _roles(client: ZendeskClient, config: dict[str, object]) -> Step:
    """Names of custom roles, so that tiers can be given by name. Lower plans have none."""
    try:
        roles = setup.custom_roles(client)
    except VendorError as error:
        return Step(name="roles", outcome="skipped", detail=str(error))
    config["custom_roles"] = roles
    return Step(name="roles", outcome="kept", detail=f"{len(roles)} custom roles")


def _groups(client: ZendeskClient, config: dict[str, object]) -> Step:
    """Names of groups, so that a tier for one that doesn't exist is noticed."""
    try:
        names = setup.groups(client)
    except VendorError as error:
        return Step(name="groups", outcome="skipped", detail=str(error))
    config["groups"] = list(names)
    return Step(name="groups", outcome="kept", detail=f"{len(names)} groups")


def _tiers(config: dict[str, object]) -> Step:
    """Whether every role and group that has a tier exists."""
    unknown = unknown_names(config)
    detail = f"not in this Zendesk: {', '.join(unknown)}" if unknown else "every name exists"
    return Step(name="tiers", outcome="skipped" if unknown else "kept", detail=detail)


def _newest_first(secret: str, surroundings: Surroundings) -> str:
    """The secrets to accept: the present one, and the one before it, which may be on its way."""
    before = (surroundings.vault.get(OWNER, WEBHOOK_SECRETS) or "").split()
    return "\n".join(dict.fromkeys([secret, *before[:1]]))

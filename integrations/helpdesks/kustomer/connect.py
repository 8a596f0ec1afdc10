"""Connects an org: everything that can be done by API, found again when it is already there.

Run twice, it changes nothing. `disconnect` takes back what can be taken back: a registered app
stays in Kustomer for good. Nothing is stored here: the caller gets what to keep.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from app.domain.base import Value
from app.domain.errors import (
    AccessDenied,
    ConfigurationError,
    NotFound,
    Rejected,
    VendorError,
)
from app.domain.people import TierMap
from app.ports import Account, Surroundings
from integrations.helpdesks.kustomer import people, setup
from integrations.helpdesks.kustomer.client import KustomerClient, path_name, record_id
from integrations.helpdesks.kustomer.config import KustomerConfig, UserHeader, address, org_name
from integrations.helpdesks.kustomer.fields import ATTRIBUTES
from integrations.helpdesks.kustomer.pace import Pacer
from integrations.helpdesks.kustomer.registration import (
    Definition,
    ensure_installed,
    ensure_registered,
    strange_commands,
)
from integrations.helpdesks.kustomer.setup import Step
from integrations.helpdesks.kustomer.vocabulary import (
    API_KEY,
    OWNER,
    SERVICE_TOKENS,
    VENDOR,
    WEBHOOK_TOKENS,
)
from integrations.http import BoundedSession


@dataclass(frozen=True)
class Credentials:
    """`api_key` works all day; `setup_key` registers and installs, and isn't kept.

    One key with all roles may be both: then `setup_key` is None.
    """

    api_key: str = field(repr=False)
    setup_key: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Options:
    """What only the merchant knows. None leaves it as it is.

    `order_klass`: the custom object in which orders are kept. `requests_per_minute`: the plan's
    limit. `user_header`: see `UserHeader`.
    """

    order_klass: str | None = None
    region: str | None = None
    requests_per_minute: int | None = None
    user_header: UserHeader | None = None

    def as_config(self) -> dict[str, object]:
        """The values that were given."""
        given: dict[str, object | None] = {
            "order_klass": self.order_klass,
            "region": self.region,
            "requests_per_minute": self.requests_per_minute,
            "user_header": self.user_header.value if self.user_header else None,
        }
        return {name: value for name, value in given.items() if value is not None}


class Connected(Value):
    """What to store: `config` in the account, `secrets` in its vault under "helpdesk" by `put`."""

    config: dict[str, object]
    secrets: dict[str, str | None]
    steps: tuple[Step, ...]


def connect(
    account: Account,
    surroundings: Surroundings,
    credentials: Credentials,
    definition: Definition,
    options: Options | None = None,
) -> Connected:
    """Set an org up, and answer what to store.

    `account` need not be stored yet; its config has at least `org`, and whatever else it holds is
    kept. `definition` is the checked app definition of this deployment. Raises ConfigurationError,
    or VendorError with what Kustomer refused; a second run goes on where the first one ended.
    """
    config = {**account.config, **(options or Options()).as_config()}
    worker = _client(config, surroundings, credentials.api_key)
    builder = _client(config, surroundings, credentials.setup_key or credentials.api_key)
    steps = [_prove(worker, config)]
    steps.append(ensure_registered(builder, config, definition))
    strange = strange_commands(config, str(definition["app"]))
    if strange:
        raise ConfigurationError(
            f"Kustomer calls our commands {', '.join(strange)}, which the card doesn't know"
        )
    steps.append(ensure_installed(builder, config))
    token, step = _service_token(builder, account, surroundings, config)
    steps.append(step)
    steps += _attributes(worker, config)
    webhook_url = str(definition["outboundWebhooks"][0]["url"])
    webhook_tokens, step = _webhook(worker, builder, surroundings, config, webhook_url)
    steps += [step, _teams(worker, config)]
    return Connected(
        config=config,
        secrets={
            API_KEY: credentials.api_key,
            SERVICE_TOKENS: token,
            WEBHOOK_TOKENS: webhook_tokens,
        },
        steps=tuple(steps),
    )


def disconnect(
    account: Account, surroundings: Surroundings, setup_key: str | None = None
) -> tuple[Step, ...]:
    """Remove the webhook and blank the service token; `setup_key` as in `connect`.

    What the key may not do is said and left to the admin. Raises VendorError when Kustomer doesn't
    answer.
    """
    config = KustomerConfig.of(account)
    client = _client(account.config, surroundings, setup_key)
    steps = []
    if config.webhook_id:
        path = f"outbound-webhooks/{record_id(config.webhook_id)}"
        steps.append(_undone(client, "webhook", "DELETE", path, None))
    else:
        steps.append(Step(name="webhook", outcome="skipped", detail="was never set up"))
    if config.app:
        path = f"settings/{path_name(config.app)}/default/serviceToken"
        steps.append(_undone(client, "service token", "PUT", path, {"value": ""}))
    steps.append(
        Step(
            name="app",
            outcome="skipped",
            detail="Kustomer keeps installed apps: switch it off in Settings, Apps",
        )
    )
    return tuple(steps)


def _undone(client: KustomerClient, name: str, verb: str, path: str, body: object) -> Step:
    try:
        client.send("DELETE" if verb == "DELETE" else "PUT", path, body)
    except NotFound:
        return Step(name=name, outcome="skipped", detail="was already gone")
    except AccessDenied as error:
        return Step(name=name, outcome="skipped", detail=f"{error}; remove it in Kustomer")
    return Step(name=name, outcome="removed")


def _client(
    config: Mapping[str, object], surroundings: Surroundings, key: str | None
) -> KustomerClient:
    """A client for a few calls; `key` None takes the stored one."""
    org = org_name(config.get("org"))
    per_minute = config.get("requests_per_minute")
    base = address(surroundings.endpoints[VENDOR], org)
    pacer = Pacer(
        surroundings.pace,
        surroundings.clock,
        base,
        per_minute if isinstance(per_minute, int) and per_minute > 0 else 300,
    )
    session = BoundedSession(
        surroundings.connect_timeout_seconds, surroundings.read_timeout_seconds
    )
    return KustomerClient(base, org, surroundings, session, pacer, key)


def _prove(client: KustomerClient, config: dict[str, object]) -> Step:
    """Whose key it is, of which org, and that it may do what we need."""
    user = setup.me(client)
    org_id = user.related("org")
    known = config.get("org_id")
    if org_id is None or user.attributes.user_type not in ("", people.MACHINE):
        raise AccessDenied(
            "the key must be an API key of this org (Settings, Security, API Keys)",
            vendor=VENDOR,
            operation="check the key",
        )
    if known and known != org_id:
        raise AccessDenied(
            "the key belongs to another org than this account",
            vendor=VENDOR,
            operation="check the key",
        )
    granted = setup.granted_roles(client)
    lacking = setup.lacking_roles(granted) if granted is not None else []
    if lacking:
        raise AccessDenied(
            f"the key lacks the roles {', '.join(lacking)}; roles can't be added to a key, so "
            "make a new one",
            vendor=VENDOR,
            operation="check the key",
        )
    config["org_id"], config["machine_user_id"] = org_id, user.id
    return Step(name="key", outcome="kept", detail=f"user {user.id}")


def _service_token(
    client: KustomerClient,
    account: Account,
    surroundings: Surroundings,
    config: Mapping[str, object],
) -> tuple[str, Step]:
    """The org's own token, set in the app's settings; the one before it is accepted for a while.

    Its beginning names the account, so that the right one is compared.
    """
    name = "service token"
    before = (surroundings.vault.get(OWNER, SERVICE_TOKENS) or "").split()
    token = before[0] if before else f"mgk.{account.id}.{secrets.token_urlsafe(32)}"
    kept = "\n".join(dict.fromkeys([token, *before[:2]]))
    path = f"settings/{path_name(str(config['app']))}/default/serviceToken"
    try:
        client.send("PUT", path, {"value": token})
    except NotFound:
        detail = "comes with the installation: run makegood connect kustomer again after it"
        return kept, Step(name=name, outcome="skipped", detail=detail)
    return kept, Step(name=name, outcome="kept" if before else "created")


def _attributes(client: KustomerClient, config: dict[str, object]) -> list[Step]:
    """What our attributes are called in this org: asked, never guessed."""
    found: dict[str, dict[str, str]] = {}
    steps = []
    for resource, specs in ATTRIBUTES.items():
        titles = setup.attribute_titles(client, resource)
        names = {spec.name: setup.stored_name(spec, titles) for spec in specs}
        found[resource] = {name: one for name, one in names.items() if one is not None}
        missing = [spec.title for spec in specs if names[spec.name] is None]
        detail = f"{', '.join(missing)}: come with the installation" if missing else f"{len(specs)}"
        steps.append(
            Step(
                name=f"attributes of {resource}",
                outcome="skipped" if missing else "kept",
                detail=detail,
            )
        )
    config["attributes"] = found
    return steps


def _webhook(
    worker: KustomerClient,
    builder: KustomerClient,
    surroundings: Surroundings,
    config: dict[str, object],
    url: str,
) -> tuple[str | None, Step]:
    """The webhook that the installation made, switched on, and the token that it signs with."""
    name = "webhook"
    config["webhook_url"] = url
    known = (surroundings.vault.get(OWNER, WEBHOOK_TOKENS) or "").split()
    ours = [one for one in setup.webhooks(worker) if one.attributes.url == url]
    chosen = next((one for one in ours if one.id == config.get("webhook_id")), None)
    chosen = chosen or next(iter(ours), None)
    if chosen is None:
        kept = "\n".join(known) or None
        return kept, Step(name=name, outcome="skipped", detail="comes with the installation")
    config["webhook_id"] = chosen.id
    found = setup.webhook(worker, chosen.id).attributes
    if not found.token:
        raise Rejected(
            "Kustomer doesn't show the webhook's token to this key: it needs "
            "org.permission.outbound_webhook.read",
            vendor=VENDOR,
            operation="read the webhook",
        )
    outcome = "kept"
    if not found.enabled or found.is_error:
        builder.send("PATCH", f"outbound-webhooks/{record_id(chosen.id)}", {"enabled": True})
        outcome = "changed"
    tokens = "\n".join(dict.fromkeys([found.token, *known[:1]]))
    return tokens, Step(name=name, outcome=outcome, detail=url)


def _teams(client: KustomerClient, config: dict[str, object]) -> Step:
    """Names of teams, so that a tier for one that doesn't exist is noticed."""
    try:
        names = setup.team_names(client)
    except VendorError as error:
        return Step(name="teams", outcome="skipped", detail=str(error))
    config["teams"] = list(names)
    tiers = TierMap.of(config.get("tiers"))
    if unknown := tiers.unknown_to(tiers.roles, names):
        detail = f"not in this Kustomer: {', '.join(unknown)}"
        return Step(name="teams", outcome="skipped", detail=detail)
    return Step(name="teams", outcome="kept", detail=f"{len(names)} teams")

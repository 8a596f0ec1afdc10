"""Is an account's connection whole? One check a thing, each with its mend."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from app.domain.errors import AccessDenied, VendorError
from app.domain.people import TierMap
from app.ports import Account, Check, CheckStatus
from integrations.helpdesks.zendesk import setup
from integrations.helpdesks.zendesk.client import ZendeskClient
from integrations.helpdesks.zendesk.fields import TICKET_FIELDS, USER_FIELDS, FieldSpec
from integrations.helpdesks.zendesk.hooks import TRIGGERS, TriggerSpec
from integrations.helpdesks.zendesk.roles import unknown_names

TIERS = "correct the names with makegood tiers"
CONNECT = "run makegood connect zendesk again"
INSTALL = "install the Makegood app in Zendesk's Admin Center, then " + CONNECT


def check_account(account: Account, client: ZendeskClient) -> list[Check]:
    """Token, scopes, fields, webhook, trigger, key and app. Never raises a VendorError.

    Without a working token nothing else can be looked at, so its check stands alone then.
    """
    first = _guarded("zendesk token", CONNECT, lambda: iter([_token(account, client)]))
    if any(check.status is CheckStatus.FAILED for check in first):
        return first
    parts: list[tuple[str, str, Callable[[], Iterator[Check]]]] = [
        ("zendesk scopes", CONNECT, lambda: _scopes(client)),
        ("zendesk ticket fields", INSTALL, lambda: _ticket_fields(account, client)),
        ("zendesk customer fields", INSTALL, lambda: _user_fields(client)),
        ("zendesk webhook", CONNECT, lambda: _webhook(account, client)),
        *(
            (f"zendesk {spec.name}", CONNECT, partial(_trigger, account, client, spec))
            for spec in TRIGGERS
        ),
        ("zendesk app", INSTALL, lambda: _app(account, client)),
        ("zendesk public key", CONNECT, lambda: _key(account, client)),
        ("zendesk tiers", TIERS, lambda: _tiers(account, client)),
    ]
    return first + [check for part in parts for check in _guarded(*part)]


def _guarded(name: str, mend: str, look: Callable[[], Iterator[Check]]) -> list[Check]:
    """What a look found, or that Zendesk didn't let us look."""
    try:
        return list(look())
    except AccessDenied as error:
        return [_failed(name, str(error), mend)]
    except VendorError as error:
        return [
            Check(
                name=name,
                status=CheckStatus.FAILED if error.status == 404 else CheckStatus.WARNING,
                detail=str(error),
                mend=mend if error.status == 404 else "try again in a few minutes",
            )
        ]


def _ok(name: str, detail: str) -> Check:
    return Check(name=name, status=CheckStatus.OK, detail=detail)


def _failed(name: str, detail: str, mend: str) -> Check:
    return Check(name=name, status=CheckStatus.FAILED, detail=detail, mend=mend)


def _token(account: Account, client: ZendeskClient) -> Check:
    name = "zendesk token"
    user = setup.me(client)
    if user.id is None:
        return _failed(name, "Zendesk takes us for nobody", CONNECT)
    if not user.is_staff:
        return _failed(name, "the token belongs to a customer, not to an agent", CONNECT)
    known = account.config.get("bot_user_id")
    if known is not None and str(known) != user.id:
        return _failed(name, "the token belongs to another user than at set-up", CONNECT)
    return _ok(name, f"works as user {user.id} ({user.role})")


def _scopes(client: ZendeskClient) -> Iterator[Check]:
    lacking = setup.lacking_scopes(setup.granted_scopes(client), setup.NEEDED_SCOPES)
    if lacking:
        yield _failed("zendesk scopes", f"missing: {', '.join(lacking)}", CONNECT)
    else:
        yield _ok("zendesk scopes", "all granted")


def _ticket_fields(account: Account, client: ZendeskClient) -> Iterator[Check]:
    known = account.config.get("ticket_fields")
    ids = known if isinstance(known, dict) else {}
    found = {field.id: field for field in setup.fields_of(client, "ticket_fields")}
    for spec in TICKET_FIELDS:
        yield _field(spec, found.get(str(ids.get(spec.name))))


def _user_fields(client: ZendeskClient) -> Iterator[Check]:
    found = {field.key: field for field in setup.fields_of(client, "user_fields")}
    for spec in USER_FIELDS:
        yield _field(spec, found.get(spec.key))


def _field(spec: FieldSpec, field: setup.FieldPayload | None) -> Check:
    name = f"zendesk field {spec.title}"
    if field is None:
        return _failed(name, "doesn't exist, or isn't known to Makegood", INSTALL)
    if field.type != spec.type and not (spec.type == "tagger" and field.type == "dropdown"):
        return _failed(name, f"has the type {field.type} instead of {spec.type}", INSTALL)
    if not field.active:
        return _failed(name, "is switched off", "switch the field on in Zendesk's Admin Center")
    missing = field.missing_options(spec)
    if missing:
        labels = ", ".join(label for _, label in missing)
        return _failed(name, f"lacks the options {labels}", CONNECT)
    return _ok(name, f"field {field.id}")


def _webhook(account: Account, client: ZendeskClient) -> Iterator[Check]:
    name = "zendesk webhook"
    webhook_id = account.config.get("webhook_id")
    if not webhook_id:
        yield _failed(name, "isn't set up", CONNECT)
        return
    webhook = setup.webhook(client, str(webhook_id))
    expected = str(account.config.get("webhook_url", ""))
    if webhook.status != "active":
        yield _failed(name, "is switched off", CONNECT)
    elif webhook.endpoint != expected:
        yield _failed(name, f"calls {webhook.endpoint} instead of {expected}", CONNECT)
    else:
        yield _ok(name, f"active, calls {webhook.endpoint}")


def _trigger(account: Account, client: ZendeskClient, spec: TriggerSpec) -> Iterator[Check]:
    name = f"zendesk {spec.name}"
    trigger_id = account.config.get(spec.key)
    if not trigger_id:
        yield _failed(name, "isn't set up", CONNECT)
        return
    trigger = setup.trigger(client, str(trigger_id))
    if not trigger.active:
        yield _failed(name, "is switched off", CONNECT)
    elif trigger.webhook_id != str(account.config.get("webhook_id")):
        yield _failed(name, "doesn't call our webhook", CONNECT)
    elif not trigger.is_sound(spec.body(str(account.config["webhook_id"]))):
        yield _failed(name, "was changed: its conditions or its body aren't ours", CONNECT)
    else:
        yield _ok(name, "active, calls our webhook")


def _app(account: Account, client: ZendeskClient) -> Iterator[Check]:
    name = "zendesk app"
    known = str(account.config.get("installation_id", ""))
    found = next((one for one in setup.installations(client) if one.id == known), None)
    if found is None:
        yield _failed(name, "isn't installed", INSTALL)
    elif not found.enabled:
        yield _failed(name, "is switched off", "switch the app on in Zendesk's Admin Center")
    else:
        yield _ok(name, f"installation {found.id}")


def _key(account: Account, client: ZendeskClient) -> Iterator[Check]:
    name = "zendesk public key"
    app_id, stored = account.config.get("app_id"), account.config.get("public_key")
    if not app_id or not isinstance(stored, str):
        yield _failed(name, "isn't known, so nobody can open the sidebar", INSTALL)
    elif setup.public_key(client, str(app_id)) != stored.strip():
        yield _failed(name, "was changed, so nobody can open the sidebar", CONNECT)
    else:
        yield _ok(name, "is the app's present key")


def _tiers(account: Account, client: ZendeskClient) -> Iterator[Check]:
    """A mapped role or group that was renamed gives nobody its tier any more."""
    name = "zendesk tiers"
    tiers = TierMap.of(account.config.get("tiers"))
    config = dict(account.config)
    if tiers.groups:
        config["groups"] = list(setup.groups(client))
    unknown = unknown_names(config)
    if unknown:
        yield _failed(name, f"Zendesk has no {', no '.join(unknown)}", TIERS)
    else:
        yield _ok(name, f"{len(tiers.roles)} roles and {len(tiers.groups)} groups are mapped")

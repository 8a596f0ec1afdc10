"""Is an org's connection whole? One check a thing, each with its mend."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from app.domain.errors import AccessDenied, NotFound, VendorError
from app.domain.people import TierMap
from app.ports import Account, Check, CheckStatus
from integrations.helpdesks.kustomer import setup
from integrations.helpdesks.kustomer.client import KustomerClient
from integrations.helpdesks.kustomer.config import KustomerConfig
from integrations.helpdesks.kustomer.fields import ATTRIBUTES, AttributeSpec
from integrations.helpdesks.kustomer.webhook import EVENTS

CONNECT = "run makegood connect kustomer again"
NEW_KEY = "make a new API key with all roles (they can't be added later), then " + CONNECT
INSTALL = "install the Makegood app in Kustomer (Settings, Apps), then " + CONNECT
TIERS = "correct the names with makegood tiers"
SWITCH_ON = (
    "see that Kustomer reaches MAKEGOOD_PUBLIC_URL, then " + CONNECT + ", which switches it on"
)


def check_account(account: Account, config: KustomerConfig, client: KustomerClient) -> list[Check]:
    """Key, roles, attributes, webhook, app and teams. Never raises a VendorError.

    Without a working key nothing else can be looked at, so its check stands alone then.
    """
    first = _guarded("kustomer key", NEW_KEY, lambda: iter([_key(config, client)]))
    if any(check.status is CheckStatus.FAILED for check in first):
        return first
    parts: list[tuple[str, str, Callable[[], Iterator[Check]]]] = [
        ("kustomer roles", NEW_KEY, lambda: _roles(client)),
        ("kustomer webhook", CONNECT, lambda: _webhook(config, client)),
        ("kustomer app", INSTALL, lambda: _app(config, client)),
        ("kustomer sign-in", INSTALL, lambda: _sign_in(config, client)),
        ("kustomer tiers", TIERS, lambda: _tiers(account, client)),
    ]
    found = first + [check for part in parts for check in _guarded(*part)]
    for resource, specs in ATTRIBUTES.items():
        found += _guarded(
            f"kustomer attributes of {resource}",
            INSTALL,
            lambda resource=resource, specs=specs: _attributes(  # type: ignore[misc]
                config, client, resource, specs
            ),
        )
    return found


def _guarded(name: str, mend: str, look: Callable[[], Iterator[Check]]) -> list[Check]:
    """What a look found, or that Kustomer didn't let us look."""
    try:
        return list(look())
    except (AccessDenied, NotFound) as error:
        return [_failed(name, str(error), mend)]
    except VendorError as error:
        return [
            Check(
                name=name,
                status=CheckStatus.WARNING,
                detail=str(error),
                mend="try again in a few minutes",
            )
        ]


def _ok(name: str, detail: str) -> Check:
    return Check(name=name, status=CheckStatus.OK, detail=detail)


def _failed(name: str, detail: str, mend: str) -> Check:
    return Check(name=name, status=CheckStatus.FAILED, detail=detail, mend=mend)


def _key(config: KustomerConfig, client: KustomerClient) -> Check:
    name = "kustomer key"
    user = setup.me(client)
    if user.related("org") != config.org_id:
        return _failed(name, "the key belongs to another org", CONNECT)
    if user.id != config.machine_user_id:
        # Events of our own writes are told by this user.
        return _failed(name, "the key belongs to another user than at set-up", CONNECT)
    return _ok(name, f"works as user {user.id}")


def _roles(client: KustomerClient) -> Iterator[Check]:
    granted = setup.granted_roles(client)
    if granted is None:
        yield Check(
            name="kustomer roles",
            status=CheckStatus.WARNING,
            detail="Kustomer doesn't list the key's roles",
            mend="compare them with the README by hand",
        )
    elif lacking := setup.lacking_roles(granted):
        yield _failed("kustomer roles", f"missing: {', '.join(lacking)}", NEW_KEY)
    else:
        yield _ok("kustomer roles", "all granted")


def _attributes(
    config: KustomerConfig,
    client: KustomerClient,
    resource: str,
    specs: tuple[AttributeSpec, ...],
) -> Iterator[Check]:
    known = config.attributes.get(resource, {})
    titles = setup.attribute_titles(client, resource)
    for spec in specs:
        name = f"kustomer attribute {spec.title}"
        stored = known.get(spec.name)
        if stored is None:
            yield _failed(name, "isn't known to Makegood", INSTALL)
        elif stored not in titles:
            there = setup.stored_name(spec, titles)
            detail = f"is called {there} now" if there else f"{stored} doesn't exist any more"
            yield _failed(name, detail, CONNECT if there else INSTALL)
        else:
            yield _ok(name, stored)


def _webhook(config: KustomerConfig, client: KustomerClient) -> Iterator[Check]:
    name = "kustomer webhook"
    if not config.webhook_id:
        yield _failed(name, "isn't set up", CONNECT)
        return
    found = setup.webhook(client, config.webhook_id).attributes
    missing = [event for event in EVENTS if event not in found.events]
    if not found.enabled:
        yield _failed(
            name, "is switched off, as Kustomer does after an hour of failures", SWITCH_ON
        )
    elif found.is_error:
        yield _failed(name, "Kustomer couldn't deliver to it lately", SWITCH_ON)
    elif found.url != config.webhook_url:
        yield _failed(name, f"calls {found.url} instead of {config.webhook_url}", CONNECT)
    elif missing:
        yield _failed(name, f"isn't told of {', '.join(missing)}", INSTALL)
    else:
        yield _ok(name, f"enabled, calls {found.url}")


def _app(config: KustomerConfig, client: KustomerClient) -> Iterator[Check]:
    """A key for work alone may not look at apps: then its parts, which are checked, must do."""
    name = "kustomer app"
    if not config.app or not config.app_version:
        yield _failed(name, "isn't registered", CONNECT)
        return
    try:
        found = setup.installed_app(client, config.app, config.app_version)
    except AccessDenied:
        yield _ok(name, f"{config.app} {config.app_version} (the key may not look at apps)")
        return
    except NotFound:
        yield _failed(name, f"{config.app} {config.app_version} isn't installed", INSTALL)
        return
    if found.status == "install_failed":
        yield _failed(name, f"the installation of {config.app_version} failed", INSTALL)
    else:
        yield _ok(name, f"{config.app} {config.app_version} is installed")


def _sign_in(config: KustomerConfig, client: KustomerClient) -> Iterator[Check]:
    """Whether the kind of object that a signing-in person writes is there and readable."""
    name = "kustomer sign-in"
    if not config.sign_in_klass:
        yield _failed(name, "no klass for it is known, so nobody can refund", CONNECT)
        return
    if setup.klass_exists(client, config.sign_in_klass):
        yield _ok(name, config.sign_in_klass)
    else:
        yield _failed(name, f"the klass {config.sign_in_klass} doesn't exist", INSTALL)


def _tiers(account: Account, client: KustomerClient) -> Iterator[Check]:
    """A mapped team that was renamed gives nobody its tier any more."""
    name = "kustomer tiers"
    tiers = TierMap.of(account.config.get("tiers"))
    unknown = tiers.unknown_to(tiers.roles, setup.team_names(client) if tiers.groups else ())
    if unknown:
        yield _failed(name, f"Kustomer has no {', no '.join(unknown)}", TIERS)
    else:
        yield _ok(name, f"{len(tiers.roles)} roles and {len(tiers.groups)} teams are mapped")

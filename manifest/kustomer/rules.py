"""What an app definition for Kustomer must be, beyond its keys: each problem in words.

Registered versions are permanent and installed apps can't be removed again, so everything that is
known to go wrong is found before anything is sent.
https://developer.kustomer.com/docs/apps/versioning
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from manifest.kustomer.schema import AppDefinition, Command, Klass, KView, OutboundWebhook

APP_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
IDENTIFIER = re.compile(r"[a-z][a-z0-9]{2,11}")
VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?")
# Names of the vendor's own starter templates, which a definition must not keep.
STARTER_NAMES = frozenset({"my_app", "starter_app", "example_app", "app_name"})
STANDARD_KLASSES = frozenset({"customer", "company", "conversation", "message", "user"})
# https://developer.kustomer.com/docs/concepts/custom-attributes
ATTRIBUTE = re.compile(r"[a-z][A-Za-z0-9]*(Str|Txt|Num|Bool|At|Url|Id)")
CONTEXTS = frozenset({"smartbar-card", "smartbar-details", "expanded-timeline"})
RESOURCES = frozenset({"customer", "conversation", "company"})
EVENTS = frozenset(
    f"kustomer.{record}.{what}"
    for record in ("customer", "conversation", "message", "user", "team", "tag")
    for what in ("create", "update")
)
FALLBACK_LOCALE = "en_us"
LOCALE = re.compile(r"[a-z]{2}(_[a-z]{2})?")
_DATED = re.compile(r"\{\{[A-Z][a-z]+ \d{4}\}\}\S")
_TEMPLATE = re.compile(r"\{\{\{?\s*([\w.]+)\s*\}?\}\}")
_CARD = re.compile(r"<DynamicCard\s+src=\"([^\"]+)\"\s+context=\{object\.context\}[^>]*/>")
_SECRETIVE = re.compile(r"token|secret|key|password", re.IGNORECASE)


def definition_problems(definition: dict[str, Any]) -> list[str]:
    """Everything wrong with a definition, each as "where: what"; empty when it is right."""
    try:
        app = AppDefinition.model_validate(definition)
    except ValidationError as error:
        return [
            f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}"
            for one in error.errors(include_url=False, include_input=False)
        ]
    return list(_problems(app))


def _problems(app: AppDefinition) -> Iterator[str]:
    yield from _head_problems(app)
    yield from _text_problems(app)
    for klass in app.klasses:
        yield from (f"klass {klass.name}: {one}" for one in _klass_problems(klass, app.app))
    for view in app.kviews:
        yield from (f"kview {view.name}: {one}" for one in _view_problems(view))
    settings = {
        f"{app.app}.{category}.{name}": one.type
        for category, group in app.settings.items()
        for name, one in group.items()
    }
    for command in app.commands:
        yield from (f"command {command.name}: {one}" for one in _command(command, settings))
    for webhook in app.outboundWebhooks:
        yield from (f"webhook {webhook.name}: {one}" for one in _webhook_problems(webhook))
    for what, names in (
        ("klass", [one.name for one in app.klasses]),
        ("kview", [one.name for one in app.kviews]),
        ("command", [one.name for one in app.commands]),
    ):
        yield from (f"{what} {name}: stands twice" for name in _twice(names))


def _twice(names: list[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})


def _head_problems(app: AppDefinition) -> Iterator[str]:
    if not APP_NAME.fullmatch(app.app):
        yield "app: must be snake_case, without dashes, blanks or capitals"
    if app.app in STARTER_NAMES:
        yield "app: is a starter template's name"
    if not IDENTIFIER.fullmatch(app.identifier):
        yield "identifier: must be 3 to 12 small letters and digits"
    if not VERSION.fullmatch(app.version):
        yield "version: must be a semantic version such as 1.2.3"
    if app.version not in app.changelog:
        yield f"changelog: says nothing about {app.version}"
    for version, words in app.changelog.items():
        if not VERSION.fullmatch(version):
            yield f"changelog: {version} is no version"
        if not _DATED.match(words):
            yield f"changelog: {version} must open with its date, as {{{{November 2026}}}}"
    addresses = [app.iconUrl, app.appDetails.appDeveloper.website]
    addresses += [one.url for one in app.appDetails.documentationLinks]
    for address in addresses:
        if not is_web_address(address):
            yield f"{address}: must be https (http only for this machine)"


def _text_problems(app: AppDefinition) -> Iterator[str]:
    needed = [f"{app.app}.settings.page.title", f"{app.app}.settings.page.description"]
    for category, group in app.settings.items():
        for name, setting in group.items():
            path = f"{app.app}.settings.path.{category}.{name}"
            if not setting.hidden:
                needed += [f"{path}.displayName", f"{path}.description"]
            if setting.type == "secret" and setting.defaultValue:
                yield f"settings.{category}.{name}: a secret's default would be readable"
            if setting.type != "secret" and _SECRETIVE.search(name):
                yield f"settings.{category}.{name}: looks like a secret but isn't one"
    if FALLBACK_LOCALE not in app.i18n:
        yield f"i18n: {FALLBACK_LOCALE} is missing"
    for locale, texts in app.i18n.items():
        if not LOCALE.fullmatch(locale):
            yield f"i18n: {locale} is no locale such as en_us"
        yield from (f"i18n {locale}: {key} is missing" for key in needed if not texts.get(key))
        yield from (f"i18n {locale}: {key} belongs to nothing" for key in texts.keys() - {*needed})


def _klass_problems(klass: Klass, app: str) -> Iterator[str]:
    standard = klass.name in STANDARD_KLASSES
    if standard and not klass.metadata.standard:
        # Such a klass could never be removed again.
        yield "metadata.standard must be true, or a custom object of this name is made"
    if not standard and klass.metadata.standard:
        yield "isn't one of Kustomer's standard objects"
    if not standard and not klass.name.startswith(f"{app}-"):
        yield f"must be named {app}-…"
    if not standard and not (klass.icon and klass.color):
        yield "needs an icon and a colour"
    for name in klass.metadata.properties:
        if not ATTRIBUTE.fullmatch(name):
            yield f"{name}: must be camelCase with a type at its end, such as Str"
        elif name.endswith("Id"):
            yield f"{name}: a reference needs a target first"


def _view_problems(view: KView) -> Iterator[str]:
    if view.resource not in RESOURCES and not view.resource.startswith("kobject."):
        yield f"unknown resource {view.resource}"
    if view.context not in CONTEXTS:
        yield f"unknown context {view.context}"
    cards = _CARD.findall(view.template)
    if len(cards) != 1:
        yield "needs exactly one DynamicCard with src and context={object.context}"
    for source in cards:
        if not is_web_address(source) or urlsplit(source).query:
            # Every agent can read what stands there.
            yield "src must be https and without a query"


def _command(command: Command, settings: Mapping[str, str]) -> Iterator[str]:
    if not is_web_address(command.url):
        yield "url must be https (http only for this machine)"
    if _TEMPLATE.search(command.url) or command.permittedArgs:
        yield "an argument in the address would let a caller choose where the secret goes"
    if command.cacheSeconds is not None:
        yield "an answer that is kept would show old figures"
    if command.inputSchema is not None and command.inputSchema.get("type") != "object":
        yield "inputSchema must be an object's"
    for name, setting in command.appSettings.items():
        if settings.get(setting.key) != "secret":
            yield f"{name}: {setting.key} is no secret setting of this app"
    used = set(_TEMPLATE.findall(" ".join(command.defaultHeaders.values())))
    for name in sorted(used - set(command.appSettings)):
        yield f"{{{{{name}}}}} isn't in appSettings"
    for name in sorted(set(command.appSettings) - used):
        yield f"{name} isn't sent by anything"


def _webhook_problems(webhook: OutboundWebhook) -> Iterator[str]:
    if not is_web_address(webhook.url):
        yield "url must be https (http only for this machine)"
    yield from (f"unknown event {one}" for one in _unknown(webhook.events, EVENTS))
    yield from (f"{one} stands twice" for one in _twice(webhook.events))
    for event in webhook.events:
        if event.endswith(".update"):
            yield f"{event} would come back for each of our own writes"


def _unknown(names: Iterable[str], known: frozenset[str]) -> list[str]:
    return [name for name in names if name not in known]


def is_web_address(url: str) -> bool:
    """An absolute https address; this machine itself may be without TLS."""
    parts = urlsplit(url)
    local = parts.hostname in {"127.0.0.1", "localhost", "::1"}
    secure = parts.scheme == "https" or (parts.scheme == "http" and local)
    return bool(secure and parts.hostname)

"""What an app package for Zendesk must be: stricter than the vendor's own validator.

The validator ignores unknown keys (`signedURLs` would pass, and the app would simply not be
signed), missing logos and missing labels; here they are errors.
https://developer.zendesk.com/documentation/apps/app-developer-guide/manifest/
"""

from __future__ import annotations

import json
import re
import stat
import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from manifest.requirements_rules import requirement_problems

LOCALE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,4})?")
VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?")
MANIFEST_KEYS = {
    "name", "author", "defaultLocale", "private", "version", "frameworkVersion", "singleInstall",
    "signedUrls", "location", "domainWhitelist", "parameters", "termsConditionsURL",
}  # fmt: skip
BOOLEANS = ("private", "singleInstall", "signedUrls")
LOCATIONS = {
    "ticket_sidebar", "new_ticket_sidebar", "user_sidebar", "organization_sidebar", "background",
    "modal", "top_bar", "nav_bar", "ticket_editor", "system_top_bar",
}  # fmt: skip
LOCATION_KEYS = {"url", "flexible", "autoLoad", "autoHide", "size", "signed"}
PARAMETER_KEYS = {"name", "type", "required", "secure", "default", "scopes"}
PARAMETER_TYPES = {"text", "multiline", "checkbox", "url", "number", "hidden"}
SCOPES = {
    "header", "body", "url", "jwt_secret_key", "jwt_claim", "basic_auth_username",
    "basic_auth_password",
}  # fmt: skip
TEXTS = ("name", "short_description", "long_description", "installation_instructions")
SHORT_DESCRIPTION_LENGTH = 80
LOGOS = {"assets/logo.png": (320, 320), "assets/logo-small.png": (128, 128)}
BANNER_SIZES = {(830, 200), (1660, 400)}
FORBIDDEN_ENDINGS = {
    ".zip", ".rar", ".gz", ".7z", ".pdf", ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".odt",
    ".avi", ".bin", ".bz", ".bz2", ".csh", ".sh", ".jar", ".mp3", ".mpeg",
}  # fmt: skip
LOOKS_SECRET = re.compile(r"token|key|pwd|password|secret", re.IGNORECASE)
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)


class DuplicateKey(ValueError):
    """A JSON object names a key twice."""


def strict_json(text: str) -> Any:
    """JSON in which no key stands twice. Raises ValueError."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in pairs:
            if key in found:
                raise DuplicateKey(f"the key {key} stands twice")
            found[key] = value
        return found

    return json.loads(text, object_pairs_hook=unique)


def package_problems(package: Path) -> list[str]:
    """Everything wrong with a package, each as "file: what"; empty when it is right."""
    try:
        with zipfile.ZipFile(package) as archive:
            return list(_problems(archive))
    except zipfile.BadZipFile:
        return ["the package is not a zip file"]


def _problems(archive: zipfile.ZipFile) -> Iterator[str]:
    names = archive.namelist()
    yield from _file_problems(archive)
    if "manifest.json" not in names:
        nested = any(name.endswith("/manifest.json") for name in names)
        yield "manifest.json: " + ("must be at the root" if nested else "is missing")
        return
    manifest, problem = _read_json(archive, "manifest.json")
    if problem is not None:
        yield problem
        return
    yield from (f"manifest.json: {text}" for text in manifest_problems(manifest))
    yield from _asset_problems(archive, manifest)
    yield from _translation_problems(archive, manifest)
    if "requirements.json" in names:
        requirements, problem = _read_json(archive, "requirements.json")
        if problem is not None:
            yield problem
        else:
            yield from (f"requirements.json: {one}" for one in requirement_problems(requirements))


def _read_json(archive: zipfile.ZipFile, name: str) -> tuple[dict[str, Any], str | None]:
    try:
        parsed = strict_json(archive.read(name).decode())
    except ValueError as error:
        return {}, f"{name}: can't be read: {error}"
    if not isinstance(parsed, dict):
        return {}, f"{name}: must be an object"
    return parsed, None


def _file_problems(archive: zipfile.ZipFile) -> Iterator[str]:
    names = archive.namelist()
    if len(set(names)) != len(names):
        yield "the package: a file stands twice"
    for info in archive.infolist():
        path = PurePosixPath(info.filename)
        if path.is_absolute() or ".." in path.parts or "\\" in info.filename:
            yield f"{info.filename}: leaves the package"
        if any(part.startswith(".") for part in path.parts):
            yield f"{info.filename}: hidden files don't belong in the package"
        if path.name == "zcli.apps.config.json":
            yield f"{info.filename}: holds a developer's parameter values"
        if path.suffix.lower() in FORBIDDEN_ENDINGS:
            yield f"{info.filename}: this kind of file is refused"
        if stat.S_ISLNK(info.external_attr >> 16):
            yield f"{info.filename}: symbolic links are refused"
        if info.date_time != _FIXED_TIME:
            yield f"{info.filename}: has a time, so two builds would differ"


def manifest_problems(manifest: dict[str, Any]) -> Iterator[str]:
    """What is wrong with a manifest as it was parsed."""
    for key in sorted(set(manifest) - MANIFEST_KEYS):
        yield f"unknown key {key}"
    for key in ("name", "author", "defaultLocale", "version", "frameworkVersion", "location"):
        if key not in manifest:
            yield f"{key} is missing"
    if "name" in manifest and not _is_text(manifest["name"]):
        yield "name must be a text"
    # `private` is true when absent, which a public app must not rely on.
    for key in BOOLEANS:
        if not isinstance(manifest.get(key), bool):
            yield f"{key} must be true or false"
    if manifest.get("signedUrls") is not True:
        yield "signedUrls must be true: nobody could be recognised otherwise"
    if manifest.get("frameworkVersion") != "2.0":
        yield 'frameworkVersion must be "2.0"'
    version = manifest.get("version")
    if not isinstance(version, str) or not VERSION.fullmatch(version):
        yield "version must be a semantic version such as 1.2.3"
    locale = manifest.get("defaultLocale")
    if not isinstance(locale, str) or not LOCALE.fullmatch(locale):
        yield "defaultLocale must be a locale such as en or pt-BR"
    if "termsConditionsURL" in manifest and not _is_web_address(manifest["termsConditionsURL"]):
        yield "termsConditionsURL must be a web address"
    yield from _author_problems(manifest.get("author"))
    yield from _location_problems(manifest.get("location"))
    yield from _whitelist_problems(manifest)
    yield from _parameter_problems(manifest)


def _author_problems(author: object) -> Iterator[str]:
    if not isinstance(author, dict):
        yield "author must be an object"
        return
    for key in sorted(set(author) - {"name", "email", "url"}):
        yield f"author: unknown key {key}"
    for key in ("name", "email", "url"):
        if not _is_text(author.get(key)):
            yield f"author: {key} must be a text"
    if _is_text(author.get("url")) and not _is_web_address(author["url"]):
        yield "author: url must be a web address"


def _location_problems(location: object) -> Iterator[str]:
    if not isinstance(location, dict) or not location:
        yield "location must name a product"
        return
    for product in sorted(set(location) - {"support"}):
        yield f"location: unknown product {product}"
    places = location.get("support")
    if not isinstance(places, dict) or not places:
        yield "location: support must name a place"
        return
    for place, options in places.items():
        if place not in LOCATIONS:
            yield f"location: unknown place {place}"
            continue
        if not isinstance(options, dict):
            yield f"{place}: must be an object"
            continue
        for key in sorted(set(options) - LOCATION_KEYS):
            yield f"{place}: unknown key {key}"
        for key in ("flexible", "autoLoad", "autoHide", "signed"):
            if key in options and not isinstance(options[key], bool):
                yield f"{place}: {key} must be true or false"
        if options.get("signed") is False:
            yield f"{place}: signed must not be switched off"
        if not _is_page(options.get("url")):
            yield f"{place}: url must be https (http only for localhost), without a query"


def _is_page(url: object) -> bool:
    """An absolute address of a page; `localhost` alone may be without TLS."""
    if not isinstance(url, str):
        return False
    parts = urlsplit(url)
    secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname == "localhost")
    return bool(secure and parts.hostname and not parts.query and not parts.fragment)


def _whitelist_problems(manifest: dict[str, Any]) -> Iterator[str]:
    hosts = manifest.get("domainWhitelist", [])
    if not isinstance(hosts, list) or not all(isinstance(host, str) for host in hosts):
        yield "domainWhitelist must be a list of host names"
    elif any("/" in host or ":" in host or not host for host in hosts):
        yield "domainWhitelist takes host names, not addresses"


def _parameter_problems(manifest: dict[str, Any]) -> Iterator[str]:
    parameters = manifest.get("parameters", [])
    if not isinstance(parameters, list) or not all(isinstance(one, dict) for one in parameters):
        yield "parameters must be a list of objects"
        return
    names = [one.get("name") for one in parameters]
    for name in sorted({str(name) for name in names if names.count(name) > 1}):
        yield f"parameter {name}: stands twice"
    for one in parameters:
        yield from (f"parameter {one.get('name')}: {text}" for text in _one_parameter(one))
    if any(one.get("secure") is True for one in parameters) and not manifest.get("domainWhitelist"):
        yield "secure parameters need a domainWhitelist"


def _one_parameter(one: dict[str, Any]) -> Iterator[str]:
    for key in sorted(set(one) - PARAMETER_KEYS):
        yield f"unknown key {key}"
    name, kind = one.get("name"), one.get("type", "text")
    if not _is_text(name) or name == "name":
        yield "needs a name other than name"
    if kind not in PARAMETER_TYPES:
        yield f"unknown type {kind}"
    for key in ("required", "secure"):
        if key in one and not isinstance(one[key], bool):
            yield f"{key} must be true or false"
    secure = one.get("secure") is True
    if kind == "hidden" and one.get("required"):
        yield "a hidden parameter can't be required"
    if "default" in one and (secure or kind == "hidden"):
        yield "a default would be stored in the clear"
    scopes = one.get("scopes")
    if secure and not scopes:
        yield "a secure parameter needs scopes"
    if scopes is not None and not secure:
        yield "scopes are for secure parameters"
    if scopes is not None and not (isinstance(scopes, list) and set(scopes) <= SCOPES):
        yield "unknown scopes"
    if isinstance(name, str) and LOOKS_SECRET.search(name) and not secure:
        yield "looks like a secret but isn't secure"


def _asset_problems(archive: zipfile.ZipFile, manifest: dict[str, Any]) -> Iterator[str]:
    names = set(archive.namelist())
    for name, size in LOGOS.items():
        if name not in names:
            yield f"{name}: is missing"
        elif png_size(archive.read(name)) != size:
            yield f"{name}: must be a PNG of {size[0]} x {size[1]}"
    banner = "assets/banner.png"
    if banner in names and png_size(archive.read(banner)) not in BANNER_SIZES:
        yield f"{banner}: must be a PNG of 830 x 200 or 1660 x 400"


def png_size(data: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG; None for anything else."""
    if len(data) < 24 or data[:8] != b"\x89PNG\r\n\x1a\n" or data[12:16] != b"IHDR":
        return None
    width, height = struct.unpack(">II", data[16:24])
    return width, height


def _translation_problems(archive: zipfile.ZipFile, manifest: dict[str, Any]) -> Iterator[str]:
    names = [name for name in archive.namelist() if name.startswith("translations/")]
    default = f"translations/{manifest.get('defaultLocale')}.json"
    if default not in names:
        yield f"{default}: is missing"
    wanted = {str(one.get("name")) for one in manifest.get("parameters", [])}
    for name in names:
        path = PurePosixPath(name)
        if path.suffix != ".json" or not LOCALE.fullmatch(path.stem) or len(path.parts) != 2:
            yield f"{name}: must be named after a locale, such as pt-BR.json"
            continue
        parsed, problem = _read_json(archive, name)
        if problem is not None:
            yield problem
            continue
        yield from (f"{name}: {text}" for text in translation_problems(parsed, wanted))


def translation_problems(translation: dict[str, Any], parameters: set[str]) -> Iterator[str]:
    """What is wrong with one language's texts."""
    app = translation.get("app")
    if not isinstance(app, dict):
        yield "app must be an object"
        return
    for key in sorted(set(app) - {*TEXTS, "parameters"}):
        yield f"unknown key {key}"
    for key in TEXTS:
        if not _is_text(app.get(key)):
            yield f"{key} is missing"
    short = app.get("short_description")
    if isinstance(short, str) and len(short) > SHORT_DESCRIPTION_LENGTH:
        yield f"short_description is longer than {SHORT_DESCRIPTION_LENGTH} characters"
    labels = app.get("parameters", {})
    if not isinstance(labels, dict):
        yield "parameters must be an object"
        return
    for name in sorted(parameters - set(labels)):
        yield f"parameter {name} has no label"
    for name, entry in labels.items():
        if name not in parameters:
            yield f"parameter {name} isn't in the manifest"
        elif not isinstance(entry, dict) or not _is_text(entry.get("label")):
            yield f"parameter {name} has no label"


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_web_address(value: object) -> bool:
    if not isinstance(value, str):
        return False
    parts = urlsplit(value)
    return parts.scheme in {"http", "https"} and bool(parts.hostname)

"""The Zendesk app's package, and the rules that it and every broken variant are held against."""

from __future__ import annotations

import copy
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from app.domain.classification import Reason
from app.domain.crm import CHECKED_TAG, RefundStatus
from integrations.helpdesks.zendesk.fields import reason_tag, status_tag
from integrations.sandbox.zendesk.app import ZendeskSandbox
from manifest import draw_logo
from manifest.build import SOURCE, build_zendesk, zendesk_manifest, zendesk_requirements
from manifest.problems import BadPackage
from manifest.requirements_rules import requirement_problems
from manifest.rules import manifest_problems, package_problems, translation_problems

URL = "https://refunds.example.com"
Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return build_zendesk(URL, tmp_path, "1.2.3")


def contents(package: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(package) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rewritten(package: Path, files: dict[str, bytes], *, when: tuple[int, int, int] = (1980, 1, 1)):
    """A package with these files, as another tool might have made it."""
    made = package.with_name("other.zip")
    with zipfile.ZipFile(made, "w") as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, (*when, 0, 0, 0)), data)
    return made


def manifest_with(change: Change) -> list[str]:
    manifest = copy.deepcopy(zendesk_manifest(URL, "1.2.3"))
    change(manifest)
    return list(manifest_problems(manifest))


def sidebar_of(manifest: dict[str, Any]) -> dict[str, Any]:
    place: dict[str, Any] = manifest["location"]["support"]["ticket_sidebar"]
    return place


def parameter(**values: Any) -> Change:
    return lambda manifest: manifest.update(parameters=[values])


def test_the_package_has_everything_at_its_root(package: Path) -> None:
    assert set(contents(package)) == {
        "manifest.json",
        "requirements.json",
        "assets/logo.png",
        "assets/logo-small.png",
        *(f"translations/{one}.json" for one in ("de", "en", "es", "fr")),
    }
    assert package_problems(package) == []


def test_two_builds_are_the_same_bytes(package: Path, tmp_path: Path) -> None:
    again = build_zendesk(URL + "/", tmp_path / "again", "1.2.3")
    assert again.read_bytes() == package.read_bytes()


def test_address_and_version_are_filled_in(package: Path) -> None:
    manifest = json.loads(contents(package)["manifest.json"])
    assert manifest["version"] == "1.2.3"
    assert sidebar_of(manifest)["url"] == f"{URL}/zendesk/sidebar"
    assert sidebar_of(manifest)["flexible"] is True
    assert manifest["signedUrls"] is True
    assert manifest["private"] is True
    assert manifest["singleInstall"] is True


@pytest.mark.parametrize(
    ("url", "version", "reason"),
    [
        ("http://refunds.example.com", "1.0.0", "url must be https"),
        ("https://refunds.example.com?tenant=1", "1.0.0", "not the address"),
        ("refunds.example.com", "1.0.0", "not the address"),
        (URL, "1.0", "semantic version"),
        (URL, "one", "semantic version"),
    ],
)
def test_a_bad_request_leaves_no_package(
    tmp_path: Path, url: str, version: str, reason: str
) -> None:
    with pytest.raises(BadPackage, match=reason):
        build_zendesk(url, tmp_path, version)
    assert list(tmp_path.iterdir()) == []


def test_the_demo_may_be_on_localhost(tmp_path: Path) -> None:
    assert build_zendesk("http://localhost:8000", tmp_path, "1.0.0").exists()


def test_every_value_of_the_domain_has_its_option() -> None:
    fields = zendesk_requirements()["ticket_fields"]
    tags = {
        name: [option["value"] for option in body["custom_field_options"]]  # type: ignore[index]
        for name, body in fields.items()
        if name in ("refund_status", "refund_reason")
    }
    assert tags["refund_status"] == [status_tag(one) for one in RefundStatus]
    assert tags["refund_reason"] == [reason_tag(one) for one in Reason]
    every = [tag for one in tags.values() for tag in one]
    assert len(set(every)) == len(every)
    assert CHECKED_TAG not in every


def test_a_zendesk_takes_the_package_and_makes_the_fields(package: Path) -> None:
    files = contents(package)
    manifest = json.loads(files["manifest.json"])
    requirements = json.loads(files["requirements.json"])
    sandbox = ZendeskSandbox(manifest=manifest, requirements=requirements)
    try:
        titles = {field.title for field in sandbox.account.custom_ticket_fields()}
        keys = {field.key for field in sandbox.account.user_fields.values()}
    finally:
        sandbox.stop()
    assert titles == {"Refund status", "Refund amount", "Refund order", "Refund reason"}
    assert keys == {"makegood_refund_count", "makegood_refunded_total", "makegood_last_refund"}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda m: m.update(signedURLs=True), "unknown key signedURLs"),
        (lambda m: m.update(hideForRoles=["agent"]), "unknown key hideForRoles"),
        (lambda m: m.pop("signedUrls"), "signedUrls must be true or false"),
        (lambda m: m.update(signedUrls="true"), "signedUrls must be true or false"),
        (lambda m: m.update(signedUrls=False), "signedUrls must be true: nobody"),
        (lambda m: m.pop("private"), "private must be true or false"),
        (lambda m: m.update(singleInstall=1), "singleInstall must be true or false"),
        (lambda m: m.pop("author"), "author is missing"),
        (lambda m: m["author"].update(url="makegood"), "author: url must be a web address"),
        (lambda m: m["author"].update(phone="1"), "author: unknown key phone"),
        (lambda m: m["author"].pop("email"), "author: email must be a text"),
        (lambda m: m.pop("defaultLocale"), "defaultLocale is missing"),
        (lambda m: m.update(defaultLocale="en_US"), "defaultLocale must be a locale"),
        (lambda m: m.update(frameworkVersion="1.0"), "frameworkVersion must be"),
        (lambda m: m.update(frameworkVersion=2.0), "frameworkVersion must be"),
        (lambda m: m.update(version="1.0"), "version must be a semantic version"),
        (lambda m: m.pop("name"), "name is missing"),
        (lambda m: m.pop("location"), "location is missing"),
        (lambda m: m.update(location={}), "location must name a product"),
        (lambda m: m.update(location={"chat": {}}), "unknown product chat"),
        (lambda m: m["location"]["support"].update(side_bar={}), "unknown place side_bar"),
        (lambda m: sidebar_of(m).update(flexible="yes"), "flexible must be true or false"),
        (lambda m: sidebar_of(m).update(height=5), "unknown key height"),
        (lambda m: sidebar_of(m).update(signed=False), "signed must not be switched off"),
        (lambda m: sidebar_of(m).pop("url"), "url must be https"),
        (lambda m: sidebar_of(m).update(url="http://a.example.com"), "url must be https"),
        (lambda m: sidebar_of(m).update(url="https://a.example.com/?t=1"), "url must be https"),
        (lambda m: m.update(domainWhitelist="a.example.com"), "must be a list of host names"),
        (lambda m: m.update(domainWhitelist=["https://a.example.com"]), "host names, not"),
        (lambda m: m.update(termsConditionsURL="terms"), "must be a web address"),
        (lambda m: m.update(parameters={}), "parameters must be a list"),
        (lambda m: m.update(parameters=[{"name": "a"}, {"name": "a"}]), "a: stands twice"),
        (parameter(name="name"), "needs a name other than name"),
        (parameter(name="colour", type="dropdown"), "unknown type dropdown"),
        (parameter(name="colour", kind="text"), "unknown key kind"),
        (parameter(name="colour", required="yes"), "required must be true or false"),
        (parameter(name="a", type="hidden", required=True), "hidden parameter can't be required"),
        (parameter(name="a", type="hidden", default="x"), "stored in the clear"),
        (parameter(name="a", secure=True), "needs scopes"),
        (parameter(name="a", secure=True, scopes=["header"]), "need a domainWhitelist"),
        (parameter(name="a", secure=True, scopes=["cookie"]), "unknown scopes"),
        (parameter(name="a", scopes=["header"]), "scopes are for secure"),
        (parameter(name="api_key"), "looks like a secret"),
    ],
)
def test_a_broken_manifest_is_refused(change: Change, problem: str) -> None:
    assert any(problem in one for one in manifest_with(change))


def test_a_secure_parameter_done_right_is_accepted() -> None:
    def change(manifest: dict[str, Any]) -> None:
        manifest["parameters"] = [
            {"name": "connection_key", "secure": True, "required": True, "scopes": ["header"]}
        ]
        manifest["domainWhitelist"] = ["refunds.example.com"]

    assert manifest_with(change) == []


@pytest.mark.parametrize(
    ("name", "data", "problem"),
    [
        ("translations/en_US.json", b"{}", "must be named after a locale"),
        ("translations/it.json", b"{", "can't be read"),
        ("translations/it.json", b'{"app": {"name": "A"}}', "short_description is missing"),
        ("translations/it.json", b'{"app": 1}', "app must be an object"),
        ("requirements.json", b"[]", "must be an object"),
        ("manifest.json", b'{"name": "A", "name": "B"}', "stands twice"),
        ("manifest.json", b"{", "can't be read"),
        ("assets/logo.png", b"GIF89a", "must be a PNG of 320 x 320"),
        ("assets/banner.png", b"GIF89a", "must be a PNG of 830 x 200"),
        ("zcli.apps.config.json", b"{}", "parameter values"),
        (".DS_Store", b"", "hidden files"),
        ("assets/.hidden/a.txt", b"", "hidden files"),
        ("assets/more.zip", b"", "this kind of file is refused"),
        ("assets/setup.SH", b"", "this kind of file is refused"),
        ("../outside.txt", b"", "leaves the package"),
    ],
)
def test_a_broken_file_is_refused(package: Path, name: str, data: bytes, problem: str) -> None:
    other = rewritten(package, {**contents(package), name: data})
    assert any(one.startswith(name) and problem in one for one in package_problems(other))


@pytest.mark.parametrize(
    "name", ["manifest.json", "assets/logo.png", "assets/logo-small.png", "translations/en.json"]
)
def test_a_missing_file_is_refused(package: Path, name: str) -> None:
    files = contents(package)
    del files[name]
    assert any(
        one.startswith(name) and "missing" in one
        for one in package_problems(rewritten(package, files))
    )


def test_a_manifest_in_a_folder_is_named(package: Path) -> None:
    files = {f"makegood/{name}": data for name, data in contents(package).items()}
    assert "manifest.json: must be at the root" in package_problems(rewritten(package, files))


def test_a_symbolic_link_is_refused(package: Path) -> None:
    with zipfile.ZipFile(package, "a") as archive:
        link = zipfile.ZipInfo("assets/link.png", (1980, 1, 1, 0, 0, 0))
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/hostname")
    assert "assets/link.png: symbolic links are refused" in package_problems(package)


def test_a_time_in_the_package_is_refused(package: Path) -> None:
    other = rewritten(package, contents(package), when=(2026, 1, 2))
    assert any("has a time" in one for one in package_problems(other))


def test_what_is_no_zip_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "package.zip"
    other.write_bytes(b"nothing")
    assert package_problems(other) == ["the package is not a zip file"]


@pytest.mark.parametrize("language", ["en", "de", "fr", "es"])
def test_every_language_is_whole(language: str) -> None:
    texts = json.loads((SOURCE / "translations" / f"{language}.json").read_text())
    assert list(translation_problems(texts, set())) == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda app: app.update(short_description="x" * 81), "longer than 80"),
        (lambda app: app.update(title="x"), "unknown key title"),
        (lambda app: app.update(name=" "), "name is missing"),
        (lambda app: app.pop("installation_instructions"), "installation_instructions is missing"),
        (lambda app: None, "parameter colour has no label"),
        (lambda app: app.update(parameters={"colour": {}}), "parameter colour has no label"),
        (lambda app: app.update(parameters={"size": {"label": "S"}}), "size isn't in the manifest"),
        (lambda app: app.update(parameters=[]), "parameters must be an object"),
    ],
)
def test_a_broken_translation_is_refused(change: Change, problem: str) -> None:
    texts = json.loads((SOURCE / "translations" / "en.json").read_text())
    change(texts["app"])
    assert any(problem in one for one in translation_problems(texts, {"colour"}))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda r: r.update(ticket_forms={}), "unknown type ticket_forms"),
        (lambda r: r.update(webhooks={}), "unknown type webhooks"),
        (lambda r: r["ticket_fields"].update({"Bad-Name": {}}), "the identifier must have"),
        (lambda r: r["ticket_fields"].update(x=1), "x: must be an object"),
        (lambda r: r["ticket_fields"]["refund_status"].pop("title"), "title is missing"),
        (lambda r: r["ticket_fields"]["refund_status"].update(typ="a"), "unknown key typ"),
        (lambda r: r["ticket_fields"]["refund_status"].update(type="dropdown"), "unknown type"),
        (lambda r: r["ticket_fields"]["refund_order"].update(key="a"), "ticket fields have no key"),
        (lambda r: r["ticket_fields"]["refund_status"].pop("custom_field_options"), "needs opt"),
        (
            lambda r: r["ticket_fields"]["refund_order"].update(
                custom_field_options=[{"name": "A", "value": "a"}]
            ),
            "isn't a choice",
        ),
        (
            lambda r: r["ticket_fields"]["refund_reason"]["custom_field_options"].append(
                {"name": "Again", "value": "makegood_eligible"}
            ),
            "makegood_eligible: stands twice",
        ),
        (
            lambda r: r["ticket_fields"]["refund_reason"]["custom_field_options"].append(
                {"name": "Again", "value": "Two Words"}
            ),
            "a tag has small letters",
        ),
        (
            lambda r: r["ticket_fields"]["refund_reason"]["custom_field_options"].append({}),
            "a name and a value",
        ),
        (lambda r: r["user_fields"]["customer_refund_count"].pop("key"), "key must have letters"),
        (lambda r: r["user_fields"]["customer_refund_count"].update(key="12"), "key must have"),
        (
            lambda r: r["ticket_fields"].update({f"f{n}": {} for n in range(5001)}),
            "more than 5000",
        ),
    ],
)
def test_broken_requirements_are_refused(change: Change, problem: str) -> None:
    requirements = copy.deepcopy(zendesk_requirements())
    change(requirements)
    assert any(problem in one for one in requirement_problems(requirements))


@pytest.mark.parametrize(("name", "size"), draw_logo.SIZES.items())
def test_the_logos_are_as_drawn(name: str, size: int) -> None:
    with Image.open(SOURCE / "assets" / name) as stored:
        assert stored.size == (size, size)
        drawn = draw_logo.draw(size)
        pairs = zip(stored.convert("RGBA").tobytes(), drawn.tobytes(), strict=True)
        differing = sum(abs(one - other) > 8 for one, other in pairs)
    assert differing < size * size / 100


def test_the_vector_logo_is_as_drawn() -> None:
    assert (SOURCE / "assets" / "logo.svg").read_text() == draw_logo.svg()


def test_zendesks_own_tool_leaves_developers_values_out() -> None:
    ignored = (SOURCE / ".zcliignore").read_text().splitlines()
    assert "zcli.apps.config.json" in ignored

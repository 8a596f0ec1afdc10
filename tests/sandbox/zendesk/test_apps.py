from __future__ import annotations

import io
import json
import zipfile

import jwt
import pytest

from integrations.sandbox.zendesk import ZendeskSandbox
from tests.sandbox.zendesk.conftest import Client

MANIFEST = {
    "name": "Refund Desk",
    "author": {"name": "Example Ltd"},
    "defaultLocale": "en",
    "frameworkVersion": "2.0",
    "singleInstall": True,
    "signedUrls": True,
    "location": {"support": {"ticket_sidebar": {"url": "https://app.example.com/sidebar"}}},
    "parameters": [{"name": "key", "type": "text", "secure": True, "required": True}],
}
REQUIREMENTS = {
    "ticket_fields": {"reason": {"type": "text", "title": "Refund reason"}},
    "user_fields": {"total": {"type": "decimal", "title": "Refunds", "key": "refund_total"}},
}


def package(prefix: str = "", manifest: dict[str, object] = MANIFEST) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(f"{prefix}manifest.json", json.dumps(manifest))
        archive.writestr(f"{prefix}requirements.json", json.dumps(REQUIREMENTS))
        archive.writestr(f"{prefix}translations/en.json", "{}")
    return packed.getvalue()


def upload(api: Client, zipped: bytes) -> tuple[int, dict[str, object]]:
    answer = api.call("POST", "/apps/uploads.json", files={"uploaded_data": ("a.zip", zipped)})
    return answer.status_code, answer.json()


def test_upload_create_install_and_uninstall(api: Client, zendesk: ZendeskSandbox) -> None:
    status, made = upload(api, package())
    assert status == 201
    job = api.call("POST", "/../apps.json", {"upload_id": made["id"], "name": "Refund Desk"})
    state = api.get(f"/apps/job_statuses/{job.json()['job_id']}").json()
    assert state["status"] == "completed"
    rule = "/../support/apps/installations.json"
    missing = api.call("POST", rule, {"app_id": state["app_id"], "settings": {}})
    assert missing.status_code == 422
    body = {"app_id": state["app_id"], "settings": {"key": "hidden"}}
    installed = api.call("POST", rule, body)
    assert installed.status_code == 201
    assert installed.json()["settings"] == {}
    assert api.call("POST", rule, body).status_code == 422
    fields = api.get("/ticket_fields").json()["ticket_fields"]
    reason = next(one for one in fields if one["title"] == "Refund reason")
    assert (reason["creator_app_name"], reason["creator_user_id"]) == ("Refund Desk", -1)
    keys = [one["key"] for one in api.get("/user_fields").json()["user_fields"]]
    assert "refund_total" in keys
    removed = api.call("DELETE", f"/apps/installations/{installed.json()['id']}")
    assert removed.status_code == 204
    keys = [one["key"] for one in api.get("/user_fields").json()["user_fields"]]
    assert "refund_total" not in keys


@pytest.mark.parametrize(
    "zipped",
    [
        b"not a zip",
        package(prefix="app/"),
        package(manifest={k: v for k, v in MANIFEST.items() if k != "location"}),
        package(manifest={**MANIFEST, "frameworkVersion": "1.0"}),
    ],
)
def test_packages_that_are_refused(api: Client, zipped: bytes) -> None:
    status, answer = upload(api, zipped)
    assert (status, answer["error"]) == (422, "RecordInvalid")


def test_sidebar_token_verifies_with_the_apps_public_key(
    api: Client, zendesk: ZendeskSandbox
) -> None:
    key = api.get(f"/apps/{zendesk.installation.app_id}/public_key.pem").text
    audience = f"https://acme.zendesk.com/api/v2/apps/installations/{zendesk.installation.id}.json"
    token = zendesk.sign_sidebar_token(zendesk.agent.id)
    claims = jwt.decode(
        token, key, algorithms=["RS256"], audience=audience, issuer="acme.zendesk.com"
    )
    assert claims["sub"] == f"https://acme.zendesk.com/api/v2/users/{zendesk.agent.id}.json"
    assert claims["context"] == {"product": "support", "location": "ticket_sidebar"}
    assert claims["exp"] - claims["iat"] == 300
    foreign = zendesk.sign_sidebar_token(
        zendesk.agent.id, aud="https://other.example.com", sub=None
    )
    with pytest.raises(jwt.InvalidAudienceError):
        jwt.decode(foreign, key, algorithms=["RS256"], audience=audience)
    agent = Client(zendesk.base, zendesk.oauth.issue(zendesk.agent, "read write").value)
    assert agent.get(f"/apps/{zendesk.installation.app_id}/public_key.pem").status_code == 403

"""Uploads the app's package and installs it, as Zendesk's own tool does.

https://developer.zendesk.com/documentation/apps/app-developer-guide/creating-and-managing-private-apps
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from app.domain.errors import Rejected, Unavailable
from integrations.helpdesks.zendesk import setup
from integrations.helpdesks.zendesk.answers import VENDOR
from integrations.helpdesks.zendesk.client import ZendeskClient
from integrations.helpdesks.zendesk.payloads import Id, OptionalId, Payload, Text

APP_NAME = "Makegood"
_POLLS = 60
_POLL_SECONDS = 1.0


class _Upload(Payload):
    id: Id


class _Job(Payload):
    job_id: Id


class _JobStatus(Payload):
    status: Text = ""
    message: Text = ""
    app_id: OptionalId = None


def upload_app(
    client: ZendeskClient,
    package: Path,
    app_id: str | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> str:
    """Create an app from a package, or update one; answers the app's id.

    Raises Rejected with the reason of Zendesk's build job, Unavailable when it takes over a minute.
    """
    with package.open("rb") as file:
        response = client.session.post(
            client.url("apps/uploads.json"), files={"uploaded_data": (package.name, file)}
        )
    with client.understanding("upload the app", is_write=True):
        upload = _Upload.model_validate(response.json())
    if app_id is None:
        body: dict[str, object] = {"upload_id": int(upload.id), "name": APP_NAME}
        answer = client.send("POST", "/api/apps.json", body)
    else:
        answer = client.send("PUT", f"apps/{app_id}", {"upload_id": int(upload.id)})
    with client.understanding("create the app", is_write=True):
        job = _Job.model_validate(answer)
    return _built(client, job.job_id, app_id, sleep)


def _built(
    client: ZendeskClient, job_id: str, app_id: str | None, sleep: Callable[[float], None]
) -> str:
    for _ in range(_POLLS):
        answer = client.get(f"apps/job_statuses/{job_id}")
        with client.understanding("ask after the app"):
            status = _JobStatus.model_validate(answer)
        if status.status == "completed":
            return status.app_id or app_id or ""
        if status.status == "failed":
            raise Rejected(
                f"Zendesk refuses the app: {status.message[:300]}",
                vendor=VENDOR,
                operation="build the app",
            )
        sleep(_POLL_SECONDS)
    raise Unavailable(
        "Zendesk has not finished the app yet: try again", vendor=VENDOR, operation="build the app"
    )


def install_app(client: ZendeskClient, app_id: str) -> setup.InstallationPayload:
    """Install an app; its required fields are created with it. Raises VendorError."""
    body: dict[str, object] = {"app_id": int(app_id), "settings": {"name": APP_NAME}}
    answer = client.send("POST", "/api/support/apps/installations.json", body)
    with client.understanding("install the app", is_write=True):
        return setup.InstallationPayload.model_validate(answer)


def find_installation(
    client: ZendeskClient, installation_id: str | None
) -> setup.InstallationPayload | None:
    """Our installation: the one known from before, else the only one with our name."""
    found = setup.installations(client)
    for one in found:
        if one.id == installation_id:
            return one
    named = [
        one for one in found if APP_NAME in (one.settings.get("name"), one.settings.get("title"))
    ]
    return named[0] if len(named) == 1 else None

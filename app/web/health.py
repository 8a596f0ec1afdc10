"""Whether this process lives, and whether what it needs is there."""

from __future__ import annotations

import json
from collections.abc import Callable

import redis
from flask import Blueprint, Response
from sqlalchemy.exc import SQLAlchemyError

from app.ports import Check, CheckStatus
from app.storage.engine import Database
from app.storage.migrate import revisions
from app.web.api_models import HealthBody
from app.web.context import web
from app.web.describe import describe

health = Blueprint("health", __name__)


@health.get("/livez")
@describe("Whether the process answers at all.", answers={200: None}, auth="none")
def live() -> Response:
    """For a supervisor: no look at database or Redis."""
    return Response("ok\n", mimetype="text/plain")


@health.get("/health")
@describe(
    "Whether database, migrations and Redis are in order.",
    answers={200: HealthBody, 503: HealthBody},
    auth="none",
)
def ready() -> Response:
    """Each check with its mend; 503 when one failed."""
    checks = _probe()
    failed = any(check.status is CheckStatus.FAILED for check in checks)
    body = {
        "status": "failed" if failed else "ok",
        "checks": [check.model_dump(mode="json") for check in checks],
    }
    return Response(json.dumps(body), status=503 if failed else 200, mimetype="application/json")


def _probe() -> list[Check]:
    try:
        return web().probe()
    except Exception as error:
        # The probe itself must never make health look like a crash.
        return [
            Check(
                name="probe",
                status=CheckStatus.FAILED,
                detail=f"The checks could not be run ({type(error).__name__}).",
                mend="Look at the log of this process.",
            )
        ]


def probe_of(database: Database, client: redis.Redis) -> Callable[[], list[Check]]:
    """The checks of a running process. Without Redis nothing is lost, but everything waits."""

    def probe() -> list[Check]:
        return [*_database_checks(database), _redis_check(client)]

    return probe


def _database_checks(database: Database) -> list[Check]:
    try:
        present, newest = revisions(database)
    except SQLAlchemyError as error:
        return [
            Check(
                name="database",
                status=CheckStatus.FAILED,
                detail=f"The database doesn't answer ({type(error).__name__}).",
                mend="Start it, or correct DATABASE_URL.",
            )
        ]
    is_current = present == newest
    return [
        Check(name="database", status=CheckStatus.OK, detail="The database answers."),
        Check(
            name="migrations",
            status=CheckStatus.OK if is_current else CheckStatus.FAILED,
            detail=f"The database is at revision {present}, the code at {newest}.",
            mend=None if is_current else "Start one `makegood` process anew: it migrates first.",
        ),
    ]


def _redis_check(client: redis.Redis) -> Check:
    try:
        client.ping()
    except redis.RedisError as error:
        return Check(
            name="redis",
            status=CheckStatus.FAILED,
            detail=f"Redis doesn't answer ({type(error).__name__}). Deliveries are still kept.",
            mend="Start it, or correct REDIS_URL.",
        )
    return Check(name="redis", status=CheckStatus.OK, detail="Redis answers.")

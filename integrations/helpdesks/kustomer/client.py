"""HTTP to one Kustomer org: one call, paced, limited, and never repeated.

https://developer.kustomer.com/docs/get-started/making-requests
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal
from urllib.parse import quote

import requests
from pydantic import ValidationError

from app.domain.errors import (
    AccessDenied,
    Malformed,
    NotFound,
    OutcomeUnknown,
    Unavailable,
    VendorError,
)
from app.ports import Surroundings
from integrations.helpdesks.kustomer.answers import RECONNECT, error_for
from integrations.helpdesks.kustomer.pace import Pacer
from integrations.helpdesks.kustomer.vocabulary import API_KEY, OWNER, VENDOR
from integrations.http import BoundedSession, was_never_sent

log = logging.getLogger(__name__)

Verb = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]

_ID = re.compile(r"[0-9A-Za-z]{24}")
_NAME = re.compile(r"[A-Za-z0-9_.@-]{1,200}")


def record_id(value: str) -> str:
    """An id that may stand in a URL: 24 characters. Raises NotFound for anything else."""
    if not _ID.fullmatch(value):
        raise NotFound("Kustomer has no such record", vendor=VENDOR, operation="read an id")
    return value


def path_name(value: str) -> str:
    """A name of an app, klass or setting that may stand in a URL. Raises NotFound otherwise."""
    if not _NAME.fullmatch(value) or value.startswith("."):
        raise NotFound("Kustomer has no such record", vendor=VENDOR, operation="read a name")
    return value


def path_value(value: str) -> str:
    """Any text as one part of a path (`+` must not be read as a blank)."""
    return quote(value, safe="")


def unreadable(operation: str, *, is_write: bool, status: int | None = None) -> VendorError:
    """What an answer that can't be understood means."""
    kind, text = (
        (OutcomeUnknown, "Kustomer's answer can't be read: it may have been written")
        if is_write
        else (Malformed, "Kustomer's answer can't be read")
    )
    return kind(text, vendor=VENDOR, operation=operation, status=status)


@contextmanager
def understanding(operation: str, *, is_write: bool = False) -> Iterator[None]:
    """Turn pydantic's complaints about an answer into ours."""
    try:
        yield
    except (ValidationError, KeyError, TypeError, AttributeError) as error:
        # From None: such an error's text can hold parts of the answer.
        kind = type(error).__name__
        raise unreadable(f"{operation} ({kind})", is_write=is_write) from None


class KustomerClient:
    """The REST API of one org. Not shared between threads."""

    def __init__(
        self,
        base: str,
        org: str,
        surroundings: Surroundings,
        session: BoundedSession,
        pacer: Pacer,
        key: str | None = None,
    ) -> None:
        """`key` None takes the account's stored one."""
        self._root = f"{base}/v1"
        self._org = org
        self._surroundings = surroundings
        self._session = session
        self._pacer = pacer
        self._key = key

    def get(self, path: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        """GET below /v1, as a JSON object. Raises VendorError."""
        return self._call("GET", path, params=params)

    def search(self, path: str, body: Mapping[str, object]) -> dict[str, Any]:
        """A POST that only reads, so that a lost answer is simply asked for again."""
        return self._call("POST", path, body=body, is_write=False)

    def send(self, verb: Verb, path: str, body: object = None) -> dict[str, Any]:
        """A write below /v1, once. Raises VendorError."""
        return self._call(verb, path, body=body, is_write=True)

    def _call(
        self,
        verb: Verb,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: object = None,
        is_write: bool = False,
    ) -> dict[str, Any]:
        operation = f"{verb} /v1/{path}"
        key = self._key or self._surroundings.vault.get(OWNER, API_KEY)
        if not key:
            raise AccessDenied(RECONNECT, vendor=VENDOR, operation=operation)
        self._pacer.wait_for(path, operation)
        headers = {"Accept": "application/json", "Authorization": f"Bearer {key}"}
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            data = json.dumps(body).encode()
        limits = (
            self._surroundings.connect_timeout_seconds,
            self._surroundings.read_timeout_seconds,
        )
        begun = time.monotonic()
        try:
            response = self._session.request(
                verb,
                f"{self._root}/{path}",
                params=params,
                data=data,
                headers=headers,
                timeout=limits,
            )
        except requests.RequestException as error:
            self._log(verb, begun, 0, type(error).__name__)
            if not is_write or was_never_sent(error):
                raise Unavailable(
                    "Kustomer can't be reached", vendor=VENDOR, operation=operation
                ) from error
            raise OutcomeUnknown(
                "Kustomer gave no answer: it may have been written",
                vendor=VENDOR,
                operation=operation,
            ) from error
        self._log(verb, begun, response.status_code, "")
        self._pacer.heard(response.headers)
        if not 200 <= response.status_code < 300:
            raise error_for(
                response.status_code,
                response.headers,
                response.content,
                operation=operation,
                is_write=is_write,
                now=self._surroundings.clock.now(),
            )
        return _object(response, operation, is_write=is_write)

    def _log(self, verb: str, begun: float, status: int, failure: str) -> None:
        log.info(
            "kustomer call",
            extra={
                "org": self._org,
                "verb": verb,
                "status": status,
                "failure": failure,
                "ms": round((time.monotonic() - begun) * 1000),
            },
        )


def _object(response: requests.Response, operation: str, *, is_write: bool) -> dict[str, Any]:
    if response.status_code == 204 or (is_write and not response.content):
        return {}
    try:
        parsed = json.loads(response.content)
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        raise unreadable(operation, is_write=is_write, status=response.status_code)
    return parsed

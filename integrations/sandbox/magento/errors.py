"""Refusals in Magento's shape: a template, its parameters, sometimes a trace.

https://developer.adobe.com/commerce/webapi/get-started/web-api-errors/
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

ERROR_PAGE = (
    "<!doctype html>\n"
    "<html><head><title>{title}</title>"
    '<meta name="robots" content="*"/></head>'
    '<body><main class="page-main"><h1>{title}</h1></main></body></html>\n'
)
NOT_FOUND = "The entity that was requested doesn't exist. Verify the entity and try again."
NO_ROUTE = "Request does not match any route."
COULD_NOT_REFUND = "Could not save a Creditmemo, see error log for details"
FORBIDDEN_PAGE_TITLE = "403 Forbidden"
MAINTENANCE_PAGE_TITLE = "Error 503: Service Unavailable"
CRASH_PAGE_TITLE = "There has been an error processing your request"


class MagentoError(Exception):
    """An answer other than 2xx.

    `parameters` is a list for `%1`, `%2` or an object for `%fieldName`, and left out when empty.
    """

    def __init__(
        self,
        status: int,
        message: str,
        parameters: Sequence[str] | dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.parameters = parameters

    def body(self, *, with_trace: bool) -> dict[str, Any]:
        """The JSON body; `with_trace` as in developer mode."""
        body: dict[str, Any] = {"message": self.message}
        if self.parameters:
            body["parameters"] = self.parameters
        if with_trace:
            body["trace"] = f"#0 sandbox: {type(self).__name__} {self.status}\n#1 {{main}}"
        return body


class HtmlError(Exception):
    """A page instead of JSON: maintenance, a firewall in front of the shop, a PHP failure."""

    def __init__(self, status: int, title: str) -> None:
        super().__init__(title)
        self.status = status
        self.page = ERROR_PAGE.format(title=title)


def not_found() -> MagentoError:
    return MagentoError(404, NOT_FOUND)


def no_route() -> MagentoError:
    return MagentoError(404, NO_ROUTE)


def missing_resource(resources: str) -> MagentoError:
    """No credential, a wrong one or one without the resource: all the same 401."""
    return MagentoError(
        401, "The consumer isn't authorized to access %resources.", {"resources": resources}
    )


def required(field: str) -> MagentoError:
    return MagentoError(400, '"%fieldName" is required. Enter and try again.', {"fieldName": field})


def masked(report: int) -> MagentoError:
    """An unplanned exception, such as a filter on a column that isn't there."""
    return MagentoError(
        500,
        "Internal Error. Details are available in Magento log file. "
        f"Report ID: webapi-{report:013x}",
    )


def invalid_document(messages: Sequence[str]) -> MagentoError:
    """What the credit memo validators found, already filled in and joined by newlines."""
    return MagentoError(
        400, "\n".join(["Creditmemo Document Validation Error(s):", *map(str, messages)])
    )

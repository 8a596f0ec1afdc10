"""Everything that can go wrong, by what it means for money and for the next step.

AppError
  ConfigurationError    at start-up or in `makegood doctor`: names the setting and its mend
  BadDelivery           signature, age, size or shape of a webhook: 4xx, no row
  NotAllowed            this person may not do this
  Conflict              the facts changed, or somebody was faster; nothing was done
  InvalidEntry          what a person filled in can't be taken: a missing reason, an odd date
  IllegalTransition     a refund can't move between these states
  VendorError           vendor, operation, status, request id
    Rejected            final answer "no": the agent sees the reason
      AccessDenied      a token or scope is missing: an admin must act
      NotFound          no such record at the vendor
      StaleWrite        the record changed since it was read: read again, decide again
    RateLimited         retry after some seconds; surely not processed
    Unavailable         surely not processed: may be tried again
    Malformed           the vendor answered with something that can't be read
    OutcomeUnknown      sent, no readable answer: it may have been processed

Being ineligible is a value (a Decision), never an exception.
"""

from __future__ import annotations


class AppError(Exception):
    """Base of all errors that Makegood raises on purpose."""


class ConfigurationError(AppError):
    """A setting is missing or wrong. The message names it and says how to mend it."""


class BadDelivery(AppError):
    """A webhook POST that can't be accepted. `status` is the HTTP answer it deserves."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class NotAllowed(AppError):
    """The acting person lacks the right; the message says which right and who has it."""


class Conflict(AppError):
    """The world changed since it was shown. Nothing was done; `changes` says what differs.

    `next_step` is for people; None where checking the figures again is what helps.
    """

    def __init__(
        self, message: str, changes: tuple[str, ...] = (), *, next_step: str | None = None
    ) -> None:
        super().__init__(message)
        self.changes = changes
        self.next_step = next_step


class InvalidEntry(AppError):
    """What a person filled in can't be taken; the message says why. Nothing was done."""


class IllegalTransition(AppError):
    """A state machine was asked for a move it doesn't have."""


class VendorError(AppError):
    """A call to a helpdesk or store failed.

    `status` is the HTTP status where one was received; `request_id` is what the vendor's support
    asks for. The message is safe to show to an agent: it never holds tokens or customer data.
    """

    def __init__(
        self,
        message: str,
        *,
        vendor: str,
        operation: str,
        status: int | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.vendor = vendor
        self.operation = operation
        self.status = status
        self.request_id = request_id


class Rejected(VendorError):
    """The vendor understood and refused. Repeating the same call gives the same answer."""


class AccessDenied(Rejected):
    """The token is refused, or lacks a permission (named in the message)."""


class NotFound(Rejected):
    """The vendor has no such record (or hides it from us)."""


class StaleWrite(Rejected):
    """The record was changed by somebody else since we read it; nothing was written."""


class RateLimited(VendorError):
    """Not processed: over the vendor's limit. Try again after `retry_after_seconds`."""

    def __init__(
        self,
        message: str,
        *,
        vendor: str,
        operation: str,
        retry_after_seconds: float,
        status: int | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(
            message, vendor=vendor, operation=operation, status=status, request_id=request_id
        )
        self.retry_after_seconds = retry_after_seconds


class Unavailable(VendorError):
    """The call surely wasn't processed (refused connection, or a read that may be repeated)."""


class Malformed(VendorError):
    """The answer can't be read as what the vendor documents. For writes see OutcomeUnknown."""


class OutcomeUnknown(VendorError):
    """A write was sent and no readable answer came: read the vendor before anything is resent."""

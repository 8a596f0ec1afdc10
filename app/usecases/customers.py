"""The customer's fields: totals from the ledger, written through a queue that coalesces."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from app.domain.case import Case
from app.domain.crm import CustomerFields
from app.domain.errors import RateLimited, Rejected, VendorError
from app.domain.refund import Refund
from app.records import AuditEvent
from app.usecases.deps import Deps


def totals(deps: Deps, account_id: str, requester_id: str) -> CustomerFields:
    """What the ledger says about a customer's settled refunds."""
    count, total, last = deps.ledger.totals_of_requester(account_id, requester_id)
    return CustomerFields(
        refund_count=count,
        refunded_total=total,
        last_refund_on=last.date() if last else None,
    )


def customer_fields(deps: Deps, case: Case) -> CustomerFields:
    """The proposed customer fields of a case."""
    return totals(deps, case.account_id, case.requester_id)


def shown_customer_fields(
    proposed: CustomerFields, history: Sequence[AuditEvent], refunds: Sequence[Refund]
) -> CustomerFields:
    """What the sidebar shows: an agent's own values until a later refund makes new totals.

    `history` is the case's, oldest first.
    """
    saved = [event for event in history if event.action == "fields_saved"]
    if not saved:
        return proposed
    newest = saved[-1]
    if any(item.settled_at is not None and item.settled_at > newest.at for item in refunds):
        return proposed
    by_hand = CustomerFields.model_validate(newest.data.get("customer_fields", {}))
    values = {name: getattr(by_hand, name) for name in CustomerFields.model_fields}
    return proposed.model_copy(
        update={name: value for name, value in values.items() if value is not None}
    )


def write_customer(deps: Deps, account_id: str, requester_id: str) -> str:
    """Write a customer's totals as they are now, however many changes led to them.

    Setting the same totals twice is harmless, so a lost answer is simply tried again.
    """
    now = deps.clock.now()
    change = deps.outbox.claim_customer(account_id, requester_id, now, deps.patience_seconds)
    if change is None:
        return "nothing to write"
    account = deps.account(account_id)
    try:
        deps.helpdesk(account).write_customer(requester_id, totals(deps, account_id, requester_id))
    except RateLimited as error:
        until = deps.clock.now() + timedelta(seconds=max(1.0, error.retry_after_seconds))
        deps.outbox.postpone_customer(account_id, requester_id, until, str(error))
        deps.notifier.wake("customer", account_id, requester_id, at=until)
        return "later"
    except Rejected as error:
        # Final: asking again would be refused again. The next refund makes a new change.
        deps.outbox.customer_written(account_id, requester_id, change)
        deps.audit.append(
            account_id,
            "makegood",
            "customer_fields_refused",
            f"customer:{requester_id}",
            {"cause": str(error)},
            deps.clock.now(),
        )
        return "refused"
    except VendorError as error:
        until = deps.clock.now() + timedelta(seconds=60)
        deps.outbox.postpone_customer(account_id, requester_id, until, str(error))
        return "later"
    deps.outbox.customer_written(account_id, requester_id, change)
    return "written"

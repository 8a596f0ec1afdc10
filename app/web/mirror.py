"""What the open ticket form should show after we wrote the ticket behind its back.

An agent's browser keeps the form as it was when the ticket was opened, and saving it would write
the old values over ours. So the sidebar sets the same values in the form.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from app.domain.classification import Reason
from app.domain.crm import RefundStatus, TicketFields
from app.ports import Account
from app.records import PendingWrite
from app.usecases.deps import Deps


@dataclass(frozen=True)
class Mirror:
    """Values by form path, tags that must be there, and tags of options that are over."""

    values: dict[str, str]
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """For the page's script."""
        return asdict(self)


def form_mirror(
    deps: Deps, account: Account, fields: TicketFields, writes: Iterable[PendingWrite]
) -> Mirror:
    """What to set in the form; nothing where the helpdesk has no form that could be set.

    An option of a drop-down is a tag as well: the old option's tag must go, or saving the form
    would bring the old value back.
    """
    integration = deps.helpdesks[account.helpdesk]
    values = dict(integration.form_values(account, fields))
    if not values:
        return Mirror({})
    others: set[str] = set()
    if fields.status is not None:
        for status in RefundStatus:
            others |= set(integration.form_values(account, TicketFields(status=status)).values())
    if fields.reason is not None:
        for reason in Reason:
            others |= set(integration.form_values(account, TicketFields(reason=reason)).values())
    present = set(values.values()) & others
    added = {tag for write in writes for tag in write.write.add_tags}
    return Mirror(values, tuple(sorted(added | present)), tuple(sorted(others - present)))

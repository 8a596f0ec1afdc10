"""Zendesk as a helpdesk: one read and one write for a ticket, and nothing ever sent twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from app.domain.crm import CHECKED_TAG, CustomerFields, TicketWrite
from app.domain.errors import NotFound, OutcomeUnknown
from app.domain.orders_elsewhere import KeptOrder
from app.domain.people import Agent, TierMap
from app.domain.ticket import Message, Requester, Ticket, TicketEvent, TicketEventKind
from app.ports import Account, Check, TicketPage, WriteReceipt
from integrations.helpdesks.zendesk.answers import VENDOR
from integrations.helpdesks.zendesk.checks import check_account
from integrations.helpdesks.zendesk.client import ZendeskClient
from integrations.helpdesks.zendesk.fields import (
    field_ids,
    tags_after,
    ticket_field_values,
    user_field_values,
)
from integrations.helpdesks.zendesk.note import note_html
from integrations.helpdesks.zendesk.payloads import (
    DEFAULT_REGION,
    AuditsAnswer,
    CommentsAnswer,
    GroupsAnswer,
    IdentitiesAnswer,
    SearchAnswer,
    TicketAnswer,
    UserPayload,
    WriteAnswer,
)

MARKER_KEY = "makegood"
_PAGE = 100
# A customer's message makes a ticket open whatever it was before.
_WAITING = frozenset({"new", "open"})
# 5,000 comments are a ticket's limit; a history beyond this can't be told to lack our write.
_MAX_AUDIT_PAGES = 60


class Zendesk:
    """`app.ports.Helpdesk` of one account. Made per job; not shared between threads."""

    def __init__(self, account: Account, client: ZendeskClient) -> None:
        self._account = account
        self._client = client
        self._region = str(account.config.get("region") or DEFAULT_REGION)

    def read_ticket(self, ticket_id: str) -> Ticket:
        """One GET, with the people side-loaded. (zenpy would need one more for them.)"""
        answer = self._client.get(f"tickets/{_digits(ticket_id)}.json", {"include": "users"})
        with self._client.understanding("read the ticket"):
            return TicketAnswer.model_validate(answer).to_domain(self._region)

    def read_messages(self, ticket_id: str) -> tuple[Message, ...]:
        """The newest page of comments, in one GET, with their authors side-loaded."""
        params = {"include": "users", "sort": "-created_at", "page[size]": str(_PAGE)}
        answer = self._client.get(f"tickets/{_digits(ticket_id)}/comments.json", params)
        with self._client.understanding("read the ticket's comments"):
            return CommentsAnswer.model_validate(answer).to_domain()

    def read_requester(self, requester_id: str) -> Requester:
        """All addresses on a profile, in one GET. They come without the person's name."""
        answer = self._client.get(f"users/{_digits(requester_id)}/identities.json")
        with self._client.understanding("read the requester"):
            found = IdentitiesAnswer.model_validate(answer)
            return found.to_domain(requester_id, self._region)

    def read_agent(self, agent_id: str) -> Agent:
        """Role as Zendesk's server says now, in one GET; groups by a second one, which is only
        made when the admin has mapped groups."""
        users = self._client.zenpy.users
        with self._client.understanding("read the agent"):
            user = UserPayload.model_validate(users(id=int(_digits(agent_id))).to_dict())
        groups: tuple[str, ...] = ()
        if user.is_staff and TierMap.of(self._account.config.get("tiers")).groups:
            answer = self._client.get(f"users/{_digits(agent_id)}/groups.json")
            with self._client.understanding("read the agent's groups"):
                groups = GroupsAnswer.model_validate(answer).names()
        return user.to_agent(_names(self._account.config.get("custom_roles")), groups)

    def write_ticket(self, write: TicketWrite, seen: Ticket) -> WriteReceipt:
        """One PUT with note, tags and fields. Raises StaleWrite, OutcomeUnknown...

        `updated_stamp` is `seen.revision` verbatim, so a change made since is not overwritten. The
        stamp counts whole seconds, so it doesn't replace looking for the marker after a lost
        answer.
        """
        answer = self._client.send(
            "PUT", f"tickets/{_digits(write.ticket_id)}.json", {"ticket": self._body(write, seen)}
        )
        with self._client.understanding("write the ticket", is_write=True):
            written = WriteAnswer.model_validate(answer)
        return WriteReceipt(change_id=written.audit.id, revision=written.ticket.updated_at)

    def _body(self, write: TicketWrite, seen: Ticket) -> dict[str, object]:
        """The ticket as it is sent. (zenpy would build an object of the whole answer.)"""
        values = ticket_field_values(write.fields)
        ids = field_ids(self._account)
        known = {name: value for name, value in values.items() if name in ids}
        body: dict[str, object] = {
            "safe_update": True,
            "updated_stamp": seen.revision,
            "metadata": {MARKER_KEY: write.marker},
        }
        if write.note is not None:
            # `public` is always named: left out, Zendesk takes what the ticket began with.
            body["comment"] = {"html_body": note_html(write.note), "public": False}
        if known:
            body["custom_fields"] = [
                {"id": int(ids[name]), "value": value} for name, value in known.items()
            ]
        tags = tags_after(seen.tags, write.add_tags, known)
        if set(tags) != set(seen.tags):
            body["tags"] = tags
        return body

    def find_write(self, ticket_id: str, marker: str) -> WriteReceipt | None:
        """The change that carries our marker, looked for from the newest on."""
        path = f"tickets/{_digits(ticket_id)}/audits.json"
        params = {"sort": "-created_at", "page[size]": str(_PAGE)}
        for _ in range(_MAX_AUDIT_PAGES):
            answer = self._client.get(path, params)
            with self._client.understanding("read the ticket's history"):
                page = AuditsAnswer.model_validate(answer)
            for audit in page.audits:
                if audit.metadata.custom.get(MARKER_KEY) == marker:
                    return WriteReceipt(change_id=audit.id)
            if not page.meta.has_more or page.meta.after_cursor is None:
                return None
            params["page[after]"] = page.meta.after_cursor
        raise OutcomeUnknown(
            "the ticket's history is too long to be searched",
            vendor=VENDOR,
            operation="find a ticket write",
        )

    def write_customer(self, requester_id: str, fields: CustomerFields) -> None:
        """Set the customer's fields in one PUT; what isn't named stays as it is."""
        values = user_field_values(fields)
        if not values:
            return
        body: dict[str, object] = {"user": {"user_fields": values}}
        self._client.send("PUT", f"users/{_digits(requester_id)}.json", body)

    def recent_tickets(self, since: datetime, cursor: str | None) -> TicketPage:
        """Unmarked tickets by time of their last change.

        Each page is a search of its own that begins where the last one ended: tickets that are
        marked meanwhile would shift numbered pages, and a search ends at 1,000 results.
        https://developer.zendesk.com/api-reference/ticketing/ticket-management/search/
        """
        start, page = _read_cursor(cursor) if cursor else (_stamp(since), 1)
        answer = self._client.get(
            "search.json",
            {
                "query": f"type:ticket updated>={start} -tags:{CHECKED_TAG}",
                "sort_by": "updated_at",
                "sort_order": "asc",
                "per_page": str(_PAGE),
                "page": str(page),
            },
        )
        with self._client.understanding("look for tickets"):
            found = SearchAnswer.model_validate(answer)
        events = tuple(
            TicketEvent(
                ticket_id=one.id,
                kind=TicketEventKind.SWEPT,
                # Another change is another sight: a customer may have written.
                dedupe_key=f"sweep:{one.id}:{_stamp(one.updated_at)}",
                vendor_kind="search",
                author_id=one.requester_id,
                occurred_at=one.updated_at,
                awaits_answer=one.status in _WAITING if one.status is not None else None,
            )
            for one in found.results
        )
        return TicketPage(events=events, cursor=_next_cursor(found, start, page))

    def kept_orders(self, requester_id: str) -> tuple[KeptOrder, ...]:
        """None: orders aren't looked for in Zendesk's custom objects."""
        return ()

    def check(self) -> list[Check]:
        """Everything the connection needs, each with its mend."""
        return check_account(self._account, self._client)


def _digits(value: str) -> str:
    """An id that may stand in a URL. Anything else can't be a record of Zendesk."""
    if not value.isascii() or not value.isdigit() or len(value) > 20:
        raise NotFound("Zendesk has no such record", vendor=VENDOR, operation="read an id")
    return value


def _names(value: object) -> dict[str, str]:
    """A mapping of an account's config, with texts on both sides."""
    if not isinstance(value, dict):
        return {}
    return {str(key): str(one) for key, one in value.items() if one is not None}


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _next_cursor(found: SearchAnswer, start: str, page: int) -> str | None:
    if found.next_page is None or not found.results:
        return None
    last = _stamp(found.results[-1].updated_at)
    if last > start:
        return f"{last}|1"
    if page * _PAGE < 1000:
        return f"{start}|{page + 1}"
    # A thousand tickets in one second: the search gives no more of them.
    moment = datetime.fromisoformat(start) + timedelta(seconds=1)
    return f"{_stamp(moment)}|1"


def _read_cursor(cursor: str) -> tuple[str, int]:
    start, _, page = cursor.partition("|")
    return start, int(page)

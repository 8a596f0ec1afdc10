"""Kustomer as a helpdesk: two reads and two writes for a ticket, and no note ever sent twice.

A ticket is a conversation. Its text and its customer's addresses are read; the conversation itself
is not, because nothing of it is needed: attributes are written one by one, whatever they were.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from app.domain import ticket as domain
from app.domain.crm import CustomerFields, TicketWrite
from app.domain.errors import NotFound, OutcomeUnknown, StaleWrite, Unavailable, VendorError
from app.domain.orders_elsewhere import KeptOrder
from app.domain.people import Agent, TierMap
from app.domain.ticket import Requester, Ticket, TicketEvent, TicketEventKind
from app.ports import Account, Check, Surroundings, TicketPage, WriteReceipt
from integrations.helpdesks.kustomer import kept_orders, people
from integrations.helpdesks.kustomer.checks import check_account
from integrations.helpdesks.kustomer.client import (
    KustomerClient,
    path_name,
    path_value,
    record_id,
    understanding,
)
from integrations.helpdesks.kustomer.config import KustomerConfig
from integrations.helpdesks.kustomer.fields import (
    CONVERSATION,
    CUSTOMER,
    conversation_values,
    customer_values,
    stored_as,
)
from integrations.helpdesks.kustomer.note import carries, note_text
from integrations.helpdesks.kustomer.payloads import (
    ConversationAnswer,
    Customer,
    CustomerAnswer,
    KObjectAnswer,
    KObjectsAnswer,
    Message,
    MessagesAnswer,
    NoteAnswer,
    NotesAnswer,
    SearchAnswer,
    to_ticket,
)
from integrations.helpdesks.kustomer.vocabulary import VENDOR

_PAGE = 100
_MAX_PAGES = 60
# A search ends at 10,000 rows: after so many pages it begins anew where it stands.
_SEARCH_PAGES = 90
# So long after its beginning a conversation may still be without its first message.
_MESSAGE_FOLLOWS = timedelta(minutes=2)


class Kustomer:
    """`app.ports.Helpdesk` of one org. Made per job; not shared between threads."""

    def __init__(
        self,
        account: Account,
        config: KustomerConfig,
        client: KustomerClient,
        surroundings: Surroundings,
    ) -> None:
        self._account = account
        self._config = config
        self._client = client
        self._surroundings = surroundings
        self._customers: dict[str, Customer] = {}
        # What one of the two ways to read a conversation has brought for the other, once.
        self._read: dict[str, tuple[Message, ...]] = {}
        self._said: dict[str, tuple[Message, ...]] = {}

    # --- reading ----------------------------------------------------------------------------

    def read_ticket(self, ticket_id: str) -> Ticket:
        """Two GETs: what the customer wrote, and the customer with all addresses.

        The sender's address in a message proves nothing, so the customer's own record is read.
        Raises NotFound where no customer wrote anything, Unavailable where that may still come.
        """
        messages = self._said.pop(ticket_id, None) or self._messages_of(ticket_id)
        self._read[ticket_id] = messages
        own = [one for one in messages if one.attributes.is_from_customer]
        customer_id = next((found for one in own if (found := one.related("customer"))), None)
        if customer_id is None:
            raise self._nothing_said(ticket_id, messages)
        customer = self._customer(customer_id)
        with understanding("read the conversation"):
            return to_ticket(ticket_id, messages, customer, self._config.region)

    def read_messages(self, ticket_id: str) -> tuple[domain.Message, ...]:
        """What was said so far, in one GET; none right after or before `read_ticket`."""
        messages = self._read.pop(ticket_id, None) or self._messages_of(ticket_id)
        self._said[ticket_id] = messages
        with understanding("read the messages"):
            found = [one.to_domain() for one in messages]
        return tuple(sorted(found, key=lambda one: one.created_at))

    def _messages_of(self, conversation_id: str) -> tuple[Message, ...]:
        """One page, but for conversations of more than a hundred messages: which end a list begins
        at isn't documented, and the newest message may be the one that matters."""
        found: list[Message] = []
        for answer in self._pages(f"conversations/{record_id(conversation_id)}/messages"):
            with understanding("read the messages"):
                found += MessagesAnswer.model_validate(answer).data
        return tuple(found)

    def _nothing_said(
        self, conversation_id: str, messages: tuple[Message, ...]
    ) -> NotFound | Unavailable:
        """Events come in any order: of a conversation before its first message, for example."""
        operation = "read the messages"
        if not messages:
            answer = self._client.get(f"conversations/{record_id(conversation_id)}")
            with understanding("read the conversation"):
                found = ConversationAnswer.model_validate(answer).data.attributes
            now = self._surroundings.clock.now()
            if found.created_at is not None and now - found.created_at < _MESSAGE_FOLLOWS:
                return Unavailable(
                    "the conversation has no message yet", vendor=VENDOR, operation=operation
                )
        return NotFound(
            "no customer has written anything in this conversation",
            vendor=VENDOR,
            operation=operation,
        )

    def read_requester(self, requester_id: str) -> Requester:
        """The customer with all addresses, in one GET, or none if this job has read them before."""
        return self._customer(requester_id).to_requester(self._config.region)

    def _customer(self, customer_id: str) -> Customer:
        if customer_id not in self._customers:
            answer = self._client.get(f"customers/{record_id(customer_id)}")
            with understanding("read the customer"):
                self._customers[customer_id] = CustomerAnswer.model_validate(answer).data
        return self._customers[customer_id]

    def read_agent(self, agent_id: str) -> Agent:
        """Roles as Kustomer's server says now; teams by a second GET, which is only made when the
        admin has mapped some."""
        answer = self._client.get(f"users/{record_id(agent_id)}")
        with understanding("read the agent"):
            user = people.UserAnswer.model_validate(answer).data
        teams: tuple[str, ...] = ()
        if TierMap.of(self._account.config.get("tiers")).groups:
            teams = people.teams_of(user, self._teams())
        return user.to_agent(teams)

    def _teams(self) -> tuple[people.Team, ...]:
        answer = self._client.get("teams", {"page": "1", "pageSize": "500"})
        with understanding("read the teams"):
            return people.TeamsAnswer.model_validate(answer).data

    # --- writing ----------------------------------------------------------------------------

    def write_ticket(self, write: TicketWrite, seen: Ticket) -> WriteReceipt:
        """At most two calls: attributes first, then the note, which carries the marker.

        Setting the same attributes twice is harmless and nobody else's are touched, so `seen`
        isn't needed: nothing of what somebody changed since is overwritten. Tags cost a call of
        their own and are appended where one of the two is left. Raises OutcomeUnknown...
        """
        path = f"conversations/{record_id(write.ticket_id)}"
        values = stored_as(
            conversation_values(write.fields), self._config.attributes.get(CONVERSATION, {})
        )
        if values:
            self._client.send("PATCH", path, {"custom": values})
        if write.add_tags and (write.note is None or not values):
            # Names, in an array: `tags` in a PATCH would replace all others.
            self._client.send("POST", f"{path}/tags", list(write.add_tags))
        if write.note is None:
            return WriteReceipt(change_id=write.marker)
        return self._post_note(path, note_text(write.note, write.marker), write.marker)

    def _post_note(self, path: str, body: str, marker: str) -> WriteReceipt:
        """Raises OutcomeUnknown; then `find_write` looks whether it is there."""
        sent = {"body": body, "externalId": marker}
        try:
            answer = self._client.send("POST", f"{path}/notes", sent)
        except StaleWrite:
            # A note with this externalId is there: it was written before.
            return WriteReceipt(change_id=marker)
        with understanding("write the note", is_write=True):
            return WriteReceipt(change_id=NoteAnswer.model_validate(answer).data.id)

    def find_write(self, ticket_id: str, marker: str) -> WriteReceipt | None:
        """The note that carries our marker, in its externalId or in its last line.

        A write without a note leaves no trace: it is made again, which changes nothing.
        """
        for answer in self._pages(f"conversations/{record_id(ticket_id)}/notes"):
            with understanding("read the notes"):
                page = NotesAnswer.model_validate(answer)
            for note in page.data:
                found = note.attributes
                if found.external_id == marker or carries(found.body, marker):
                    return WriteReceipt(change_id=note.id)
        return None

    def write_customer(self, requester_id: str, fields: CustomerFields) -> None:
        """Set the customer's attributes in one PATCH; what isn't named stays as it is."""
        values = stored_as(customer_values(fields), self._config.attributes.get(CUSTOMER, {}))
        if values:
            self._client.send("PATCH", f"customers/{record_id(requester_id)}", {"custom": values})

    def _pages(self, path: str) -> Iterator[dict[str, Any]]:
        """All pages of a list, as `links.next` says. Raises OutcomeUnknown when it is endless."""
        params = {"page": "1", "pageSize": str(_PAGE)}
        for _ in range(_MAX_PAGES):
            answer = self._client.get(path, params)
            yield answer
            following = _next_page(answer)
            if following is None:
                return
            params = {"page": following, "pageSize": str(_PAGE)}
        raise OutcomeUnknown(
            "the list is too long to be read whole", vendor=VENDOR, operation=f"GET /v1/{path}"
        )

    # --- finding ----------------------------------------------------------------------------

    def recent_tickets(self, since: datetime, cursor: str | None) -> TicketPage:
        """Conversations that changed since then and lack our status, by time of their change.

        The search ends at 10,000 rows, so it begins anew at the last row's time before that.
        """
        start, page = _read_cursor(cursor) if cursor else (_stamp(since), 1)
        answer = self._client.search(
            f"customers/search?page={page}&pageSize={_PAGE}",
            {
                "and": [{"conversation_updated_at": {"gte": start}}],
                "sort": [{"conversation_updated_at": "asc"}],
                "queryContext": "conversation",
            },
        )
        with understanding("look for conversations"):
            found = SearchAnswer.model_validate(answer)
        status = self._config.attributes.get(CONVERSATION, {}).get("status", "")
        events = tuple(
            TicketEvent(
                ticket_id=one.id,
                kind=TicketEventKind.SWEPT,
                # Another message makes it another sight: the first may not have been a request.
                dedupe_key=f"sweep:{one.id}:{one.attributes.message_count or 0}",
                vendor_kind="search",
                author_id=one.related("createdBy"),
                occurred_at=one.attributes.updated_at,
                awaits_answer=one.attributes.status == "open" if one.attributes.status else None,
            )
            for one in found.data
            if not one.attributes.custom.get(status)
        )
        return TicketPage(events=events, cursor=_next_cursor(found, start, page))

    def kept_orders(self, requester_id: str) -> tuple[KeptOrder, ...]:
        """Orders that the merchant keeps as custom objects of a customer, newest first."""
        if not self._config.order_klass:
            return ()
        klass = path_name(self._config.order_klass)
        answer = self._client.get(
            f"customers/{record_id(requester_id)}/klasses/{klass}",
            {"page": "1", "pageSize": str(_PAGE)},
        )
        with understanding("read the orders kept in Kustomer"):
            return kept_orders.to_orders(KObjectsAnswer.model_validate(answer).data)

    # --- people and permissions -------------------------------------------------------------

    def who_wrote(self, challenge: str) -> str | None:
        """The id of the person who wrote `challenge` into Kustomer as an object of our own kind.

        `createdBy` is set by Kustomer's server from the session that wrote it. The object is
        removed; None where there is none.
        """
        klass = path_name(self._config.sign_in_klass)
        path = f"klasses/{klass}/externalId={path_value(challenge)}"
        try:
            answer = self._client.get(path)
        except NotFound:
            return None
        with understanding("read who signs in"):
            written = KObjectAnswer.model_validate(answer).data
        if written.attributes.external_id != challenge:
            return None
        # It has served once and can't serve again, so where it can't be removed it does no harm.
        with suppress(VendorError):
            self._client.send("DELETE", f"klasses/{klass}/{record_id(written.id)}")
        writer, changed_by = written.related("createdBy"), written.related("modifiedBy")
        # For some records an admin may name another author; whoever sent it stands as its changer.
        return writer if changed_by in (None, writer) else None

    def check(self) -> list[Check]:
        """Everything the connection needs, each with its mend."""
        return check_account(self._account, self._config, self._client)


def _next_page(answer: dict[str, Any]) -> str | None:
    """The number of the page that `links.next` names; the address itself is never followed."""
    links = answer.get("links")
    following = links.get("next") if isinstance(links, dict) else None
    if not isinstance(following, str) or not answer.get("data"):
        return None
    page = dict(parse_qsl(urlsplit(following).query)).get("page", "")
    return page if page.isascii() and page.isdigit() else None


def _stamp(moment: datetime) -> str:
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def _next_cursor(found: SearchAnswer, start: str, page: int) -> str | None:
    if found.links.next is None or not found.data:
        return None
    last = found.data[-1].attributes.updated_at
    if page >= _SEARCH_PAGES and last is not None and _stamp(last) > start:
        return f"{_stamp(last)}|1"
    return f"{start}|{page + 1}"


def _read_cursor(cursor: str) -> tuple[str, int]:
    start, _, page = cursor.partition("|")
    return start, int(page)

"""Creates and changes records: one code path for the API, the desk and the seeds.

Each change raises the record's revision and its event. Notes raise none of their own, but they
change their conversation, which does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

from integrations.sandbox.kustomer.errors import bad_request, conflict
from integrations.sandbox.kustomer.events import CLIENTS, differences, envelope
from integrations.sandbox.kustomer.model import (
    Conversation,
    Customer,
    Message,
    Note,
    Tag,
    Team,
    User,
)
from integrations.sandbox.kustomer.org import Org
from integrations.sandbox.kustomer.render import (
    conversation_json,
    customer_json,
    message_json,
    tag_json,
    team_json,
    user_json,
)

API_CLIENT = "api-gw"
LONGEST_NOTE = 10_240
MOST_MENTIONS = 20


class EventSink(Protocol):
    """Takes events for the outbound webhooks."""

    def publish(self, event: dict[str, Any]) -> None: ...


class Engine:
    """The rules of an org's records. Takes the org's lock itself; callers may hold it."""

    def __init__(self, org: Org, sink: EventSink) -> None:
        self._org = org
        self._sink = sink

    # Creating

    def create_customer(
        self,
        name: str,
        emails: Iterable[str] = (),
        phones: Iterable[str] = (),
        *,
        external_id: str | None = None,
        locale: str | None = None,
    ) -> Customer:
        """A customer with the addresses in the order given. Raises ApiError 409 for a known one."""
        org, now = self._org, self._org.clock.now()
        with org.lock:
            addresses = list(emails)
            for address in addresses:
                if org.find_customer(address) is not None:
                    raise conflict(f"Email already in use: {address}", {"email": address})
            customer = Customer(
                id=org.next_id(),
                name=name,
                created_at=now,
                updated_at=now,
                emails=[{"type": "home", "email": one, "verified": False} for one in addresses],
                phones=[{"type": "mobile", "phone": one, "verified": False} for one in phones],
                external_id=external_id,
                locale=locale,
            )
            org.customers[customer.id] = customer
            self._raise("customer", "create", customer_json(org, customer), API_CLIENT)
            return customer

    def create_conversation(
        self,
        customer: Customer,
        name: str,
        channel: str,
        *,
        created_by: str | None = None,
        external_id: str | None = None,
        tags: Iterable[str] = (),
    ) -> Conversation:
        """An empty conversation."""
        org, now = self._org, self._org.clock.now()
        with org.lock:
            conversation = Conversation(
                id=org.next_id(),
                customer_id=customer.id,
                name=name,
                channel=channel,
                created_at=now,
                updated_at=now,
                created_by=created_by,
                external_id=external_id,
                tag_ids=[self.tag(one).id for one in tags],
            )
            org.conversations[conversation.id] = conversation
            return conversation

    def announce(self, conversation: Conversation, client: str = "") -> None:
        """Raise the creation of a conversation, once what it opens with is in it."""
        org = self._org
        with org.lock:
            self._raise(
                "conversation",
                "create",
                conversation_json(org, conversation),
                client or CLIENTS.get(conversation.channel, API_CLIENT),
            )

    def add_message(
        self,
        conversation: Conversation,
        text: str,
        *,
        direction: str = "in",
        subject: str | None = None,
        auto: bool = False,
        created_by: str | None = None,
        channel: str = "",
        external_id: str | None = None,
        is_first: bool = False,
        client: str = "",
    ) -> Message:
        """A message is recorded, and sent nowhere. A customer's word reopens what is done."""
        org, now = self._org, self._org.clock.now()
        with org.lock:
            first = "initial" if not conversation.message_ids else "response"
            message = Message(
                id=org.next_id(),
                conversation_id=conversation.id,
                customer_id=conversation.customer_id,
                channel=channel or conversation.channel,
                direction=direction,
                direction_type=f"{first}-{direction}",
                text=text,
                subject=subject,
                created_at=now,
                created_by=created_by,
                auto=auto,
                external_id=external_id,
            )
            org.messages[message.id] = message
            sent_by = client or CLIENTS.get(message.channel, API_CLIENT)
            if is_first:
                self._count_in(conversation, message)
            else:
                with self.changing(conversation, created_by, sent_by):
                    self._count_in(conversation, message)
                    if direction == "in" and conversation.status == "done":
                        conversation.status = "open"
            self._raise("message", "create", message_json(org, message), sent_by)
            org.touch()
            return message

    def _count_in(self, conversation: Conversation, message: Message) -> None:
        conversation.message_ids.append(message.id)
        conversation.preview = message.text
        conversation.last_activity_at = message.created_at

    def add_note(
        self,
        conversation: Conversation,
        body: str,
        author_id: str,
        *,
        external_id: str | None = None,
        mentions: Iterable[dict[str, Any]] = (),
    ) -> Note:
        """An internal note. Raises ApiError 400 for a text that is too long or none, 409 for an
        external id that is taken, if the switch says that this is looked at."""
        org, now = self._org, self._org.clock.now()
        named = list(mentions)
        if not 1 <= len(body) <= LONGEST_NOTE:
            raise bad_request(f"body must have 1 to {LONGEST_NOTE} characters", pointer="/body")
        if len(named) > MOST_MENTIONS:
            raise bad_request(f"at most {MOST_MENTIONS} mentions", pointer="/userMentions")
        with org.lock:
            taken = external_id is not None and any(
                one.external_id == external_id for one in org.notes.values()
            )
            if taken and org.switches.duplicate_note == "conflict":
                raise conflict(
                    "A note with this externalId already exists", {"externalId": external_id}
                )
            note = Note(
                id=org.next_id(),
                conversation_id=conversation.id,
                customer_id=conversation.customer_id,
                body=body,
                created_at=now,
                modified_at=now,
                created_by=author_id,
                external_id=external_id,
                user_mentions=named,
            )
            org.notes[note.id] = note
            with self.changing(conversation, author_id):
                conversation.note_ids.append(note.id)
            return note

    def change_note(self, note: Note, body: str) -> None:
        """Another text for a note."""
        if not 1 <= len(body) <= LONGEST_NOTE:
            raise bad_request(f"body must have 1 to {LONGEST_NOTE} characters", pointer="/body")
        with self._org.lock:
            note.body = body
            note.rev += 1
            note.modified_at = self._org.clock.now()
            self._org.touch()

    def tag(self, name: str) -> Tag:
        """The tag of this name, made if there is none."""
        org = self._org
        found = org.tag_named(name)
        if found is None:
            found = Tag(org.next_id(), name, org.clock.now())
            org.tags[found.id] = found
            self._raise("tag", "create", tag_json(org, found), API_CLIENT)
        return found

    # Changing

    def changing(
        self, record: Conversation | Customer, actor_id: str | None, client: str = API_CLIENT
    ) -> AbstractContextManager[None]:
        """What happens inside is one change of the record: its event names what differs after."""
        if isinstance(record, Conversation):
            conversation = record
            return self._changing(
                conversation, "conversation", lambda: conversation_json(self._org, conversation),
                actor_id, client,
            )  # fmt: skip
        customer = record
        return self._changing(
            customer, "customer", lambda: customer_json(self._org, customer), actor_id, client
        )

    @contextmanager
    def _changing(
        self,
        record: Conversation | Customer,
        kind: str,
        render: Callable[[], dict[str, Any]],
        actor_id: str | None,
        client: str,
    ) -> Any:
        org = self._org
        with org.lock:
            before = render()["attributes"]
            yield
            changes = differences(before, render()["attributes"])
            if not changes:
                return
            record.rev += 1
            record.updated_at = org.clock.now()
            record.modified_by = actor_id
            self._raise(kind, "update", render(), client, changes)

    def people_changed(self, record: User | Team, how: str = "update") -> None:
        """Raise the event of a user or team that was made or changed."""
        org = self._org
        with org.lock:
            if isinstance(record, User):
                self._raise("user", how, user_json(org, record), API_CLIENT)
            else:
                self._raise("team", how, team_json(org, record), API_CLIENT)

    def _raise(
        self,
        kind: str,
        how: str,
        resource: dict[str, Any],
        client: str,
        changes: dict[str, Any] | None = None,
    ) -> None:
        self._org.touch()
        self._sink.publish(envelope(self._org, f"kustomer.{kind}.{how}", resource, client, changes))

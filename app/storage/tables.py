"""The tables. Every row belongs to an account (directly, or by the ticket or refund it is about).

Amounts in the ledger are whole minor units beside their currency. Bodies are JSON of the domain's
values; what queries look for stands in columns of its own.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from app.domain.refund import OPEN_STATES
from app.storage.engine import UtcDateTime

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Id = String(64)
# SQLite numbers rows by itself only for INTEGER keys.
RowNumber = BigInteger().with_variant(Integer, "sqlite")


def _account() -> Column[str]:
    return Column("account_id", Id, ForeignKey("accounts.id"), nullable=False)


accounts = Table(
    "accounts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("helpdesk", String(32), nullable=False),
    Column("name", String(200), nullable=False),
    Column("config", Text, nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("swept_until", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
)

stores = Table(
    "stores",
    metadata,
    Column("id", Id, primary_key=True),
    _account(),
    Column("kind", String(32), nullable=False),
    Column("name", String(200), nullable=False),
    Column("config", Text, nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index("ix_stores_account", "account_id"),
)

secrets = Table(
    "secrets",
    metadata,
    Column("account_id", Id, ForeignKey("accounts.id"), primary_key=True),
    Column("owner", Id, primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("ciphertext", Text, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

# Versions of an account's policies. `scope` is "account", "store:<id>" or "brand:<name>"; `state`
# is a `app.domain.policy.version.VersionState`. `is_active` says that `body` may be in force,
# between `effective_from` and `effective_until`.
policies = Table(
    "policies",
    metadata,
    Column("account_id", Id, ForeignKey("accounts.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("is_active", Boolean, nullable=False),
    Column("author", String(200), nullable=False),
    Column("body", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("scope", String(200), nullable=False),
    Column("state", String(16), nullable=False),
    Column("title", String(200), nullable=False),
    Column("text", Text),
    Column("log", Text, nullable=False),
    Column("replay_id", Id),
    Column("effective_from", UtcDateTime),
    Column("effective_until", UtcDateTime),
    Index("ix_policies_effective", "account_id", "is_active", "effective_from"),
)

policy_replays = Table(
    "policy_replays",
    metadata,
    Column("id", Id, primary_key=True),
    _account(),
    Column("version", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("body", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index("ix_policy_replays_version", "account_id", "version"),
)

people = Table(
    "people",
    metadata,
    Column("account_id", Id, ForeignKey("accounts.id"), primary_key=True),
    Column("agent_id", Id, primary_key=True),
    Column("body", Text, nullable=False),
    Column("read_at", UtcDateTime, nullable=False),
)

used_tokens = Table(
    "used_tokens",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("expires_at", UtcDateTime, nullable=False),
)

leases = Table(
    "leases",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("holder", String(64), nullable=False),
    Column("until", UtcDateTime, nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", RowNumber, primary_key=True, autoincrement=True),
    _account(),
    Column("dedupe_key", String(200), nullable=False),
    Column("ticket_id", Id, nullable=False),
    Column("event", Text, nullable=False),
    Column("body_sha256", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("outcome", Text),
    Column("received_at", UtcDateTime, nullable=False),
    Column("next_attempt_at", UtcDateTime, nullable=False),
    Column("done_at", UtcDateTime),
    UniqueConstraint("account_id", "dedupe_key"),
    Index("ix_deliveries_due", "state", "next_attempt_at"),
)

tickets = Table(
    "tickets",
    metadata,
    Column("account_id", Id, ForeignKey("accounts.id"), primary_key=True),
    Column("ticket_id", Id, primary_key=True),
    Column("requester_id", Id, nullable=False),
    Column("is_refund", Boolean, nullable=False),
    Column("outcome", String(64), nullable=False),
    Column("triaged_at", UtcDateTime, nullable=False),
    # The helpdesk's time up to which messages were read; later ones can be news.
    Column("read_until", UtcDateTime),
    # The case of another ticket that this one asks for too.
    Column("case_id", Id),
    Column("channel", String(16)),
    Index("ix_tickets_requester", "account_id", "requester_id"),
    Index("ix_tickets_case", "case_id"),
    Index("ix_tickets_time", "account_id", "triaged_at"),
)

cases = Table(
    "cases",
    metadata,
    Column("id", Id, primary_key=True),
    _account(),
    Column("ticket_id", Id, nullable=False),
    Column("requester_id", Id, nullable=False),
    Column("store_id", Id),
    Column("order_id", String(128)),
    Column("verdict", String(16)),
    Column("decision_id", Id),
    Column("body", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    # What the case is about, to be counted.
    Column("kind", String(32)),
    Column("reason", String(32)),
    Column("product", String(120)),
    UniqueConstraint("account_id", "ticket_id"),
    Index("ix_cases_order", "account_id", "store_id", "order_id"),
    Index("ix_cases_time", "account_id", "created_at"),
)

labels = Table(
    "labels",
    metadata,
    Column("id", Id, primary_key=True),
    _account(),
    Column("ticket_id", Id, nullable=False),
    Column("requester_id", Id, nullable=False),
    Column("what", String(16), nullable=False),
    Column("body", Text, nullable=False),
    # Apart from the body, so that it can be erased alone.
    Column("text", Text, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    UniqueConstraint("account_id", "ticket_id", "what"),
    Index("ix_labels_time", "account_id", "made_at"),
    Index("ix_labels_requester", "account_id", "requester_id"),
)

order_forms = Table(
    "order_forms",
    metadata,
    Column("account_id", Id, ForeignKey("accounts.id"), primary_key=True),
    Column("store_id", Id, primary_key=True),
    Column("body", Text, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", Id, primary_key=True),
    _account(),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("policy_id", String(64), nullable=False),
    Column("policy_version", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("order_snapshot", Text, nullable=False),
    Column("request", Text, nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Index("ix_decisions_case", "case_id"),
)

plans = Table(
    "plans",
    metadata,
    Column("id", Id, primary_key=True),
    _account(),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False),
    Column("decision_id", Id),
    Column("body", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index("ix_plans_case", "case_id"),
)

refunds = Table(
    "refunds",
    metadata,
    Column("id", Id, primary_key=True),
    _account(),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False),
    Column("requester_id", Id, nullable=False),
    Column("plan_id", Id, ForeignKey("plans.id"), nullable=False, unique=True),
    Column("store_id", Id, ForeignKey("stores.id"), nullable=False),
    Column("order_id", String(128), nullable=False),
    Column("state", String(24), nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("marker", String(32), nullable=False, unique=True),
    Column("idempotency_key", String(64), nullable=False, unique=True),
    Column("store_refund_id", String(128)),
    Column("body", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("next_check_at", UtcDateTime),
    Column("settled_at", UtcDateTime),
    # What the history is counted by; see app.storage.history.
    Column("shop_amount_minor", BigInteger),
    Column("shop_currency", String(3)),
    Column("customer_key", String(200)),
    Column("address_key", String(64)),
    Column("agent_id", Id),
    Index("ix_refunds_due", "state", "next_check_at"),
    Index("ix_refunds_case", "case_id"),
    Index("ix_refunds_requester", "account_id", "requester_id"),
    Index("ix_refunds_customer", "account_id", "customer_key"),
    Index("ix_refunds_address", "account_id", "address_key"),
    Index("ix_refunds_agent", "account_id", "agent_id", "created_at"),
    Index("ix_refunds_store", "store_id", "created_at"),
)

# The items of each refund, for limits and figures by item.
refund_items = Table(
    "refund_items",
    metadata,
    Column("refund_id", Id, ForeignKey("refunds.id"), primary_key=True),
    Column("item_key", String(200), primary_key=True),
    _account(),
    Index("ix_refund_items_item", "account_id", "item_key"),
)
# While one refund of an order is open no other can start: the database itself refuses it.
_open_states = ", ".join(f"'{state.value}'" for state in sorted(OPEN_STATES))
Index(
    "uq_refunds_open_order",
    refunds.c.store_id,
    refunds.c.order_id,
    unique=True,
    sqlite_where=text(f"state IN ({_open_states})"),
    postgresql_where=text(f"state IN ({_open_states})"),
)

approvals = Table(
    "approvals",
    metadata,
    Column("id", Id, primary_key=True),
    _account(),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False),
    Column("refund_id", Id, ForeignKey("refunds.id"), nullable=False, unique=True),
    Column("requested_by", Id, nullable=False),
    Column("state", String(16), nullable=False),
    Column("body", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("next_reminder_at", UtcDateTime),
    Column("decided_at", UtcDateTime),
    Index("ix_approvals_queue", "account_id", "state", "created_at"),
    Index("ix_approvals_due", "state", "next_reminder_at"),
    Index("ix_approvals_case", "case_id"),
)

delegations = Table(
    "delegations",
    metadata,
    Column("id", Id, primary_key=True),
    _account(),
    Column("from_id", Id, nullable=False),
    Column("to_id", Id, nullable=False),
    Column("body", Text, nullable=False),
    Column("starts_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index("ix_delegations_account", "account_id", "ends_at"),
)

bonuses = Table(
    "bonuses",
    metadata,
    Column("id", Id, primary_key=True),
    _account(),
    Column("refund_id", Id, ForeignKey("refunds.id"), nullable=False, unique=True),
    Column("case_id", Id, ForeignKey("cases.id"), nullable=False),
    Column("store_id", Id, ForeignKey("stores.id"), nullable=False),
    Column("customer_id", String(128), nullable=False),
    Column("state", String(16), nullable=False),
    Column("store_credit_id", String(128)),
    Column("body", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("next_check_at", UtcDateTime),
    Index("ix_bonuses_due", "state", "next_check_at"),
    Index("ix_bonuses_case", "case_id"),
    Index("ix_bonuses_customer", "store_id", "customer_id"),
)

ticket_writes = Table(
    "ticket_writes",
    metadata,
    Column("id", Id, primary_key=True),
    _account(),
    Column("ticket_id", Id, nullable=False),
    Column("case_id", Id),
    Column("purpose", String(32), nullable=False),
    Column("marker", String(128), nullable=False),
    Column("body", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("cause", Text),
    Column("change_id", String(64)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("next_attempt_at", UtcDateTime, nullable=False),
    Column("sent_at", UtcDateTime),
    UniqueConstraint("account_id", "marker"),
    Index("ix_ticket_writes_due", "state", "next_attempt_at"),
    Index("ix_ticket_writes_ticket", "account_id", "ticket_id"),
)

customer_writes = Table(
    "customer_writes",
    metadata,
    Column("account_id", Id, ForeignKey("accounts.id"), primary_key=True),
    Column("requester_id", Id, primary_key=True),
    Column("change", Integer, nullable=False),
    Column("written", Integer, nullable=False),
    Column("cause", Text),
    Column("next_attempt_at", UtcDateTime, nullable=False),
)

audit_events = Table(
    "audit_events",
    metadata,
    Column("account_id", Id, ForeignKey("accounts.id"), primary_key=True),
    Column("sequence", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("action", String(64), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("data", Text, nullable=False),
    Column("previous_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("ix_audit_subject", "account_id", "subject"),
)

audit_heads = Table(
    "audit_heads",
    metadata,
    Column("account_id", Id, ForeignKey("accounts.id"), primary_key=True),
    Column("sequence", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
)

# What differs from the shipped weights that `base` names; at most one version is active.
classifiers = Table(
    "classifiers",
    metadata,
    Column("account_id", Id, ForeignKey("accounts.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("base", String(64), nullable=False),
    Column("weights", LargeBinary, nullable=False),
    Column("report", Text, nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

"""Versions of policies with replays, and what the history of refunds is counted by

Revision: 0003, after 0002
"""

import json

import sqlalchemy as sa
from alembic import op

from app.domain.money import Money

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_WHEN = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Apply."""
    _version_policies()
    op.create_table(
        "policy_replays",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", _WHEN, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_policy_replays_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_replays")),
    )
    op.create_index("ix_policy_replays_version", "policy_replays", ["account_id", "version"])
    for column in (
        sa.Column("shop_amount_minor", sa.BigInteger()),
        sa.Column("shop_currency", sa.String(length=3)),
        sa.Column("customer_key", sa.String(length=200)),
        sa.Column("address_key", sa.String(length=64)),
        sa.Column("agent_id", sa.String(length=64)),
    ):
        op.add_column("refunds", column)
    op.create_index("ix_refunds_customer", "refunds", ["account_id", "customer_key"])
    op.create_index("ix_refunds_address", "refunds", ["account_id", "address_key"])
    op.create_index("ix_refunds_agent", "refunds", ["account_id", "agent_id", "created_at"])
    op.create_index("ix_refunds_store", "refunds", ["store_id", "created_at"])
    op.create_table(
        "refund_items",
        sa.Column("refund_id", sa.String(length=64), nullable=False),
        sa.Column("item_key", sa.String(length=200), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["refund_id"], ["refunds.id"], name=op.f("fk_refund_items_refund_id")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_refund_items_account_id")
        ),
        sa.PrimaryKeyConstraint("refund_id", "item_key", name=op.f("pk_refund_items")),
    )
    op.create_index("ix_refund_items_item", "refund_items", ["account_id", "item_key"])
    _count_old_refunds()


def _version_policies() -> None:
    with op.batch_alter_table("policies", schema=None) as batch_op:
        batch_op.alter_column("body", existing_type=sa.Text(), nullable=True)
        batch_op.add_column(
            sa.Column("scope", sa.String(length=200), nullable=False, server_default="account")
        )
        batch_op.add_column(
            sa.Column("state", sa.String(length=16), nullable=False, server_default="active")
        )
        batch_op.add_column(
            sa.Column("title", sa.String(length=200), nullable=False, server_default="")
        )
        batch_op.add_column(sa.Column("text", sa.Text()))
        batch_op.add_column(sa.Column("log", sa.Text(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("replay_id", sa.String(length=64)))
        batch_op.add_column(sa.Column("effective_from", _WHEN))
        batch_op.add_column(sa.Column("effective_until", _WHEN))
        batch_op.create_index(
            "ix_policies_effective", ["account_id", "is_active", "effective_from"], unique=False
        )
    policies = sa.table(
        "policies",
        sa.column("account_id", sa.String()),
        sa.column("version", sa.Integer()),
        sa.column("is_active", sa.Boolean()),
        sa.column("body", sa.Text()),
        sa.column("state", sa.String()),
        sa.column("title", sa.String()),
        sa.column("created_at", _WHEN),
        sa.column("effective_from", _WHEN),
    )
    connection = op.get_bind()
    for row in connection.execute(sa.select(policies)).all():
        body = json.loads(row.body)
        connection.execute(
            policies.update()
            .where(policies.c.account_id == row.account_id, policies.c.version == row.version)
            .values(
                body=json.dumps(_ranked(body)),
                title=body["title"][:200],
                state="active" if row.is_active else "retired",
                effective_from=row.created_at if row.is_active else None,
            )
        )


def _ranked(body: dict) -> dict:  # type: ignore[type-arg]
    """A policy of the first shape, in which a no always came first, then a wish for review."""
    if "split_days" in body:
        return body
    ranks = {"exclude": 2_000_000, "review": 1_000_000}
    for clause in body["clauses"]:
        rank = ranks.get(clause["effect"])
        if rank is not None:
            clause.update(is_exception=True, priority=rank)
    return body


def _count_old_refunds() -> None:
    refunds = sa.table(
        "refunds",
        sa.column("id", sa.String()),
        sa.column("body", sa.Text()),
        sa.column("shop_amount_minor", sa.BigInteger()),
        sa.column("shop_currency", sa.String()),
        sa.column("agent_id", sa.String()),
    )
    connection = op.get_bind()
    for row in connection.execute(sa.select(refunds.c.id, refunds.c.body)).all():
        refund = json.loads(row.body)
        amount = Money.of(**refund["plan"]["total_in_shop_currency"])
        connection.execute(
            refunds.update()
            .where(refunds.c.id == row.id)
            .values(
                shop_amount_minor=amount.minor_units,
                shop_currency=amount.currency,
                agent_id=refund["requested_by"],
            )
        )


def downgrade() -> None:
    """Undo."""
    op.drop_table("refund_items")
    for name in ("customer", "address", "agent", "store"):
        op.drop_index(f"ix_refunds_{name}", table_name="refunds")
    with op.batch_alter_table("refunds", schema=None) as batch_op:
        for column in (
            "shop_amount_minor",
            "shop_currency",
            "customer_key",
            "address_key",
            "agent_id",
        ):
            batch_op.drop_column(column)
    op.drop_table("policy_replays")
    with op.batch_alter_table("policies", schema=None) as batch_op:
        batch_op.drop_index("ix_policies_effective")
        for column in (
            "scope",
            "state",
            "title",
            "text",
            "log",
            "replay_id",
            "effective_from",
            "effective_until",
        ):
            batch_op.drop_column(column)

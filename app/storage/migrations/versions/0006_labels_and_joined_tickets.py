"""Labels, forms of order names, and tickets that join a case

Revision: 0006, after 0005
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""

    op.create_table(
        "labels",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("ticket_id", sa.String(length=64), nullable=False),
        sa.Column("requester_id", sa.String(length=64), nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_labels_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_labels")),
        sa.UniqueConstraint("account_id", "ticket_id", "what", name=op.f("uq_labels_account_id")),
    )
    with op.batch_alter_table("labels", schema=None) as batch_op:
        batch_op.create_index("ix_labels_time", ["account_id", "made_at"], unique=False)
        batch_op.create_index("ix_labels_requester", ["account_id", "requester_id"], unique=False)
    op.create_table(
        "order_forms",
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("store_id", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_order_forms_account_id")
        ),
        sa.PrimaryKeyConstraint("account_id", "store_id", name=op.f("pk_order_forms")),
    )
    with op.batch_alter_table("tickets", schema=None) as batch_op:
        batch_op.add_column(sa.Column("case_id", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("channel", sa.String(length=16), nullable=True))
        batch_op.create_index("ix_tickets_case", ["case_id"], unique=False)
        batch_op.create_index("ix_tickets_time", ["account_id", "triaged_at"], unique=False)
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.add_column(sa.Column("kind", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("reason", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("product", sa.String(length=120), nullable=True))
        batch_op.create_index("ix_cases_time", ["account_id", "created_at"], unique=False)
    _fill_in()


def _fill_in() -> None:
    """Kind and reason of the cases that are there already."""
    cases = sa.table(
        "cases",
        sa.column("id", sa.String()),
        sa.column("body", sa.Text()),
        sa.column("kind", sa.String()),
        sa.column("reason", sa.String()),
    )
    connection = op.get_bind()
    for row in connection.execute(sa.select(cases.c.id, cases.c.body)).all():
        request = json.loads(row.body)["request"]
        connection.execute(
            cases.update()
            .where(cases.c.id == row.id)
            .values(kind=request["kind"], reason=request["reason"])
        )


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.drop_index("ix_cases_time")
        for column in ("kind", "reason", "product"):
            batch_op.drop_column(column)
    with op.batch_alter_table("tickets", schema=None) as batch_op:
        batch_op.drop_index("ix_tickets_time")
        batch_op.drop_index("ix_tickets_case")
        for column in ("case_id", "channel"):
            batch_op.drop_column(column)
    op.drop_table("order_forms")
    op.drop_table("labels")

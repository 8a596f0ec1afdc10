"""Bonuses on store credit

Revision: 0005, after 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""

    op.create_table(
        "bonuses",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("refund_id", sa.String(length=64), nullable=False),
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("store_id", sa.String(length=64), nullable=False),
        sa.Column("customer_id", sa.String(length=128), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("store_credit_id", sa.String(length=128), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_check_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_bonuses_account_id_accounts")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_bonuses_case_id_cases")),
        sa.ForeignKeyConstraint(
            ["refund_id"], ["refunds.id"], name=op.f("fk_bonuses_refund_id_refunds")
        ),
        sa.ForeignKeyConstraint(
            ["store_id"], ["stores.id"], name=op.f("fk_bonuses_store_id_stores")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bonuses")),
        sa.UniqueConstraint("refund_id", name=op.f("uq_bonuses_refund_id")),
    )
    with op.batch_alter_table("bonuses", schema=None) as batch_op:
        batch_op.create_index("ix_bonuses_case", ["case_id"], unique=False)
        batch_op.create_index("ix_bonuses_customer", ["store_id", "customer_id"], unique=False)
        batch_op.create_index("ix_bonuses_due", ["state", "next_check_at"], unique=False)


def downgrade() -> None:
    """Undo."""

    with op.batch_alter_table("bonuses", schema=None) as batch_op:
        batch_op.drop_index("ix_bonuses_due")
        batch_op.drop_index("ix_bonuses_customer")
        batch_op.drop_index("ix_bonuses_case")

    op.drop_table("bonuses")

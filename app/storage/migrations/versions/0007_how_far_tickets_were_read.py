"""How far a ticket's messages were read, by the helpdesk's own clock

Revision: 0007, after 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("tickets", schema=None) as batch_op:
        batch_op.add_column(sa.Column("read_until", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("tickets", schema=None) as batch_op:
        batch_op.drop_column("read_until")

"""A key for each contact, under which its decisions stand in the log."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TEXT = sa.Text(collation="BINARY").with_variant(sa.Text(collation="C"), "postgresql")

_annex = sa.table("annex", sa.column("id"), sa.column("tenant_id"), sa.column("number"))
_contact = sa.table(
    "contact",
    *(sa.column(name) for name in ("annex_id", "position", "email", "phone", "login", "log_key")),
)


def upgrade() -> None:
    op.add_column("contact", sa.Column("log_key", _TEXT, nullable=False, server_default=""))
    connection = op.get_bind()
    c = _contact.c
    query = (
        sa.select(_annex.c.tenant_id, c.annex_id, c.position, c.email, c.phone, c.login)
        .select_from(_contact.join(_annex, _annex.c.id == c.annex_id))
        .order_by(_annex.c.number, c.annex_id, c.position)
    )
    known: dict[tuple[str, str, str], str] = {}
    rows = []
    for tenant_id, annex_id, position, *ids in connection.execute(query).all():
        named = [(tenant_id, kind, one) for kind, one in zip(("email", "phone", "login"), ids, strict=True) if one]
        key = next((known[one] for one in named if one in known), None) or secrets.token_hex(16)
        for one in named:
            known.setdefault(one, key)
        rows.append({"of_annex": annex_id, "at": position, "key": key})
    if rows:
        mine = (c.annex_id == sa.bindparam("of_annex")) & (c.position == sa.bindparam("at"))
        connection.execute(_contact.update().where(mine).values(log_key=sa.bindparam("key")), rows)


def downgrade() -> None:
    op.drop_column("contact", "log_key")

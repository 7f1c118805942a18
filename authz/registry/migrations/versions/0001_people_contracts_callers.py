"""People, contracts, callers: the first form of the registry."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TEXT = sa.Text(collation="BINARY").with_variant(sa.Text(collation="C"), "postgresql")
_APPROVED = sa.text("state = 'approved'")


def _text(name: str, *, key: bool = False, default: str | None = None, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, _TEXT, primary_key=key, nullable=nullable, server_default=default)


def upgrade() -> None:
    _create_revision()
    _create_tenant()
    _create_annex()
    _create_contact()
    _create_suspension()
    _create_resource()
    _create_caller()
    _create_change()
    _make_changes_append_only()


def downgrade() -> None:
    for table in ("change", "caller", "resource", "suspension", "contact", "annex", "tenant", "registry_revision"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION change_is_append_only()")


def _create_revision() -> None:
    table = op.create_table(
        "registry_revision",
        sa.Column(
            "id", sa.Integer, sa.CheckConstraint("id = 1", name="one_row"), primary_key=True, autoincrement=False
        ),
        sa.Column("revision", sa.BigInteger, nullable=False),
        _text("registry_id"),
    )
    op.bulk_insert(table, [{"id": 1, "revision": 0, "registry_id": secrets.token_hex(16)}])


def _create_tenant() -> None:
    op.create_table(
        "tenant",
        _text("id", key=True),
        _text("set_id"),
        _text("name"),
        _text("languages", default="[]"),
        _text("attributes", default="{}"),
        sa.Column("closed", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("changed_revision", sa.BigInteger, nullable=False),
    )
    op.create_index("tenant_by_change", "tenant", ["changed_revision"])


def _create_annex() -> None:
    op.create_table(
        "annex",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("tenant_id", _TEXT, sa.ForeignKey("tenant.id"), nullable=False),
        sa.Column("number", sa.Integer, sa.CheckConstraint("number > 0", name="annex_number"), nullable=False),
        sa.Column("signed_on", sa.Date, nullable=False),
        sa.Column("effective_from", sa.Date, nullable=False),
        sa.Column(
            "network", _TEXT, sa.CheckConstraint("network in ('any', 'declared')", name="annex_network"), nullable=False
        ),
        _text("document_sha256", default=""),
        _text("content_sha256"),
        sa.Column(
            "state",
            _TEXT,
            sa.CheckConstraint("state in ('draft', 'approved', 'superseded')", name="annex_state"),
            nullable=False,
        ),
        sa.Column(
            "origin", _TEXT, sa.CheckConstraint("origin in ('signed', 'loaded')", name="annex_origin"), nullable=False
        ),
        _text("entered_by"),
        _text("entered_at"),
        _text("approved_by", nullable=True),
        _text("approved_at", nullable=True),
        sa.CheckConstraint(
            "origin = 'loaded' or approved_by is null or approved_by <> entered_by", name="annex_four_eyes"
        ),
        sa.CheckConstraint("state <> 'approved' or approved_by is not null", name="annex_approved_by"),
    )
    op.create_index("annex_by_tenant", "annex", ["tenant_id"])
    op.create_index(
        "annex_number_once",
        "annex",
        ["tenant_id", "number"],
        unique=True,
        sqlite_where=_APPROVED,
        postgresql_where=_APPROVED,
    )


def _create_contact() -> None:
    op.create_table(
        "contact",
        sa.Column("annex_id", sa.BigInteger, sa.ForeignKey("annex.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        _text("name"),
        _text("role"),
        _text("function", default=""),
        _text("email", nullable=True),
        _text("phone", nullable=True),
        _text("login", nullable=True),
        _text("attributes", default="{}"),
        sa.CheckConstraint("coalesce(email, phone, login) is not null", name="contact_reachable"),
        sa.UniqueConstraint("email", "annex_id", name="contact_email_once"),
        sa.UniqueConstraint("phone", "annex_id", name="contact_phone_once"),
        sa.UniqueConstraint("login", "annex_id", name="contact_login_once"),
        sqlite_with_rowid=False,
    )


def _create_suspension() -> None:
    op.create_table(
        "suspension",
        sa.Column("tenant_id", _TEXT, sa.ForeignKey("tenant.id"), primary_key=True),
        _text("subject_key", key=True),
        sa.Column(
            "state",
            _TEXT,
            sa.CheckConstraint("state in ('suspended', 'revoked')", name="suspension_state"),
            nullable=False,
        ),
        _text("since"),
        _text("suspended_by"),
        _text("cause", default=""),
    )


def _create_resource() -> None:
    op.create_table(
        "resource",
        sa.Column("tenant_id", _TEXT, sa.ForeignKey("tenant.id"), primary_key=True),
        _text("type", key=True),
        _text("id", key=True),
        _text("attributes", default="{}"),
    )


def _create_caller() -> None:
    op.create_table(
        "caller",
        _text("id", key=True),
        _text("name"),
        _text("key_hash"),
        _text("scopes"),
        _text("tenants", nullable=True),
        _text("channels", nullable=True),
        _text("assurance"),
        _text("expires_at", nullable=True),
        _text("created_at"),
        _text("created_by"),
        _text("revoked_at", nullable=True),
        _text("revoked_by", nullable=True),
        sa.UniqueConstraint("key_hash", name="caller_key_once"),
    )


def _create_change() -> None:
    op.create_table(
        "change",
        sa.Column("revision", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        _text("changed_at"),
        _text("changed_by"),
        _text("kind"),
        _text("tenant_id", nullable=True),
        _text("about", default=""),
        _text("document_sha256", default=""),
        _text("details", default="{}"),
    )
    op.create_index("change_by_tenant", "change", ["tenant_id", "revision"])


def _make_changes_append_only() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION change_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'change is append-only'; END $$"
        )
        op.execute(
            "CREATE TRIGGER change_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON change "
            "FOR EACH STATEMENT EXECUTE FUNCTION change_is_append_only()"
        )
        return
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER change_no_{verb.lower()} BEFORE {verb} ON change "
            "BEGIN SELECT RAISE(ABORT, 'change is append-only'); END"
        )

"""The registry's tables (DESIGN section 4), for SQLite and PostgreSQL alike. Made by the migrations, never from here.

Every text column compares byte by byte, so that both databases give the same answers. Instants are RFC 3339 text in
UTC. JSON is canonical text (sorted keys) and is never searched inside.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

metadata: Final = sa.MetaData()

TEXT: Final = sa.Text(collation="BINARY").with_variant(sa.Text(collation="C"), "postgresql")


def text_column(name: str, *, key: bool = False, default: str | None = None, nullable: bool = False) -> sa.Column[str]:
    """A text column that compares byte by byte."""
    return sa.Column(name, TEXT, primary_key=key, nullable=nullable, server_default=default)


registry_revision: Final = sa.Table(
    # One row. `registry_id` is drawn when the database is made: a revision only means something beside it.
    "registry_revision",
    metadata,
    sa.Column("id", sa.Integer, sa.CheckConstraint("id = 1", name="one_row"), primary_key=True, autoincrement=False),
    sa.Column("revision", sa.BigInteger, nullable=False),
    text_column("registry_id"),
)

tenant: Final = sa.Table(
    # `changed_revision`: the registry revision at which anything of the tenant last changed. A closed tenant is gone.
    "tenant",
    metadata,
    text_column("id", key=True),
    text_column("set_id"),
    text_column("name"),
    text_column("languages", default="[]"),
    text_column("attributes", default="{}"),
    sa.Column("closed", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("changed_revision", sa.BigInteger, nullable=False),
    sa.Index("tenant_by_change", "changed_revision"),
)

annex: Final = sa.Table(
    # state: `draft` waits for its second person; `approved` counts, from its date on until the next one's;
    # `superseded` was set aside before it ever counted. Approved annexes are never changed or deleted.
    # Several drafts may bear one number, one of them can become the approved annex of that number.
    "annex",
    metadata,
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("tenant_id", TEXT, sa.ForeignKey("tenant.id"), nullable=False),
    sa.Column("number", sa.Integer, sa.CheckConstraint("number > 0", name="annex_number"), nullable=False),
    sa.Column("signed_on", sa.Date, nullable=False),
    sa.Column("effective_from", sa.Date, nullable=False),
    sa.Column(
        "network", TEXT, sa.CheckConstraint("network in ('any', 'declared')", name="annex_network"), nullable=False
    ),
    text_column("document_sha256", default=""),
    text_column("content_sha256"),
    sa.Column(
        "state",
        TEXT,
        sa.CheckConstraint("state in ('draft', 'approved', 'superseded')", name="annex_state"),
        nullable=False,
    ),
    sa.Column(
        "origin", TEXT, sa.CheckConstraint("origin in ('signed', 'loaded')", name="annex_origin"), nullable=False
    ),
    text_column("entered_by"),
    text_column("entered_at"),
    text_column("approved_by", nullable=True),
    text_column("approved_at", nullable=True),
    sa.Index(
        "annex_number_once",
        "tenant_id",
        "number",
        unique=True,
        sqlite_where=sa.text("state = 'approved'"),
        postgresql_where=sa.text("state = 'approved'"),
    ),
    sa.Index("annex_by_tenant", "tenant_id"),
    sa.CheckConstraint("origin = 'loaded' or approved_by is null or approved_by <> entered_by", name="annex_four_eyes"),
    sa.CheckConstraint("state <> 'approved' or approved_by is not null", name="annex_approved_by"),
)

annex_id: Final = sa.Sequence("annex_id")
"""PostgreSQL's own count of the annexes' ids; see `annex_ids`."""

contact: Final = sa.Table(
    # A line of an annex, numbered as on the paper. `email`, `phone`, `login` are canonical or null.
    # `log_key`: 128 random bits in hex under which the person's decisions stand in the log, the same on every annex.
    "contact",
    metadata,
    sa.Column("annex_id", sa.BigInteger, sa.ForeignKey("annex.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    text_column("name"),
    text_column("role"),
    text_column("function", default=""),
    text_column("email", nullable=True),
    text_column("phone", nullable=True),
    text_column("login", nullable=True),
    text_column("attributes", default="{}"),
    text_column("log_key", default=""),
    sa.CheckConstraint("coalesce(email, phone, login) is not null", name="contact_reachable"),
    sa.UniqueConstraint("email", "annex_id", name="contact_email_once"),
    sa.UniqueConstraint("phone", "annex_id", name="contact_phone_once"),
    sa.UniqueConstraint("login", "annex_id", name="contact_login_once"),
    sqlite_with_rowid=False,
)

suspension: Final = sa.Table(
    # Holds for the id on every annex of the tenant, past and future, until it is lifted: no load and no annex lifts it.
    "suspension",
    metadata,
    sa.Column("tenant_id", TEXT, sa.ForeignKey("tenant.id"), primary_key=True),
    text_column("subject_key", key=True),
    sa.Column(
        "state", TEXT, sa.CheckConstraint("state in ('suspended', 'revoked')", name="suspension_state"), nullable=False
    ),
    text_column("since"),
    text_column("suspended_by"),
    text_column("cause", default=""),
)

resource: Final = sa.Table(
    "resource",
    metadata,
    sa.Column("tenant_id", TEXT, sa.ForeignKey("tenant.id"), primary_key=True),
    text_column("type", key=True),
    text_column("id", key=True),
    text_column("attributes", default="{}"),
)

caller: Final = sa.Table(
    # `key_hash`: SHA-256 of an API key of 256 random bits. `tenants`, `channels`: JSON list, or null for all.
    # `default_assurance` null: `session`, or `assurance` where that is less. `last_used_at` lags by up to a minute and
    # makes no revision.
    "caller",
    metadata,
    text_column("id", key=True),
    text_column("name"),
    text_column("key_hash"),
    text_column("scopes"),
    text_column("tenants", nullable=True),
    text_column("channels", nullable=True),
    text_column("assurance"),
    text_column("expires_at", nullable=True),
    text_column("created_at"),
    text_column("created_by"),
    text_column("revoked_at", nullable=True),
    text_column("revoked_by", nullable=True),
    text_column("default_assurance", nullable=True),
    text_column("last_used_at", nullable=True),
    sa.UniqueConstraint("key_hash", name="caller_key_once"),
)

confirmation: Final = sa.Table(
    # Tokens that wait to be redeemed; redeemed and expired ones are deleted. No part of the registry's revisions.
    # Whom and what a token is about is in `binding_hash` only, which nobody can try guesses on without the token.
    "confirmation",
    metadata,
    text_column("token_hash", key=True),
    text_column("binding_hash"),
    text_column("expires_at"),
    sa.Index("confirmation_by_expiry", "expires_at"),
)

change: Final = sa.Table(
    # Append-only (triggers refuse anything else). Names people by annex number and line only, so that it can stay when
    # a contact is erased; `changed_by` is staff.
    "change",
    metadata,
    sa.Column("revision", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    text_column("changed_at"),
    text_column("changed_by"),
    text_column("kind"),
    text_column("tenant_id", nullable=True),
    text_column("about", default=""),
    text_column("document_sha256", default=""),
    text_column("details", default="{}"),
    sa.Index("change_by_tenant", "tenant_id", "revision"),
)

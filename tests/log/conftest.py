"""The log's index runs on SQLite and on a real PostgreSQL, by the same fixtures as the registry itself."""

from __future__ import annotations

from tests.registry.conftest import database, postgres_server, postgres_template, sqlite_template

__all__ = ["database", "postgres_server", "postgres_template", "sqlite_template"]

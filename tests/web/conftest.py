"""Fixtures of the whole folder: the registry's databases (SQLite and a real PostgreSQL), and each way to an answer."""

from __future__ import annotations

from tests.registry.conftest import database, postgres_server, postgres_template, sqlite_template
from tests.web.ways import each_way

__all__ = ["database", "each_way", "postgres_server", "postgres_template", "sqlite_template"]

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from authz.core.definition import PolicySet
from authz.core.types import NetworkChoice
from authz.errors import ConfigError, RegistryUnavailable
from authz.log.index.tables import metadata as log_metadata
from authz.registry import schema
from authz.registry.annexes import tenant_annexes
from authz.registry.engine import open_engine
from authz.registry.entries import AnnexEntry
from authz.registry.load import load_file
from authz.registry.proposals import enter_draft
from authz.registry.revision import Revision
from authz.registry.store import RegistryStore
from authz.registry.tables import metadata as registry_metadata


def metadata(engine: sa.Engine) -> sa.MetaData:
    """What the migrations make: the registry, and the log's index where it shares the database."""
    made = sa.MetaData()
    for each in (registry_metadata, *([log_metadata] if engine.dialect.name == "postgresql" else [])):
        for table in each.sorted_tables:
            table.to_metadata(made)
    return made


def revision_in(database: str) -> Revision:
    store = RegistryStore(database)
    try:
        return store.revision()
    finally:
        store.close()


def tables_in(engine: sa.Engine) -> set[str]:
    with engine.connect() as connection:
        return set(sa.inspect(connection).get_table_names()) - {"alembic_version"}


def test_migrations_go_up_and_down_and_up_again(bare_database: str) -> None:
    engine = open_engine(bare_database)

    schema.upgrade(engine)
    assert tables_in(engine) == set(metadata(engine).tables)
    first = revision_in(bare_database)

    schema.downgrade(engine)
    assert tables_in(engine) == set()

    schema.upgrade(engine)
    again = revision_in(bare_database)
    assert again.number == first.number == 0
    assert again.registry_id != first.registry_id
    engine.dispose()


def test_migrating_twice_changes_nothing(bare_database: str) -> None:
    store = RegistryStore(bare_database)
    store.migrate()
    revision = store.revision()

    store.migrate()

    assert store.revision() == revision
    store.close()


def test_the_migrations_make_the_tables_that_the_code_uses(bare_database: str) -> None:
    engine = open_engine(bare_database)
    schema.upgrade(engine)

    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata(engine))

    assert differences == []
    engine.dispose()


def test_annexes_that_are_there_already_keep_their_ids_to_themselves(
    store: RegistryStore, database: str, sets: Mapping[str, PolicySet], write: Callable[..., Path], acme: str
) -> None:
    load_file(write(acme), store, sets, "ines")
    engine = open_engine(database)
    schema.downgrade(engine, "0006")
    schema.upgrade(engine)
    engine.dispose()

    third = AnnexEntry(3, dt.date(2026, 2, 1), dt.date(2026, 2, 1), NetworkChoice.ANY, "d" * 64)
    enter_draft(store, "acme", third, "mara")

    assert [one.id for one in tenant_annexes(store, "acme").annexes] == [1, 2, 3]


def test_every_text_column_compares_byte_by_byte(bare_database: str) -> None:
    engine = open_engine(bare_database)
    schema.upgrade(engine)
    with engine.connect() as connection:
        inspector = sa.inspect(connection)
        collations = {
            getattr(column["type"], "collation", None)
            for name in metadata(engine).tables
            for column in inspector.get_columns(name)
            if isinstance(column["type"], sa.String)
        }
    engine.dispose()

    # SQLite compares every column by bytes unless it is told otherwise, and does not report it
    assert collations == ({"C"} if engine.dialect.name == "postgresql" else {None})


def test_a_database_of_a_newer_version_is_refused(bare_database: str) -> None:
    store = RegistryStore(bare_database)
    store.migrate()
    with store.changing("ines") as change:
        change.connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        change.record("from_the_future")

    with pytest.raises(ConfigError, match="does not fit this version"):
        store.migrate()
    store.close()


def test_a_server_that_is_away_cannot_be_migrated() -> None:
    with pytest.raises(RegistryUnavailable):
        RegistryStore("postgresql://authz@127.0.0.1:9/registry").migrate()


def test_a_folder_that_cannot_be_made_is_told(tmp_path_factory: pytest.TempPathFactory) -> None:
    blocked = tmp_path_factory.mktemp("registry") / "a file"
    blocked.touch()

    with pytest.raises(RegistryUnavailable, match="cannot be made"):
        RegistryStore(f"sqlite:///{blocked}/registry.db").migrate()

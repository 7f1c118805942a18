"""Erasing a person: no byte is left in the database or in the data folder, and what stays is named."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import sqlalchemy as sa

from authz.core.definition import PolicySet
from authz.core.types import NetworkChoice, SubjectKey
from authz.errors import RegistryInvalid, RegistryUnavailable
from authz.registry import tables as t
from authz.registry.entries import AnnexEntry, ContactEntry
from authz.registry.erasure import erase
from authz.registry.load import load_file
from authz.registry.proposals import enter_draft
from authz.registry.store import RegistryStore
from authz.registry.suspension import suspend

Write = Callable[..., Path]
Sets = Mapping[str, PolicySet]
ANA = SubjectKey("ana@acme.example")
TRACES = (b"ana@acme.example", b"+40213000001", b"ana.pop", b"Ana Pop")


@pytest.fixture
def acme(acme: str) -> str:
    """Nobody else's address ends as Ana's does."""
    return acme.replace("ioana@", "dinu@")


@pytest.fixture(autouse=True)
def _loaded(store: RegistryStore, sets: Sets, write: Write, acme: str) -> None:
    load_file(write(acme), store, sets, "ines")


def every_text(store: RegistryStore) -> bytes:
    """All that the tables hold, and PostgreSQL's statistics of them."""
    with store.reading() as connection:
        found = [str(tuple(row)) for table in t.metadata.sorted_tables for row in connection.execute(sa.select(table))]
        if store.sqlite_file is None:
            statistics = (
                "SELECT most_common_vals::text, histogram_bounds::text FROM pg_stats WHERE schemaname = 'public'"
            )
            found += [str(tuple(row)) for row in connection.exec_driver_sql(statistics)]
    return "\n".join(found).encode()


def files_of(store: RegistryStore) -> bytes:
    """The SQLite file and all beside it, as they lie on disk."""
    path = store.sqlite_file
    return b"" if path is None else b"".join(one.read_bytes() for one in path.parent.glob(f"{path.name}*"))


def test_nothing_of_the_person_is_left_in_the_database_or_its_files(store: RegistryStore) -> None:
    suspend(store, "acme", ANA, "mara", cause="laptop stolen")
    assert all(trace in every_text(store) for trace in TRACES)

    erased = erase(store, SubjectKey("login:ana.pop"), "mara")
    store.compact()

    assert erased.lines == ("acme: annex 1 contact 1", "acme: annex 2 contact 1")
    assert erased.suspensions == 3
    assert erased.in_force == ("acme",)
    assert erased.still_named_in == ()
    left = every_text(store) + files_of(store)
    assert [trace for trace in TRACES if trace in left] == []
    assert b"dinu@acme.example" in left


def test_the_person_can_request_nothing_and_others_go_on(store: RegistryStore) -> None:
    erased = erase(store, ANA, "mara")

    directory = store.directory()
    assert directory.revision == erased.revision == 2
    assert [[one.name for one in annex.contacts] for annex in directory.tenants["acme"].annexes] == [
        ["Doru Vasile"],
        ["Ioana Dinu"],
    ]


def test_the_trail_keeps_that_it_was_done_and_names_nobody(store: RegistryStore) -> None:
    erase(store, ANA, "Mara Ionescu")

    with store.reading() as connection:
        lines = connection.execute(sa.select(t.change).where(t.change.c.kind == "contact_erased")).all()
    assert [(line.changed_by, line.about) for line in lines] == [
        ("Mara Ionescu", "annex 1 contact 1"),
        ("Mara Ionescu", "annex 2 contact 1"),
    ]


def test_loading_the_same_file_again_brings_nobody_back(
    store: RegistryStore, sets: Sets, write: Write, acme: str
) -> None:
    erase(store, ANA, "mara")

    load_file(write(acme), store, sets, "ines")

    assert b"ana@acme.example" not in every_text(store)
    with pytest.raises(RegistryInvalid):
        load_file(write(acme.replace("role: admin, function: IT", "role: user")), store, sets, "ines")


def test_whoever_does_it_again_changes_nothing(store: RegistryStore) -> None:
    erase(store, ANA, "mara")
    again = erase(store, ANA, "mara")

    assert (again.lines, again.suspensions, again.mentions, again.revision) == ((), 0, 0, 2)
    assert store.revision().number == 2


def test_drafts_lose_the_line_and_are_named(store: RegistryStore) -> None:
    person = ContactEntry("Ana Pop", "admin", email="ana@acme.example")
    other = ContactEntry("Ana Pop", "user", email="other.ana@acme.example")
    today = dt.date(2026, 6, 1)
    draft = enter_draft(store, "acme", AnnexEntry(3, today, today, NetworkChoice.ANY, contacts=(person, other)), "mara")

    erased = erase(store, ANA, "mara")

    assert erased.drafts == (draft.id,)
    assert erased.namesakes == ("acme: annex 3 contact 2",)


def test_only_one_tenant_where_one_is_said(store: RegistryStore, sets: Sets, write: Write, acme: str) -> None:
    load_file(write(acme.replace("id: acme", "id: beta")), store, sets, "ines")

    erased = erase(store, ANA, "mara", "beta")

    assert {line.partition(":")[0] for line in erased.lines} == {"beta"}
    assert store.directory().tenants["acme"].annexes[1].contact(ANA) is not None


def test_attributes_that_name_the_person_go_too_and_longer_texts_are_told(
    store: RegistryStore, sets: Sets, write: Write
) -> None:
    rich = (
        "tenants: [{id: rich-one, set: rich, name: Riche SARL, annexes: [{number: 1, signed_on: 2026-01-05, "
        "effective_from: 2026-01-12, network: any, contacts: [{name: Zoé Roy, role: chief, email: zoe@riche.example}, "
        "{name: Luc Roy, role: guest, email: luc@riche.example, attributes: {lender: zoe@riche.example}}]}], "
        "resources: [{type: ticket, id: t-1, attributes: {owner: ZOE@riche.example}}]}]"
    )
    load_file(write(rich), store, sets, "ines")
    suspend(store, "rich-one", SubjectKey("luc@riche.example"), "mara", cause="as zoe@riche.example asked")

    erased = erase(store, SubjectKey("zoe@riche.example"), "mara")

    assert erased.mentions == 2
    assert erased.still_named_in == ("suspension.cause",)
    tenant = store.directory().tenants["rich-one"]
    assert dict(tenant.resources["ticket", "t-1"]) == {}
    with store.reading() as connection:
        assert [json.loads(one) for one in connection.scalars(sa.select(t.contact.c.attributes))][-1] == {}


def test_a_connection_that_stays_open_keeps_no_old_pages(store: RegistryStore) -> None:
    """The last one to close would cut the write-ahead log off by itself; beside a service none is the last."""
    path = store.sqlite_file
    if path is None:
        pytest.skip("only SQLite has files of ours")
    other = sqlite3.connect(path)
    try:
        other.execute("SELECT count(*) FROM contact").fetchone()
        suspend(store, "acme", ANA, "mara")
        assert b"ana@acme.example" in path.with_name(f"{path.name}-wal").read_bytes()

        erase(store, ANA, "mara")
        store.compact()

        assert path.with_name(f"{path.name}-wal").exists()
        assert [trace for trace in TRACES if trace in files_of(store)] == []
    finally:
        other.close()


def test_a_reader_of_an_old_state_is_waited_for_and_then_told(
    store: RegistryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = store.sqlite_file
    if path is None:
        pytest.skip("only SQLite has files of ours")
    monkeypatch.setattr("authz.registry.compaction.BUSY_TIMEOUT_S", 0.2)
    other = sqlite3.connect(path, isolation_level=None)
    try:
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM contact").fetchone()
        erase(store, ANA, "mara")
        with pytest.raises(RegistryUnavailable):
            store.compact()
    finally:
        other.close()
    store.compact()
    assert [trace for trace in TRACES if trace in files_of(store)] == []

from __future__ import annotations

import datetime as dt
import stat
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import sqlalchemy as sa

from authz.core.definition import PolicySet
from authz.core.directory import Directory
from authz.core.identity import SUBJECT_KINDS, subject_key
from authz.core.types import ContactState, NetworkChoice, SubjectKey
from authz.errors import ConfigError, RegistryUnavailable
from authz.registry import tables as t
from authz.registry.load import load_file
from authz.registry.store import RegistryStore
from authz.registry.suspension import suspend
from authz.registry.tenants import close_tenant

Write = Callable[..., Path]
Sets = Mapping[str, PolicySet]
ANA = SubjectKey("ana@acme.example")

MARCH_2025 = dt.date(2025, 3, 1).toordinal()
JANUARY_2026 = dt.date(2026, 1, 15).toordinal()


def shown(directory: Directory) -> list[object]:
    """Everything a directory says, comparable."""
    return [
        (
            (tenant.id, tenant.set_id, tenant.name, tenant.languages, dict(tenant.attributes), dict(tenant.resources)),
            [
                (a.number, a.signed_on, a.effective_from, a.network, a.document_sha256, a.origin, a.contacts)
                for a in tenant.annexes
            ],
        )
        for tenant in sorted(directory.tenants.values(), key=lambda tenant: tenant.id)
    ]


def test_an_empty_registry_is_an_empty_directory_at_revision_zero(store: RegistryStore) -> None:
    directory = store.directory()

    assert not directory.tenants
    assert directory.revision == 0
    assert store.revision() == (0, directory.registry_id, "")


def test_what_was_loaded_stands_in_the_directory(store: RegistryStore, sets: Sets, write: Write, acme: str) -> None:
    load_file(write(acme), store, sets, "ines")

    directory = store.directory()
    tenant = directory.tenants["acme"]
    first, second = tenant.annexes

    assert (tenant.set_id, tenant.name, tenant.languages) == ("plain", "Acme Distribution SRL", ("ro", "en"))
    assert (first.number, first.network) == (1, NetworkChoice.ANY)
    assert (second.number, second.network) == (2, NetworkChoice.DECLARED)
    assert (second.signed_on, second.effective_from) == (dt.date(2026, 1, 12), dt.date(2026, 1, 15))
    assert second.origin == "loaded"
    ana = second.contact(ANA)
    assert ana is not None
    assert ana.keys == (ANA, SubjectKey("+40213000001"), SubjectKey("login:ana.pop"))
    assert (ana.name, ana.role, ana.function, ana.state) == ("Ana Pop", "admin", "IT", ContactState.ACTIVE)
    assert directory.revision == 1


def test_the_annex_of_the_day_is_the_newest_that_has_begun(
    store: RegistryStore, sets: Sets, write: Write, acme: str
) -> None:
    load_file(write(acme), store, sets, "ines")

    tenant = store.directory().tenants["acme"]
    before = tenant.annex_in_force(JANUARY_2026 - 1)
    after = tenant.annex_in_force(JANUARY_2026)

    assert tenant.annex_in_force(MARCH_2025 - 1) is None
    assert before is not None
    assert before.contact(SubjectKey("doru@acme.example")) is not None
    assert after is not None
    assert after.contact(SubjectKey("doru@acme.example")) is None


def test_whatever_is_stored_is_found_by_the_read_path(
    store: RegistryStore, sets: Sets, write: Write, acme: str
) -> None:
    load_file(write(acme), store, sets, "ines")

    for annex in store.directory().tenants["acme"].annexes:
        for contact in annex.contacts:
            for key in contact.keys:
                assert key in {subject_key(kind, key.removeprefix("login:")) for kind in SUBJECT_KINDS}


def test_refresh_tells_whether_anything_changed(store: RegistryStore, sets: Sets, write: Write, acme: str) -> None:
    directory = store.directory()

    assert not store.refresh(directory)
    load_file(write(acme), store, sets, "ines")
    assert store.refresh(directory)
    assert directory.revision == 1
    assert shown(directory) == shown(store.directory())
    assert not store.refresh(directory)


def test_refresh_touches_only_the_tenants_that_changed(
    store: RegistryStore, sets: Sets, write: Write, acme: str
) -> None:
    load_file(write(acme), store, sets, "ines")
    load_file(write("tenants: [{id: beta, set: plain, name: Beta}]"), store, sets, "ines")
    directory = store.directory()
    untouched = directory.tenants["beta"]

    suspend(store, "acme", ANA, "ines")

    assert store.refresh(directory)
    assert directory.tenants["beta"] is untouched
    annex = directory.tenants["acme"].annexes[-1]
    assert annex.contacts[0].state is ContactState.SUSPENDED
    assert directory.revision == 3


def test_a_closed_tenant_leaves_the_directory(store: RegistryStore, sets: Sets, write: Write, acme: str) -> None:
    load_file(write(acme), store, sets, "ines")
    directory = store.directory()

    closed_at = close_tenant(store, "acme", "ines")

    assert store.refresh(directory)
    assert not directory.tenants
    assert not store.directory().tenants
    assert directory.revision == closed_at
    assert close_tenant(store, "acme", "ines") == closed_at


def test_a_change_that_records_nothing_makes_no_revision(store: RegistryStore) -> None:
    with store.changing("ines") as change:
        change.connection.execute(t.tenant.insert().values(id="ghost", set_id="s", name="n", changed_revision=1))

    assert store.revision().number == 0
    assert not store.directory().tenants


def test_an_error_inside_a_change_undoes_all_of_it(store: RegistryStore) -> None:
    def fail_halfway() -> None:
        with store.changing("ines") as change:
            change.record("something")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_halfway()

    assert store.revision().number == 0


def test_revisions_of_another_database_mean_nothing(
    store: RegistryStore, sets: Sets, write: Write, acme: str, tmp_path: Path
) -> None:
    load_file(write(acme), store, sets, "ines")
    other = RegistryStore(f"sqlite:///{tmp_path / 'other.db'}")
    other.migrate()
    load_file(write("tenants: [{id: beta, set: plain, name: Beta}]"), other, sets, "ines")
    same_number, lower_number = other.directory(), other.directory()
    assert same_number.revision == store.revision().number

    assert store.refresh(same_number)
    assert set(same_number.tenants) == {"acme"}

    suspend(store, "acme", ANA, "ines")
    load_file(write("tenants: [{id: gamma, set: plain, name: Gamma}]"), store, sets, "ines")
    lower_number.revision = 2

    assert store.refresh(lower_number)
    assert shown(lower_number) == shown(store.directory())
    assert set(lower_number.tenants) == {"acme", "gamma"}


def test_a_directory_ahead_of_a_restored_database_is_read_anew(
    store: RegistryStore, sets: Sets, write: Write, acme: str
) -> None:
    load_file(write(acme), store, sets, "ines")
    directory = store.directory()
    directory.revision = 7
    directory.remove("acme")

    assert store.refresh(directory)
    assert set(directory.tenants) == {"acme"}
    assert directory.revision == 1


def test_text_compares_byte_by_byte(store: RegistryStore, sets: Sets, write: Write) -> None:
    load_file(
        write("""\
tenants:
  - id: acme
    set: plain
    name: Acme
    annexes:
      - number: 1
        signed_on: 2026-01-01
        effective_from: 2026-01-01
        network: any
        contacts:
          - {name: Ana, role: user, login: ana}
          - {name: Other Ana, role: admin, login: ANA}
"""),
        store,
        sets,
        "ines",
    )
    with store.reading() as connection:
        found = connection.scalars(sa.select(t.contact.c.name).where(t.contact.c.login == "ana")).all()
        ordered = connection.scalars(sa.select(t.contact.c.login).order_by(t.contact.c.login)).all()

    assert found == ["Ana"]
    assert ordered == ["ANA", "ana"]
    assert len({contact.keys for contact in store.directory().tenants["acme"].annexes[0].contacts}) == 2


@pytest.mark.parametrize("verb", ["UPDATE change SET changed_by = 'x'", "DELETE FROM change"])
def test_the_trail_is_append_only(store: RegistryStore, sets: Sets, write: Write, acme: str, verb: str) -> None:
    load_file(write(acme), store, sets, "ines")

    with (
        pytest.raises((RegistryUnavailable, sa.exc.IntegrityError), match="append-only"),
        store.changing("mara") as one,
    ):
        one.connection.exec_driver_sql(verb)


def test_an_approved_annex_that_was_signed_needs_two_people(
    store: RegistryStore, sets: Sets, write: Write, acme: str
) -> None:
    load_file(write(acme), store, sets, "ines")

    with pytest.raises(sa.exc.IntegrityError), store.changing("mara") as change:
        change.connection.execute(t.annex.update().values(origin="signed", entered_by="mara", approved_by="mara"))


def test_drafts_do_not_count(store: RegistryStore, sets: Sets, write: Write, acme: str) -> None:
    load_file(write(acme), store, sets, "ines")

    with store.changing("ines") as change:
        change.connection.execute(t.annex.update().where(t.annex.c.number == 2).values(state="draft"))
        change.record("annex_proposed", "acme")

    assert [annex.number for annex in store.directory().tenants["acme"].annexes] == [1]


def test_a_database_that_was_never_migrated_is_unavailable(bare_database: str) -> None:
    store = RegistryStore(bare_database)

    with pytest.raises(RegistryUnavailable):
        store.revision()
    with pytest.raises(RegistryUnavailable):
        store.directory()
    store.close()


def test_a_deleted_file_is_unavailable_and_leaves_the_directory_as_it_was(
    tmp_path: Path, sets: Sets, write: Write, acme: str
) -> None:
    path = tmp_path / "registry.db"
    store = RegistryStore(f"sqlite:///{path}")
    store.migrate()
    load_file(write(acme), store, sets, "ines")
    directory = store.directory()
    before = shown(directory)
    path.unlink()

    with pytest.raises(RegistryUnavailable):
        store.refresh(directory)
    assert shown(directory) == before
    assert not path.exists()


def test_a_file_put_in_the_place_of_another_is_the_one_that_is_read(
    tmp_path: Path, sets: Sets, write: Write, acme: str
) -> None:
    store = RegistryStore(f"sqlite:///{tmp_path / 'registry.db'}")
    other = RegistryStore(f"sqlite:///{tmp_path / 'other.db'}")
    for one in (store, other):
        one.migrate()
    load_file(write(acme), other, sets, "ines")
    other.close()
    directory = store.directory()
    (tmp_path / "other.db").replace(tmp_path / "registry.db")

    assert store.refresh(directory)
    assert set(directory.tenants) == {"acme"}


def test_what_a_deleted_registry_left_behind_is_not_taken_up(
    tmp_path: Path, sets: Sets, write: Write, acme: str
) -> None:
    path = tmp_path / "registry.db"
    store = RegistryStore(f"sqlite:///{path}")
    store.migrate()
    log = path.with_name("registry.db-wal")
    with store.reading() as connection:
        connection.execute(sa.select(t.tenant.c.id)).all()  # keeps the log from being folded into the file
        load_file(write(acme), store, sets, "ines")
        left_behind = log.read_bytes()
    path.unlink()
    log.write_bytes(left_behind)

    store.migrate()

    assert not store.directory().tenants
    assert store.revision().number == 0


def test_a_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    path = tmp_path / "registry.db"
    path.write_bytes(b"not a database, but long enough to look like one" * 100)

    with pytest.raises(RegistryUnavailable):
        RegistryStore(f"sqlite:///{path}").revision()


def test_a_server_that_is_away_is_unavailable() -> None:
    with pytest.raises(RegistryUnavailable):
        RegistryStore("postgresql://authz@127.0.0.1:9/registry").revision()


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "registry.db"
    store = RegistryStore(f"sqlite:///{path}")
    store.migrate()
    with store.reading() as connection:
        connection.execute(sa.select(t.tenant.c.id)).all()
        kept = [path, *path.parent.glob("registry.db-*")]

        assert len(kept) == 3  # with the write-ahead log and its index
        assert {stat.S_IMODE(one.stat().st_mode) for one in kept} == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_sqlite_is_set_up_for_people_and_for_readers_beside_a_writer(tmp_path: Path) -> None:
    store = RegistryStore(f"sqlite:///{tmp_path / 'registry.db'}")
    store.migrate()
    with store.changing("ines") as change:
        pragmas = {
            name: change.connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "foreign_keys", "secure_delete", "synchronous", "busy_timeout")
        }

    assert pragmas == {
        "journal_mode": "wal",
        "foreign_keys": 1,
        "secure_delete": 1,
        "synchronous": 2,
        "busy_timeout": 10_000,
    }


@pytest.mark.parametrize(
    "url",
    ["mysql://host/name", "sqlite://", "sqlite:///:memory:", "sqlite:///file.db?mode=ro", "no url at all", ""],
)
def test_other_databases_are_refused_without_echoing_the_address(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        RegistryStore(url)

    assert "host" not in str(caught.value)

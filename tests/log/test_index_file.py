"""The index in a file of its own: it can be lost, damaged or replaced at any time, and keeps nothing that went."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from authz.errors import RegistryUnavailable
from authz.indexer import log_index
from authz.log.index import file as index_file
from authz.log.index.log_index import LogIndex
from authz.log.index.pieces import Wanted, term
from authz.registry.store import RegistryStore
from tests.log.segments import decision, write_segment

Spoil = Callable[[Path], object]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RegistryStore]:
    made = RegistryStore(f"sqlite:///{tmp_path / 'registry.sqlite'}")
    made.migrate()
    yield made
    made.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def index(folder: Path, store: RegistryStore) -> LogIndex:
    """Of two segments, with three records."""
    write_segment(folder / "early.jsonl", [decision(1), decision(2, subject_ref="77" * 16)])
    write_segment(folder / "late.jsonl", [decision(3)])
    made = log_index(folder, store)
    made.catch_up()
    return made


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log-index.sqlite"


def found(index: LogIndex) -> list[int]:
    index.catch_up()
    return [int(one.record["id"], 16) for one in index.search(Wanted())]


def bytes_of(path: Path) -> bytes:
    """Of the file, and whatever SQLite keeps beside it."""
    return b"".join(one.read_bytes() for one in sorted(path.parent.glob(f"{path.name}*")))


def test_the_registrys_file_is_left_alone(index: LogIndex, store: RegistryStore, folder: Path) -> None:
    assert store.sqlite_file is not None
    before = store.sqlite_file.read_bytes(), store.sqlite_file.stat()

    write_segment(folder / "late.jsonl", [decision(3), decision(4)])
    assert index.catch_up() == 1
    assert found(index) == [1, 2, 3, 4]

    assert (store.sqlite_file.read_bytes(), store.sqlite_file.stat()) == before
    assert [one.name for one in folder.parent.glob("registry.sqlite*")] == ["registry.sqlite"]


def test_only_its_owner_reads_it_and_at_rest_it_is_one_file(index: LogIndex, path: Path) -> None:
    assert {one.name for one in path.parent.glob("log-index*")} == {"log-index.lock", "log-index.sqlite"}
    assert {stat.S_IMODE(one.stat().st_mode) for one in path.parent.glob("log-index*")} == {0o600}


def test_it_holds_no_line(index: LogIndex, path: Path) -> None:
    assert b"permitted" not in bytes_of(path)
    assert b"77" * 16 not in bytes_of(path)


def test_what_retention_took_is_gone_from_its_bytes(index: LogIndex, folder: Path, path: Path) -> None:
    pseudonym = term("subject_ref", "77" * 16)
    assert pseudonym in bytes_of(path)
    assert b"early" in bytes_of(path)

    (folder / "early.jsonl").unlink()
    index.forget(["early"])

    assert pseudonym not in bytes_of(path)
    assert b"early" not in bytes_of(path)
    assert found(index) == [3]


def test_what_retention_took_is_found_no_more_before_the_index_knows(index: LogIndex, folder: Path) -> None:
    (folder / "early.jsonl").unlink()

    assert [int(one.record["id"], 16) for one in index.search(Wanted())] == [3]
    assert len(index.counts(Wanted(), 10)) == 1


def overwrite(text: bytes) -> Spoil:
    return lambda path: path.write_bytes(text)


def stranger(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE decision_piece (piece INTEGER)")


def other_form(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("ALTER TABLE decision_piece RENAME COLUMN begins TO beginning")
        connection.execute("PRAGMA user_version = 999")


UNFIT = pytest.mark.parametrize(
    "spoil",
    [Path.unlink, overwrite(b""), overwrite(b"no database at all" * 999), stranger, other_form],
    ids=["missing", "empty", "no database", "somebody else's", "of another form"],
)


@UNFIT
def test_a_file_that_cannot_be_used_is_made_anew_and_filled(
    index: LogIndex, folder: Path, store: RegistryStore, path: Path, spoil: Spoil
) -> None:
    spoil(path)

    assert found(log_index(folder, store)) == [1, 2, 3]


@UNFIT
def test_whoever_used_it_before_goes_on_after_one_failure_at_most(index: LogIndex, path: Path, spoil: Spoil) -> None:
    spoil(path)
    with suppress(RegistryUnavailable):
        found(index)

    assert found(index) == [1, 2, 3]


def damage_pages(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[:100] + b"\xff" * (len(whole) - 100))


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def column_gone(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("ALTER TABLE decision_piece RENAME COLUMN begins TO beginning")


def no_such_format(path: Path) -> None:
    with path.open("r+b") as stream:
        stream.seek(44)  # the number of the schema's format, in the file's header
        stream.write((9).to_bytes(4))


def no_text(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE decision_piece SET segment = CAST(x'ff00' AS TEXT)")
        connection.commit()


@pytest.mark.parametrize("spoil", [column_gone, no_such_format, no_text], ids=["column", "format", "text"])
def test_damage_for_which_sqlite_has_no_word_of_its_own_fails_once_at_most(
    index: LogIndex, path: Path, spoil: Spoil
) -> None:
    spoil(path)
    with suppress(RegistryUnavailable):
        found(index)

    assert found(index) == [1, 2, 3]


@pytest.mark.parametrize("spoil", [damage_pages, cut], ids=["bytes", "length"])
def test_damage_that_is_seen_later_is_told_once(index: LogIndex, path: Path, spoil: Spoil) -> None:
    spoil(path)

    with pytest.raises(RegistryUnavailable, match="made anew"):
        index.catch_up()
    assert found(index) == [1, 2, 3]


def test_a_file_that_somebody_has_open_is_not_replaced(
    index: LogIndex, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_file, "_BUSY_TIMEOUT_S", 0.1)
    damage_pages(path)
    damaged = path.read_bytes()
    with path.with_suffix(".lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_SH)
        with pytest.raises(RegistryUnavailable, match="in use"):
            index.catch_up()
        assert path.read_bytes() == damaged


def test_where_no_file_can_be_made_that_is_told(folder: Path, path: Path, store: RegistryStore) -> None:
    path.mkdir()

    with pytest.raises(RegistryUnavailable, match="the index of the log cannot be read"):
        log_index(folder, store).catch_up()

"""The index of the log, on SQLite and on PostgreSQL: what the segments hold is found, once, whatever happened."""

from __future__ import annotations

import fcntl
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from authz.errors import RegistryUnavailable
from authz.indexer import log_home, log_index
from authz.log.index.home import Home
from authz.log.index.log_index import Count, LogIndex
from authz.log.index.pieces import Found, Position, Wanted
from authz.registry.store import RegistryStore
from tests.log.segments import AT, decision, write_segment

ANYTHING = Wanted()
LAST = int("f" * 32, 16)


@pytest.fixture
def store(database: str) -> Iterator[RegistryStore]:
    store = RegistryStore(database)
    yield store
    store.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def index(folder: Path, store: RegistryStore) -> LogIndex:
    return log_index(folder, store)


@pytest.fixture
def home(folder: Path, store: RegistryStore) -> Home:
    """The same index from behind."""
    return log_home(folder, store)


def ids(found: list[Found]) -> list[int]:
    return [int(one.record["id"], 16) for one in found]


def everything(index: LogIndex, wanted: Wanted = ANYTHING) -> list[int]:
    return ids(list(index.search(wanted)))


def decisions(first: int, last: int) -> list[dict[str, Any]]:
    return [decision(number) for number in range(first, last + 1)]


def test_an_installation_without_a_log_has_nothing_to_index(index: LogIndex, folder: Path) -> None:
    assert index.catch_up() == 0
    assert not folder.exists()


def test_each_record_is_indexed_once_however_often_the_index_catches_up(
    folder: Path, store: RegistryStore, index: LogIndex
) -> None:
    segment = write_segment(folder / "a.jsonl", decisions(1, 2))

    assert index.catch_up() == 2
    assert index.catch_up() == 0
    write_segment(segment, decisions(1, 3))
    assert log_index(folder, store).catch_up() == 1

    assert everything(index) == [1, 2, 3]


def test_a_line_that_is_being_written_waits_for_its_end(folder: Path, index: LogIndex) -> None:
    segment = write_segment(folder / "a.jsonl", decisions(1, 2))
    whole = segment.read_bytes()
    segment.write_bytes(whole[:-1])

    assert index.catch_up() == 1
    assert index.catch_up() == 0
    segment.write_bytes(whole)
    assert index.catch_up() == 1

    assert everything(index) == [1, 2]


def test_several_at_once_index_nothing_twice(folder: Path, store: RegistryStore, index: LogIndex) -> None:
    for name in "abc":
        write_segment(folder / f"{name}.jsonl", decisions(1, 40))
    others = [log_index(folder, store) for _ in range(4)]
    threads = [threading.Thread(target=one.catch_up, daemon=True) for one in others]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    index.catch_up()
    assert sorted(everything(index)) == sorted(list(range(1, 41)) * 3)


def test_in_the_background_one_process_is_enough(folder: Path, index: LogIndex) -> None:
    assert index.catch_up_alone() == 0
    write_segment(folder / "a.jsonl", decisions(1, 2))
    with (folder / "index.lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert index.catch_up_alone() == 0

    assert index.catch_up_alone() == 2


def test_lines_that_were_cut_away_after_a_failed_write_are_forgotten(folder: Path, index: LogIndex) -> None:
    segment = write_segment(folder / "a.jsonl", decisions(1, 5))
    index.catch_up()

    write_segment(segment, [decision(1), decision(7)])
    index.catch_up()
    assert everything(index) == [1, 7]

    write_segment(segment, [decision(1), decision(8), *decisions(10, 20)])
    index.catch_up()
    assert everything(index) == [1, 8, *range(10, 21)]


def test_a_log_that_somebody_changed_does_not_stop_the_search(folder: Path, index: LogIndex) -> None:
    segment = write_segment(folder / "a.jsonl", decisions(1, 4))
    lines = segment.read_bytes().splitlines(keepends=True)
    segment.write_bytes(b"".join([lines[0], b"not\rjson\n", *lines[1:], lines[2], b"[1]\n", lines[1]]))

    index.catch_up()
    assert everything(index) == [1, 2, 3, 4]
    write_segment(folder / "b.jsonl", decisions(5, 6))
    index.catch_up()
    assert everything(index) == [1, 2, 3, 4, 5, 6]


def test_a_value_that_one_database_cannot_hold_stops_nothing(folder: Path, index: LogIndex) -> None:
    write_segment(folder / "a.jsonl", [decision(1, request_id="a\x00b"), decision(2, request_id="\ud800"), decision(3)])

    index.catch_up()

    assert everything(index) == [1, 3]  # half a character is in no record that was written here


def test_a_segment_that_retention_took_is_forgotten_and_another_servers_is_not(
    folder: Path, tmp_path: Path, store: RegistryStore, index: LogIndex
) -> None:
    if store.sqlite_file is not None:
        pytest.skip("only a database is shared by several machines")
    mine = write_segment(folder / "mine.jsonl", decisions(1, 1))
    write_segment(folder / "mine-too.jsonl", decisions(2, 2))
    write_segment(tmp_path / "there" / "other.jsonl", decisions(3, 3))
    index.catch_up()
    log_index(tmp_path / "there", store).catch_up()

    mine.unlink()  # while the database was away, say, so that nobody told the index
    index.catch_up()

    assert everything(index) == [2, 3]


def test_a_folder_that_is_not_there_takes_nothing_from_the_index(
    folder: Path, store: RegistryStore, index: LogIndex
) -> None:
    write_segment(folder / "a.jsonl", decisions(1, 2))
    index.catch_up()

    folder.rename(folder.with_name("away"))
    assert index.catch_up() == 0
    folder.mkdir()  # the place where the disk was
    assert index.catch_up() == 0
    shutil.rmtree(folder)
    folder.with_name("away").rename(folder)

    assert index.catch_up() == 0
    assert everything(index) == [1, 2]


def test_the_index_is_made_anew_from_the_segments(folder: Path, home: Home, index: LogIndex) -> None:
    write_segment(folder / "a.jsonl", decisions(1, 2))
    index.catch_up()
    with home.writing() as connection:
        connection.execute(home.tables.piece.update().values(terms=b""))

    assert everything(index, Wanted(reason="permitted")) == []
    assert index.rebuild() == 2

    assert everything(index, Wanted(reason="permitted")) == [1, 2]


def test_a_database_that_is_away_is_told(folder: Path) -> None:
    write_segment(folder / "a.jsonl", decisions(1, 1))
    away = RegistryStore("postgresql://authz@127.0.0.1:9/registry")

    with pytest.raises(RegistryUnavailable):
        log_index(folder, away).catch_up()


@pytest.fixture
def filled(folder: Path, index: LogIndex) -> LogIndex:
    refused = {"decision": False, "reason": "network_not_declared"}
    write_segment(
        folder / "a.jsonl",
        [
            decision(1),
            decision(2, **refused, action="open_gate"),
            decision(3, tenant="beta", subject_ref="22" * 16),
            decision(4, tenant=None, decision=False, reason="contact_unregistered", subject_ref="33" * 16),
            {"kind": "note"},
        ],
    )
    write_segment(folder / "b.jsonl", [decision(5, resource_ref="99" * 16, caller="k2"), decision(2, id="f" * 32)])
    index.catch_up()
    return index


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Wanted(), [1, 2, LAST, 3, 4, 5]),
        (Wanted(tenants=frozenset({"beta"})), [3]),
        (Wanted(tenants=frozenset({"acme", "beta"})), [1, 2, LAST, 3, 5]),
        (Wanted(tenants=frozenset()), []),
        (Wanted(subjects=frozenset({"33" * 16, "22" * 16})), [3, 4]),
        (Wanted(resources=frozenset({"99" * 16})), [5]),
        (Wanted(action="open_gate"), [2]),
        (Wanted(reason="contact_unregistered"), [4]),
        (Wanted(decision=False), [2, 4]),
        (Wanted(decision=True, tenants=frozenset({"acme"})), [1, LAST, 5]),
        (Wanted(id=f"{3:032x}"), [3]),
        (Wanted(request_id="r-2"), [2, LAST]),
        (Wanted(caller="k2"), [5]),
        (Wanted(since=AT.format(3)), [3, 4, 5]),
        (Wanted(since=AT.format(2), until=AT.format(4)), [2, LAST, 3]),
        (Wanted(tenants=frozenset({"Acme"})), []),
    ],
    ids=[
        "everything, in order of time", "a tenant", "two tenants", "no tenant", "two people", "a resource", "an action",
        "a reason", "refusals", "two conditions", "a decision", "a request", "a caller", "from then on", "a span",
        "case counts",
    ],
)  # fmt: skip
def test_search_finds_what_was_asked_for(filled: LogIndex, wanted: Wanted, expected: list[int]) -> None:
    assert everything(filled, wanted) == expected


@pytest.mark.parametrize("newest_first", [True, False], ids=["newest first", "oldest first"])
def test_a_search_goes_on_behind_any_record(filled: LogIndex, newest_first: bool) -> None:
    found: list[int] = []
    after: Position | None = None
    while (one := next(filled.search(ANYTHING, newest_first=newest_first, after=after), None)) is not None:
        found += ids([one])
        after = one.position

    assert found == ([5, 4, 3, LAST, 2, 1] if newest_first else [1, 2, LAST, 3, 4, 5])


def test_there_is_no_hidden_limit(folder: Path, index: LogIndex) -> None:
    write_segment(folder / "a.jsonl", decisions(1, 4501))

    assert index.catch_up() == 4501
    assert sorted(everything(index)) == list(range(1, 4502))


def test_what_comes_in_a_trickle_is_found_and_makes_few_pieces(folder: Path, home: Home, index: LogIndex) -> None:
    segment = folder / "a.jsonl"
    for number in range(1, 40):
        write_segment(segment, decisions(1, number))
        assert index.catch_up() == 1

    assert everything(index) == list(range(1, 40))
    assert everything(index, Wanted(id=f"{7:032x}")) == [7]
    with home.reading() as connection:
        sizes = connection.exec_driver_sql("SELECT records FROM decision_piece ORDER BY piece").scalars().all()
    assert sizes == [32, 4, 2, 1]


def test_a_search_loses_nothing_and_finds_nothing_twice_while_pieces_are_joined(folder: Path, index: LogIndex) -> None:
    segment = folder / "a.jsonl"
    for number in range(1, 8):
        write_segment(segment, decisions(1, number))
        index.catch_up()  # pieces of 4, 2 and 1
    search = index.search(ANYTHING)
    found = [next(search) for _ in range(3)]

    write_segment(segment, decisions(1, 8))
    index.catch_up()  # one of 8
    found += search

    assert ids(found)[:7] == list(range(1, 8))
    assert ids(found)[7:] in ([], [8])  # it came after the search began


@pytest.mark.parametrize("newest_first", [True, False], ids=["newest first", "oldest first"])
def test_records_of_workers_at_one_time_come_in_the_order_of_time(
    folder: Path, index: LogIndex, newest_first: bool
) -> None:
    for at, name in enumerate("abc"):
        instants = [f"2026-11-26T{hour:02}:{minute:02}:{at:02}.000000Z" for hour in range(24) for minute in range(60)]
        write_segment(folder / f"{name}.jsonl", [decision(1, at=instant) for instant in instants])
    index.catch_up()

    found = [one.position for one in index.search(ANYTHING, newest_first=newest_first)]

    assert found == sorted(set(found), reverse=newest_first)
    assert len(found) == 3 * 24 * 60


def test_many_tenants_are_looked_for_in_every_piece(filled: LogIndex) -> None:
    others = {f"tenant-{number}" for number in range(200)}

    assert everything(filled, Wanted(tenants=frozenset({"beta", *others}))) == [3]


@pytest.mark.parametrize("word", ['a"b', "a\\b", "caf\u00e9", "%"], ids=["quote", "backslash", "no ASCII", "percent"])
def test_a_value_that_stands_in_the_log_with_escapes_is_found(folder: Path, index: LogIndex, word: str) -> None:
    write_segment(folder / "a.jsonl", [decision(1), decision(2, request_id=word)])
    index.catch_up()

    assert everything(index, Wanted(request_id=word)) == [2]


def test_decisions_are_counted_over_time(filled: LogIndex) -> None:
    assert filled.counts(Wanted(tenants=frozenset({"acme"})), 10) == [
        Count("2026-11-26", "network_not_declared", allowed=False, records=1),
        Count("2026-11-26", "permitted", allowed=True, records=3),
    ]


def test_the_last_use_of_a_person_is_the_newest_decision_about_it(filled: LogIndex) -> None:
    assert filled.last_uses() == {"11" * 16: AT.format(5), "22" * 16: AT.format(3), "33" * 16: AT.format(4)}
    assert filled.begins() == AT.format(1)

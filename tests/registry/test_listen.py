"""PostgreSQL wakes who listens at each change and at nothing else; a connection that was lost is made anew."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
import sqlalchemy as sa

from authz.core.definition import PolicySet
from authz.registry.listen import Listener
from authz.registry.load import load_file
from authz.registry.store import RegistryStore

PATIENCE_S = 20.0
Write = Callable[..., Path]
Sets = Mapping[str, PolicySet]


class Heard:
    """Counts the calls."""

    def __init__(self) -> None:
        self.times = 0
        self._turn = threading.Condition()

    def __call__(self) -> None:
        with self._turn:
            self.times += 1
            self._turn.notify_all()

    def more_than(self, times: int) -> bool:
        with self._turn:
            return self._turn.wait_for(lambda: self.times > times, PATIENCE_S)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def listener(store: RegistryStore, heard: Heard) -> Iterator[Listener]:
    found = store.listener(heard)
    if found is None:
        pytest.skip("SQLite tells nobody")
    found.start()
    assert found.listening.wait(PATIENCE_S)
    yield found
    found.stop()
    assert not found.is_alive()


def test_sqlite_has_nothing_to_listen_to(tmp_path: Path) -> None:
    assert RegistryStore(f"sqlite:///{tmp_path / 'registry.db'}").listener(lambda: None) is None


@pytest.mark.usefixtures("listener")
def test_a_committed_change_is_heard(store: RegistryStore, heard: Heard, sets: Sets, write: Write, acme: str) -> None:
    before = heard.times

    load_file(write(acme), store, sets, "ines")

    assert heard.more_than(before)


def _fail_while_changing(store: RegistryStore) -> None:
    with store.changing("ines") as change:
        change.record("something")
        raise ZeroDivisionError


@pytest.mark.usefixtures("listener")
def test_a_change_that_was_rolled_back_is_not_heard(store: RegistryStore, heard: Heard) -> None:
    assert heard.more_than(0)  # the look after the connection
    before = heard.times
    with pytest.raises(ZeroDivisionError):
        _fail_while_changing(store)

    time.sleep(0.3)
    assert heard.times == before


def test_a_listener_whose_connection_was_cut_hears_again_and_looks_at_what_it_missed(
    store: RegistryStore, listener: Listener, heard: Heard, sets: Sets, write: Write, acme: str
) -> None:
    assert heard.more_than(0)
    before = heard.times
    with store.noting() as connection:
        mine = "query LIKE 'LISTEN%' AND datname = current_database()"
        cut = f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE {mine}"  # noqa: S608 - our own words
        assert connection.execute(sa.text(cut)).scalar_one() == 1

    assert heard.more_than(before)
    assert listener.listening.wait(PATIENCE_S)
    before = heard.times
    load_file(write(acme), store, sets, "ines")
    assert heard.more_than(before)

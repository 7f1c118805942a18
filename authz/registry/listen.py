"""PostgreSQL tells its listeners of each change (LISTEN/NOTIFY), so that no worker waits for its next look.

What is told is only that there is something to see; the look itself reads the database as ever, and looks go on whether
anything is told or not: a silence proves nothing (DESIGN section 4). SQLite tells nobody, there looks are all there is.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import psycopg
import sqlalchemy as sa
import structlog

from authz.registry.engine import CONNECT_TIMEOUT_S

_log = structlog.get_logger(__name__)

CHANNEL: Final = "authz_registry"
_LISTEN_S: Final = 1.0
"""How long one wait for a word lasts; the end of the process is noticed between two."""
_SHORTEST_PAUSE_S: Final = 0.5
_LONGEST_PAUSE_S: Final = 30.0
_ALIVE: Final = {"keepalives_idle": "30", "keepalives_interval": "10", "keepalives_count": "3"}
"""A server that is gone without a word is noticed after a minute, and listened to anew; the looks go on meanwhile."""


def tell_listeners(connection: sa.Connection) -> None:
    """Part of a change: the listeners are told when, and only when, it is committed."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_notify(CHANNEL, "")))


class Listener(threading.Thread):
    """Calls `wake` at each change of a PostgreSQL registry, until stopped. Connects again by itself, ever less often.

    `wake` is also called after each connection: what was told while there was none went unheard.
    """

    def __init__(self, url: sa.URL, wake: Callable[[], object]) -> None:
        super().__init__(name="registry-listener", daemon=True)
        alive = url.update_query_dict({**_ALIVE, **url.query})
        self._words = alive.set(drivername="postgresql").render_as_string(hide_password=False)
        self._wake = wake
        self._stopping = threading.Event()
        self.listening = threading.Event()

    def run(self) -> None:
        """Until `stop`."""
        pause = _SHORTEST_PAUSE_S
        while not self._stopping.is_set():
            try:
                self._listen()
            except psycopg.Error as error:
                if self.listening.is_set() or pause == _SHORTEST_PAUSE_S:
                    _log.warning("registry_listener_lost", reason=type(error).__name__)
                pause = _SHORTEST_PAUSE_S if self.listening.is_set() else min(2 * pause, _LONGEST_PAUSE_S)
                self.listening.clear()
                self._stopping.wait(pause)

    def _listen(self) -> None:
        with psycopg.connect(self._words, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S) as connection:
            connection.execute(f"LISTEN {CHANNEL}")
            self.listening.set()
            self._wake()
            while not self._stopping.is_set():
                for _ in connection.notifies(timeout=_LISTEN_S, stop_after=1):
                    self._wake()

    def stop(self) -> None:
        """Make the thread end; waits a moment at most."""
        self._stopping.set()
        with suppress(RuntimeError):  # it was never started
            self.join(timeout=_LISTEN_S + 0.5)

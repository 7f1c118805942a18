"""Records between the answers and the disk: taken on, made some at a time, linked, handed to who writes. Any thread.

Making and linking is all that a record costs in Python, and it is done by the thread that answers: a second thread that
runs Python beside it would wait for the interpreter some hundred times a second, each time at the cost of an answer.
Who writes says which line the next one hangs on (`continue_from`) when that is not the one that it took last.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence

import structlog

from authz.log.lines.linked import Batch, End, linked
from authz.log.lines.record import Record

_log = structlog.get_logger(__name__)

MakesRecords = Callable[[], Sequence[Record]]
"""Makes the records of one answer."""


class Backlog:
    """`taken`: records that were taken on so far. `ready`: records that are made and wait to be written.

    `in_place_of`: the records to write for an answer whose own cannot be made, by its ticket and number of records.
    """

    def __init__(self, in_place_of: Callable[[int, int, Exception], Sequence[Record]]) -> None:
        self.taken = 0
        self.ready = 0
        self._in_place_of = in_place_of
        self._lock = threading.Lock()
        self._made = 0
        self._unmade: list[tuple[int, int, MakesRecords]] = []
        """Ticket, number of records, and how they are made."""
        self._batches: list[Batch] = []
        self._begins: End | None = None
        """What the first of the batches hangs on, or will; `_ends`: the next one."""
        self._ends: End | None = None

    @property
    def unmade(self) -> int:
        """Records that are not made yet."""
        return self.taken - self._made

    def take_on(self, count: int, makes: MakesRecords) -> int:
        """The ticket of these `count` records: how many there were with them. They stay together."""
        with self._lock:
            self.taken += count
            self._unmade.append((self.taken, count, makes))
            return self.taken

    def make(self) -> None:
        """Make and link what is not made yet."""
        with self._lock:
            unmade, self._unmade, self._made = self._unmade, [], self.taken
            records: list[Record] = []
            for ticket, count, makes in unmade:
                try:
                    records += makes()
                except Exception as error:  # noqa: BLE001 - it is this answer's fault alone
                    _log.exception("record_failed")
                    records += self._in_place_of(ticket, count, error)
            self._add(records)

    def drain(self) -> list[Batch]:
        """Everything that is made, to be written: whole answers."""
        with self._lock:
            batches, self._batches, self.ready = self._batches, [], 0
            self._begins = self._ends
            return batches

    def continue_from(self, end: End | None) -> None:
        """Where the log ends, as who writes has left it. None: it is not open."""
        with self._lock:
            if end == self._begins:
                return
            self._begins = self._ends = end
            batches, self._batches, self.ready = self._batches, [], 0
            for batch in batches:
                self._add(batch.records)

    def _add(self, records: Sequence[Record]) -> None:
        if not records:
            return
        ready = None
        if self._ends is not None:
            with contextlib.suppress(Exception):  # who writes links it then, meets the error, and tells who waits
                ready = linked(records, self._ends)
                self._ends = ready.ends
        self._batches.append(Batch(records, ready))
        self.ready += len(records)

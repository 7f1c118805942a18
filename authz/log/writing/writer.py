"""The decision log of one worker: whoever answers queues records, one thread writes them (DESIGN section 4).

Durable: an answer waits until its record is on disk (fdatasync). What queued up while the disk was busy goes out in one
write with one fdatasync, and wakes the event loop once; those who asked together are waited for, for `GATHERED_FOR_S`,
so that they leave together again. Where it cannot be written there is no answer. Relaxed: answers do not wait; what the
last `RELAXED_DELAY_S` and the turn of the loop at hand brought can be lost with the process, and is counted; of large
answers no more than some `_HANDED_OVER_AT`.

Records are made and linked some at a time, on the event loop (`log.writing.backlog`): in a row they cost two thirds of
what each costs between two decisions. Those of one turn of the loop wait for that, relaxed of `RELAXED_DELAY_S`, and at
most `_MADE_AT_ONCE`.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from queue import Empty, SimpleQueue
from typing import Final, NamedTuple

import structlog

from authz.errors import Unavailable
from authz.log.disk.place import Place
from authz.log.lines.chain import NOTE
from authz.log.lines.linked import Batch
from authz.log.lines.record import Record, ascii_members, instant
from authz.log.writing.backlog import Backlog, MakesRecords
from authz.log.writing.ledger import Ledger
from authz.log.writing.recovery import Left

_log = structlog.get_logger(__name__)

RELAXED_DELAY_S: Final = 0.05
GATHERED_FOR_S: Final = 0.001
"""Durable: seconds that answers wait at most until there are as many as left together last time."""
MOST_WAITING: Final = 20_000
"""Records that may wait; relaxed, further ones are lost and counted; durable, further ones are refused."""
_TRY_AGAIN_S: Final = 0.5
_MADE_AT_ONCE: Final = 32
_HANDED_OVER_AT: Final = 512
"""Records that are made, from which on the writer is woken without waiting for the end of `RELAXED_DELAY_S`."""

Settled = Callable[[Exception | None], None]
"""Told on the event loop that a record is on disk, or why it is not."""


class DecisionLogUnavailable(Unavailable):
    """The record of the decision cannot be written, so there is no answer (HTTP 503)."""

    code = "log_unavailable"

    def __init__(self) -> None:
        super().__init__("the decision cannot be recorded now, so there is no answer")


class LogHealth(NamedTuple):
    """`waiting`: records not yet written. `lost`: records never written. `problem`: empty while it can write."""

    mode: str
    waiting: int
    written: int
    lost: int
    problem: str


class LogWriter:
    """Appends records. `start`, `append`, `call_when_settled`, `settled` belong to the event loop's thread."""

    def __init__(self, place: Place, *, durable: bool, clock: Callable[[], float] = time.time) -> None:
        self.durable = durable
        self.problem = "the decision log was not opened yet"
        self._clock = clock
        self._ledger = Ledger(place, clock, counts=not durable)
        self._backlog = Backlog(self._in_place_of)
        self._unmakeable: set[int] = set()
        self._waiting: deque[tuple[int, Settled]] = deque()
        self._bell: SimpleQueue[None] = SimpleQueue()
        self._timer: asyncio.TimerHandle | None = None
        self._looks = False
        self._answers = 0
        """Those whose records were not handed over yet."""
        self._together = 1
        """Answers that left together last time."""
        self._stopping = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        # Each is changed by one thread alone.
        self._turned_away = 0
        self._dropped = 0
        self._written = 0
        self._settled = 0

    # -------------------------------------------------------------------------------------- on the event loop's thread

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Seal what killed processes left, open a segment, begin to write. A disk that fails is tried again."""
        self._loop = loop
        try:
            self._open()
            self.problem = ""
        except OSError as error:
            self._fails(error)
        self._thread = threading.Thread(target=self._run, name="decision-log", daemon=True)
        self._thread.start()

    def append(self, records: Sequence[Record]) -> int:
        """`append_when_made`, of records that are made already."""
        return self.append_when_made(len(records), lambda: records)

    def append_when_made(self, count: int, makes: MakesRecords) -> int:
        """Queue the `count` records of one answer; the ticket to wait for. They are written together, or not at all.

        Raises:
            DecisionLogUnavailable: durable, and they could not be written now.
        """
        backlog = self._backlog
        if self.problem or self._stopping or backlog.ready + backlog.unmade >= MOST_WAITING:
            if self.durable:
                raise DecisionLogUnavailable
            self._turned_away += count
            return backlog.taken
        accepted = self._ledger.accepted
        if accepted is not None:
            accepted.take(count)
        ticket = backlog.take_on(count, makes)
        if backlog.unmade >= _MADE_AT_ONCE:
            backlog.make()
            if backlog.ready >= _HANDED_OVER_AT:
                self._bell.put(None)
        self._answers += 1
        if self._loop is not None:
            if not self.durable:
                if self._timer is None:
                    self._timer = self._loop.call_later(RELAXED_DELAY_S, self._wake)
            elif not self._looks:
                self._looks = True
                self._loop.call_soon(self._look_who_waits)
        return ticket

    def _look_who_waits(self) -> None:
        """Durable, once in a turn of the loop: hand over as soon as as many wait as left together last time."""
        self._looks = False
        if self._answers >= self._together:
            self._wake()
        elif self._timer is None and self._loop is not None:
            self._timer = self._loop.call_later(GATHERED_FOR_S, self._wake)

    def _wake(self) -> None:
        """Once for all that came since the last time: they share a write, a fdatasync and a call back."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._answers = 0
        self._backlog.make()
        self._bell.put(None)

    def _in_place_of(self, ticket: int, count: int, error: Exception) -> list[Record]:
        """An answer whose records cannot be made must not leave; one that has left is lost, and told."""
        self._turned_away += count
        if self.durable:
            self._unmakeable.add(ticket)
        told = {"event": "record_failed", "error": type(error).__name__}
        return [Record(ascii_members({"kind": NOTE, "at": instant(self._clock()), **told}))] * count

    def call_when_settled(self, ticket: int, settled: Settled) -> None:
        """Have `settled` called on the event loop once the ticket's records are on disk; relaxed: at once."""
        if self.durable:
            self._waiting.append((ticket, settled))
        else:
            settled(None)

    async def settled(self, ticket: int) -> None:
        """Wait until the ticket's records are on disk; relaxed: do not.

        Raises:
            DecisionLogUnavailable: they could not be written.
        """
        if self.durable:
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self.call_when_settled(ticket, lambda error: _resolve(future, error))
            await future

    def stop(self, patience_s: float = 5.0) -> None:
        """Write everything, seal the segment, sign for it; gives up after a while. Blocks."""
        self._backlog.make()
        self._stopping = True
        self._bell.put(None)
        if self._thread is not None:
            self._thread.join(patience_s)

    def health(self) -> LogHealth:
        """How it stands, from memory."""
        mode = "durable" if self.durable else "relaxed"
        lost = self._turned_away + self._dropped
        waiting = self._backlog.ready + self._backlog.unmade
        return LogHealth(mode, waiting, self._written, lost, self.problem)

    def _settle(self, upto: int, error: Exception | None) -> None:
        waiting, unmakeable = self._waiting, self._unmakeable
        before = len(waiting)
        while waiting and waiting[0][0] <= upto:
            ticket, settled = waiting.popleft()
            told = DecisionLogUnavailable() if ticket in unmakeable else error
            unmakeable.discard(ticket)
            try:
                settled(told)
            except Exception:  # noqa: BLE001 - the others are told all the same
                _log.exception("answer_failed")
        self._together = before - len(waiting)

    # ------------------------------------------------------------------------------------------- on the writer's thread

    def _run(self) -> None:
        while not self._stopping:
            with contextlib.suppress(Empty):
                self._bell.get(timeout=_TRY_AGAIN_S if self.problem else self._ledger.seconds_until_due())
            self._turn()
        self._turn()
        try:
            self._ledger.seal()
        except OSError as error:
            self._fails(error)

    def _open(self) -> None:
        for found in self._ledger.recovered():
            self._dropped += found.lost or 0
            if found.left is Left.DAMAGED:
                _log.error("log_damaged", segment=found.name, see="authz log verify")
            elif found.left is Left.UNENDED:
                _log.warning(
                    "log_recovered", segment=found.name, torn_bytes=found.torn_bytes, lost=found.lost,
                    networks_lost=found.networks_lost,
                )  # fmt: skip
        self._ledger.open()
        self._backlog.continue_from(self._ledger.next_after)

    def _turn(self) -> None:
        """Write what waits; mend what failed before, sign and roll over where it is time."""
        while not self._bell.empty():
            self._bell.get()
        self._write(self._backlog.drain())
        self._backlog.continue_from(self._ledger.next_after)

    def _write(self, batches: list[Batch]) -> None:
        try:
            if self.problem:
                self._mend()
            if batches:
                self._ledger.write(batches, durable=self.durable)
        except Exception as error:  # noqa: BLE001 - whatever it was, those who wait are told, and nothing is allowed
            self._fails(error)
            count = _records(batches + self._backlog.drain())
            if not self.durable:
                self._dropped += count
            self._done(count, DecisionLogUnavailable())
            return
        count = _records(batches)
        self._written += count
        self._done(count, None)
        try:
            self._ledger.keep_house()
        except Exception as error:  # noqa: BLE001 - as above; the next turn mends it
            self._fails(error)

    def _done(self, count: int, error: Exception | None) -> None:
        """So many more records are on disk, or will never be: durable, those who wait are told, so none is lost."""
        if not count:
            return
        self._settled += count
        accepted = self._ledger.accepted
        if accepted is not None:
            accepted.wrote(count)
        if self.durable and self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended, and with it whoever waited
                self._loop.call_soon_threadsafe(self._settle, self._settled, error)

    def _fails(self, error: Exception) -> None:
        reason = (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__
        if not self.problem:
            _log.error("log_unwritable", reason=reason, mode=self.health().mode)
        self.problem = f"the decision log cannot be written: {reason}"
        if self._ledger.give_up_reserve():
            with contextlib.suppress(OSError):
                self._ledger.note("log_unwritable", reason=reason)

    def _mend(self) -> None:
        """Raises `OSError` where the disk still does not take anything."""
        self._open()
        self._ledger.note("log_writable_again", lost=self._turned_away + self._dropped)
        _log.warning("log_writable_again", lost=self._turned_away + self._dropped)
        self.problem = ""


def _records(batches: Iterable[Batch]) -> int:
    return sum(len(batch.records) for batch in batches)


def _resolve(future: asyncio.Future[None], error: Exception | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(error)

"""The disk's side of one worker's log: the segment at hand, the next one in time, signatures, a reserve of space.

Belongs to one thread. A method that writes raises `OSError` where the disk does not take it, and leaves whole lines.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from authz.log.disk.place import Place
from authz.log.disk.segment import Segment, segment_name
from authz.log.lines.chain import NOTE, NOTHING, Head
from authz.log.lines.linked import Batch, End
from authz.log.lines.record import ascii_members, instant
from authz.log.signed.checkpoints import Checkpoints
from authz.log.signed.signing import signer_at
from authz.log.writing.accepted import Accepted
from authz.log.writing.recovery import Recovered, recover

CHECKPOINT_EVERY_RECORDS: Final = 50_000
CHECKPOINT_EVERY_S: Final = 10.0
_RESERVE: Final = "reserve"
_RESERVE_BYTES: Final = 1 << 20


class Ledger:
    """Appends to the segment at hand."""

    def __init__(self, place: Place, clock: Callable[[], float], *, counts: bool) -> None:
        """`counts`: keep a count of the records taken on, which outlives a killed process."""
        self._place = place
        self._clock = clock
        self._worker = secrets.token_hex(4)
        self._number = 0
        self._counts = counts
        self._recovers = True
        self._checkpoints: Checkpoints | None = None
        self._segment: Segment | None = None
        self._previous, self._follows = NOTHING, ""
        self._owed: dict[str, Head] = {}
        self._since = 0.0
        self._stated = NOTHING
        self._stated_at = 0.0
        self.accepted: Accepted | None = None

    def recovered(self) -> Iterator[Recovered]:
        """At the start, and after a sync that failed: end what killed processes left, and tell of each.

        The next signature covers it.
        """
        if not self._recovers:
            return
        folder = self._place.folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for found in recover(folder, self._chain().known_heads(), self._clock()):
            if found.head is not None:
                self._owed[found.name] = found.head
            yield found
        self._recovers = False

    def open(self) -> None:
        """What is needed to write, as far as it is not there yet: folder, key, reserve of space, segment, signature.

        A segment is signed for before its first record, so that none can go unseen however its process ends.
        """
        folder = self._place.folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._keep_reserve()
        if self._counts and self.accepted is None:
            self.accepted = Accepted(folder, self._worker)
        if self._segment is None:
            self._begin()
        if self._owed or self._stated == NOTHING:
            self._sign()

    @property
    def next_after(self) -> End | None:
        """What the next line hangs on. None: no segment is open."""
        return None if self._segment is None else self._segment.next_after

    def write(self, batches: Sequence[Batch], *, durable: bool) -> None:
        """Append the records, all or none; `durable`: they are on the disk then."""
        segment = self._open_segment()
        segment.append_batches(batches)
        if durable:
            try:
                segment.sync()
            except OSError:
                self._leave(segment)
                raise

    def note(self, event: str, **more: object) -> None:
        """A line about the log itself."""
        segment = self._open_segment()
        segment.append([ascii_members({"kind": NOTE, "at": instant(self._clock()), "event": event, **more})])
        segment.sync()

    def keep_house(self) -> None:
        """Begin the next segment, sign how far this one reached: where it is time."""
        now, segment = time.monotonic(), self._open_segment()
        full = segment.head.length >= self._place.segment_bytes
        if full or (segment.head.seq > 0 and now - self._since >= self._place.segment_age_s):
            self._end(segment)
            self._begin()
            self._sign()
        elif segment.head == self._stated:
            self._stated_at = now
        elif now >= self._due_at or segment.head.seq - self._stated.seq >= CHECKPOINT_EVERY_RECORDS:
            self._sign()

    def seconds_until_due(self) -> float:
        """When `keep_house` has something to do at the latest."""
        return max(0.01, self._due_at - time.monotonic())

    def seal(self) -> None:
        """Write the segment's last line and the last signature."""
        if self._segment is not None:
            self._end(self._segment)
            self._sign()
        if self.accepted is not None:
            self.accepted.close()
            self.accepted = None
        self.give_up_reserve()

    def give_up_reserve(self) -> bool:
        """Free the space that was kept back; whether there was any."""
        try:
            (self._place.folder / _RESERVE).unlink()
        except OSError:
            return False
        return True

    @property
    def _due_at(self) -> float:
        return self._stated_at + CHECKPOINT_EVERY_S

    def _open_segment(self) -> Segment:
        if self._segment is None:
            raise OSError("no segment is open")
        return self._segment

    def _begin(self) -> None:
        now = self._clock()
        name = segment_name(self._worker, instant(now), self._number)
        self._number += 1
        self._segment = Segment(self._place.folder, name, self._previous, self._follows, now)
        self._since, self._stated, self._stated_at = time.monotonic(), NOTHING, time.monotonic()

    def _leave(self, segment: Segment) -> None:
        """After a sync that failed nobody knows what of the file is on the disk, and a later one that goes well says
        nothing of it: nothing more is written there, and the next `recovered` ends it as if its process was killed.
        """
        segment.close()
        self._segment, self._previous, self._follows = None, NOTHING, ""
        self._recovers = True

    def _end(self, segment: Segment) -> None:
        segment.end(self._clock())
        self._segment, self._previous, self._follows = None, segment.head, segment.name
        self._owed[segment.name] = segment.head

    def _sign(self) -> None:
        """Sign for the segment at hand as far as it is on disk, and for those that ended."""
        heads = dict(self._owed)
        if self._segment is not None:
            self._segment.sync_whole()
            heads[self._segment.name] = self._segment.head
        self._chain().state(heads, self._clock())
        self._owed.clear()
        if self._segment is not None:
            self._stated, self._stated_at = self._segment.head, time.monotonic()

    def _chain(self) -> Checkpoints:
        if self._checkpoints is None:
            self._checkpoints = Checkpoints(self._place.folder, signer_at(self._place.key))
        return self._checkpoints

    def _keep_reserve(self) -> None:
        """Space that is given up when the disk is full, so that the log can say so.

        It is taken where as much is free besides: the space that was given up is no sign that the disk has room again.
        """
        path = self._place.folder / _RESERVE
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, 2 * _RESERVE_BYTES)
            os.ftruncate(descriptor, _RESERVE_BYTES)
        except OSError:
            with contextlib.suppress(OSError):
                path.unlink()
            raise
        finally:
            os.close(descriptor)

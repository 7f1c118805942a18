"""One segment on disk: a file that only grows, written by one process, cut back to whole lines where a write failed."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from authz.durable import sync_folder
from authz.log.disk.address_list import AddressList
from authz.log.disk.files import SUFFIX, write_all
from authz.log.lines.chain import END, NOTHING, SEGMENT, START, Head
from authz.log.lines.linked import Batch, End, following
from authz.log.lines.record import Record, ascii_members, instant

FORMAT: Final = 2
"""Of a segment whose first line is signed for as soon as it is written; those of format 1 were signed for later."""


class Segment:
    """An open segment that this process alone may write; `head` is what has been written to it."""

    def __init__(self, folder: Path, name: str, previous: Head, previous_name: str, now: float) -> None:
        """Make a new one, on disk with its first line.

        Raises:
            OSError: the disk is full, or not ours to write; nothing stays behind.
        """
        self.name = name
        self.path = folder / f"{name}{SUFFIX}"
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        try:
            _claim(self._file)
            self._addresses = AddressList(folder, name)
        except BaseException:
            self.path.unlink(missing_ok=True)
            os.close(self._file)
            raise
        try:
            self.head = NOTHING._replace(hash=previous.hash if previous_name else START)
            first = {"kind": SEGMENT, "format": FORMAT, "segment": name, "at": instant(now)}
            self.append([ascii_members({**first, **({"follows": previous_name} if previous_name else {})})])
            self.sync()
            sync_folder(folder)
        except BaseException:
            self.path.unlink(missing_ok=True)
            self._addresses.remove()
            os.close(self._file)
            raise

    @property
    def next_after(self) -> End:
        """What the next line hangs on."""
        return End(self.head, self._addresses.sums)

    def append(self, members: Sequence[bytes]) -> None:
        """Add lines of our own, JSON without braces each. Raises as `append_batches`."""
        self.append_batches([Batch([Record(one) for one in members], None)])

    def append_batches(self, batches: Iterable[Batch]) -> None:
        """Add records; all of them are handed to the operating system, or none.

        Raises:
            OSError: they could not be written; the files are as they were.
        """
        following_lines = following(batches, self.next_after)
        networks = b"".join([one.networks for one in following_lines])
        listed = self._addresses.length
        if networks:
            self._addresses.add(networks)
        try:
            write_all(self._file, b"".join([one.lines for one in following_lines]))
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self.head.length)
            self._addresses.cut_back(listed)
            raise
        if following_lines:
            self.head = following_lines[-1].ends.head

    def sync(self) -> None:
        """Have the records on disk, so that answers may leave; the list of networks follows with `sync_whole`."""
        os.fdatasync(self._file)

    def sync_whole(self) -> None:
        """Have everything on disk: what is signed for is there, the list of networks too."""
        self._addresses.sync()
        os.fdatasync(self._file)

    def end(self, now: float, **more: object) -> None:
        """Write the last line and close; nothing may follow.

        Raises:
            OSError: it did not get to the disk; the segment is as it was, and open.
        """
        before = self.head
        self.append([ascii_members({"kind": END, "at": instant(now), **more})])
        try:
            self.sync_whole()
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, before.length)
            self.head = before
            raise
        self.close()

    def close(self) -> None:
        """Let go of the files, without a last line: whoever finds them adds it."""
        os.close(self._file)
        self._addresses.close()


def _claim(descriptor: int) -> None:
    """Lock a new file; whoever starts at the same moment may take it for one that was left behind, and remove it."""
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    if os.fstat(descriptor).st_nlink == 0:
        raise OSError(errno.ESTALE, "another process removed the new segment")


def segment_name(worker: str, at: str, number: int) -> str:
    """`YYYYMMDDTHHMMSSZ-<worker>-<number>`: segments sort by when they began. `at`: an RFC 3339 instant."""
    stamp = at[:19].replace("-", "").replace(":", "")
    return f"{stamp}Z-{worker}-{number}"


def worker_of(name: str) -> str:
    """The worker that filled a segment."""
    return name.split("-")[1] if name.count("-") == 2 else ""  # noqa: PLR2004 - three parts


def is_last(line: bytes) -> bool:
    """Whether a line says that nothing follows it in its segment."""
    return b'"kind":"end"' in line[:200]

"""One segment on disk: a file that only grows, written by one process, cut back to whole lines where a write failed.

Beside it, in `addresses/`, lies the list of networks that refused requests came from; that list is deleted sooner.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from authz.log.accepted import unwritten
from authz.log.chain import END, NOTHING, SEGMENT, START, Head, chained, line_hash, with_network
from authz.log.record import Record, ascii_members, instant

SUFFIX: Final = ".jsonl"
ADDRESSES: Final = "addresses"
_FORMAT: Final = 1


class Segment:
    """An open segment that this process alone may write; `head` is what has been written to it."""

    def __init__(self, folder: Path, name: str, previous: Head, previous_name: str, now: float) -> None:
        """Make a new one.

        Raises:
            OSError: the disk is full, or not ours to write; nothing stays behind.
        """
        self.name = name
        self.path = folder / f"{name}{SUFFIX}"
        self._addresses = folder / ADDRESSES / f"{name}{SUFFIX}"
        self._address_key = secrets.token_bytes(32)
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        self._list = -1
        self._listed = 0
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._addresses.parent.mkdir(mode=0o700, exist_ok=True)
            self._list = os.open(self._addresses, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
            key_line = json.dumps({"key": self._address_key.hex()}, separators=(",", ":")).encode() + b"\n"
            self._listed = _write_all(self._list, key_line)
            self.head = NOTHING._replace(hash=previous.hash if previous_name else START)
            first = {"kind": SEGMENT, "format": _FORMAT, "segment": name, "at": instant(now)}
            _sync_folder(folder)
            self.append([ascii_members({**first, **({"follows": previous_name} if previous_name else {})})])
        except BaseException:
            self._remove()
            raise

    def append(self, members: Sequence[bytes]) -> None:
        """Add lines of our own, JSON without braces each. Raises as `append_records`."""
        self.append_records([Record(one) for one in members])

    def append_records(self, records: Sequence[Record]) -> None:
        """Add records; all of them are handed to the operating system, or none.

        Raises:
            OSError: they could not be written; the file is as it was.
        """
        head, lines, networks = self.head, [], []
        for record in records:
            line, head = chained(head, with_network(record, self._address_key, head.seq + 1))
            lines.append(line)
            if record.network:
                networks.append(b'{"seq":%d,"network":"%b"}\n' % (head.seq, record.network.encode()))
        if networks:
            self._list_networks(b"".join(networks))
        try:
            _write_all(self._file, b"".join(lines))
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self.head.length)
            raise
        self.head = head

    def sync(self) -> None:
        """Have everything on disk; the list of networks is not waited for, it is no part of the chain."""
        os.fdatasync(self._file)

    def end(self, now: float, **more: object) -> None:
        """Write the last line and close; nothing may follow."""
        self.append([ascii_members({"kind": END, "at": instant(now), **more})])
        self.sync()
        self.close()

    def close(self) -> None:
        """Let go of the files, without a last line: whoever finds them adds it."""
        os.close(self._file)
        os.close(self._list)

    def _list_networks(self, lines: bytes) -> None:
        try:
            self._listed += _write_all(self._list, lines)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._list, self._listed)
            raise

    def _remove(self) -> None:
        self.path.unlink(missing_ok=True)
        os.close(self._file)
        if self._list >= 0:
            self._addresses.unlink(missing_ok=True)
            os.close(self._list)


def _sync_folder(folder: Path) -> None:
    """A new file's name is on disk only with its folder."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, data: bytes) -> int:
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]
    return len(data)


def segment_name(worker: str, at: str, number: int) -> str:
    """`YYYYMMDDTHHMMSSZ-<worker>-<number>`: segments sort by when they began. `at`: an RFC 3339 instant."""
    stamp = at[:19].replace("-", "").replace(":", "")
    return f"{stamp}Z-{worker}-{number}"


def worker_of(name: str) -> str:
    """The worker that filled a segment."""
    return name.split("-")[1] if name.count("-") == 2 else ""  # noqa: PLR2004 - three parts


class Recovered(NamedTuple):
    """A segment whose process ended without a last line: what was cut off its end, and how many records were lost."""

    name: str
    torn_bytes: int
    lost: int | None


def recover(folder: Path, now: float) -> Iterator[Recovered]:
    """Give each segment that nobody writes, and that has no last line, its last line (R8; docs/decision-log.md).

    A torn last line was never acknowledged; it is cut off, and the new last line says so.
    """
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        with contextlib.suppress(BlockingIOError, FileNotFoundError):
            found = _recover(path, now)
            if found is not None:
                yield found


def _recover(path: Path, now: float) -> Recovered | None:
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        length = os.fstat(descriptor).st_size
        last, whole = last_line(path)
        if last and is_last(last):
            return None
        torn = length - whole
        if torn:
            os.ftruncate(descriptor, whole)
        seq = json.loads(last)["seq"] if last else -1
        lost = unwritten(path.parent, worker_of(path.stem))
        said: dict[str, object] = {"kind": END, "at": instant(now), "recovered": True, "torn_bytes": torn}
        if lost is not None:
            said["lost"] = lost
        head = Head(seq, line_hash(last) if last else START, whole)
        _write_all(descriptor, chained(head, ascii_members(said))[0])
        os.fdatasync(descriptor)
        return Recovered(path.stem, torn, lost)
    finally:
        os.close(descriptor)


def last_line(path: Path) -> tuple[bytes, int]:
    """The last whole line without its newline (empty where there is none), and where it ends."""
    with path.open("rb") as stream:
        end = stream.seek(0, os.SEEK_END)
        tail = b""
        while end > 0:
            start = max(0, end - 65536)
            stream.seek(start)
            tail = stream.read(end - start) + tail
            end = start
            whole = tail.rfind(b"\n") + 1
            before = tail.rfind(b"\n", 0, whole - 1) + 1 if whole else 0
            if before or (whole and start == 0):
                return tail[before : whole - 1], start + whole
    return b"", 0


def is_last(line: bytes) -> bool:
    """Whether a line says that nothing follows it in its segment."""
    return b'"kind":"end"' in line[:200]


def is_written(path: Path) -> bool:
    """Whether a process has the segment open to write."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False

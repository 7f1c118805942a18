"""What a killed process left behind: its segment gets a last line, and is signed for (R8; docs/decision-log.md).

A segment is signed for only if it goes on from what was signed before: what somebody changed in the meantime does not
become ours. Whoever starts does this, several at once as well; what is interrupted is done by the next one.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Final, NamedTuple

from authz.log.disk.address_list import list_of, reconcile
from authz.log.disk.files import SUFFIX, last_line, write_all
from authz.log.disk.segment import is_last, worker_of
from authz.log.lines.chain import END, NOTE, NOTHING, SEGMENT, Head, chained, line_hash, parsed
from authz.log.lines.record import ascii_members, instant
from authz.log.writing.accepted import forget, unwritten

_ATTEMPTS: Final = 6
_PAUSE_S: Final = 0.03


class Left(StrEnum):
    """What was found."""

    UNENDED = "unended"
    """It had no last line, and has one now."""
    UNSIGNED = "unsigned"
    """It had its last line, and nobody had signed for it."""
    DAMAGED = "damaged"
    """It does not go on from what was signed for; it is left as it is, and `authz log verify` names the record."""


class Recovered(NamedTuple):
    """One segment. `head`: what to sign for, None where nobody may.

    `torn_bytes`: cut off its end. `lost`: records that a relaxed process took on and never wrote, None where that is
    not known. `networks_lost`: records whose network is not in the list beside.
    """

    name: str
    left: Left
    head: Head | None = None
    torn_bytes: int = 0
    lost: int | None = None
    networks_lost: int = 0


def recover(folder: Path, signed: Mapping[str, Head], now: float) -> Iterator[Recovered]:
    """Every segment that nobody writes and that is not signed for up to its last line.

    Args:
        signed: the newest head of each segment that a checkpoint states.

    Raises:
        OSError: the disk does not take the last line; the segment is as it was.
    """
    left = sorted(folder.glob(f"*{SUFFIX}"))
    for attempt in range(_ATTEMPTS):
        held = []
        for path in left:
            try:
                found = _recover(path, signed.get(path.stem), now)
            except BlockingIOError:  # its writer lives, or somebody looks whether it does
                held.append(path)
            except FileNotFoundError:
                continue
            else:
                if found is not None:
                    yield found
        left = held
        if left and attempt < _ATTEMPTS - 1:
            time.sleep(_PAUSE_S)


def _recover(path: Path, signed: Head | None, now: float) -> Recovered | None:
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        last, whole = last_line(path)
        length = os.fstat(descriptor).st_size
        if not last and signed is None:  # killed before its first line was whole
            path.unlink()
            list_of(path.parent, path.stem).unlink(missing_ok=True)
            return None
        if is_last(last) and signed == Head(parsed(last).get("seq", -1), line_hash(last), length):
            return None
        tail = _tail(path, signed or NOTHING, whole)
        if tail is None or (is_last(last) and length > whole):
            return Recovered(path.stem, Left.DAMAGED)
        may_sign = signed is not None or not tail.records
        if is_last(last):
            return Recovered(path.stem, Left.UNSIGNED, tail.head) if may_sign else None
        found = _ended(descriptor, path, tail, signed or NOTHING, length - whole, now)
        return found if may_sign else found._replace(head=None)
    finally:
        os.close(descriptor)


class _Tail(NamedTuple):
    """The lines behind what was signed for. `records`: any but the log's own; `networks`: numbers of those with one."""

    head: Head
    records: bool
    networks: frozenset[int]


def _tail(path: Path, signed: Head, whole: int) -> _Tail | None:
    """None where the segment does not go on from `signed`, line by line."""
    if signed != NOTHING:
        known, end = last_line(path, signed.length)
        if end != signed.length or line_hash(known) != signed.hash:
            return None
    with path.open("rb") as stream:
        stream.seek(signed.length)
        rows = stream.read(whole - signed.length).split(b"\n")[:-1]
    head, records, networks = signed, False, set()
    for row in rows:
        said = parsed(row)
        first = head == NOTHING and said.get("kind") == SEGMENT and said.get("segment") == path.stem
        if said.get("seq") != head.seq + 1 or not (first or said.get("prev") == head.hash):
            return None
        head = Head(head.seq + 1, line_hash(row), head.length + len(row) + 1)
        records = records or str(said.get("kind")) not in {SEGMENT, NOTE, END}
        if str(said.get("ip_ref", "")).startswith("sum:"):
            networks.add(head.seq)
    return _Tail(head, records, frozenset(networks))


def _ended(descriptor: int, path: Path, tail: _Tail, signed: Head, torn: int, now: float) -> Recovered:
    """Write the last line; a torn one before it was never acknowledged, and is cut off."""
    networks_lost = reconcile(path.parent, path.stem, signed.seq, tail.networks)
    lost = unwritten(path.parent, worker_of(path.stem))
    said = {"kind": END, "at": instant(now), "recovered": True, "torn_bytes": torn}
    said |= {} if lost is None else {"lost": lost}
    said |= {"networks_lost": networks_lost} if networks_lost else {}
    if torn:
        os.ftruncate(descriptor, tail.head.length)
    line, head = chained(tail.head, ascii_members(said))
    try:
        write_all(descriptor, line)
        os.fdatasync(descriptor)
    except OSError:
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, tail.head.length)
        raise
    forget(path.parent, worker_of(path.stem))
    return Recovered(path.stem, Left.UNENDED, head, torn, lost, networks_lost)

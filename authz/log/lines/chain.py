"""How lines hang together: each holds the SHA-256 of the whole line before it. Pure.

A line is `{"seq":N,"prev":"<hash>",<members>}` and a newline. `prev` of a segment's first line is 64 zeros, or the hash
of the last line of the segment that the same worker filled before.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import sha256
from typing import Any, Final, NamedTuple

from authz.log.lines.keyed_sum import KeyedSum
from authz.log.lines.record import Record

START: Final = "0" * 64
SEGMENT: Final = "segment"
END: Final = "end"
NOTE: Final = "note"


class Head(NamedTuple):
    """The end of a segment: number and hash of its last line, and its length in bytes up to there."""

    seq: int
    hash: str
    length: int


NOTHING: Final = Head(-1, START, 0)


def chained(head: Head, members: bytes) -> tuple[bytes, Head]:
    """The next line of a segment, newline included, and where the segment then ends. `members`: JSON without braces."""
    return chained_lines(head, [members])


def chained_lines(head: Head, records: Iterable[bytes]) -> tuple[bytes, Head]:
    """The next lines of a segment, and where it then ends. `records`: the members of each, as of `chained`."""
    seq, last, _ = head
    lines = []
    for members in records:
        seq += 1
        line = b'{"seq":%d,"prev":"%b",%b}' % (seq, last.encode(), members)
        last = sha256(line).hexdigest()
        lines.append(line)
    lines.append(b"")
    written = b"\n".join(lines)
    return written, Head(seq, last, head.length + len(written))


def line_hash(line: bytes) -> str:
    """SHA-256 of a line without its newline, in hex."""
    return sha256(line).hexdigest()


def parsed(line: bytes) -> dict[str, Any]:
    """The members of a line that anybody may have written; empty where it is no JSON object."""
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def with_network(record: Record, sums: KeyedSum, seq: int) -> bytes:
    """The record's members, with a keyed sum of the refused address's network in place of the network.

    The key lies with the segment's list of networks; when that is deleted nobody can try networks on the sum.
    """
    body, network = record
    if not network:
        return body
    return b'%b,"ip_ref":"sum:%b"' % (body, network_sum(sums, seq, network).encode())


def network_sum(sums: KeyedSum, seq: int, network: str) -> str:
    """32 hex digits that bind a network to the record with that number. `sums`: under the key of the segment's list."""
    return sums.hex(b"%d:%b" % (seq, network.encode()))[:32]


def network_line(seq: int, network: str) -> bytes:
    """The line of the record with that number in the segment's list of networks, newline included."""
    return b'{"seq":%d,"network":"%b"}\n' % (seq, network.encode())

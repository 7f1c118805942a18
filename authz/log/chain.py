"""How lines hang together: each holds the SHA-256 of the whole line before it. Pure.

A line is `{"seq":N,"prev":"<hash>",<members>}` and a newline. `prev` of a segment's first line is 64 zeros, or the hash
of the last line of the segment that the same worker filled before.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any, Final, NamedTuple

from authz.log.record import Record

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
    line = b'{"seq":%d,"prev":"%b",%b}' % (head.seq + 1, head.hash.encode(), members)
    return line + b"\n", Head(head.seq + 1, line_hash(line), head.length + len(line) + 1)


def line_hash(line: bytes) -> str:
    """SHA-256 of a line without its newline, in hex."""
    return hashlib.sha256(line).hexdigest()


def parsed(line: bytes) -> dict[str, Any]:
    """The members of a line that anybody may have written; empty where it is no JSON object."""
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def with_network(record: Record, address_key: bytes, seq: int) -> bytes:
    """The record's members, with a keyed sum of the refused address's network in place of the network.

    The key lies with the segment's list of networks; when that is deleted nobody can try networks on the sum.
    """
    if not record.network:
        return record.body
    return b'%b,"ip_ref":"sum:%b"' % (record.body, network_sum(address_key, seq, record.network).encode())


def network_sum(address_key: bytes, seq: int, network: str) -> str:
    """32 hex digits that bind a network to the record with that number."""
    return hmac.digest(address_key, f"{seq}:{network}".encode(), "sha256").hex()[:32]

"""The records of a segment in pieces, and looking for records in them. Pure.

A piece is some hundred lines of the segment, the span of time they fall into, and its terms: four bytes for each value
that a line has in a member that is searched by. To look for a value is to read the terms of the pieces,
and then only the pieces that have it; that costs the writing side far less than an entry of a database's index for each
member of each line. Terms may say that a value is there when it is not (one piece in some hundred thousand); never the
other way round.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Collection, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any, Final, NamedTuple
from zlib import crc32

import msgspec

MOST_LINES: Final = 1024
"""Lines of one piece: about 700 kB."""
_ANSWERS: Final = frozenset({"decision", "gate"})


class Wanted(NamedTuple):
    """Which records are looked for; empty members ask for nothing. Instants are RFC 3339 in UTC, `until` exclusive.

    `tenants`: only of these, None is all. `subjects`, `resources`: any of these references; None is all.
    """

    tenants: frozenset[str] | None = None
    subjects: frozenset[str] | None = None
    resources: frozenset[str] | None = None
    action: str = ""
    reason: str = ""
    decision: bool | None = None
    caller: str = ""
    request_id: str = ""
    id: str = ""
    since: str = ""
    until: str = ""

    def values(self) -> Iterator[tuple[str, Collection[str]]]:
        """Member of a line -> the values of which it must have one."""
        for member, any_of in (
            ("tenant", self.tenants), ("subject_ref", self.subjects), ("resource_ref", self.resources)
        ):  # fmt: skip
            if any_of is not None:
                yield member, any_of
        for member in ("action", "reason", "caller", "request_id", "id"):
            value: str = getattr(self, member)
            if value:
                yield member, (value,)


class _Searched(msgspec.Struct, gc=False):
    """The members of a line that its piece has terms of, and when it was."""

    kind: str
    at: str = ""
    id: str = ""
    tenant: str | None = None
    action: str | None = None
    reason: str = ""
    caller: str | None = None
    subject_ref: str | None = None
    resource_ref: str | None = None
    request_id: str | None = None


class Line(_Searched, gc=False, kw_only=True):
    """The same and whatever else is asked of a line: its place in the segment, and the hash of the line before."""

    seq: int
    prev: str = ""
    decision: bool = False


class Position(NamedTuple):
    """Where a record stands in the order of the log: by time, then by segment and line."""

    at: str
    segment: str
    seq: int


class Found(NamedTuple):
    """One record as it stands in its segment."""

    position: Position
    line: str

    @property
    def record(self) -> dict[str, Any]:
        """Its members."""
        record: dict[str, Any] = json.loads(self.line)
        return record


class Piece(NamedTuple):
    """Some records. `first_at`, `last_at`: their oldest and newest instant.

    `begins`, `ends`: where its lines stand in the segment, in bytes. `lines`: whole ones, newlines included; some of
    them may be no records.
    """

    records: int
    first_at: str
    last_at: str
    terms: bytes
    begins: int
    ends: int
    lines: Sequence[bytes]


_decode: Final = msgspec.json.Decoder(Line).decode
_decode_searched: Final = msgspec.json.Decoder(_Searched).decode
_TERMS: Final = {
    member: (attrgetter(member), crc32(member.encode()))
    for member in ("id", "tenant", "action", "reason", "caller", "subject_ref", "resource_ref", "request_id")
}
_AT: Final = attrgetter("at")


def read_line(line: bytes) -> Line | None:
    """None for what is no line of a log: `authz log verify` names it, the rest can still be found."""
    try:
        return _decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def pieces_of(lines: Sequence[bytes], begins: int = 0) -> list[Piece]:
    """Whole lines in pieces of at most `MOST_LINES`; those without a record are left out.

    `begins`: where in the segment the first line stands.
    """
    pieces = []
    for at in range(0, len(lines), MOST_LINES):
        some = lines[at : at + MOST_LINES]
        ends = begins + sum(map(len, some))
        said = _records_of(some)
        if said:
            instants = list(map(_AT, said))
            pieces.append(Piece(len(said), min(instants), max(instants), _terms_of(said), begins, ends, some))
        begins = ends
    return pieces


def joined_terms(some: bytes, others: bytes) -> bytes:
    """The terms of two pieces in one."""
    return _packed({*_each_term(some), *_each_term(others)})


def term(member: str, value: str) -> bytes:
    """What the terms of a piece hold where one of its lines has that value."""
    return crc32(value.encode("utf-8", "replace"), _TERMS[member][1]).to_bytes(4)


def matches(segment: str, lines: bytes, wanted: Wanted) -> list[tuple[Position, Line, bytes]]:
    """The records of a piece that are wanted, in their order; of several with one number the first counts."""
    values = [(attrgetter(member), any_of) for member, any_of in wanted.values()]
    seen: set[int] = set()
    found = []
    for line in _likely(lines, wanted):
        said = read_line(line)
        if (
            said is not None
            and said.kind in _ANSWERS
            and all(of(said) in any_of for of, any_of in values)
            and (wanted.decision is None or said.decision is wanted.decision)
            and (not wanted.since or said.at >= wanted.since)
            and (not wanted.until or said.at < wanted.until)
            and said.seq not in seen
        ):
            seen.add(said.seq)
            found.append((Position(said.at, segment, said.seq), said, line))
    return found


def _likely(lines: bytes, wanted: Wanted) -> Iterator[bytes]:
    """The lines of a piece without those in which a wanted value does not stand: they need not be read."""
    single = (one for _, any_of in wanted.values() if len(any_of) == 1 for one in any_of if _is_plain(one))
    longest = max(single, key=len, default="")
    if not longest:
        yield from lines.split(b"\n")
        return
    value = f'"{longest}"'.encode()
    at = lines.find(value)
    while at >= 0:
        end = lines.find(b"\n", at)
        yield lines[lines.rfind(b"\n", 0, at) + 1 : end]
        at = lines.find(value, end)


def _records_of(lines: Iterable[bytes]) -> list[_Searched]:
    found = []
    for line in lines:
        try:
            said = _decode_searched(line)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            continue
        if said.kind in _ANSWERS:
            found.append(said)
    return found


def _terms_of(said: Sequence[_Searched]) -> bytes:
    return _packed(
        crc32(value.encode(), of_member) for of, of_member in _TERMS.values() for value in set(map(of, said)) if value
    )


def _packed(terms: Iterable[int]) -> bytes:
    each = list(terms)
    return struct.pack(f">{len(each)}I", *each)


def _each_term(terms: bytes) -> Sequence[int]:
    return struct.unpack(f">{len(terms) // 4}I", terms)


def _is_plain(value: str) -> bool:
    """Whether a value stands in a line of JSON without escapes."""
    return value.isascii() and value.isprintable() and '"' not in value and "\\" not in value

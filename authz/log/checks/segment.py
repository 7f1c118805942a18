"""Whether the lines of one segment hang together, and are those that were signed for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from authz.log.checks.finding import Finding
from authz.log.disk.files import SUFFIX
from authz.log.disk.segment import FORMAT, is_last
from authz.log.lines.chain import SEGMENT, START, Head, line_hash, parsed


class Recovery(NamedTuple):
    """A segment whose process was killed, as the line says that ended it later.

    `torn_bytes`: of a line that was never acknowledged. `lost`: records that a relaxed process took on and never wrote,
    None where nobody counted. `networks_lost`: records whose network never reached the list beside.
    """

    segment: str
    torn_bytes: int
    lost: int | None
    networks_lost: int


class Read(NamedTuple):
    """One segment as read. `uncovered`: lines behind its last checkpoint. `sums`: number -> sum of a refused network.

    `strict`: it was written by a version that leaves no line of a list without its record, so such a line is no trace
    of a crash. `ended`: it has its last line. `recovery`: which a later process wrote.
    """

    lines: int
    last_hash: str
    first_prev: str
    follows: str
    uncovered: int
    sums: Mapping[int, str]
    strict: bool
    ended: bool
    recovery: Recovery | None


def check_segment(name: str, content: bytes, heads: Mapping[int, Head], findings: list[Finding]) -> Read:
    """Hold a segment's lines against each other and against its stated heads; the first break of each kind is told."""
    file = f"{name}{SUFFIX}"
    rows = content.split(b"\n")
    torn = rows.pop()
    if torn:
        findings.append(Finding(file, len(rows) + 1, "the last line is torn; it was never acknowledged"))
    hashes = [line_hash(row) for row in rows]
    fault = _first_break(rows, hashes)
    if fault is not None:
        findings.append(Finding(file, *fault))
    else:
        findings += _against_heads(file, hashes, heads)
    first = parsed(rows[0]) if rows else {}
    if rows and (first.get("kind") != SEGMENT or first.get("segment") != name):
        findings.append(Finding(file, 1, "is not the first line of this segment"))
    elif rows and repr(first.get("format")) not in {"1", repr(FORMAT)}:
        findings.append(Finding(file, 1, f"has a format that this version does not know: {first.get('format')!r}"))
    elif not heads and first.get("format") == FORMAT and len(rows) > 1:
        text = "no checkpoint states its beginning: it is none of this log, or its checkpoints are gone"
        findings.append(Finding(file, 1, text))
    ended = bool(rows) and is_last(rows[-1])
    return Read(
        len(rows), hashes[-1] if hashes else START, str(first.get("prev", START)), str(first.get("follows", "")),
        max(0, len(rows) - max(heads, default=-1) - 1), _sums(rows), first.get("format") == FORMAT, ended,
        _recovery(name, rows[-1]) if ended else None,
    )  # fmt: skip


def _first_break(rows: list[bytes], hashes: list[str]) -> tuple[int, str] | None:
    """The first line at which the chain breaks, and which record that speaks of."""
    for at, row in enumerate(rows):
        said = parsed(row)
        seq = said.get("seq")
        if type(seq) is not int:
            return at + 1, "is no record"
        if seq > at:
            missing = f"record {at} is" if seq == at + 1 else f"records {at} to {seq - 1} are"
            return at + 1, f"{missing} missing before this line, or stands elsewhere"
        if seq < at:
            return at + 1, f"record {seq} stands here again, in the place of record {at}"
        if at and said.get("prev") != hashes[at - 1]:
            return at, f"record {at - 1} was changed after it was written (or record {at} names another before it)"
        if at + 1 < len(rows) and is_last(row):
            return at + 2, "lines were added behind the last one"
    return None


def _against_heads(file: str, hashes: list[str], heads: Mapping[int, Head]) -> Iterator[Finding]:
    """The first stated head that the segment does not have."""
    held = 0
    for seq in sorted(heads):
        if seq >= len(hashes):
            text = f"records {len(hashes)} to {seq} were cut off; a checkpoint names record {seq}"
            yield Finding(file, len(hashes) + 1, text)
            return
        if hashes[seq] != heads[seq].hash:
            text = f"records {held} to {seq} were written anew: a checkpoint signed for another record {seq}"
            yield Finding(file, held + 1, text)
            return
        held = seq + 1


def _sums(rows: list[bytes]) -> dict[int, str]:
    return {
        at: str(parsed(row).get("ip_ref", ""))[len("sum:") :] for at, row in enumerate(rows) if b'"ip_ref":"sum:' in row
    }


def _recovery(name: str, row: bytes) -> Recovery | None:
    said = parsed(row)
    if said.get("recovered") is not True:
        return None
    torn, lost, networks = said.get("torn_bytes"), said.get("lost"), said.get("networks_lost")
    return Recovery(
        name, torn if type(torn) is int else 0, lost if type(lost) is int else None,
        networks if type(networks) is int else 0,
    )  # fmt: skip

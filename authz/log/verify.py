"""Whether anybody changed, removed, swapped or cut the log since it was written (docs/decision-log.md).

Three things hold it: each line has the hash of the line before, signed checkpoints say how far each segment reached,
and an anchor kept elsewhere says which checkpoints there were. What lies behind the last one is named as not covered.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from authz.log.chain import SEGMENT, START, Head, line_hash, network_sum
from authz.log.checkpoints import ADDRESSES_PRUNED, FILE, PRUNED, root, split_signature
from authz.log.segment import ADDRESSES, SUFFIX, is_last, is_written
from authz.log.signing import key_id, verifies

_MOST_FINDINGS: Final = 100


class Finding(NamedTuple):
    """What does not hold; `line` counts from 1, 0 is the file as a whole."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        """`file:line: text`."""
        return f"{self.file}:{self.line}: {self.text}"


class Tail(NamedTuple):
    """Records that no checkpoint covers yet: they hang together, and nobody signed for them."""

    segment: str
    first_line: int
    records: int


class Verdict(NamedTuple):
    """`records`: lines read. `pruned`: segments that retention took away, signed for. `tails`: not covered yet."""

    findings: tuple[Finding, ...]
    records: int
    segments: int
    checkpoints: int
    pruned: tuple[str, ...]
    tails: tuple[Tail, ...]


class Anchor(NamedTuple):
    """A checkpoint as it was told to somebody outside: its number and the hash of its line."""

    number: int
    hash: str


class Stated(NamedTuple):
    """What the checkpoints say: every head that a segment ever had, and what was pruned."""

    heads: Mapping[str, Mapping[int, Head]]
    pruned: frozenset[str]
    addresses_pruned: frozenset[str]
    checkpoints: int
    last_hash: str


def verify(folder: Path, public_key: bytes, anchor: Anchor | None = None) -> Verdict:
    """Hold every segment against its chain, the checkpoints and the anchor. Reads everything, changes nothing.

    Raises:
        OSError: the folder cannot be read.
    """
    path = folder / FILE
    lines = path.read_bytes().split(b"\n") if path.exists() else [b""]
    findings: list[Finding] = []
    stated = read_checkpoints(lines, public_key, anchor, findings)
    records = 0
    tails: list[Tail] = []
    last: dict[str, str] = {}
    follows: list[tuple[str, str, str]] = []
    segments = sorted(folder.glob(f"*{SUFFIX}"))
    for segment in segments:
        name = segment.stem
        content = segment.read_bytes()
        if is_written(segment):
            content = content[: content.rfind(b"\n") + 1]  # its writer is in the middle of a line
        read = check_segment(name, content, stated.heads.get(name, {}), findings)
        records += read.lines
        last[name] = read.last_hash
        if read.follows:
            follows.append((name, read.follows, read.first_prev))
        if read.uncovered:
            tails.append(Tail(segment.name, read.lines - read.uncovered + 1, read.uncovered))
        _check_addresses(folder, name, segment, stated, findings)
    findings += [
        Finding(f"{name}{SUFFIX}", 0, "the whole segment is missing; a checkpoint names it")
        for name in sorted(set(stated.heads) - set(last) - stated.pruned)
    ]
    findings += _followed(follows, last, stated)
    return Verdict(
        tuple(findings[:_MOST_FINDINGS]), records, len(segments), stated.checkpoints, tuple(sorted(stated.pruned)),
        tuple(tails),
    )  # fmt: skip


def _followed(follows: Iterable[tuple[str, str, str]], last: Mapping[str, str], stated: Stated) -> Iterator[Finding]:
    for name, before, prev in follows:
        known = last.get(before)
        if known is None:
            ends = stated.heads.get(before)
            known = ends[max(ends)].hash if ends else None
        if known is None:
            yield Finding(f"{before}{SUFFIX}", 0, f"the whole segment is missing; `{name}{SUFFIX}` follows it")
        elif known != prev:
            yield Finding(f"{name}{SUFFIX}", 1, f"does not follow the last line of `{before}{SUFFIX}`")


# ---------------------------------------------------------------------------------------------------------- checkpoints


def read_checkpoints(
    lines: Iterable[bytes], public_key: bytes, anchor: Anchor | None, findings: list[Finding]
) -> Stated:
    """What the chain of checkpoints says, as far as it holds; what does not is added to `findings`."""
    heads: dict[str, dict[int, Head]] = {}
    newest: dict[str, Head] = {}
    pruned: dict[str, set[str]] = {PRUNED: set(), ADDRESSES_PRUNED: set()}
    number, last_hash, anchored = 0, START, anchor is None
    rows = list(lines)
    if rows and rows[-1]:
        findings.append(Finding(FILE, len(rows), "the last line is torn"))
    for number, line in enumerate(rows[:-1]):
        said, fault = _checkpoint(line, number, last_hash, public_key)
        if fault or said is None:
            findings.append(Finding(FILE, number + 1, fault))
            return Stated(heads, frozenset(pruned[PRUNED]), frozenset(pruned[ADDRESSES_PRUNED]), number, last_hash)
        for name, head in said.get("heads", {}).items():
            newest[name] = heads.setdefault(name, {})[head[0]] = Head(*head)
        if said["kind"] in pruned:
            pruned[said["kind"]].add(said["segment"])
        if said["root"] != root(newest):
            findings.append(Finding(FILE, number + 1, "the sum over all heads does not fit what was stated before"))
        last_hash = line_hash(line)
        anchored = anchored or anchor == Anchor(number, last_hash)
    if not anchored and anchor is not None:
        text = f"checkpoint {anchor.number} of the anchor is not in the chain: it was cut, or made anew"
        findings.append(Finding(FILE, min(anchor.number, len(rows) - 1) + 1, text))
    count = len(rows) - 1
    return Stated(heads, frozenset(pruned[PRUNED]), frozenset(pruned[ADDRESSES_PRUNED]), count, last_hash)


def _checkpoint(line: bytes, number: int, prev: str, public_key: bytes) -> tuple[dict[str, Any] | None, str]:
    try:
        signed, signature = split_signature(line)
        said = json.loads(signed)
    except ValueError:
        return None, "is no checkpoint"
    if not verifies(public_key, signature, signed):
        made_by = said.get("key")
        other = f"; it is of the key `{made_by}`" if made_by != key_id(public_key) else ""
        return None, f"the signature does not fit{other}"
    if said["n"] != number or said["prev"] != prev:
        return None, f"does not follow the line before: a checkpoint was removed, swapped or added (number {said['n']})"
    return said, ""


# ------------------------------------------------------------------------------------------------------------- segments


class Read(NamedTuple):
    """One segment as read. `uncovered`: lines behind its last checkpoint."""

    lines: int
    last_hash: str
    first_prev: str
    follows: str
    uncovered: int


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
    first = _parsed(rows[0]) if rows else {}
    if rows and (first.get("kind") != SEGMENT or first.get("segment") != name):
        findings.append(Finding(file, 1, "is not the first line of this segment"))
    covered = max(heads, default=-1) + 1
    last = hashes[-1] if hashes else START
    return Read(
        len(rows), last, str(first.get("prev", START)), str(first.get("follows", "")), max(0, len(rows) - covered)
    )


def _first_break(rows: list[bytes], hashes: list[str]) -> tuple[int, str] | None:
    """The first line at which the chain breaks, and which record that speaks of."""
    for at, row in enumerate(rows):
        said = _parsed(row)
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


def _parsed(row: bytes) -> dict[str, Any]:
    try:
        said = json.loads(row)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _check_addresses(folder: Path, name: str, segment: Path, stated: Stated, findings: list[Finding]) -> None:
    """Hold the list of networks against the sums in the records; a list that retention took away is no fault."""
    path = folder / ADDRESSES / f"{name}{SUFFIX}"
    file = f"{ADDRESSES}/{path.name}"
    if not path.exists():
        if name not in stated.addresses_pruned and name not in stated.pruned and name in stated.heads:
            findings.append(Finding(file, 0, "the list of networks is missing; no checkpoint says it was pruned"))
        return
    rows = path.read_bytes().split(b"\n")[:-1]
    key = bytes.fromhex(str(_parsed(rows[0]).get("key", ""))) if rows else b""
    sums = {}
    for row in segment.read_bytes().split(b"\n"):
        if b'"ip_ref":"sum:' in row:
            said = _parsed(row)
            sums[said.get("seq")] = str(said.get("ip_ref"))
    for at, row in enumerate(rows[1:], start=2):
        said = _parsed(row)
        seq, network = said.get("seq"), str(said.get("network"))
        if type(seq) is not int or (seq in sums and sums[seq] != f"sum:{network_sum(key, seq, network)}"):
            findings.append(Finding(file, at, "the network is not the one that was recorded"))
            return

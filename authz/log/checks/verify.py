"""Whether anybody changed, removed, swapped or cut the log since it was written (docs/decision-log.md).

Three things hold it: each line has the hash of the line before, signed checkpoints say how far each segment reached,
and an anchor kept elsewhere says which checkpoints there were. What lies behind the last one is named as not covered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from authz.durable import is_locked
from authz.log.checks.addresses import check_addresses, strays
from authz.log.checks.checkpoints import Anchor, Stated, read_checkpoints
from authz.log.checks.finding import Finding
from authz.log.checks.segment import Read, Recovery, check_segment
from authz.log.disk.address_list import ADDRESSES, list_of
from authz.log.disk.files import SUFFIX
from authz.log.signed.checkpoints import FILE

_MOST_FINDINGS: Final = 100


class Tail(NamedTuple):
    """Records that no checkpoint covers yet: they hang together, and nobody signed for them."""

    segment: str
    first_line: int
    records: int


class Verdict(NamedTuple):
    """`records`: lines read. `pruned`: segments that retention took away, signed for. `tails`: not covered yet.

    `recovered`: segments whose process was killed, and what that cost.
    """

    findings: tuple[Finding, ...]
    records: int
    segments: int
    checkpoints: int
    pruned: tuple[str, ...]
    tails: tuple[Tail, ...]
    recovered: tuple[Recovery, ...]


def verify(folder: Path, public_key: bytes, anchor: Anchor | None = None) -> Verdict:
    """Hold every segment against its chain, the checkpoints and the anchor. Reads everything, changes nothing.

    Raises:
        OSError: the folder cannot be read.
    """
    verdict = _verify(folder, public_key, anchor)
    if verdict.findings:  # a running service may have begun or pruned a segment after its checkpoints were read
        verdict = _verify(folder, public_key, anchor)
    return verdict


def _verify(folder: Path, public_key: bytes, anchor: Anchor | None) -> Verdict:
    findings: list[Finding] = []
    stated = read_checkpoints(_lines(folder / FILE), public_key, anchor, findings)
    found: dict[str, Read] = {}
    tails: list[Tail] = []
    for segment in sorted(folder.glob(f"*{SUFFIX}")):
        name, heads = segment.stem, stated.heads.get(segment.stem, {})
        grows = is_locked(segment)
        content = segment.read_bytes()
        if grows:
            content = content[: content.rfind(b"\n") + 1]  # its writer is in the middle of a line
        read = found[name] = check_segment(name, content, heads, findings)
        if read.uncovered:
            tails.append(Tail(segment.name, read.lines - read.uncovered + 1, read.uncovered))
        if not stated.gone(name):
            findings += check_addresses(folder, name, read, heads)
        elif list_of(folder, name).exists():
            text = "is back, or was never removed: it was signed for as pruned (`authz log prune` removes it)"
            findings.append(Finding(f"{ADDRESSES}/{segment.name}", 0, text))
    findings += [
        Finding(f"{name}{SUFFIX}", 0, "the whole segment is missing; a checkpoint names it")
        for name in sorted(set(stated.heads) - set(found) - stated.pruned)
    ]
    findings += _followed(found, stated)
    findings += strays(folder, found, (*stated.pruned, *stated.heads))
    return Verdict(
        tuple(findings[:_MOST_FINDINGS]), sum(read.lines for read in found.values()), len(found), stated.checkpoints,
        tuple(sorted(stated.pruned)), tuple(tails),
        tuple(read.recovery for read in found.values() if read.recovery is not None),
    )  # fmt: skip


def _lines(path: Path) -> Iterable[bytes]:
    return path.read_bytes().split(b"\n") if path.exists() else [b""]


def _followed(found: Mapping[str, Read], stated: Stated) -> Iterator[Finding]:
    for name, read in found.items():
        if not read.follows:
            continue
        before = found.get(read.follows)
        known = before.last_hash if before is not None else None
        if known is None:
            ends = stated.heads.get(read.follows)
            known = ends[max(ends)].hash if ends else None
        if known is None:
            yield Finding(f"{read.follows}{SUFFIX}", 0, f"the whole segment is missing; `{name}{SUFFIX}` follows it")
        elif known != read.first_prev:
            yield Finding(f"{name}{SUFFIX}", 1, f"does not follow the last line of `{read.follows}{SUFFIX}`")

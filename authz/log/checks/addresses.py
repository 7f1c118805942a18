"""Whether the list of networks beside a segment is the one that was written: line by line, against the records."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from authz.log.checks.finding import Finding
from authz.log.checks.segment import Read
from authz.log.disk.address_list import ADDRESSES, list_of
from authz.log.disk.files import SUFFIX
from authz.log.lines.chain import Head, network_line, network_sum, parsed
from authz.log.lines.keyed_sum import KeyedSum

_KEY: Final = re.compile(rb'\{"key":"([0-9a-f]{64})"\}')


def check_addresses(folder: Path, name: str, read: Read, heads: Mapping[int, Head]) -> Iterator[Finding]:
    """The first thing wrong with a segment's list, which retention has not taken away.

    A list may run ahead of a segment that has no last line: its lines are written first. Behind what was signed for, a
    segment that a later process ended may lack as many networks as its last line says. Before format 2 a crash could
    leave lines without a record, so only what is missing counts there.
    """
    path = list_of(folder, name)
    file = f"{ADDRESSES}/{path.name}"
    if not path.exists():
        if heads or read.sums:
            yield Finding(file, 0, "the list of networks is missing; no checkpoint says it was pruned")
        return
    rows = path.read_bytes().split(b"\n")
    torn = rows.pop()
    key = _KEY.fullmatch(rows[0]) if rows else None
    if key is None:
        yield Finding(file, 1, "is not the key of a list of networks")
        return
    listed: list[int] = []
    sums = KeyedSum(bytes.fromhex(key[1].decode()))
    for at, row in enumerate(rows[1:], start=2):
        fault, seq = _fault(row, sums, read, listed)
        if fault and read.strict:
            yield Finding(file, at, fault)
            return
        if not fault:
            listed.append(seq)
    if torn and read.ended:
        yield Finding(file, len(rows) + 1, "the last line is torn")
    yield from _missing(file, listed, read, heads)


def _fault(row: bytes, sums: KeyedSum, read: Read, listed: list[int]) -> tuple[str, int]:
    """What is wrong with a line, empty where nothing is; and the number of its record."""
    said = parsed(row)
    seq, network = said.get("seq"), said.get("network")
    if type(seq) is not int or not isinstance(network, str) or not network.isascii():
        return "is no line of a list of networks", -1
    if network_line(seq, network) != row + b"\n":
        return f"the line of record {seq} is not written as it was", seq
    if listed and seq <= listed[-1]:
        return f"the network of record {seq} stands here behind that of record {listed[-1]}", seq
    if seq not in read.sums:
        ahead = not read.ended and seq >= read.lines
        return ("" if ahead else f"record {seq} has no network, or is not there"), seq
    if read.sums[seq] != network_sum(sums, seq, network):
        return f"the network is not the one that was recorded with record {seq}", seq
    return "", seq


def _missing(file: str, listed: Iterable[int], read: Read, heads: Mapping[int, Head]) -> Iterator[Finding]:
    missing = sorted(set(read.sums) - set(listed))
    if read.recovery is not None:
        signed = max((seq for seq in heads if seq < read.lines - 1), default=-1)
        excused = [seq for seq in missing if seq > signed]
        missing = [seq for seq in missing if seq <= signed]
        if not missing and len(excused) != read.recovery.networks_lost:
            missing = excused
    elif not read.ended:
        missing = [seq for seq in missing if seq <= max(heads, default=-1)]
    if missing:
        yield Finding(file, 0, f"the network of record {missing[0]} is missing ({len(missing)} of {len(read.sums)})")


def strays(folder: Path, segments: Iterable[str], pruned: Iterable[str]) -> Iterator[Finding]:
    """Files among the lists that belong to no segment of this log."""
    known = {f"{name}{SUFFIX}" for name in (*segments, *pruned)}
    for path in sorted((folder / ADDRESSES).glob("*")):
        if path.name not in known:
            yield Finding(f"{ADDRESSES}/{path.name}", 0, "is the list of no segment")

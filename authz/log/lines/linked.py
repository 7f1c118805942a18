"""Records as they will stand in a segment: each linked to the line before, the networks of refused ones apart. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from authz.log.lines.chain import Head, chained_lines, network_line, with_network
from authz.log.lines.keyed_sum import KeyedSum
from authz.log.lines.record import Record


class End(NamedTuple):
    """What the next line of an open segment hangs on: the line before, and the key of the list of networks."""

    head: Head
    sums: KeyedSum


class Linked(NamedTuple):
    """Lines that follow each other from `begins` to `ends`, and the lines of the list of networks for them."""

    begins: End
    ends: End
    lines: bytes
    networks: bytes


class Batch(NamedTuple):
    """Records that wait to be written together, linked to what will be written before them where that is known."""

    records: Sequence[Record]
    linked: Linked | None


def linked(records: Sequence[Record], end: End) -> Linked:
    """The records as the lines that come next."""
    head, sums = end
    first = head.seq + 1
    members = [with_network(record, sums, seq) for seq, record in enumerate(records, first)]
    networks = [network_line(seq, network) for seq, (_, network) in enumerate(records, first) if network]
    lines, head = chained_lines(head, members)
    return Linked(end, End(head, sums), lines, b"".join(networks))


def following(batches: Iterable[Batch], end: End) -> list[Linked]:
    """The batches as lines that follow each other from `end`: as they are linked where that fits, else linked anew."""
    found = []
    for batch in batches:
        ready = batch.linked
        if ready is None or ready.begins != end:
            ready = linked(batch.records, end)
        found.append(ready)
        end = ready.ends
    return found

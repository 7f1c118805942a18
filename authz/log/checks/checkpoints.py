"""Whether the chain of signed checkpoints holds, and what it says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from authz.log.checks.finding import Finding
from authz.log.lines.chain import START, Head, line_hash, parsed
from authz.log.signed.checkpoints import ADDRESSES_PRUNED, FILE, PRUNED, root, split_signature
from authz.log.signed.signing import key_id, verifies


class Anchor(NamedTuple):
    """A checkpoint as it was told to somebody outside: its number and the hash of its line."""

    number: int
    hash: str


class Stated(NamedTuple):
    """What the checkpoints say: every head that a segment ever had, by its number, and what was pruned."""

    heads: Mapping[str, Mapping[int, Head]]
    pruned: frozenset[str]
    addresses_pruned: frozenset[str]
    checkpoints: int

    def gone(self, segment: str) -> bool:
        """Whether retention took the segment's list of networks, with the segment or before it."""
        return segment in self.pruned or segment in self.addresses_pruned


def read_checkpoints(
    lines: Iterable[bytes], public_key: bytes, anchor: Anchor | None, findings: list[Finding]
) -> Stated:
    """What the chain says, as far as it holds; what does not is added to `findings`."""
    heads: dict[str, dict[int, Head]] = {}
    newest: dict[str, Head] = {}
    pruned: dict[str, set[str]] = {PRUNED: set(), ADDRESSES_PRUNED: set()}
    last_hash, anchored, count = START, anchor is None, 0
    rows = list(lines)
    if rows and rows[-1]:
        findings.append(Finding(FILE, len(rows), "the last line is torn"))
    for number, line in enumerate(rows[:-1]):
        said, fault = _checkpoint(line, number, last_hash, public_key)
        if fault:
            findings.append(Finding(FILE, number + 1, fault))
            break
        for name, head in said.get("heads", {}).items():
            newest[name] = Head(*head)
            first = heads.setdefault(name, {}).setdefault(head[0], newest[name])
            if first != newest[name]:
                text = f"states another record {head[0]} of `{name}` than a checkpoint before it"
                findings.append(Finding(FILE, number + 1, text))
        if said["kind"] in pruned:
            pruned[said["kind"]].add(said["segment"])
        if said["root"] != root(newest):
            findings.append(Finding(FILE, number + 1, "the sum over all heads does not fit what was stated before"))
        last_hash = line_hash(line)
        anchored = anchored or anchor == Anchor(number, last_hash)
        count = number + 1
    if not anchored and anchor is not None and count == len(rows) - 1:
        text = f"checkpoint {anchor.number} of the anchor is not in the chain: it was cut, or made anew"
        findings.append(Finding(FILE, min(anchor.number, count) + 1, text))
    return Stated(heads, frozenset(pruned[PRUNED]), frozenset(pruned[ADDRESSES_PRUNED]), count)


def _checkpoint(line: bytes, number: int, prev: str, public_key: bytes) -> tuple[dict[str, Any], str]:
    try:
        signed, signature = split_signature(line)
    except ValueError:
        return {}, "is no checkpoint"
    said = parsed(signed)
    if not verifies(public_key, signature, signed):
        made_by = said.get("key")
        other = f"; it is of the key `{made_by}`" if said and made_by != key_id(public_key) else ""
        return {}, f"the signature does not fit{other}"
    if said.get("n") != number or said.get("prev") != prev:
        text = f"does not follow the line before: a checkpoint was removed, swapped or added (number {said.get('n')})"
        return {}, text
    return said, ""

"""Whether a change says itself that it widens access: its gains, held against the approvals that came with it.

Each gain is looked at by itself. What accepts it in HEAD is new only where nothing in BASE accepted any of it by the
same paper: neither an entry that is written otherwise nor one that is made narrower or wider is another
signature. For one tenant it was accepted, for all of them it was not.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from authz.cli.diff.approvals import CODE, NETWORKS, Approval, Item, Network, Place
from authz.cli.diff.places import DeclaredAt
from authz.core.diff.networks import NetworkChange, Span
from authz.core.diff.sets import SetDiff
from authz.core.types import Address
from authz.errors import Problem

_Items = Mapping[tuple[str, str, str], list[Item]]
"""Items by set, member and, of `networks`, tenant."""


class Gain(NamedTuple):
    """Access that nobody had before, so small that an item accepts all of it or nothing.

    `text`: in words. `source`: `<set>/<file>:<line>` of its cause, as `Line` has it. Of `cells`: (role, action, tenant
    or "" for all, when); of `networks`: (tenant, first and last address), 0 to -1 for a request without an address; of
    `declared`: (id,).
    """

    set_id: str
    text: str
    source: str
    gone: bool
    member: str
    what: tuple[str | int, ...]

    def accepted_by(self, items: _Items) -> list[Item]:
        """The items that accept it."""
        about = str(self.what[0]) if self.member == NETWORKS else ""
        return [item for item in items.get((self.set_id, self.member, about), ()) if item.accepts(*self.what)]

    def touched_by(self, items: _Items) -> list[Item]:
        """The items that accept some of it."""
        about = str(self.what[0]) if self.member == NETWORKS else ""
        return [item for item in items.get((self.set_id, self.member, about), ()) if item.touches(*self.what)]


class Unapproved(NamedTuple):
    """A gain that nobody accepted, in words. `source`: `<set>/<file>:<line>` of its cause, as `Line` has it."""

    text: str
    source: str
    gone: bool = False

    def __str__(self) -> str:
        """The words."""
        return self.text


class Acceptance(NamedTuple):
    """A gain in words, and the item that accepts it."""

    gain: str
    item: Item

    def __str__(self) -> str:
        """Which gain, by which paper, who said so, until when, where it stands."""
        return f"{self.gain}: {self.item.of}, {self.item.number}"


class Accepted(NamedTuple):
    """`open`: what nobody accepted. `findings`: approvals that are stale, or accept what does not happen.

    `gains`: what is accepted, each with the items that accept it.
    """

    open: tuple[Unapproved, ...]
    findings: tuple[Problem, ...]
    gains: tuple[Acceptance, ...]


def accepted(
    diffs: Iterable[SetDiff],
    base: Iterable[Approval],
    head: Iterable[Approval],
    today: dt.date,
    at: DeclaredAt,
    only: str = "",
) -> Accepted:
    """Hold every gain against what approvals of HEAD accept that none of BASE accepted by the same paper.

    `only`: the one set that is compared; approvals for others are for another comparison.
    """
    head = [one for one in head if only in ("", one.set_id)]
    before = _sorted(item for one in base for item in one.items())
    items = _sorted(item for one in head if one.expires >= today for item in one.items())
    said = {item.contents for mine in before.values() for item in mine}
    used = {item.place for mine in items.values() for item in mine if item.contents in said}
    left: list[Unapproved] = []
    held: list[Acceptance] = []
    for diff in diffs:
        for gain in _gains(diff, at, before, items):
            old = {form for item in gain.touched_by(before) for form in item.paper}
            mine = gain.accepted_by(items)
            new = [item for item in mine if old.isdisjoint(item.paper)]
            used |= {item.place for item in mine}
            held += [Acceptance(gain.text, item) for item in new]
            if not new:
                again = "".join(f"; {_older(item)}" for item in mine)
                left.append(Unapproved(f"{gain.text}{again}", gain.source, gain.gone))
    return Accepted(tuple(left), tuple(_findings(head, used, today)), tuple(held))


def _sorted(items: Iterable[Item]) -> _Items:
    found: dict[tuple[str, str, str], list[Item]] = {}
    for item in items:
        about = item.accepted.tenant if isinstance(item.accepted, Network) else ""
        found.setdefault((item.of.set_id, item.member, about), []).append(item)
    return found


def _older(item: Item) -> str:
    return f"`{item.of.because}` ({item.of.at}) accepted it before this change already, and is no new approval of it"


def _gains(diff: SetDiff, at: DeclaredAt, *items: _Items) -> Iterator[Gain]:
    for cell in diff.cells:
        if cell.gains:
            for tenant in cell.tenants or ("",):
                whose = f" of {tenant}" if tenant else ""
                text = f"{diff.set_id}: {cell.role}{whose}, {cell.action}"
                what = (cell.role, cell.action, tenant, cell.after)
                yield Gain(diff.set_id, text, cell.rule, cell.gone, "cells", what)
    for change in diff.networks:
        if change.gains:
            yield from _addresses(diff.set_id, change, items)
    for declared in diff.declared:
        if declared.gains:
            source = f"{diff.set_id}/set.yaml:{at(diff.set_id, declared)}"
            yield Gain(diff.set_id, f"{diff.set_id}: {declared.id}", source, False, "declared", (declared.id,))


def _addresses(set_id: str, change: NetworkChange, items: Iterable[_Items]) -> Iterator[Gain]:
    """Ranges that no item of the tenant accepts in part."""
    mine = (item for side in items for item in side.get((set_id, NETWORKS, change.tenant), ()))
    cuts = {cut for item in mine for cut in item.cuts}
    for span in change.opened:
        starts = sorted({int(span.first), *(cut for cut in cuts if span.first < cut <= span.last)})
        for first, following in zip(starts, [*starts[1:], span.last + 1], strict=True):
            piece = Span(Address(first), Address(following - 1))
            text = f"{set_id}: addresses {piece} of {change.tenant}"
            yield Gain(set_id, text, change.rule, change.gone, NETWORKS, (change.tenant, *piece))
    if change.opened_to_all:
        text = f"{set_id}: any address of {change.tenant}"
        yield Gain(set_id, text, change.rule, change.gone, NETWORKS, (change.tenant, 0, -1))


def _findings(head: list[Approval], used: set[Place], today: dt.date) -> Iterator[Problem]:
    """Approvals past their day, and what of the others accepts nothing that this change does, or is said twice."""
    stated: dict[tuple[Any, ...], Item] = {}
    for one in head:
        if one.expires < today:
            text = f"the approval `{one.because}` expired on {one.expires.isoformat()}; remove it"
            yield Problem(one.file, one.line, one.column, text, CODE)
            continue
        items = list(one.items())
        idle = [item for item in items if item.place not in used]
        text = f"the approval `{one.because}` accepts what this change does not do"
        if len(idle) == len(items):
            yield Problem(one.file, one.line, one.column, text, CODE)
        else:
            for item in idle:
                yield Problem(one.file, one.line, one.column, f"{text}: {item.number}", CODE)
        for item in items:
            first = stated.setdefault(item.contents, item)
            if first is not item:
                again = f"the approval `{one.because}` says again what {first.of.at} says: {item.number}"
                yield Problem(one.file, one.line, one.column, again, CODE)

"""Whether a change says itself that it widens access: its gains, held against the approvals that came with it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from authz.cli.diff.approvals import CODE, Approval
from authz.cli.diff.places import DeclaredAt
from authz.core.diff.networks import Span, covers
from authz.core.diff.sets import SetDiff
from authz.errors import Problem

Used = set[tuple[Approval, str, int]]
"""Parts of approvals that accept something: the approval, its member, and which of that member's items."""


class Unapproved(NamedTuple):
    """A gain that nobody accepted, in words. `source`: `<set>/<file>:<line>` of its cause, as `Line` has it."""

    text: str
    source: str
    gone: bool = False

    def __str__(self) -> str:
        """The words."""
        return self.text


class Accepted(NamedTuple):
    """`open`: what nobody accepted. `findings`: approvals that are stale, or accept what does not happen.

    `by`: the approvals that accept something of this change.
    """

    open: tuple[Unapproved, ...]
    findings: tuple[Problem, ...]
    by: tuple[Approval, ...]


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
    old = {item.contents for one in base for item in one.items()}
    head = [one for one in head if only in ("", one.set_id)]
    stale: Used = {(one, item.member, item.at) for one in head for item in one.items() if item.contents in old}
    fresh = [one for one in head if one.expires >= today]
    used: Used = set()
    left: list[Unapproved] = []
    for diff in diffs:
        mine = [one for one in fresh if one.set_id == diff.set_id]
        left += _open_cells(diff, mine, stale, used)
        left += _open_networks(diff, mine, stale, used)
        left += _open_declarations(diff, mine, at, stale, used)
    by = {one for one, _, _ in used}
    return Accepted(tuple(left), tuple(_findings(head, stale | used, today)), tuple(one for one in head if one in by))


def _open_cells(diff: SetDiff, approvals: list[Approval], stale: Used, used: Used) -> Iterator[Unapproved]:
    for change in diff.cells:
        if not change.gains:
            continue
        for tenant in change.tenants or ("",):
            by: Used = {
                (one, "cells", at)
                for one in approvals
                for at, cell in enumerate(one.cells)
                if cell.accepts(change.role, change.action, tenant, change.after)
            } - stale
            used |= by
            if not by:
                whose = f" of {tenant}" if tenant else ""
                yield Unapproved(f"{diff.set_id}: {change.role}{whose}, {change.action}", change.rule, change.gone)


def _open_networks(diff: SetDiff, approvals: list[Approval], stale: Used, used: Used) -> Iterator[Unapproved]:
    for change in diff.networks:
        if not change.gains:
            continue
        mine = {
            (one, "networks", at): network.range
            for one in approvals
            for at, network in enumerate(one.networks)
            if network.tenant == change.tenant and (one, "networks", at) not in stale
        }
        by_any = {part for part, stated in mine.items() if stated is None}
        ranges = {part: stated for part, stated in mine.items() if stated is not None}
        used |= by_any or {part for part, stated in ranges.items() if _meets(change.opened, Span(*stated))}
        if by_any:
            continue
        for span in change.opened:
            if not covers(ranges.values(), span):
                yield Unapproved(f"{diff.set_id}: addresses {span} of {change.tenant}", change.rule, change.gone)
        if change.opened_to_all:
            yield Unapproved(f"{diff.set_id}: any address of {change.tenant}", change.rule, change.gone)


def _meets(gained: Iterable[Span], stated: Span) -> bool:
    return any(one.first <= stated.last and stated.first <= one.last for one in gained)


def _open_declarations(
    diff: SetDiff, approvals: list[Approval], at_line: DeclaredAt, stale: Used, used: Used
) -> Iterator[Unapproved]:
    for declared in diff.declared:
        if declared.gains:
            by: Used = {
                (one, "declared", at)
                for one in approvals
                for at, stated in enumerate(one.declared)
                if stated == declared.id
            } - stale
            used |= by
            if not by:
                yield Unapproved(
                    f"{diff.set_id}: {declared.id}", f"{diff.set_id}/set.yaml:{at_line(diff.set_id, declared)}"
                )


def _findings(head: list[Approval], accounted: Used, today: dt.date) -> Iterator[Problem]:
    """Approvals past their day, and what of the others accepts nothing that this change does."""
    for one in head:
        if one.expires < today:
            text = f"the approval `{one.because}` expired on {one.expires.isoformat()}; remove it"
            yield Problem(one.file, one.line, 1, text, CODE)
            continue
        items = list(one.items())
        idle = [item for item in items if (one, item.member, item.at) not in accounted]
        text = f"the approval `{one.because}` accepts what this change does not do"
        if len(idle) == len(items):
            yield Problem(one.file, one.line, 1, text, CODE)
        else:
            for item in idle:
                yield Problem(one.file, one.line, 1, f"{text}: item {item.at + 1} of `{item.member}`", CODE)

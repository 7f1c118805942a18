"""Whether a change says itself that it widens access: its gains, held against the approvals that came with it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from authz.cli.approvals import CODE, Approval
from authz.core.diff import SetDiff
from authz.core.diff_networks import NetworkChange, covers
from authz.errors import Problem

Cell = tuple[str, str, str]
"""Role, action, tenant; an empty tenant stands for all without lines of their own."""


class Accepted(NamedTuple):
    """`open`: what nobody accepted, in words. `findings`: approvals that are stale, or accept what does not happen."""

    open: tuple[str, ...]
    findings: tuple[Problem, ...]


def accepted(diffs: Iterable[SetDiff], base: Iterable[Approval], head: Iterable[Approval], today: dt.date) -> Accepted:
    """Hold every gain against the approvals of HEAD that BASE does not have already."""
    old: set[object] = {one.contents for one in base}
    head = list(head)
    fresh = [one for one in head if one.contents not in old and one.expires >= today]
    used: set[Approval] = set()
    left: list[str] = []
    for diff in diffs:
        mine = [one for one in fresh if one.set_id == diff.set_id]
        left += _open_cells(diff, mine, used)
        left += _open_networks(diff, mine, used)
        left += _open_declarations(diff, mine, used)
    return Accepted(tuple(left), tuple(_findings(head, old, used, today)))


def _open_cells(diff: SetDiff, approvals: list[Approval], used: set[Approval]) -> Iterator[str]:
    for change in diff.cells:
        if not change.gains:
            continue
        for tenant in change.tenants or ("",):
            by = [
                one for one in approvals if any(cell.accepts(change.role, change.action, tenant) for cell in one.cells)
            ]
            used.update(by)
            if not by:
                whose = f" of {tenant}" if tenant else ""
                yield f"{diff.set_id}: {change.role}{whose}, {change.action}"


def _open_networks(diff: SetDiff, approvals: list[Approval], used: set[Approval]) -> Iterator[str]:
    for change in diff.networks:
        if not change.gains:
            continue
        ranges = {
            f"{at}/{number}": network.range
            for at, one in enumerate(approvals)
            for number, network in enumerate(one.networks)
            if network.tenant == change.tenant and network.range is not None
        }
        by_any = [one for one in approvals if any(n.tenant == change.tenant and n.range is None for n in one.networks)]
        used.update(by_any)
        if by_any:
            continue
        used.update(one for one in approvals if any(network.tenant == change.tenant for network in one.networks))
        yield from (
            f"{diff.set_id}: addresses {span} of {change.tenant}" for span in change.gained if not covers(ranges, span)
        )
        if _opens_to_all(change):
            yield f"{diff.set_id}: any address of {change.tenant}"


def _opens_to_all(change: NetworkChange) -> bool:
    return change.any_after and not change.any_before


def _open_declarations(diff: SetDiff, approvals: list[Approval], used: set[Approval]) -> Iterator[str]:
    for declared in diff.declared:
        if declared.gains:
            by = [one for one in approvals if declared.id in one.declared]
            used.update(by)
            if not by:
                yield f"{diff.set_id}: {declared.id}"


def _findings(head: list[Approval], old: set[object], used: set[Approval], today: dt.date) -> Iterator[Problem]:
    for one in head:
        if one.expires < today:
            text = f"the approval `{one.because}` expired on {one.expires.isoformat()}; remove it"
            yield Problem(one.file, one.line, 1, text, CODE)
        elif one.contents not in old and one not in used:
            text = f"the approval `{one.because}` accepts what this change does not do"
            yield Problem(one.file, one.line, 1, text, CODE)

"""What another version of a policy set answers otherwise: exhaustive, from the decision tables and the ranges. Pure.

Two generations are compared for every tenant class, role, action and subset of facts, for every address, and for every
other declaration that an answer hangs on. What widens and what narrows is told apart; what cannot be told (an
expression that reads otherwise) counts as both, so that nobody takes it for harmless.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from authz.core.diff.bearing import Bearing, bearing_of_network
from authz.core.diff.cells import Change, Table, changes_of
from authz.core.diff.declaration import Declared
from authz.core.diff.declarations import declared_changes, subject_types
from authz.core.diff.names import renamings
from authz.core.diff.networks import NetworkChange, network_changes
from authz.core.generation import Generation

EVERY_TENANT: Final = ""
"""In place of a tenant: all of them that have no line of their own."""


class Verdict(StrEnum):
    """What a change does to access as a whole."""

    NO_CHANGE = "no_change"
    NARROWER = "narrower"
    WIDER = "wider"
    BOTH = "both"

    @classmethod
    def of(cls, gains: bool, losses: bool) -> Verdict:
        """The verdict on a change that gives access, takes it away, or both."""
        if gains:
            return cls.BOTH if losses else cls.WIDER
        return cls.NARROWER if losses else cls.NO_CHANGE


class CellChange(NamedTuple):
    """One (tenant class, role, action) whose answer changes for some facts.

    `before`, `after`: when it is allowed, in words. `rule`: the `<set>/<file>:<line>` that brings the change about: of
    HEAD where one decides there, else (`gone`) the line of BASE that did. `tenants`: empty for all but those `spared`,
    who have lines of their own there and keep their answers, or see another change.
    """

    tenants: tuple[str, ...]
    spared: tuple[str, ...]
    role: str
    action: str
    before: str
    after: str
    gains: bool
    losses: bool
    rule: str
    gone: bool = False


class ReasonChange(NamedTuple):
    """A cell that is refused as before, but where something else would be missing."""

    tenants: tuple[str, ...]
    spared: tuple[str, ...]
    role: str
    action: str


class SetDiff(NamedTuple):
    """All that differs between two versions of one set; `added` and `removed`: there was, or is, no other version."""

    set_id: str
    cells: tuple[CellChange, ...] = ()
    reasons: tuple[ReasonChange, ...] = ()
    networks: tuple[NetworkChange, ...] = ()
    declared: tuple[Declared, ...] = ()
    added: bool = False
    removed: bool = False

    @property
    def verdict(self) -> Verdict:
        """What the change does to access under this set."""
        parts: tuple[CellChange | NetworkChange | Declared, ...] = (*self.cells, *self.networks, *self.declared)
        return Verdict.of(any(one.gains for one in parts), any(one.losses for one in parts))


def total(diffs: Iterable[SetDiff]) -> Verdict:
    """The verdict on several sets at once."""
    verdicts = {one.verdict for one in diffs}
    gains = bool(verdicts & {Verdict.WIDER, Verdict.BOTH})
    return Verdict.of(gains, bool(verdicts & {Verdict.NARROWER, Verdict.BOTH}))


def diff_sets(base: Generation | None, head: Generation | None) -> SetDiff:
    """Everything that differs; None stands for a set that is not there on that side."""
    if base is None and head is None:
        raise ValueError("a set that is on neither side")
    either = head if head is not None else base
    set_id = either.definition.id if either is not None else ""
    changed = list(_cells(base, head))
    return SetDiff(
        set_id,
        tuple(one for one in changed if isinstance(one, CellChange)),
        tuple(one for one in changed if isinstance(one, ReasonChange)),
        _networks(base, head),
        _declared(base, head),
        added=base is None,
        removed=head is None,
    )


def _declared(base: Generation | None, head: Generation | None) -> tuple[Declared, ...]:
    """Of a set that comes or goes only what touches the tenants of other sets; its cells tell the rest."""
    if base is not None and head is not None:
        return declared_changes(base, head)
    before, after = (side.definition.subject_types if side is not None else {} for side in (base, head))
    return tuple(subject_types(before, after))


def _networks(base: Generation | None, head: Generation | None) -> tuple[NetworkChange, ...]:
    """By what HEAD makes of being inside: what its cells make otherwise of the same addresses is told with the cells.

    A set that comes only lets in, one that goes only shuts out.
    """
    either = head if head is not None else base
    by_table: dict[int, Bearing] = {}

    def bearing(tenant: str) -> Bearing:
        if either is None:
            return Bearing()
        table = either.table.own.get(tenant, either.table.shared)
        if id(table) not in by_table:
            by_table[id(table)] = bearing_of_network(table)
        found = by_table[id(table)]
        return found if base is not None and head is not None else Bearing(found.helps)

    return network_changes(base.networks if base else {}, head.networks if head else {}, bearing)


def _cells(base: Generation | None, head: Generation | None) -> Iterator[CellChange | ReasonChange]:
    """Changes of the shared table, then of tenants whose own lines make theirs another change; alike ones together."""
    names = renamings(base, head).names if base is not None and head is not None else {}
    shared = dict(changes_of(_table(base), _table(head), names))
    own = sorted(_own(base).keys() | _own(head).keys())
    by_tenant = {tenant: dict(changes_of(_table(base, tenant), _table(head, tenant), names)) for tenant in own}
    keys = dict.fromkeys(key for changes in (shared, *by_tenant.values()) for key in changes)
    for role, action in keys:
        of_all = shared.get((role, action))
        groups: dict[Change, list[str]] = {}
        if of_all is not None:
            groups[of_all] = [EVERY_TENANT]
        for tenant, changes in by_tenant.items():
            change = changes.get((role, action))
            if change is not None and (of_all is None or change.alike != of_all.alike):
                groups.setdefault(change, []).append(tenant)
        spared = (
            ()
            if of_all is None
            else tuple(
                tenant
                for tenant, changes in by_tenant.items()
                if (change := changes.get((role, action))) is None or change.alike != of_all.alike
            )
        )
        for change, tenants in groups.items():
            named, apart = ((), spared) if tenants[0] == EVERY_TENANT else (tuple(tenants), ())
            if change.gains or change.losses:
                yield CellChange(named, apart, role, action, *change)
            else:
                yield ReasonChange(named, apart, role, action)


def _table(side: Generation | None, tenant: str = EVERY_TENANT) -> Table:
    if side is None:
        return {}
    return side.table.own.get(tenant, side.table.shared) if tenant else side.table.shared


def _own(side: Generation | None) -> Mapping[str, Table]:
    return {} if side is None else side.table.own

"""Whom a difference between two versions touches, and which way: one contact of one annex at a time. Pure.

It looks at what the annex says of a contact (role, network choice, ids, attributes) and the registry of its tenant, the
facts that these alone tell among them. What only a request can tell may be either way: who could gain under it is said
to gain.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from enum import StrEnum

from authz.core.assurance import EMAIL_REQUESTS, channel_refusal
from authz.core.diff.bearing import bearing_on, hangs_on, sender_in
from authz.core.diff.cells import cell_shift
from authz.core.diff.chances import Chances, Place
from authz.core.diff.declaration import Declared, Part, by_id
from authz.core.diff.declarations import reads
from authz.core.diff.duties import asked_alike, changed_duties
from authz.core.diff.meaning import meaning
from authz.core.diff.names import renamings
from authz.core.diff.networks import NetworkChange
from authz.core.diff.sets import CellChange, ReasonChange
from authz.core.directory import Directory, Tenant
from authz.core.generation import Generation
from authz.core.identity import kind_of
from authz.core.table import Cell
from authz.core.types import Channel, NetworkChoice, SubjectKey


class Way(StrEnum):
    """What becomes of somebody: more access, less, more or less as the case may be, or the same with other words."""

    GAINS = "gains"
    LOSES = "loses"
    EITHER = "either"
    OTHERWISE = "otherwise"


Difference = NetworkChange | Declared | Sequence[CellChange] | Sequence[ReasonChange]


_Concerns = Callable[[str, str], bool]
"""A row of the service table and its calendar, by their ids -> whether it is meant."""


class Reach:
    """Two versions of one set, either of which may be missing, and the people of every set."""

    def __init__(self, set_id: str, base: Generation | None, head: Generation | None, directory: Directory) -> None:
        self._set_id = set_id
        self._base = Chances(base) if base is not None else None
        self._head = Chances(head) if head is not None else None
        self._names = renamings(base, head).names if base is not None and head is not None else {}
        self._apart = _facts_apart(base, head, self._names) if base is not None and head is not None else {}
        self._shifts: dict[tuple[Cell | None, Cell | None], tuple[bool, bool]] = {}
        self._directory = directory
        # labels, clauses, guards and what else is only read touch nobody
        self._rules: Mapping[Part, Callable[[Declared, Place], Way | None]] = {
            Part.WORD: self._word, Part.ACTION: self._action, Part.CHANNEL: self._channel, Part.FACT: self._fact,
            Part.ATTRIBUTE: self._attribute, Part.SUBJECT_TYPE: self._subject_type,
            Part.RESOURCE_TYPE: self._resource_type, Part.TIME_ZONE: self._time_zone,
            Part.PHONE_REGION: self._phone_region, Part.OBLIGATION: self._obligation, Part.SERVICE: self._service,
            Part.CALENDAR: self._calendar,
        }  # fmt: skip

    def tenants(self, difference: Difference) -> Iterator[Tenant]:
        """Those whose contacts it may touch."""
        if isinstance(difference, NetworkChange):
            tenant = self._directory.tenants.get(difference.tenant)
            mine = [] if tenant is None else [tenant]
        elif isinstance(difference, Declared):
            mine = list(self._directory.tenants.values())
            if difference.part is Part.SUBJECT_TYPE:
                yield from mine
                return
        else:
            mine = list(self._directory.tenants.values())
        yield from (tenant for tenant in mine if tenant.set_id == self._set_id)

    def way(self, difference: Difference, place: Place) -> Way | None:
        """What it does to whoever stands there; None: nothing."""
        if isinstance(difference, NetworkChange):
            return self._network(difference, place)
        if isinstance(difference, Declared):
            rule = self._rules.get(difference.part)
            return rule(difference, place) if rule is not None else None
        mine = [
            one
            for one in difference
            if one.role == place.contact.role
            and (place.tenant.id in one.tenants if one.tenants else place.tenant.id not in one.spared)
        ]
        gains = losses = False
        for one in mine:
            if isinstance(one, CellChange):
                gained, lost = self._shift(place, one.action)
                gains, losses = gains or (one.gains and gained), losses or (one.losses and lost)
        told = any(isinstance(one, ReasonChange) for one in mine)
        return _way(gains, losses) or (Way.OTHERWISE if told else None)

    def _shift(self, place: Place, action: str) -> tuple[bool, bool]:
        """Whether somebody there gains, and loses, in some case by all that the two versions say of the action."""
        before, after = (side.cell(place, action) if side is not None else None for side in (self._base, self._head))
        found = self._shifts.get((before, after))
        if found is None:
            found = self._shifts[before, after] = cell_shift(before, after, self._apart)
        return found

    def _network(self, change: NetworkChange, place: Place) -> Way | None:
        """By the choice of the annex (R7): where it says `declared`, lines with `any` let nobody in."""
        comes, goes = change.any_after and not change.any_before, change.any_before and not change.any_after
        if place.annex.network is NetworkChoice.ANY:
            wider, narrower = bool(change.gained) or comes, bool(change.lost) or goes
        elif comes or goes:
            wider, narrower = bool(change.gained_declared), bool(change.lost_declared)
        else:
            wider, narrower = (bool(spans) and not change.any_after for spans in (change.gained, change.lost))
        hinders = change.bearing.hinders and any(
            bearing_on(cell, cell.network_bit).hinders
            for _, cell in (self._head.cells_of(place) if self._head is not None else ())
        )
        return _way(wider or (narrower and hinders), narrower or (wider and hinders))

    def _word(self, declared: Declared, place: Place) -> Way | None:
        loses, gains = (
            side is not None and side.may(place, side.side.words.get(declared.name))
            for side in (self._base, self._head)
        )
        return _way(gains, loses)

    def _action(self, declared: Declared, place: Place) -> Way | None:
        """Whether it needs a confirmed sender; what else differs of an action its cells tell, or touches nobody."""
        head = self._head
        cell = head.cell(place, declared.name) if head is not None else None
        if head is None or cell is None or not (declared.gains or declared.losses):
            return None
        found = sender_in(cell)
        found = found.turned if head.side.definition.actions[declared.name].high_risk else found
        return _way(found.helps, found.hinders)

    def _channel(self, declared: Declared, place: Place) -> Way | None:
        channel = Channel(declared.name)
        if channel_refusal(channel, (channel,), place.tenant.attributes.get(EMAIL_REQUESTS)) is not None:
            return None
        return self._whole(place, gains=declared.gains, losses=declared.losses)

    def _whole(self, place: Place, *, gains: bool, losses: bool) -> Way | None:
        """Of whatever opens (`gains`) or shuts (`losses`) everything that somebody may do."""
        before, after = (side is not None and side.may_anything(place) for side in (self._base, self._head))
        return _way(gains and after, losses and before)

    def _fact(self, declared: Declared, place: Place) -> Way | None:
        before = {old for old, new in self._names.items() if new == declared.name}
        return self._hangs_on(place, {declared.name, *before}) if declared.gains else None

    def _attribute(self, declared: Declared, place: Place) -> Way | None:
        if not declared.gains:
            return None
        facts = {
            fact.id
            for side in self._sides()
            for fact in side.side.definition.facts.values()
            if reads(fact, declared.name)
        }
        asked = any(
            declared.name in one.match and side.may_any(place, one.actions)
            for side in self._sides()
            for one in side.side.definition.obligations
        )
        return Way.EITHER if asked else self._hangs_on(place, facts)

    def _hangs_on(self, place: Place, facts: Collection[str]) -> Way | None:
        """What becomes of the answers to somebody there that can hang on one of the facts."""
        role, tenant = place.contact.role, place.tenant.id
        hanging = dict.fromkeys(
            action
            for side in self._sides()
            for action in side.side.definition.actions
            if (cell := side.side.table.cell(tenant, role, action)) is not None and hangs_on(cell, facts)
        )
        shifts = [self._shift(place, action) for action in hanging]
        return _way(any(gains for gains, _ in shifts), any(losses for _, losses in shifts))

    def _subject_type(self, declared: Declared, place: Place) -> Way | None:
        """Whoever stands at a tenant of this set under an id of that kind; of several sets: told from others (R2)."""
        was, now = (
            any(kind_of(key) == side.side.definition.subject_types.get(declared.name) for key in self._mine(place))
            if side is not None
            else False
            for side in (self._base, self._head)
        )
        if (was or now) and len(self._sets(place)) > 1:
            return Way.EITHER
        return self._whole(place, gains=now, losses=was)

    def _mine(self, place: Place) -> Iterator[SubjectKey]:
        """The ids of the contact under which some tenant of this set lists somebody."""
        for key in place.contact.keys:
            tenants = (self._directory.tenants.get(one) for one in self._directory.tenants_listing(key))
            if any(tenant is not None and tenant.set_id == self._set_id for tenant in tenants):
                yield key

    def _sets(self, place: Place) -> set[str]:
        listed = (one for key in place.contact.keys for one in self._directory.tenants_listing(key))
        return {tenant.set_id for one in listed if (tenant := self._directory.tenants.get(one)) is not None}

    def _resource_type(self, declared: Declared, place: Place) -> Way | None:
        return self._whole(place, gains=declared.gains, losses=declared.losses)

    def _time_zone(self, _: Declared, place: Place) -> Way | None:
        return Way.EITHER if any(side.may_anything(place) for side in self._sides()) else None

    def _phone_region(self, declared: Declared, place: Place) -> Way | None:
        return self._time_zone(declared, place) if any(kind_of(key) == "phone" for key in place.contact.keys) else None

    def _obligation(self, declared: Declared, place: Place) -> Way | None:
        base, head = self._base, self._head
        if base is None or head is None:
            return None
        was, now = (by_id(side.side.definition.obligations).get(declared.name) for side in (base, head))
        duties = changed_duties(base.side, head.side, was, now)
        gains, losses = (
            any(
                base.may(place, one.action) and head.may(place, one.action)
                and side.can_match(place, one.action, one.match, obliges=True)
                for one in demands
            )
            for side, demands in ((base, duties.gone), (head, duties.new))
        )  # fmt: skip
        touched = any(
            side.may_any(place, one.actions, one.match, obliges=True)
            for side, one in ((base, was), (head, now))
            if one is not None
        )
        if not (gains or losses) and (not touched or asked_alike(base.side, head.side, was, now)):
            return None
        return _way(gains, losses) or Way.OTHERWISE

    def _service(self, declared: Declared, place: Place) -> Way | None:
        names = {declared.name}
        if declared.name == "order":
            names = {row.id for side in self._sides() for row in side.side.definition.service}
        return self._terms(place, lambda row_id, _: row_id in names)

    def _calendar(self, declared: Declared, place: Place) -> Way | None:
        return self._terms(place, lambda _, calendar: calendar == declared.name)

    def _terms(self, place: Place, concerns: _Concerns) -> Way | None:
        """Terms are no access: whoever may be promised them is promised something else."""
        rows = ((side, row) for side in self._sides() for row in side.side.definition.service)
        promised = any(
            concerns(row.id, row.calendar) and side.may_any(place, row.actions, row.match) for side, row in rows
        )
        return Way.OTHERWISE if promised else None

    def _sides(self) -> Iterator[Chances]:
        yield from (side for side in (self._base, self._head) if side is not None)


def _facts_apart(base: Generation, head: Generation, names: Mapping[str, str]) -> Mapping[str, str]:
    """What a fact of BASE is called where its value is compared with those of HEAD: by a name of its own, unless it
    computes the same there, from attributes that are declared alike.
    """
    before, after = base.definition, head.definition
    changed = [
        name
        for name in before.attributes.keys() | after.attributes.keys()
        if before.attributes.get(name) != after.attributes.get(name)
    ]
    found = {}
    for name, fact in before.facts.items():
        other = after.facts.get(names.get(name, name))
        same = other is not None and meaning(fact) == meaning(other) and not any(reads(fact, one) for one in changed)
        found[name] = names.get(name, name) if same else f"{name} before"
    return found


def _way(gains: bool, losses: bool) -> Way | None:
    if gains:
        return Way.EITHER if losses else Way.GAINS
    return Way.LOSES if losses else None

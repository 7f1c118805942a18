"""Whom a difference between two versions touches, and which way: one contact of one annex at a time. Pure.

It looks at what the annex says of a contact (role, network choice, ids) and the registry of its tenant. What only a
request can tell, as the value of most facts, may be either way: who could gain under it is said to gain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum

from authz.core.assurance import EMAIL_REQUESTS, channel_refusal
from authz.core.diff.bearing import Bearing, bearing_on, sender_in
from authz.core.diff.chances import Place, can_match, cells_of, may, may_any, may_anything
from authz.core.diff.declaration import Declared, Part, by_id
from authz.core.diff.declarations import reads
from authz.core.diff.duties import changed_duties
from authz.core.diff.networks import NetworkChange
from authz.core.diff.sets import CellChange, ReasonChange
from authz.core.directory import Directory, Tenant
from authz.core.generation import Generation
from authz.core.identity import kind_of
from authz.core.types import Channel, NetworkChoice, SubjectKey


class Way(StrEnum):
    """What becomes of somebody: more access, less, or something that is neither alone."""

    GAINS = "gains"
    LOSES = "loses"
    OTHERWISE = "otherwise"


Difference = NetworkChange | Declared | Sequence[CellChange] | Sequence[ReasonChange]


_Concerns = Callable[[str, str], bool]
"""A row of the service table and its calendar, by their ids -> whether it is meant."""


class Reach:
    """Two versions of one set, either of which may be missing, and the people of every set."""

    def __init__(self, set_id: str, base: Generation | None, head: Generation | None, directory: Directory) -> None:
        self._set_id = set_id
        self._base = base
        self._head = head
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
        gains = any(isinstance(one, CellChange) and one.gains for one in mine)
        losses = any(isinstance(one, CellChange) and one.losses for one in mine)
        return _way(gains, losses) or (Way.OTHERWISE if mine else None)

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
            bearing_on(cell, cell.network_bit).hinders for _, cell in cells_of(self._head, place)
        )
        return _way(wider or (narrower and hinders), narrower or (wider and hinders))

    def _word(self, declared: Declared, place: Place) -> Way | None:
        was, now = (side.words.get(declared.name) if side else None for side in (self._base, self._head))
        return _way(may(self._head, place, now), may(self._base, place, was))

    def _action(self, declared: Declared, place: Place) -> Way | None:
        """Whether it needs a confirmed sender; what else differs of an action its cells tell, or touches nobody."""
        head = self._head
        cell = head.table.cell(place.tenant.id, place.contact.role, declared.name) if head is not None else None
        if head is None or cell is None or not (declared.gains or declared.losses):
            return None
        found = sender_in(cell)
        found = found.turned if head.definition.actions[declared.name].high_risk else found
        return _way(found.helps, found.hinders)

    def _channel(self, declared: Declared, place: Place) -> Way | None:
        channel = Channel(declared.name)
        if channel_refusal(channel, (channel,), place.tenant.attributes.get(EMAIL_REQUESTS)) is not None:
            return None
        return _way(
            declared.gains and may_anything(self._head, place), declared.losses and may_anything(self._base, place)
        )

    def _fact(self, declared: Declared, place: Place) -> Way | None:
        return self._hangs_on(place, {declared.name}) if declared.gains else None

    def _attribute(self, declared: Declared, place: Place) -> Way | None:
        if not declared.gains:
            return None
        facts = {
            fact.id for side in self._sides() for fact in side.definition.facts.values() if reads(fact, declared.name)
        }
        asked = any(
            declared.name in one.match and may_any(side, place, one.actions)
            for side in self._sides()
            for one in side.definition.obligations
        )
        return Way.OTHERWISE if asked else self._hangs_on(place, facts)

    def _hangs_on(self, place: Place, facts: Iterable[str]) -> Way | None:
        """Otherwise, where an answer to somebody of that role can hang on one of the facts."""
        for side in self._sides():
            for _, cell in cells_of(side, place):
                bits = (1 << at for at, fact in enumerate(cell.facts) if fact in facts)
                if any(bearing_on(cell, bit) != Bearing() for bit in bits):
                    return Way.OTHERWISE
        return None

    def _subject_type(self, declared: Declared, place: Place) -> Way | None:
        """Whoever stands at a tenant of this set under an id of that kind; of several sets: told from others (R2)."""
        was, now = (
            any(kind_of(key) == side.definition.subject_types.get(declared.name) for key in self._mine(place))
            if side is not None
            else False
            for side in (self._base, self._head)
        )
        if (was or now) and len(self._sets(place)) > 1:
            return Way.OTHERWISE
        return _way(now and may_anything(self._head, place), was and may_anything(self._base, place))

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
        return _way(
            declared.gains and may_anything(self._head, place), declared.losses and may_anything(self._base, place)
        )

    def _time_zone(self, _: Declared, place: Place) -> Way | None:
        return Way.OTHERWISE if any(may_anything(side, place) for side in self._sides()) else None

    def _phone_region(self, declared: Declared, place: Place) -> Way | None:
        return self._time_zone(declared, place) if any(kind_of(key) == "phone" for key in place.contact.keys) else None

    def _obligation(self, declared: Declared, place: Place) -> Way | None:
        base, head = self._base, self._head
        if base is None or head is None:
            return None
        was, now = (by_id(side.definition.obligations).get(declared.name) for side in (base, head))
        duties = changed_duties(base, head, was, now)
        gains, losses = (
            any(
                may(base, place, one.action) and may(head, place, one.action)
                and can_match(side, place, one.action, one.match, obliges=True)
                for one in demands
            )
            for side, demands in ((base, duties.gone), (head, duties.new))
        )  # fmt: skip
        touched = any(
            may_any(side, place, one.actions, one.match, obliges=True)
            for side, one in ((base, was), (head, now))
            if one is not None
        )
        return _way(gains, losses) or (Way.OTHERWISE if touched else None)

    def _service(self, declared: Declared, place: Place) -> Way | None:
        names = {declared.name}
        if declared.name == "order":
            names = {row.id for side in self._sides() for row in side.definition.service}
        return self._terms(place, lambda row_id, _: row_id in names)

    def _calendar(self, declared: Declared, place: Place) -> Way | None:
        return self._terms(place, lambda _, calendar: calendar == declared.name)

    def _terms(self, place: Place, concerns: _Concerns) -> Way | None:
        """Terms are no access: whoever may be promised them is promised something else."""
        rows = ((side, row) for side in self._sides() for row in side.definition.service)
        promised = any(
            concerns(row.id, row.calendar) and may_any(side, place, row.actions, row.match) for side, row in rows
        )
        return Way.OTHERWISE if promised else None

    def _sides(self) -> Iterator[Generation]:
        yield from (side for side in (self._base, self._head) if side is not None)


def _way(gains: bool, losses: bool) -> Way | None:
    if gains:
        return Way.OTHERWISE if losses else Way.GAINS
    return Way.LOSES if losses else None

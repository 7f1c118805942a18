"""A comparison in sentences: what has one cause reads as one line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from authz.cli.diff.people import People, Touched, number_of
from authz.cli.diff.places import DeclaredAt
from authz.core.conditions import NEVER
from authz.core.diff.networks import NetworkChange, addresses
from authz.core.diff.reach import Difference
from authz.core.diff.sets import CellChange, SetDiff
from authz.core.diff.wording import shortlist
from authz.core.generation import Generation


class Kind(StrEnum):
    """What a line says of access."""

    GAIN = "gain"
    LOSS = "loss"
    BOTH = "both"
    OTHER = "other"

    @classmethod
    def of(cls, gains: bool, losses: bool) -> Kind:
        """The kind of a change."""
        if gains:
            return cls.BOTH if losses else cls.GAIN
        return cls.LOSS if losses else cls.OTHER


WHOLE_SET: Final = "the set"
"""What a sentence is `about` that tells of a set that comes or goes."""


class Line(NamedTuple):
    """One sentence. `source`: `<set>/<file>:<line>` of its cause; `gone`: in BASE, and HEAD has another line there.

    `left`: where it gives at one place and takes at another, the other one as it is shown.

    `people`: whom it touches, where that is known.
    """

    kind: Kind
    set_id: str
    text: str
    source: str = ""
    people: Touched = Touched()
    about: str = ""
    gone: bool = False
    left: str = ""

    @property
    def place(self) -> str:
        """The source as it is shown, and the other one; empty where there is none."""
        return ", ".join(one for one in (shown_place(self.source, gone=self.gone), self.left) if one)


def shown_place(source: str, *, gone: bool) -> str:
    """`acme.csv:3`, or `acme.csv:3 before` for a line that only BASE has."""
    shown = source.removesuffix(":0")
    return f"{shown} before" if gone and shown else shown


def lines_of(
    diff: SetDiff, base: Generation | None, head: Generation | None, at: DeclaredAt, people: People | None = None
) -> Iterator[Line]:
    """Everything that differs, in sentences: access first."""
    if diff.added or diff.removed:
        yield Line(Kind.OTHER, diff.set_id, set_sentence(diff), about=WHOLE_SET)

    def whom(difference: Difference) -> Touched:
        return people.touched(diff.set_id, difference) if people is not None else Touched()

    names = head or base
    roles = tuple(names.definition.roles) if names is not None else ()
    actions = tuple(names.definition.actions) if names is not None else ()
    yield from _cells(diff, roles, actions, whom)
    for change in diff.networks:
        kind = Kind.of(change.gains, change.losses)
        about = f"network {change.tenant}"
        left = shown_place(change.left, gone=change.left_gone)
        yield Line(kind, diff.set_id, network_sentence(change), change.rule, whom(change), about, change.gone, left)
    for declared in diff.declared:
        kind = Kind.of(declared.gains, declared.losses)
        source = f"{diff.set_id}/set.yaml:{at(diff.set_id, declared)}"
        yield Line(kind, diff.set_id, declared.text, source, whom(declared), declared.id)
    if diff.reasons:
        spoken = sorted({f"{one.role}, {one.action}" for one in diff.reasons})
        text = f"refused as before, but another thing is said to be missing: {shortlist(spoken)}"
        yield Line(Kind.OTHER, diff.set_id, text, "", whom(diff.reasons), "reasons")


def set_sentence(diff: SetDiff) -> str:
    """That a set comes or goes, and what that does to the questions about its tenants, be they all refused."""
    answered = "are answered from now on, and were not before" if diff.added else "are no longer answered"
    named = f"the policy set {diff.set_id} is {'new' if diff.added else 'gone'}"
    return f"{named}: questions about its tenants {answered} (`no_active_policy`)"


class _Group(NamedTuple):
    tenants: tuple[str, ...]
    spared: tuple[str, ...]
    before: str
    after: str
    gains: bool
    losses: bool


def _cells(
    diff: SetDiff, roles: Iterable[str], actions: tuple[str, ...], whom: Callable[[Difference], Touched]
) -> Iterator[Line]:
    """Cells that change alike as one line: roles that share their actions stand together."""
    groups: dict[_Group, list[CellChange]] = {}
    for one in diff.cells:
        group = _Group(one.tenants, one.spared, one.before, one.after, one.gains, one.losses)
        groups.setdefault(group, []).append(one)
    order = [*roles, *(one.role for one in diff.cells)]
    for group, changes in groups.items():
        by_role: dict[str, list[str]] = {}
        for one in changes:
            by_role.setdefault(one.role, []).append(one.action)
        together: dict[tuple[str, ...], list[str]] = {}
        for role in sorted(by_role, key=order.index):
            together.setdefault(tuple(by_role[role]), []).append(role)
        for named, whose in together.items():
            mine = [one for one in changes if one.role in whose]
            source, gone = next(((one.rule, one.gone) for one in mine if one.rule), ("", False))
            text = _cell_sentence(group, whose, named, actions)
            kind = Kind.of(group.gains, group.losses)
            yield Line(kind, diff.set_id, text, source, whom(mine), f"{whose} {named}", gone)


def _cell_sentence(group: _Group, roles: list[str], named: tuple[str, ...], actions: tuple[str, ...]) -> str:
    who = f"{shortlist(roles)} of {shortlist(group.tenants) if group.tenants else 'every tenant'}"
    if group.spared:
        who += f" (but {shortlist(group.spared)}, with lines of their own)"
    what = f"all {len(actions)} actions" if len(named) == len(actions) > 1 else shortlist(named)
    if group.gains and not group.losses:
        return f"{who} may now request {what}: {group.after}; before: {group.before}"
    if group.losses and not group.gains:
        if group.after == NEVER:
            return f"{who} may no longer request {what}; before: {group.before}"
        return f"{who} may request {what} in fewer cases: {group.after}; before: {group.before}"
    return f"{who} may request {what} in other cases: {group.after}; before: {group.before}"


def network_sentence(change: NetworkChange) -> str:
    """What a tenant's changed lines do, with counts of addresses."""
    parts = []
    if change.any_after and not change.any_before:
        parts.append("is let in from any address, and without one")
    elif change.gained:
        parts.append(f"gains {_spans(change.gained)}")
    if change.any_before and not change.any_after:
        parts.append(f"is no longer let in from any address; it loses {_spans(change.lost)}" if change.lost else
                     "is no longer let in without an address")  # fmt: skip
    elif change.lost:
        parts.append(f"loses {_spans(change.lost)}")
    said = f"{change.tenant} {' and '.join(parts)}"
    if change.gained_declared:
        said += f"; where its annex says `declared`, it gains {_spans(change.gained_declared)}"
    if change.lost_declared:
        said += f"; where its annex says `declared`, it loses {_spans(change.lost_declared)}"
    if change.bearing.hinders:
        said += f"; a line denies where `network_ok` holds, there it {'opens' if change.shrinks else 'shuts'}"
    return said


def _spans(spans: tuple[object, ...]) -> str:
    four, six = addresses(spans)  # type: ignore[arg-type]
    counts = [f"{four:,} IPv4 {'address' if four == 1 else 'addresses'}"] if four else []
    if six:
        counts.append(f"{six:,} IPv6 addresses" if six < 1 << 32 else f"{_power(six)} IPv6 addresses")
    return f"{' and '.join(counts)} ({shortlist([str(one) for one in spans])})"


def _power(number: int) -> str:
    """`2^64` where it is one, else the two powers that it lies between."""
    exponent = number.bit_length() - 1
    return f"2^{exponent}" if number == 1 << exponent else f"between 2^{exponent} and 2^{exponent + 1}"


def headline(verdict: str, lines: Iterable[Line]) -> str:
    """The verdict, and in how many ways and places, in one line."""
    lines = list(lines)
    counts: Mapping[Kind, int] = {kind: sum(one.kind is kind for one in lines) for kind in Kind}
    told = [
        (counts[kind], word)
        for kind, word in ((Kind.GAIN, "wider"), (Kind.LOSS, "narrower"), (Kind.BOTH, "of both kinds"))
        if counts[kind]
    ]
    parts = [
        f"{count}{'' if at else ' change' if count == 1 else ' changes'} {'is' if count == 1 else 'are'} {word}"
        for at, (count, word) in enumerate(told)
    ]
    sets = sorted({one.set_id for one in lines if one.kind is not Kind.OTHER})
    said = f": {', '.join(parts)} in {shortlist(sets)}" if parts else ""
    said += "".join(f"; {line.text.partition(':')[0]}" for line in lines if line.about == WHOLE_SET)
    return verdict.replace("_", " ").upper() + said + _people(lines)


_TOTALS: Final = {
    "gains": ("gains", "gain"), "loses": ("loses", "lose"),
    "either": ("may gain or lose, as the request has it", "may gain or lose, as the request has it"),
    "otherwise": ("is told or promised something else", "are told or promised something else"),
}  # fmt: skip
"""What becomes of one person, and of several, by the member of `Touched`."""


def _people(lines: list[Line]) -> str:
    """`; 2 people gain, 1 person loses`; who gains by one line and loses by another is counted in both."""
    parts = []
    for way, (of_one, of_several) in _TOTALS.items():
        number = number_of(person for line in lines for person in getattr(line.people, way))
        if number:
            parts.append(f"1 person {of_one}" if number == 1 else f"{number:,} people {of_several}")
    return f"; {', '.join(parts)}" if parts else ""

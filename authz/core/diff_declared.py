"""What differs between two `set.yaml` of one set, and what that does to access. Pure.

Words, channels, risk, expressions and origins decide who is let in just as the matrix does; labels, obligations,
service terms and clauses do not, and are told all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import Any, Final, NamedTuple

from authz.core.definition import FactDef, PolicySet
from authz.core.generation import Generation

_CANNOT_TELL: Final = "its effect cannot be told from the tables"


class Part(StrEnum):
    """What kind of declaration it is; `id` of an approval is `<part>:<name>`."""

    WORD = "word"
    ACTION = "action"
    CHANNEL = "channel"
    FACT = "fact"
    ATTRIBUTE = "attribute"
    SUBJECT_TYPE = "subject_type"
    RESOURCE_TYPE = "resource_type"
    TIME_ZONE = "time_zone"
    PHONE_REGION = "phone_region"
    OBLIGATION = "obligation"
    SERVICE = "service"
    CALENDAR = "calendar"
    LABEL = "label"
    ROLE = "role"
    GUARD = "guard"
    READING = "reading"
    SOURCE = "source"
    LANGUAGES = "languages"


class Declared(NamedTuple):
    """One difference. `gains`, `losses`: whether it can give or take access; both where that cannot be told."""

    part: Part
    name: str
    text: str
    gains: bool = False
    losses: bool = False

    @property
    def id(self) -> str:
        """By what an approval names it."""
        return f"{self.part}:{self.name}"


def declared_changes(base: Generation, head: Generation) -> tuple[Declared, ...]:
    """Every difference, those that touch access first."""
    found = [
        *_words(base, head), *_actions(base, head), *_channels(base.definition, head.definition), *_facts(base, head),
        *_attributes(base, head), *_subject_types(base.definition, head.definition),
        *_resource_types(base.definition, head.definition), *_zones(base.definition, head.definition),
        *_promises(base.definition, head.definition), *_labels(base.definition, head.definition),
        *_rest(base.definition, head.definition),
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda one: (not (one.gains or one.losses), list(Part).index(one.part), one.name)))


def _can_be_allowed(side: Generation, action: str) -> bool:
    tables = [side.table.shared, *side.table.own.values()]
    return any(cell.can_allow for table in tables for (_, asked), cell in table.items() if asked == action)


def _words(base: Generation, head: Generation) -> Iterator[Declared]:
    for word in sorted(base.words.keys() | head.words.keys()):
        was, now = base.words.get(word), head.words.get(word)
        comes = was is None and word in head.definition.actions
        goes = now is None and word in base.definition.actions
        if was == now or comes or goes:
            continue  # the cells of an action that comes or goes tell it
        if was is None and now is not None:
            yield Declared(Part.WORD, word, f"`{word}` now means {now}", gains=_can_be_allowed(head, now))
        elif now is None and was is not None:
            yield Declared(Part.WORD, word, f"`{word}` no longer means {was}", losses=_can_be_allowed(base, was))
        elif was is not None and now is not None:
            text = f"`{word}` now means {now}, before: {was}"
            yield Declared(Part.WORD, word, text, _can_be_allowed(head, now), _can_be_allowed(base, was))


def _actions(base: Generation, head: Generation) -> Iterator[Declared]:
    yield from _come_and_go(Part.ACTION, base.definition.actions, head.definition.actions)
    for action in base.definition.actions.keys() & head.definition.actions.keys():
        was, now = base.definition.actions[action], head.definition.actions[action]
        if was.high_risk != now.high_risk:
            helped, hindered = _sender_decides(head, action)
            text = "now needs a confirmed sender" if now.high_risk else "no longer needs a confirmed sender"
            gains, losses = (hindered, helped) if now.high_risk else (helped, hindered)
            yield Declared(Part.ACTION, action, f"{action} {text}", gains, losses)
        if was.open_to_any_sender != now.open_to_any_sender:
            yield Declared(Part.ACTION, action, f"{action}: the reason for `open_to_any_sender` reads otherwise")
        if was.clause != now.clause:
            yield Declared(Part.ACTION, action, f"{action}: clause {now.clause}, before: {was.clause}")


def _sender_decides(side: Generation, action: str) -> tuple[bool, bool]:
    """Whether a surer sender lets somebody in, and whether it shuts somebody out.

    By mail, telephone and chat `network_ok` is the same as `sender_ok` (R5), so a cell that names it alone counts too.
    """
    helped = hindered = False
    for table in (side.table.shared, *side.table.own.values()):
        for (_, asked), cell in table.items():
            if asked != action:
                continue
            for bits in {cell.sender_bit, cell.sender_bit | cell.network_bit} - {0}:
                for mask, unsure in enumerate(cell.answers):
                    if not mask & bits:
                        sure = cell.answers[mask | bits]
                        helped = helped or (sure.allowed and not unsure.allowed)
                        hindered = hindered or (unsure.allowed and not sure.allowed)
    return helped, hindered


def _names(fact: str, side: Generation) -> bool:
    """Whether some cell that can be allowed or denied by it names the fact."""
    return any(fact in cell.facts for table in (side.table.shared, *side.table.own.values()) for cell in table.values())


def _come_and_go(part: Part, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Declared]:
    for name in sorted(before.keys() ^ after.keys()):
        yield Declared(part, name, f"the {part} {name} is {'new' if name in after else 'gone'}")


def _channels(base: PolicySet, head: PolicySet) -> Iterator[Declared]:
    for channel in sorted(set(base.channels) ^ set(head.channels)):
        opened = channel in head.channels
        text = f"requests over the channel {channel} are {'now' if opened else 'no longer'} answered"
        yield Declared(Part.CHANNEL, channel, text, gains=opened, losses=not opened)


def _expressions(fact: FactDef) -> tuple[object, ...]:
    """What a fact computes; how the text is laid out does not matter."""
    return (_plain(fact.expression), *((part.id, _plain(part.expression)) for part in fact.parts))


def _plain(expression: str) -> str:
    """An expression without the blanks between its words, as long as it holds no text in quotes and no comment.

    A comment ends where its line does: joined with the next one, it would swallow a condition.
    """
    literal = "//" in expression or '"' in expression or "'" in expression
    return expression if literal else " ".join(expression.split())


def _facts(base: Generation, head: Generation) -> Iterator[Declared]:
    before, after = base.definition.facts, head.definition.facts
    for fact in sorted(before.keys() | after.keys()):
        was, now = before.get(fact), after.get(fact)
        if was is None or now is None:
            yield Declared(Part.FACT, fact, f"the fact {fact} is {'new' if was is None else 'gone'}")
        elif _expressions(was) != _expressions(now):
            used = _names(fact, base) and _names(fact, head)
            text = f"the fact {fact} is computed otherwise; {_CANNOT_TELL if used else 'no line names it'}"
            yield Declared(Part.FACT, fact, text, used, used)
        elif was.clause != now.clause:
            yield Declared(Part.FACT, fact, f"the fact {fact}: clause {now.clause}, before: {was.clause}")


def _attributes(base: Generation, head: Generation) -> Iterator[Declared]:
    before, after = base.definition.attributes, head.definition.attributes
    for name in sorted(before.keys() | after.keys()):
        was, now = before.get(name), after.get(name)
        if was is None or now is None:
            yield Declared(Part.ATTRIBUTE, name, f"the attribute {name} is {'new' if was is None else 'gone'}")
        elif was._replace(clause="") != now._replace(clause=""):
            used = any(_reads(fact, name) and _names(fact.id, head) for fact in head.definition.facts.values())
            text = f"the attribute {name} is {now.type} of {now.origin}, before: {was.type} of {was.origin}"
            yield Declared(Part.ATTRIBUTE, name, f"{text}; {_CANNOT_TELL}" if used else text, used, used)


def _reads(fact: FactDef, attribute: str) -> bool:
    return any(attribute in text for text in (fact.expression, *(part.expression for part in fact.parts)))


def _subject_types(base: PolicySet, head: PolicySet) -> Iterator[Declared]:
    for name in sorted(base.subject_types.keys() | head.subject_types.keys()):
        was, now = base.subject_types.get(name), head.subject_types.get(name)
        if was != now:
            text = f"subjects of type {name}: {now or 'no longer known'}, before: {was or 'not known'}"
            yield Declared(Part.SUBJECT_TYPE, name, text, gains=now is not None, losses=was is not None)


def _resource_types(base: PolicySet, head: PolicySet) -> Iterator[Declared]:
    for name in sorted(base.resource_types.keys() | head.resource_types.keys()):
        was, now = base.resource_types.get(name), head.resource_types.get(name)
        if was is None or now is None:
            text = f"resources of type {name} are {'now' if was is None else 'no longer'} known"
            yield Declared(Part.RESOURCE_TYPE, name, text, gains=was is None, losses=now is None)
        elif was.tenant_free != now.tenant_free:
            text = f"resources of type {name} {'no longer belong' if now.tenant_free else 'belong'} to a tenant"
            yield Declared(Part.RESOURCE_TYPE, name, text, gains=True, losses=True)


def _zones(base: PolicySet, head: PolicySet) -> Iterator[Declared]:
    if base.time_zone != head.time_zone:
        text = f"days begin in {head.time_zone}, before: {base.time_zone}; annexes come into force at another hour"
        yield Declared(Part.TIME_ZONE, head.time_zone, text, gains=True, losses=True)
    if base.phone_region != head.phone_region:
        text = f"national telephone numbers are of {head.phone_region}, before: {base.phone_region}"
        yield Declared(Part.PHONE_REGION, head.phone_region, text, gains=True, losses=True)


def _promises(base: PolicySet, head: PolicySet) -> Iterator[Declared]:
    yield from _by_id(Part.OBLIGATION, "the obligation", _indexed(base.obligations), _indexed(head.obligations))
    yield from _by_id(Part.SERVICE, "the service terms", _indexed(base.service), _indexed(head.service))
    yield from _by_id(Part.CALENDAR, "the calendar", base.calendars, head.calendars)
    before, after = _indexed(base.service), _indexed(head.service)
    if [row for row in before if row in after] != [row for row in after if row in before]:
        yield Declared(Part.SERVICE, "order", "the rows of the service terms stand in another order")


def _indexed(rows: tuple[Any, ...]) -> dict[str, Any]:
    return {row.id: row for row in rows}


def _by_id(part: Part, what: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Declared]:
    for name in sorted(before.keys() | after.keys()):
        was, now = before.get(name), after.get(name)
        if was != now:
            how = "is new" if was is None else "is gone" if now is None else _changed_members(was, now)
            yield Declared(part, name, f"{what} {name} {how}")


def _changed_members(was: Any, now: Any) -> str:
    names = [name for name in was._fields if getattr(was, name) != getattr(now, name)]
    return "differs: " + "; ".join(f"{name} {getattr(now, name)!s}, before: {getattr(was, name)!s}" for name in names)


def _labels(base: PolicySet, head: PolicySet) -> Iterator[Declared]:
    kinds: tuple[tuple[str, Callable[[PolicySet], Mapping[str, Any]]], ...] = (
        ("role", lambda one: one.roles), ("action", lambda one: one.actions), ("fact", lambda one: one.facts),
        ("resource type", lambda one: one.resource_types),
    )  # fmt: skip
    for kind, of in kinds:
        before, after = of(base), of(head)
        for name in sorted(before.keys() & after.keys()):
            if _all_labels(before[name]) != _all_labels(after[name]):
                yield Declared(Part.LABEL, f"{kind}/{name}", f"the label of the {kind} {name} reads otherwise")


def _all_labels(declared: Any) -> list[Mapping[str, str]]:
    return [declared.label, *(part.label for part in getattr(declared, "parts", ()))]


def _clauses(part: Part, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Declared]:
    for name in sorted(before.keys() & after.keys()):
        was, now = before[name].clause, after[name].clause
        if was != now:
            yield Declared(part, name, f"the {part.replace('_', ' ')} {name}: clause {now}, before: {was}")


def _rest(base: PolicySet, head: PolicySet) -> Iterator[Declared]:
    yield from _clauses(Part.ROLE, base.roles, head.roles)
    yield from _clauses(Part.ATTRIBUTE, base.attributes, head.attributes)
    yield from _clauses(Part.RESOURCE_TYPE, base.resource_types, head.resource_types)
    if (base.title, base.source) != (head.title, head.source):
        yield Declared(Part.SOURCE, head.id, "title or source read otherwise")
    if (base.languages, base.table_language) != (head.languages, head.table_language):
        yield Declared(Part.LANGUAGES, head.id, f"languages {', '.join(head.languages)}")
    yield from _come_and_go(Part.ROLE, base.roles, head.roles)
    guards = [{guard.id: guard._replace(line=0) for guard in side.guards} for side in (base, head)]
    yield from _by_id(Part.GUARD, "the guard", *guards)
    if base.readings != head.readings:
        yield Declared(Part.READING, head.id, "the readings of the contract read otherwise")

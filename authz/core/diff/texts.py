"""What differs between two `set.yaml` of one set and lets nobody in or out: texts, terms, guards. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from authz.core.definition import PolicySet
from authz.core.diff.declaration import Declared, Part, by_id, come_and_go
from authz.core.diff.wording import Said, difference, how_changed, said


def text_changes(base: PolicySet, head: PolicySet, names: Mapping[str, str]) -> Iterator[Declared]:
    """Every difference that no answer hangs on; `names`: facts of BASE that HEAD calls otherwise, by their old name."""
    yield from _terms(base, head)
    yield from _labels(base, head, names)
    yield from _rest(base, head)


def _terms(base: PolicySet, head: PolicySet) -> Iterator[Declared]:
    before, after = by_id(base.service), by_id(head.service)
    yield from _rows(Part.SERVICE, "the service terms", before, after)
    yield from _rows(Part.CALENDAR, "the calendar", base.calendars, head.calendars)
    if [row for row in before if row in after] != [row for row in after if row in before]:
        yield Declared(Part.SERVICE, "order", "the rows of the service terms stand in another order")


def _rows(part: Part, what: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Declared]:
    for name in sorted(before.keys() | after.keys()):
        was, now = before.get(name), after.get(name)
        if was != now:
            yield Declared(part, name, f"{what} {name} {how_changed(was, now)}")


def _labels(base: PolicySet, head: PolicySet, renamed: Mapping[str, str]) -> Iterator[Declared]:
    kinds: tuple[tuple[str, Callable[[PolicySet], Mapping[str, Any]]], ...] = (
        ("role", lambda one: one.roles), ("action", lambda one: one.actions), ("fact", lambda one: one.facts),
        ("resource type", lambda one: one.resource_types),
    )  # fmt: skip
    for kind, of in kinds:
        before, after = of(base), of(head)
        names = renamed if kind == "fact" else {}
        for old, name in sorted({**{name: name for name in before.keys() & after.keys()}, **names}.items()):
            found = difference(_all_labels(before[old]), _all_labels(after[name]))
            if found:
                yield Declared(Part.LABEL, f"{kind}/{name}", f"the label of the {kind} {name} reads otherwise: {found}")


def _all_labels(declared: Any) -> Said:
    parts = {f"of part {part.id}": part.label for part in getattr(declared, "parts", ())}
    return said({**declared.label, **parts})


def _clauses(part: Part, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Declared]:
    for name in sorted(before.keys() & after.keys()):
        was, now = before[name].clause, after[name].clause
        if was != now:
            yield Declared(part, name, f"the {part.replace('_', ' ')} {name}: clause {now}, before: {was}")


def _rest(base: PolicySet, head: PolicySet) -> Iterator[Declared]:
    yield from _clauses(Part.ROLE, base.roles, head.roles)
    yield from _clauses(Part.ATTRIBUTE, base.attributes, head.attributes)
    yield from _clauses(Part.RESOURCE_TYPE, base.resource_types, head.resource_types)
    sources = [said({"title": side.title, **side.source}) for side in (base, head)]
    if sources[0] != sources[1]:
        yield Declared(Part.SOURCE, head.id, f"title or source read otherwise: {difference(*sources)}")
    if (base.languages, base.table_language) != (head.languages, head.table_language):
        text, before_it = (f"{', '.join(one.languages)}, the table in {one.table_language}" for one in (head, base))
        yield Declared(Part.LANGUAGES, head.id, f"languages {text}, before: {before_it}")
    yield from come_and_go(Part.ROLE, base.roles, head.roles)
    before, after = (by_id(guard._replace(line=0) for guard in side.guards) for side in (base, head))
    yield from _rows(Part.GUARD, "the guard", before, after)
    if base.readings != head.readings:
        was, now = (
            said({f"{one.clause} {one.question}": one.reading for one in side.readings}) for side in (base, head)
        )
        found = difference(was, now) or "another order"
        yield Declared(Part.READING, head.id, f"the readings of the contract read otherwise: {found}")

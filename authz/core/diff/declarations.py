"""What differs between two `set.yaml` of one set beside its lines, and what that does to access. Pure.

Words, channels, risk, expressions, origins and demands on the caller decide who is let in just as the matrix does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from authz.core.attributes import BUILT_IN, KNOWN
from authz.core.definition import AttributeDef, FactDef, ObligationDef, PolicySet
from authz.core.diff.bearing import bearing_of_sender, can_be_allowed, names_fact
from authz.core.diff.declaration import Declared, Part, by_id, come_and_go
from authz.core.diff.duties import asked_alike, changed_duties, properties_of
from authz.core.diff.facts import CANNOT_TELL, decides, fact_changes
from authz.core.diff.names import renamings
from authz.core.diff.texts import text_changes
from authz.core.diff.wording import how_changed, in_words, said
from authz.core.expressions import names_read
from authz.core.generation import Generation


def declared_changes(base: Generation, head: Generation) -> tuple[Declared, ...]:
    """Every difference, those that touch access first."""
    before, after = base.definition, head.definition
    found = [
        *_words(base, head), *_actions(base, head), *_channels(before, after), *fact_changes(base, head),
        *_attributes(base, head), *subject_types(before.subject_types, after.subject_types),
        *_resource_types(before, after), *_zones(before, after), *_obligations(base, head),
        *text_changes(before, after, renamings(base, head).names),
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda one: (not (one.gains or one.losses), list(Part).index(one.part), one.name)))


def _words(base: Generation, head: Generation) -> Iterator[Declared]:
    for word in sorted(base.words.keys() | head.words.keys()):
        was, now = base.words.get(word), head.words.get(word)
        comes = was is None and word in head.definition.actions
        goes = now is None and word in base.definition.actions
        if was == now or comes or goes:
            continue  # the cells of an action that comes or goes tell it
        if was is None and now is not None:
            yield Declared(Part.WORD, word, f"`{word}` now means {now}", gains=can_be_allowed(head, now))
        elif now is None and was is not None:
            yield Declared(Part.WORD, word, f"`{word}` no longer means {was}", losses=can_be_allowed(base, was))
        elif was is not None and now is not None:
            text = f"`{word}` now means {now}, before: {was}"
            yield Declared(Part.WORD, word, text, can_be_allowed(head, now), can_be_allowed(base, was))


def _actions(base: Generation, head: Generation) -> Iterator[Declared]:
    yield from come_and_go(Part.ACTION, base.definition.actions, head.definition.actions)
    for action in base.definition.actions.keys() & head.definition.actions.keys():
        was, now = base.definition.actions[action], head.definition.actions[action]
        if was.high_risk != now.high_risk:
            bearing = bearing_of_sender(head, action)
            hint = "; a line denies where `sender_ok` holds" if bearing.hinders else ""
            bearing = bearing.turned if now.high_risk else bearing
            text = "now needs a confirmed sender" if now.high_risk else "no longer needs a confirmed sender"
            yield Declared(Part.ACTION, action, f"{action} {text}{hint}", bearing.helps, bearing.hinders)
        if was.open_to_any_sender != now.open_to_any_sender:
            yield Declared(Part.ACTION, action, _opened(action, was.open_to_any_sender, now.open_to_any_sender))
        if was.clause != now.clause:
            yield Declared(Part.ACTION, action, f"{action}: clause {now.clause}, before: {was.clause}")


def _opened(action: str, was: str, now: str) -> str:
    """R7: what a line may leave out is no access by itself."""
    if was and now:
        return f"{action}: the reason for `open_to_any_sender` reads {in_words(now)}, before: {in_words(was)}"
    need = (
        "have to name `network_ok` and `sender_ok` again" if was else "need not name `network_ok` and `sender_ok` now"
    )
    return f"the lines of {action} {need} (`open_to_any_sender`{'' if was else f': {in_words(now)}'})"


def _channels(base: PolicySet, head: PolicySet) -> Iterator[Declared]:
    for channel in sorted(set(base.channels) ^ set(head.channels)):
        opened = channel in head.channels
        text = f"requests over the channel {channel} are {'now' if opened else 'no longer'} answered"
        yield Declared(Part.CHANNEL, channel, text, gains=opened, losses=not opened)


def _attributes(base: Generation, head: Generation) -> Iterator[Declared]:
    before, after = base.definition.attributes, head.definition.attributes
    for name in sorted(before.keys() | after.keys()):
        was, now = before.get(name), after.get(name)
        if was is None or now is None:
            used = name in BUILT_IN and (_decides(name, base) or _decides(name, head))
            text = f"the attribute {name} is {'new' if was is None else 'gone'}"
            if used:
                text += f"; without it the annex says what it is{_effect(base, head, name)}"
            yield Declared(Part.ATTRIBUTE, name, text, used, used)
        elif was._replace(clause="") != now._replace(clause=""):
            used = _decides(name, head)
            text = f"the attribute {name} is {_kind(now)}, before: {_kind(was)}"
            yield Declared(Part.ATTRIBUTE, name, text + (_effect(base, head, name) if used else ""), used, used)


def _kind(attribute: AttributeDef) -> str:
    said = f"{attribute.type} of {attribute.origin}"
    return f"{said}, the id of a contact (`contact_id`)" if attribute.contact_id else said


def _effect(base: Generation, head: Generation, attribute: str) -> str:
    """`; read by own_box; it decides for guest: move_box; its effect cannot be told ...`."""
    sides = (base, head)
    facts = {one.id: None for side in sides for one in side.definition.facts.values() if reads(one, attribute)}
    duties = {one.id: None for side in sides for one in side.definition.obligations if attribute in one.match}
    read_by = [*facts, *(f"the obligation {one}" for one in duties)]
    decided = decides(base, head, facts)
    return "".join(f"; {one}" for one in (f"read by {', '.join(read_by)}", decided, CANNOT_TELL) if one)


def _decides(attribute: str, side: Generation) -> bool:
    """Whether a fact that some line names reads the attribute, or an obligation hangs on it."""
    facts = (fact for fact in side.definition.facts.values() if names_fact(side, fact.id))
    return any(reads(fact, attribute) for fact in facts) or any(
        attribute in one.match for one in side.definition.obligations
    )


def reads(fact: FactDef, attribute: str) -> bool:
    """Whether the value of a fact can hang on the attribute."""
    texts = (fact.expression, *(part.expression for part in fact.parts))
    return any(names_read(text, (attribute, attribute + KNOWN)) for text in texts)


def subject_types(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Declared]:
    """Both ways, always: whom one set no longer knows can be recognised at a tenant of another alone (R2)."""
    for name in sorted(before.keys() | after.keys()):
        was, now = before.get(name), after.get(name)
        if was != now:
            before_it = f", before: by {was}" if was and now else ""
            known = f"now known by their {now}{before_it}" if now else f"no longer known (by their {was})"
            text = f"subjects of type {name} are {known}"
            text += "; whoever is listed at tenants of several sets may be recognised at others than before"
            yield Declared(Part.SUBJECT_TYPE, name, text, gains=True, losses=True)


def _resource_types(base: PolicySet, head: PolicySet) -> Iterator[Declared]:
    for name in sorted(base.resource_types.keys() | head.resource_types.keys()):
        was, now = base.resource_types.get(name), head.resource_types.get(name)
        if was is None or now is None:
            text = f"resources of type {name} are {'now' if was is None else 'no longer'} known"
            yield Declared(Part.RESOURCE_TYPE, name, text, gains=was is None, losses=now is None)
        elif was.tenant_free != now.tenant_free:
            told = "no longer belong to a tenant: where none is named, it is told from the contact"
            text = told if now.tenant_free else "now belong to a tenant: where none is named, the question is refused"
            yield Declared(
                Part.RESOURCE_TYPE, name, f"resources of type {name} {text}", now.tenant_free, not now.tenant_free
            )


def _zones(base: PolicySet, head: PolicySet) -> Iterator[Declared]:
    if base.time_zone != head.time_zone:
        text = f"days begin in {head.time_zone}, before: {base.time_zone}; annexes come into force at another hour"
        yield Declared(Part.TIME_ZONE, head.time_zone, text, gains=True, losses=True)
    if base.phone_region != head.phone_region:
        text = f"national telephone numbers are of {head.phone_region}, before: {base.phone_region}"
        yield Declared(Part.PHONE_REGION, head.phone_region, text, gains=True, losses=True)


def _obligations(base: Generation, head: Generation) -> Iterator[Declared]:
    before, after = by_id(base.definition.obligations), by_id(head.definition.obligations)
    for name in sorted(before.keys() | after.keys()):
        was, now = before.get(name), after.get(name)
        if was != now or (was is not None and said(was) != said(now)):  # to Python 1 equals `true`
            duties = changed_duties(base, head, was, now)
            same = "; together with the others it asks the same as before" if asked_alike(base, head, was, now) else ""
            text = f"the obligation {name} {how_changed(was, now)}{same or _unweighed(base, head, was, now)}"
            yield Declared(Part.OBLIGATION, name, text, gains=bool(duties.gone), losses=bool(duties.new))


def _unweighed(base: Generation, head: Generation, was: ObligationDef | None, now: ObligationDef | None) -> str:
    """Nobody here knows which sign-in is the stronger one, or what a word of a `custom` one asks for."""
    languages = {*base.definition.languages, *head.definition.languages}
    if was is None or now is None or properties_of(was, languages) == properties_of(now, languages):
        return ""
    return "; whether other properties ask for more or for less cannot be told"

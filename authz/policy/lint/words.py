"""What `set.yaml` declares and nobody uses, and words that are taken for one another (docs/findings/)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from authz.core.attributes import KNOWN
from authz.core.definition import ActionDef, Guard, ObligationDef, PolicySet, ServiceRow
from authz.core.expressions import names_in
from authz.core.network import WIDEST_IPV4_PREFIX, WIDEST_IPV6_PREFIX
from authz.core.table import BUILT_IN_FACTS
from authz.core.types import Effect
from authz.policy.finding import Finding
from authz.policy.lint.places import YamlPlaces
from authz.policy.lint.spelling import folded, near_pairs
from authz.policy.parse import ParsedSet

_SPELT: Final = ("roles", "actions", "facts", "attributes")


def word_findings(parsed: ParsedSet, yaml: YamlPlaces) -> Iterator[Finding]:
    """Everything about the words alone, and the lines that could have used them."""
    definition = parsed.definition
    yield from _unused_attributes(definition, yaml)
    used = {row.calendar for row in definition.service}
    for calendar in definition.calendars:
        if calendar not in used:
            text = f"no service row counts by the calendar `{calendar}`"
            yield Finding(yaml.file, *yaml.key("calendars", calendar), "unused-calendar", calendar, text)
    yield from _openings(parsed, yaml)
    yield from _unreachable_rows(parsed, yaml)
    yield from _idle_guards(definition, yaml)
    yield from _similar_ids(definition, yaml)
    yield from _similar_tags(definition, yaml)


def _unused_attributes(definition: PolicySet, yaml: YamlPlaces) -> Iterator[Finding]:
    facts = definition.facts.values()
    expressions = [text for fact in facts for text in (fact.expression, *(part.expression for part in fact.parts))]
    named = {name for duty in definition.obligations for name in duty.match}
    named |= {name for row in definition.service for name in row.match}
    named |= {row.lapse_from for row in definition.service}
    for name in definition.attributes:
        if name not in named and not any(names_in(text, (name, name + KNOWN)) for text in expressions):
            text = f"no fact, obligation or service row looks at `{name}`"
            yield Finding(yaml.file, *yaml.key("attributes", name), "unused-attribute", name, text)


def _openings(parsed: ParsedSet, yaml: YamlPlaces) -> Iterator[Finding]:
    for action in parsed.definition.actions.values():
        if not action.open_to_any_sender:
            continue
        place = yaml.key("actions", action.id, "open_to_any_sender")
        allows = [line for line in parsed.matrix if line.effect is Effect.ALLOW and line.action == action.id]
        if all(set(BUILT_IN_FACTS) <= set(line.facts) for line in allows):
            text = f"every allow line of `{action.id}` names {' and '.join(f'`{fact}`' for fact in BUILT_IN_FACTS)}"
            text += "; without the opening no later line could leave them out"
            yield Finding(yaml.file, *place, "unused-opening", action.id, text)
        elif action.high_risk:
            text = f"`{action.id}` is high-risk, and some allow line asks for no network or no sender"
            yield Finding(yaml.file, *place, "open-high-risk", action.id, text)


def _unreachable_rows(parsed: ParsedSet, yaml: YamlPlaces) -> Iterator[Finding]:
    """Promises and duties for actions that no line allows to anybody."""
    allowed = {line.action for line in parsed.matrix if line.effect is Effect.ALLOW}
    sections: dict[str, Sequence[ObligationDef | ServiceRow]] = {
        "obligations": parsed.definition.obligations,
        "service": parsed.definition.service,
    }
    for section, rows in sections.items():
        for at, row in enumerate(rows):
            dead = [action for action in row.actions if action not in allowed]
            for action in dead:
                text = f"no line allows anybody `{action}`, so `{row.id}` never comes with it"
                place = yaml.value(section, at, "actions", row.actions.index(action))
                yield Finding(yaml.file, *place, "unreachable-row", f"{row.id} {action}", text)


def _idle_guards(definition: PolicySet, yaml: YamlPlaces) -> Iterator[Finding]:
    for at, guard in enumerate(definition.guards):
        why = _why_idle(guard, definition.guards[:at] + definition.guards[at + 1 :], definition)
        if why:
            yield Finding(yaml.file, *yaml.value("guards", at, "id"), "idle-guard", guard.id, why)


def _why_idle(guard: Guard, others: tuple[Guard, ...], definition: PolicySet) -> str:
    if not guard.is_about_networks:
        covering = next((other for other in others if _within(guard, other, definition)), None)
        return f"all that `{guard.id}` forbids is forbidden by `{covering.id}`" if covering is not None else ""
    loose = guard.widest_ipv4 in (0, WIDEST_IPV4_PREFIX) and guard.widest_ipv6 in (0, WIDEST_IPV6_PREFIX)
    if loose and not guard.no_any:
        return f"no line can be wider than /{WIDEST_IPV4_PREFIX} (IPv4) or /{WIDEST_IPV6_PREFIX} (IPv6) anyway"
    return ""


def _within(guard: Guard, other: Guard, definition: PolicySet) -> bool:
    """Whether a guard forbids nothing that the other does not; of two alike the later one is within."""
    if other.is_about_networks or (other.tenants and not set(guard.tenants) <= set(other.tenants)):
        return False
    if not guard.tenants and other.tenants:
        return False
    cells = [(role, action) for role in definition.roles for action in definition.actions]
    ours = {cell for cell in cells if guard.forbids(*cell)}
    theirs = {cell for cell in cells if other.forbids(*cell)}
    alike = ours == theirs and set(guard.tenants) == set(other.tenants)
    return guard.line > other.line if alike else ours <= theirs


def _similar_ids(definition: PolicySet, yaml: YamlPlaces) -> Iterator[Finding]:
    words: dict[str, Iterable[str]] = {section: getattr(definition, section) for section in _SPELT}
    for section, ids in words.items():
        for first, second in near_pairs(ids):
            text = f"`{second}` and `{first}` differ in one letter; is one of them a slip?"
            yield Finding(yaml.file, *yaml.key(section, second), "similar-ids", f"{first} {second}", text)


def _similar_tags(definition: PolicySet, yaml: YamlPlaces) -> Iterator[Finding]:
    """Words of different actions that a person at a desk would not tell apart."""
    meant: dict[str, dict[str, str]] = defaultdict(dict)
    for action in definition.actions.values():
        for word in (action.id, *action.tags):
            meant[folded(word)].setdefault(action.id, word)
    for owners in meant.values():
        (first, word), *more = owners.items()
        for owner, other in more:
            text = f"`{other}` means `{owner}`, and `{word}` means `{first}`: the same but for case, accents and marks"
            place = _tag(yaml, definition.actions[owner], other)
            yield Finding(yaml.file, *place, "colliding-tags", f"{word} {other}", text)
    for first_fold, second_fold in near_pairs(meant):
        if set(meant[first_fold]) & set(meant[second_fold]):
            continue  # a variant spelling of one and the same action
        (one, tag), (two, near) = (next(iter(meant[fold].items())) for fold in (first_fold, second_fold))
        if (tag, near) == (one, two):
            continue  # told as similar ids
        text = f"`{near}` means `{two}`, and `{tag}` means `{one}`: one letter apart"
        yield Finding(yaml.file, *_tag(yaml, definition.actions[two], near), "similar-tags", f"{tag} {near}", text)


def _tag(yaml: YamlPlaces, action: ActionDef, word: str) -> tuple[int, int]:
    if word == action.id:
        return yaml.key("actions", action.id)
    return yaml.value("actions", action.id, "tags", action.tags.index(word))

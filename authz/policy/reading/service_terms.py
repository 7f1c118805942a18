"""Reading service rows and obligations of `set.yaml` (docs/policy-format.md)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

from authz.core.attributes import BUILT_IN
from authz.core.definition import AttributeDef, AttributeType, ObligationDef, ServiceRow, Term
from authz.core.types import Channel
from authz.policy.reading.fields import Fields, Source, near_miss
from authz.policy.reading.yaml_nodes import Mapping as MappingNode
from authz.policy.reading.yaml_nodes import Node, Scalar, Sequence, plain_value

OBLIGATION_TYPES: Final = ("custom", "step-up", "notification", "session_termination")
_TERM: Final = re.compile(r"([1-9][0-9]{0,4}) working (minute|hour|day)s?")
_LONGEST: Final = {"minute": 60_000, "hour": 1_000, "day": 1_000}
IMMEDIATELY: Final = "immediately"
_CLASS: Final = re.compile(r"[a-z0-9][a-z0-9_.-]*")
_MATCHABLE: Final = {AttributeType.STRING: "text", AttributeType.BOOL: "bool", AttributeType.INT: "int"}
_MATCH_WORDS: Final = {"text": "a text", "bool": "true or false", "int": "a whole number"}


class Vocabulary(NamedTuple):
    """What rows may speak of: the set's actions and attributes, and for a built-in name the words that it can be."""

    actions: Collection[str]
    attributes: Mapping[str, AttributeDef]
    words: Mapping[str, Collection[str]]


def match(source: Source, node: Node | None, known: Vocabulary) -> dict[str, tuple[object, ...]]:
    """Attribute -> values, any of which applies; only texts, true/false and whole numbers can be matched."""
    types = {name: declared.type for name, declared in known.attributes.items()}
    types.update({name: kind for name, kind in BUILT_IN.items() if kind is AttributeType.STRING})
    found: dict[str, tuple[object, ...]] = {}
    for key, value in source.entries(node):
        kind = types.get(key.text)
        if kind is None:
            source.refuse(key, f"unknown attribute `{key.text}`{near_miss(key.text, types)}")
            continue
        if kind not in _MATCHABLE:
            source.refuse(key, f"`{key.text}` is of type {kind}; only string, bool and int can be matched")
            continue
        items = value.items if isinstance(value, Sequence) else (value,)
        if not items:
            source.refuse(value, "an empty list matches nothing")
        for item in items:
            if not isinstance(item, Scalar) or item.kind != _MATCHABLE[kind]:
                source.refuse(item, f"expected {_MATCH_WORDS[_MATCHABLE[kind]]}")
            elif (words := known.words.get(key.text)) and key.text not in known.attributes:
                source.word(item, words, f"value of `{key.text}`")
        found[key.text] = tuple(plain_value(item) for item in items)
    return found


def service_rows(
    source: Source, node: Node | None, known: Vocabulary, known_calendars: Collection[str]
) -> tuple[ServiceRow, ...]:
    """The service table in the order of the file."""
    rows: list[ServiceRow] = []
    sound: list[ServiceRow] = []
    for item in source.items(node):
        before = len(source.problems)
        row = _service_row(source, item, known, known_calendars)
        if row.id and row.id in {other.id for other in rows}:
            source.refuse(item, f"a service row `{row.id}` is already given")
        rows.append(row)
        if len(source.problems) == before:
            covering = next((other.id for other in sound if _covers(other, row, known.actions)), "")
            if covering:
                source.refuse(item, f"can never be reached: the row `{covering}` above fits whatever this one fits")
            sound.append(row)
    return tuple(rows)


def _covers(earlier: ServiceRow, later: ServiceRow, actions: Collection[str]) -> bool:
    """Whether every request that fits `later` fits `earlier`, which stands above it."""
    return set(later.actions or actions) <= set(earlier.actions or actions) and all(
        name in later.match and all(value in values for value in later.match[name])
        for name, values in earlier.match.items()
    )


def _service_row(source: Source, node: Node, known: Vocabulary, known_calendars: Collection[str]) -> ServiceRow:
    optional = (
        "actions",
        "match",
        "support_level",
        "reaction",
        "completion",
        "best_effort",
        "deferred_channels",
        "lapse",
    )
    fields = source.fields(node, ("id", "class", "calendar", "clause"), optional)
    service_class = source.text(fields["class"])
    if (at := fields["class"]) is not None and service_class and not _CLASS.fullmatch(service_class):
        source.refuse(at, f"`{service_class}` is not a plain word")
    deferred = source.words(fields["deferred_channels"], tuple(Channel), "channel")
    lapse, lapse_from, lapse_to = _lapse(source, fields["lapse"], known.attributes)
    return ServiceRow(
        _own_id(source, fields),
        _some_actions(source, fields["actions"], known.actions),
        match(source, fields["match"], known),
        service_class,
        source.text(fields["support_level"]),
        source.word(fields["calendar"], known_calendars, "calendar"),
        _term(source, fields["reaction"]),
        _term(source, fields["completion"]),
        source.flag(fields["best_effort"]),
        source.text(fields["clause"]),
        tuple(Channel(channel) for channel in deferred),
        lapse,
        lapse_from,
        lapse_to,
    )


def _some_actions(source: Source, node: Node | None, actions: Collection[str]) -> tuple[str, ...]:
    """`actions`, where absent means all; an empty list would say the opposite of what it means."""
    if isinstance(node, Sequence) and not node.items:
        source.refuse(node, "an empty list names no action; leave `actions` out for every action")
    return source.words(node, actions, "action")


def _lapse(source: Source, node: Node | None, attributes: Mapping[str, AttributeDef]) -> tuple[Term | None, str, str]:
    if node is None:
        return None, "", ""
    fields = source.fields(node, ("after", "from", "to"))
    times = {name for name, declared in attributes.items() if declared.type is AttributeType.TIME}
    return (
        _term(source, fields["after"]),
        source.word(fields["from"], times, "attribute of type time"),
        source.text(fields["to"]),
    )


def _term(source: Source, node: Node | None) -> Term | None:
    text = source.text(node)
    if node is None or not text:
        return None
    if text == IMMEDIATELY:
        return Term(0, "minutes")
    found = _TERM.fullmatch(text)
    if found is None:
        source.refuse(node, f"`{text}` is no term; write `1 working hour`, `30 working minutes` or `2 working days`")
        return None
    amount, unit = int(found[1]), found[2]
    if amount > _LONGEST[unit]:
        source.refuse(node, f"`{text}` is longer than {_LONGEST[unit]} working {unit}s")
        return None
    if unit == "day":
        return Term(amount, "days")
    return Term(amount * 60 if unit == "hour" else amount, "minutes")


def obligation_rows(
    source: Source, node: Node | None, known: Vocabulary, languages: Collection[str]
) -> tuple[ObligationDef, ...]:
    """The obligations in the order of the file."""
    rows: list[ObligationDef] = []
    for item in source.items(node):
        fields = source.fields(item, ("id", "type", "actions", "properties", "clause"), ("match",))
        row = ObligationDef(
            _own_id(source, fields),
            source.word(fields["type"], OBLIGATION_TYPES, "type of obligation"),
            _some_actions(source, fields["actions"], known.actions),
            match(source, fields["match"], known),
            _properties(source, fields["properties"], languages),
            source.text(fields["clause"]),
        )
        if row.id and row.id in {other.id for other in rows}:
            source.refuse(item, f"an obligation `{row.id}` is already given")
        rows.append(row)
    return tuple(rows)


def _own_id(source: Source, fields: Fields) -> str:
    node = fields["id"]
    if not isinstance(node, Scalar):
        source.text(node)
        return ""
    return source.id(node) if source.text(node) else ""


def _properties(source: Source, node: Node | None, languages: Collection[str]) -> dict[str, object]:
    """Plain JSON values; `text`, where given per language, must speak all of the set's languages."""
    properties: dict[str, object] = {}
    for key, value in source.entries(node):
        _only_json(source, value)
        properties[key.text] = plain_value(value)
        if key.text == "text" and isinstance(value, MappingNode):
            present = {entry.key.text for entry in value.entries}
            for language in languages:
                if language not in present:
                    source.refuse(value, f"the text in language `{language}` is missing")
    return properties


def _only_json(source: Source, node: Node) -> None:
    if isinstance(node, Scalar):
        if node.kind in ("date", "other"):
            source.refuse(node, f"`{node.text}` is not a text to every YAML reader; write it in quotes")
        return
    for child in node.items if isinstance(node, Sequence) else (entry.value for entry in node.entries):
        _only_json(source, child)

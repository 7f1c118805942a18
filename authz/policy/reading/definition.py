"""Reading `set.yaml` into `core.definition.PolicySet` (docs/policy-format.md); every problem has its place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from authz.core.definition import (
    ActionDef,
    PolicySet,
    Reading,
    ResourceTypeDef,
    RoleDef,
)
from authz.core.identity import BUILT_IN_SUBJECT_TYPES, SUBJECT_KINDS
from authz.core.types import Assurance, Channel
from authz.errors import Problem
from authz.policy.finding import Acceptance
from authz.policy.reading.accepted import read_accepted
from authz.policy.reading.calendars import calendars, time_zone
from authz.policy.reading.fields import Source
from authz.policy.reading.guards import read_guards
from authz.policy.reading.labels import LabelReader
from authz.policy.reading.service_terms import Vocabulary, obligation_rows, service_rows
from authz.policy.reading.words import read_attributes, read_facts
from authz.policy.reading.yaml_nodes import Mapping as MappingNode
from authz.policy.reading.yaml_nodes import Node, Scalar

_REQUIRED: Final = ("title", "source", "languages", "time_zone", "phone_region", "roles", "actions")
_OPTIONAL: Final = (
    "table_language",
    "channels",
    "subject_types",
    "resource_types",
    "attributes",
    "facts",
    "obligations",
    "calendars",
    "service",
    "guards",
    "readings",
    "accepted",
)
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}")
_REGION: Final = re.compile(r"[A-Z]{2}")
_SUBJECT_TYPE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")
TENANT_TYPE: Final = "tenant"


class ReadDefinition(NamedTuple):
    """`definition` as read (usable only if no problem was noted), where facts are declared, and accepted findings."""

    definition: PolicySet
    fact_places: Mapping[str, tuple[int, int]]
    accepted: tuple[Acceptance, ...]


def read_definition(file: str, set_id: str, root: MappingNode, problems: list[Problem]) -> ReadDefinition:
    """Everything that `set.yaml` says; `problems` receives what is wrong with it."""
    source = Source(file, problems)
    fields = source.fields(root, _REQUIRED, _OPTIONAL)
    languages = source.distinct(fields["languages"], lambda node: _language(source, node))
    if (node := fields["languages"]) is not None and not languages:
        source.refuse(node, "at least one language is needed")
    labels = LabelReader(source, languages)
    attributes = read_attributes(source, fields["attributes"])
    roles = {
        source.id(key): RoleDef(key.text, *labels.with_clause(value)) for key, value in source.entries(fields["roles"])
    }
    actions = _actions(source, fields["actions"], labels)
    for name, words in (("roles", roles), ("actions", actions)):
        if (node := fields[name]) is not None and not words:
            source.refuse(node, f"`{name}` is empty")
    facts = read_facts(source, fields["facts"], labels, attributes)
    zone = time_zone(source, fields["time_zone"])
    known_calendars = calendars(source, fields["calendars"], zone)
    channels = source.words(fields["channels"], tuple(Channel), "channel")
    if (node := fields["channels"]) is not None and not channels:
        source.refuse(node, "at least one channel is needed")
    subject_types = _subject_types(source, fields["subject_types"])
    resource_types = _resource_types(source, fields["resource_types"], labels)
    known = Vocabulary(
        actions,
        attributes,
        {
            "subject.role": roles,
            "subject.type": (*BUILT_IN_SUBJECT_TYPES, *subject_types),
            "resource.type": (TENANT_TYPE, *resource_types),
            "action.name": actions,
            "channel": tuple(Channel),
            "assurance": tuple(Assurance),
        },
    )
    definition = PolicySet(
        id=set_id,
        title=labels.read(fields["title"]),
        languages=languages,
        time_zone=zone,
        phone_region=_region(source, fields["phone_region"]),
        roles=roles,
        actions=actions,
        attributes=attributes,
        facts=facts,
        channels=tuple(channel for channel in Channel if not channels or channel in channels),
        subject_types=subject_types,
        resource_types=resource_types,
        obligations=obligation_rows(source, fields["obligations"], known, languages),
        calendars=known_calendars,
        service=service_rows(source, fields["service"], known, known_calendars),
        guards=read_guards(source, fields["guards"], labels, roles, actions),
        readings=tuple(_reading(source, node) for node in source.items(fields["readings"])),
        source={key.text: source.text(value, multiline=True) for key, value in source.entries(fields["source"])},
        table_language=source.word(fields["table_language"], languages, "language of this set")
        or next(iter(languages), ""),
    )
    places = {entry.key.text: (entry.key.line, entry.key.column) for entry in source.entries(fields["facts"])}
    return ReadDefinition(definition, places, read_accepted(source, fields["accepted"]))


def _language(source: Source, node: Node) -> str:
    language = source.text(node)
    if language and not _LANGUAGE.fullmatch(language):
        source.refuse(node, f"`{language}` is not a language code: two or three lower-case letters")
        return ""
    return language


def _region(source: Source, node: Node | None) -> str:
    region = source.text(node)
    if node is None or not region:
        return ""
    from phonenumbers import SUPPORTED_REGIONS  # noqa: PLC0415 - slow to import

    if not _REGION.fullmatch(region) or region not in SUPPORTED_REGIONS:
        source.refuse(node, f"unknown country `{region}`; write its two capital letters")
        return ""
    return region


def _actions(source: Source, node: Node | None, labels: LabelReader) -> dict[str, ActionDef]:
    actions: dict[str, ActionDef] = {}
    meant: dict[str, str] = {}
    ids = {entry.key.text for entry in source.entries(node)}
    for key, value in source.entries(node):
        action = source.id(key)
        fields = source.fields(value, ("label", "clause"), ("tags", "high_risk", "open_to_any_sender"))
        tags = source.distinct(fields["tags"], source.text)
        for item in source.items(fields["tags"]):
            tag = item.text if isinstance(item, Scalar) else ""
            if tag in ids and tag != action:
                source.refuse(item, f"tag `{tag}` is the id of another action")
            elif meant.setdefault(tag, action) != action:
                source.refuse(item, f"tag `{tag}` already means `{meant[tag]}`")
        actions[action] = ActionDef(
            action,
            labels.read(fields["label"]),
            source.text(fields["clause"]),
            tags,
            source.flag(fields["high_risk"]),
            source.text(fields["open_to_any_sender"], multiline=True),
        )
    return actions


def _subject_types(source: Source, node: Node | None) -> dict[str, str]:
    types: dict[str, str] = {}
    for key, value in source.entries(node):
        if key.text in BUILT_IN_SUBJECT_TYPES:
            source.refuse(key, f"`{key.text}` is built in and cannot be declared")
        elif not _SUBJECT_TYPE.fullmatch(key.text):
            source.refuse(key, f"`{key.text}` is not a subject type")
        types[key.text] = source.word(value, SUBJECT_KINDS, "kind of id")
    return types


def _resource_types(source: Source, node: Node | None, labels: LabelReader) -> dict[str, ResourceTypeDef]:
    types: dict[str, ResourceTypeDef] = {}
    for key, value in source.entries(node):
        if key.text == TENANT_TYPE:
            source.refuse(key, f"`{key.text}` is built in and cannot be declared")
        fields = source.fields(value, ("label", "clause"), ("tenant_free",))
        types[key.text] = ResourceTypeDef(
            source.id(key),
            labels.read(fields["label"]),
            source.text(fields["clause"]),
            source.flag(fields["tenant_free"]),
        )
    return types


def _reading(source: Source, node: Node) -> Reading:
    fields = source.fields(node, ("clause", "question", "reading"))
    return Reading(
        source.text(fields["clause"]),
        source.text(fields["question"], multiline=True),
        source.text(fields["reading"], multiline=True),
    )

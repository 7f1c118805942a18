"""On which line of HEAD's `set.yaml` a declaration stands that differs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

from authz.core.diff.declaration import Declared, Part
from authz.policy.bundle import SET_FILE, Bundle
from authz.policy.lint.places import YamlPlaces

DeclaredAt = Callable[[str, Declared], int]
"""Set and declaration -> the line, 0 where it does not stand in HEAD."""

_BY_NAME: Final = {
    Part.ACTION: "actions", Part.FACT: "facts", Part.ATTRIBUTE: "attributes", Part.SUBJECT_TYPE: "subject_types",
    Part.RESOURCE_TYPE: "resource_types", Part.CALENDAR: "calendars", Part.ROLE: "roles",
}  # fmt: skip
_BY_ID: Final = {Part.OBLIGATION: "obligations", Part.SERVICE: "service", Part.GUARD: "guards"}
_ALONE: Final = {
    Part.CHANNEL: "channels", Part.TIME_ZONE: "time_zone", Part.PHONE_REGION: "phone_region",
    Part.READING: "readings", Part.SOURCE: "source", Part.LANGUAGES: "languages",
}  # fmt: skip
_LABELLED: Final = {
    "role": "roles", "action": "actions", "fact": "facts", "resource type": "resource_types",
}  # fmt: skip


def declared_at(bundles: Mapping[str, Bundle]) -> DeclaredAt:
    """For the sets of HEAD."""

    @cache
    def places(set_id: str) -> YamlPlaces | None:
        bundle = bundles.get(set_id)
        return YamlPlaces(bundle, SET_FILE) if bundle is not None else None

    def line(set_id: str, declared: Declared) -> int:
        yaml = places(set_id)
        return _line(yaml, declared) if yaml is not None else 0

    return line


def _line(yaml: YamlPlaces, declared: Declared) -> int:
    part, name = declared.part, declared.name
    if part is Part.WORD:
        return _tag(yaml, name)
    if part is Part.LABEL:
        kind, _, name = name.partition("/")
        return yaml.key(_LABELLED.get(kind, ""), name)[0]
    if part in _BY_ID:
        return _with_id(yaml, _BY_ID[part], name)
    return yaml.key(*((_BY_NAME[part], name) if part in _BY_NAME else (_ALONE[part],)))[0]


def _with_id(yaml: YamlPlaces, member: str, wanted: str) -> int:
    at = 0
    while (found := yaml.node(member, at)) is not None:
        stated = yaml.scalar(member, at, "id")
        if stated is not None and stated.text == wanted:
            return found.line
        at += 1
    return 0


def _tag(yaml: YamlPlaces, word: str) -> int:
    """A word is an action's id, or one of its tags, whatever its letters."""
    actions = yaml.node("actions")
    for entry in getattr(actions, "entries", ()):
        if entry.key.text == word:
            return int(entry.key.line)
        at = 0
        while (tag := yaml.scalar("actions", entry.key.text, "tags", at)) is not None:
            if tag.text.casefold() == word.casefold():
                return tag.line
            at += 1
    return 0

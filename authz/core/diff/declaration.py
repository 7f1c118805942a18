"""One difference between the declarations of two versions of a set. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any, NamedTuple


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


def come_and_go(part: Part, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Declared]:
    """What only one version has."""
    for name in sorted(before.keys() ^ after.keys()):
        yield Declared(part, name, f"the {part} {name} is {'new' if name in after else 'gone'}")


def by_id(rows: Iterable[Any]) -> dict[str, Any]:
    """Rows that have an `id`, by it."""
    return {row.id: row for row in rows}

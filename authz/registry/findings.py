"""What a check of plain values finds: texts at paths. Places in the file are looked up only for what was found."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import NamedTuple

Path = tuple[object, ...]
"""Keys and list positions from the checked value inward."""


class Finding(NamedTuple):
    """One problem of one value; `of_key`: its key is what is wrong."""

    path: Path
    text: str
    of_key: bool = False


class Findings:
    """Collects problems, and reads members of mappings on the way: every reader notes its problem and goes on."""

    def __init__(self) -> None:
        self.found: list[Finding] = []

    def add(self, path: Path, text: str, *, of_key: bool = False) -> None:
        """Note a problem."""
        self.found.append(Finding(path, "".join(map(_visible, text)), of_key))

    def mapping(
        self, path: Path, value: object, members: Collection[str], required: Collection[str]
    ) -> dict[str, object]:
        """The mapping with its known members only, `null` ones left out; notes unknown and missing ones."""
        if not isinstance(value, dict):
            self.add(path, f"expected a mapping with {_list(required or members)}, found {in_words(value)}")
            return {}
        for key in value:
            if key not in members:
                self.add((*path, key), f"unknown member `{key}`{hint(key, members)}", of_key=True)
            elif value[key] is None:
                self.add((*path, key), f"`{key}` is empty; leave it out or give it a value")
        for name in required:
            if name not in value:
                self.add(path, f"`{name}` is missing")
        return {key: member for key, member in value.items() if key in members and member is not None}

    def sequence(self, path: Path, value: object) -> list[object]:
        """The list, or an empty one with a note."""
        if isinstance(value, list):
            return value
        if value is not None:
            self.add(path, f"expected a list, found {in_words(value)}")
        return []

    def text(self, path: Path, value: object, longest: int) -> str:
        """A printable text of 1 to `longest` characters, or "" with a note; None is "" without a note."""
        if value is None:
            return ""
        if not isinstance(value, str):
            self.add(path, f"expected text, found {in_words(value)}; put it in quotes")
        elif not value.strip() or value != value.strip():
            self.add(path, "is empty or has a space at its beginning or end")
        elif len(value) > longest:
            self.add(path, f"longer than {longest} characters")
        elif not value.isprintable():
            self.add(path, "holds a character that cannot be seen")
        else:
            return value
        return ""


def in_words(value: object) -> str:
    """The kind of a value as people call it; never the value itself."""
    return _KINDS.get(type(value), "a date")


def hint(word: object, known: Collection[str]) -> str:
    """`; did you mean `x`?`, or nothing when nothing is near."""
    near = get_close_matches(word, list(known), n=1) if isinstance(word, str) else []
    return f"; did you mean `{near[0]}`?" if near else ""


_KINDS: Mapping[type, str] = {
    type(None): "nothing",
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "a mapping",
}


def _visible(character: str) -> str:
    """What a terminal or a log must not act on is spelt out."""
    return character if character.isprintable() else character.encode("unicode_escape").decode()


def _list(names: Collection[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)

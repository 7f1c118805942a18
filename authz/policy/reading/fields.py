"""Taking checked values out of YAML nodes: each reader notes its problem with the place and goes on with a blank."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Final, TypeVar

from authz.errors import Problem
from authz.policy.reading.yaml_nodes import Entry, Mapping, Node, Scalar, Sequence, as_date

CODE: Final = "words"
ID: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_LONGEST_TEXT: Final = 10_000
_MOST_NAMED: Final = 6
_T = TypeVar("_T")


def near_miss(word: str, known: Iterable[str]) -> str:
    """`; did you mean ...?` for the known word closest to `word`, or nothing."""
    close = difflib.get_close_matches(word.lower(), sorted(known), n=1, cutoff=0.6)
    return f"; did you mean `{close[0]}`?" if close else ""


class Source:
    """One file being read, and the list that its problems go to."""

    def __init__(self, file: str, problems: list[Problem]) -> None:
        self.file = file
        self.problems = problems

    def refuse(self, at: Node | tuple[int, int], text: str, code: str = CODE) -> None:
        """Note a problem at a node or at (line, column)."""
        line, column = (at.line, at.column) if isinstance(at, (Scalar, Sequence, Mapping)) else at
        self.problems.append(Problem(self.file, line, column, text, code))

    def mapping(self, node: Node | None) -> Mapping | None:
        """The node as a mapping."""
        if node is None or isinstance(node, Mapping):
            return node
        self.refuse(node, "expected a mapping of names to values")
        return None

    def entries(self, node: Node | None) -> tuple[Entry, ...]:
        """The entries of a mapping; none where there is no node."""
        found = self.mapping(node)
        return found.entries if found is not None else ()

    def items(self, node: Node | None) -> tuple[Node, ...]:
        """The items of a list; none where there is no node."""
        if node is None:
            return ()
        if isinstance(node, Sequence):
            return node.items
        self.refuse(node, "expected a list")
        return ()

    def text(self, node: Node | None, *, multiline: bool = False) -> str:
        """A text that is not empty, without blanks around it; without line breaks unless `multiline`."""
        if node is None:
            return ""
        if not isinstance(node, Scalar) or node.kind == "null":
            self.refuse(node, "expected a text")
        elif node.kind != "text":
            self.refuse(node, f"`{node.text}` is not a text to every YAML reader; write it in quotes")
        else:
            text = node.text.removesuffix("\n") if multiline else node.text
            wrong = _wrong_with(text, multiline)
            if not wrong:
                return text
            self.refuse(node, wrong)
        return ""

    def flag(self, node: Node | None) -> bool:
        """`true` or `false`; false where there is no node."""
        if node is None:
            return False
        if isinstance(node, Scalar) and node.kind == "bool":
            return node.text == "true"
        self.refuse(node, "expected true or false")
        return False

    def whole(self, node: Node | None, least: int, most: int) -> int:
        """A whole number from `least` to `most`; 0 where there is no node."""
        if node is None:
            return 0
        if isinstance(node, Scalar) and node.kind == "int" and least <= int(node.text) <= most:
            return int(node.text)
        self.refuse(node, f"expected a whole number from {least} to {most}")
        return 0

    def date(self, node: Node | None) -> dt.date | None:
        """A day, YYYY-MM-DD."""
        if node is None:
            return None
        day = as_date(node.text) if isinstance(node, Scalar) and node.kind in ("date", "text") else None
        if day is None:
            self.refuse(node, "expected a day, YYYY-MM-DD")
        return day

    def id(self, key: Scalar) -> str:
        """The word as an id, checked for its form."""
        if not ID.fullmatch(key.text):
            self.refuse(key, f"`{key.text}` is not an id: lower-case letters, digits, `_` and `-` only")
        return key.text

    def word(self, node: Node | None, known: Collection[str], what: str) -> str:
        """A word out of a closed vocabulary, "" where it is none of them."""
        word = self.text(node)
        if node is None or not word or word in known:
            return word
        self.refuse(node, f"unknown {what} `{word}`{near_miss(word, known) or _one_of(known)}")
        return ""

    def words(self, node: Node | None, known: Collection[str], what: str) -> tuple[str, ...]:
        """A list of different words out of a closed vocabulary."""
        return self.distinct(node, lambda item: self.word(item, known, what))

    def distinct(self, node: Node | None, read: Callable[[Node], _T]) -> tuple[_T, ...]:
        """A list of different values, each read by `read`; blank ones (a problem is noted) are left out."""
        found: list[_T] = []
        for item in self.items(node):
            value = read(item)
            if value in found:
                self.refuse(item, f"`{value}` is given twice")
            elif value:
                found.append(value)
        return tuple(found)

    def fields(self, node: Node | None, required: Iterable[str], optional: Iterable[str] = ()) -> Fields:
        """The node as a mapping with known keys; unknown and missing ones are problems."""
        return Fields(self, self.mapping(node), tuple(required), tuple(optional))


def _one_of(known: Collection[str]) -> str:
    if not 0 < len(known) <= _MOST_NAMED:
        return ""
    return f"; one of {', '.join(f'`{word}`' for word in known)}"


def _wrong_with(text: str, multiline: bool) -> str:
    if not text.strip():
        return "the text is empty"
    if text != text.strip():
        return "blank at the start or end of the text"
    if "\n" in text and not multiline:
        return "the text must stand in one line"
    return "the text is too long" if len(text) > _LONGEST_TEXT else ""


class Fields:
    """One mapping whose keys are known; `fields["key"]` is the value's node, None where it is absent."""

    def __init__(
        self, source: Source, node: Mapping | None, required: tuple[str, ...], optional: tuple[str, ...]
    ) -> None:
        self.node = node
        self._values: dict[str, Node] = {}
        if node is None:
            return
        known = (*required, *optional)
        for key, value in node.entries:
            if key.text in known:
                self._values[key.text] = value
            else:
                source.refuse(key, f"`{key.text}` is not known here{near_miss(key.text, known)}")
        for name in required:
            if name not in self._values:
                source.refuse(node, f"`{name}` is missing")

    def __getitem__(self, key: str) -> Node | None:
        return self._values.get(key)

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

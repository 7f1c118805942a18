"""Policy YAML as nodes: the package's strict reader (`placed_yaml`), and stricter about what counts as a text.

A plain scalar is a text only if every YAML reader takes it for one: `no`, `3.10` or `2026-01-01` must be quoted where
a text is meant, so that no other tool reads the file differently. Keys are texts.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Final, NamedTuple, TypeAlias

import yaml

from authz.errors import InvalidFile, Problem
from authz.placed_yaml import Placed, PlacedList, PlacedMap, PlacedScalar, read_placed
from authz.policy.reading.characters import conflict_marker, read_text

CODE: Final = "yaml"
_DEEPEST: Final = 24
_MOST_NODES: Final = 400_000
_MOST_BYTES: Final = 16 * 1024 * 1024
_TEXT_TAG: Final = "tag:yaml.org,2002:str"
_DECIMAL: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ESCAPE_LENGTHS: Final = {"x": 4, "u": 6, "U": 10}
_ANY_READER: Final = yaml.resolver.Resolver()


class Scalar(NamedTuple):
    """One scalar. `kind`: `text`, `null`, `bool`, `int`, `date` or `other` (a float, YAML 1.1's `yes`, ...).

    `source` is the file's text from the scalar's beginning in its first line and the whole lines after it.
    """

    text: str
    kind: str
    line: int
    column: int
    source: tuple[str, ...] = ()

    def place_of(self, offset: int) -> tuple[int, int]:
        """Line and column in the file of the character `offset` (from 1) of the text; of the scalar where unclear."""
        at = max(offset, 1) - 1
        first = self.source[0] if self.source else ""
        if first[:1] in ("'", '"'):
            return self.line, self.column + _quoted_width(first, at)
        if first[:1] == "|":
            before = self.text[:at]
            row = 1 + before.count("\n")
            line = self.source[row] if row < len(self.source) else ""
            return self.line + row, len(line) - len(line.lstrip(" ")) + at - (before.rfind("\n") + 1) + 1
        return self.line, self.column + (at if first.startswith(self.text) else 0)


def _quoted_width(source: str, at: int) -> int:
    """How far into the quoted source the character `at` of its value begins."""
    quote = source[0]
    position = 1
    for _ in range(at):
        if source[position : position + 1] in ("", quote) and source[position : position + 2] != "''":
            break
        if quote == "'" and source.startswith("''", position):
            position += 2
        elif quote == '"' and source[position] == "\\":
            position += _ESCAPE_LENGTHS.get(source[position + 1 : position + 2], 2)
        else:
            position += 1
    return position


class Sequence(NamedTuple):
    """A list."""

    items: tuple[Node, ...]
    line: int
    column: int


class Entry(NamedTuple):
    """One entry of a mapping."""

    key: Scalar
    value: Node


class Mapping(NamedTuple):
    """A mapping; keys are texts, each once, in the order of the file."""

    entries: tuple[Entry, ...]
    line: int
    column: int


Node: TypeAlias = Scalar | Sequence | Mapping


def read_yaml(file: str, content: bytes, problems: list[Problem]) -> Mapping | None:
    """The file's one mapping; None, with at least one problem, where there is none."""
    before = len(problems)
    text = read_text(file, content, problems)
    if text is None:
        return None
    lines = text.split("\n")
    markers = (number for number, line in enumerate(lines, 1) if conflict_marker(line))
    problems.extend(Problem(file, number, 1, "merge-conflict marker", CODE) for number in markers)
    if len(problems) > before:
        return None
    try:
        root = read_placed(content, file, most_bytes=_MOST_BYTES, most_nodes=_MOST_NODES, deepest=_DEEPEST)
    except InvalidFile as error:
        problems.extend(problem._replace(code=CODE) for problem in error.problems)
        return None
    node = _Reader(file, lines, problems).node(root)
    if len(problems) == before and not isinstance(node, Mapping):
        problems.append(Problem(file, 1, 1, "expected a mapping of names to values", CODE))
    return node if isinstance(node, Mapping) and len(problems) == before else None


class _Reader:
    """Turns placed values into nodes; notes the keys that are no texts."""

    def __init__(self, file: str, lines: list[str], problems: list[Problem]) -> None:
        self._file = file
        self._lines = lines
        self._problems = problems

    def node(self, placed: Placed) -> Node:
        if isinstance(placed, PlacedList):
            return Sequence(tuple(self.node(item) for item in placed.items), placed.line, placed.column)
        if isinstance(placed, PlacedMap):
            entries = tuple(Entry(self._key(entry.key), self.node(entry.value)) for entry in placed.entries)
            return Mapping(entries, placed.line, placed.column)
        source: tuple[str, ...] = ()
        if isinstance(placed.value, str):
            rows = placed.value.count("\n") + 1 if placed.quoted else 0
            source = (
                self._lines[placed.line - 1][placed.column - 1 :],
                *self._lines[placed.line : placed.line + rows],
            )
        return Scalar(placed.text, _kind(placed), placed.line, placed.column, source)

    def _key(self, placed: PlacedScalar) -> Scalar:
        kind = _kind(placed)
        if kind != "text":
            text = f"`{placed.text}` as a key is not a text to every YAML reader; write it in quotes"
            self._problems.append(Problem(self._file, placed.line, placed.column, text, CODE))
        return Scalar(placed.text, kind, placed.line, placed.column)


def _kind(placed: PlacedScalar) -> str:
    value, text = placed.value, placed.text
    if placed.quoted:
        return "text"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "bool" if text in ("true", "false") else "other"
    if isinstance(value, int):
        return "int" if _DECIMAL.fullmatch(text) else "other"
    if isinstance(value, dt.date):
        return "date"
    if not isinstance(value, str):
        return "other"
    tag = _ANY_READER.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
    return "text" if tag == _TEXT_TAG else "other"


def as_date(text: str) -> dt.date | None:
    """A calendar day written as YYYY-MM-DD."""
    if not _DATE.fullmatch(text):
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def plain_value(node: Node) -> object:
    """The node as plain values: dict, list, str, int, bool, date, None; a float or time keeps its text."""
    if isinstance(node, Mapping):
        return {entry.key.text: plain_value(entry.value) for entry in node.entries}
    if isinstance(node, Sequence):
        return [plain_value(item) for item in node.items]
    if node.kind == "null":
        return None
    if node.kind == "bool":
        return node.text == "true"
    if node.kind == "int":
        return int(node.text)
    return as_date(node.text) if node.kind == "date" else node.text

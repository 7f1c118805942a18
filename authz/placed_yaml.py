"""Strict YAML in which every value knows its line and column, so that a problem can be reported at its place.

A safe subset of YAML 1.2 (JSON included): one document, no anchors, aliases, tags, merge keys, duplicate or compound
keys. Values follow the core schema (`yes`, `on` and `NO` stay text), and `2026-09-05` is a `datetime.date`; an instant
stays text. The one YAML reader of this package: policy sets and registry files both read through it.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final, NamedTuple

import yaml

from authz.errors import InvalidFile, Problem

DEEPEST: Final = 32
MOST_BYTES: Final = 1 << 20
MOST_NODES: Final = 200_000
MOST_CHARACTERS_NAMED: Final = 50

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INT: Final = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LONGEST_NUMBER: Final = 40
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]|\r(?!\n)")
_CONFLICT: Final = re.compile(r"^(<{7}|>{7}|\|{7})( |$)", re.MULTILINE)


class PlacedScalar(NamedTuple):
    """One value: str, bool, int, float, `datetime.date` or None. `text` is the value before it was typed."""

    value: object
    line: int
    column: int
    text: str
    quoted: bool = False


class PlacedList(NamedTuple):
    """A sequence with the place of its beginning."""

    items: tuple[Placed, ...]
    line: int
    column: int


class PlacedEntry(NamedTuple):
    """One `key: value` of a mapping; the key is a scalar, typed like any other (`1: x` has the key 1, not "1")."""

    key: PlacedScalar
    value: Placed


class PlacedMap(NamedTuple):
    """A mapping in file order with the place of its beginning; no key comes twice."""

    entries: tuple[PlacedEntry, ...]
    line: int
    column: int

    def entry(self, key: object) -> PlacedEntry | None:
        """The entry of a key, or None."""
        for entry in self.entries:
            if type(entry.key.value) is type(key) and entry.key.value == key:
                return entry
        return None

    def get(self, key: object) -> Placed | None:
        """The value of a key, or None when the key is absent."""
        entry = self.entry(key)
        return entry.value if entry is not None else None


Placed = PlacedScalar | PlacedList | PlacedMap


def read_placed(
    raw: bytes, file: str, *, most_bytes: int = MOST_BYTES, most_nodes: int = MOST_NODES, deepest: int = DEEPEST
) -> Placed:
    """The one document in `raw` as placed values; an empty file is a scalar None at 1:1.

    Raises:
        InvalidFile: with every problem that can be told; after a syntax error nothing further can.
    """
    if len(raw) > most_bytes:
        raise InvalidFile([Problem(file, 0, 0, f"larger than {most_bytes} bytes")])
    text = _decoded(raw, file)
    builder = _Builder(file, most_nodes, deepest)
    try:
        root = builder.document(yaml.parse(text, Loader=_LOADER))
    except yaml.MarkedYAMLError as error:
        builder.problems.append(_syntax_problem(error, file))
    except yaml.YAMLError as error:
        builder.problems.append(Problem(file, 0, 0, f"not YAML: {_first_line(error)}"))
    except _Stop:
        pass
    if builder.problems:
        raise InvalidFile(builder.problems)
    return root


def plain(node: Placed) -> object:
    """The same as ordinary dicts, lists and scalars (no places)."""
    if isinstance(node, PlacedScalar):
        return node.value
    if isinstance(node, PlacedList):
        return [plain(item) for item in node.items]
    return {entry.key.value: plain(entry.value) for entry in node.entries}


def place_of(node: Placed, path: Sequence[object], *, of_key: bool = False) -> tuple[int, int]:
    """Line and column of the value at `path` (keys and list positions), or of its key; else of the nearest there is."""
    place = (node.line, node.column)
    for step in path:
        if isinstance(node, PlacedMap):
            entry = node.entry(step)
            if entry is None:
                break
            place = (entry.key.line, entry.key.column) if of_key else (entry.value.line, entry.value.column)
            node = entry.value
        elif isinstance(node, PlacedList) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
            place = (node.line, node.column)
        else:
            break
    return place


class _Stop(Exception):
    """The rest of the document cannot be read with any profit."""


class _Builder:
    """Builds placed values from the parser's events, one call per node; keeps the problems it meets."""

    def __init__(self, file: str, most_nodes: int, deepest: int) -> None:
        self.problems: list[Problem] = []
        self._file = file
        self._nodes_left = most_nodes
        self._depth_left = deepest

    def document(self, events: Iterator[yaml.Event]) -> Placed:
        root: Placed = PlacedScalar(None, 1, 1, "")
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._problem(event, "a second document in one file")
                    raise _Stop
                if event.version or event.tags:
                    self._problem(event, "directives (`%`) are not allowed")
            elif isinstance(event, yaml.NodeEvent):
                root = self._node(event, events)
        return root

    def _problem(self, event: yaml.Event, text: str) -> None:
        self.problems.append(Problem(self._file, *_begin(event), text))

    def _node(self, event: yaml.Event, events: Iterator[yaml.Event]) -> Placed:
        self._nodes_left -= 1
        if self._nodes_left < 0:
            self._problem(event, "too many values in one file")
            raise _Stop
        if isinstance(event, yaml.AliasEvent):
            self._problem(event, f"aliases are not allowed: `*{event.anchor}`; quote it if it is text")
            return PlacedScalar(None, *_begin(event), "")
        if anchor := getattr(event, "anchor", None):
            self._problem(event, f"anchors are not allowed: `&{anchor}`; quote it if it is text")
        if tag := getattr(event, "tag", None):
            self._problem(event, f"tags are not allowed: `{tag.replace('tag:yaml.org,2002:', '!!')}`")
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        return self._collection(event, events)

    def _collection(self, event: yaml.Event, events: Iterator[yaml.Event]) -> Placed:
        self._depth_left -= 1
        if self._depth_left < 0:
            self._problem(event, "nested too deeply")
            raise _Stop
        try:
            if isinstance(event, yaml.SequenceStartEvent):
                return PlacedList(self._items(events), *_begin(event))
            return PlacedMap(self._entries(events), *_begin(event))
        finally:
            self._depth_left += 1

    def _items(self, events: Iterator[yaml.Event]) -> tuple[Placed, ...]:
        items = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            items.append(self._node(event, events))
        return tuple(items)

    def _entries(self, events: Iterator[yaml.Event]) -> tuple[PlacedEntry, ...]:
        entries: list[PlacedEntry] = []
        seen: dict[tuple[type, object], PlacedScalar] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            key = self._node(event, events)
            value = self._node(next(events), events)
            if not isinstance(key, PlacedScalar):
                self._problem(event, "a key must be a single word or text")
                continue
            if key.value == "<<" and not key.quoted:
                self._problem(event, "merge keys (`<<`) are not allowed")
            first = seen.setdefault((type(key.value), key.value), key)
            if first is not key:
                self._problem(event, f"`{key.text}` is here twice, first on line {first.line}")
            entries.append(PlacedEntry(key, value))
        return tuple(entries)

    def _scalar(self, event: yaml.ScalarEvent) -> PlacedScalar:
        line, column = _begin(event)
        if not event.implicit[0]:
            return PlacedScalar(event.value, line, column, event.value, quoted=True)
        try:
            return PlacedScalar(_typed(event.value), line, column, event.value)
        except ValueError as error:
            self._problem(event, str(error))
            return PlacedScalar(event.value, line, column, event.value)


def _begin(event: yaml.Event) -> tuple[int, int]:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark is not None else (0, 0)


_WORDS: Final[dict[str, object]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


def _typed(text: str) -> object:
    """A plain scalar by the core schema, and whole dates.

    Raises:
        ValueError: it looks like a date or number and is none that can be kept.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "+-.0123456789":
        return text
    if _DATE.fullmatch(text):
        try:
            return dt.date.fromisoformat(text)
        except ValueError:
            raise ValueError(f"`{text}` is not a date of the calendar") from None
    if _INT.fullmatch(text):
        return _whole(text)
    if _FLOAT.fullmatch(text):
        number = float(text.replace(".inf", "inf").replace(".nan", "nan")) if text[-1].isdigit() else _unfinished(text)
        if not math.isfinite(number):
            raise ValueError(f"`{text}` is not a finite number; quote it if it is text")
        return number
    return text


def _whole(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise ValueError("a number of too many digits; quote it if it is text")
    if text.startswith(("0o", "0x")):
        return int(text, 0)
    if len(text.lstrip("+-")) > 1 and text.lstrip("+-").startswith("0"):
        raise ValueError(f"`{text}` is a number with a leading zero; quote it if it is text")
    return int(text)


def _unfinished(text: str) -> float:
    """`1.` is a float of the core schema; infinity and not-a-number are of no use here."""
    return float(text) if text.endswith(".") else math.inf


def _decoded(raw: bytes, file: str) -> str:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8")) + 1
        raise InvalidFile([Problem(file, line, column, "not UTF-8")]) from None
    found = [
        Problem(file, *_place(text, match.start()), f"the character U+{ord(match[0]):04X} is not allowed")
        for match in islice(_FORBIDDEN.finditer(text), MOST_CHARACTERS_NAMED)
    ]
    found += [
        Problem(file, *_place(text, match.start()), "a merge conflict marker")
        for match in islice(_CONFLICT.finditer(text), MOST_CHARACTERS_NAMED)
    ]
    if found:
        raise InvalidFile(found)
    return text


def _place(text: str, position: int) -> tuple[int, int]:
    return text.count("\n", 0, position) + 1, position - text.rfind("\n", 0, position)


def _syntax_problem(error: yaml.MarkedYAMLError, file: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    words = ": ".join(part for part in (error.context, error.problem) if part)
    if mark is None:
        return Problem(file, 0, 0, f"not YAML: {words}")
    return Problem(file, mark.line + 1, mark.column + 1, f"not YAML: {words}")


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]

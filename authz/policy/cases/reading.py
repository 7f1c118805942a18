"""Reading `tests.yaml`: shared tenants, defaults and cases, with `each` tables expanded (docs/policy-format.md)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Final

from authz.core.definition import PolicySet
from authz.core.network import parse_address
from authz.core.table import BUILT_IN_FACTS
from authz.core.types import Assurance, Channel, Reason
from authz.errors import Problem
from authz.policy.cases.case import Case, CaseFile
from authz.policy.cases.groups import Groups
from authz.policy.cases.tenants import read_tenant
from authz.policy.reading.fields import Fields, Source, near_miss
from authz.policy.reading.yaml_nodes import Mapping as MappingNode
from authz.policy.reading.yaml_nodes import Node, Scalar, Sequence, plain_value

_ASK: Final = (
    "contact",
    "subject",
    "action",
    "ip",
    "tenant",
    "channel",
    "assurance",
    "resource",
    "at",
    "sender_verified",
)
_EXPECT: Final = ("decision", "reason", "fact", "missing", "rule", "obligations", "service")
_NULLABLE: Final = frozenset({*_ASK, "service"})


def read_cases(file: str, root: MappingNode, definition: PolicySet, problems: list[Problem]) -> CaseFile:
    """Everything that `tests.yaml` says; `problems` receives what is wrong with its form."""
    source = Source(file, problems)
    fields = source.fields(root, ("tenants", "cases"), ("groups", "defaults"))
    tenants = tuple(read_tenant(source, key, value, definition) for key, value in source.entries(fields["tenants"]))
    groups = Groups(source, fields["groups"])
    reader = _CaseReader(source, definition, groups)
    reader.defaults = reader.ask(source.fields(fields["defaults"], (), _ASK))
    cases = tuple(case for node in source.items(fields["cases"]) for case in reader.cases(node))
    if (node := fields["cases"]) is not None and not cases:
        source.refuse(node, "there are no cases; an untested set never goes live")
    groups.note_unused()
    return CaseFile(tenants, cases)


class _CaseReader:
    """Reads one case after the other over the file's defaults."""

    def __init__(self, source: Source, definition: PolicySet, groups: Groups) -> None:
        self._source = source
        self._groups = groups
        self._definition = definition
        self._facts = {*definition.facts, *BUILT_IN_FACTS}
        self.defaults: Mapping[str, object] = {}

    def cases(self, node: Node) -> list[Case]:
        """The case, or one case per row of its `each`, or per combination of its `every`."""
        fields = self._source.fields(node, ("description",), ("ask", "expect", "each", "every"))
        description = self._source.text(fields["description"])
        ask = self.ask(self._source.fields(fields["ask"], (), _ASK))
        expect = self._expect(self._source.fields(fields["expect"], (), _EXPECT))
        each, every = fields["each"], fields["every"]
        if each is not None and every is not None:
            self._source.refuse(every, "a case has either `each` or `every`")
        if every is not None:
            return [
                self._case(node, _named(description, values.values()), ask | self.ask(values), expect)
                for values in self._groups.combinations(every, _ASK)
            ]
        if each is None:
            return [self._case(node, description, ask, expect)]
        return [
            self._case(row, _named(description, row.items), ask | more_ask, expect | more_expect)
            for row, more_ask, more_expect in self._rows(each)
        ]

    def _case(self, at: Node, description: str, ask: dict[str, object], expect: dict[str, object]) -> Case:
        merged = {name: value for name, value in {**self.defaults, **ask}.items() if value is not None}
        if ("contact" in merged) == ("subject" in merged):
            self._source.refuse(at, "a case asks about either `contact` or `subject`")
        if "action" not in merged:
            self._source.refuse(at, "a case asks about an `action`")
        if "decision" not in expect:
            self._source.refuse(at, "a case expects a `decision`, true or false")
        return Case(description, merged, expect, at.line, at.column)

    def _rows(self, node: Node) -> list[tuple[Sequence, dict[str, object], dict[str, object]]]:
        """Each row with its columns put where they belong: into the question or into the expected answer."""
        fields = self._source.fields(node, ("columns", "rows"))
        columns = self._source.words(fields["columns"], (*_ASK, *_EXPECT), "column")
        found = []
        for row in self._source.items(fields["rows"]):
            cells = self._source.items(row)
            if not isinstance(row, Sequence) or len(cells) != len(columns):
                self._source.refuse(row, f"the row has {len(cells)} values for {len(columns)} columns")
                continue
            by_name = dict(zip(columns, cells, strict=True))
            ask = self.ask({name: by_name[name] for name in columns if name in _ASK})
            found.append((row, ask, self._expect({name: by_name[name] for name in columns if name in _EXPECT})))
        if isinstance(rows := fields["rows"], Sequence) and not rows.items:
            self._source.refuse(rows, "`rows` is empty")
        return found

    def ask(self, fields: Fields | Mapping[str, Node]) -> dict[str, object]:
        """The members of a question as plain JSON values; `null` is kept, it removes a default."""
        return {name: self._ask_member(name, fields[name]) for name in fields}

    def _ask_member(self, name: str, node: Node | None) -> object:
        if node is None or (isinstance(node, Scalar) and node.kind == "null"):
            return None
        if name == "channel":
            return self._source.word(node, tuple(Channel), "channel") or None
        if name == "assurance":
            return self._source.word(node, tuple(Assurance), "assurance") or None
        if name == "at":
            return self._instant(node)
        if name == "sender_verified":
            return self._source.flag(node)
        if name in ("contact", "action") and isinstance(node, MappingNode):
            return _json(node)
        if name in ("subject", "resource"):
            return _json(node) if self._source.mapping(node) is not None else None
        text = self._source.text(node)
        if name == "ip" and text:
            self._address(node, text)
        return text or None

    def _address(self, node: Node, text: str) -> None:
        try:
            parse_address(text)
        except ValueError:
            self._source.refuse(node, f"`{text}` is not an IP address")

    def _instant(self, node: Node) -> str | None:
        text = node.text if isinstance(node, Scalar) and node.kind in ("text", "other") else ""
        try:
            if dt.datetime.fromisoformat(text).utcoffset() is not None:
                return text
        except ValueError:
            pass
        self._source.refuse(node, "expected an instant with its offset, as in `2026-06-03T10:00:00+03:00`")
        return None

    def _expect(self, fields: Fields | Mapping[str, Node]) -> dict[str, object]:
        """The members of the expected answer; `null` in a row says nothing about that column (but for `service`)."""
        found: dict[str, object] = {}
        for name in fields:
            node = fields[name]
            if node is None or (isinstance(node, Scalar) and node.kind == "null" and name != "service"):
                continue
            found[name] = self._expect_member(name, node)
        return found

    def _expect_member(self, name: str, node: Node) -> object:
        if name == "decision":
            return self._source.flag(node)
        if name == "reason":
            return self._source.word(node, tuple(Reason), "reason")
        if name == "fact":
            return self._source.word(node, self._facts, "fact")
        if name == "missing":
            return [self._missing(item) for item in (node.items if isinstance(node, Sequence) else (node,))]
        if name == "rule":
            return self._source.text(node)
        if name == "obligations":
            known = tuple(duty.id for duty in self._definition.obligations)
            return list(self._source.words(node, known, "obligation"))
        return _json(node)

    def _missing(self, node: Node) -> str:
        """`fact`, `not fact` or `fact.part`."""
        text = self._source.text(node)
        fact, _, part = text.removeprefix("not ").partition(".")
        declared = self._definition.facts.get(fact)
        parts = [known.id for known in declared.parts] if declared is not None else []
        if text and fact not in self._facts:
            self._source.refuse(node, f"unknown fact `{fact}`{near_miss(fact, self._facts)}")
        elif part and part not in parts:
            self._source.refuse(node, f"fact `{fact}` has no part `{part}`{near_miss(part, parts)}")
        return text


def _json(node: Node) -> object:
    """Plain JSON values as a caller would send them: a day is its text."""
    return _without_dates(plain_value(node))


def _without_dates(value: object) -> object:
    if isinstance(value, dict):
        return {name: _without_dates(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without_dates(inner) for inner in value]
    return value.isoformat() if isinstance(value, dt.date) else value


def _named(description: str, values: Iterable[Node]) -> str:
    """`description [value, value]`: what tells one of many cases from the others."""
    return f"{description} [{', '.join(map(_short, values))}]"


def _short(node: Node) -> str:
    return node.text if isinstance(node, Scalar) else "..."

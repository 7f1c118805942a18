"""A clause that a set cites is one of its document: it stands in the set's clauses.md, which accounts for every clause.

A citation is the words of a first cell of a table in clauses.md; several are separated by `; `.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from authz.placed_yaml import Placed, PlacedList, PlacedMap, PlacedScalar, read_placed
from tests.policies.shipped import SETS

ALL_SETS = pytest.mark.parametrize("set_id", sorted(SETS))
KINDS = ("rule", "service term", "reading", "not applicable")


def rows_of(markdown: str) -> list[tuple[str, ...]]:
    """The cells of every table row, without heads and rules; marks of emphasis are dropped from the first cell."""
    found = []
    lines = markdown.splitlines()
    for number, line in enumerate(lines):
        if not line.startswith("|") or re.fullmatch(r"[|:\- ]+", line):
            continue
        if number + 1 < len(lines) and re.fullmatch(r"\|[|:\- ]+", lines[number + 1]):
            continue
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
        found.append((cells[0].strip("*` "), *cells[1:]))
    return found


def citations(node: Placed) -> Iterator[tuple[str, int]]:
    """Every clause cited anywhere under the node, with its line."""
    if isinstance(node, PlacedList):
        for item in node.items:
            yield from citations(item)
    elif isinstance(node, PlacedMap):
        for key, value in node.entries:
            if key.value == "clause" and isinstance(value, PlacedScalar):
                yield from ((clause, value.line) for clause in value.text.split("; "))
            else:
                yield from citations(value)


@ALL_SETS
def test_every_set_accounts_for_the_clauses_of_its_document(set_id: str) -> None:
    rows = rows_of((SETS[set_id] / "clauses.md").read_text("utf-8"))

    assert len(rows) > 5
    assert [row for row in rows if len(row) != 4 or not all(row)] == []
    assert [row[0] for row in rows if not any(kind in row[2].lower() for kind in KINDS)] == []


@ALL_SETS
def test_no_clause_is_accounted_for_twice(set_id: str) -> None:
    clauses = [row[0] for row in rows_of((SETS[set_id] / "clauses.md").read_text("utf-8"))]

    assert [clause for clause in clauses if clauses.count(clause) > 1] == []


@ALL_SETS
def test_a_clause_cited_in_a_set_stands_in_its_list_of_clauses(set_id: str) -> None:
    file = SETS[set_id] / "set.yaml"
    listed = {row[0] for row in rows_of((SETS[set_id] / "clauses.md").read_text("utf-8"))}

    cited = list(citations(read_placed(file.read_bytes(), f"policies/{set_id}/set.yaml")))

    assert cited != []
    assert [f"{set_id}/set.yaml:{line}: {clause}" for clause, line in cited if clause not in listed] == []


@ALL_SETS
def test_a_clause_that_a_set_reads_its_own_way_is_listed_as_a_reading(set_id: str) -> None:
    root = read_placed((SETS[set_id] / "set.yaml").read_bytes(), f"policies/{set_id}/set.yaml")
    assert isinstance(root, PlacedMap)
    readings = root.get("readings")
    read = {clause for clause, _ in citations(readings)} if readings is not None else set()
    listed = {row[0]: row[2].lower() for row in rows_of((SETS[set_id] / "clauses.md").read_text("utf-8"))}

    assert sorted(clause for clause in read if "reading" not in listed.get(clause, "")) == []


def test_a_clause_that_is_not_listed_is_found() -> None:
    root = read_placed(b'roles:\n  admin: {clause: "3"}\nreadings: [{clause: "9.9; 3"}]\n', "set.yaml")
    listed = {row[0] for row in rows_of("| clause | in short |\n|---|---|\n| **3** | roles |\n")}

    assert [clause for clause, _ in citations(root) if clause not in listed] == ["9.9"]

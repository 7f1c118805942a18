"""Whatever must keep a policy set from going live does, with its exact place and text."""

from __future__ import annotations

from itertools import chain

import pytest

from tests.policy import orchard
from tests.policy.refusals import (
    cases,
    characters,
    facts,
    lines,
    matrix,
    model,
    networks,
    service_terms,
    words,
    yaml,
)
from tests.policy.refusals.refusal import Refusal

GROUPS = (characters, lines, matrix, networks, yaml, words, facts, service_terms, cases, model)
REFUSALS = tuple(chain.from_iterable(group.REFUSALS for group in GROUPS))


def test_the_example_set_itself_has_no_problem() -> None:
    assert orchard.problems({}) == []


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.name)
def test_a_set_is_refused_with_place_and_text(refusal: Refusal) -> None:
    assert orchard.problems(refusal.edits) == refusal.problems


def test_the_problems_of_all_files_are_reported_at_once_and_in_order() -> None:
    edits: dict[str, orchard.Edit] = {
        orchard.MODEL_CONF: [("m2 = r2", "m2 = r")],
        orchard.TESTS: [("role: keeper", "role: keepr")],
        orchard.RIVERSIDE: [("any", "10.0.0.1/8")],
        orchard.OWN: [("p, valley", "q, valley")],
        orchard.MATRIX: [("p, *, picker, move_stock", "p, *, pickers, move_stock")],
        orchard.CLAUSES: [("- 2", "- \u200b2")],
    }

    assert orchard.problems(edits) == [
        "model.conf:19:6: `m2` must be `r2.tenant == p2.tenant && inNetwork(r2.ip, p2.network)`",
        "clauses.md:3:3: U+200B (zero width space) cannot be seen by a reader",
        "matrix.csv:6:7: unknown role `pickers`; did you mean `picker`?",
        "networks/east/riverside.csv:1:16: `10.0.0.1/8` has host bits set; did you mean `10.0.0.0/8`?",
        "own_lines.csv:4:1: `q` is not a kind of line; write `p`",
        "tests.yaml:7:32: unknown role `keepr`; did you mean `keeper`?",
    ]


def test_names_in_the_table_are_different() -> None:
    names = [(group.__name__, refusal.name) for group in GROUPS for refusal in group.REFUSALS]

    assert len(names) == len(set(names))

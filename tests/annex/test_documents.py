"""The page about annexes names every code of a problem, and no other."""

from __future__ import annotations

from authz.annex.problems import Code
from tests.architecture.documents import ROOT, first_cells


def test_every_code_of_a_problem_is_documented() -> None:
    documented = first_cells((ROOT / "docs/annexes.md").read_text(), "## Codes of problems")

    assert documented == [code.value for code in Code]

"""The seeded faults of `make mutants` still fit the code; that the tests notice them, `make mutants` itself shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutants.breakage import Breakage, DoesNotApply, broken_source
from tests.mutants.breakages import BREAKAGES

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("breakage", BREAKAGES, ids=lambda each: each.sentence.replace(" ", "-"))
def test_a_breakage_still_applies(breakage: Breakage) -> None:
    broken = broken_source(ROOT, breakage)

    assert breakage.new in broken


def test_every_breakage_has_a_sentence_of_its_own() -> None:
    sentences = [breakage.sentence for breakage in BREAKAGES]

    assert len(sentences) == len(set(sentences))


def test_a_breakage_whose_text_is_gone_fails_loudly() -> None:
    stale = Breakage("gone", "authz/errors.py", "no such text anywhere", "x", ("tests/mutants",))

    with pytest.raises(DoesNotApply, match="0 times"):
        broken_source(ROOT, stale)

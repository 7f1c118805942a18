"""Which texts name one paper: those that a reader would take for the same."""

from __future__ import annotations

import pytest

from authz.cli.diff.papers import paper


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("annex 4 of acme", "annex 4 of \u0430\u0441\u043c\u0435"),
        ("annex 4 of acme", "annex 4 of \u0410\u0421\u041c\u0415"),
        ("annex no 4", "annex \u039d\u039f 4"),
        ("annex no 4", "annex \u039d\u03bf 4"),
        ("\u0393\u041f 4", "\u0413\u03a0 4"),
        ("annex c", "annex \u03f2"),
        ("annex ic", "ann\u1d07x \u0131\u1d04"),
        ("ANNEX I", "annex \u0131"),
        ("annex I", "annex l"),
        ("annex \u04c0", "annex l"),
        ("annex 10", "annex 1O"),
        ("annex 10", "annex l0"),
        ("annex 4", "annex \u0664"),
        ("annex 4", "annex \u096a"),
        ("annex 4", "annex \uff14"),
        ("annex 4", "annex 004"),
        ("annex of 2026-01-04", "annex of 2026-1-4"),
        ("annex of 2026-01-04", "annex of 20260104"),
        ("annex 12", "annex 1\u200a2"),
        ("annex 12", "annex 1\u200b2"),
        ("\u039d\u039f 4", "\u03bd\u03bf 4"),
        ("\u0104NNEX 4", "annex 4"),
    ],
)
def test_what_looks_like_the_name_of_a_paper_names_it(one: str, other: str) -> None:
    assert paper(one) & paper(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("annex 2 of acme", "annex 3 of acme"),
        ("annex of 2026-11-01", "annex of 2026-01-11"),
        ("annex 1", "annex 10"),
        ("annex II", "annex 11"),
        ("annex 4", "\u0434\u043e\u0433\u043e\u0432\u043e\u0440 4"),
    ],
)
def test_another_paper_is_another_one(one: str, other: str) -> None:
    assert not paper(one) & paper(other)


@pytest.mark.parametrize("nothing", ["", "...", "\u200b", "\u3164", "\u0301"])
def test_what_nobody_reads_names_no_paper(nothing: str) -> None:
    assert paper(nothing) == frozenset()

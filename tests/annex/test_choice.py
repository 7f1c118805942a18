"""The network choice: read from whatever form its boxes have, and never guessed."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from authz.annex.problems import Code
from authz.annex.wording import LANGUAGES, wording
from authz.core.types import NetworkChoice
from tests.annex.small import ANY, DECLARED, paper, read
from tests.annex.word import Box, Markup, control_box, form_field_box, paragraph, run, symbol, table

E, T = Box.EMPTY, Box.TICKED


def two(first: str, second: str) -> list[str]:
    """Both options, each behind its box."""
    return [paragraph(first, f" {ANY}"), paragraph(second, f" {DECLARED}")]


@pytest.mark.parametrize(
    "boxes",
    [
        pytest.param(two("☐", "☒"), id="glyphs"),
        pytest.param(two("□", "■"), id="filled squares"),
        pytest.param(two("☐", "✓"), id="a tick in the place of the box"),
        pytest.param(two("[ ]", "[x]"), id="typed boxes"),
        pytest.param(two("☐", "X"), id="a cross typed in the place of the box"),
        pytest.param(two("☐\ufe0f", "✔\ufe0f"), id="glyphs in colours"),
        pytest.param(two("[_]", "[V]"), id="typed boxes on a line, with a tick"),
        pytest.param(two("[ ]", "[Х]"), id="a Cyrillic cross in a typed box"),
        pytest.param(two(control_box(E), control_box(T)), id="content controls"),
        pytest.param(two(form_field_box(E), form_field_box(T)), id="form fields"),
        pytest.param(two(symbol("F0A8"), symbol("F0FE")), id="Wingdings symbols"),
        pytest.param(two(run("\uf06f"), run("\uf0fd")), id="Wingdings characters"),
        pytest.param(two(control_box(E), form_field_box(T)), id="one of each"),
        pytest.param([paragraph(f"1.7. Accesul este permis: ☐ {ANY} ☒ {DECLARED}")], id="both in one line"),
        pytest.param([paragraph(f"{ANY} ☐"), paragraph(f"{DECLARED} ☒")], id="boxes behind their options"),
        pytest.param([paragraph(f"☐ {ANY}\n☒ {DECLARED}")], id="both in one paragraph"),
        pytest.param([table([("☐", ANY), ("☒", DECLARED)])], id="a table"),
        pytest.param([table([(ANY, "☐"), (DECLARED, "☒")])], id="a table with the boxes behind"),
        pytest.param([table([("☐", ANY, "☒", DECLARED)])], id="a table of one row"),
        pytest.param(
            [control_box(E).join(("<w:p>", "</w:p>")), paragraph(ANY), paragraph("☒"), paragraph(DECLARED)],
            id="boxes on lines of their own",
        ),
        pytest.param(
            [Markup(str(control_box(E))), paragraph(ANY), Markup(str(control_box(T))), paragraph(DECLARED)],
            id="content controls around whole paragraphs",
        ),
        pytest.param([*two("☐", "☒"), paragraph("☒ Am citit anexa")], id="another box elsewhere"),
        pytest.param(
            [paragraph("☐ DE LA ORICE IP"), paragraph("☒ De la IP-urile declarate în centrală")], id="other letters"
        ),
    ],
)  # fmt: skip
def test_the_ticked_box_is_the_choice(boxes: Sequence[str]) -> None:
    form = read(paper(boxes=boxes))

    assert (form.network, form.problems) == (NetworkChoice.DECLARED, ())


def test_the_other_box_is_the_other_choice() -> None:
    assert read(paper(boxes=two("☒", "☐"))).network is NetworkChoice.ANY


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("choice", NetworkChoice)
def test_the_options_are_known_in_every_language_of_the_form(language: str, choice: NetworkChoice) -> None:
    words = wording(language)
    boxes = [
        paragraph(control_box(T if option is choice else E), f" {words[option.value]}") for option in NetworkChoice
    ]

    assert read(paper(boxes=boxes)).network is choice


@pytest.mark.parametrize(
    ("boxes", "code"),
    [
        pytest.param(two("☐", "☐"), Code.NETWORK_NONE, id="none ticked"),
        pytest.param(two("☒", "☑"), Code.NETWORK_BOTH, id="both ticked"),
        pytest.param(two(control_box(T), form_field_box(T)), Code.NETWORK_BOTH, id="both ticked in two forms"),
        pytest.param([paragraph(f"☒ {ANY}")], Code.NETWORK_NONE, id="the other option is gone"),
        pytest.param([paragraph(ANY), paragraph(DECLARED)], Code.NETWORK_NONE, id="no boxes"),
        pytest.param([], Code.NETWORK_NONE, id="no options"),
        pytest.param(
            two(control_box(T, "☐"), control_box(E)), Code.NETWORK_UNCLEAR, id="a box that contradicts itself"
        ),
        pytest.param([*two("☒", "☐"), paragraph(f"☐ {ANY}")], Code.NETWORK_UNCLEAR, id="one option in two states"),
        pytest.param([paragraph(f"☒ {ANY} {DECLARED}")], Code.NETWORK_NONE, id="one box for both"),
    ],
)
def test_what_is_no_clear_choice_is_a_problem(boxes: Sequence[str], code: Code) -> None:
    form = read(paper(boxes=boxes))

    assert form.network is None
    assert [problem.code for problem in form.problems] == [code]

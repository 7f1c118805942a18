"""Whatever happens to the bytes of a good set: it is refused with a place, or it parses and its table is sound."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz.errors import PolicyInvalid
from authz.policy.bundle import Bundle
from authz.policy.compile import compile_set
from authz.policy.compiled import decision_table
from authz.policy.lint.linter import lint_set
from authz.policy.parse import parse_set
from tests.policy import orchard

WHOLE = orchard.bundle()
NAMES = [*sorted(WHOLE.files), orchard.MODEL_CONF]
TOKENS = [
    b"", b" ", b",", b"\n", b"\r", b"\0", b"\t", b"#", b'"', b"'", b"(", b"[", b"]", b"{", b"}", b"-", b"*", b"+", b":",
    b"/", b"&a ", b"*a", b"!!", b"<<: ", b"allow", b"deny", b"any", b"p, ", b"p2, ", b"/0", b"\xef\xbb\xbf",
    b"\xc2\xa0", b"\xe2\x80\xae", b"\xd0\xb0", b"\xff", b"=======\n", b"<<<<<<< HEAD\n", b"null", b"yes", b"9", b"\\",
    b"99999999999999999999",
]  # fmt: skip


@st.composite
def mutations(draw: st.DrawFn) -> tuple[str, bytes]:
    """One file with one to three pieces cut out, put in or doubled."""
    name = draw(st.sampled_from(NAMES))
    content = WHOLE.model if name == orchard.MODEL_CONF else WHOLE.files[name]
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.sampled_from([0, 0, 1, 1, 2, 5, 40, 10_000])))
        piece = draw(st.one_of(st.sampled_from(TOKENS), st.binary(max_size=3), st.just(content[start:end] * 2)))
        content = content[:start] + piece + content[end:]
    return name, content


def mutated(name: str, content: bytes) -> Bundle:
    if name == orchard.MODEL_CONF:
        return WHOLE._replace(model=content)
    return WHOLE._replace(files={**WHOLE.files, name: content})


def problems_or_table(bundle: Bundle) -> list[str] | None:
    """The problems with their places, or None for a set that parses, compiles and denies what its matrix denies."""
    try:
        parsed = parse_set(bundle)
    except PolicyInvalid as refused:
        for problem in refused.problems:
            assert problem.file == orchard.MODEL_CONF or problem.file.startswith("policies/orchard/")
            assert problem.line >= 0
            assert problem.column >= 0
            assert problem.text
            assert "\n" not in str(problem)
        return [str(problem) for problem in refused.problems]
    for finding in lint_set(parsed):
        assert finding.file.startswith("policies/orchard/")
        assert finding.line >= 1
        assert finding.column >= 1
        assert finding.about
    table = decision_table(compile_set(parsed))
    for role in parsed.definition.roles:
        for action in parsed.definition.actions:
            cell = table.cell("anybody", role, action)
            assert cell is not None
            assert all(answer.rule for answer in cell.answers if answer.allowed)
    return None


@given(mutations())
def test_random_damage_is_refused_with_a_place_or_leaves_a_sound_set(damage: tuple[str, bytes]) -> None:
    problems_or_table(mutated(*damage))


@pytest.mark.parametrize("name", [orchard.MATRIX, orchard.MODEL_CONF])
def test_a_lost_line_of_matrix_or_model_is_always_noticed(name: str) -> None:
    content = WHOLE.model if name == orchard.MODEL_CONF else WHOLE.files[name]
    lines = content.splitlines(keepends=True)
    for at, line in enumerate(lines):
        found = problems_or_table(mutated(name, b"".join(lines[:at] + lines[at + 1 :])))

        assert (found is None) == (line.startswith(b"#") or not line.strip()), line


@pytest.mark.parametrize("name", [*sorted(WHOLE.files), orchard.MODEL_CONF])
def test_a_file_cut_short_never_changes_an_answer_unnoticed(name: str) -> None:
    """A cut may end a comment or drop a whole network line; matrix and model it never leaves as they were."""
    content = WHOLE.model if name == orchard.MODEL_CONF else WHOLE.files[name]
    whole = compile_set(parse_set(WHOLE))
    for end in range(0, len(content), 41):
        try:
            parsed = parse_set(mutated(name, content[:end]))
        except PolicyInvalid:
            continue
        assert name not in (orchard.MATRIX, orchard.MODEL_CONF)
        if name == orchard.SET:
            assert parsed.definition.facts == whole.definition.facts
            assert compile_set(parsed).shared == whole.shared

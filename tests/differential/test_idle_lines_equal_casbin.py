"""Lines that the linter calls idle change no answer of Casbin, and every other line changes one."""

from __future__ import annotations

from itertools import product
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from authz.core.definition import ActionDef, PolicySet, RoleDef
from authz.core.types import Effect
from authz.policy.judge import Judge
from authz.policy.lint.matrix import Idle, idle_lines
from authz.policy.reading.matrix import ANY, MatrixLine

MODEL = (Path(__file__).parents[2] / "model.conf").read_text()
ROLES, ACTIONS, TENANTS, FACTS = ("clerk", "guest"), ("open", "move"), ("acme",), ("a", "b")
DEFINITION = PolicySet(
    "world", {}, ("en",), "UTC", "RO",
    {role: RoleDef(role, {}, "") for role in ROLES},
    {action: ActionDef(action, {}, "") for action in ACTIONS},
)  # fmt: skip
FACT_SETS = st.lists(st.sampled_from(FACTS), unique=True, max_size=2).map(tuple)


@st.composite
def matrices(draw: st.DrawFn) -> tuple[MatrixLine, ...]:
    """A base line for each cell, and up to five further lines, each written once."""
    written = []
    for role, action in product(ROLES, ACTIONS):
        effect = draw(st.sampled_from(list(Effect)))
        written.append((ANY, role, action, draw(FACT_SETS) if effect is Effect.ALLOW else (), effect))
    for _ in range(draw(st.integers(1, 5))):
        tenant = draw(st.sampled_from((ANY, *TENANTS)))
        effect = draw(st.sampled_from(list(Effect))) if tenant != ANY else Effect.DENY
        role, action = draw(st.sampled_from(ROLES)), draw(st.sampled_from(ACTIONS))
        facts = draw(FACT_SETS)
        if effect is Effect.DENY:
            role, action = draw(st.sampled_from((role, ANY))), draw(st.sampled_from((action, ANY)))
            facts = facts or ("a",) if tenant == ANY else facts
        written.append((tenant, role, action, facts, effect))
    once = {(*words[:3], tuple(sorted(words[3])), words[4]): None for words in written}
    return tuple(MatrixLine(*words, f"world/matrix.csv:{number}", number) for number, words in enumerate(once, 1))


def answers(lines: tuple[MatrixLine, ...]) -> list[bool]:
    judge = Judge(MODEL, lines)
    return [
        judge.ask(tenant, role, action, frozenset(fact for at, fact in enumerate(FACTS) if mask >> at & 1)).allowed
        for tenant, role, action in product((*TENANTS, "other"), ROLES, ACTIONS)
        for mask in range(1 << len(FACTS))
    ]


def without(lines: tuple[MatrixLine, ...], *removed: MatrixLine) -> tuple[MatrixLine, ...]:
    return tuple(line for line in lines if line not in removed)


@given(matrices())
@settings(max_examples=40, deadline=None)
def test_idle_lines_can_all_go_and_no_other_line_can(lines: tuple[MatrixLine, ...]) -> None:
    idle = [found.line for found in idle_lines(DEFINITION, lines)]
    left = without(lines, *idle)

    assert answers(left) == answers(lines)
    further = [line for line in left if not is_base(line)]
    assert not [line for line in further if answers(without(left, line)) == answers(left)]


def is_base(line: MatrixLine) -> bool:
    return (
        line.tenant == ANY and ANY not in (line.role, line.action) and (line.effect is Effect.ALLOW or not line.facts)
    )


def test_of_two_lines_that_make_each_other_idle_the_more_special_one_is_told() -> None:
    base = (
        MatrixLine(ANY, "clerk", "open", (), Effect.ALLOW, "world/matrix.csv:1", 1),
        MatrixLine(ANY, ANY, "open", ("a",), Effect.DENY, "world/matrix.csv:2", 2),
        MatrixLine("acme", "clerk", "open", ("a",), Effect.DENY, "world/matrix.csv:3", 3),
    )

    assert idle_lines(DEFINITION, base) == [Idle(base[2], base[1])]

"""Expressions that `core.diff.meaning` takes for one hold, fail and are unknown together, whatever is true (R5)."""

from __future__ import annotations

from collections import Counter
from itertools import product
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from authz.core.definition import AttributeDef, AttributeType, FactDef, Origin, PolicySet
from authz.core.diff.meaning import meaning
from authz.core.expressions import tokens
from authz.policy.facts import compile_facts

TYPES = {"tenant.a": "bool", "tenant.b": "bool", "tenant.n": "int", "tenant.s": "string"}
VALUES: dict[str, tuple[object, ...]] = {
    "tenant.a": (True, False, None), "tenant.b": (True, False, None), "tenant.n": (0, 1, 3, None),
    "tenant.s": ("x", "a || b", None),
}  # fmt: skip
ATTRIBUTES = {name: AttributeDef(name, AttributeType(kind), Origin.REQUEST) for name, kind in TYPES.items()}
WORLDS = [
    {name: value for name, value in zip(VALUES, values, strict=True) if value is not None}
    for values in product(*VALUES.values())
]


def number(rng: Random, depth: int) -> str:
    if depth <= 0 or rng.random() < 0.4:
        return rng.choice(("tenant.n", "0", "1", "2", "-1"))
    return f"{number(rng, depth - 1)} {rng.choice('+-*/%')} {bracketed(rng, number(rng, depth - 1))}"


def bracketed(rng: Random, expression: str) -> str:
    return f"({expression})" if rng.random() < 0.4 else expression


def statement(rng: Random, depth: int) -> str:
    if depth <= 0:
        return rng.choice((
            "tenant.a", "tenant.b", "true", "tenant.s == 'x'", 'tenant.s == "x"', 'tenant.s == "a || b"',
            "tenant.s in ['x', 'y']", "tenant.s in ['y', \"x\"]", "tenant.n in [1, 2 - 1, 1 / tenant.n]",
            f"{number(rng, 2)} {rng.choice(('<', '==', '>='))} {bracketed(rng, number(rng, 2))}",
        ))  # fmt: skip
    kind = rng.random()
    one, two = (bracketed(rng, statement(rng, depth - rng.choice((1, 2)))) for _ in range(2))
    if kind < 0.7:
        return f"{one} {rng.choice(('&&', '||'))} {two}"
    if kind < 0.8:
        return f"{one} ? {two} : {bracketed(rng, statement(rng, 0))}"
    return f"!({one})" if kind < 0.9 else f"({one}) == ({two})"


def rewritten(rng: Random, expression: str) -> str:
    """Another expression of about the same words: some brackets are others, or two words change places."""
    words = tokens(expression)
    for _ in range(rng.choice((1, 1, 2))):
        kind, at = rng.random(), rng.randrange(len(words))
        if kind < 0.4:
            brackets = [at for at, word in enumerate(words) if word in {"(", ")"}]
            for one in sorted(rng.sample(brackets, min(2, len(brackets))), reverse=True):
                del words[one]
        elif kind < 0.7:
            words.insert(rng.randrange(at, len(words)) + 1, ")")
            words.insert(at, "(")
        else:
            other = rng.randrange(len(words))
            words[at], words[other] = words[other], words[at]
    return " ".join(words).replace(" . ", ".")


def fact(expression: str) -> FactDef:
    return FactDef("f", expression, {}, "1")


def values_of(expression: str) -> list[bool | None] | None:
    """In every world; None where it is no expression."""
    definition = PolicySet("x", {}, ("en",), "UTC", "RO", {}, {}, ATTRIBUTES, {"f": fact(expression)})
    try:
        evaluator = compile_facts(definition)
    except ValueError:
        return None
    return [evaluator("f", world) for world in WORLDS]


def test_what_means_the_same_is_true_false_and_unknown_in_the_same_worlds() -> None:
    seen: Counter[str] = Counter()

    @settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=500)
    @given(seed=st.integers(0, 2**63))
    def agree(seed: int) -> None:
        rng = Random(seed)
        before = statement(rng, 3)
        after = rewritten(rng, before)
        was, now = values_of(before), values_of(after)
        if was is None or now is None:
            return
        same = meaning(fact(before)) == meaning(fact(after))
        assert was == now or not same, (before, after)
        seen["same" if same else "other"] += 1

    agree()

    assert min(seen["same"], seen["other"]) >= 1, seen

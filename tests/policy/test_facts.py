"""Facts in CEL: refused at load with their place, three-valued when asked (R5)."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz.core.definition import AttributeDef, AttributeType, FactDef, FactPart, Origin, PolicySet
from authz.core.generation import FactEvaluator
from authz.policy.facts import LONGEST_EXPRESSION, check_facts, compile_facts

NOW = dt.datetime(2026, 6, 3, 7, tzinfo=dt.UTC)
TODAY = 20607
ATTRIBUTES = {
    name: AttributeDef(name, AttributeType(kind), Origin.REGISTRY)
    for name, kind in {
        "tenant.subscription.paid": "bool",
        "tenant.subscription.until": "date",
        "tenant.contracts": "strings",
        "resource.owner": "string",
        "resource.severity": "int",
        "resource.opened": "time",
    }.items()
}


def fact(expression: str, *parts: tuple[str, str]) -> FactDef:
    return FactDef("it", expression, {}, "1", tuple(FactPart(part, text, {}) for part, text in parts))


def evaluator(*facts: FactDef) -> FactEvaluator:
    known = {declared.id: declared for declared in facts}
    return compile_facts(PolicySet("demo", {}, ("en",), "Etc/UTC", "RO", {}, {}, ATTRIBUTES, known))


def answer(expression: str, **bound: object) -> bool | None:
    """The fact's value; keyword `resource__owner` binds `resource.owner`."""
    bindings = {name.replace("__", "."): value for name, value in bound.items()}
    return evaluator(fact(expression))("it", {"now": NOW, "today": TODAY, "subject.ids": ["ana"], **bindings})


def problems(expression: str) -> list[tuple[int, str]]:
    return [(column, text) for _, _, column, text in check_facts(ATTRIBUTES, {"it": fact(expression)})]


@pytest.mark.parametrize(
    "expression",
    [
        "tenant.subscription.paid",
        "tenant.subscription.paid && tenant.subscription.until >= today",
        "!tenant.subscription.paid_known || tenant.subscription.paid",
        'resource.owner != "" && resource.owner in subject.ids',
        '"sage" in tenant.contracts || "csr" in tenant.contracts',
        "tenant.contracts.exists(c, c == 'sage')",
        "resource.severity in [1, 2]",
        "now - resource.opened < duration('24h')",
        "now.getHours('Europe/Bucharest') >= 9",
        "channel == 'email' && assurance != 'claimed' && subject.role == 'admin'",
        "tenant.id == 'acme' || resource.type == 'ticket' || resource.id == '1' || action.name == 'x'",
        "subject.id == 'ana' && subject.type == 'contact'",
        "tenant . subscription . paid",
        "resource.owner.matches('^[a-z]+$')",
        "// why\ntenant.subscription.paid",
        "resource.owner == 'has(x)'",
    ],
)
def test_a_yes_or_no_over_declared_names_is_a_fact(expression: str) -> None:
    assert problems(expression) == []


@pytest.mark.parametrize(
    ("expression", "column", "text"),
    [
        (
            "tenant.subscriptoin.paid",
            1,
            "`tenant.subscriptoin.paid` is not declared; did you mean `tenant.subscription.paid`?",
        ),
        ("true && zzz", 9, "`zzz` is not declared"),
        ("tenant.subscription", 1, "`tenant.subscription` is not declared; did you mean `tenant.subscription.paid`?"),
        ("'é' == 'é' &&\n  resource.ownr == ''", 17, "`resource.ownr` is not declared; did you mean `resource.owner`?"),
        ("resource.owner == 1", 16, "`==` does not apply to string and int"),
        ("tenant.subscription.paid + 1", 26, "`+` does not apply to bool and int"),
        ("resource.severity in tenant.contracts", 19, "`in` does not apply to int and list(string)"),
        ("!resource.owner", 1, "`!` does not apply to string"),
        (
            "tenant.subscription.until > now",
            27,
            "`tenant.subscription.until` is a date; compare it with `today`, not with a time",
        ),
        (
            "now - tenant.subscription.until > duration('1h')",
            5,
            "`tenant.subscription.until` is a date; compare it with `today`, not with a time",
        ),
        (
            "true && timestamp(tenant.subscription.until) > now",
            9,
            "`tenant.subscription.until` counts days, not seconds; compare it with `today`",
        ),
        ("has(resource.owner)", 1, "`has()` gives the value itself here; use `<name>_known`"),
        ("today", 1, "the expression is of type int, not bool"),
        ("'yes'", 1, "the expression is of type string, not bool"),
        ("now", 1, "the expression is of type time, not bool"),
        ("null", 1, "the expression is of type null, not bool"),
        ("dyn(tenant.subscription.paid)", 1, "the expression is of type dyn, not bool"),
        ("{}.x", 1, "the expression is of type dyn, not bool"),
        ("", 1, "syntax error: the expression ends too early"),
        ("tenant.subscription.paid &&", 28, "syntax error: the expression ends too early"),
        ("(true", 6, "syntax error: missing `)` at the end"),
        ("true true", 6, "syntax error: extraneous input `true`"),
        ("true; true", 5, None),
        ("lower(resource.owner) == 'a'", 1, "`lower` is not a function"),
        ("resource.owner.lower() == 'a'", 16, "`lower` is not a function"),
        (
            "true || " + "false || " * 200 + "true",
            1,
            f"longer than {LONGEST_EXPRESSION} characters; split the fact into parts",
        ),
    ],
)
def test_anything_else_is_refused_at_its_place(expression: str, column: int, text: str | None) -> None:
    found = problems(expression)

    assert [at for at, _ in found] == [column]
    if text is None:
        assert found[0][1].startswith("syntax error")
    else:
        assert found[0][1] == text


def test_every_problem_of_every_fact_and_part_is_reported() -> None:
    facts = {
        "one": FactDef("one", "aa && bb", {}, "1"),
        "two": FactDef("two", "", {}, "2", (FactPart("good", "true", {}), FactPart("bad", "1", {}))),
    }

    assert check_facts({}, facts) == [
        ("one", "", 1, "`aa` is not declared"),
        ("one", "", 7, "`bb` is not declared"),
        ("two", "bad", 1, "the expression is of type int, not bool"),
    ]


def test_facts_that_were_not_checked_do_not_compile() -> None:
    with pytest.raises(ValueError, match="fact `it`: column 1: the expression is of type int"):
        evaluator(fact("1"))
    with pytest.raises(ValueError, match=r"fact `it\.size`: column 1"):
        evaluator(fact("", ("size", "zz")))


@given(st.text(max_size=60))
def test_no_text_whatever_breaks_the_check(expression: str) -> None:
    for _, _, column, text in check_facts(ATTRIBUTES, {"it": fact(expression)}):
        assert 1 <= column <= len(expression) + 1
        assert text


# ------------------------------------------------------------------------------------------------ evaluation


def test_a_fact_is_true_or_false_where_all_that_matters_is_known() -> None:
    assert answer("tenant.subscription.until >= today", tenant__subscription__until=TODAY) is True
    assert answer("tenant.subscription.until >= today", tenant__subscription__until=TODAY - 1) is False
    assert answer("resource.owner in subject.ids", resource__owner="ana") is True
    assert answer("resource.owner in subject.ids", resource__owner="bo") is False
    assert answer("'sage' in tenant.contracts", tenant__contracts=[]) is False
    assert answer("now > resource.opened", resource__opened=NOW - dt.timedelta(seconds=1)) is True


def test_blanks_inside_a_name_change_nothing() -> None:
    assert answer("tenant . subscription\n. paid", tenant__subscription__paid=True) is True


def test_an_absent_attribute_makes_a_fact_unknown() -> None:
    assert answer("tenant.subscription.paid") is None
    assert answer("!tenant.subscription.paid") is None
    assert answer("tenant.subscription.paid && true") is None
    assert answer("resource.owner in subject.ids") is None


def test_what_is_not_known_does_not_matter_where_the_rest_decides() -> None:
    assert answer("tenant.subscription.paid || true") is True
    assert answer("tenant.subscription.paid && false") is False


def test_a_fact_may_ask_whether_a_value_is_known() -> None:
    expression = "tenant.subscription.paid_known && tenant.subscription.paid"

    assert answer(expression, tenant__subscription__paid_known=False) is False
    assert answer(expression, tenant__subscription__paid_known=True, tenant__subscription__paid=True) is True


@pytest.mark.parametrize(
    ("expression", "bound"),
    [
        pytest.param("1 / (resource.severity - 1) > 0", {"resource__severity": 1}, id="division by zero"),
        pytest.param("tenant.contracts[5] == 'x'", {"tenant__contracts": ["a"]}, id="past the end of a list"),
        pytest.param("resource.severity + 1 > 0", {"resource__severity": 2**63 - 1}, id="overflow"),
        pytest.param("resource.owner == 'a'", {"resource__owner": 1}, id="a value of another type"),
        pytest.param("resource.owner == 'a'", {"resource__owner": "\ud800"}, id="text that is no text"),
        pytest.param("resource.severity == 1", {"resource__severity": 2**70}, id="a number beyond 64 bits"),
        pytest.param("tenant.subscription.paid", {"tenant__subscription__paid": 1}, id="one for true"),
        pytest.param("tenant.subscription.paid", {"tenant__subscription__paid": "true"}, id="a word for true"),
        pytest.param("tenant.subscription.paid", {"tenant__subscription__paid": None}, id="null"),
        pytest.param("resource.opened < now", {"resource__opened": dt.datetime(1, 1, 1, tzinfo=dt.UTC)}, id="year one"),
        pytest.param("timestamp(resource.owner) < now", {"resource__owner": "soon"}, id="no timestamp"),
        pytest.param("resource.owner.matches('(')", {"resource__owner": "a"}, id="no pattern"),
    ],
)
def test_whatever_the_engine_cannot_say_is_unknown_and_never_true(expression: str, bound: dict[str, object]) -> None:
    assert answer(expression, **bound) is None


def test_a_false_fact_is_false_although_the_engines_value_object_is_truthy() -> None:
    assert answer("tenant.subscription.paid", tenant__subscription__paid=False) is False


PARTS = ("number", "resource.owner != ''"), ("severity", "resource.severity > 0"), ("paid", "tenant.subscription.paid")


@pytest.mark.parametrize(
    ("owner", "severity", "paid", "expected", "unmet"),
    [
        pytest.param("a", 1, True, True, (), id="all hold"),
        pytest.param("", 1, True, False, ("number",), id="one is false"),
        pytest.param("a", None, True, None, ("severity",), id="one is unknown"),
        pytest.param(None, 0, None, False, ("number", "severity", "paid"), id="false beats unknown"),
        pytest.param(
            None, None, False, False, ("number", "severity", "paid"), id="a late false beats an early unknown"
        ),
    ],
)
def test_a_fact_of_parts_is_their_conjunction_and_names_the_unmet(
    owner: str | None, severity: int | None, paid: bool | None, expected: bool | None, unmet: tuple[str, ...]
) -> None:
    facts = evaluator(fact("", *PARTS))
    bound = {"resource.owner": owner, "resource.severity": severity, "tenant.subscription.paid": paid}
    bindings = {name: value for name, value in bound.items() if value is not None}

    assert facts("it", bindings) is expected
    assert facts.unmet_parts("it", bindings) == unmet


def test_a_fact_without_parts_has_no_unmet_ones() -> None:
    assert evaluator(fact("tenant.subscription.paid")).unmet_parts("it", {}) == ()


def test_values_that_the_expression_does_not_name_cost_and_change_nothing() -> None:
    assert answer("tenant.subscription.paid", tenant__subscription__paid=True, resource__opened=object()) is True


def test_a_fact_that_is_not_declared_is_an_error_not_an_answer() -> None:
    with pytest.raises(KeyError):
        evaluator(fact("true"))("other", {})


LITERALS = st.sampled_from(
    ["true", "false", "tenant.subscription.paid", "resource.severity == 1", "resource.owner == 'a'", "1 / 0 == 1"]
)


@given(
    st.recursive(
        LITERALS,
        lambda inner: (
            st.builds(lambda a, op, b: f"({a} {op} {b})", inner, st.sampled_from(["&&", "||"]), inner)
            | st.builds(lambda a: f"!{a}" if a[0] == "(" else f"!({a})", inner)
        ),
        max_leaves=6,
    ),
    st.dictionaries(
        st.sampled_from(["tenant.subscription.paid", "resource.severity", "resource.owner"]), st.none(), max_size=3
    ),
    st.booleans(),
    st.integers(0, 2),
)
def test_knowing_more_never_changes_a_known_answer(
    expression: str, hidden: dict[str, None], paid: bool, severity: int
) -> None:
    facts = evaluator(fact(expression))
    full: dict[str, object] = {"tenant.subscription.paid": paid, "resource.severity": severity, "resource.owner": "a"}

    partly = facts("it", {name: value for name, value in full.items() if name not in hidden})

    if partly is not None:
        assert facts("it", full) is partly

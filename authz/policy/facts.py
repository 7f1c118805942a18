"""Facts in CEL: checked against the declared attributes at load, evaluated per request (R5; docs/policy-format.md).

The only importer of `cel_expr_python`. Its `eval()` does not raise: an absent variable, a wrong type or `1/0` comes
back as a value of type ERROR that is truthy. So a fact is true or false only where the value's type is plainly BOOL.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final, NamedTuple

from cel_expr_python import cel

from authz.core.attributes import BUILT_IN, KNOWN
from authz.core.definition import AttributeDef, AttributeType, FactDef, PolicySet
from authz.core.expressions import names_in
from authz.core.generation import FactEvaluator

LONGEST_EXPRESSION: Final = 1000
"""Characters; whoever needs more splits the fact into parts."""

_BOOL: Final = cel.Type.BOOL
_CEL_TYPES: Final = {
    AttributeType.STRING: cel.Type.STRING,
    AttributeType.BOOL: cel.Type.BOOL,
    AttributeType.INT: cel.Type.INT,
    AttributeType.DATE: cel.Type.INT,
    AttributeType.TIME: cel.Type.TIMESTAMP,
    AttributeType.STRINGS: cel.Type.List(cel.Type.STRING),
}
_FINDING: Final = re.compile(r"^(?:INVALID_ARGUMENT: )?ERROR: <input>:(\d+):(\d+): (.*)$", re.MULTILINE)
_NAME_BEFORE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\s*\.\s*[A-Za-z_][A-Za-z0-9_]*)*\s*$")

FactProblem = tuple[str, str, int, str]
"""Fact id, part id or "", column in the expression (characters from 1, line ends counted), text."""


def check_facts(attributes: Mapping[str, AttributeDef], facts: Mapping[str, FactDef]) -> list[FactProblem]:
    """Every expression that does not compile to plain BOOL over the declared names, with its place; empty: all fine."""
    environment = _environment(attributes)
    dates = _dates(attributes)
    found: list[FactProblem] = []
    for fact in facts.values():
        for part, expression in _expressions(fact):
            problems = _problems_of(expression, environment, attributes, dates)
            found.extend((fact.id, part, column, text) for column, text in problems)
    return found


def compile_facts(definition: PolicySet) -> FactEvaluator:
    """The evaluator of a checked set's facts.

    Raises:
        ValueError: an expression is not a fact over the declared names (`check_facts` tells where).
    """
    problems = check_facts(definition.attributes, definition.facts)
    if problems:
        fact, part, column, text = problems[0]
        raise ValueError(f"fact `{fact}{'.' + part if part else ''}`: column {column}: {text}")
    environment = _environment(definition.attributes)
    names = variable_types(definition.attributes)
    return _Evaluator(
        {
            fact.id: tuple(
                _Conjunct(part, environment.compile(expression), names_in(expression, names))
                for part, expression in _expressions(fact)
            )
            for fact in definition.facts.values()
        }
    )


def variable_types(attributes: Mapping[str, AttributeDef]) -> dict[str, AttributeType]:
    """Every name that an expression may use, with its type."""
    types: dict[str, AttributeType] = dict(BUILT_IN)
    for attribute in attributes.values():
        types[attribute.name] = attribute.type
        types[attribute.name + KNOWN] = AttributeType.BOOL
    return types


class _Conjunct(NamedTuple):
    """A part of a fact, or the whole of one without parts (`part` is then empty). `names`: all it can look at."""

    part: str
    expression: cel.Expression
    names: tuple[str, ...]


class _Evaluator:
    """Three-valued facts: True, False, or None for unknown. Holds nothing about any request."""

    __slots__ = ("_facts",)

    def __init__(self, facts: Mapping[str, tuple[_Conjunct, ...]]) -> None:
        self._facts = facts

    def __call__(self, fact: str, bindings: Mapping[str, object]) -> bool | None:
        """A fact with parts is False where any part is plainly false, else unknown where any is unknown."""
        result: bool | None = True
        for conjunct in self._facts[fact]:
            value = _evaluated(conjunct, bindings)
            if value is False:
                return False
            if value is None:
                result = None
        return result

    def unmet_parts(self, fact: str, bindings: Mapping[str, object]) -> tuple[str, ...]:
        """The parts that are not plainly true, in the order of the declaration."""
        return tuple(
            conjunct.part
            for conjunct in self._facts[fact]
            if conjunct.part and _evaluated(conjunct, bindings) is not True
        )


def _evaluated(conjunct: _Conjunct, bindings: Mapping[str, object]) -> bool | None:
    bound = {}
    for name in conjunct.names:
        value = bindings.get(name)
        if value is not None:
            bound[name] = value
    try:
        result = conjunct.expression.eval(data=bound)
        if result.type() != _BOOL:
            return None
        value = result.value()
    except Exception:  # noqa: BLE001 - R5: whatever the engine cannot say is unknown, and an unknown fact refuses
        return None
    return value if value is True or value is False else None


def _environment(attributes: Mapping[str, AttributeDef]) -> cel.Env:
    return cel.NewEnv(variables={name: _CEL_TYPES[kind] for name, kind in variable_types(attributes).items()})


def _expressions(fact: FactDef) -> list[tuple[str, str]]:
    """(part id or "", expression)."""
    if fact.parts:
        return [(part.id, part.expression) for part in fact.parts]
    return [("", fact.expression)]


def _dates(attributes: Mapping[str, AttributeDef]) -> tuple[str, ...]:
    return tuple(attribute.name for attribute in attributes.values() if attribute.type is AttributeType.DATE)


def _problems_of(
    expression: str, environment: cel.Env, attributes: Mapping[str, AttributeDef], dates: tuple[str, ...]
) -> list[tuple[int, str]]:
    if len(expression) > LONGEST_EXPRESSION:
        return [(1, f"longer than {LONGEST_EXPRESSION} characters; split the fact into parts")]
    traps = _traps(expression, dates)
    if traps:
        return traps
    try:
        compiled = environment.compile(expression)
    except Exception as error:  # noqa: BLE001 - the binding raises bare RuntimeErrors; any failure refuses the set
        return _compile_problems(str(error), expression, attributes, dates)
    result = compiled.return_type()
    if result != _BOOL:
        return [(1, f"the expression is of type {_plain_type(result.name())}, not bool")]
    return []


_STRING_LITERAL: Final = re.compile(r"\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'")
_HAS: Final = re.compile(r"(?<![A-Za-z0-9_.])has\s*\(")
_AS_TIMESTAMP: Final = re.compile(r"(?<![A-Za-z0-9_.])timestamp\s*\(\s*([A-Za-z_][A-Za-z0-9_.]*)\s*\)")


def _traps(expression: str, dates: tuple[str, ...]) -> list[tuple[int, str]]:
    """What compiles and does not mean what it says."""
    code = _STRING_LITERAL.sub(lambda match: '"' + " " * (len(match[0]) - 2) + '"', expression)
    found = [
        (match.start() + 1, f"`has()` gives the value itself here; use `<name>{KNOWN}`")
        for match in _HAS.finditer(code)
    ]
    found += [
        (match.start() + 1, f"`{match[1]}` counts days, not seconds; compare it with `today`")
        for match in _AS_TIMESTAMP.finditer(code)
        if match[1] in dates or match[1] == "today"
    ]
    return found


def _compile_problems(
    report: str, expression: str, attributes: Mapping[str, AttributeDef], dates: tuple[str, ...]
) -> list[tuple[int, str]]:
    starts = [0]
    for line in expression.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    found: dict[int, str] = {}
    for line, column, text in _FINDING.findall(report):
        offset = starts[min(int(line), len(starts)) - 1] + int(column)
        where, said = _worded(text.removesuffix(" [INVALID_ARGUMENT]"), offset, expression, attributes, dates)
        found.setdefault(where, said)
        if said.startswith("syntax error"):
            break  # what follows a syntax error is noise
    return sorted(found.items()) or [(1, "the expression does not compile")]


_UNDECLARED: Final = re.compile(r"undeclared reference to '(.*)' \(in container ''\)")
_NO_OVERLOAD: Final = re.compile(r"found no matching overload for '(.*)' applied to '\((.*)\)'")
_SYNTAX: Final = re.compile(r"Syntax error: (.*?)(?: expecting .*)?")


def _worded(
    text: str, offset: int, expression: str, attributes: Mapping[str, AttributeDef], dates: tuple[str, ...]
) -> tuple[int, str]:
    """The engine's finding in our words, at the beginning of the name it speaks of."""
    undeclared = _UNDECLARED.fullmatch(text)
    if undeclared is not None:
        return _undeclared(undeclared[1], offset, expression, attributes)
    overload = _NO_OVERLOAD.fullmatch(text)
    if overload is not None:
        operator, types = overload[1].strip("_@"), _plain_type(overload[2])
        if "int" in types and "time" in types:
            used = [name for name in dates if name in expression]
            if used:
                return offset, f"`{used[0]}` is a date; compare it with `today`, not with a time"
        return offset, f"`{operator}` does not apply to {types.replace(', ', ' and ')}"
    syntax = _SYNTAX.fullmatch(text)
    if syntax is not None:
        said = (
            syntax[1].replace("mismatched input '<EOF>'", "the expression ends too early").replace("'<EOF>'", "the end")
        )
        return offset, "syntax error: " + re.sub(r"'([^']*)'", r"`\1`", said)
    return offset, text


def _undeclared(name: str, offset: int, expression: str, attributes: Mapping[str, AttributeDef]) -> tuple[int, str]:
    """The engine points at the last dot of a name, and at the parenthesis after a function's name."""
    if expression.startswith("(", offset - 1):
        return max(1, offset - len(name)), f"`{name}` is not a function"
    before = _NAME_BEFORE.search(expression[: offset - 1])
    start = before.start() + 1 if before is not None and "." in name else offset
    near = get_close_matches(name, variable_types(attributes), n=1)
    return start, f"`{name}` is not declared" + (f"; did you mean `{near[0]}`?" if near else "")


def _plain_type(name: str) -> str:
    """`google.protobuf.Timestamp` is `time` in this format's words, and so on."""
    return name.lower().replace("google.protobuf.timestamp", "time").replace("timestamp", "time")

"""Facts that cannot be what was meant: constants, words that never occur, lines they make unreachable (R5)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Final

from authz.core.definition import FactDef, PolicySet
from authz.core.generation import FactEvaluator
from authz.core.identity import BUILT_IN_SUBJECT_TYPES
from authz.core.types import Assurance
from authz.policy.finding import Finding
from authz.policy.lint.matrix import about_line
from authz.policy.lint.places import CsvPlaces, Place, YamlPlaces
from authz.policy.parse import ParsedSet
from authz.policy.reading.definition import TENANT_TYPE
from authz.policy.reading.fields import near_miss
from authz.policy.reading.matrix import MatrixLine

_FACTS: Final = 3
_NAME: Final = r"(?<![\w.])(subject\.role|subject\.type|resource\.type|action\.name|channel|assurance)(?![\w.(])"
_LITERAL: Final = r"(\"[^\"\\]*\"|'[^'\\]*')"
_COMPARED: Final = re.compile(rf"{_NAME}\s*[!=]=\s*{_LITERAL}")
_COMPARED_BACKWARDS: Final = re.compile(rf"{_LITERAL}\s*[!=]=\s*{_NAME}")
_LISTED: Final = re.compile(rf"{_NAME}\s+in\s+\[([^\]]*)\]")
_ONE_LITERAL: Final = re.compile(_LITERAL)


def fact_findings(parsed: ParsedSet, evaluate: FactEvaluator, yaml: YamlPlaces, places: CsvPlaces) -> Iterator[Finding]:
    """Everything about facts and the lines that name them. `evaluate`: the set's own facts, compiled."""
    definition = parsed.definition
    words = closed_words(definition)
    for fact in definition.facts.values():
        yield from _impossible(fact, words, yaml)
    constant = {fact for fact in definition.facts if evaluate(fact, {}) is not None}
    for name in sorted(constant):
        text = f"`{name}` is always {'true' if evaluate(name, {}) else 'false'}, whatever is asked"
        yield Finding(yaml.file, *yaml.key("facts", name), "constant-fact", name, text)
    reach = _Reach(definition, words, evaluate)
    for line in parsed.matrix:
        blocking = reach.blocking(line) if constant.isdisjoint(line.facts) else ()
        if blocking:
            named = " and ".join(f"`{fact}`" for fact in blocking)
            together = " together" if len(blocking) > 1 else ""
            who = f"role `{line.role}` and action `{line.action}`"
            text = f"no request can reach it: {named} cannot hold{together} for {who}"
            file, number, column = places.at(line.source, _FACTS)
            yield Finding(file, number, column, "unreachable-line", about_line(line), text)


def closed_words(definition: PolicySet) -> dict[str, tuple[str, ...]]:
    """The built-in names with a closed list of values; `subject.role` only where no request may state another."""
    words = {
        "subject.role": tuple(definition.roles),
        "subject.type": (*BUILT_IN_SUBJECT_TYPES, *definition.subject_types),
        "resource.type": (TENANT_TYPE, *definition.resource_types),
        "action.name": tuple(definition.actions),
        "channel": tuple(channel.value for channel in definition.channels),
        "assurance": tuple(level.value for level in Assurance),
    }
    return {name: known for name, known in words.items() if name not in definition.attributes}


def _expressions(fact: FactDef) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each expression of a fact, and its way from the root of `set.yaml`."""
    if not fact.parts:
        yield fact.expression, ("facts", fact.id, "expression")
    for part in fact.parts:
        yield part.expression, ("facts", fact.id, "parts", part.id, "expression")


def _impossible(fact: FactDef, words: Mapping[str, tuple[str, ...]], yaml: YamlPlaces) -> Iterator[Finding]:
    for expression, way in _expressions(fact):
        for name, word, offset in _comparisons(expression):
            if name in words and word not in words[name]:
                text = f"`{name}` is never `{word}`{near_miss(word, words[name])}"
                place = _place(yaml, way, offset)
                yield Finding(yaml.file, *place, "impossible-comparison", f"{fact.id} {name} {word}", text)


def _comparisons(expression: str) -> Iterator[tuple[str, str, int]]:
    """(name, literal, offset of the literal from 1) of every comparison of a built-in name."""
    for match in _COMPARED.finditer(expression):
        yield match[1], match[2][1:-1], match.start(2) + 1
    for match in _COMPARED_BACKWARDS.finditer(expression):
        yield match[2], match[1][1:-1], match.start(1) + 1
    for match in _LISTED.finditer(expression):
        for literal in _ONE_LITERAL.finditer(match[2]):
            yield match[1], literal[1][1:-1], match.start(2) + literal.start(1) + 1


def _place(yaml: YamlPlaces, way: tuple[str, ...], offset: int) -> Place:
    scalar = yaml.scalar(*way)
    return scalar.place_of(offset) if scalar is not None else (0, 0)


class _Reach:
    """Whether some request can make all facts of a line true, as far as the closed words alone can tell.

    Everything else is left unknown: what the evaluator then still calls false is false for every request.
    """

    def __init__(self, definition: PolicySet, words: Mapping[str, tuple[str, ...]], evaluate: FactEvaluator) -> None:
        self._definition = definition
        self._words = words
        self._evaluate = evaluate
        self._known: dict[tuple[str, tuple[tuple[str, str], ...]], bool | None] = {}
        self._used = {
            fact.id: tuple(name for name in words if any(_mentions(text, name) for text, _ in _expressions(fact)))
            for fact in definition.facts.values()
        }

    def blocking(self, line: MatrixLine) -> tuple[str, ...]:
        """The one fact, or the facts that together, keep the line from matching in every cell that it fits; or none."""
        facts = tuple(fact for fact in line.facts if fact in self._used)
        if self._reaches(line, facts):
            return ()
        alone = next((fact for fact in facts if not self._reaches(line, (fact,))), None)
        return facts if alone is None else (alone,)

    def _reaches(self, line: MatrixLine, facts: tuple[str, ...]) -> bool:
        """Whether the facts can all be true in any of the cells that the line fits."""
        names = tuple(dict.fromkeys(name for fact in facts for name in self._used[fact]))
        return any(
            self._holds(facts, names, role, action)
            for role in self._definition.roles
            for action in self._definition.actions
            if line.fits(role, action)
        )

    def _holds(self, facts: tuple[str, ...], names: tuple[str, ...], role: str, action: str) -> bool:
        fixed = {"subject.role": (role,), "action.name": (action,)}
        choices = [fixed.get(name, self._words[name]) for name in names]
        return any(
            all(self._value(fact, dict(zip(names, values, strict=True))) is not False for fact in facts)
            for values in product(*choices)
        )

    def _value(self, fact: str, bound: Mapping[str, str]) -> bool | None:
        key = fact, tuple((name, bound[name]) for name in self._used[fact])
        if key not in self._known:
            self._known[key] = self._evaluate(fact, dict(key[1]))
        return self._known[key]


def _mentions(expression: str, name: str) -> bool:
    return re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", expression) is not None

"""The form of model.conf: design A and nothing else, because the decision table is exact only for it (casbin.md 3).

The text is read twice: by a strict reader that knows line and column, and by Casbin itself, since what counts is what
Casbin will really run.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import permutations
from typing import Final, NamedTuple

from authz.errors import Problem
from authz.policy.bundle import MODEL_FILE
from authz.policy.judge import DENY_OVERRIDE, matcher_tree, read_model
from authz.policy.reading.characters import misplaced, read_text
from authz.policy.reading.fields import near_miss

CODE: Final = "model"
_LARGEST: Final = 16 * 1024
_COLUMNS: Final = {
    ("request_definition", "r"): ("tenant", "role", "act", "facts"),
    ("request_definition", "r2"): ("tenant", "ip"),
    ("policy_definition", "p"): ("tenant", "role", "act", "when", "eft", "src"),
    ("policy_definition", "p2"): ("tenant", "network", "eft", "src"),
}
_EFFECT: Final = ("policy_effect", "e")
_MATCHER: Final = ("matchers", "m")
_NETWORK_MATCHER: Final = ("matchers", "m2")
_EXPECTED: Final = (*_COLUMNS, _EFFECT, _MATCHER, _NETWORK_MATCHER)
_SECTIONS: Final = tuple(dict.fromkeys(section for section, _ in _EXPECTED))
_CONJUNCTS: Final = (
    '(p.tenant == "*" || r.tenant == p.tenant)',
    '(p.role == "*" || r.role == p.role)',
    '(p.act == "*" || r.act == p.act)',
    "holds(p.when, r.facts)",
)
_NETWORK_CONJUNCTS: Final = ("r2.tenant == p2.tenant", "inNetwork(r2.ip, p2.network)")
_OPTION: Final = re.compile(r"([A-Za-z0-9_]+)( *= *)(.*)")


class _Option(NamedTuple):
    section: str
    name: str
    value: str
    line: int
    column: int


def model_problems(content: bytes) -> list[Problem]:
    """Everything that keeps a model from being design A; empty: it is."""
    if len(content) > _LARGEST:
        return [_problem(0, 0, f"larger than {_LARGEST} bytes")]
    problems: list[Problem] = []
    text = read_text(MODEL_FILE, content, problems)
    if text is None or problems:
        return problems
    sections: dict[str, int] = {}
    options = list(_options(text, sections, problems))
    problems += _wrong_options(options)
    if not problems:
        problems += _missing(options, sections)
    if not problems:
        problems += _wrong_values(options)
    if not problems:
        problems += _as_casbin_reads(text)
    return problems


def _problem(line: int, column: int, text: str) -> Problem:
    return Problem(MODEL_FILE, line, column, text, CODE)


def _options(text: str, sections: dict[str, int], problems: list[Problem]) -> Iterable[_Option]:
    """Section headers and `name = value` lines, each on one line of its own; whatever else is a problem."""
    section = ""
    for number, line in enumerate(text.split("\n"), 1):
        if not line or line.startswith("#"):
            continue
        wrong = _unfit(line)
        option = _OPTION.fullmatch(line)
        if wrong is not None:
            problems.append(_problem(number, *wrong))
        elif line.startswith("["):
            section = line[1:-1]
            problems += _wrong_section(line, number, sections)
            sections.setdefault(section, number)
        elif option is None:
            problems.append(_problem(number, 1, "neither a section nor `name = value` in one line"))
        else:
            yield _Option(section, option[1], option[3], number, len(option[1]) + len(option[2]) + 1)


def _unfit(line: str) -> tuple[int, str] | None:
    wrong = misplaced(line)
    if wrong is not None:
        return wrong
    for mark, text in (("#", "a comment stands in a line of its own, in column 1"), (";", "no value holds `;`")):
        if mark in line:
            return line.index(mark) + 1, text
    if line.endswith("\\"):
        return len(line), "a value stands in one line; no continuation"
    return None


def _wrong_section(line: str, number: int, seen: Mapping[str, int]) -> Iterable[Problem]:
    section = line[1:-1]
    if not line.endswith("]"):
        yield _problem(number, 1, "a section is written `[name]`")
    elif section == "role_definition":
        yield _problem(number, 1, "role links are not part of the model; roles are plain values")
    elif section not in _SECTIONS:
        yield _problem(number, 1, f"unknown section `{line}`{near_miss(section, _SECTIONS)}")
    elif section in seen:
        yield _problem(number, 1, f"section `{line}` is already given in line {seen[section]}")


def _wrong_options(options: list[_Option]) -> Iterable[Problem]:
    seen: dict[tuple[str, str], int] = {}
    for option in options:
        key = (option.section, option.name)
        if option.name == "e2":
            yield _problem(option.line, 1, "`e2` is never read by Casbin; `e` judges both kinds of line")
        elif option.section == "role_definition":
            continue
        elif key not in _EXPECTED:
            where = f"in `[{option.section}]`" if option.section else "before the first section"
            yield _problem(option.line, 1, f"`{option.name}` is not expected {where}")
        elif key in seen:
            yield _problem(option.line, 1, f"`{option.name}` is already given in line {seen[key]}")
        seen.setdefault(key, option.line)


def _missing(options: list[_Option], sections: Mapping[str, int]) -> Iterable[Problem]:
    for section in _SECTIONS:
        if section not in sections:
            yield _problem(0, 0, f"section `[{section}]` is missing")
    given = {(option.section, option.name) for option in options}
    for section, name in _EXPECTED:
        if section in sections and (section, name) not in given:
            yield _problem(sections[section], 1, f"`{name}` is missing in `[{section}]`")


def _wrong_values(options: list[_Option]) -> Iterable[Problem]:
    for option in options:
        key = (option.section, option.name)
        columns = _COLUMNS.get(key)
        if columns is not None and tuple(part.strip(" ") for part in option.value.split(",")) != columns:
            yield _problem(option.line, option.column, f"`{option.name}` must be `{', '.join(columns)}`")
        elif key == _EFFECT and option.value != DENY_OVERRIDE:
            yield _problem(option.line, option.column, f"the effect must be exactly `{DENY_OVERRIDE}`")
        elif key in (_MATCHER, _NETWORK_MATCHER):
            yield from _wrong_matcher(option)


def _wrong_matcher(option: _Option) -> Iterable[Problem]:
    conjuncts = _CONJUNCTS if option.name == _MATCHER[1] else _NETWORK_CONJUNCTS
    if "eval" in option.value:
        at = option.column + option.value.index("eval")
        yield _problem(option.line, at, "`eval` lets a policy line rewrite the matcher; facts are declared in set.yaml")
    elif matcher_tree(option.value) not in _trees(conjuncts):
        wanted = " && ".join(conjuncts)
        yield _problem(option.line, option.column, f"`{option.name}` must be `{wanted}`")


@cache
def _trees(conjuncts: tuple[str, ...]) -> frozenset[str]:
    """What the matcher may run as: exactly these conjuncts, in any order."""
    return frozenset(matcher_tree(" && ".join(order)) for order in permutations(conjuncts))


def _as_casbin_reads(text: str) -> Iterable[Problem]:
    """The same once more in Casbin's own eyes: nothing that our reader saw differently may go live."""
    try:
        engine = read_model(text)
    except ValueError as error:
        yield _problem(0, 0, f"Casbin cannot read the model: {error}")
        return
    listed = {(section, name) for section, values in engine.options.items() for name in values}
    if listed != set(_EXPECTED):
        yield _problem(0, 0, "Casbin reads other sections or options than are written")
    for (_, name), columns in _COLUMNS.items():
        if engine.tokens.get(name) != tuple(f"{name}_{column}" for column in columns):
            yield _problem(0, 0, f"Casbin reads other columns of `{name}` than are written")
    if engine.effect != DENY_OVERRIDE.replace("p.", "p_"):
        yield _problem(0, 0, "Casbin reads another effect than is written")
    matchers = {"m": _CONJUNCTS, "m2": _NETWORK_CONJUNCTS}
    if set(engine.matchers) != set(matchers):
        yield _problem(0, 0, "Casbin reads other matchers than are written")
    for name, conjuncts in matchers.items():
        if engine.matchers.get(name) not in _trees(conjuncts):
            yield _problem(0, 0, f"Casbin runs another `{name}` than is written")

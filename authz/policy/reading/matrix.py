"""The `p` lines: each by itself, and all of them against the set's words (DESIGN section 3; casbin.md section 5)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Final, NamedTuple

from authz.core.definition import PolicySet
from authz.core.table import BUILT_IN_FACTS, MOST_FACTS_PER_CELL
from authz.core.types import Effect
from authz.errors import Problem
from authz.policy.reading.fields import ID, near_miss
from authz.policy.reading.lines import CsvLine

ANY: Final = "*"
NO_FACTS: Final = "-"
FACT_SEPARATOR: Final = " + "
CODE: Final = "matrix"
_TENANT, _ROLE, _ACTION, _FACTS, _EFFECT = range(5)


class MatrixLine(NamedTuple):
    """One `p` line. `facts` are in the order written, empty for `-`. `source` is `<set>/<file>:<line>`."""

    tenant: str
    role: str
    action: str
    facts: tuple[str, ...]
    effect: Effect
    source: str
    line: int

    def fits(self, role: str, action: str) -> bool:
        """Whether the line can match a request of that role and action."""
        return self.role in (ANY, role) and self.action in (ANY, action)


class Written(NamedTuple):
    """A rule with the place it came from."""

    rule: MatrixLine
    at: CsvLine


def read_matrix(lines: Iterable[CsvLine], definition: PolicySet, folder: str, problems: list[Problem]) -> list[Written]:
    """Every line whose own words are right. `folder` is `policies/<set>`, cut off the file's name for `source`."""
    found = []
    for line in lines:
        noted = list(_word_problems(line, definition))
        problems.extend(noted)
        if not noted:
            found.append(Written(_rule(line, definition.id, folder), line))
    return found


def _rule(line: CsvLine, set_id: str, folder: str) -> MatrixLine:
    tenant, role, action, facts, effect = (cell.text for cell in line.cells)
    source = f"{set_id}/{line.file.removeprefix(folder + '/')}:{line.number}"
    return MatrixLine(tenant, role, action, _fact_words(facts), Effect(effect), source, line.number)


def _fact_words(text: str) -> tuple[str, ...]:
    return () if text == NO_FACTS else tuple(text.split(FACT_SEPARATOR))


def _word_problems(line: CsvLine, definition: PolicySet) -> Iterable[Problem]:
    _, role, action, facts, effect = (cell.text for cell in line.cells)
    yield from tenant_problems(line, definition.roles, wildcard=True)
    if role != ANY and role not in definition.roles:
        yield line.problem(_ROLE, f"unknown role `{role}`{near_miss(role, definition.roles)}", CODE)
    if action != ANY and action not in definition.actions:
        yield line.problem(_ACTION, f"unknown action `{action}`{near_miss(action, definition.actions)}", CODE)
    yield from _fact_problems(line, {*BUILT_IN_FACTS, *definition.facts})
    if effect not in tuple(Effect):
        yield line.problem(_EFFECT, f"`{effect}` is not an effect; write `allow` or `deny`", CODE)
    elif effect == Effect.ALLOW:
        for cell, name in ((_ROLE, "role"), (_ACTION, "action")):
            if line.cells[cell].text == ANY:
                yield line.problem(cell, f"`*` as {name} may stand on deny lines only", CODE)
        missing = [fact for fact in BUILT_IN_FACTS if fact not in _fact_words(facts)]
        declared = definition.actions.get(action)
        if missing and (declared is None or not declared.open_to_any_sender):
            names = " and ".join(f"`{fact}`" for fact in missing)
            yield line.problem(_FACTS, f"an allow line must name {names}, or the action be `open_to_any_sender`", CODE)


def tenant_problems(line: CsvLine, roles: Collection[str], *, wildcard: bool) -> Iterable[Problem]:
    """What is wrong with the tenant of a `p` or `p2` line."""
    tenant = line.cells[_TENANT].text
    if tenant == ANY and wildcard:
        return
    if not ID.fullmatch(tenant):
        text = f"`{tenant}` is not a tenant's id: lower-case letters, digits, `_` and `-` only"
        yield line.problem(_TENANT, text)
    elif tenant in roles:
        yield line.problem(_TENANT, f"tenant `{tenant}` has the name of a role")


def _fact_problems(line: CsvLine, known: Collection[str]) -> Iterable[Problem]:
    text = line.cells[_FACTS].text
    if text == NO_FACTS:
        return
    words = text.split(FACT_SEPARATOR)
    for at, word in enumerate(words):
        column = line.cells[_FACTS].column + len(FACT_SEPARATOR.join(words[:at])) + (len(FACT_SEPARATOR) if at else 0)
        if not ID.fullmatch(word):
            text = f"`{word}` is not a fact; facts are joined by ` + `, and `-` means none"
            yield Problem(line.file, line.number, column, text, CODE)
        elif word not in known:
            yield Problem(line.file, line.number, column, f"unknown fact `{word}`{near_miss(word, known)}", CODE)
        elif word in words[:at]:
            yield Problem(line.file, line.number, column, f"fact `{word}` is named twice", CODE)


def matrix_problems(
    written: list[Written], definition: PolicySet, file: str, fact_places: Mapping[str, tuple[int, int]], set_file: str
) -> list[Problem]:
    """What is wrong with the lines as a whole; `file` is named where a line is missing.

    Cells without or with several base lines, lines that contradict or can never act, more facts than a cell can have,
    facts that nobody uses.
    """
    problems = [*_repeated(written), *_base_lines(written, definition, file)]
    problems += _never_acting(written)
    problems += _crowded(written, definition)
    used = {fact for rule, _ in written for fact in rule.facts}
    problems += [
        Problem(set_file, *fact_places[fact], f"no line uses the fact `{fact}`", "fact")
        for fact in definition.facts
        if fact not in used
    ]
    return problems


def _repeated(written: list[Written]) -> Iterable[Problem]:
    seen: dict[tuple[object, ...], Written] = {}
    for entry in written:
        rule, at = entry
        first = seen.setdefault((rule.tenant, rule.role, rule.action, frozenset(rule.facts)), entry)
        if first is entry:
            continue
        if first.rule.effect is rule.effect:
            yield at.problem(_TENANT, f"the same rule as {first.rule.source}", CODE)
        else:
            yield at.problem(_EFFECT, f"contradicts {first.rule.source}: allow and deny for the same question", CODE)


def _is_base(rule: MatrixLine) -> bool:
    """Tenant `*`, one role, one action, and either an allow or a plain deny: the contract's own cell."""
    return rule.tenant == ANY and ANY not in (rule.role, rule.action) and (
        rule.effect is Effect.ALLOW or not rule.facts
    )  # fmt: skip


def _base_lines(written: list[Written], definition: PolicySet, file: str) -> Iterable[Problem]:
    base: dict[tuple[str, str], Written] = {}
    for entry in written:
        rule, at = entry
        if not _is_base(rule):
            continue
        first = base.setdefault((rule.role, rule.action), entry)
        same_question = set(first.rule.facts) == set(rule.facts)
        if first is not entry and not same_question:
            text = f"role `{rule.role}` and action `{rule.action}` already have a base line, {first.rule.source}"
            yield at.problem(_TENANT, text, CODE)
    for role in definition.roles:
        for action in definition.actions:
            if (role, action) not in base:
                text = (
                    f"no base line for role `{role}` and action `{action}`; a Deny is `p, *, {role}, {action}, -, deny`"
                )
                yield Problem(file, 0, 0, text, CODE)


def _never_acting(written: list[Written]) -> Iterable[Problem]:
    """A tenant's allow lines over deny lines; a base line may well be switched off by a deny line for everybody."""
    denies: dict[str, list[MatrixLine]] = defaultdict(list)
    for rule, _ in written:
        if rule.effect is Effect.DENY:
            denies[rule.tenant].append(rule)
    for rule, at in written:
        if rule.effect is not Effect.ALLOW or rule.tenant == ANY:
            continue
        for deny in (*denies[ANY], *denies[rule.tenant]):
            same_question = deny[:3] == rule[:3] and set(deny.facts) == set(rule.facts)
            if deny.fits(rule.role, rule.action) and set(deny.facts) <= set(rule.facts) and not same_question:
                yield at.problem(_EFFECT, f"can never act: {deny.source} denies whatever it allows", CODE)
                break


def _crowded(written: list[Written], definition: PolicySet) -> Iterable[Problem]:
    """The line that brings a cell its seventh fact, for the shared cells and for each tenant's own."""
    tenants: dict[str, list[Written]] = defaultdict(list)
    for entry in written:
        tenants[entry.rule.tenant].append(entry)
    shared = tenants.pop(ANY, [])
    cells = [(role, action) for role in definition.roles for action in definition.actions]
    found = set()
    shared_facts: dict[tuple[str, str], set[str]] = {cell: set() for cell in cells}
    for own in [shared, *tenants.values()]:
        facts = shared_facts if own is shared else {cell: set(named) for cell, named in shared_facts.items()}
        for rule, at in own:
            for role, action in cells:
                if not rule.fits(role, action) or facts[role, action].issuperset(rule.facts):
                    continue
                facts[role, action].update(rule.facts)
                if len(facts[role, action]) > MOST_FACTS_PER_CELL:
                    text = f"role `{role}` and action `{action}` depend on more than {MOST_FACTS_PER_CELL} facts"
                    found.add(at.problem(_FACTS, text, CODE))
    return found

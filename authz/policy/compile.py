"""Ask Casbin every question of a set once, and keep the answers (DESIGN section 3; casbin.md section 3).

The matcher's checked form makes it exact to ask with a slice of the lines: a line whose tenant, role or action is
another one can match nothing of the question. A sample of questions is put to a judge of all lines to hold that up.
"""

from __future__ import annotations

import hashlib
import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from authz.core.table import BUILT_IN_FACTS
from authz.errors import AuthzError, EngineDisagreement, PolicyInvalid, Problem
from authz.policy.compiled import OWN_LINE, Cells, CompiledSet, JudgedCell, TenantClass, decision_table
from authz.policy.judge import Judge, engine_versions
from authz.policy.parse import ParsedSet
from authz.policy.reading.matrix import ANY, MatrixLine

__all__ = ["CompiledSet", "compare_with_engine", "compile_set", "decision_table"]

NOBODY: Final = "?"
"""A tenant, role and action that no file can name: it stands for all those without a line of their own."""

_FORM: Final = "1"
"""Raised when this module's answers change, so that tables kept on disk are made anew."""

_MOST_SAMPLES: Final = 64
_FEWEST_SAMPLES: Final = 16
_LINES_SAMPLED: Final = 6000


def compile_set(parsed: ParsedSet, previous: CompiledSet | None = None) -> CompiledSet:
    """The decision table of a parsed set, made by a fresh Enforcer per slice, in this thread alone.

    Args:
        previous: an earlier compilation; its table is taken over where nothing that it depends on has changed.

    Raises:
        PolicyInvalid: the engine failed on a question.
        EngineDisagreement: a sampled question got another answer from a judge of all lines.
        ConfigError: the installed engine is not fit (`judge.engine_versions`).
    """
    engine = engine_versions()
    key = _table_key(parsed, engine)
    networks = dict(parsed.networks)
    if previous is not None and previous.table_key == key:
        return previous._replace(definition=parsed.definition, revision=parsed.bundle.revision, networks=networks)
    try:
        shared, classes = _judged(parsed)
    except AuthzError:
        raise
    except Exception as error:
        problem = Problem(parsed.bundle.place, 0, 0, f"the engine failed: {type(error).__name__}: {error}", "engine")
        raise PolicyInvalid([problem]) from error
    compiled = CompiledSet(parsed.definition, parsed.bundle.revision, engine, key, shared, classes, networks)
    compare_with_engine(parsed, compiled)
    return compiled


def _table_key(parsed: ParsedSet, engine: Mapping[str, str]) -> str:
    words = (_FORM, sorted(engine.items()), list(parsed.definition.roles), list(parsed.definition.actions))
    return hashlib.sha256(msgspec.json.encode((words, parsed.bundle.model, parsed.matrix))).hexdigest()


def _judged(parsed: ParsedSet) -> tuple[Cells, tuple[TenantClass, ...]]:
    model = parsed.bundle.model.decode()
    shared_lines = [line for line in parsed.matrix if line.tenant == ANY]
    cells = [(role, action) for role in parsed.definition.roles for action in parsed.definition.actions]
    shared = _by_role(
        (role, action, _cell(model, NOBODY, role, action, _fitting(shared_lines, role, action)))
        for role, action in cells
    )
    classes = []
    for group in _alike(parsed.matrix):
        tenant, lines = next(iter(group.items()))
        own_names = {line.source: f"{OWN_LINE}{at}" for at, line in enumerate(lines)}
        touched = [(role, action) for role, action in cells if _fitting(lines, role, action)]
        judged = _by_role(
            (
                role,
                action,
                _cell(model, tenant, role, action, _fitting([*shared_lines, *lines], role, action), own_names),
            )
            for role, action in touched
        )
        classes.append(TenantClass(judged, {name: tuple(line.source for line in own) for name, own in group.items()}))
    return shared, tuple(classes)


def _fitting(lines: Iterable[MatrixLine], role: str, action: str) -> list[MatrixLine]:
    return [line for line in lines if line.fits(role, action)]


def _by_role(cells: Iterable[tuple[str, str, JudgedCell]]) -> dict[str, dict[str, JudgedCell]]:
    found: dict[str, dict[str, JudgedCell]] = defaultdict(dict)
    for role, action, cell in cells:
        found[role][action] = cell
    return dict(found)


def _alike(lines: Iterable[MatrixLine]) -> list[dict[str, list[MatrixLine]]]:
    """Tenants with lines of their own, those with identical text together."""
    own: dict[str, list[MatrixLine]] = defaultdict(list)
    for line in lines:
        if line.tenant != ANY:
            own[line.tenant].append(line)
    groups: dict[tuple[object, ...], dict[str, list[MatrixLine]]] = defaultdict(dict)
    for tenant, written in own.items():
        groups[tuple((line.role, line.action, line.facts, line.effect) for line in written)][tenant] = written
    return list(groups.values())


def facts_of(lines: Iterable[MatrixLine]) -> tuple[str, ...]:
    """The facts that the lines name, in the order of `core.table.Cell`."""
    named = dict.fromkeys(fact for line in lines for fact in line.facts)
    return (
        *(fact for fact in BUILT_IN_FACTS if fact in named),
        *(fact for fact in named if fact not in BUILT_IN_FACTS),
    )


def _cell(
    model: str,
    tenant: str,
    role: str,
    action: str,
    lines: Sequence[MatrixLine],
    own_names: Mapping[str, str] | None = None,
) -> JudgedCell:
    """Every subset of the facts that these lines name, put to Casbin."""
    facts = facts_of(lines)
    judge = Judge(model, lines)
    judged = []
    for mask in range(1 << len(facts)):
        allowed, rule = judge.ask(tenant, role, action, _true_facts(facts, mask))
        judged.append((allowed, own_names.get(rule, rule) if own_names else rule))
    return JudgedCell(facts, tuple(judged))


def _true_facts(facts: Sequence[str], mask: int) -> frozenset[str]:
    return frozenset(fact for at, fact in enumerate(facts) if mask >> at & 1)


def compare_with_engine(parsed: ParsedSet, compiled: CompiledSet) -> int:
    """Put a random sample of questions (the revision is the seed) to a fresh Enforcer with all lines of the set.

    Every second question is one that the table allows; true facts that no fitting line names are thrown in. Returns the
    number of questions.

    Raises:
        EngineDisagreement: an answer or its rule differs.
    """
    shared_first = sorted(parsed.matrix, key=lambda line: line.tenant != ANY)
    judge = Judge(parsed.bundle.model.decode(), shared_first)
    sample = random.Random(compiled.revision)  # noqa: S311 - reproducible on purpose, guards nothing
    tenants = [NOBODY, *(tenant for group in compiled.classes for tenant in group.tenants)]
    all_facts = [*BUILT_IN_FACTS, *parsed.definition.facts]
    count = max(_FEWEST_SAMPLES, min(_MOST_SAMPLES, _LINES_SAMPLED // len(parsed.matrix)))
    for number in range(count):
        tenant = sample.choice(tenants) if number % 4 else NOBODY
        role, action, cell = sample.choice(list(compiled.cells_of(tenant)))
        allowed = [mask for mask, (granted, _) in enumerate(cell.judged) if granted]
        mask = sample.choice(allowed) if allowed and number % 2 else sample.randrange(len(cell.judged))
        noise = frozenset(fact for fact in all_facts if fact not in cell.facts and sample.getrandbits(1))
        answer = judge.ask(tenant, role, action, _true_facts(cell.facts, mask) | noise)
        if tuple(answer) != cell.judged[mask]:
            raise EngineDisagreement(
                f"{compiled.definition.id}: tenant `{tenant}`, role `{role}`, action `{action}`, mask {mask}: "
                f"the table says {cell.judged[mask]}, the engine {tuple(answer)}"
            )
    for role, action in (
        (NOBODY, next(iter(parsed.definition.actions))),
        (next(iter(parsed.definition.roles)), NOBODY),
    ):
        if judge.ask(NOBODY, role, action, frozenset(all_facts)).allowed:
            raise EngineDisagreement(f"{compiled.definition.id}: the engine allows an unknown role or action")
    return count + 2

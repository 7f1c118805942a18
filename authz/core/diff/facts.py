"""What differs between the facts of two versions of a set: what they compute, their names, what they decide. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from authz.core.definition import FactDef
from authz.core.diff.bearing import hangs_on, names_fact
from authz.core.diff.declaration import Declared, Part
from authz.core.diff.meaning import meaning
from authz.core.diff.names import renamings
from authz.core.diff.wording import Said, difference, in_words, shortlist
from authz.core.generation import Generation

CANNOT_TELL: Final = "its effect cannot be told from the tables"


def fact_changes(base: Generation, head: Generation) -> Iterator[Declared]:
    """Every fact that comes, goes, has another name, or computes something else."""
    before, after = base.definition.facts, head.definition.facts
    names = renamings(base, head)
    for old, fact in names.same.items():
        yield Declared(Part.FACT, fact, f"the fact {fact} was named {old} before, and computes the same")
        yield from _texts(before[old], after[fact])
    for old, fact in names.changed.items():
        was, now = before[old], after[fact]
        yield _otherwise(base, head, was, now, f"the fact {fact} was named {old} before, and is computed otherwise")
        yield from _texts(was, now)
    for fact in sorted((before.keys() | after.keys()) - names.names.keys() - set(names.names.values())):
        if fact not in before:
            yield Declared(Part.FACT, fact, f"the fact {fact} is new: {_listed(_computed(after[fact]))}")
        elif fact not in after:
            yield Declared(Part.FACT, fact, f"the fact {fact} is gone: it was {_listed(_computed(before[fact]))}")
        else:
            was, now = before[fact], after[fact]
            if meaning(was) != meaning(now):
                yield _otherwise(base, head, was, now, f"the fact {fact} is computed otherwise")
            else:
                yield from _texts(was, now)


def decides(base: Generation, head: Generation, facts: Collection[str]) -> str:
    """`it decides for guest: move_box; for keeper of acme: open_gate`: whose answers can hang on the facts, in words.

    What a tenant's own lines make hang on them is told of the tenant where it does not for all.
    """
    shared: dict[tuple[str, str], None] = {}
    for side in (head, base):
        shared.update((key, None) for key, cell in side.table.shared.items() if hangs_on(cell, facts))
    own: dict[tuple[str, str], list[str]] = {}
    for side in (head, base):
        for tenant, table in side.table.own.items():
            for key, cell in table.items():
                if key not in shared and hangs_on(cell, facts) and tenant not in own.setdefault(key, []):
                    own[key].append(tenant)
    scopes: dict[tuple[str, ...], list[tuple[str, str]]] = {(): list(shared)} if shared else {}
    for key, tenants in own.items():
        scopes.setdefault(tuple(sorted(tenants)), []).append(key)
    told = [
        f"for {roles}{f' of {shortlist(tenants)}' if tenants else ''}: {actions}"
        for tenants, keys in scopes.items()
        for roles, actions in _together(keys, len(head.definition.actions))
    ]
    return f"it decides {'; '.join(told)}" if told else ""


def _together(keys: list[tuple[str, str]], every_action: int) -> Iterator[tuple[str, str]]:
    """Roles that share their actions, and these actions."""
    by_role: dict[str, list[str]] = {}
    for role, action in keys:
        by_role.setdefault(role, []).append(action)
    by_actions: dict[tuple[str, ...], list[str]] = {}
    for role, actions in by_role.items():
        by_actions.setdefault(tuple(actions), []).append(role)
    for named, roles in by_actions.items():
        yield shortlist(roles), f"all {len(named)} actions" if len(named) == every_action > 1 else shortlist(named)


def _otherwise(base: Generation, head: Generation, was: FactDef, now: FactDef, said: str) -> Declared:
    used = names_fact(base, was.id) and names_fact(head, now.id)
    parts = [f"{said}: {difference(_computed(was), _computed(now))}"]
    if used:
        parts += [told for told in (decides(base, head, {was.id, now.id}),) if told]
    return Declared(Part.FACT, now.id, "; ".join([*parts, CANNOT_TELL if used else "no line names it"]), used, used)


def _texts(was: FactDef, now: FactDef) -> Iterator[Declared]:
    """Of a fact that computes the same."""
    if [part.id for part in was.parts] != [part.id for part in now.parts]:
        parts = (", ".join(part.id for part in one.parts) or "none" for one in (now, was))
        yield Declared(Part.FACT, now.id, "the fact {}: parts {}, before: {}".format(now.id, *parts))
    if was.clause != now.clause:
        yield Declared(Part.FACT, now.id, f"the fact {now.id}: clause {now.clause}, before: {was.clause}")


def _computed(fact: FactDef) -> Said:
    """The text of the expression, or of each part; where a line ends is shown, for a comment ends there."""
    if not fact.parts:
        return {"as": _shown(fact.expression)}
    return {f"part {part.id}": _shown(part.expression) for part in fact.parts}


def _listed(computed: Said) -> str:
    return f"computed {'; '.join(f'{name} {text}' for name, text in computed.items())}"


def _shown(expression: str) -> str:
    return in_words(" ↵ ".join(line.strip() for line in expression.strip().split("\n")))

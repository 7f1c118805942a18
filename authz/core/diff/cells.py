"""What one cell answers otherwise than another, whatever is true. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import NamedTuple

from authz.core.conditions import allowed_when
from authz.core.table import Cell

Table = Mapping[tuple[str, str], Cell]
"""Role and action -> the cell."""


class Change(NamedTuple):
    """`before`, `after`: when it is allowed, in words. `rule`, `gone`: as of `CellChange`."""

    before: str
    after: str
    gains: bool
    losses: bool
    rule: str
    gone: bool

    @property
    def alike(self) -> tuple[object, ...]:
        """What makes two changes one: not the line, which each tenant has of its own."""
        return self[:4]


def changes_of(base: Table, head: Table, names: Mapping[str, str]) -> Iterator[tuple[tuple[str, str], Change]]:
    """`names`: facts of BASE that HEAD calls otherwise, by their old name."""
    for key in dict.fromkeys((*base, *head)):
        before, after = base.get(key), head.get(key)
        if before is after and not names:
            continue
        change = change_of(before, after, names)
        if change is not None:
            yield key, change


def change_of(before: Cell | None, after: Cell | None, names: Mapping[str, str]) -> Change | None:
    """None where both answer alike and refuse for the same reasons, whatever is true."""
    named = tuple(names.get(fact, fact) for fact in before.facts) if before is not None else ()
    facts = tuple(dict.fromkeys((*named, *(after.facts if after is not None else ()))))
    gained = lost = otherwise = gone = False
    rule = ""
    for values in product((False, True), repeat=len(facts)):
        true = {fact for fact, value in zip(facts, values, strict=True) if value}
        was, now = _answer(before, named, true), _answer(after, after.facts if after is not None else (), true)
        if was[0] is not now[0]:
            gained, lost = gained or now[0], lost or was[0]
            if not rule:
                rule, gone = (now[1], False) if now[1] else (was[1], bool(was[1]))
        elif not was[0] and was[2] != now[2]:
            otherwise = True
    if not (gained or lost or otherwise):
        return None
    return Change(allowed_when(before), allowed_when(after), gained, lost, rule, gone)


def cell_shift(before: Cell | None, after: Cell | None, names: Mapping[str, str]) -> tuple[bool, bool]:
    """Whether somebody gains, and whether somebody loses, in some case; `names`: as for `changes_of`."""
    change = change_of(before, after, names)
    return (change.gains, change.losses) if change is not None else (False, False)


def _answer(cell: Cell | None, facts: tuple[str, ...], true: set[str]) -> tuple[bool, str, frozenset[str]]:
    """Allowed, the deciding line, and the facts that would have to change; `facts`: as those of the cell are called."""
    if cell is None:
        return False, "", frozenset()
    answer = cell.answers[sum(1 << at for at, fact in enumerate(facts) if fact in true)]
    missing = frozenset(fact for at, fact in enumerate(facts) if answer.missing >> at & 1)
    return answer.allowed, answer.rule, missing

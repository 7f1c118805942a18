"""Which facts of one version another calls otherwise, by what they compute and by the lines that name them. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from typing import NamedTuple

from authz.core.definition import FactDef
from authz.core.diff.bearing import names_fact
from authz.core.diff.cells import Table, change_of
from authz.core.diff.meaning import meaning
from authz.core.generation import Generation


class Renamings(NamedTuple):
    """Old name -> new name. `same`: it computes the same. `changed`: it computes something else in the same lines."""

    same: Mapping[str, str]
    changed: Mapping[str, str]

    @property
    def names(self) -> Mapping[str, str]:
        """Both."""
        return {**self.same, **self.changed}


def renamings(base: Generation, head: Generation) -> Renamings:
    """Facts that go while others come, and facts that change names among each other together with all their lines."""
    before, after = base.definition.facts, head.definition.facts
    moved = _by_meaning(before, after)
    plain = {old: new for old, new in moved.items() if old not in after and new not in before}
    swapped = _among_themselves({old: new for old, new in moved.items() if old in after and new in before})
    same = {**plain, **swapped}
    if swapped and not _lines_up(base, head, same, swapped):
        same = plain
    gone = sorted(before.keys() - after.keys() - same.keys())
    new = sorted(after.keys() - before.keys() - set(same.values()))
    pairs = [
        (old, name)
        for old in gone
        for name in new
        if names_fact(base, old) and names_fact(head, name) and _lines_up(base, head, {**same, old: name}, {old: name})
    ]
    times = Counter(old for old, _ in pairs), Counter(name for _, name in pairs)
    return Renamings(same, {old: name for old, name in pairs if times[0][old] == times[1][name] == 1})


def _by_meaning(before: Mapping[str, FactDef], after: Mapping[str, FactDef]) -> dict[str, str]:
    """Of the facts that are not there under their name as they were: those of which exactly one computes the same."""
    left = {name: meaning(fact) for name, fact in before.items()}
    right = {name: meaning(fact) for name, fact in after.items()}
    for name in before.keys() & after.keys():
        if left[name] == right[name]:
            del left[name], right[name]
    times: tuple[Counter[Hashable], Counter[Hashable]] = Counter(left.values()), Counter(right.values())
    by_meaning = {what: name for name, what in right.items()}
    return {name: by_meaning[what] for name, what in sorted(left.items()) if times[0][what] == times[1][what] == 1}


def _among_themselves(names: dict[str, str]) -> dict[str, str]:
    """Those that only change places: each new name is the old name of another."""
    while outside := [old for old, new in names.items() if new not in names or old not in names.values()]:
        for old in outside:
            del names[old]
    return names


def _lines_up(base: Generation, head: Generation, names: Mapping[str, str], of: Mapping[str, str]) -> bool:
    """Whether every cell that names one of the facts, by the old name or by the new one, answers as it did."""
    news = set(of.values())
    return all(
        change_of(was, now, names) is None
        for before, after in _tables(base, head)
        for key in before.keys() | after.keys()
        for was, now in ((before.get(key), after.get(key)),)
        if (was is not None and not of.keys().isdisjoint(was.facts))
        or (now is not None and not news.isdisjoint(now.facts))
    )


def _tables(base: Generation, head: Generation) -> Iterator[tuple[Table, Table]]:
    yield base.table.shared, head.table.shared
    for tenant in base.table.own.keys() | head.table.own.keys():
        yield base.table.own.get(tenant, base.table.shared), head.table.own.get(tenant, head.table.shared)

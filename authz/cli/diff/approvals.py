"""Access that was widened on purpose: `approvals/*.yaml` beside the policy sets (docs/diff.md).

An approval names the paper or ticket, who accepted, until when the entry may stand there, and exactly what it accepts.
It is no part of a policy set: no revision hangs on it, and no decision looks at it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from authz.cli.diff.papers import paper
from authz.core.network import AddressRange, parse_cidr
from authz.errors import InvalidFile, Problem
from authz.placed_yaml import Placed, PlacedList, PlacedMap, PlacedScalar, read_placed
from authz.policy.reading.characters import mixed_alphabets

FOLDER: Final = "approvals"
CODE: Final = "approval"
ANY: Final = "*"
NETWORKS: Final = "networks"
_MEMBERS: Final = ("set", "because", "accepted_by", "expires", "cells", "networks", "declared")


class Cells(NamedTuple):
    """Cells that may gain; `*` is every role, action, or all tenants (also those without lines of their own).

    `when`: the condition under which they may be allowed from now on, in the words of the comparison; `*` is any.
    """

    role: str
    action: str
    tenant: str = ANY
    when: str = ANY

    def __str__(self) -> str:
        """`every action of every role of acme`."""
        action = "every action" if self.action == ANY else self.action
        role = "every role" if self.role == ANY else self.role
        return f"{action} of {role} of {'every tenant' if self.tenant == ANY else self.tenant}"

    def touches(self, role: str, action: str, tenant: str, when: str) -> bool:  # noqa: ARG002 - as `accepts`
        """Whether they are some of the cells, under whatever condition; `tenant` empty: of all tenants."""
        return (
            self.role in (ANY, role)
            and self.action in (ANY, action)
            and (self.tenant == ANY or tenant in ("", self.tenant))
        )

    def accepts(self, role: str, action: str, tenant: str, when: str) -> bool:
        """Whether the cell of a tenant is among them; `tenant` empty: of all tenants, which only `*` accepts."""
        return (
            self.role in (ANY, role)
            and self.action in (ANY, action)
            and (self.tenant == ANY or (tenant != "" and self.tenant == tenant))
            and self.when in (ANY, when)
        )


class Network(NamedTuple):
    """Addresses that a tenant may gain; `range` None is `any`."""

    tenant: str
    range: AddressRange | None

    def touches(self, tenant: str, first: int, last: int) -> bool:
        """Whether some of the addresses are among them; a gain of addresses is never among several items in part."""
        return self.accepts(tenant, first, last)

    def accepts(self, tenant: str, first: int, last: int) -> bool:
        """Whether all addresses from the first to the last are among them; 0 to -1: a request that has none."""
        if self.range is None:
            return self.tenant == tenant
        return self.tenant == tenant and self.range.first <= first <= last <= self.range.last


class Name(str):
    """A declaration as the comparison names it, as in `fact:own_request`."""

    __slots__ = ()

    def touches(self, name: str) -> bool:
        """Whether it is this one."""
        return self == name

    def accepts(self, name: str) -> bool:
        """Whether it is this one."""
        return self == name


class Approval(NamedTuple):
    """One entry."""

    set_id: str
    because: str
    accepted_by: str
    expires: dt.date
    cells: tuple[Cells, ...]
    networks: tuple[Network, ...]
    declared: tuple[Name, ...]
    file: str
    line: int
    column: int

    @property
    def at(self) -> str:
        """`file:line:column` of the entry."""
        return f"{self.file}:{self.line}:{self.column}"

    def __str__(self) -> str:
        """By which paper, who said so, until when, and where it stands."""
        said = f"{self.because} (accepted by {self.accepted_by}, until {self.expires.isoformat()})"
        wide = [str(one) for one in self.cells if ANY in (one.role, one.action)]
        wide += [f"any address of {one.tenant}" for one in self.networks if one.range is None]
        return f"{said}{'; as wide as can be: ' + ', '.join(wide) if wide else ''}  {self.at}"

    def items(self) -> Iterator[Item]:
        """Each thing that it accepts."""
        for member in ("cells", "networks", "declared"):
            for at, one in enumerate(getattr(self, member)):
                yield Item(self, member, at, one)


Place = tuple[str, str, int]
"""File, line and column of an entry, one of its members, and which of that member's items."""


class Item(NamedTuple):
    """One thing that an approval accepts: which of which of its members."""

    of: Approval
    member: str
    at: int
    accepted: Cells | Network | Name

    @property
    def place(self) -> Place:
        """Where it stands, which no other item does."""
        return (self.of.at, self.member, self.at)

    @property
    def number(self) -> str:
        """`item 2 of `cells``."""
        return f"item {self.at + 1} of `{self.member}`"

    @property
    def paper(self) -> frozenset[str]:
        """By which paper, in the forms in which it may be named; items that share one are by the same."""
        return paper(self.of.because)

    @property
    def contents(self) -> tuple[Any, ...]:
        """For which set, by which paper, and what; wherever it stands and until when."""
        return (self.of.set_id, self.paper, self.member, self.accepted)

    def accepts(self, *what: Any) -> bool:
        """Whether what a gain of its member consists of is what it accepts."""
        return self.accepted.accepts(*what)

    def touches(self, *what: Any) -> bool:
        """Whether it accepts some of what a gain of its member consists of."""
        return self.accepted.touches(*what)

    @property
    def cuts(self) -> tuple[int, ...]:
        """Where its addresses begin, and where they have ended."""
        stated = self.accepted.range if isinstance(self.accepted, Network) else None
        return (stated.first, stated.last + 1) if stated is not None else ()


def read_approvals(folder: Path) -> tuple[tuple[Approval, ...], tuple[Problem, ...]]:
    """Every entry, and every problem with its place."""
    if folder.is_symlink():  # what it leads to is no part of the change, and another revision has none of it
        return (), (Problem(FOLDER, 0, 0, "is not a folder but a symbolic link", CODE),)
    found: list[Approval] = []
    problems: list[Problem] = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        file = f"{FOLDER}/{path.name}"
        if path.is_dir():
            problems.append(Problem(file, 0, 0, "is a folder; what stands in it is not read", CODE))
            continue
        if path.suffix.lower() not in {".yaml", ".yml"}:
            continue
        if path.suffix != ".yaml" or path.name.startswith("."):
            why = "is not read; its name has to end in .yaml, and may not begin with a dot"
            problems.append(Problem(file, 0, 0, why, CODE))
        elif path.is_symlink() or not path.is_file():
            problems.append(Problem(file, 0, 0, "is not a regular file", CODE))
        else:
            try:
                found.extend(_Reader(file, problems).approvals(read_placed(path.read_bytes(), file)))
            except InvalidFile as invalid:
                problems.extend(invalid.problems)
    return tuple(found), tuple(problems)


class _Reader:
    def __init__(self, file: str, problems: list[Problem]) -> None:
        self._file = file
        self._problems = problems

    def approvals(self, document: Placed | None) -> Iterator[Approval]:
        listed = document.get("approvals") if isinstance(document, PlacedMap) else None
        if not isinstance(listed, PlacedList) or not isinstance(document, PlacedMap) or len(document.entries) != 1:
            self._refuse(document, "expected `approvals:` with a list")
            return
        for item in listed.items:
            before = len(self._problems)
            entry = self._approval(item)
            if len(self._problems) == before and entry is not None:
                yield entry

    def _approval(self, item: Placed) -> Approval | None:
        if not isinstance(item, PlacedMap):
            self._refuse(item, "expected a mapping")
            return None
        for entry in item.entries:
            if entry.key.value not in _MEMBERS:
                self._refuse(entry.key, f"`{entry.key.text}` is not one of {', '.join(_MEMBERS)}")
        until = item.get("expires")
        if not isinstance(until, PlacedScalar) or type(until.value) is not dt.date:
            self._refuse(until or item, "`expires` is not a date YYYY-MM-DD")
            return None
        cells = tuple(self._cells(one) for one in self._list(item, "cells"))
        networks = tuple(self._network(one) for one in self._list(item, "networks"))
        declared = tuple(Name(self._text_of(one, "declared")) for one in self._list(item, "declared"))
        if not (cells or networks or declared):
            self._refuse(item, "it accepts nothing: give `cells`, `networks` or `declared`")
        because = self._text(item, "because")
        if because and (not paper(because) or mixed_alphabets(because)):
            self._refuse(item, f"`because` names no paper, or mixes alphabets in a word: `{because}`")
        return Approval(
            self._text(item, "set"), because, self._text(item, "accepted_by"), until.value,
            cells, networks, declared, self._file, item.line, item.column,
        )  # fmt: skip

    def _cells(self, item: Placed) -> Cells:
        for entry in item.entries if isinstance(item, PlacedMap) else ():
            if entry.key.value not in Cells._fields:
                self._refuse(entry.key, f"`{entry.key.text}` is not one of {', '.join(Cells._fields)}")
        return Cells(*(self._text(item, name, Cells._field_defaults.get(name, "")) for name in Cells._fields))

    def _network(self, item: Placed) -> Network:
        tenant, stated = self._text(item, "tenant"), self._text(item, "range")
        try:
            return Network(tenant, None if stated in ("any", "") else parse_cidr(stated))
        except ValueError as error:
            self._refuse(item, str(error))
            return Network("", None)

    def _list(self, item: PlacedMap, name: str) -> tuple[Placed, ...]:
        found = item.get(name)
        if found is None:
            return ()
        if isinstance(found, PlacedList):
            return found.items
        self._refuse(found, f"`{name}` is not a list")
        return ()

    def _text(self, item: Placed, name: str, default: str = "") -> str:
        found = item.get(name) if isinstance(item, PlacedMap) else None
        if found is None:
            if not default:
                self._refuse(item, f"`{name}` is missing")
            return default
        return self._text_of(found, name)

    def _text_of(self, found: Placed, name: str) -> str:
        if isinstance(found, PlacedScalar) and isinstance(found.value, str) and found.value.strip():
            return found.value
        self._refuse(found, f"`{name}` is not a text")
        return ""

    def _refuse(self, at: Placed | None, text: str) -> None:
        line, column = (at.line, at.column) if at is not None else (1, 1)
        self._problems.append(Problem(self._file, line, column, text, CODE))

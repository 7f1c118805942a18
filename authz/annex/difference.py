"""What a new annex changes, in sentences a contract person can check; gains and losses come from the decision table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from authz.core.definition import PolicySet
from authz.core.table import Cell, DecisionTable
from authz.core.types import ContactState, NetworkChoice
from authz.registry.annexes import same_name
from authz.registry.entries import AnnexEntry, ContactEntry
from authz.texts import SOURCE_LANGUAGE, label

ACCESS: Final = {NetworkChoice.ANY: "any", NetworkChoice.DECLARED: "declared IPs"}
_IDENTIFIERS: Final = (("email", "e-mail"), ("phone", "phone"), ("login", "login"))


class Difference(NamedTuple):
    """One sentence, and the actions (labels) that the person can request from then on, or no longer."""

    sentence: str
    gains: tuple[str, ...] = ()
    loses: tuple[str, ...] = ()


class Permissions:
    """Who may request what, by role, for one tenant: under some conditions at least (the table knows which)."""

    def __init__(self, definition: PolicySet | None, table: DecisionTable | None = None, tenant_id: str = "") -> None:
        """Without a `table` nothing is said of permissions, without a `definition` roles are called by their ids."""
        self._definition = definition
        self._table = table
        self._tenant_id = tenant_id

    def role(self, role_id: str) -> str:
        """The role as it is called; its id where the set no longer has it."""
        role = self._definition.roles.get(role_id) if self._definition is not None else None
        return label(role.label, SOURCE_LANGUAGE) if role is not None else role_id

    def of(self, role_id: str) -> dict[str, Cell]:
        """The actions that some request of the role is allowed for."""
        if self._table is None or self._definition is None:
            return {}
        cells = {action: self._table.cell(self._tenant_id, role_id, action) for action in self._definition.actions}
        return {action: cell for action, cell in cells.items() if cell is not None and cell.can_allow}

    def labels(self, actions: Sequence[str]) -> tuple[str, ...]:
        """The actions as they are called."""
        known = self._definition.actions if self._definition is not None else {}
        return tuple(label(known[action].label, SOURCE_LANGUAGE) for action in actions)

    def moved(self, said: str, before: str, after: str) -> Difference:
        """A sentence about a change of role with its gains and losses; `""` for no role at all."""
        old, new = self.of(before), self.of(after)
        gains = [action for action in new if action not in old]
        loses = [action for action in old if action not in new]
        otherwise = [action for action in new if action in old and not _alike(old[action], new[action])]
        parts = [
            said,
            *([f"gains {_count(gains)}"] if gains else []),
            *([f"loses {_count(loses)}"] if loses else []),
            *([f"{_count(otherwise)} under other conditions"] if otherwise else []),
        ]
        return Difference(", ".join(parts), self.labels(gains), self.labels(loses))


def differences(
    before: AnnexEntry | None,
    after: AnnexEntry,
    permissions: Permissions,
    states: Mapping[int, ContactState] = {},
) -> list[Difference]:
    """What `after` changes when it replaces `before` (None: it is the tenant's first annex). Empty: nothing.

    Args:
        states: by position in `after`, the people who are suspended or revoked and stay so.
    """
    found = []
    if before is not None and before.network is not after.network:
        found.append(Difference(f"from {ACCESS[before.network]} to {ACCESS[after.network]}"))
    pairs = _pairs(before.contacts if before is not None else (), after.contacts)
    for position, (old, new) in enumerate(pairs):
        if new is None:
            if old is not None:
                found.append(permissions.moved(f"{old.name}: removed", old.role, ""))
            continue
        if old is None:
            found.append(permissions.moved(f"{new.name}: added as {permissions.role(new.role)}", "", new.role))
        else:
            found += _changes(old, new, permissions)
        state = states.get(position, ContactState.ACTIVE)
        if state is not ContactState.ACTIVE and old != new:
            found.append(Difference(f"{new.name}: stays {state.value}"))
    return found


def _changes(old: ContactEntry, new: ContactEntry, permissions: Permissions) -> Iterator[Difference]:
    if old.role != new.role:
        said = f"{new.name}: {permissions.role(old.role)} -> {permissions.role(new.role)}"
        yield permissions.moved(said, old.role, new.role)
    if old.name != new.name:
        yield Difference(f"{new.name}: was `{old.name}`")
    for field, word in _IDENTIFIERS:
        yield from _changed(new.name, word, getattr(old, field) or "", getattr(new, field) or "")
    yield from _changed(new.name, "function", old.function, new.function)
    for name in sorted({*old.attributes, *new.attributes}):
        yield from _changed(new.name, name, _shown(old.attributes, name), _shown(new.attributes, name))


def _changed(person: str, word: str, old: str, new: str) -> Iterator[Difference]:
    if old == new:
        return
    if not old:
        yield Difference(f"{person}: {word} {new} added")
    elif not new:
        yield Difference(f"{person}: {word} {old} removed")
    else:
        yield Difference(f"{person}: {word} {old} -> {new}")


def _shown(attributes: Mapping[str, object], name: str) -> str:
    return str(attributes[name]) if name in attributes else ""


def _pairs(
    before: Sequence[ContactEntry], after: Sequence[ContactEntry]
) -> list[tuple[ContactEntry | None, ContactEntry | None]]:
    """Each new line with the old line of the same person, in the new order; then the old lines that are gone.

    The same person: one id in common, else the same name where only one old and one new line bear it.
    """
    left = list(before)
    found: list[ContactEntry | None] = []
    for new in after:
        old = next((one for one in left if set(one.keys) & set(new.keys)), None)
        if old is not None:
            left.remove(old)
        found.append(old)
    for at, new in enumerate(after):
        if found[at] is not None:
            continue
        namesakes = [one for one in left if same_name(one.name, new.name)]
        rivals = [one for place, one in enumerate(after) if found[place] is None and same_name(one.name, new.name)]
        if len(namesakes) == len(rivals) == 1:
            found[at] = namesakes[0]
            left.remove(namesakes[0])
    return [*zip(found, after, strict=True), *((old, None) for old in left)]


def _alike(one: Cell, other: Cell) -> bool:
    return one.facts == other.facts and all(
        here.allowed is there.allowed for here, there in zip(one.answers, other.answers, strict=True)
    )


def _count(actions: Sequence[str]) -> str:
    return f"{len(actions)} action{'' if len(actions) == 1 else 's'}"

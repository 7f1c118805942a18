"""The contacts of an annex, packed: a registry of a million people has to fit into a worker's memory. Pure.

A contact is kept as one line of JSON and becomes an object when it is asked for. What stands at its default at the end
of a line is left out: `[["ana@acme.example"],"Admin","<log key>"]`.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from json.encoder import encode_basestring
from typing import Any, Final, NamedTuple, overload

from authz.core.key_index import KeyIndex
from authz.core.types import EMPTY, ContactState, SubjectKey

_ODD_LISTS: Final = ("\\", "[[]", '["]', ',"]')
"""Marks of escapes, of a contact without ids, and of an id whose first sign looks like the end of its list."""
_MANY: Final = 50
"""Contacts from which on an index of the ids costs less than looking through all lines."""


class Contact(NamedTuple):
    """One person or login of one annex. `attributes` is flat: dotted name without the leading `subject.` -> value.

    `log_key`: the person's secret key for the decision log, in hex; empty for a person who has none (of a past day, or
    stated inline).
    """

    name: str
    role: str
    keys: tuple[SubjectKey, ...]
    state: ContactState = ContactState.ACTIVE
    function: str = ""
    attributes: Mapping[str, object] = EMPTY
    log_key: str = ""


class Contacts(Sequence[Contact]):
    """Contacts in the order of the paper. Immutable; two are equal when all their contacts are.

    `packed`: the lines, each with its line feed, in UTF-8.
    """

    __slots__ = ("_index", "packed")

    def __init__(self, contacts: Iterable[Contact] = (), packed: bytes = b"") -> None:
        """Of contacts, or of what another one of these had packed.

        Raises:
            TypeError: an attribute is no value of JSON.
        """
        self.packed: Final = packed or "".join(map(_line, contacts)).encode("utf-8", "surrogatepass")
        self._index: KeyIndex | None = None

    def __len__(self) -> int:
        return self.packed.count(b"\n")

    def __iter__(self) -> Iterator[Contact]:
        return map(_contact, self.packed.splitlines())

    @overload
    def __getitem__(self, at: int) -> Contact: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Contact, ...]: ...
    def __getitem__(self, at: int | slice) -> Contact | tuple[Contact, ...]:
        found = self.packed.splitlines()[at]
        return _contact(found) if isinstance(found, bytes) else tuple(map(_contact, found))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Contacts) and self.packed == other.packed

    def __hash__(self) -> int:
        return hash(self.packed)

    def __repr__(self) -> str:
        return f"Contacts({list(self)!r})"

    def keys(self) -> list[str]:
        """Every canonical id, in the order of the lines."""
        text = self.packed.decode("utf-8", "surrogatepass")
        lines = text.split("\n")
        lines.pop()
        if not lines or any(odd in text for odd in _ODD_LISTS):
            return [key for line in lines for key in json.loads(line)[0]]
        # every line begins with an id, and none of its ids ends before its list does
        return '","'.join([line[3 : line.index('"]')] for line in lines]).split('","')

    def get(self, key: str) -> Contact | None:
        """The contact with that canonical id."""
        if len(self.packed) < _MANY * 64 or self.packed.count(b"\n", 0, _MANY * 1024) < _MANY:
            return self._find(key)
        index = self._index
        if index is None:
            index = self._index = self._indexed()
        for start in index.numbers(key):
            contact = _contact(self.packed[start : self.packed.index(b"\n", start)])
            if key in contact.keys:
                return contact
        return None

    def _find(self, key: str) -> Contact | None:
        """The id may stand elsewhere in a line, in a name for example; that line is not it, unless it bears the id."""
        packed = self.packed
        wanted = encode_basestring(key).encode("utf-8", "surrogatepass")
        at = packed.find(wanted)
        while at >= 0:
            end = packed.index(b"\n", at)
            contact = _contact(packed[packed.rfind(b"\n", 0, at) + 1 : end])
            if key in contact.keys:
                return contact
            at = packed.find(wanted, end)
        return None

    def _indexed(self) -> KeyIndex:
        """The ids and where their lines begin."""
        index = KeyIndex(len(self))
        start = 0
        for line in self.packed.splitlines(keepends=True):
            index.add(_contact(line).keys, start)
            start += len(line)
        return index


def _line(contact: Contact) -> str:
    name, role, keys, state, function, attributes, log_key = contact
    members: list[object] = [keys, role, log_key, state, name, function, dict(attributes)]
    while members[-1] in _LEFT_OUT[len(members) - 1]:
        members.pop()
    return _ENCODER.encode(members) + "\n"


def _as_held(value: object) -> str:
    """Dates and instants as the registry holds them."""
    if isinstance(value, dt.date):
        return value.isoformat()
    raise TypeError(f"not a value of the registry: {type(value).__name__}")


_ENCODER: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, default=_as_held)
_LEFT_OUT: Final[tuple[tuple[object, ...], ...]] = ((), (), ("",), (ContactState.ACTIVE,), ("",), ("",), ({},))
"""What may be left out at the end of a line, member by member."""


def _contact(line: bytes) -> Contact:
    (keys, role, *rest), _ = _decode(line.decode("utf-8", "surrogatepass"))
    if len(rest) == 1:  # most people: active, and nothing but ids and a role is known of them
        return _new(Contact, ("", role, tuple(keys), _ACTIVE, "", EMPTY, rest[0]))
    log_key, state, name, function, attributes = rest + _DEFAULTS[len(rest) :]
    return Contact(name, role, tuple(keys), _STATES[state], function, attributes, log_key)


_decode: Final = json.JSONDecoder().raw_decode
_new: Final = tuple.__new__
"""Makes a named tuple from all of its members in order, without looking at their names."""
_ACTIVE: Final = ContactState.ACTIVE
_STATES: Final = {str(state): state for state in ContactState}
_DEFAULTS: Final[list[Any]] = ["", "active", "", "", EMPTY]

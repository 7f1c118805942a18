"""Where to look for a canonical id, in eight bytes an entry instead of the hundred that a dict of strings takes. Pure.

An index keeps no id, only 32 bits of each id's hash beside a number: what it answers is a hint, and whoever asks looks
whether the id is really there. Python's hash of a string is keyed anew in each process, so nobody can choose ids that
collide; an index is therefore never written to disk.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Final

_HALF: Final = 0xFFFF_FFFF
_FEWEST_SLOTS: Final = 64


class KeyIndex:
    """Canonical id -> the numbers (0 to 2**32 - 2) noted for it, and now and then one that was noted for another id.

    Open addressing: an entry stands in the first free slot from the one that its hash names. Entries only come, so
    readers need no lock: they see a slot before or after it was filled, and a grown table when it is whole. One writer
    at a time.
    """

    __slots__ = ("_slots", "_used")

    def __init__(self, expected: int = 0) -> None:
        """`expected`: how many entries will come, where that is known; more may come."""
        size = _FEWEST_SLOTS
        while size < 2 * expected:
            size *= 2
        self._slots = array("Q", bytes(8 * size))
        self._used = 0

    def __len__(self) -> int:
        return self._used

    def add(self, keys: Sequence[str], number: int) -> None:
        """Note a number for some ids; nothing changes where it is noted already."""
        while 4 * (self._used + len(keys)) > 3 * len(self._slots):
            self._grow()
        slots = self._slots
        last = len(slots) - 1
        new = 0
        for hashed in map(hash, keys):
            mark = hashed & _HALF
            entry = mark << 32 | number + 1
            at = mark & last
            while (there := slots[at]) and there != entry:
                at = at + 1 & last
            if not there:
                slots[at] = entry
                new += 1
        self._used += new

    def numbers(self, key: str) -> list[int]:
        """What may have been noted for the id, each number once."""
        slots = self._slots
        last = len(slots) - 1
        mark = hash(key) & _HALF
        at = mark & last
        found = []
        while entry := slots[at]:
            if entry >> 32 == mark:
                found.append((entry & _HALF) - 1)
            at = at + 1 & last
        return found

    def _grow(self) -> None:
        """Twice the room; the slot of an entry follows from the entry itself."""
        old = self._slots
        last = 2 * len(old) - 1
        slots = array("Q", bytes(16 * len(old)))
        for entry in old:
            if entry:
                at = entry >> 32 & last
                while slots[at]:
                    at = at + 1 & last
                slots[at] = entry
        self._slots = slots

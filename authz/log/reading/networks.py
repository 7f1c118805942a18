"""The networks of refused addresses, which stand apart from the records and are deleted sooner."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from authz.log.disk.address_list import ADDRESSES
from authz.log.disk.files import SUFFIX

_REMEMBERED: Final = 16
"""Lists in memory: records of several workers come in the order of time, so their lists are needed in turn."""


class _List(NamedTuple):
    """A list as it was when it had this size in bytes."""

    size: int
    networks: Mapping[int, str]


class Networks:
    """Reads the lists of a log folder; a list that has grown is read again, one that was deleted is forgotten.

    Safe to use from several threads.
    """

    def __init__(self, folder: Path) -> None:
        """`folder`: of the log."""
        self._folder = folder / ADDRESSES
        self._known: OrderedDict[str, _List] = OrderedDict()
        self._one_at_a_time = threading.Lock()

    def of(self, segment: str) -> Mapping[int, str]:
        """Number of a line -> network of the refused address; empty once the list was deleted."""
        with self._one_at_a_time:
            return self._current(segment)

    def _current(self, segment: str) -> Mapping[int, str]:
        path = self._folder / f"{segment}{SUFFIX}"
        try:
            size = path.stat().st_size
            known = self._known.get(segment)
            if known is None or known.size != size:
                known = _List(size, _read(path))
        except OSError:
            self._known.pop(segment, None)
            return {}
        self._known[segment] = known
        self._known.move_to_end(segment)
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return known.networks


def _read(path: Path) -> dict[int, str]:
    found = {}
    for row in path.read_bytes().splitlines()[1:]:
        try:
            said = json.loads(row)
            found[int(said["seq"])] = str(said["network"])
        except (ValueError, KeyError, TypeError):
            continue  # `authz log verify` names it
    return found

"""Whether the files of a SQLite registry are as they were at the last look, which costs a hundredth of opening them.

Whoever changes the registry writes one of its files, and then its size or its times differ. A file's times move in
steps of some milliseconds, so nothing is concluded from files that were changed a moment ago; nor while there is a log
beside the database, since what is written there counts only when SQLite says so later, in memory that all share.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from authz.registry.revision import Revision

LOOK_EVERY_S: Final = 5.0
"""After so many seconds the database is opened whatever its files say: it may have become unreadable."""
_SETTLED_S: Final = 2.0
_NS: Final = 1_000_000_000
_BESIDE: Final = ("", "-wal", "-journal")

_File = tuple[int, int, int, int, int] | None


class Files(NamedTuple):
    """The registry's files at one moment, and when the newest change of them was, in ns since 1970."""

    each: tuple[_File, ...]
    changed_at_ns: int


class Untouched:
    """What the last look found, as long as it holds. `path`: the database's file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[Files, Revision, float] | None = None

    def or_else(self, look: Callable[[], Revision]) -> Revision:
        """What the last look found, if the files are still like that; else what `look` finds now."""
        files = self.files()
        found = self.revision(files)
        if found is None:
            found = look()
            self.keep(files, found)
        return found

    def files(self) -> Files:
        """To be taken before a look whose result is kept."""
        there = os.path.realpath(self._path)  # SQLite keeps its log beside the file that a link leads to
        each = tuple(_file(Path(there + suffix)) for suffix in _BESIDE)
        return Files(each, max((max(one[3], one[4]) for one in each if one is not None), default=0))

    def revision(self, files: Files) -> Revision | None:
        """The revision that was found in these very files; None: look."""
        seen = self._seen
        if seen is None or seen[0] != files or time.monotonic() - seen[2] >= LOOK_EVERY_S:
            return None
        return seen[1]

    def keep(self, files: Files, found: Revision) -> None:
        """What a look found that began when the files were like that."""
        alone = files.each[0] is not None and files.each[1:] == (None, None)
        settled = alone and files.changed_at_ns + _SETTLED_S * _NS <= time.time_ns()
        self._seen = (files, found, time.monotonic()) if settled else None


def _file(path: Path) -> _File:
    try:
        said = path.stat()
    except OSError:
        return None
    return said.st_dev, said.st_ino, said.st_size, said.st_mtime_ns, said.st_ctime_ns

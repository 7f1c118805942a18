"""What is written to the snapshot and when, beside the workers: none of their answers waits for it (DESIGN section 4).

Whoever writes holds a lock and reads the database only then. So nobody puts an older state over a newer one, and what
was erased from the database is never written again.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from authz.errors import RegistryUnavailable
from authz.registry.erasure import erased_since
from authz.registry.revision import goes_on_from, revision_of
from authz.registry.rows import closed_tenants, read_tenants
from authz.registry.snapshot import Part, append_part, confirm_snapshot, parts_of, save_snapshot
from authz.registry.store import RegistryStore

CONFIRM_EVERY_S: Final = 10.0
"""How often a look that found nothing new is noted on the snapshot, in seconds."""
_MOST_PARTS: Final = 1_000
_SHARE: Final = 4
"""The parts after the first together take a fourth of it at most, before the file is written anew."""


class SnapshotKeeper:
    """Keeps a snapshot what the database is. One for each process; several processes share the file."""

    def __init__(self, store: RegistryStore, path: Path) -> None:
        self._store = store
        self._path = path
        self._parts: list[Part] = []
        self._left: object = None
        self._confirmed = 0.0

    def keep(self) -> bool:
        """Bring the file up to date with what changed, or write it whole where that cannot be. Whether it was written.

        Raises:
            RegistryUnavailable: the database cannot be reached; the file stays as it was.
            OSError: the disk is full, or not ours to write; likewise.
        """
        looked_at = self._store.now()
        newest = self._store.revision()
        known = self._parts and self._parts[-1].revision == newest and self._left == _state(self._path)
        if known and 0 <= looked_at - self._confirmed < CONFIRM_EVERY_S:
            return False
        with _alone(self._path):
            self._know()
            before = len(self._parts)
            whole = not self._append() and self._whole()
            self._left = _state(self._path)
            return whole or len(self._parts) > before

    def renew(self) -> None:
        """Write the file whole, without what it held before; what writers that were killed left beside it goes too.

        Raises:
            RegistryUnavailable, OSError: as `keep`.
        """
        with _alone(self._path):
            self._whole()
            self._left = _state(self._path)

    def clear(self) -> None:
        """Remove what writers that were killed left beside the file."""
        with _alone(self._path):
            self._clear()

    def _clear(self) -> None:
        for unfinished in self._path.parent.glob(f".{self._path.name}.*"):
            unfinished.unlink(missing_ok=True)

    def _know(self) -> None:
        """The parts that are there, where another process wrote the file or this one has just begun."""
        if self._parts and self._left == _state(self._path):
            return
        self._clear()
        try:
            self._parts = parts_of(self._path)
        except RegistryUnavailable:
            self._parts = []

    def _append(self) -> bool:
        """Add what changed; False where the file does not lead to the database's state, or has become too long."""
        if not self._parts:
            return False
        first, *others = self._parts
        last = self._parts[-1]
        looked_at = self._store.now()
        with self._store.reading() as connection:
            newest = revision_of(connection)
            if newest != last.revision:
                too_long = sum(one.length for one in others) * _SHARE > first.length or len(others) >= _MOST_PARTS
                since = last.revision.number
                if too_long or not goes_on_from(connection, last.revision, newest) or erased_since(connection, since):
                    return False
                gone, tenants = closed_tenants(connection, since), read_tenants(connection, since)
                self._parts.append(append_part(self._path, last, gone, tenants, newest, looked_at))
        self._confirm(looked_at)
        return True

    def _whole(self) -> bool:
        self._clear()
        looked_at = self._store.now()
        with self._store.reading() as connection:
            newest = revision_of(connection)
            self._parts = [save_snapshot(self._path, read_tenants(connection), newest, looked_at)]
        self._confirm(looked_at)
        return True

    def _confirm(self, at: float) -> None:
        confirm_snapshot(self._path, self._parts[-1], at)
        self._confirmed = at


def _state(path: Path) -> object:
    """What changes when anybody writes the file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = path.with_name(f"{path.name}.lock")
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)

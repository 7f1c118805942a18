"""A worker's view of the registry: in memory, kept up to date by cheap looks, aware of its age (DESIGN section 4)."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from authz.errors import RegistryUnavailable
from authz.registry.snapshot import Snapshot, confirm_snapshot, load_snapshot, save_snapshot
from authz.registry.store import RegistryStore

CONFIRM_EVERY_S: Final = 10.0
"""How often a look that found nothing new is noted on the snapshot, in seconds."""


class RegistryWatch:
    """The directory that a worker answers from, the registry it comes from, and how old it may be.

    Attributes:
        directory: replaced never, changed tenant by tenant by `poll`.
        as_of: when the registry was last seen to agree with it, in seconds since 1970-01-01T00:00Z.
        stale_reason: why the last look failed; empty when it did not.
        snapshot_problem: why the copy on disk could not be written; empty when it could.
    """

    def __init__(
        self, store: RegistryStore, snapshot: Path | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        """Read the registry, or the snapshot while the database is away.

        Raises:
            RegistryUnavailable: neither can be read.
        """
        self._store = store
        self._snapshot = snapshot
        self._clock = clock
        self._confirmed = 0.0
        self.stale_reason = ""
        self.snapshot_problem = ""
        self.directory, self.as_of = self._first_look()

    def age_s(self) -> float:
        """Seconds since the registry was last seen to agree; never negative."""
        return max(0.0, self._clock() - self.as_of)

    def poll(self) -> bool:
        """Look for changes once: one row if there are none. Whether there were; with the database away, False.

        To be called about every second, from one thread at a time; the readers of `directory` need no lock.
        """
        looked_at = self._clock()
        try:
            changed = self._store.refresh(self.directory)
        except RegistryUnavailable as error:
            self.stale_reason = str(error)
            return False
        self.as_of = looked_at
        self.stale_reason = ""
        self._keep(changed)
        return changed

    def _first_look(self) -> Snapshot:
        looked_at = self._clock()
        try:
            directory = self._store.directory()
        except RegistryUnavailable as error:
            if self._snapshot is None:
                raise
            try:
                found = load_snapshot(self._snapshot)
            except RegistryUnavailable as none_either:
                raise RegistryUnavailable(f"{error}; {none_either}") from error
            self.stale_reason = str(error)
            return found
        self.directory, self.as_of = directory, looked_at
        self._keep(changed=True)
        return Snapshot(directory, looked_at)

    def _keep(self, changed: bool) -> None:
        """Keep the copy on disk true. A disk that fails stops no answers, but it is told."""
        if self._snapshot is None:
            return
        try:
            if changed or self.snapshot_problem:
                save_snapshot(self.directory, self._snapshot, self.as_of)
            elif self.as_of - self._confirmed >= CONFIRM_EVERY_S:
                confirm_snapshot(self._snapshot, self.as_of)
            else:
                return
        except OSError as error:
            self.snapshot_problem = f"the registry's snapshot cannot be written: {error.strerror}"
            return
        self._confirmed = self.as_of
        self.snapshot_problem = ""

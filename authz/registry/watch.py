"""A worker's view of the registry: in memory, kept up to date by cheap looks, aware of its age (DESIGN section 4)."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from authz.errors import RegistryUnavailable
from authz.registry.snapshot import Snapshot, load_snapshot, seen_at
from authz.registry.store import RegistryStore
from authz.registry.take_over import Asked

KEPT_WITHIN_S: Final = 120.0
"""Age of the copy on disk from which on something is wrong with it, while the database is there, in seconds."""
PAUSE_S: Final = 0.01
"""Between two looks of a take-over: answers come first, and a suspension waits for the look that is under way only."""


class RegistryWatch:
    """The directory that a worker answers from, the registry it comes from, and how old it may be.

    It begins with the copy on disk where there is one, since that is many times faster than the database, and takes
    from the database what has changed since. `registry.keeping` writes the copy.

    Attributes:
        directory: replaced never, changed tenant by tenant by `poll`.
        as_of: when the registry was last seen to agree with it, in seconds since 1970-01-01T00:00Z.
        stale_reason: why the last look failed; empty when it did not.
        snapshot_problem: what is wrong with the copy on disk; empty when nothing is.
    """

    def __init__(
        self, store: RegistryStore, snapshot: Path | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        """Read the snapshot and the registry, or one of them while the other is away.

        Raises:
            RegistryUnavailable: neither can be read.
        """
        self._store = store
        self._snapshot = snapshot
        self._clock = clock
        self._begun = clock()
        self._asked = Asked()
        self.stale_reason = ""
        self.snapshot_problem = ""
        self.directory, self.as_of = self._first_look()

    def age_s(self) -> float:
        """Seconds since the registry was last seen to agree; never negative."""
        return max(0.0, self._clock() - self.as_of)

    def poll(self) -> bool:
        """Look for changes once: two rows if there are none. Whether there were; with the database away, False.

        To be called about every second, from one thread at a time; the readers of `directory` need no lock.
        """
        looks: list[float] = []

        def begins() -> None:
            self.as_of = looks[-1] if looks else self.as_of
            looks.append(self._clock())

        try:
            changed = self._store.refresh(self.directory, PAUSE_S, self._asked, begins)
        except RegistryUnavailable as error:
            self.stale_reason = str(error)
            return False
        self.as_of = looks[-1]
        self.stale_reason = ""
        self.snapshot_problem = self._problem(self.as_of)
        return changed

    def ask(self, tenant_id: str) -> None:
        """Have the tenant taken over before others, at the next look of the take-over that is under way."""
        self._asked.ask(tenant_id)

    def has(self, tenant_id: str, revision: int) -> bool:
        """Whether what a revision says of the tenant is in memory."""
        return self.directory.revision >= revision or self._asked.has(tenant_id, revision)

    def _first_look(self) -> Snapshot:
        saved, no_snapshot = self._saved()
        looked_at = self._clock()
        try:
            if saved is None:
                return Snapshot(self._store.directory(), looked_at)
            self._store.refresh(saved.directory)
        except RegistryUnavailable as error:
            if saved is None:
                raise RegistryUnavailable(f"{error}; {no_snapshot}" if no_snapshot else str(error)) from error
            self.stale_reason = str(error)
            return saved
        return saved._replace(as_of=looked_at)

    def _saved(self) -> tuple[Snapshot | None, str]:
        """The copy on disk, or why there is none."""
        if self._snapshot is None:
            return None, ""
        try:
            return load_snapshot(self._snapshot), ""
        except RegistryUnavailable as error:
            return None, str(error)

    def _problem(self, now: float) -> str:
        if self._snapshot is None:
            return ""
        kept = seen_at(self._snapshot) or 0.0
        if now - max(kept, self._begun) <= KEPT_WITHIN_S:
            return ""
        since = f"for {now - kept:.0f} s" if kept else "so far"
        return f"the registry's snapshot was not written {since}: starts without the database miss what changed"

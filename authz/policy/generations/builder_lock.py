"""One builder per data folder: an advisory lock that the system releases when the builder dies, however it dies."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from authz.durable import is_locked


class BuilderLock:
    """The lock file `<data>/builder.lock`."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / "builder.lock"
        self._descriptor: int | None = None

    def take(self) -> bool:
        """Become the builder; False while another one is. Held until `release`, or until this process ends."""
        if self._descriptor is not None:
            return True
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        """Let another builder take over."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def beat(self) -> None:
        """Say that the builder has just looked at all files (needs no room on the disk)."""
        if self._descriptor is not None:
            os.utime(self._descriptor)

    def last_beat(self) -> float | None:
        """When the builder last looked, in seconds since 1970-01-01T00:00Z; None where no builder ever worked here."""
        try:
            return self._path.stat().st_mtime
        except OSError:
            return None

    def is_held(self) -> bool:
        """Whether some builder is at work (asked from any process; this one counts too)."""
        if self._descriptor is not None:
            return True
        try:
            return is_locked(self._path)
        except OSError:
            return False

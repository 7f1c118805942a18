"""Noticing that policy files changed: the system's notices wake us, a cheap look at every file is the safety net."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Self

import structlog
import watchfiles

Fingerprint = tuple[tuple[str, int, int, int, int], ...]
"""(path in the set, inode, size, times of change of content and inode in ns) of each entry, sorted; the model last."""

_DEEPEST: Final = 10
_RETRY_S: Final = 2.0
_STEP_MS: Final = 50
_DEBOUNCE_MS: Final = 200
_TIMEOUT_MS: Final = 1000

_log = structlog.get_logger(__name__)


def fingerprint(folder: Path, model: Path) -> Fingerprint:
    """What can be seen of a set's files without reading them; differs whenever one was written, replaced or moved."""
    return (*sorted(_entries(folder, "", 0)), _entry("\N{NULL}model", model))


def _entries(folder: Path | str, prefix: str, depth: int) -> Iterator[tuple[str, int, int, int, int]]:
    try:
        with os.scandir(folder) as found:
            for item in found:
                if item.name.startswith("."):
                    continue
                yield _entry(prefix + item.name, item.path)
                if depth < _DEEPEST and item.is_dir(follow_symlinks=False):
                    yield from _entries(item.path, f"{prefix}{item.name}/", depth + 1)
    except OSError:
        yield prefix, -1, -1, -1, -1


def _entry(name: str, path: Path | str) -> tuple[str, int, int, int, int]:
    try:
        status = os.lstat(path)
    except OSError:
        return name, 0, 0, 0, 0
    return name, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


class Watch:
    """Waits for changes below some paths; goes on by the clock alone where the system sends no notices."""

    def __init__(self, *paths: Path) -> None:
        self._paths = paths
        self._woken = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="watch", daemon=True)

    def __enter__(self) -> Self:
        """Begin to listen."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop listening."""
        self._stopped.set()
        self._thread.join()

    def wait(self, seconds: float) -> None:
        """Return at a change, or after `seconds`."""
        self._woken.wait(seconds)
        self._woken.clear()

    def _listen(self) -> None:
        failure = ""
        while not self._stopped.is_set():
            try:
                self._listen_while_unmoved()
            except Exception as error:  # noqa: BLE001 - without notices the clock still makes the builder look
                if str(error) != failure:
                    _log.warning("policy_watch_failed", reason=str(error))
                failure = str(error)
            self._stopped.wait(_RETRY_S)

    def _listen_while_unmoved(self) -> None:
        """Until one of the paths comes or goes, since the system's notices are tied to what was there."""
        there = [path for path in self._paths if path.exists()]
        if not there:
            return
        for changes in watchfiles.watch(
            *there,
            watch_filter=None,
            debounce=_DEBOUNCE_MS,
            step=_STEP_MS,
            stop_event=self._stopped,
            rust_timeout=_TIMEOUT_MS,
            yield_on_timeout=True,
            raise_interrupt=False,
            ignore_permission_denied=True,
        ):
            if changes:
                self._woken.set()
            if [path for path in self._paths if path.exists()] != there:
                return

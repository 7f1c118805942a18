"""The policy builder as a child of the serving process: started, started again when it dies, ended with its parent."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import structlog

_log = structlog.get_logger(__name__)

_GRACE_S: Final = 3.0
"""Seconds that the builder has to end before it is killed."""
_FIRST_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 30.0
_GOOD_LIFE_S: Final = 60.0
"""A builder that lived so long is started again at once; one that dies on start, at a slower and slower pace."""


@contextmanager
def builder_child(command: Sequence[str]) -> Iterator[None]:
    """A builder runs as long as the block."""
    keeper = _Keeper(command)
    keeper.start()
    try:
        yield
    finally:
        keeper.stop()


class _Keeper(threading.Thread):
    """Starts the builder and waits for its end."""

    def __init__(self, command: Sequence[str]) -> None:
        super().__init__(name="builder-keeper", daemon=True)
        self._command = command
        self._stopping = threading.Event()
        self._starting = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        pause = _FIRST_PAUSE_S
        while True:
            started = time.monotonic()
            with self._starting:
                if self._stopping.is_set():
                    return
                child = self._child = subprocess.Popen(self._command, stdin=subprocess.DEVNULL)  # noqa: S603 - our own module
            _log.info("builder_started", pid=child.pid)
            status = child.wait()
            if self._stopping.is_set():
                return
            _log.error("builder_ended", pid=child.pid, status=status)
            pause = _FIRST_PAUSE_S if time.monotonic() - started > _GOOD_LIFE_S else min(2 * pause, _LONGEST_PAUSE_S)
            if self._stopping.wait(pause):
                return

    def stop(self) -> None:
        """End the builder and do not start another."""
        with self._starting:
            self._stopping.set()
            child = self._child
        if child is None:
            return
        child.terminate()
        try:
            child.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()

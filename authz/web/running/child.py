"""Children of the serving process: started, started again when they die, ended with it."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Final

import structlog

_log = structlog.get_logger(__name__)

_GRACE_S: Final = 3.0
"""Seconds that a child has to end before it is killed."""
_FIRST_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 30.0
_GOOD_LIFE_S: Final = 60.0
"""One that lived so long is started again at once; one that dies on start, at a slower and slower pace."""


@contextmanager
def child(
    what: str, command: Sequence[str], told: bytes = b"", longest_pause_s: float = _LONGEST_PAUSE_S
) -> Iterator[None]:
    """A process runs as long as the block.

    Args:
        what: its name in the operations log.
        told: what it reads from its standard input; secrets have no place on a command line.
        longest_pause_s: seconds before it is started again at most, however often it dies.
    """
    keeper = _Keeper(what, command, told, longest_pause_s)
    keeper.start()
    try:
        yield
    finally:
        keeper.stop()


class _Keeper(threading.Thread):
    """Starts the process and waits for its end."""

    def __init__(self, what: str, command: Sequence[str], told: bytes, longest_pause_s: float) -> None:
        super().__init__(name=f"{what}-keeper", daemon=True)
        self._what = what
        self._command = command
        self._told = told
        self._longest_pause_s = longest_pause_s
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
                # A group of its own: Ctrl-C in a terminal is for the parent, which ends us when it has ended.
                child = self._child = subprocess.Popen(  # noqa: S603 - our own module
                    self._command, stdin=subprocess.PIPE, process_group=0
                )
            _log.info(f"{self._what}_started", pid=child.pid)
            with suppress(BrokenPipeError):
                child.communicate(self._told)
            status = child.wait()
            if self._stopping.is_set():
                return
            _log.error(f"{self._what}_ended", pid=child.pid, status=status)
            lived_well = time.monotonic() - started > _GOOD_LIFE_S
            pause = _FIRST_PAUSE_S if lived_well else min(2 * pause, self._longest_pause_s)
            if self._stopping.wait(pause):
                return

    def stop(self) -> None:
        """End the process and do not start another."""
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

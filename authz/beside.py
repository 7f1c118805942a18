"""What the processes beside the workers have in common: they work in turns, and end with the process that serves."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final, NamedTuple

from authz.errors import RegistryUnavailable

_NICENESS: Final = 10
_LOOK_AT_PARENT_S: Final = 0.25


class Task(NamedTuple):
    """What such a process is told on its standard input.

    `path`: what it keeps. `database`: the registry's URL. `parent`: the process with which it ends.
    """

    path: str
    database: str
    parent: int

    def told(self) -> bytes:
        """As the standard input of the process."""
        return json.dumps(self._asdict()).encode()


def task_told() -> Task:
    """The task of this process."""
    return Task(**json.load(sys.stdin))


def work_beside(parent: int, every_s: float, work: Callable[[], object]) -> None:
    """Call `work` again and again until the process `parent` is gone, or SIGTERM; what was begun is finished.

    With database or disk away a turn is for nothing and the next one may succeed: no decision waits for it, and whoever
    needs what it makes is told how old that is.
    """
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends us when it has ended
    os.umask(0o077)
    os.nice(_NICENESS)
    again_at = 0.0
    while not ended.is_set() and os.getppid() == parent:
        if time.monotonic() >= again_at:
            with suppress(RegistryUnavailable, OSError):
                work()
            again_at = time.monotonic() + every_s
        ended.wait(min(_LOOK_AT_PARENT_S, every_s))

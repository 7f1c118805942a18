"""The process that keeps the decision log's index up to date: no worker's answers wait for it.

Run as `python -m authz.indexer`; the serving process tells it on its standard input where log and database are.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from authz.errors import RegistryUnavailable
from authz.log.index import LogIndex
from authz.registry.store import RegistryStore

EVERY_S: Final = 2.0
_NICENESS: Final = 10
_LOOK_AT_PARENT_S: Final = 0.25


class Task(NamedTuple):
    """`folder`: of the log. `database`: the registry's URL. `parent`: the process with which this one ends."""

    folder: str
    database: str
    parent: int

    def told(self) -> bytes:
        """As the standard input of the process."""
        return json.dumps(self._asdict()).encode()


def main() -> None:
    """Index until the parent is gone, or SIGTERM; what was begun is finished, as far as the parent waits for it."""
    task = Task(**json.load(sys.stdin))
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends us when it has ended
    os.umask(0o077)
    os.nice(_NICENESS)
    store = RegistryStore(task.database)
    index = LogIndex(Path(task.folder), store.reading, store.noting)
    again_at = 0.0
    while not ended.is_set() and os.getppid() == task.parent:
        if time.monotonic() >= again_at:
            # With database or disk away whoever searches is told; decisions need nothing of this.
            with suppress(RegistryUnavailable, OSError):
                index.catch_up_alone()
            again_at = time.monotonic() + EVERY_S
        ended.wait(_LOOK_AT_PARENT_S)


if __name__ == "__main__":
    main()

"""The process that keeps the decision log's index up to date: no worker's answers wait for it.

Run as `python -m authz.indexer`; the serving process tells it on its standard input where log and database are.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Final, NamedTuple

from authz.beside import work_beside
from authz.log.index import LogIndex
from authz.registry.store import RegistryStore

EVERY_S: Final = 2.0


class Task(NamedTuple):
    """`folder`: of the log. `database`: the registry's URL. `parent`: the process with which this one ends."""

    folder: str
    database: str
    parent: int

    def told(self) -> bytes:
        """As the standard input of the process."""
        return json.dumps(self._asdict()).encode()


def main() -> None:
    """Index until the parent is gone, or SIGTERM."""
    task = Task(**json.load(sys.stdin))
    store = RegistryStore(task.database)
    index = LogIndex(Path(task.folder), store.reading, store.noting)
    work_beside(task.parent, EVERY_S, index.catch_up_alone)


if __name__ == "__main__":
    main()

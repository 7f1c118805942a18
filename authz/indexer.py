"""The process that keeps the decision log's index up to date: no worker's answers wait for it.

Run as `python -m authz.indexer`; the serving process tells it on its standard input where log and database are.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from authz.beside import task_told, work_beside
from authz.log.index import LogIndex
from authz.registry.store import RegistryStore

EVERY_S: Final = 2.0


def main() -> None:
    """Index until the parent is gone, or SIGTERM."""
    task = task_told()
    store = RegistryStore(task.database)
    index = LogIndex(Path(task.path), store.reading, store.noting)
    work_beside(task.parent, EVERY_S, index.catch_up_alone)


if __name__ == "__main__":
    main()

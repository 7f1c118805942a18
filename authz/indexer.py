"""Where the decision log's index is, and the process that keeps it up to date: no worker's answers wait for it.

Run as `python -m authz.indexer`; the serving process tells it on its standard input where log and database are.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from authz.beside import task_told, work_beside
from authz.log.index.file import InFile
from authz.log.index.home import Home, InDatabase
from authz.log.index.log_index import LogIndex
from authz.registry.store import RegistryStore

EVERY_S: Final = 2.0


def log_index(folder: Path, store: RegistryStore) -> LogIndex:
    """The index of the segments in a folder."""
    return LogIndex(folder, log_home(folder, store))


def log_home(folder: Path, store: RegistryStore) -> Home:
    """In the registry's database where several machines may share that; else in a file of its own, beside the folder.

    Whoever answers looks at a SQLite registry every moment, and sees at a glance that nobody has written it.
    """
    if store.sqlite_file is None:
        return InDatabase(store.reading, store.noting)
    return InFile(folder.with_name("log-index.sqlite"), folder)


def main() -> None:
    """Index until the parent is gone, or SIGTERM."""
    task = task_told()
    index = log_index(Path(task.path), RegistryStore(task.database))
    work_beside(task.parent, EVERY_S, index.catch_up_alone)


if __name__ == "__main__":
    main()

"""The process that keeps the registry's snapshot up to date: no worker's answers wait for it.

Run as `python -m authz.keeper`; the serving process tells it on its standard input where snapshot and database are.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Final, NamedTuple

from authz.beside import work_beside
from authz.registry.keeping import SnapshotKeeper
from authz.registry.store import RegistryStore

EVERY_S: Final = 0.5


class Task(NamedTuple):
    """`snapshot`: the file. `database`: the registry's URL. `parent`: the process with which this one ends."""

    snapshot: str
    database: str
    parent: int

    def told(self) -> bytes:
        """As the standard input of the process."""
        return json.dumps(self._asdict()).encode()


def main() -> None:
    """Keep the snapshot until the parent is gone, or SIGTERM."""
    task = Task(**json.load(sys.stdin))
    keeper = SnapshotKeeper(RegistryStore(task.database), Path(task.snapshot))
    work_beside(task.parent, EVERY_S, keeper.keep)


if __name__ == "__main__":
    main()

"""The process that keeps the registry's snapshot up to date: no worker's answers wait for it.

Run as `python -m authz.keeper`; the serving process tells it on its standard input where snapshot and database are.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from authz.beside import task_told, work_beside
from authz.registry.keeping import SnapshotKeeper
from authz.registry.store import RegistryStore

EVERY_S: Final = 0.5


def main() -> None:
    """Keep the snapshot until the parent is gone, or SIGTERM."""
    task = task_told()
    keeper = SnapshotKeeper(RegistryStore(task.database), Path(task.path))
    work_beside(task.parent, EVERY_S, keeper.keep)


if __name__ == "__main__":
    main()

"""How many records a worker took on and how many it has written, in a file mapped to memory.

The numbers outlive a killed process (not a power cut), so that what the relaxed mode lost is counted at the next start.
A durable process keeps none: an answer that it gave is on disk, and one that waits for its record was not given.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import struct
from pathlib import Path
from typing import Final

SUFFIX: Final = ".count"
_NUMBERS: Final = struct.Struct("<QQ")


class Accepted:
    """The two numbers of one worker. `take` is on the decision path, `wrote` is the writer's."""

    def __init__(self, folder: Path, worker: str) -> None:
        """Make the worker's file.

        Raises:
            OSError: the disk is full, or not ours to write.
        """
        self._path = folder / f"{worker}{SUFFIX}"
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, mmap.PAGESIZE)
            self._memory = mmap.mmap(descriptor, mmap.PAGESIZE)
        except BaseException:
            self._path.unlink()
            raise
        finally:
            os.close(descriptor)
        self._numbers = memoryview(self._memory).cast("Q")

    def take(self, count: int) -> None:
        """So many records were accepted."""
        self._numbers[0] += count

    def wrote(self, count: int) -> None:
        """So many were written, or given up and told."""
        self._numbers[1] += count

    def close(self) -> None:
        """Everything is accounted for."""
        self._numbers.release()
        self._memory.close()
        self._path.unlink(missing_ok=True)


def unwritten(folder: Path, worker: str) -> int | None:
    """Records that a worker of the past took on and never wrote. None: it kept no count, or left none."""
    with contextlib.suppress(OSError, struct.error):
        taken, written = _NUMBERS.unpack((folder / f"{worker}{SUFFIX}").read_bytes()[: _NUMBERS.size])
        return max(0, int(taken) - int(written))
    return None


def forget(folder: Path, worker: str) -> None:
    """The count of a worker of the past was told."""
    (folder / f"{worker}{SUFFIX}").unlink(missing_ok=True)

"""Files of whole lines that only grow, each written by one process that holds a lock on it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

SUFFIX: Final = ".jsonl"


def write_all(descriptor: int, data: bytes) -> int:
    """Write everything; how many bytes that is."""
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]
    return len(data)


def last_line(path: Path, upto: int | None = None) -> tuple[bytes, int]:
    """The last whole line without its newline (empty where there is none), and where it ends.

    `upto`: as if the file ended there.
    """
    with path.open("rb") as stream:
        end = stream.seek(0, os.SEEK_END)
        end = end if upto is None else min(end, upto)
        tail = b""
        while end > 0:
            start = max(0, end - 65536)
            stream.seek(start)
            tail = stream.read(end - start) + tail
            end = start
            whole = tail.rfind(b"\n") + 1
            before = tail.rfind(b"\n", 0, whole - 1) + 1 if whole else 0
            if before or (whole and start == 0):
                return tail[before : whole - 1], start + whole
    return b"", 0

"""Counts of one worker that every worker can read: plain numbers in a file that is mapped into memory.

Adding is one look-up and one addition, exact at once for whoever reads, and what a killed worker counted is not lost.
prometheus-client's own files for several processes cost a lock and several writes for each number of each decision.
"""

from __future__ import annotations

import fcntl
import json
import mmap
import os
import secrets
import shutil
import struct
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import structlog

_log = structlog.get_logger(__name__)

Series = tuple[str, ...]
"""The metric's name, and the values of its labels in their order."""

CAPACITY: Final = 8192
"""Series of one worker: several times what five policy sets with a dozen actions each come to."""
_DOUBLE: Final = 8
_OWNER: Final = "owner"
_SERIES: Final = ".series"
_VALUES: Final = ".values"


class Tally:
    """The counts of this process, from any thread; `add` for one series always from one.

    `values`: the numbers by their slots, for who adds often and keeps the slot of a series.
    """

    def __init__(self, folder: Path | None = None, capacity: int = CAPACITY) -> None:
        """`folder`: where all workers of one service have their files; None: nobody else reads these counts."""
        self._folder = folder
        self._capacity = capacity
        self._slots: dict[Series, int] = {}
        self._finding = threading.Lock()
        self._lines: Path | None = None
        self._map = mmap.mmap(-1, capacity * _DOUBLE)
        if folder is not None:
            try:
                self._map_file(folder / f"{os.getpid()}-{secrets.token_hex(4)}")
            except OSError as error:  # a disk that is full stops neither the start nor a decision
                _log.warning("tally_unshared", reason=error.strerror)
                self._folder = None
        self.values = memoryview(self._map).cast("d")

    def add(self, series: Series, amount: float = 1.0) -> None:
        """Count; a series that is new beyond the capacity is not counted."""
        slot = self.slot(series)
        if slot is not None:
            self.values[slot] += amount

    def put(self, series: Series, value: float) -> None:
        """Set a number that only this process knows."""
        slot = self.slot(series)
        if slot is not None:
            self.values[slot] = value

    def slot(self, series: Series) -> int | None:
        """Where a series is counted; None for one that is new beyond the capacity."""
        slot = self._slots.get(series)
        return self._new(series) if slot is None else slot

    def everybody(self) -> Iterator[Mapping[Series, float]]:
        """The counts of each worker, also of those that have ended, as they are now."""
        if self._folder is None:
            yield {series: self.values[slot] for series, slot in list(self._slots.items())}
            return
        for path in sorted(self._folder.glob(f"*{_SERIES}")):
            yield _read(path)

    def _map_file(self, path: Path) -> None:
        size = self._capacity * _DOUBLE
        with path.with_suffix(_VALUES).open("w+b") as values:
            os.posix_fallocate(values.fileno(), 0, size)  # a page of a sparse file that finds no room kills the process
            self._map = mmap.mmap(values.fileno(), size)
        self._lines = path.with_suffix(_SERIES)

    def _new(self, series: Series) -> int | None:
        with self._finding:
            slot = self._slots.get(series, len(self._slots))
            if slot >= self._capacity:
                return None
            if self._lines is not None and series not in self._slots:
                try:
                    with self._lines.open("ab") as lines:
                        lines.write(json.dumps(series).encode() + b"\n")
                except OSError as error:
                    _log.warning("tally_is_full", reason=error.strerror)
                    self._capacity = slot  # a line may stand there in part: nothing may come after it
                    return None
            self._slots[series] = slot
            return slot


def summed(everybody: Iterator[Mapping[Series, float]]) -> dict[Series, float]:
    """Each series over all workers."""
    total: defaultdict[Series, float] = defaultdict(float)
    for counts in everybody:
        for series, value in counts.items():
            total[series] += value
    return dict(total)


def greatest(everybody: Iterator[Mapping[Series, float]]) -> dict[Series, float]:
    """Each series as the worker has it that has most: for what every worker counts alike."""
    most: dict[Series, float] = {}
    for counts in everybody:
        for series, value in counts.items():
            most[series] = max(value, most.get(series, value))
    return most


def _read(path: Path) -> dict[Series, float]:
    lines = path.read_bytes().split(b"\n")[:-1]  # what is after the last line end is being written
    with path.with_suffix(_VALUES).open("rb") as stream:
        content = stream.read(len(lines) * _DOUBLE)
    values = struct.unpack(f"{len(content) // _DOUBLE}d", content)
    return {tuple(json.loads(line)): value for line, value in zip(lines, values, strict=False)}


@contextmanager
def tally_folder(data: Path) -> Iterator[Path]:
    """A new folder for the files of one service's workers, held by its parent process.

    The folders of services that have ended, however they did, are removed first: counters begin anew at each start.
    """
    root = data / "metrics"
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    for left in root.glob("[!.]*"):
        _remove_if_left(left)
    mine = root / secrets.token_hex(8)
    begun = root / f".{mine.name}"  # under its own name only when it is locked, so that nobody takes it for left
    begun.mkdir(mode=0o700)
    with (begun / _OWNER).open("wb") as owner:
        fcntl.flock(owner, fcntl.LOCK_EX)
        begun.rename(mine)
        try:
            yield mine
        finally:
            shutil.rmtree(mine, ignore_errors=True)


def _remove_if_left(folder: Path) -> None:
    try:
        with (folder / _OWNER).open("rb") as owner:
            fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
    except OSError:  # held by a service that lives
        return

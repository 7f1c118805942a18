"""The list of networks that the refused requests of one segment came from, in `addresses/`; it is deleted sooner.

The first line holds a key, each further one a number of a record and its network; the record holds a keyed sum of both.
A line is written before its record, so each record has its line, whenever the process ends.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Collection
from pathlib import Path
from typing import Final

from authz.durable import sync_folder
from authz.log.disk.files import SUFFIX, write_all
from authz.log.lines.chain import parsed
from authz.log.lines.keyed_sum import KeyedSum

ADDRESSES: Final = "addresses"
_KEY_BYTES: Final = 32


class AddressList:
    """The list of an open segment, written by one process."""

    def __init__(self, folder: Path, segment: str) -> None:
        """Make a new one; `folder`: of the log.

        Raises:
            OSError: the disk is full, or not ours to write; nothing stays behind.
        """
        self._path = list_of(folder, segment)
        self._path.parent.mkdir(mode=0o700, exist_ok=True)
        key = secrets.token_bytes(_KEY_BYTES)
        self.sums = KeyedSum(key)
        self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        try:
            line = json.dumps({"key": key.hex()}, separators=(",", ":")).encode() + b"\n"
            self.length = write_all(self._file, line)
            self._is_on_disk = False
            self.sync()
            sync_folder(self._path.parent)
        except BaseException:
            self.remove()
            raise

    def add(self, lines: bytes) -> None:
        """Append whole lines, all or none.

        Raises:
            OSError: they could not be written; the list is as it was.
        """
        self._is_on_disk = False
        try:
            self.length += write_all(self._file, lines)
        except OSError:
            self.cut_back(self.length)
            raise

    def cut_back(self, length: int) -> None:
        """Take back what was added behind `length` bytes: its records could not be written."""
        with contextlib.suppress(OSError):
            os.ftruncate(self._file, length)
        self.length = length

    def sync(self) -> None:
        """Have it on disk."""
        if not self._is_on_disk:
            os.fdatasync(self._file)
            self._is_on_disk = True

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)

    def remove(self) -> None:
        """Close it, and leave nothing behind."""
        self._path.unlink(missing_ok=True)
        os.close(self._file)


def list_of(folder: Path, segment: str) -> Path:
    """The file of a segment's list; `folder`: of the log."""
    return folder / ADDRESSES / f"{segment}{SUFFIX}"


def reconcile(folder: Path, segment: str, after: int, wanted: Collection[int]) -> int:
    """Cut off what a killed process left behind its last record; how many records of `wanted` have no line.

    Args:
        after: records up to this number were signed for, and their lines are left alone.
        wanted: numbers of the further records that have a network.
    """
    path = list_of(folder, segment)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return len(wanted)
    length, listed = 0, set()
    for row in content.split(b"\n")[:-1]:
        seq = parsed(row).get("seq")
        if type(seq) is int and seq > after:
            if seq > max(wanted, default=after):
                break
            listed.add(seq)
        length += len(row) + 1
    if length < len(content):
        with path.open("r+b") as stream:
            stream.truncate(length)
            os.fdatasync(stream.fileno())
    return len(set(wanted) - listed)

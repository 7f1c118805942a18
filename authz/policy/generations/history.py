"""Which generation of one set was in force when (DESIGN sections 3 and 6): an append-only record, and what it names.

`history.jsonl` has one line per activation, each with a checksum of its own; `history/` keeps every generation that a
line names, compressed, under its checksum. Nothing here is ever changed or cleared away: an answer as of last March
needs last March's bundle. Written by the one builder only, after the pointer has moved; what a killed builder did not
record, the next one does.
"""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from authz.durable import sync_folder
from authz.errors import NotFound, Unavailable
from authz.policy.disk import checksum, remove_unfinished, sealed, unsealed, write_whole

_RECORD: Final = "history.jsonl"
_FOLDER: Final = "history"
_FORMAT: Final = 1


class Entry(NamedTuple):
    """One generation on disk. `activated_at`: seconds since 1970-01-01T00:00Z."""

    checksum: str
    revision: str
    activated_at: float


class BeforeHistory(NotFound):
    """At that instant no generation of the set was recorded: what held then is not known, and is not guessed."""

    code = "as_of_before_history"


class HistoryDamaged(Unavailable):
    """The record, or the generation that it names for that instant, cannot be read."""

    code = "as_of_history_damaged"


class History:
    """The past of one set. `folder`: the set's own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, entry: Entry, content: bytes) -> None:
        """Record that `content` is in force from `entry.activated_at` on; does nothing where the last line says so.

        Raises:
            OSError: it could not be written; it is to be tried again.
        """
        kept = self._content_path(entry.checksum)
        if self.content(entry) is None:
            kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(kept, gzip.compress(content, mtime=0))
        known = list(self._lines())
        if not known or known[-1] != entry:
            self._append(entry)

    def in_force(self, at: float) -> Entry:
        """The generation that was current at `at`, in seconds since 1970-01-01T00:00Z.

        Raises:
            BeforeHistory: the first one came later, or there is none.
            HistoryDamaged: a line that may be the right one cannot be read.
        """
        found: Entry | None = None
        later = doubtful = False
        for line in self._lines():
            if line is None:
                doubtful = doubtful or not later
            elif line.activated_at <= at:
                found, later, doubtful = line, False, False
            else:
                later = True
        if doubtful:
            raise HistoryDamaged("the record of earlier policies is damaged around that instant")
        if found is None:
            raise BeforeHistory("no policy of that instant is recorded")
        return found

    def of_revision(self, revision: str) -> Entry | None:
        """The newest line with that revision; None where none that can be read has it."""
        lines = [line for line in self._lines() if line is not None and line.revision == revision]
        return lines[-1] if lines else None

    def content(self, entry: Entry) -> bytes | None:
        """The compiled set, or None where the file is missing or is not what was written."""
        try:
            content = gzip.decompress(self._content_path(entry.checksum).read_bytes())
        except (OSError, EOFError, zlib.error):
            return None
        return content if checksum(content) == entry.checksum else None

    def tidy(self) -> None:
        """Clear the remains of a builder that was killed; nothing that is recorded."""
        if (self._folder / _FOLDER).is_dir():
            remove_unfinished(self._folder / _FOLDER)

    def _lines(self) -> Iterator[Entry | None]:
        """Each line in its order; None for one that cannot be read."""
        try:
            content = (self._folder / _RECORD).read_bytes()
        except FileNotFoundError:
            return
        except OSError:
            yield None
            return
        lines = [line for line in content.split(b"\n") if line]
        for line, following in zip(lines, [*lines[1:], b""], strict=True):
            entry = _entry_of(line)
            if entry is not None or not following.startswith(line):  # a line cut short stands there again, whole
                yield entry

    def _append(self, entry: Entry) -> None:
        """A line that a crash cut short is ended first, so that it spoils no other."""
        path = self._folder / _RECORD
        line = sealed({"format": _FORMAT, **entry._asdict()}) + b"\n"
        is_new = not path.exists()
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "r+b", buffering=0) as file:
            size = file.seek(0, os.SEEK_END)
            if size:
                file.seek(size - 1)
                line = line if file.read(1) == b"\n" else b"\n" + line
            file.write(line)
            os.fsync(descriptor)
        if is_new:
            sync_folder(self._folder)

    def _content_path(self, digest: str) -> Path:
        return self._folder / _FOLDER / f"{digest}.json.gz"


def _entry_of(line: bytes) -> Entry | None:
    try:
        stated = unsealed(line)
        entry = Entry(str(stated["checksum"]), str(stated["revision"]), float(stated["activated_at"]))
    except (ValueError, KeyError, TypeError):
        return None
    return entry if stated["format"] == _FORMAT and set(entry.checksum) <= set("0123456789abcdef") else None

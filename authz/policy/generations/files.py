"""One policy set's generations on disk: content under its checksum, a pointer to the current one, a report.

The pointer also names the generations before it, and the pointer before it is kept, so that one damaged file costs one
step back and no more. What was ever current stays in `history/` (`history` beside this). Only the one builder writes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, NamedTuple

from authz.errors import Problem
from authz.policy.bundle import SET_ID
from authz.policy.disk import checksum, remove_unfinished, sealed, unsealed, write_whole
from authz.policy.generations.history import Entry, History

KEPT: Final = 3
"""Generations kept at hand: the current one and those before it. The history keeps all, compressed."""

_FORMAT: Final = 1
_POINTER: Final = "pointer.json"
_POINTER_BEFORE: Final = "pointer.before.json"
_REPORT: Final = "report.json"
_MOST_PROBLEMS: Final = 1000


class FilesState(StrEnum):
    """How a set's files stand to its live generation."""

    LIVE = "live"
    PENDING = "pending"
    REJECTED = "rejected"
    GONE = "gone"


class Report(NamedTuple):
    """What the builder last found in the set's files; `revision` is theirs, empty where they could not be read."""

    set_id: str
    state: FilesState
    revision: str
    problems: tuple[Problem, ...]


Signature = tuple[int, int, int]


class GenerationFiles:
    """The folder of one set. Reading never raises for a damaged or missing file; writing raises OSError."""

    def __init__(self, root: Path, set_id: str) -> None:
        self.set_id = set_id
        self.folder = root / folder_name(set_id)
        self.history = History(self.folder)

    def entries(self) -> list[Entry]:
        """The generations to try, the current one first, then those before it."""
        found: list[Entry] = []
        for name in (_POINTER, _POINTER_BEFORE):
            found.extend(entry for entry in self._pointed(name) if entry not in found)
        return found

    def pointer_is_damaged(self) -> bool:
        """Whether there was a current generation, but its pointer can no longer be read."""
        return not self._pointed(_POINTER) and bool(self._pointed(_POINTER_BEFORE))

    def content(self, entry: Entry) -> bytes | None:
        """The compiled set, or None where the file is missing or is not what was written."""
        try:
            content = self._content_path(entry.checksum).read_bytes()
        except OSError:
            return None
        return content if checksum(content) == entry.checksum else None

    def report(self) -> Report | None:
        """The builder's last finding, None where there is none."""
        document = self._document(_REPORT)
        try:
            return _report_of(document) if document is not None else None
        except (KeyError, TypeError, ValueError):
            return None

    def signature(self) -> tuple[Signature | None, Signature | None]:
        """Changes whenever pointer or report were replaced; costs two calls to the system."""
        return _signature(self.folder / _POINTER), _signature(self.folder / _REPORT)

    def current(self) -> tuple[Entry, bytes] | None:
        """The current generation, None where there is none or it is damaged."""
        entries = self._pointed(_POINTER)
        content = self.content(entries[0]) if entries else None
        return None if content is None else (entries[0], content)

    def activate(self, content: bytes, revision: str, now: float) -> None:
        """Make `content` the current generation: it is on disk, whole, before the pointer moves.

        Raises:
            OSError: it cannot be written; readers see what they saw.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self.record()
        digest = checksum(content)
        before = [entry for entry in self.entries() if entry.checksum != digest and self.content(entry) is not None]
        if self._pointed(_POINTER):
            write_whole(self.folder / _POINTER_BEFORE, (self.folder / _POINTER).read_bytes())
        if self.content(Entry(digest, revision, now)) is None:
            write_whole(self._content_path(digest), content)
        kept = [Entry(digest, revision, now), *before][:KEPT]
        write_whole(self.folder / _POINTER, sealed({"format": _FORMAT, "entries": [entry._asdict() for entry in kept]}))
        self.record()
        self._forget_others()

    def record(self) -> None:
        """Have the current generation in the history: the pointer is what counts, the history follows it.

        Raises:
            OSError: it cannot be written.
        """
        current = self.current()
        if current is not None:
            self.history.keep(*current)

    def write_report(self, report: Report) -> None:
        """Replace the report; does nothing where it says the same already."""
        if self.report() == report:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        document = {
            "format": _FORMAT,
            "set": report.set_id,
            "state": report.state.value,
            "revision": report.revision,
            "problems": [problem._asdict() for problem in report.problems[:_MOST_PROBLEMS]],
        }
        write_whole(self.folder / _REPORT, sealed(document))

    def forget_never_good(self) -> bool:
        """Remove a set of which there is nothing but a report; False where there is more, which then stays."""
        try:
            if [path.name for path in self.folder.iterdir()] == [_REPORT]:
                (self.folder / _REPORT).unlink()
                self.folder.rmdir()
                return True
        except FileNotFoundError:
            return True
        return False

    def tidy(self) -> None:
        """Clear the remains of a builder that was killed."""
        if self.folder.is_dir():
            remove_unfinished(self.folder)
            self.history.tidy()

    def _forget_others(self) -> None:
        named = {entry.checksum for entry in self.entries()}
        for path in self.folder.glob("generation-*.json"):
            if path.name not in {self._content_path(digest).name for digest in named}:
                path.unlink(missing_ok=True)

    def _content_path(self, digest: str) -> Path:
        return self.folder / f"generation-{digest}.json"

    def _pointed(self, name: str) -> list[Entry]:
        document = self._document(name)
        try:
            return list(_entries_of(document)) if document is not None else []
        except (KeyError, TypeError, ValueError):
            return []

    def _document(self, name: str) -> dict[str, Any] | None:
        try:
            document = unsealed((self.folder / name).read_bytes())
        except (OSError, ValueError):
            return None
        return document if document.get("format") == _FORMAT else None


def known_sets(root: Path) -> list[str]:
    """The sets that have a folder under `root`, by the folder's name (see `folder_name`)."""
    try:
        with os.scandir(root) as found:
            return sorted(entry.name for entry in found if entry.is_dir())
    except FileNotFoundError:
        return []


def folder_name(set_id: str) -> str:
    """The set's id; a name that no set may have, and so is only ever reported, stands under a checksum."""
    return set_id if SET_ID.fullmatch(set_id) else f"unfit-{checksum(os.fsencode(set_id))[:32]}"


def _entries_of(document: dict[str, Any]) -> Iterator[Entry]:
    for stated in document["entries"]:
        entry = Entry(str(stated["checksum"]), str(stated["revision"]), float(stated["activated_at"]))
        if not set(entry.checksum) <= set("0123456789abcdef"):
            raise ValueError("not a checksum")
        yield entry


def _report_of(document: dict[str, Any]) -> Report:
    return Report(
        document["set"],
        FilesState(document["state"]),
        document["revision"],
        tuple(Problem(**problem) for problem in document["problems"]),
    )


def _signature(path: Path) -> Signature | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def whole_file(set_id: str, text: str, code: str) -> Sequence[Problem]:
    """One problem with a set as a whole."""
    return (Problem(f"policies/{set_id}", 0, 0, text, code),)

"""A revision's files byte for byte as they are stored: no attribute in it leaves one out or rewrites one."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from authz.cli.changes import GitFailed
from authz.cli.failures import Usage

_TIMEOUT_S: Final = 120
_LARGEST: Final = 512 << 20
_LINK: Final = "120000"
# Nothing is fetched, whatever is missing; nobody's replacement stands in for what was committed.
_OFFLINE: Final = ("--no-replace-objects", "-c", "protocol.allow=never", "-c", "core.fsmonitor=false")


class _Entry(NamedTuple):
    mode: str
    object_id: str
    size: int
    path: str


def unpack(revision: str, folder: Path, names: Iterable[str]) -> None:
    """Write the files and folders `names` of a revision, as they stand at the top of its tree, into `folder`.

    A symbolic link is written as one, last, so that nothing is written through it; readers of policy files refuse it.

    Raises:
        Usage: the revision has not the first of the names, or holds too much. GitFailed: git does not know it.
    """
    wanted = list(names)
    commit = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}").decode().strip()
    top = _git("rev-parse", "--show-toplevel").decode().rstrip("\n")
    listed = _git("-C", top, "ls-tree", "-r", "-l", "-z", "--full-tree", commit, "--", *wanted)
    entries = [entry for entry in _entries(listed) if entry.path not in (wanted[0], "")]
    if not any(entry.path.startswith(f"{wanted[0]}/") for entry in entries):
        raise Usage(f"the revision `{revision}` has no folder `{wanted[0]}`")
    if sum(entry.size for entry in entries) > _LARGEST:
        raise Usage(f"the revision `{revision}` holds more than {_LARGEST >> 20} MiB of policy files")
    entries.sort(key=lambda entry: entry.mode == _LINK)
    for entry, content in zip(entries, _contents(top, entries), strict=True):
        _write(folder, entry, content)


def _entries(listed: bytes) -> Iterator[_Entry]:
    """Lines that end in NUL, the path behind a tab; what is no blob (a submodule) has no content here."""
    for line in listed.split(b"\0"):
        described, _, path = line.partition(b"\t")
        words = described.decode().split()
        if len(words) == 4 and words[1] == "blob":  # noqa: PLR2004 - as described
            yield _Entry(words[0], words[2], int(words[3]), os.fsdecode(path))


def _contents(top: str, entries: list[_Entry]) -> Iterator[bytes]:
    """In the order asked for; each stands behind a line that repeats its object and size, and before a line end."""
    asked = "".join(f"{entry.object_id}\n" for entry in entries).encode()
    said = memoryview(_git("-C", top, "cat-file", "--batch", stated=asked))
    at = 0
    for entry in entries:
        heading = f"{entry.object_id} blob {entry.size}\n".encode()
        start = at + len(heading)
        if said[at:start] != heading:
            raise GitFailed(f"git does not have the content of `{entry.path}`")
        at = start + entry.size + 1
        yield bytes(said[start : at - 1])


def _write(folder: Path, entry: _Entry, content: bytes) -> None:
    target = folder / entry.path
    if ".." in target.parts or not target.is_relative_to(folder):
        return
    if not target.parent.is_dir():
        target.parent.mkdir(parents=True)
    if entry.mode == _LINK:
        target.symlink_to(os.fsdecode(content))
    else:
        target.write_bytes(content)


def _git(*arguments: str, stated: bytes = b"") -> bytes:
    program = shutil.which("git")
    if program is None:
        raise GitFailed("a revision needs git, and there is none on the PATH")
    try:
        finished = subprocess.run(  # noqa: S603 - our own words, and a revision behind --end-of-options
            [program, *_OFFLINE, *arguments], input=stated, capture_output=True, timeout=_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise GitFailed(f"git took longer than {_TIMEOUT_S} s") from None
    if finished.returncode != 0:
        said = finished.stderr.decode(errors="replace").strip().splitlines()
        known = f"`{arguments[-1].removesuffix('^{commit}')}` is neither a folder nor a revision that git knows here"
        raise GitFailed(said[0].lower() if said else known)
    return finished.stdout

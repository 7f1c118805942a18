"""A revision's files byte for byte as they are stored: no attribute in it leaves one out or rewrites one."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from authz.cli.failures import Usage
from authz.cli.git import SUBMODULE, GitFailed, commit_of, git
from authz.policy.bundle import NETWORKS_FOLDER

_LARGEST: Final = 512 << 20
_LARGEST_PLAIN: Final = 1 << 20
_LINK: Final = "120000"
_WORD: Final = "[A-Za-z0-9_][A-Za-z0-9._-]*"
_PLAIN_NETWORKS: Final = re.compile(rf"(?P<set>{_WORD})/(?P<file>{NETWORKS_FOLDER}/(?:{_WORD}/){{0,4}}{_WORD}\.csv)")


class _Entry(NamedTuple):
    mode: str
    object_id: str
    size: int
    path: str


def unpack(
    revision: str, folder: Path, policies: str, others: Iterable[str], *, may_lack: bool
) -> dict[Path, dict[str, bytes]]:
    """Write a folder of policy sets and other files and folders of a revision, named from its top, into `folder`.

    Plain network files are not written but returned, by their set's folder and their path in it: a revision may hold
    one for each of many tenants. Everything that wants a second look is written, for the readers of folders to judge.
    A symbolic link is written as one, last, so that nothing is written through it; readers of policy files refuse it.

    Args:
        may_lack: the revision may have nothing at all under the name of the policies.

    Raises:
        Usage: the revision has not the folder of the policies, or holds too much. GitFailed: git does not know it.
    """
    here = Path()
    commit = commit_of(revision, here)
    top = Path(os.fsdecode(git(here, "rev-parse", "--show-toplevel")).rstrip("\n"))
    listed = git(top, "ls-tree", "-r", "-l", "-z", "--full-tree", commit, "--", policies, *others)
    entries, inside = list(_entries(listed)), f"{policies}/"
    lacks = not any(entry.path.startswith(inside) for entry in entries)
    if lacks and not (may_lack and all(entry.path != policies for entry in entries)):
        raise Usage(f"the revision `{revision}` has no folder `{policies}`")
    if sum(entry.size for entry in entries) > _LARGEST:
        raise Usage(f"the revision `{revision}` holds more than {_LARGEST >> 20} MiB of policy files")
    entries.sort(key=lambda entry: entry.mode == _LINK)
    sets = folder.resolve() / policies
    held: dict[Path, dict[str, bytes]] = {}
    for entry, content in zip(entries, _contents(top, entries), strict=True):
        of_a_set = entry.path.startswith(inside)
        plain = _PLAIN_NETWORKS.fullmatch(entry.path, len(inside)) if of_a_set else None
        if plain is None or entry.mode == _LINK or entry.size > _LARGEST_PLAIN:
            _write(folder, entry, content)
        else:
            held.setdefault(sets / plain["set"], {})[plain["file"]] = content
    for set_dir in held:
        set_dir.mkdir(parents=True, exist_ok=True)
    return held


def _entries(listed: bytes) -> Iterator[_Entry]:
    """Lines that end in NUL, the path behind a tab.

    Raises:
        Usage: an entry is a submodule, whose files are in another repository.
    """
    for line in listed.split(b"\0"):
        described, _, path = line.partition(b"\t")
        words = described.decode().split()
        if words and words[0] == SUBMODULE:
            raise Usage(f"`{os.fsdecode(path)}` is a submodule; its files are in no revision of this repository")
        if len(words) == 4 and words[1] == "blob":  # noqa: PLR2004 - as described
            yield _Entry(words[0], words[2], int(words[3]), os.fsdecode(path))


def _contents(top: Path, entries: list[_Entry]) -> Iterator[bytes]:
    """In the order asked for; each stands behind a line that repeats its object and size, and before a line end."""
    asked = "".join(f"{entry.object_id}\n" for entry in entries).encode()
    said = memoryview(git(top, "cat-file", "--batch", stated=asked))
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

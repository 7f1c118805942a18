"""What git says has changed since a revision, in terms of policy sets."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from authz.cli.git import commit_of, git


class Changes(NamedTuple):
    """`model`: it changed, so everything is to be looked at again. `files`: set folder -> changed files within it."""

    model: bool
    files: Mapping[Path, frozenset[str]]

    def of(self, set_dir: Path) -> frozenset[str]:
        """The set's changed files, as paths within its folder."""
        return self.files.get(set_dir, frozenset())


def changes_since(revision: str, set_dirs: list[Path], model: Path) -> Changes:
    """Committed, staged, unstaged and untracked changes since `revision`.

    Raises:
        GitFailed: there is no such revision, or no git.
    """
    if not set_dirs:
        return Changes(False, {})
    top = Path(os.fsdecode(git(set_dirs[0], "rev-parse", "--show-toplevel")).strip()).resolve()
    tracked = git(top, "diff", "--name-only", "--no-renames", "-z", commit_of(revision, top), "--")
    untracked = git(top, "ls-files", "--others", "--exclude-standard", "-z")
    changed = [top / os.fsdecode(name) for name in (tracked + untracked).split(b"\0") if name]
    return Changes(
        model.resolve() in changed or not model.resolve().is_relative_to(top),
        {folder: _within(folder, changed) for folder in set_dirs},
    )


def _within(folder: Path, changed: list[Path]) -> frozenset[str]:
    return frozenset(path.relative_to(folder).as_posix() for path in changed if path.is_relative_to(folder))

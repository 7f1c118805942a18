"""What git says has changed since a revision, in terms of policy sets."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from authz.errors import AuthzError

_TIMEOUT_S: Final = 60


class GitFailed(AuthzError):
    """Git is not there, the folder is no checkout, or the revision is unknown."""

    code = "git_failed"


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
    top = Path(_git(set_dirs[0], "rev-parse", "--show-toplevel").strip()).resolve()
    commit = _git(top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}").strip()
    tracked = _git(top, "diff", "--name-only", "--no-renames", "-z", commit, "--")
    untracked = _git(top, "ls-files", "--others", "--exclude-standard", "-z")
    changed = [top / name for name in (tracked + untracked).split("\0") if name]
    return Changes(
        model.resolve() in changed or not model.resolve().is_relative_to(top),
        {folder: _within(folder, changed) for folder in set_dirs},
    )


def _within(folder: Path, changed: list[Path]) -> frozenset[str]:
    return frozenset(path.relative_to(folder).as_posix() for path in changed if path.is_relative_to(folder))


def _git(folder: Path, *arguments: str) -> str:
    program = shutil.which("git")
    if program is None:
        raise GitFailed("--since needs git, and there is none on the PATH")
    command = [program, "-C", str(folder), "-c", "core.quotePath=false", "-c", "core.fsmonitor=false", *arguments]
    try:
        finished = subprocess.run(  # noqa: S603 - our own words, and a revision behind --end-of-options
            command, capture_output=True, text=True, encoding="utf-8", errors="surrogateescape", timeout=_TIMEOUT_S,
            check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise GitFailed(f"git took longer than {_TIMEOUT_S} s") from None
    if finished.returncode != 0:
        said = finished.stderr.strip().splitlines()
        raise GitFailed(said[0].lower() if said else f"git knows no such revision: `{arguments[-1]}`")
    return finished.stdout

"""Git as a command asks it: nothing is fetched, nothing stands in for what was committed, no name means two things."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

from authz.errors import AuthzError

_TIMEOUT_S: Final = 120
_STRICT: Final = (
    "--no-replace-objects", "-c", "protocol.allow=never", "-c", "core.fsmonitor=false", "-c", "core.quotePath=false",
)  # fmt: skip
_BASE_NAME: Final = re.compile(r"[^^~:@]*")
_HEX: Final = re.compile(r"[0-9a-f]{4,64}")
_REFS: Final = ("refs/{}", "refs/tags/{}", "refs/heads/{}", "refs/remotes/{}", "refs/remotes/{}/HEAD")
_OF_ITS_OWN: Final = frozenset({"HEAD", "ORIG_HEAD", "FETCH_HEAD", "MERGE_HEAD"})
SUBMODULE: Final = "160000"
"""The mode of an entry whose files are in another repository."""


class GitFailed(AuthzError):
    """Git is not there, the folder is no checkout, or the revision is unknown or means two things."""

    code = "git_failed"


def git(folder: Path, *arguments: str, stated: bytes = b"") -> bytes:
    """What git prints, asked in `folder`.

    Raises:
        GitFailed: it cannot be asked, says no, or finds a name ambiguous.
    """
    program = shutil.which("git")
    if program is None:
        raise GitFailed("a revision needs git, and there is none on the PATH")
    try:
        finished = subprocess.run(  # noqa: S603 - our own words, and a revision behind --end-of-options
            [program, "-C", str(folder), *_STRICT, *arguments], input=stated, capture_output=True, timeout=_TIMEOUT_S,
            check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise GitFailed(f"git took longer than {_TIMEOUT_S} s") from None
    if finished.returncode != 0:
        said = finished.stderr.decode(errors="replace").strip().splitlines()
        raise GitFailed(said[0].lower() if said else "")
    return finished.stdout


def commit_of(revision: str, folder: Path) -> str:
    """The commit that a revision names, in full.

    Raises:
        GitFailed: git does not know it here, or it means two things.
    """
    if _means_two_things(revision, folder):
        text = f"`{revision}` means two things here; write `refs/heads/...`, `refs/remotes/...` or `refs/tags/...`"
        raise GitFailed(text)
    try:
        named = git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    except GitFailed as failed:
        known = f"`{revision}` is neither a folder nor a revision that git knows here"
        raise GitFailed(failed.args[0] or known) from None
    return named.decode().strip()


def _means_two_things(revision: str, folder: Path) -> bool:
    """Whether several branches and tags bear the name, or one that looks like a commit; git would only warn."""
    found = _BASE_NAME.match(revision)
    name = found[0] if found is not None else ""
    if not name:
        return False
    meant = [form.format(name) for form in _REFS]
    known = git(folder, "for-each-ref", "--format=%(refname)", "--", *meant).decode(errors="replace").splitlines()
    bearers = len(set(meant) & set(known))
    return bearers > 1 or (bearers == 1 and (name in _OF_ITS_OWN or _HEX.fullmatch(name) is not None))


def is_revision(name: str, folder: Path) -> bool:
    """Whether git may take the name for a revision, one that means two things too."""
    try:
        return _means_two_things(name, folder) or bool(commit_of(name, folder))
    except GitFailed:
        return False


def is_tracked(folder: Path) -> bool:
    """Whether a repository holds files of the folder, be it a submodule's; also where git cannot tell of a checkout."""
    try:
        return bool(git(folder, "ls-files", "-z", "--", "."))
    except GitFailed:
        resolved = folder.resolve()
        return any((above / ".git").exists() for above in (resolved, *resolved.parents))


def absent_submodules(folder: Path) -> list[str]:
    """Submodules below a folder of a checkout whose files are not there; none where it is no checkout."""
    try:
        listed = git(folder, "ls-files", "--stage", "-z", "--", ".")
    except GitFailed:
        return []
    names = [os.fsdecode(row.partition(b"\t")[2]) for row in listed.split(b"\0") if row.startswith(SUBMODULE.encode())]
    return [name for name in names if not any((folder / name).glob("*"))]

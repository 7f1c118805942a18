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


def merge_base_of(base: str, head: str, folder: Path) -> str:
    """The one newest commit that both revisions come from.

    Raises:
        GitFailed: git does not know one of them, they have no commit in common, or several such.
    """
    sides = [commit_of(one, folder) for one in (base, head)]
    try:
        found = git(folder, "merge-base", "--all", *sides).decode().split()
    except GitFailed as failed:
        raise GitFailed(failed.args[0] or f"`{base}` and `{head}` have no commit in common here") from None
    if len(found) > 1:
        raise GitFailed(f"`{base}` and `{head}` have {len(found)} newest commits in common; name the one that is meant")
    return found[0]


def top_of(folder: Path) -> Path | None:
    """The top of the checkout that a folder lies in, git asked or not; None where it lies in none."""
    resolved = folder.resolve()
    return next((above for above in (resolved, *resolved.parents) if (above / ".git").exists()), None)


def is_tracked(folder: Path) -> bool:
    """Whether a repository holds files of the folder, be it a submodule's; also where git cannot tell of a checkout."""
    try:
        return bool(git(folder, "ls-files", "-z", "--", "."))
    except GitFailed:
        return top_of(folder) is not None


def is_tracked_link(path: Path) -> bool:
    """Whether it is a symbolic link that a repository holds; also where git cannot tell of a checkout."""
    if not path.is_symlink():
        return False
    try:
        return bool(git(path.parent, "--literal-pathspecs", "ls-files", "-z", "--", path.name))
    except GitFailed:
        return top_of(path.parent) is not None


def absent_submodules(folder: Path) -> list[str]:
    """Submodules below a folder of a checkout whose files are not there; none where it is no checkout.

    Where git cannot be asked about a checkout, every empty folder is taken for one: git keeps no empty folders.
    """
    try:
        listed = git(folder, "ls-files", "--stage", "-z", "--", ".")
    except GitFailed:
        if top_of(folder) is None:
            return []
        below = (path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_dir())
        return [str(name) for name in below if ".git" not in name.parts and not any((folder / name).iterdir())]
    names = [os.fsdecode(row.partition(b"\t")[2]) for row in listed.split(b"\0") if row.startswith(SUBMODULE.encode())]
    return [str(Path(name)) for name in names if not any((folder / name).glob("*"))]

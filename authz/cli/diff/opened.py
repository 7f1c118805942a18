"""A side of a comparison found and opened: a folder, or a revision that git knows, unpacked beside it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from authz.cli.compiled import Place
from authz.cli.diff.approvals import FOLDER as APPROVALS
from authz.cli.diff.revision import unpack
from authz.cli.failures import Usage
from authz.cli.git import absent_submodules, is_revision, is_tracked, top_of
from authz.cli.reports.places import Places
from authz.policy.bundle import MODEL_FILE, POLICIES_FOLDER, find_model, find_sets
from authz.settings import Settings


class Opened(NamedTuple):
    """A side before it is compiled. `only`: the set's name where the side is the folder of one set, else empty.

    `none_is_none`: where no folder of approvals is there, there are none; what is copied may have left them behind.
    """

    name: str
    place: Place
    approvals: Path
    only: str
    none_is_none: bool

    def places(self) -> Callable[[str], str]:
        """How a report names the files of this side, a folder."""
        return Places(self.place.set_dirs, self.place.model, self.approvals).of

    def beside(self, other: Opened) -> Opened:
        """This side without the sets that cannot be on the other one, which is one set."""
        if self.only or not other.only:
            return self
        mine = [set_dir for set_dir in self.place.set_dirs if set_dir.name == other.only]
        return self._replace(place=self.place._replace(set_dirs=mine))


class Seat(NamedTuple):
    """Where a revision has what is compared with a folder.

    `top`: the folder that holds approvals, and `policies/` too where there is one, from the top of the repository.
    `policies`: whether there is one; sets that lie elsewhere are compared with those at the top of the revision.
    """

    top: Path = Path()
    policies: bool = True

    def names(self) -> tuple[str, str, set[str]]:
        """Of the folder below which the sets lie in a revision, of the sets' folder, of all else, from the top."""
        below = self.top if self.policies else Path()
        models = {str(folder / MODEL_FILE) for folder in (below, below.parent)}
        return str(below), str(below / POLICIES_FOLDER), {*models, str(self.top / APPROVALS)}


def seat_of(*stated: str) -> Seat:
    """Where a revision has what the first of the sides that is a folder has; the top, if the folder is not git's.

    Raises:
        ConfigError: the folder holds sets and a policies folder as well.
    """
    for folder in (Path(one).resolve() for one in stated if one.strip() and Path(one).is_dir()):
        top, repository = _top(folder, find_sets(folder)), top_of(folder)
        known = repository is not None and is_tracked(folder)
        return Seat(top.relative_to(repository) if repository and known else Path(), (top / POLICIES_FOLDER).is_dir())
    return Seat()


@contextmanager
def opened(stated: str, settings: Settings, seat: Seat, *, is_base: bool = False) -> Iterator[Opened]:
    """A folder, or a revision unpacked into a folder that goes when the block ends.

    BASE may be a revision from before there were policies; it has no sets then.

    A change may bring a folder that is named like the revision it is compared with, so a name that can be both is
    refused, and so is a folder of the same repository as BASE, unless it is written as a path (`./NAME`).

    Raises:
        Usage: there is neither, or both under one name, or it holds no policy set.
        GitFailed: git cannot be asked.
    """
    folder = Path(stated)
    if not stated.strip():
        raise Usage("BASE and HEAD are each a folder or a git revision, and one of them is empty")
    if folder.is_dir():
        if not stated.startswith((".", "/")) and (is_revision(stated, Path()) or (is_base and is_tracked(folder))):
            raise Usage(
                f"`{stated}` is a folder here and may be meant as a revision; write `./{stated}` for the folder"
            )
        yield _opened(stated, folder, settings)
        return
    with tempfile.TemporaryDirectory(prefix="authz-diff-") as made:
        unpacked = Path(made)
        below, policies, others = seat.names()
        held = unpack(stated, unpacked, policies, others, may_lack=is_base and seat.policies)
        lacks = not (unpacked / policies).exists()
        (unpacked / policies).mkdir(parents=True, exist_ok=True)
        found = _opened(stated, unpacked / below, settings, may_be_empty=lacks)
        yield found._replace(
            none_is_none=True, place=found.place._replace(held=held), approvals=unpacked / seat.top / APPROVALS
        )


def _opened(name: str, folder: Path, settings: Settings, *, may_be_empty: bool = False) -> Opened:
    found = find_sets(folder)
    for absent in (Path(each.name, absent) for each in found for absent in absent_submodules(each)):
        raise Usage(f"`{absent}` is a submodule that is not checked out, so the set is not whole")
    top = _top(folder.resolve(), found)
    if any(Path(absent).parts[:1] == (APPROVALS,) for absent in absent_submodules(top)):
        raise Usage(
            f"`{APPROVALS}` of `{name}` is a submodule that is not checked out, so nobody knows what it accepts"
        )
    if not found and not may_be_empty:
        raise Usage(f"`{name}` holds no policy set: neither set.yaml, nor folders with one, nor policies/")
    resolved = folder.resolve()
    only = resolved.name if found == [resolved] else ""
    approvals, known = top / APPROVALS, (top / ".git").exists()
    return Opened(name, Place(found, find_model(folder, settings.model)), approvals, only, known or approvals.exists())


def _top(folder: Path, found: list[Path]) -> Path:
    """The checkout that a set, or a folder of sets, lies in; never above the top of the repository that holds it.

    Where the sets were found decides, and no name alone: a checkout may itself lie in a folder named `policies`.
    """
    if found == [folder]:
        sets = folder.parent
    elif any(set_dir.parent == folder for set_dir in found):
        sets = folder
    else:
        return folder
    top, repository = sets.parent if sets.name == POLICIES_FOLDER else sets, top_of(folder)
    return top if repository is None or top.is_relative_to(repository) else repository

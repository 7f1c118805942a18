"""The two sides of a comparison: each a folder, or a revision that git knows, as policy sets ready to compare."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from authz.cli.approvals import FOLDER as APPROVALS
from authz.cli.approvals import Approval, read_approvals
from authz.cli.changes import GitFailed
from authz.cli.compiled import Place
from authz.cli.failures import Usage
from authz.cli.terminal import bar
from authz.core.generation import Generation
from authz.errors import PolicyInvalid, Problem
from authz.policy.bundle import MODEL_FILE, POLICIES_FOLDER, SET_FILE, Bundle, find_model, find_sets
from authz.policy.live import generation_of
from authz.policy.pipeline import judge_set
from authz.settings import Settings

_TIMEOUT_S: Final = 120
_LARGEST_ARCHIVE: Final = 512 << 20


class Side(NamedTuple):
    """One side. `invalid`: why sets do not compile; `failing`: guards broken, tests failing; `approvals`: accepted."""

    name: str
    bundles: Mapping[str, Bundle]
    generations: Mapping[str, Generation]
    invalid: tuple[Problem, ...]
    failing: tuple[Problem, ...]
    approvals: tuple[Approval, ...]


class Opened(NamedTuple):
    """A side before it is compiled."""

    name: str
    place: Place
    approvals: Path


@contextmanager
def opened(stated: str, settings: Settings) -> Iterator[Opened]:
    """A folder, or a revision unpacked into a folder that goes when the block ends.

    Raises:
        Usage: there is neither, or it holds no policy set.
        GitFailed: git cannot be asked.
    """
    folder = Path(stated)
    if folder.is_dir():
        yield _opened(stated, folder, settings)
        return
    with tempfile.TemporaryDirectory(prefix="authz-diff-") as made:
        unpacked = Path(made)
        _unpack(stated, unpacked)
        yield _opened(stated, unpacked, settings)


def _opened(name: str, folder: Path, settings: Settings) -> Opened:
    found = find_sets(folder)
    if not found:
        raise Usage(f"`{name}` holds no policy set: neither set.yaml, nor folders with one, nor policies/")
    return Opened(name, Place(found, find_model(folder, settings.model)), _top(folder.resolve()) / APPROVALS)


def _top(folder: Path) -> Path:
    """The checkout that a set, or a folder of sets, lies in."""
    if (folder / SET_FILE).exists():
        folder = folder.parent
    return folder.parent if folder.name == POLICIES_FOLDER else folder


def read_bundles(side: Opened) -> tuple[dict[str, Bundle], list[Problem]]:
    """Every set of a side as read, and what cannot be read."""
    bundles: dict[str, Bundle] = {}
    problems: list[Problem] = []
    for set_dir in side.place.set_dirs:
        try:
            bundles[set_dir.name] = side.place.bundle(set_dir)
        except PolicyInvalid as invalid:
            problems.extend(invalid.problems)
    return bundles, problems


def compiled_side(side: Opened, same: Mapping[str, Bundle], cache: Path) -> Side:
    """Compile what differs from the other side; sets whose files are the `same` are left out."""
    bundles, problems = read_bundles(side)
    generations: dict[str, Generation] = {}
    failing: list[Problem] = []
    changed = {name: one for name, one in bundles.items() if name not in same or same[name].revision != one.revision}
    with bar(f"{side.name}: compiling", len(changed)) as advance:
        for name, bundle in changed.items():
            try:
                judged = judge_set(bundle, cache)
                generations[name] = generation_of(judged.compiled)
                failing.extend(judged.problems)
            except PolicyInvalid as invalid:
                problems.extend(invalid.problems)
            advance(1)
    approvals, wrong = read_approvals(side.approvals)
    return Side(side.name, bundles, generations, (*problems, *wrong), tuple(failing), approvals)


def _unpack(revision: str, folder: Path) -> None:
    commit = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}").decode().strip()
    top = _git("rev-parse", "--show-toplevel").decode().strip()
    known = _git("-C", top, "ls-tree", "--name-only", commit).decode().splitlines()
    wanted = [name for name in (POLICIES_FOLDER, MODEL_FILE, APPROVALS) if name in known]
    if POLICIES_FOLDER not in wanted:
        raise Usage(f"the revision `{revision}` has no folder `{POLICIES_FOLDER}`")
    archive = _git("-C", top, "archive", "--format=tar", commit, "--", *wanted)
    if len(archive) > _LARGEST_ARCHIVE:
        raise Usage(f"the revision `{revision}` holds more than {_LARGEST_ARCHIVE >> 20} MiB of policy files")
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        _extract(files, folder)


def _extract(files: tarfile.TarFile, folder: Path) -> None:
    """Folders and regular files that lie inside; a link stays out and is then missed (not every 3.11 has `filter`)."""
    for member in files:
        target = folder / member.name
        if not target.resolve().is_relative_to(folder.resolve()):
            continue
        if member.isdir():
            target.mkdir(parents=True, exist_ok=True)
        elif member.isreg():
            content = files.extractfile(member)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.read() if content is not None else b"")


def _git(*arguments: str) -> bytes:
    program = shutil.which("git")
    if program is None:
        raise GitFailed("a revision needs git, and there is none on the PATH")
    try:
        finished = subprocess.run(  # noqa: S603 - our own words, and a revision behind --end-of-options
            [program, *arguments], capture_output=True, timeout=_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise GitFailed(f"git took longer than {_TIMEOUT_S} s") from None
    if finished.returncode != 0:
        said = finished.stderr.decode(errors="replace").strip().splitlines()
        known = f"`{arguments[-1].removesuffix('^{commit}')}` is neither a folder nor a revision that git knows here"
        raise GitFailed(said[0].lower() if said else known)
    return finished.stdout

"""Which policy sets a command is about, and each of them as it would go live."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from authz.cli.failures import Usage
from authz.cli.git import is_tracked, is_tracked_link
from authz.cli.passed import places_passed
from authz.cli.terminal import Advance, bar
from authz.core.definition import PolicySet
from authz.core.generation import Generation
from authz.errors import ConfigError, PolicyInvalid, Problem
from authz.policy.bundle import POLICIES_FOLDER, Bundle, find_model, find_sets, read_bundle
from authz.policy.compiled import CompiledSet
from authz.policy.generations.store import PolicyStore
from authz.policy.live import generation_of
from authz.policy.parse import parse_set
from authz.policy.pipeline import build_set
from authz.settings import Settings, user_cache


class Place(NamedTuple):
    """Folders of the policy sets that a command is about, and the model they share.

    `held`: by set folder, files of it that are read already and stand in no folder.
    """

    set_dirs: list[Path]
    model: Path
    held: Mapping[Path, Mapping[str, bytes]] = MappingProxyType({})

    def bundle(self, set_dir: Path, advance: Advance | None = None) -> Bundle:
        """One set as read; `advance` is told of each file.

        Raises:
            PolicyInvalid: a file that does not belong or cannot be read.
        """
        return read_bundle(set_dir, self.model, advance, self.held.get(set_dir, {}))


def sets_of(directory: Path | None, settings: Settings) -> Place:
    """DIR as of DESIGN section 6: a checkout, a policies folder or one set; without it AUTHZ_POLICIES.

    Raises:
        ConfigError: there is no such directory. Usage: it holds no policy set (an empty run is never a quiet success).
    """
    chosen = settings.policies if directory is None else directory
    set_dirs = find_sets(chosen)
    if not set_dirs:
        raise Usage(f"`{chosen}` holds no policy set: neither set.yaml, nor folders with one, nor policies/")
    return Place(set_dirs, find_model(chosen, settings.model))


def named_sets(name: str | None, settings: Settings) -> Place:
    """A set's id among AUTHZ_POLICIES, or a directory as for `sets_of`; without a name all of AUTHZ_POLICIES.

    Raises:
        ConfigError, Usage: as `sets_of`; no such set.
    """
    if name is None:
        return sets_of(None, settings)
    if "/" in name or Path(name).is_dir():
        return sets_of(Path(name), settings)
    place = sets_of(None, settings)
    named = [set_dir for set_dir in place.set_dirs if set_dir.name == name]
    if not named:
        known = ", ".join(set_dir.name for set_dir in place.set_dirs)
        raise Usage(f"`{settings.policies}` holds no policy set `{name}`; it holds {known}")
    return place._replace(set_dirs=named)


def cache_folder(settings: Settings) -> Path:
    """Where compiled tables are kept under their content's hash, the service's and ours alike.

    Raises:
        Usage: a repository holds the folder, so whoever changes policies could have written what they compile to.
    """
    folder = settings.data / "cache"
    if folder.is_dir() and (is_tracked(folder.resolve()) or any(map(is_tracked_link, places_passed(folder)))):
        text = "is part of the repository, or git cannot say; remove it there, or set AUTHZ_DATA to another folder"
        raise Usage(f"`{folder}` {text}")
    return folder


def cache_beside(settings: Settings, folders: Iterable[Path]) -> Path | None:
    """As `cache_folder`, for folders that are to be judged: what was compiled is never taken from among their files.

    Whoever hands over a folder could have put there what its policies are said to compile to. So where AUTHZ_DATA lies
    in one of them, in the checkout of one, or in the one we stand in, the user's own cache takes its place; None where
    that lies there too, or others can write to it.

    Raises:
        Usage: as `cache_folder`.
    """
    mine = cache_folder(settings)
    trees = {tree for folder in (*folders, Path()) for tree in _trees(folder)}
    if not _held_by(trees, mine):
        return mine
    home = user_cache()
    own = home / "authz" if home is not None else None
    return own if own is not None and not _held_by(trees, own) and _is_private(own) else None


def _trees(folder: Path) -> Iterator[Path]:
    """The folder with what stands beside its policies, and every checkout that it lies in or is reached through."""
    resolved = folder.resolve()
    yield resolved
    for place in places_passed(folder):
        if place.parent.name == POLICIES_FOLDER:
            yield place.parent.parent
        if (place / ".git").exists():
            yield place.resolve()


def _held_by(trees: Iterable[Path], folder: Path) -> bool:
    """Whether it lies in one of them, or is reached through it: a link that stands there is a change's own word."""
    return any(place.is_relative_to(tree) for place in places_passed(folder) for tree in trees)


def _is_private(folder: Path) -> bool:
    if not folder.exists():
        return True
    known = folder.stat()
    return known.st_uid == os.geteuid() and not known.st_mode & 0o022


def build_all(place: Place, cache: Path) -> list[CompiledSet]:
    """Every set through the whole pipeline.

    Raises:
        PolicyInvalid: with the problems of all of them.
    """
    built: list[CompiledSet] = []
    problems: list[Problem] = []
    with bar("compiling", len(place.set_dirs)) as advance:
        for set_dir in place.set_dirs:
            try:
                built.append(build_set(place.bundle(set_dir), cache))
            except PolicyInvalid as invalid:
                problems.extend(invalid.problems)
            advance(1)
    if problems:
        raise PolicyInvalid(problems)
    return built


def live(compiled: Iterable[CompiledSet]) -> dict[str, Generation]:
    """Compiled sets as they decide, by set id."""
    generations = (generation_of(one) for one in compiled)
    return {generation.definition.id: generation for generation in generations}


def definitions(settings: Settings) -> dict[str, PolicySet]:
    """What every policy set of AUTHZ_POLICIES declares, by id; where files are not fit or not there, what is live.

    Raises:
        PolicyInvalid: some set's files are not fit, and it never had a good generation.
        ConfigError, Usage: there are no policy files, and nothing is live.
    """
    answering = {set_id: generation.definition for set_id, generation in live_generations(settings).items()}
    try:
        place = sets_of(None, settings)
    except (ConfigError, Usage):
        if answering:
            return answering
        raise
    declared: dict[str, PolicySet] = {}
    problems: list[Problem] = []
    for set_dir in place.set_dirs:
        try:
            declared[set_dir.name] = parse_set(place.bundle(set_dir)).definition
        except PolicyInvalid as invalid:
            if set_dir.name not in answering:
                problems.extend(invalid.problems)
    if problems:
        raise PolicyInvalid(problems)
    return {**answering, **declared}


def live_generations(settings: Settings) -> Mapping[str, Generation]:
    """What the service decides by, by set id; empty where no service has ever run on this data folder."""
    store = PolicyStore(settings.data)
    store.refresh()
    return store.current()


def compiled_sets(name: str | None) -> list[Generation]:
    """The sets of `named_sets`, compiled from their files.

    Raises:
        PolicyInvalid: with the problems of all of them.
    """
    settings = Settings()
    return list(live(build_all(named_sets(name, settings), cache_folder(settings))).values())

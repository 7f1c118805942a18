"""The policy generations of an earlier instant, from each set's history (DESIGN section 6: `as_of`)."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from authz.core.generation import Generation
from authz.errors import AuthzError
from authz.policy.document import decode
from authz.policy.generations.files import GenerationFiles, known_sets
from authz.policy.generations.history import BeforeHistory, Entry, HistoryDamaged
from authz.policy.live import generation_of

_REMEMBERED: Final = 8
"""Generations of the past that stay in memory."""


class PastGenerations(NamedTuple):
    """What was in force at one instant, by set id: the generations, since when, and why others are not known."""

    generations: Mapping[str, Generation]
    since: Mapping[str, float]
    unknown: Mapping[str, AuthzError]


class PastPolicies:
    """Reads the histories in a data folder. Safe to use from several threads; blocks, so never on the event loop."""

    def __init__(self, data_dir: Path) -> None:
        """`data_dir`: AUTHZ_DATA."""
        self._root = data_dir / "generations"
        self._one_at_a_time = threading.Lock()
        self._known: OrderedDict[str, Generation] = OrderedDict()

    def recorded(self) -> bool:
        """Whether any set ever went live here."""
        return any(self._files(set_id).entries() for set_id in known_sets(self._root))

    def in_force(self, at: float) -> PastGenerations:
        """The generations that were current at `at`, in seconds since 1970-01-01T00:00Z.

        Raises:
            BeforeHistory: of no set is one recorded.
        """
        generations: dict[str, Generation] = {}
        since: dict[str, float] = {}
        unknown: dict[str, AuthzError] = {}
        with self._one_at_a_time:
            for set_id in known_sets(self._root):
                try:
                    entry = self._files(set_id).history.in_force(at)
                    generations[set_id] = self._generation(set_id, entry)
                    since[set_id] = entry.activated_at
                except (BeforeHistory, HistoryDamaged) as error:
                    unknown[set_id] = error
        if not generations:
            raise next(iter(unknown.values()), None) or BeforeHistory("no policy of that instant is recorded")
        return PastGenerations(generations, since, unknown)

    def of_revision(self, set_id: str, revision: str) -> Generation | None:
        """The generation of a set with that revision; None where none is recorded, or it cannot be read any more."""
        with self._one_at_a_time:
            if set_id not in known_sets(self._root):
                return None
            entry = self._files(set_id).history.of_revision(revision)
            try:
                return self._generation(set_id, entry) if entry is not None else None
            except HistoryDamaged:
                return None

    def _files(self, set_id: str) -> GenerationFiles:
        return GenerationFiles(self._root, set_id)

    def _generation(self, set_id: str, entry: Entry) -> Generation:
        known = self._known.get(entry.checksum)
        if known is not None:
            self._known.move_to_end(entry.checksum)
            return known
        files = self._files(set_id)
        content = files.history.content(entry) or files.content(entry)
        if content is None:
            raise HistoryDamaged(f"the generation of `{set_id}` of that instant is damaged or not there")
        try:
            generation = generation_of(decode(content))
        except Exception as error:
            raise HistoryDamaged(f"the generation of `{set_id}` of that instant cannot be loaded any more") from error
        self._known[entry.checksum] = generation
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return generation

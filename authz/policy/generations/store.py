"""The live generations: what the builder publishes and the serving workers load (DESIGN section 3).

The builder writes under `<data>/generations/<set>/`; a worker only reads there. Each set has its own current generation
and falls back, alone, to the one before when that is damaged. What answers does not change until the next one is loaded
whole.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple, TypedDict

import structlog

from authz.core.generation import Generation
from authz.errors import Problem
from authz.policy.compiled import CompiledSet
from authz.policy.document import DocumentInvalid, decode, decode_in_pieces, encode
from authz.policy.generations.builder_lock import BuilderLock
from authz.policy.generations.files import FilesState, GenerationFiles, Report, Signature, known_sets, whole_file
from authz.policy.generations.history import Entry
from authz.policy.live import generation_of

BUILDER_GRACE_S: Final = 5.0
"""Seconds without a builder after which every set counts as stale: nobody would notice a changed file."""
BUILDER_SILENCE_S: Final = 60.0
"""Seconds after which a builder that does not finish a look counts as stuck."""
RETRY_S: Final = 5.0
"""Seconds between two tries to read a generation that could not be read."""

_log = structlog.get_logger(__name__)


class SetStatus(TypedDict):
    """How one set stands.

    `revision` and `since` (RFC 3339, when it went live) are empty, `age_s` (seconds) is None before the first good
    generation; `stale`: the files are newer than what answers, or nobody can tell; `problems`: why, printed.
    """

    revision: str
    since: str
    age_s: float | None
    stale: bool
    problems: list[str]


class _Loaded(NamedTuple):
    """What answers for one set. `fallback`: it is not the current generation, which is damaged."""

    generation: Generation
    entry: Entry
    fallback: bool


class PolicyStore:
    """The one place where generations change hands. One instance per worker, and one in the builder."""

    def __init__(self, data_dir: Path, clock: Callable[[], float] = time.time) -> None:
        """`data_dir`: AUTHZ_DATA. `clock`: seconds since 1970-01-01T00:00Z."""
        self._root = data_dir / "generations"
        self._lock_file = BuilderLock(data_dir)
        self._clock = clock
        self._refreshing = threading.Lock()
        self._loaded: dict[str, _Loaded] = {}
        self._reports: dict[str, Report] = {}
        self._signatures: dict[str, tuple[Signature | None, Signature | None]] = {}
        self._unloadable: dict[str, str] = {}
        self._troubled: dict[str, float] = {}
        self._without_builder_since: float | None = None
        self._last_beat: float | None = None
        self._current: Mapping[str, Generation] = MappingProxyType({})
        self.reload_failures: dict[str, int] = {}
        """Set id -> how many newer revisions were refused since this store was made, as its looks have seen."""

    # -------------------------------------------------------------------------------------------- workers

    def current(self) -> Mapping[str, Generation]:
        """Set id -> live generation: one atomic read, and the same mapping object while nothing changes."""
        return self._current

    def refresh(self) -> bool:
        """Load what the builder has published since; True where a generation changed. Cheap when nothing did.

        Never raises for what it finds on disk: what answers goes on answering, and `status` says what is wrong.
        """
        if not self._refreshing.acquire(blocking=False):
            return False
        try:
            changed: list[bool] = []
            while due := self._reported():  # once more: the builder may have said meanwhile that it is live
                changed += map(self._take, due)
            self._look_for_builder()
            return any(changed)
        finally:
            self._refreshing.release()

    def status(self) -> dict[str, SetStatus]:
        """Every set that has a good generation or was ever tried, as of the last `refresh`."""
        now = self._clock()
        return {set_id: self._status_of(set_id, now) for set_id in sorted({*self._loaded, *self._reports})}

    # -------------------------------------------------------------------------------------------- builder

    def publish(self, compiled: CompiledSet) -> bool:
        """Make a checked set current; False where it already was. It is on disk, whole, before the pointer moves.

        Raises:
            OSError: it, or its line in the history, could not be written; to be tried again.
        """
        set_id = compiled.definition.id
        files = self._files(set_id)
        changed = not _is_current(compiled, files)
        if changed:
            files.activate(encode(compiled), compiled.revision, self._clock())
        else:
            files.record()
        files.write_report(Report(set_id, FilesState.LIVE, compiled.revision, ()))
        return changed

    def report_rejected(self, set_id: str, revision: str, problems: Iterable[Problem]) -> None:
        """The set's files, of this revision ("" where they could not be read), must not go live."""
        self._files(set_id).write_report(Report(set_id, FilesState.REJECTED, revision, tuple(problems)))

    def report_pending(self, set_id: str, revision: str) -> None:
        """The set's files have changed, and what they say is not known yet."""
        self._files(set_id).write_report(Report(set_id, FilesState.PENDING, revision, ()))

    def report_gone(self, set_id: str) -> None:
        """The set's folder is not there any more; its last good generation keeps answering, if it ever had one."""
        if self._files(set_id).forget_never_good():
            return
        problems = whole_file(set_id, "the set's folder is gone; its last good generation keeps answering", "gone")
        self._files(set_id).write_report(Report(set_id, FilesState.GONE, "", tuple(problems)))

    def reported_revision(self, set_id: str) -> str:
        """The revision of the files that the set's last report is about; empty where there is none."""
        report = self._files(set_id).report()
        return report.revision if report is not None else ""

    def known_sets(self) -> list[str]:
        """Every set that was ever published or reported in this data folder."""
        return known_sets(self._root)

    def tidy(self) -> None:
        """Clear what a killed builder left behind."""
        for set_id in self.known_sets():
            self._files(set_id).tidy()

    # -------------------------------------------------------------------------------------------- inside

    def _files(self, set_id: str) -> GenerationFiles:
        return GenerationFiles(self._root, set_id)

    def _forget_all_but(self, known: Iterable[str]) -> None:
        """Sets that were never good and of which nothing is left on disk either; what answers stays."""
        for set_id in self._reports.keys() - self._loaded.keys() - set(known):
            for memory in (self._reports, self._signatures, self._unloadable, self._troubled):
                memory.pop(set_id, None)

    def _reported(self) -> list[str]:
        """Read what is reported of every set; those whose generation has to be read.

        The builder reports all sets before it builds the first, so where one is found to be good, all are known.
        """
        due: list[str] = []
        known: list[str] | None = None
        while (listed := known_sets(self._root)) != known:
            known = listed
            self._forget_all_but(known)
            due += [set_id for set_id in known if self._is_due(set_id)]
        return due

    def _is_due(self, set_id: str) -> bool:
        files = self._files(set_id)
        signature = files.signature()
        known = self._signatures.get(set_id)
        if signature == known and not self._worth_another_try(set_id):
            return False
        report = files.report()
        # One that cannot be read now is read at the next look.
        self._signatures[set_id] = (signature[0], signature[1] if report is not None else None)
        if report is not None:
            if report.state is FilesState.REJECTED and report != self._reports.get(set_id):
                self.reload_failures[set_id] = self.reload_failures.get(set_id, 0) + 1
            self._reports[set_id] = report
        return known is None or signature[0] != known[0] or set_id in self._troubled

    def _take(self, set_id: str) -> bool:
        """Read the set's generation; whether it is another one than before."""
        self._troubled.pop(set_id, None)
        changed = self._load(set_id, self._files(set_id))
        loaded = self._loaded.get(set_id)
        if loaded is None or loaded.fallback:
            self._troubled[set_id] = self._clock()
        return changed

    def _worth_another_try(self, set_id: str) -> bool:
        """What could not be read may have been a passing trouble (too many open files, a folder not mounted yet)."""
        since = self._troubled.get(set_id)
        return since is not None and self._clock() - since >= RETRY_S

    def _load(self, set_id: str, files: GenerationFiles) -> bool:
        """Put the current generation in the place of what answers.

        Only where nothing answers yet is an older one good enough: damage never takes a running worker back in time.
        """
        self._unloadable.pop(set_id, None)
        before = self._loaded.get(set_id)
        damaged = files.pointer_is_damaged()
        for entry in [] if damaged and before is not None else files.entries():
            if before is not None and before.entry == entry:
                self._loaded[set_id] = before._replace(fallback=damaged)
                return False
            generation = self._read(set_id, files, entry)
            if generation is not None:
                self._current = MappingProxyType(dict(sorted({**self._current, set_id: generation}.items())))
                self._loaded[set_id] = _Loaded(generation, entry, fallback=damaged)  # told when it answers, not before
                _log.info("policy_loaded", set=set_id, revision=entry.revision, fallback=damaged)
                return True
            damaged = True
        if before is not None:
            self._loaded[set_id] = before._replace(fallback=True)
        return False

    def _read(self, set_id: str, files: GenerationFiles, entry: Entry) -> Generation | None:
        content = files.content(entry)
        if content is None:
            return None
        try:
            loaded = self._loaded.get(set_id)
            compiled, pieces = decode_in_pieces(content)
            return generation_of(compiled, loaded.generation if loaded is not None else None, pieces)
        except Exception:  # noqa: BLE001 - R8: whatever is wrong with it, what answers now goes on answering
            _log.exception("policy_unloadable", set=set_id, revision=entry.revision)
            self._unloadable[set_id] = entry.revision
            return None

    def _look_for_builder(self) -> None:
        self._last_beat = self._lock_file.last_beat()
        if self._last_beat is None or self._lock_file.is_held():
            self._without_builder_since = None
        elif self._without_builder_since is None:
            self._without_builder_since = self._clock()

    def _builder_trouble(self, now: float) -> str:
        """Why a changed file might go unnoticed; empty where a builder is at work, or none ever was."""
        since = self._without_builder_since
        if since is not None and now - since > BUILDER_GRACE_S:
            return "no builder is running; changed files go unnoticed"
        if self._last_beat is not None and since is None and now - self._last_beat > BUILDER_SILENCE_S:
            return "the builder has not finished a look at the files for long; see its log"
        return ""

    def _status_of(self, set_id: str, now: float) -> SetStatus:
        loaded, report = self._loaded.get(set_id), self._reports.get(set_id)
        problems = [str(problem) for problem in report.problems] if report is not None else []
        if loaded is None and (report is None or report.state is FilesState.LIVE):
            problems += _printed(set_id, "no generation of this set can be read")
        if set_id in self._unloadable:
            problems += _printed(set_id, "a generation on disk cannot be loaded; see the log")
        elif loaded is not None and loaded.fallback:
            problems += _printed(
                set_id, "the current generation on disk is damaged; the last one that could be read answers"
            )
        trouble = self._builder_trouble(now)
        if trouble:
            problems += _printed(set_id, trouble)
        behind = report is not None and (
            report.state is not FilesState.LIVE or loaded is None or report.revision != loaded.entry.revision
        )
        return {
            "revision": loaded.entry.revision if loaded is not None else "",
            "since": _instant(loaded.entry.activated_at) if loaded is not None else "",
            "age_s": max(0.0, now - loaded.entry.activated_at) if loaded is not None else None,
            "stale": behind or loaded is None or bool(problems),
            "problems": problems,
        }


def _is_current(compiled: CompiledSet, files: GenerationFiles) -> bool:
    """Whether the set is current already, by its meaning: the bytes of equal sets may differ in order."""
    current = files.current()
    if current is None or current[0].revision != compiled.revision:
        return False
    try:
        return decode(current[1]) == compiled
    except DocumentInvalid:
        return False


def _printed(set_id: str, text: str) -> list[str]:
    return [str(problem) for problem in whole_file(set_id, text, "store")]


def _instant(seconds: float) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="seconds")

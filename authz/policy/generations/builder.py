"""The one builder of a data folder: watches the policy files, compiles what changed, publishes it or says why not.

It is a process of its own (`python -m authz.policy.generations.builder`), started by `authz serve` as a child, so that
no compile ever runs where decisions are served. A changed file is live, or its set is reported stale, within seconds; a
builder that dies leaves the last good generations as they are.
"""

from __future__ import annotations

import math
import os
import signal
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import structlog

from authz.errors import AuthzError, ConfigError, InvalidFile, Problem
from authz.policy.bundle import Bundle, find_model, find_sets, read_bundle
from authz.policy.generations.builder_lock import BuilderLock
from authz.policy.generations.files import folder_name
from authz.policy.generations.store import PolicyStore
from authz.policy.generations.watch import Fingerprint, Watch, fingerprint
from authz.policy.pipeline import build_set

QUIET_S: Final = 0.4
"""Seconds for which a set's files must rest before they are read: a half-written file is not a policy."""
UNREST_S: Final = 1.5
"""Seconds of unrest after which the set is reported as changed, though not read yet."""
POLL_S: Final = 1.0
"""Seconds between two looks at the files, should no notice of a change arrive."""
TICK_S: Final = 0.1
"""Seconds between two looks while something is changing."""
LONGEST_POLL_S: Final = 3.0
"""Seconds between two looks where looking takes long (very many files)."""

_log = structlog.get_logger(__name__)


class Place(NamedTuple):
    """Where the policies are: a checkout, a policies folder or one set; and the model where none lies beside them."""

    policies: Path
    model: Path


class _Seen(NamedTuple):
    """The files of one set as last seen, since when they look so, and since when they have not been at rest."""

    print: Fingerprint
    since: float
    unrest_since: float
    built: bool


class Builder:
    """Keeps the store equal to the files, one `look` at a time. Single-threaded: Casbin is asked by one thread only."""

    def __init__(
        self, place: Place, store: PolicyStore, cache: Path | None, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """`cache`: folder for compiled sets by content hash; `monotonic`: seconds from any beginning."""
        self._place = place
        self._store = store
        self._cache = cache
        self._monotonic = monotonic
        self._seen: dict[str, _Seen] = {}
        self._revisions: dict[str, str] = {}
        self._first_look = True
        self.looking_s = 0.0
        """Seconds that the last look spent on seeing whether anything changed."""

    def look(self) -> bool:
        """One look at all sets; True where some set is still at unrest, so that the next look should come soon.

        Raises:
            OSError: the data folder cannot be written; everything published before stays.
        """
        folders, model = self._folders()
        now = self._monotonic()
        self._report_gone(folders)
        for folder in folders:
            self._saw(folder, model, now)
        self.looking_s = self._monotonic() - now
        self._first_look = False
        failures: list[OSError] = []  # one set's trouble must not hold up the others
        due = []
        for folder in folders:
            try:
                due += self._read(folder, model, now)
            except OSError as error:
                failures.append(error)
        for bundle in due:  # by now each of them is known to be stale, however long the first one takes
            try:
                self._build(bundle)
            except OSError as error:
                failures.append(error)
        if failures:
            raise failures[0]
        return not all(self._seen[folder.name].built for folder in folders)

    def _read(self, folder: Path, model: Path, now: float) -> list[Bundle]:
        """The set's files, if they are at rest and say something new; the set is then reported as changed."""
        set_id, seen = folder.name, self._seen[folder.name]
        if seen.built:
            return []
        if now - seen.since < QUIET_S:
            if now - seen.unrest_since >= UNREST_S:
                self._store.report_pending(set_id, "")
                self._revisions.pop(set_id, None)
            return []
        try:
            bundle = read_bundle(folder, model)
        except InvalidFile as error:
            self._reject(set_id, "", error.problems)
            self._done(set_id, "")
            return []
        if self._revisions.get(set_id) == bundle.revision:
            self._done(set_id, bundle.revision)
            return []
        if self._store.reported_revision(set_id) != bundle.revision:
            self._store.report_pending(set_id, bundle.revision)
        return [bundle]

    def _build(self, bundle: Bundle) -> None:
        """Build the set, and publish it or report what is wrong with it."""
        set_id, revision = bundle.set_id, bundle.revision
        started = self._monotonic()
        try:
            compiled = build_set(bundle, self._cache)
        except InvalidFile as error:
            self._reject(set_id, revision, error.problems)
        except (OSError, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001 - a set that breaks the builder is a rejected set, not a dead builder
            _log.exception("policy_build_failed", set=set_id)
            code = error.code if isinstance(error, AuthzError) else "internal_error"
            text = f"the set cannot be built: {type(error).__name__}: {error}"
            self._reject(set_id, revision, (Problem(bundle.place, 0, 0, text, code),))
        else:
            activated = self._store.publish(compiled)
            took = round(self._monotonic() - started, 3)
            event = "policy_activated" if activated else "policy_unchanged"
            _log.info(event, set=set_id, revision=revision, took_s=took)
        self._done(set_id, revision)

    def _done(self, set_id: str, revision: str) -> None:
        """What the files say is live or reported; nothing to do until they change again."""
        self._seen[set_id] = self._seen[set_id]._replace(built=True)
        self._revisions[set_id] = revision

    def _reject(self, set_id: str, revision: str, problems: Sequence[Problem]) -> None:
        self._store.report_rejected(set_id, revision, problems)
        _log.warning("policy_rejected", set=set_id, revision=revision, problems=[str(problem) for problem in problems])

    def _folders(self) -> tuple[list[Path], Path]:
        try:
            return find_sets(self._place.policies), find_model(self._place.policies, self._place.model)
        except (ConfigError, OSError):
            return [], self._place.model

    def _report_gone(self, folders: Sequence[Path]) -> None:
        present = {folder_name(folder.name) for folder in folders}
        for set_id in self._store.known_sets():
            if set_id not in present:
                self._store.report_gone(set_id)
        for name in [name for name in self._seen if folder_name(name) not in present]:
            del self._seen[name]
            self._revisions.pop(name, None)

    def _saw(self, folder: Path, model: Path, now: float) -> None:
        """Note how the set's files look now. What is there at the start counts as at rest."""
        found = fingerprint(folder, model)
        before = self._seen.get(folder.name)
        if before is None:
            since = -math.inf if self._first_look else now
            self._seen[folder.name] = _Seen(found, since, since, built=False)
        elif before.print != found:
            self._seen[folder.name] = _Seen(found, now, now if before.built else before.unrest_since, built=False)


def run(place: Place, data_dir: Path, parent: int | None = None) -> None:
    """Build until the parent process is gone, or until told to stop by SIGTERM or SIGINT.

    While another builder holds the data folder this one only waits to take its place.

    Args:
        parent: process id to live and die with; None: live on its own.
    """
    lock = BuilderLock(data_dir)
    while not lock.take():
        if _orphaned(parent):
            return
        time.sleep(QUIET_S)
    store = PolicyStore(data_dir)
    store.tidy()
    builder = Builder(place, store, data_dir / "cache")
    try:
        with Watch(place.policies, place.model) as watch:
            while not _orphaned(parent):
                watch.wait(_look(builder, lock))
    finally:
        lock.release()


def _look(builder: Builder, lock: BuilderLock) -> float:
    """One look; the seconds until the next one. Seeing whether anything changed takes a twentieth of the time."""
    try:
        restless = builder.look()
    except OSError:
        _log.exception("policy_store_unwritable")
        return POLL_S
    lock.beat()
    return TICK_S if restless else min(max(POLL_S, 20 * builder.looking_s), LONGEST_POLL_S)


def _orphaned(parent: int | None) -> bool:
    return parent is not None and os.getppid() != parent


def main(arguments: Sequence[str] | None = None) -> int:
    """`python -m authz.policy.generations.builder --policies DIR --model FILE --data DIR [--parent PID]`."""
    parser = ArgumentParser(prog="authz.policy.generations.builder", description=main.__doc__)
    for name in ("policies", "model", "data"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--parent", type=int)
    stated: Namespace = parser.parse_args(arguments)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    try:
        run(Place(stated.policies, stated.model), stated.data, stated.parent)
    except OSError as error:
        _log.exception("policy_builder_failed", reason=str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

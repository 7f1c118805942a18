"""The composition root: the only place that chooses classes and puts the parts of one worker together."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

import structlog

from authz.core.directory import Directory
from authz.core.generation import Generation
from authz.errors import RegistryUnavailable
from authz.indexer import log_index
from authz.legal_holidays import legal_holidays
from authz.log.disk.place import Place
from authz.log.journal import Journal
from authz.log.lines.pseudonyms import Pseudonyms
from authz.log.retention import Kept, Removed, prune
from authz.log.signed.checkpoints import Checkpoints
from authz.log.signed.receipt import issue_receipt
from authz.log.signed.signing import signer_at
from authz.log.writing.writer import LogHealth, LogWriter
from authz.past import Past, Present
from authz.pdp import Pdp
from authz.policy.generations.past import PastPolicies
from authz.policy.generations.store import PolicyStore, SetStatus
from authz.recorded import Recorded
from authz.registry.confirmations import Confirmations
from authz.registry.keys import KeyWatch
from authz.registry.listen import Listener
from authz.registry.store import RegistryStore
from authz.registry.watch import RegistryWatch
from authz.settings import LogMode, Settings
from authz.texts import Texts

_log = structlog.get_logger(__name__)

_LOOKS_AFTER_A_CHANGE: Final = 3
_CAUGHT_UP_WITHIN_S: Final = 10.0
_LOOK_AGAIN_S: Final = 0.02
"""Seconds between two looks whether another thread, which takes over many tenants, has taken the one waited for."""
_PRUNE_EVERY_S: Final = 3600.0


class RegistryHealth(NamedTuple):
    """The registry in memory; `age_s`: seconds since it was last seen to be what the database holds."""

    revision: int
    age_s: float
    stale: bool
    problems: tuple[str, ...] = ()


class Health(NamedTuple):
    """What is live, how old, and what is wrong. `registry` None: it was never read."""

    policy: Mapping[str, SetStatus]
    registry: RegistryHealth | None
    log: LogHealth | None = None

    @property
    def ready(self) -> bool:
        """Every set has a good generation, and the registry is in memory."""
        return bool(self.policy) and all(one["revision"] for one in self.policy.values()) and self.registry is not None

    @property
    def stale(self) -> bool:
        """Something newer than what is live waits, or may wait."""
        return any(one["stale"] for one in self.policy.values()) or self.registry is None or self.registry.stale


class NotYetVisible(RegistryUnavailable):
    """A change was committed, and the worker that made it still answers by what was before."""

    code = "not_yet_visible"


class People(NamedTuple):
    """The registry as staff change it: its database, the live policy sets, and the worker's own memory.

    `catch_up`: has what a committed revision says of a tenant in this worker's memory, or raises `NotYetVisible`.
    """

    store: RegistryStore
    generations: Callable[[], Mapping[str, Generation]]
    catch_up: Callable[[str, int], None]


class Service:
    """The parts of one worker. Its look-outs call the two `refresh_*`, each from one thread."""

    def __init__(self, settings: Settings) -> None:
        """Load what is on disk and in the database; what is away now is looked for again at each refresh."""
        self.identifier = settings.identifier.rstrip("/")
        self.policies = PolicyStore(settings.data)
        self.texts = Texts()
        self._max_staleness = settings.max_staleness
        self.pdp = Pdp(self.policies, self.directory, legal_holidays, registry_is_too_old=self.registry_is_too_old)
        self._registry_store = RegistryStore(settings.registry_url.get_secret_value())
        self._snapshot = snapshot_path(settings)
        self.keys = KeyWatch(self._registry_store, keys_path(settings))
        self.confirmations = Confirmations(self._registry_store)
        self.registry: RegistryWatch | None = None
        place = log_place(settings)
        self.log = LogWriter(place, durable=settings.log_mode is LogMode.DURABLE)
        self.journal = Journal(self.log, Pseudonyms(place.folder), self._registry_id)
        self._settings = settings
        self._prune_again_at = 0.0
        self.recorded = recorded_decisions(settings, self._registry_store)
        self._one_look_at_a_time = threading.Lock()
        present = Present(self.policies, self.directory)
        self.past = Past(PastPolicies(settings.data), self._registry_store, present, legal_holidays)
        self.people = People(self._registry_store, self.policies.current, self.catch_up)
        self.refresh_policies()
        self.refresh_registry()

    def directory(self) -> Directory:
        """The registry in memory.

        Raises:
            RegistryUnavailable: it was never read; without it everybody would look unregistered.
        """
        if self.registry is None:
            raise RegistryUnavailable("the registry was never read")
        return self.registry.directory

    def registry_is_too_old(self) -> bool:
        """Whether the people in memory are older than `AUTHZ_MAX_STALENESS` allows; never, where it is not set."""
        most, watch = self._max_staleness, self.registry
        return most is not None and watch is not None and watch.age_s() > most

    def health(self) -> Health:
        """What is live, how old, and what is wrong; from memory."""
        watch = self.registry
        if watch is None:
            return Health(self.policies.status(), None, self.log.health())
        problems = tuple(filter(None, (watch.stale_reason, watch.snapshot_problem)))
        registry = RegistryHealth(watch.directory.revision, watch.age_s(), bool(watch.stale_reason), problems)
        return Health(self.policies.status(), registry, self.log.health())

    def _registry_id(self) -> str:
        return self.registry.directory.registry_id if self.registry is not None else ""

    def refresh_policies(self) -> None:
        """Take the newest generations the builder has published."""
        self.policies.refresh()

    def refresh_keys(self) -> None:
        """Take the newest API keys, and write when they were last used."""
        self.keys.poll()
        self.keys.write_uses()

    def refresh_registry(self) -> None:
        """Take the registry's newest revision; where it was never read, try its database and its snapshot again."""
        with self._one_look_at_a_time:
            self._look()

    def _look(self) -> None:
        if self.registry is not None:
            self.registry.poll()
            return
        try:
            self.registry = RegistryWatch(self._registry_store, self._snapshot)
        except RegistryUnavailable as error:
            _log.warning("registry_unavailable", reason=str(error))

    def listener(self, wake: Callable[[], object]) -> Listener | None:
        """What wakes this worker at each change of the registry, where the database can tell; to be started."""
        return self._registry_store.listener(wake)

    def receipt(self, line: str, segment: str, now: float) -> bytes:
        """The signed receipt of a recorded line; see `log.signed.receipt.issue_receipt`."""
        return issue_receipt(log_place(self._settings), line, segment, now)

    def keep_log(self) -> None:
        """Remove what is past its time; with database or disk away, later. `authz.indexer` keeps the index."""
        now = time.monotonic()
        if now >= self._prune_again_at:
            self._prune_again_at = now + _PRUNE_EVERY_S
            self.recorded.index.forget(prune_log(self._settings).segments)

    def catch_up(self, tenant_id: str, revision: int) -> None:
        """Have what a revision that was committed just now says of a tenant in memory; blocks.

        While a look-out takes over many tenants it takes this one before others, and the others are not waited for.

        Raises:
            NotYetVisible: it is recorded, but cannot be read back; the look-outs go on trying.
        """
        until = time.monotonic() + _CAUGHT_UP_WITHIN_S
        looks = 0
        while looks < _LOOKS_AFTER_A_CHANGE and time.monotonic() < until:
            watch = self.registry
            if watch is not None:
                watch.ask(tenant_id)
            if self._one_look_at_a_time.acquire(timeout=_LOOK_AGAIN_S):
                try:
                    self._look()
                finally:
                    self._one_look_at_a_time.release()
                looks += 1
            watch = self.registry
            if watch is not None and not watch.stale_reason and watch.has(tenant_id, revision):
                return
        raise NotYetVisible("the change is recorded, but this worker could not read it back yet; do not repeat it")


def build_service(settings: Settings) -> Service:
    """The parts of one worker, as the settings say."""
    return Service(settings)


def snapshot_path(settings: Settings) -> Path:
    """The registry's copy in the data folder, for starts while the database is away."""
    return settings.data / "registry.snapshot"


def log_place(settings: Settings) -> Place:
    """Where the decision log is kept."""
    return Place(settings.data / "log", settings.log_key or settings.data / "log.key")


def keys_path(settings: Settings) -> Path:
    """The copy of the API keys' hashes in the data folder, for the same starts."""
    return settings.data / "keys.snapshot"


def prune_log(settings: Settings) -> Removed:
    """Remove from the log what is past its time.

    Raises:
        OSError: the disk does not take the line that says so, or a file cannot be removed.
    """
    place = log_place(settings)
    if not place.folder.is_dir():
        return Removed((), ())
    checkpoints = Checkpoints(place.folder, signer_at(place.key))
    return prune(place.folder, checkpoints, Kept(settings.log_days, settings.log_address_days), time.time())


def recorded_decisions(settings: Settings, store: RegistryStore) -> Recorded:
    """The recorded decisions, through their index."""
    folder = log_place(settings).folder
    return Recorded(store, log_index(folder, store), folder)


def some_key_exists(settings: Settings) -> bool:
    """Whether an API key was ever made, so that callers must show theirs; the installation is prepared."""
    store = RegistryStore(settings.registry_url.get_secret_value())
    try:
        book = KeyWatch(store, keys_path(settings)).book
    finally:
        store.close()
    return book is not None and bool(book.ids)


def prepare(settings: Settings) -> None:
    """Make the data folder, and the registry where there is none yet.

    A registry that cannot be reached but has left a copy of its people or of its keys is away, not new: an empty one in
    its place would turn everybody away, and ask nobody for a key.

    Raises:
        ConfigError: the database was made by a newer version.
        OSError: the data folder cannot be made.
    """
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    store = RegistryStore(settings.registry_url.get_secret_value())
    try:
        was_here = snapshot_path(settings).exists() or keys_path(settings).exists()
        if not was_here or _is_there(store):
            store.migrate()
    except RegistryUnavailable as error:
        _log.warning("registry_unavailable", reason=str(error))
    finally:
        store.close()


def _is_there(store: RegistryStore) -> bool:
    try:
        store.revision()
    except RegistryUnavailable:
        return False
    return True

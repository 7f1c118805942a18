"""A worker's view of the API keys: all of them in memory, replaced as a whole when the registry's revision moves."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from authz.core.types import Assurance, Channel
from authz.errors import RegistryUnavailable
from authz.registry.callers import Caller, note_uses, read_callers
from authz.registry.change import canonical_json
from authz.registry.revision import Revision, revision_of
from authz.registry.store import RegistryStore

FORMAT: Final = "authz keys 2"
NOTE_EVERY_S: Final = 60.0
"""How often the last uses of keys are written, in seconds."""


class KeyBook:
    """Every key of one revision of the registry. Immutable.

    Attributes:
        by_hash: SHA-256 of a key (32 bytes) -> its caller; without the revoked ones. Expiry is for the reader to check.
        by_id: the same callers by their id.
        ids: every key there ever was, so that one that is known not to be good need not be looked up.
    """

    __slots__ = ("by_hash", "by_id", "everybody", "ids", "revision")

    def __init__(self, callers: Iterable[Caller], revision: Revision) -> None:
        self.everybody = tuple(callers)
        self.revision = revision
        self.by_id: Mapping[str, Caller] = {one.id: one for one in self.everybody if one.revoked_at is None}
        self.by_hash: Mapping[bytes, Caller] = {bytes.fromhex(one.key_hash): one for one in self.by_id.values()}
        self.ids = frozenset(one.id for one in self.everybody)


class KeyWatch:
    """The book that a worker goes by; `poll` renews it, from any thread.

    A copy of the hashes in the data folder lets a service start while the database is away: neither may a start without
    its database turn every caller away, nor may it take the keys for not being there and ask for none.

    Attributes:
        book: replaced, never changed; None while the keys were never read.
    """

    def __init__(
        self, store: RegistryStore, snapshot: Path | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        """Read the keys, or their copy while the database is away, or neither: then `poll` tries again."""
        self._store = store
        self._snapshot = snapshot
        self._clock = clock
        self._one_at_a_time = threading.Lock()
        self._kept: Revision | None = None
        self._uses: dict[str, float] = {}
        self._noted_at = 0.0
        self.book: KeyBook | None = None
        if not self.poll() and snapshot is not None:
            self.book = load_keys(snapshot)

    def poll(self) -> bool:
        """Take the newest keys; one row is read where nothing changed. False while the database is away."""
        with self._one_at_a_time:
            try:
                self._look()
            except RegistryUnavailable:
                return False
            self._keep()
            return True

    def note_use(self, caller_id: str, at: float) -> None:
        """Remember that a key was used, to be written later; `at`: seconds since 1970-01-01T00:00Z."""
        self._uses[caller_id] = at

    def write_uses(self, *, at_once: bool = False) -> None:
        """Write the last uses where a minute has passed since the last time, or `at_once`; later where it cannot be."""
        now = self._clock()
        if not self._uses or not (at_once or now - self._noted_at >= NOTE_EVERY_S):
            return
        noted, self._uses = self._uses, {}
        uses = dict(noted)  # a request that is just being noted may still write into the old one
        self._noted_at = now
        try:
            note_uses(self._store, uses)
        except RegistryUnavailable:
            self._uses = {**uses, **self._uses}

    def _look(self) -> None:
        if self.book is not None and self.book.revision == self._store.revision():
            return
        with self._store.reading() as connection:
            newest = revision_of(connection)
            self.book = KeyBook(read_callers(connection), newest)

    def _keep(self) -> None:
        if self._snapshot is None or self.book is None or self._kept == self.book.revision:
            return
        try:
            save_keys(self.book, self._snapshot)
        except OSError:
            return  # tried again at the next look; the registry's own snapshot, beside it, tells of a bad disk
        self._kept = self.book.revision


def save_keys(book: KeyBook, path: Path) -> None:
    """Put the book on disk in place of what was there, readable by its owner only. It holds hashes, no key.

    Raises:
        OSError: the disk is full, or not ours to write.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    document = canonical_json(
        {"format": FORMAT, "revision": book.revision, "callers": [_stored(one) for one in book.everybody]}
    ).encode()
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # its mode is 0600
    aside = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(hashlib.sha256(document).hexdigest().encode() + b"\n" + document)
            stream.flush()
            os.fsync(stream.fileno())
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def load_keys(path: Path) -> KeyBook | None:
    """The book as it was last saved; None where there is none, or it is not whole."""
    try:
        checksum, _, document = path.read_bytes().partition(b"\n")
    except OSError:
        return None
    if hashlib.sha256(document).hexdigest().encode() != checksum:
        return None
    found = json.loads(document)
    if found.get("format") != FORMAT:
        return None
    return KeyBook(map(_restored, found["callers"]), Revision._make(found["revision"]))


def _stored(caller: Caller) -> dict[str, object]:
    stored = caller._asdict()
    for member in ("scopes", "tenants", "channels"):
        stored[member] = None if stored[member] is None else sorted(stored[member])
    return stored


def _restored(stored: dict[str, Any]) -> Caller:
    instants = ("expires_at", "created_at", "revoked_at", "last_used_at")
    times = {name: dt.datetime.fromisoformat(stored[name]) for name in instants if stored[name] is not None}
    tenants, channels = stored["tenants"], stored["channels"]
    return Caller(
        **{
            **stored,
            **times,
            "scopes": frozenset(stored["scopes"]),
            "tenants": None if tenants is None else frozenset(tenants),
            "channels": None if channels is None else frozenset(map(Channel, channels)),
            "assurance": Assurance(stored["assurance"]),
            "default_assurance": Assurance(stored["default_assurance"]),
        }
    )

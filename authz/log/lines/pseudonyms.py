"""Who a record is about, without saying so: keyed pseudonyms (security.md, section 5).

A contact's key stands in the registry and dies with the contact's lines; then its records name nobody any more. For
those who are no contact there is one key a day, which is thrown away when the day has passed.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import secrets
import tempfile
from pathlib import Path
from typing import Final

from authz.log.lines.keyed_sum import KeyedSum

DAILY_KEY: Final = "unknown-key"
RESOURCE_KEY: Final = "resource-key"
_KEY_BYTES: Final = 32
_SUBJECT: Final = b"authz subject:"
_UNKNOWN: Final = b"authz unknown:"
_RESOURCE: Final = b"authz resource:"
_LENGTH: Final = 32
_MOST_REMEMBERED: Final = 1 << 15


def subject_ref(log_key: str, tenant_id: str) -> str:
    """The pseudonym of a contact of a tenant: 32 hex digits. `log_key`: `Contact.log_key`."""
    return KeyedSum(bytes.fromhex(log_key)).hex(_SUBJECT + tenant_id.encode())[:_LENGTH]


class Pseudonyms:
    """Pseudonyms of one worker's records; for who is no contact, one key a day for all workers of a data folder."""

    def __init__(self, folder: Path) -> None:
        """`folder`: of the log."""
        self._folder = folder
        self._until = 0.0
        self._day = ""
        self._strangers = KeyedSum(b"")
        self._resources: KeyedSum | None = None
        self._contacts: dict[tuple[str, str], str] = {}
        self._contacts_revision = 0

    def contact(self, log_key: str, tenant_id: str, registry_revision: int) -> str:
        """`subject_ref`; remembered while the registry stays as it is, so that an erased key is forgotten here, too."""
        known = self._contacts
        if registry_revision != self._contacts_revision or len(known) >= _MOST_REMEMBERED:
            known = self._contacts = {}
            self._contacts_revision = registry_revision
        contact = (log_key, tenant_id)
        ref = known.get(contact)
        if ref is None:
            ref = known[contact] = subject_ref(log_key, tenant_id)
        return ref

    def unknown(self, subject_type: str, subject_id: str, now: float) -> str:
        """`YYYYMMDD-` and 32 hex digits: the same for the same words on one day (UTC), and unlinkable afterwards."""
        if now >= self._until or not self._day:
            self._turn(now)
        return _unknown(self._strangers, self._day, subject_type, subject_id)

    def resource(self, resource_type: str, resource_id: str) -> str | None:
        """A resource's pseudonym, so that all about one ticket is found by whoever knows its id; None with no key."""
        if self._resources is None:
            try:
                self._resources = KeyedSum(_kept_key(self._folder / RESOURCE_KEY))
            except (OSError, ValueError):
                return None
        said = f"{resource_type}:{resource_id}".encode("utf-8", "backslashreplace")
        return self._resources.hex(_RESOURCE + said)[:_LENGTH]

    def _turn(self, now: float) -> None:
        moment = dt.datetime.fromtimestamp(now, dt.UTC)
        midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0) + dt.timedelta(days=1)
        day = moment.strftime("%Y%m%d")
        try:
            key = _shared_key(self._folder, day)
        except (OSError, ValueError):
            # With the disk away, a key of this process alone: nothing is linked, and nothing is lost but that.
            key = secrets.token_bytes(_KEY_BYTES)
        self._strangers = KeyedSum(key)
        self._day, self._until = day, midnight.timestamp()


def _shared_key(folder: Path, day: str) -> bytes:
    """The day's key, made by the first process that needs it, which also throws the past days' away."""
    path = folder / f"{DAILY_KEY}-{day}"
    if not path.exists():
        for old in folder.glob(f"{DAILY_KEY}-*"):
            if old.name < path.name:
                old.unlink(missing_ok=True)
    return _kept_key(path)


def _kept_key(path: Path) -> bytes:
    """The key in a file; made if there is none, by one process only."""
    if not path.exists():
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # its mode is 0600
        aside = Path(name)
        with os.fdopen(descriptor, "w") as stream:
            stream.write(secrets.token_hex(_KEY_BYTES))
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(aside)
        aside.unlink()
    return bytes.fromhex(path.read_text())


def known_days(folder: Path) -> list[str]:
    """The days `YYYYMMDD` whose key is still there."""
    return sorted(path.name.removeprefix(f"{DAILY_KEY}-") for path in folder.glob(f"{DAILY_KEY}-*"))


def unknown_ref(folder: Path, day: str, subject_type: str, subject_id: str) -> str | None:
    """The pseudonym of one who was no contact on a day `YYYYMMDD`; None once that day's key is gone."""
    try:
        key = bytes.fromhex((folder / f"{DAILY_KEY}-{day}").read_text())
    except (OSError, ValueError):
        return None
    return _unknown(KeyedSum(key), day, subject_type, subject_id)


def _unknown(sums: KeyedSum, day: str, subject_type: str, subject_id: str) -> str:
    said = f"{subject_type}:{subject_id}".encode("utf-8", "backslashreplace")
    return f"{day}-{sums.hex(_UNKNOWN + said)[:_LENGTH]}"

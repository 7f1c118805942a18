"""The registry on the service's own disk, so that a restart can answer while the database is away (DESIGN section 4).

One file: a line of JSON that says what follows and its SHA-256, then one tenant a line. Written aside and moved into
place; readable by its owner only, for it holds people.
"""

from __future__ import annotations

import datetime as dt
import gc
import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from sys import intern
from typing import Final, NamedTuple, Protocol

from authz.core.contacts import Contact
from authz.core.directory import Annex, Directory, Tenant
from authz.core.types import EMPTY, ContactState, NetworkChoice, SubjectKey
from authz.durable import sync_folder
from authz.errors import RegistryUnavailable
from authz.registry.change import canonical_json

FORMAT: Final = "authz registry snapshot 2"
_LONGEST_HEAD: Final = 10_000


class Digest(Protocol):
    """The part of a `hashlib` object that is used here."""

    def update(self, data: bytes, /) -> None:
        """Add bytes to the sum."""

    def hexdigest(self) -> str:
        """The sum so far."""


class Snapshot(NamedTuple):
    """A directory as saved; `as_of` (seconds since 1970-01-01T00:00Z) is when the database was last seen to agree."""

    directory: Directory
    as_of: float


def save_snapshot(directory: Directory, path: Path, as_of: float) -> None:
    """Put the directory on disk in place of what was there; a crash leaves the old file or the new one.

    Raises:
        OSError: the disk is full, or not ours to write.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    tenants = list(directory.tenants.values())
    head = {
        "format": FORMAT,
        "registry_id": directory.registry_id,
        "revision": directory.revision,
        "tenants": len(tenants),
    }
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # its mode is 0600
    aside = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            digest = _digest(head)
            stream.write(_head_line(head, digest.hexdigest()))
            for tenant in tenants:
                line = canonical_json(_stored_tenant(tenant)).encode() + b"\n"
                digest.update(line)
                stream.write(line)
            stream.seek(0)
            stream.write(_head_line(head, digest.hexdigest()))
            stream.flush()
            os.utime(stream.fileno(), (as_of, as_of))
            os.fsync(stream.fileno())
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def confirm_snapshot(path: Path, as_of: float) -> None:
    """Note that the database still agrees with the file (its modification time is `as_of`)."""
    os.utime(path, (as_of, as_of))


def load_snapshot(path: Path) -> Snapshot:
    """The directory as it was last saved.

    Raises:
        RegistryUnavailable: there is no such file, or it is not whole.
    """
    try:
        with path.open("rb") as stream, _no_search_for_cycles():
            as_of = os.fstat(stream.fileno()).st_mtime
            head = json.loads(stream.readline(_LONGEST_HEAD))
            sha256 = head.pop("sha256")
            digest = _digest(head)
            directory = Directory(_tenants(stream, digest), head["revision"], head["registry_id"])
    except OSError as error:
        raise RegistryUnavailable(f"the registry's snapshot cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise RegistryUnavailable("the registry's snapshot is damaged") from error
    if digest.hexdigest() != sha256 or head["format"] != FORMAT:
        raise RegistryUnavailable("the registry's snapshot is damaged")
    return Snapshot(directory, as_of)


@contextmanager
def _no_search_for_cycles() -> Iterator[None]:
    """A directory holds no cycles, and the search for them would walk it again and again while it grows."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _digest(head: Mapping[str, object]) -> Digest:
    """The sum to which every further line is added."""
    return hashlib.sha256(canonical_json(head).encode())


def _head_line(head: Mapping[str, object], sha256: str) -> bytes:
    """Always of one length for one `head`, so that it can be written again when the sum is known."""
    return canonical_json({**head, "sha256": sha256}).encode() + b"\n"


def _stored_tenant(tenant: Tenant) -> list[object]:
    return [
        tenant.id,
        tenant.set_id,
        tenant.name,
        tenant.languages,
        tenant.attributes,
        [[*key, attributes] for key, attributes in tenant.resources.items()],
        [_stored_annex(annex) for annex in tenant.annexes],
    ]


def _stored_annex(annex: Annex) -> list[object]:
    return [
        annex.number,
        annex.signed_on,
        annex.effective_from,
        annex.network,
        annex.document_sha256,
        annex.origin,
        [
            [one.name, one.role, one.keys, one.state, one.function, one.attributes, one.log_key]
            for one in annex.contacts
        ],
    ]


def _tenants(lines: Iterable[bytes], digest: Digest) -> Iterable[Tenant]:
    for line in lines:
        digest.update(line)
        tenant_id, set_id, name, languages, attributes, resources, annexes = json.loads(line)
        yield Tenant(
            tenant_id,
            intern(set_id),
            name,
            [_annex(*annex) for annex in annexes],
            tuple(map(intern, languages)),
            attributes or EMPTY,
            {(intern(kind), resource_id): values or EMPTY for kind, resource_id, values in resources},
        )


def _annex(
    number: int,
    signed_on: str,
    effective_from: str,
    network: str,
    document_sha256: str,
    origin: str,
    contacts: list[tuple[str, str, list[SubjectKey], str, str, dict[str, object], str]],
) -> Annex:
    return Annex(
        number,
        dt.date.fromisoformat(signed_on),
        dt.date.fromisoformat(effective_from),
        NetworkChoice(network),
        [
            Contact(
                name, intern(role), tuple(keys), ContactState(state), intern(function), attributes or EMPTY, log_key
            )
            for name, role, keys, state, function, attributes, log_key in contacts
        ],
        document_sha256,
        intern(origin),
    )

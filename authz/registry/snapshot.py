"""The registry on the service's own disk, from which workers start, with or without the database (DESIGN section 4).

A file of parts, the first with every tenant, each further one with the tenants that changed since. A part is a head of
fixed length, which says what follows and its SHA-256, then the ids of the tenants that are gone, then for each tenant a
line of JSON and the packed contacts of its annexes. Each head's sum covers the head before it, so that parts cannot
change places. Readable by its owner only, for it holds people. `authz.registry.keeping` decides what is written when.
"""

from __future__ import annotations

import gc
import hashlib
import json
import math
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from authz.core.directory import Directory, Tenant
from authz.durable import sync_folder
from authz.errors import RegistryUnavailable
from authz.registry.change import canonical_json
from authz.registry.revision import Revision
from authz.registry.snapshot_tenants import Content, read_tenant, tenant_line

FORMAT: Final = "authz registry snapshot 3"
_HEAD_BYTES: Final = 640


class Snapshot(NamedTuple):
    """A directory as saved; `as_of` (seconds since 1970-01-01T00:00Z) is when the database was last seen to agree."""

    directory: Directory
    as_of: float


class Part(NamedTuple):
    """The head of a part. `as_of`: when the database was at `revision`. `keys`: how many canonical ids it lists.

    `length`, `content_sha256`: of the bytes after it. `sha256`: of all this, and of the head before.
    """

    revision: Revision
    as_of: float
    tenants: int
    keys: int
    length: int
    content_sha256: str
    sha256: str


def save_snapshot(path: Path, tenants: Iterable[Tenant], revision: Revision, as_of: float) -> Part:
    """Put a whole registry on disk in place of what was there; a crash leaves the old file or the new one.

    Raises:
        OSError: the disk is full, or not ours to write.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # its mode is 0600
    aside = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            part = _write_part(stream, (), tenants, revision, as_of, "")
            os.fsync(stream.fileno())
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
    return part


def append_part(
    path: Path, after: Part, gone: Iterable[str], tenants: Iterable[Tenant], revision: Revision, as_of: float
) -> Part:
    """Add what changed since the last part; a crash leaves the file as it was, or with an end that counts for nothing.

    Raises:
        OSError: the disk is full, or not ours to write.
    """
    with path.open("r+b") as stream:
        end = stream.seek(0, os.SEEK_END)
        try:
            part = _write_part(stream, gone, tenants, revision, as_of, after.sha256)
        except BaseException:
            stream.truncate(end)
            raise
        os.fsync(stream.fileno())
    return part


def confirm_snapshot(path: Path, last: Part, as_of: float) -> None:
    """Note beside the file that the database still agreed with its last part at `as_of`.

    The file's own time says nothing: a copy is new, and so is what a failed write leaves.

    Raises:
        OSError: the disk is full, or not ours to write.
    """
    aside = path.with_name(f".{path.name}.seen")
    aside.touch(0o600)
    aside.write_text(f"{last.sha256} {as_of!r}\n", "ascii")
    aside.replace(seen_beside(path))


def seen_beside(path: Path) -> Path:
    """The note beside a snapshot that says until when the database agreed with it."""
    return path.with_name(f"{path.name}.seen")


def seen_at(path: Path, sha256: str = "") -> float | None:
    """Until when the database was seen to agree with a snapshot, in seconds since 1970-01-01T00:00Z; None: not noted.

    `sha256`: of the last part that it must have agreed with.
    """
    try:
        noted, _, as_of = seen_beside(path).read_text("ascii").strip().partition(" ")
        seen = float(as_of)
    except (OSError, ValueError):
        return None
    return seen if math.isfinite(seen) and sha256 in ("", noted) else None


def load_snapshot(path: Path) -> Snapshot:
    """The directory as it was last saved.

    Raises:
        RegistryUnavailable: there is no such file, or it is not whole.
    """
    with _reading(path) as stream, _no_search_for_cycles():
        part = _head(stream, "")
        directory = Directory((), *part.revision, expected_keys=part.keys)
        _read_part(stream, part, directory)
        while (following := _following(stream, part)) is not None:
            part = following
            _read_part(stream, part, directory)
    return Snapshot(directory, max(part.as_of, seen_at(path, part.sha256) or part.as_of))


def parts_of(path: Path) -> list[Part]:
    """The parts of a file, every byte of which was looked at.

    Raises:
        RegistryUnavailable: there is no such file, it is not whole, or its end is torn.
    """
    with _reading(path) as stream:
        found = [_head(stream, "")]
        _check_content(stream, found[0])
        while (following := _following(stream, found[-1])) is not None:
            _check_content(stream, following)
            found.append(following)
        if stream.read(1):
            raise RegistryUnavailable("the registry's snapshot has a torn end")
    return found


@contextmanager
def _reading(path: Path) -> Iterator[BinaryIO]:
    try:
        with path.open("rb") as stream:
            yield stream
    except OSError as error:
        raise RegistryUnavailable(f"the registry's snapshot cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise RegistryUnavailable("the registry's snapshot is damaged") from error


def _head(stream: BinaryIO, before: str) -> Part:
    """The head that stands next. `before`: the sum of the head before it."""
    stated = json.loads(stream.read(_HEAD_BYTES))
    if stated.pop("format") != FORMAT:
        raise ValueError("another format")
    part = Part(**{**stated, "revision": Revision._make(stated["revision"])})
    if part.sha256 != _sum(part, before):
        raise ValueError("not what was written")
    return part


def _following(stream: BinaryIO, last: Part) -> Part | None:
    """The head of the next part; None where no whole part follows. The stream stands at the part, or where it was."""
    at = stream.tell()
    begun = stream.read(_HEAD_BYTES)
    there = os.fstat(stream.fileno()).st_size - at  # asked after the head, which somebody may write at this moment
    stream.seek(at)
    if there <= _HEAD_BYTES or not begun.strip(b" \0"):  # a head is written when all that it speaks of is on disk
        return None
    part = _head(stream, last.sha256)
    if there < _HEAD_BYTES + part.length:
        raise ValueError("cut short")
    return part


def _sum(part: Part, before: str) -> str:
    return hashlib.sha256(canonical_json([before, FORMAT, *part._replace(sha256="")]).encode()).hexdigest()


def _check_content(stream: BinaryIO, part: Part) -> None:
    digest, left = hashlib.sha256(), part.length
    while left and (some := stream.read(min(left, 1 << 20))):
        digest.update(some)
        left -= len(some)
    if left or digest.hexdigest() != part.content_sha256:
        raise ValueError("not what was written")


def _write_part(
    stream: BinaryIO, gone: Iterable[str], tenants: Iterable[Tenant], revision: Revision, as_of: float, before: str
) -> Part:
    begin = stream.tell()
    stream.write(b" " * _HEAD_BYTES)
    content = Content(stream)
    content.write(canonical_json(list(gone)).encode() + b"\n")
    number = keys = 0
    for tenant in tenants:
        content.write(tenant_line(tenant))
        for annex in tenant.annexes:
            content.write(annex.contacts.packed)
            keys += len(annex.keys())
        number += 1
    part = Part(revision, as_of, number, keys, content.length, content.sha256(), "")
    part = part._replace(sha256=_sum(part, before))
    head = canonical_json({"format": FORMAT, **part._asdict()}).encode()
    stream.flush()
    os.fsync(stream.fileno())
    stream.seek(begin)
    stream.write(head.ljust(_HEAD_BYTES - 1) + b"\n")
    stream.flush()
    return part


def _read_part(stream: BinaryIO, part: Part, directory: Directory) -> None:
    content = Content(stream)
    for tenant_id in json.loads(content.line()):
        directory.remove(tenant_id)
    for _ in range(part.tenants):
        directory.replace(read_tenant(content))
    directory.revision, directory.registry_id, directory.change = part.revision
    if content.length != part.length or content.sha256() != part.content_sha256:
        raise ValueError("not what was written")


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

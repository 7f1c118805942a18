"""What is kept how long: whole segments go, each with a signed line that says so (docs/decision-log.md)."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from authz.durable import is_locked
from authz.log.disk.address_list import list_of
from authz.log.disk.files import SUFFIX, last_line
from authz.log.disk.segment import is_last
from authz.log.lines.chain import Head, line_hash, parsed
from authz.log.signed.checkpoints import ADDRESSES_PRUNED, PRUNED, Checkpoints


class Kept(NamedTuple):
    """Days that records, and the networks of refused addresses, are kept."""

    days: int = 180
    address_days: int = 30


class Removed(NamedTuple):
    """Names of segments that went as a whole, and of those whose list of networks went."""

    segments: tuple[str, ...]
    addresses: tuple[str, ...]


def prune(folder: Path, checkpoints: Checkpoints, kept: Kept, now: float) -> Removed:
    """Remove what is past its time: a signed line first, the files after it, so that a crash between loses nothing.

    Raises:
        OSError: a line could not be written, or a file not be removed.
    """
    segments, addresses = [], []
    for name, ended in _ended_segments(folder, checkpoints.known_heads()):
        age_days = (now - ended) / 86_400
        sidecar = list_of(folder, name)
        if age_days < min(kept.days, kept.address_days):
            continue
        if age_days >= kept.days:
            checkpoints.state_pruned(PRUNED, name, now)
            (folder / f"{name}{SUFFIX}").unlink()
            segments.append(name)
        elif sidecar.exists():
            checkpoints.state_pruned(ADDRESSES_PRUNED, name, now)
            addresses.append(name)
        sidecar.unlink(missing_ok=True)
    for name in checkpoints.pruned(PRUNED):  # a crash may have come between the line and the files
        (folder / f"{name}{SUFFIX}").unlink(missing_ok=True)
        list_of(folder, name).unlink(missing_ok=True)
    for name in checkpoints.pruned(ADDRESSES_PRUNED):
        list_of(folder, name).unlink(missing_ok=True)
    return Removed(tuple(segments), tuple(addresses))


def _ended_segments(folder: Path, signed: Mapping[str, Head]) -> Iterator[tuple[str, float]]:
    """Segments that nobody writes any more, and when they ended, in seconds since 1970-01-01T00:00Z.

    Only those whose last line was signed for: what somebody changed is evidence, and its last line says any day.
    """
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        line, length = last_line(path)
        head = Head(parsed(line).get("seq", -1), line_hash(line), length)
        if is_last(line) and signed.get(path.stem) == head and not is_locked(path):
            with contextlib.suppress(ValueError):  # a line that somebody changed; `authz log verify` names it
                yield path.stem, dt.datetime.fromisoformat(str(parsed(line).get("at"))).timestamp()

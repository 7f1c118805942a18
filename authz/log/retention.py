"""What is kept how long: whole segments go, each with a signed line that says so (docs/decision-log.md)."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from authz.log.checkpoints import ADDRESSES_PRUNED, PRUNED, Checkpoints
from authz.log.segment import ADDRESSES, SUFFIX, is_last, is_written, last_line


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
    heads = checkpoints.known_heads()
    segments, addresses = [], []
    for name, ended in _ended_segments(folder):
        age_days = (now - ended) / 86_400
        sidecar = folder / ADDRESSES / f"{name}{SUFFIX}"
        if name not in heads or age_days < min(kept.days, kept.address_days):
            continue
        if age_days >= kept.days:
            checkpoints.state_pruned(PRUNED, name, now)
            (folder / f"{name}{SUFFIX}").unlink()
            segments.append(name)
        elif sidecar.exists():
            checkpoints.state_pruned(ADDRESSES_PRUNED, name, now)
            addresses.append(name)
        sidecar.unlink(missing_ok=True)
    return Removed(tuple(segments), tuple(addresses))


def _ended_segments(folder: Path) -> Iterator[tuple[str, float]]:
    """Segments that nobody writes any more, and when they ended, in seconds since 1970-01-01T00:00Z."""
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        line, _ = last_line(path)
        if line and is_last(line) and not is_written(path):
            yield path.stem, dt.datetime.fromisoformat(json.loads(line)["at"]).timestamp()

"""Where the log of an installation is."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Place(NamedTuple):
    """Where the log is kept, and when a segment is full.

    `folder`: of the segments. `key`: the file of the signing key. `segment_bytes`, `segment_age_s`: whichever comes
    first ends a segment.
    """

    folder: Path
    key: Path
    segment_bytes: int = 64 << 20
    segment_age_s: float = 86_400.0

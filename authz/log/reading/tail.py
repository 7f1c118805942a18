"""The newest records of one log folder, read from its segments: no database has to be there."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from authz.log.disk.files import SUFFIX
from authz.log.lines.chain import parsed
from authz.log.lines.record import DECISION, GATE

_BYTES_PER_RECORD: Final = 2048
"""More than a record has; so far back is looked for each that is wanted."""
_SOUGHT: Final = frozenset({DECISION, GATE})

Tailed = tuple[str, dict[str, Any]]
"""Name of the segment, and a record's members."""


class Tail:
    """Follows the segments of a folder from where it began to look."""

    def __init__(self, folder: Path) -> None:
        """`folder`: of the log."""
        self._folder = folder
        self._read: dict[str, int] = {}

    def last(self, number: int) -> list[Tailed]:
        """The newest records, at most `number`, oldest first; `new` goes on behind them."""
        found: list[Tailed] = []
        for path in self._segments():
            start = max(0, path.stat().st_size - (number + 1) * _BYTES_PER_RECORD)
            found += self._behind(path, start)
        found.sort(key=_instant)
        return found[max(0, len(found) - number) :]

    def new(self) -> list[Tailed]:
        """The records written since, oldest first."""
        found: list[Tailed] = []
        for path in self._segments():
            with suppress(FileNotFoundError):  # retention was faster
                found += self._behind(path, self._read.get(path.stem, 0))
        found.sort(key=_instant)
        return found

    def _segments(self) -> list[Path]:
        return sorted(self._folder.glob(f"*{SUFFIX}"))

    def _behind(self, path: Path, start: int) -> list[Tailed]:
        """The whole lines behind `start`; if that is inside a line, behind its end."""
        found: list[Tailed] = []
        with path.open("rb") as stream:
            if start:
                stream.seek(start - 1)
                start += len(stream.readline()) - 1
            for line in stream:
                if not line.endswith(b"\n"):
                    break  # somebody is writing it
                start += len(line)
                record = parsed(line)
                if str(record.get("kind")) in _SOUGHT:
                    found.append((path.stem, record))
        self._read[path.stem] = start
        return found


def _instant(tailed: Tailed) -> str:
    return str(tailed[1].get("at", ""))

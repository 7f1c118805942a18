"""The next lines of a segment, from wherever the index stopped."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from authz.log.index.pieces import MOST_LINES, Piece, pieces_of, read_line
from authz.log.lines.chain import line_hash

_LINES_AT_ONCE: Final = 8 * MOST_LINES
_BUFFER_BYTES: Final = 1 << 20
"""Of the file that is read; with Python's own small one, reading lines costs three times as much."""


class Mark(NamedTuple):
    """How far a segment is indexed: the place behind the last line that was read, and the hash of that line."""

    to: int
    head: str


NOWHERE: Final = Mark(0, "")
_UNCHAINED: Final = "-"


class Step(NamedTuple):
    """Some lines in pieces. `before`: the hash of the line before, as the first of them states it; empty without."""

    pieces: list[Piece]
    before: str
    after: Mark

    @property
    def records(self) -> int:
        """How many there are."""
        return sum(piece.records for piece in self.pieces)


def step_from(path: Path, mark: Mark) -> Step:
    """Some whole lines from a mark on."""
    with path.open("rb", _BUFFER_BYTES) as stream:
        stream.seek(mark.to)
        lines = list(islice(stream, _LINES_AT_ONCE))
    if lines and not lines[-1].endswith(b"\n"):
        lines.pop()  # somebody is writing it, or a crash tore it
    if not lines:
        return Step([], "", mark)
    first = read_line(lines[0])
    after = Mark(mark.to + sum(map(len, lines)), line_hash(lines[-1][:-1]))
    return Step(pieces_of(lines, mark.to), _UNCHAINED if first is None else first.prev, after)

"""What does not hold in a log, said by file and line."""

from __future__ import annotations

from typing import NamedTuple


class Finding(NamedTuple):
    """What does not hold; `line` counts from 1, 0 is the file as a whole."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        """`file:line: text`."""
        return f"{self.file}:{self.line}: {self.text}"

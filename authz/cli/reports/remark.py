"""What a report says of one place in a policy file, whatever the form of the report."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import NamedTuple


class Level(StrEnum):
    """How much it matters: `error` fails a run, `warning` wants a look, `notice` is for information."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


class Remark(NamedTuple):
    """One remark. `file` is a path from the top of the repository, `line` and `column` count from 1, 0 is unknown.

    `about`: the thing itself in words that stay when lines move; with the code and the file it makes the fingerprint.
    """

    level: Level
    code: str
    text: str
    file: str
    line: int = 0
    column: int = 0
    about: str = ""

    @property
    def fingerprint(self) -> str:
        """Stable as long as the thing is there, wherever its line goes."""
        words = "\0".join((self.code, self.file, self.about or self.text))
        return hashlib.sha256(words.encode()).hexdigest()[:32]


def by_weight(remarks: list[Remark]) -> list[Remark]:
    """Errors first, then in reading order."""
    order = list(Level)
    return sorted(remarks, key=lambda one: (order.index(one.level), one.file, one.line, one.column, one.text))

"""What a report says of one place in a policy file, whatever the form of the report."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from typing import Final, NamedTuple

_LINES: Final = re.compile(r"(\.(?:csv|yaml|conf))(?::[0-9]+)+")


class Level(StrEnum):
    """How much it matters: `error` fails a run, `warning` wants a look, `notice` is for information."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


class Remark(NamedTuple):
    """One remark. `file` is a path from the top of the repository, `line` and `column` count from 1, 0 is unknown.

    `about`: the thing itself in words that stay when lines move; empty, the text without the lines that it cites.
    """

    level: Level
    code: str
    text: str
    file: str
    line: int = 0
    column: int = 0
    about: str = ""


def by_weight(remarks: list[Remark]) -> list[Remark]:
    """Errors first, then in reading order."""
    order = list(Level)
    return sorted(remarks, key=lambda one: (order.index(one.level), one.file, one.line, one.column, one.text))


def fingerprinted(remarks: list[Remark]) -> Iterator[tuple[Remark, str]]:
    """As `by_weight`, each with a fingerprint of its own, which stays while the thing is there, wherever its line goes.

    Of several that say the same of one file the second counts as the second, in reading order.
    """
    seen: Counter[tuple[str, ...]] = Counter()
    for one in by_weight(remarks):
        words = (one.code, one.file, one.about or _LINES.sub(r"\1", one.text))
        which = (str(seen[words]),) if seen[words] else ()
        seen[words] += 1
        yield one, hashlib.sha256("\0".join((*words, *which)).encode()).hexdigest()[:32]

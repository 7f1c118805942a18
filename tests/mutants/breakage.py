"""What a seeded breakage is, and how one is applied to a copy of the tree."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import NamedTuple


class Breakage(NamedTuple):
    """One fault put in on purpose: in `file`, `old` (which stands there exactly once) becomes `new`.

    `noticed_by`: test files or folders, at least one of whose tests must fail with the fault in place.
    """

    sentence: str
    file: str
    old: str
    new: str
    noticed_by: tuple[str, ...]


class DoesNotApply(Exception):
    """The breakage no longer fits the code: the list has to follow it."""


def broken_source(root: Path, breakage: Breakage) -> str:
    """The text of the file with the fault in place.

    Raises:
        DoesNotApply: the old text is not there exactly once, or nothing changes, or the result is no Python, or a named
            test is gone.
    """
    source = (root / breakage.file).read_text()
    times = source.count(breakage.old)
    if times != 1:
        raise DoesNotApply(f"{breakage.file}: the old text stands there {times} times: {breakage.old!r}")
    if breakage.old == breakage.new:
        raise DoesNotApply(f"{breakage.file}: old and new text are the same: {breakage.old!r}")
    missing = [name for name in breakage.noticed_by if not (root / name).exists()]
    if missing or not breakage.noticed_by:
        raise DoesNotApply(f"{breakage.file}: no such tests: {', '.join(missing) or 'none named'}")
    broken = source.replace(breakage.old, breakage.new)
    if breakage.file.endswith(".py"):
        try:
            ast.parse(broken)
        except SyntaxError as error:
            raise DoesNotApply(f"{breakage.file}: the result is no Python: {error}") from None
    return broken

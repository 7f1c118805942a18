"""Text of ours inside Markdown: what came out of a file can neither break a table nor become markup."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from authz.cli.plain import printable

MOST_ROWS: Final = 100
"""Rows of a table; a reader of more wants the terminal. What is left out is counted."""

_CODE: Final = re.compile(r"`([^`\n]*)`")
_SPECIAL: Final = re.compile(r"([\\*_{}\[\]<>#|~!&@])")


def prose(text: str) -> str:
    """Plain text with its words in backticks as code; everything else that means something is escaped."""
    line = " ".join(printable(text).split("\n"))
    parts = _CODE.split(line)
    return "".join(code(part) if at % 2 else _SPECIAL.sub(r"\\\1", part) for at, part in enumerate(parts))


def code(text: str) -> str:
    """A code span that holds the text as it is, in a table too."""
    inner = printable(text).replace("\n", " ").replace("|", "\\|").replace("`", "'")
    return f"`{inner}`" if inner.strip() else ""


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table; its cells are Markdown already."""
    body = [f"| {' | '.join(row)} |" for row in rows]
    cut = body[:MOST_ROWS]
    lines = [f"| {' | '.join(headings)} |", "|" + "---|" * len(headings), *cut]
    return [*lines, "", f"… and {len(body) - len(cut)} more"] if len(cut) < len(body) else lines

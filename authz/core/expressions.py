"""The words and signs of an expression, and which names it can refer to, by its text alone. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TOKEN: Final = re.compile(
    r"""
      (?P<skip>[ \t\r\n\f]+|//[^\n]*)
    | (?P<raw>[bB]?[rR][bB]?(?:\"{3}.*?\"{3}|'{3}.*?'{3}|"[^"\n]*"|'[^'\n]*'))
    | (?P<text>[bB]?(?:\"{3}(?:\\.|[^\\])*?\"{3}|'{3}(?:\\.|[^\\])*?'{3}|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))
    | (?P<word>[A-Za-z0-9_]+)
    | (?P<sign>&&|\|\||[=!<>]=|[^"'`])
    """,
    re.VERBOSE | re.DOTALL,
)


def tokens(expression: str) -> list[str]:
    """The words and signs, texts in their quotes, without what only lays them out.

    Raises:
        ValueError: something that this does not know.
    """
    found = []
    at = 0
    while at < len(expression):
        match = _TOKEN.match(expression, at)
        if match is None:
            raise ValueError(f"position {at} is no part of an expression")
        if match.lastgroup != "skip":
            found.append(match[0])
        at = match.end()
    return found


def names_in(expression: str, names: Iterable[str]) -> tuple[str, ...]:
    """Those of the dotted `names` all of whose words occur in the expression: never too few, however it is laid out."""
    words = set(_WORD.findall(expression))
    return tuple(name for name in names if words.issuperset(name.split(".")))


def names_read(expression: str, names: Iterable[str]) -> tuple[str, ...]:
    """Those of the dotted `names` that stand in the expression, word by word: never too few, and seldom too many."""
    known = names_in(expression, names)
    try:
        there = tokens(expression)
    except ValueError:
        return known
    written = {name: re.split(r"(\.)", name) for name in known}
    return tuple(
        name for name, parts in written.items() if any(there[at : at + len(parts)] == parts for at in range(len(there)))
    )

"""Which names an expression of a fact can refer to, by its text alone. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def names_in(expression: str, names: Iterable[str]) -> tuple[str, ...]:
    """Those of the dotted `names` all of whose words occur in the expression: never too few, however it is laid out."""
    words = set(_WORD.findall(expression))
    return tuple(name for name in names if words.issuperset(name.split(".")))

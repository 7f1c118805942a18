"""Words as people type them, made comparable: without diacritics, case, punctuation and the blanks of a form."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_LETTERS: Final = str.maketrans({"ł": "l", "đ": "d", "ı": "i", "ё": "е", "ґ": "г", "№": " no ", "°": " "})
_NOT_WORD: Final = re.compile(r"[^\w]+|_+")
_LEADERS: Final = re.compile(r"_{2,}|(?<![^\W_])_|_(?![^\W_])|\.{3,}|…+")
_BLANKS: Final = re.compile(r"[^\S\n]+")
_DASHES: Final = re.compile("[\u2010-\u2015\u2212]")
_UNSEEN: Final = frozenset("\u200b\u200c\u200d\u2060\ufeff")
_NOTHING: Final = re.compile(r"[-_.…\s]*|n/a", re.IGNORECASE)


def folded(text: str) -> str:
    """Lower-case words without diacritics, single blanks between them: `Nume și Prenume*` -> `nume si prenume`."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    letters = "".join(char for char in plain if not unicodedata.combining(char) and char not in _UNSEEN)
    return _NOT_WORD.sub(" ", letters).strip()


def filled_in(text: str) -> str:
    """What was written into a blank of the form: its lines and dots gone, blanks single, line breaks kept."""
    lines = (_BLANKS.sub(" ", _LEADERS.sub(" ", line)).strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def cell_value(text: str) -> str:
    """What a cell says, blanks single, line breaks kept; a dash or the dots of the form alone say nothing."""
    lines = (_BLANKS.sub(" ", line).strip() for line in text.split("\n"))
    value = "\n".join(line for line in lines if line)
    return "" if _NOTHING.fullmatch(dashes(value)) else value


def dashes(text: str) -> str:
    """Every dash that Word makes of a hyphen as a hyphen again."""
    return _DASHES.sub("-", text)

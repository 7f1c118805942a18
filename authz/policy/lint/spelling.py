"""Words that a reader takes for one another: the same but for case, accents and punctuation, or for one letter."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

SHORTEST: Final = 5
"""Letters; between shorter words one letter says nothing."""


def folded(word: str) -> str:
    """Letters and digits alone, without case and accents."""
    plain = unicodedata.normalize("NFKD", word.casefold())
    return "".join(letter for letter in plain if letter.isalnum())


def near_pairs(words: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Pairs of different words that one letter, put in, left out or changed, turns into each other.

    Words that differ in a digit are numbered on purpose. Cost: linear in the number of words.
    """
    by_rest: dict[str, list[str]] = defaultdict(list)
    for word in dict.fromkeys(words):
        if len(word) < SHORTEST:
            continue
        rests = {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}
        near = dict.fromkeys(other for rest in rests for other in by_rest[rest])
        for other in near:
            if one_letter_apart(word, other):
                yield other, word
        for rest in rests:
            by_rest[rest].append(word)


def one_letter_apart(word: str, other: str) -> bool:
    """Whether one letter (no digit) put in, left out or changed turns one word into the other."""
    if word == other or abs(len(word) - len(other)) > 1:
        return False
    short, long = sorted((word, other), key=len)
    start = next((at for at, letter in enumerate(short) if letter != long[at]), len(short))
    rest = start if len(short) < len(long) else start + 1
    letters = long[start] + (short[start] if len(short) == len(long) else "")
    return short[rest:] == long[start + 1 :] and not any(letter.isdigit() for letter in letters)

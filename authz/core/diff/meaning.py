"""What a fact computes, whatever its text looks like. Pure.

Blanks, comments, brackets that change nothing, the kind of quotes, and the order of what `&&` and `||` join and of
what is listed behind `in` are how an expression is written: CEL's two operators answer alike in any order, also
where an operand is unknown. All else is what it says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable
from typing import Final

from authz.core.definition import FactDef
from authz.core.expressions import tokens

_PLAIN_TEXT: Final = re.compile(r"""([\"'])((?!\1)[^\\])*\1""")
_WORD: Final = re.compile(r"[A-Za-z0-9_]+")
_RELATIONS: Final = ("<", "<=", ">", ">=", "==", "!=", "in")


def meaning(fact: FactDef) -> Hashable:
    """Equal for two facts that hold, fail and are unknown together, over the same attributes; else almost never."""
    if fact.parts:
        return _joined("&&", [_meaning_of(part.expression) for part in fact.parts])
    return _meaning_of(fact.expression)


def _meaning_of(expression: str) -> Hashable:
    """The tree of the expression; its words, or else its letters, where it is none that this knows."""
    try:
        written = tokens(expression)
    except ValueError:
        return expression
    try:
        return _Reader(written).whole()
    except (ValueError, RecursionError):
        return tuple(written)


class _Reader:
    """Reads the words and signs of an expression as CEL's grammar nests them.

    Each method takes what its name says. They raise ValueError where that does not stand next.
    """

    def __init__(self, written: list[str]) -> None:
        self._written = [*written, ""]
        self._at = 0

    def whole(self) -> Hashable:
        found = self._choice()
        self._take("")
        return found

    def _next(self) -> str:
        return self._written[self._at]

    def _found(self, *signs: str) -> str:
        """The sign that stands next, taken; empty where it is none of these."""
        sign = self._next()
        if sign not in signs:
            return ""
        self._at += 1
        return sign

    def _take(self, sign: str) -> None:
        if self._next() != sign:
            raise ValueError(f"no `{sign}` where one has to stand")
        self._at += 1

    def _word(self) -> str:
        word = self._next()
        if not _WORD.fullmatch(word):
            raise ValueError("no word where one has to stand")
        self._at += 1
        return word

    def _choice(self) -> Hashable:
        condition = self._either()
        if not self._found("?"):
            return condition
        chosen = self._either()
        self._take(":")
        return "?", condition, chosen, self._choice()

    def _either(self) -> Hashable:
        operands = [self._all()]
        while self._found("||"):
            operands.append(self._all())
        return _joined("||", operands)

    def _all(self) -> Hashable:
        operands = [self._relation()]
        while self._found("&&"):
            operands.append(self._relation())
        return _joined("&&", operands)

    def _relation(self) -> Hashable:
        left = self._sum()
        while sign := self._found(*_RELATIONS):
            right = self._sum()
            if sign == "in" and isinstance(right, tuple) and right[0] == "[":
                right = "one of", frozenset(right[1:])
            left = sign, left, right
        return left

    def _sum(self) -> Hashable:
        return self._from_the_left(self._product, "+", "-")

    def _product(self) -> Hashable:
        return self._from_the_left(self._unary, "*", "/", "%")

    def _from_the_left(self, operand: Callable[[], Hashable], *signs: str) -> Hashable:
        left = operand()
        while sign := self._found(*signs):
            left = sign, left, operand()
        return left

    def _unary(self) -> Hashable:
        sign = self._found("!", "-")
        return (sign, self._unary()) if sign else self._member()

    def _member(self) -> Hashable:
        bracketed = self._next() == "("
        found = self._primary()
        while sign := self._found(".", "["):
            if sign == "[":
                found = "index", found, self._choice()
                self._take("]")
                continue
            if bracketed:  # `(a).b` selects from `a`, while `a.b` may be a name
                found, bracketed = ("(", found), False
            name = self._word()
            found = ("call", found, name, *self._listed(")")) if self._found("(") else (".", found, name)
        return found

    def _primary(self) -> Hashable:
        if self._found("("):
            inner = self._choice()
            self._take(")")
            return inner
        if self._found("["):
            return ("[", *self._listed("]"))
        written = self._next()
        if written[-1:] in {'"', "'"}:
            self._at += 1
            return ("text", written[1:-1]) if _PLAIN_TEXT.fullmatch(written) else written
        word = self._word()
        return ("call", "", word, *self._listed(")")) if self._found("(") else word

    def _listed(self, closed_by: str) -> list[Hashable]:
        """What stands between commas, up to the bracket."""
        found: list[Hashable] = []
        while not self._found(closed_by):
            found.append(self._choice())
            if self._next() != closed_by:
                self._take(",")
        return found


def _joined(sign: str, operands: Iterable[Hashable]) -> Hashable:
    """In any order, once each, and without brackets around operands that the same sign joins."""
    flat: set[Hashable] = set()
    for one in operands:
        if isinstance(one, tuple) and len(one) == 2 and one[0] == sign and isinstance(one[1], frozenset):  # noqa: PLR2004
            flat |= one[1]
        else:
            flat.add(one)
    return (sign, frozenset(flat)) if len(flat) > 1 else flat.pop()

"""What a fact computes, whatever its text looks like, and which facts only have another name. Pure.

Blanks, comments, parentheses that change nothing, and the order of what `&&` and `||` join are how an expression is
written: CEL's two operators answer alike in any order, also where an operand is unknown. All else is what it says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from typing import Final

from authz.core.definition import FactDef
from authz.core.expressions import tokens

_CLOSED_BY: Final = {"(": ")", "[": "]", "{": "}"}


def meaning(fact: FactDef) -> Hashable:
    """Equal for two facts that hold, fail and are unknown together, over the same attributes; else almost never."""
    if fact.parts:
        return _joined("&&", [_meaning_of(part.expression) for part in fact.parts])
    return _meaning_of(fact.expression)


def renamed(before: Mapping[str, FactDef], after: Mapping[str, FactDef]) -> dict[str, str]:
    """Old name -> new name of each fact that goes while exactly one comes that computes the same."""
    gone = {name: meaning(before[name]) for name in before.keys() - after.keys()}
    new = {name: meaning(after[name]) for name in after.keys() - before.keys()}
    times = Counter(gone.values()), Counter(new.values())
    by_meaning = {what: name for name, what in new.items()}
    return {name: by_meaning[what] for name, what in sorted(gone.items()) if times[0][what] == times[1][what] == 1}


def _meaning_of(expression: str) -> Hashable:
    try:
        return _parsed(_nested(tokens(expression)))
    except ValueError:
        return expression


def _nested(written: Iterable[str]) -> list[Hashable]:
    """Words and signs; a bracket and what it holds is one tuple: the bracket, then each thing between its commas.

    Raises:
        ValueError: a bracket is not closed, or not by its like.
    """
    stack: list[tuple[str, list[list[Hashable]]]] = [("", [[]])]
    for token in written:
        if token in _CLOSED_BY:
            stack.append((token, [[]]))
        elif token in _CLOSED_BY.values():
            opened, things = stack.pop()
            if not stack or _CLOSED_BY[opened] != token:
                raise ValueError("brackets that do not match")
            stack[-1][1][-1].append((opened, *map(tuple if opened == "{" else _parsed, things)))
        elif token == "," and stack[-1][0]:  # noqa: S105 - a comma is no secret
            stack[-1][1].append([])
        else:
            stack[-1][1][-1].append(token)
    if len(stack) != 1:
        raise ValueError("brackets that do not match")
    return stack[0][1][0]


def _parsed(things: list[Hashable]) -> Hashable:
    if "?" in things:
        return tuple(things)
    for sign in ("||", "&&"):
        if sign in things:
            return _joined(sign, [_parsed(operand) for operand in _split(things, sign)])
    only = things[0] if len(things) == 1 else None
    if isinstance(only, tuple) and only[:1] == ("(",) and len(only) == 2:  # noqa: PLR2004 - a bracket around one thing
        inner: Hashable = only[1]
        return inner
    return tuple(things)


def _split(things: list[Hashable], sign: str) -> list[list[Hashable]]:
    operands: list[list[Hashable]] = [[]]
    for one in things:
        if one == sign:
            operands.append([])
        else:
            operands[-1].append(one)
    return operands


def _joined(sign: str, operands: Iterable[Hashable]) -> Hashable:
    """In any order, once each, and without brackets around operands that the same sign joins."""
    flat: set[Hashable] = set()
    for one in operands:
        if isinstance(one, tuple) and len(one) == 2 and one[0] == sign and isinstance(one[1], frozenset):  # noqa: PLR2004
            flat |= one[1]
        else:
            flat.add(one)
    return (sign, frozenset(flat)) if len(flat) > 1 else flat.pop()

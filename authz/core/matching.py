"""Whether a row of `set.yaml` (a service term, an obligation) fits a request: plain equality over attributes."""

from __future__ import annotations

from collections.abc import Mapping

Match = Mapping[str, tuple[object, ...]]


def fits(actions: tuple[str, ...], match: Match, action: str, values: Mapping[str, object]) -> bool:
    """`actions` empty: every action. Every attribute of `match` must equal one of its values, in type too."""
    return (not actions or action in actions) and all(is_one_of(values.get(name), match[name]) for name in match)


def is_one_of(value: object, wanted: tuple[object, ...]) -> bool:
    """Whether the value equals one of those wanted, in type too: 1 is not true."""
    return any(_same(value, one) for one in wanted)


def _same(value: object, wanted: object) -> bool:
    return type(value) is type(wanted) and value == wanted

"""Whether a row of `set.yaml` (a service term, an obligation) fits a request: plain equality over attributes."""

from __future__ import annotations

from collections.abc import Mapping

Match = Mapping[str, tuple[object, ...]]


def fits(actions: tuple[str, ...], match: Match, action: str, values: Mapping[str, object]) -> bool:
    """`actions` empty: every action. Every attribute of `match` must equal one of its values, in type too."""
    if actions and action not in actions:
        return False
    return all(any(_same(values.get(name), value) for value in wanted) for name, wanted in match.items())


def _same(value: object, wanted: object) -> bool:
    return type(value) is type(wanted) and value == wanted

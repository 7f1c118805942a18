"""One edit of the example set, and the problems that it must cause."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from tests.policy.orchard import Edit


class Refusal(NamedTuple):
    """`problems` are in the order in which they are reported, without the set's folder."""

    name: str
    edits: Mapping[str, Edit]
    problems: list[str]

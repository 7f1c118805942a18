"""`groups` of `tests.yaml` and `every`: one case for each combination of contacts, actions, addresses and so on."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import product
from math import prod
from typing import Final

from authz.policy.reading.fields import Source, near_miss
from authz.policy.reading.yaml_nodes import Node, Scalar, Sequence

MOST_COMBINATIONS: Final = 10_000
"""Cases that one `every` may make."""


class Groups:
    """Named lists of values, and which of them a case has used."""

    def __init__(self, source: Source, node: Node | None) -> None:
        self._source = source
        self._named: dict[str, tuple[Node, ...]] = {}
        self._unused: dict[str, Scalar] = {}
        for key, value in source.entries(node):
            self._named[source.id(key)] = source.items(value)
            self._unused[key.text] = key
            if isinstance(value, Sequence) and not value.items:
                source.refuse(value, f"the group `{key.text}` is empty")

    def combinations(self, node: Node, members: Collection[str]) -> Iterator[Mapping[str, Node]]:
        """Every combination of one value of each member of an `every`, in the order of the file.

        Args:
            members: what a question may have.
        """
        choices: dict[str, tuple[Node, ...]] = {}
        for key, value in self._source.entries(node):
            if key.text not in members:
                self._source.refuse(key, f"`{key.text}` is not known here{near_miss(key.text, members)}")
            choices[key.text] = self._values(value)
        if prod(map(len, choices.values())) > MOST_COMBINATIONS:
            self._source.refuse(node, f"makes more than {MOST_COMBINATIONS:,} cases")
            return
        if not choices:
            self._source.refuse(node, "`every` is empty")
            return
        for values in product(*choices.values()):
            yield dict(zip(choices, values, strict=True))

    def note_unused(self) -> None:
        """Refuse the groups that no case has used: they look tested and are not."""
        for name, key in self._unused.items():
            self._source.refuse(key, f"no case uses the group `{name}`")

    def _values(self, node: Node) -> tuple[Node, ...]:
        if not isinstance(node, Scalar):
            return self._source.items(node)
        name = self._source.text(node)
        self._unused.pop(name, None)
        if name and name not in self._named:
            self._source.refuse(node, f"unknown group `{name}`{near_miss(name, self._named)}; or write a list")
        return self._named.get(name, ())

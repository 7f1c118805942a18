"""Reading texts for people: one for each of the set's languages."""

from __future__ import annotations

from collections.abc import Collection

from authz.core.definition import Labels
from authz.policy.reading.fields import Source
from authz.policy.reading.yaml_nodes import Mapping, Node


class LabelReader:
    """Reads texts for people: one for each of the set's languages."""

    def __init__(self, source: Source, languages: Collection[str]) -> None:
        self._source = source
        self._languages = languages

    def read(self, node: Node | None) -> Labels:
        """Language -> text."""
        found: dict[str, str] = {}
        for key, value in self._source.entries(node):
            if key.text in self._languages:
                found[key.text] = self._source.text(value)
            elif self._languages:
                self._source.refuse(key, f"`{key.text}` is not one of this set's languages")
        if isinstance(node, Mapping):
            for language in self._languages:
                if language not in found:
                    self._source.refuse(node, f"the text in language `{language}` is missing")
        return found

    def with_clause(self, node: Node) -> tuple[Labels, str]:
        """A mapping that holds `label` and `clause` alone."""
        fields = self._source.fields(node, ("label", "clause"))
        return self.read(fields["label"]), self._source.text(fields["clause"])

"""Reading `accepted` of `set.yaml`: findings that stay as they are, each with its reason (docs/checks.md)."""

from __future__ import annotations

from authz.policy.finding import Acceptance
from authz.policy.reading.fields import Source
from authz.policy.reading.yaml_nodes import Node


def read_accepted(source: Source, node: Node | None) -> tuple[Acceptance, ...]:
    """The entries, each finding once. Whether there is such a finding is for the linter to say."""
    found: list[Acceptance] = []
    for item in source.items(node):
        fields = source.fields(item, ("code", "about", "reason"))
        code, about = source.text(fields["code"]), source.text(fields["about"])
        reason = source.text(fields["reason"], multiline=True)
        if code and (code, about) in {(entry.code, entry.about) for entry in found}:
            source.refuse(item, f"`{code}` about `{about}` is already accepted")
        found.append(Acceptance(code, about, reason, item.line, item.column))
    return tuple(found)

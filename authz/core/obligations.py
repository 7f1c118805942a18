"""What the caller must do when it carries out an allowed request (AuthZEN obligations profile, draft 1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from authz.core.definition import PolicySet
from authz.core.matching import fits


class Obligation(NamedTuple):
    """`id` is unique in the answer; a caller that cannot perform one has to refuse."""

    id: str
    type: str
    properties: Mapping[str, object]


def obligations(definition: PolicySet, action: str, values: Mapping[str, object]) -> tuple[Obligation, ...]:
    """The obligations that the set declares for an allow of `action`; `values` are the typed attributes."""
    return tuple(
        Obligation(declared.id, declared.type, {**declared.properties, "clause": declared.clause})
        for declared in definition.obligations
        if fits(declared.actions, declared.match, action, values)
    )

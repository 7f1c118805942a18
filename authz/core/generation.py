"""One compiled, checked, immutable policy set as the decision sees it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Protocol

from authz.core.definition import PolicySet
from authz.core.network import TenantNetworks
from authz.core.table import DecisionTable
from authz.core.types import Channel


class FactEvaluator(Protocol):
    """Evaluates the CEL facts of one set; made by `policy.facts`."""

    def __call__(self, fact: str, bindings: Mapping[str, object]) -> bool | None:
        """True, False, or None for unknown (an absent attribute, an error, anything not plainly boolean)."""
        ...

    def unmet_parts(self, fact: str, bindings: Mapping[str, object]) -> tuple[str, ...]:
        """Ids of the parts of `fact` that are not plainly true; empty for a fact without parts."""
        ...


class LocalDay:
    """Which day it is in one time zone, as a proleptic ordinal (R3).

    `known`: the current day's two midnights, in seconds since 1970-01-01T00:00Z, and its ordinal.
    """

    __slots__ = ("known", "zone")

    def __init__(self, zone: dt.tzinfo) -> None:
        self.zone = zone
        self.known: tuple[float, float, int] = (0.0, 0.0, 0)

    def ordinal(self, now: float) -> int:
        """`now`: seconds since 1970-01-01T00:00Z."""
        start, end, day = self.known
        if start <= now < end:
            return day
        local = dt.datetime.fromtimestamp(now, self.zone)
        midnight = dt.datetime.combine(local.date(), dt.time(), self.zone)
        following = dt.datetime.combine(local.date() + dt.timedelta(days=1), dt.time(), self.zone)
        day = local.toordinal()
        self.known = (midnight.timestamp(), following.timestamp(), day)
        return day


class Generation:
    """A policy set that may go live: definition, decision table, network lines, facts, and its revision.

    `revision` is `sha256:...` over model.conf and the set's files. `words` maps every action id and tag to the id.
    `answers_web`: whether the set answers over the channel `web`. `promises`: the actions whose allow can
    come with obligations or service terms.
    """

    __slots__ = (
        "answers_web",
        "definition",
        "facts",
        "local_day",
        "networks",
        "promises",
        "revision",
        "table",
        "words",
    )

    def __init__(
        self,
        definition: PolicySet,
        table: DecisionTable,
        networks: Mapping[str, TenantNetworks],
        facts: FactEvaluator,
        zone: dt.tzinfo,
        revision: str,
    ) -> None:
        self.definition = definition
        self.table = table
        self.networks = networks
        self.facts = facts
        self.local_day = LocalDay(zone)
        self.revision = revision
        self.words = action_words(definition)
        self.promises = promising_actions(definition)
        self.answers_web = Channel.WEB in definition.channels


def action_words(definition: PolicySet) -> dict[str, str]:
    """R4: every word that means an action -> its id. Ids win; tags are unique in a checked set."""
    words = {tag: action.id for action in definition.actions.values() for tag in action.tags}
    words.update({action: action for action in definition.actions})
    return words


def promising_actions(definition: PolicySet) -> frozenset[str]:
    """The actions that a row of obligations or service terms can fit; a row that names none fits every action."""
    named = [row.actions for row in definition.obligations] + [row.actions for row in definition.service]
    return frozenset(action for actions in named for action in actions or definition.actions)

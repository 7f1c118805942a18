"""The policy sets that are shipped, built once for all tests of this folder, and what their suites ask."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from authz.core.decide import decide
from authz.core.decision import Decision
from authz.core.generation import Generation
from authz.core.question import request_from_flat
from authz.core.table import Cell
from authz.core.types import Reason
from authz.policy.bundle import find_model, find_sets, read_bundle
from authz.policy.cases.inline import inline_world
from authz.policy.live import generation_of
from authz.policy.parse import ParsedSet, parse_set
from authz.policy.pipeline import build_set

ROOT: Final = Path(__file__).parents[2]
SETS: Final = {folder.name: folder for folder in find_sets(ROOT / "policies")}


class ShippedSet(NamedTuple):
    """One set as read and as it would go live."""

    folder: Path
    parsed: ParsedSet
    generation: Generation


@lru_cache(maxsize=len(SETS))
def shipped(set_id: str) -> ShippedSet:
    """The set, through the pipeline: a set that must not go live raises here."""
    folder = SETS[set_id]
    bundle = read_bundle(folder, find_model(folder, ROOT / "model.conf"))
    return ShippedSet(folder, parse_set(bundle), generation_of(build_set(bundle, None)))


@lru_cache(maxsize=len(SETS))
def decisions(set_id: str) -> tuple[Decision, ...]:
    """What every case of the set's tests.yaml is answered."""
    return tuple(_decisions(shipped(set_id)))


def _decisions(subject: ShippedSet) -> Iterator[Decision]:
    live, tests, set_id = subject.generation, subject.parsed.tests, subject.parsed.definition.id
    world = inline_world(set_id, tests.tenants, f"{set_id}/tests.yaml")
    asked = Generation(live.definition, live.table, world.networks, live.facts, live.local_day.zone, live.revision)
    for case in tests.cases:
        at = dt.datetime.fromisoformat(str(case.ask.get("at", "2026-01-01T12:00:00+00:00")))
        request = request_from_flat({name: value for name, value in case.ask.items() if name != "at"})
        yield decide(request, world.directory, {set_id: asked}, at.timestamp())


def telling_values(decision: Decision) -> Mapping[str, bool | None]:
    """The facts that the decision hangs on, each with its value: another value would turn the answer round.

    None is unknown: the refusal names that fact as the one whose value is not known.
    """
    if decision.reason is Reason.FACT_UNKNOWN:
        return {decision.fact: None}
    cell = decision.cell
    if cell is None or decision.unknown:
        return {}
    return {fact: bool(decision.mask & bit) for bit, fact in _bits(cell) if _turns(cell, decision.mask, bit)}


def _bits(cell: Cell) -> Iterator[tuple[int, str]]:
    return ((1 << at, fact) for at, fact in enumerate(cell.facts))


def _turns(cell: Cell, mask: int, bit: int) -> bool:
    return cell.answers[mask].allowed != cell.answers[mask ^ bit].allowed

"""A data folder whose log holds real answers of the storehouse, written as the service writes them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from authz.cli.compiled import build_all, live, sets_of
from authz.core.generation import Generation
from authz.core.question import request_from_flat
from authz.legal_holidays import legal_holidays
from authz.log.disk.segment import Segment
from authz.log.lines.chain import NOTHING
from authz.log.lines.linked import Batch
from authz.log.lines.pseudonyms import Pseudonyms
from authz.log.lines.record import Asking, circumstances, decision_record
from authz.log.signed.checkpoints import Checkpoints
from authz.log.signed.signing import signer_at
from authz.pdp import Pdp
from authz.registry.store import RegistryStore
from authz.settings import Settings
from tests.cli.program import Checkout

NOON = 1_782_300_000.0
"""2026-06-24T11:20:00Z; each further answer is a minute later."""

QUESTIONS: tuple[dict[str, object], ...] = (
    {"contact": "ana@acme.example", "action": "open_gate", "ip": "203.0.113.5"},
    {"contact": "ana@acme.example", "action": "open_gate", "ip": "198.51.100.9"},
    {"contact": "dan@acme.example", "action": "open_gate", "ip": "203.0.113.5"},
    {"contact": "ana@acme.example", "action": "move_box", "ip": "203.0.113.7"},
    {
        "contact": "dan@acme.example",
        "action": "move_box",
        "ip": "203.0.113.7",
        "resource": {"type": "box", "id": "b1", "properties": {"tenant": "acme", "owner": "dan@acme.example"}},
    },
    {"contact": "eva@nowhere.example", "action": "move_box", "ip": "203.0.113.7"},
    {"contact": "ana@acme.example", "action": "fly", "ip": "203.0.113.7"},
)


class _Live:
    def __init__(self, generations: Mapping[str, Generation]) -> None:
        self._generations = generations

    def current(self) -> Mapping[str, Generation]:
        return self._generations


class Logged(NamedTuple):
    """A checkout with a log; `ids` of the decisions, in the order of `QUESTIONS`."""

    checkout: Checkout
    data: Path
    ids: tuple[str, ...]

    @property
    def folder(self) -> Path:
        return self.data / "log"


def answer_and_record(checkout: Checkout, data: Path, cache: Path) -> Logged:
    """Every question once."""
    settings = Settings()
    generations = live(build_all(sets_of(None, settings), cache))
    store = RegistryStore(os.environ["AUTHZ_DATABASE_URL"])
    directory = store.directory()
    store.close()
    folder = data / "log"
    folder.mkdir(parents=True)
    pseudonyms, pdp = Pseudonyms(folder), Pdp(_Live(generations), lambda: directory, legal_holidays)
    records, ids = [], []
    for number, question in enumerate(QUESTIONS):
        now = NOON + 60 * number
        outcome = pdp.decide(request_from_flat(question), now)
        ids.append(outcome.decision_id)
        asking = Asking("k1", f"req-{number}")
        records.append(decision_record(outcome, circumstances(asking, directory.registry_id, now), pseudonyms))
    segment = Segment(folder, "20260624-000000-1", NOTHING, "", NOON)
    segment.append_batches([Batch(records, None)])
    segment.sync_whole()
    Checkpoints(folder, signer_at(data / "log.key")).state({segment.name: segment.head}, NOON)
    segment.close()
    return Logged(checkout, data, tuple(ids))

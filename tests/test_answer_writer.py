"""Answers from prepared pieces are byte for byte what `answer_document` says."""

from __future__ import annotations

import datetime as dt
import sys
from random import Random

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from authz.answer import answer_document
from authz.answer_writer import AnswerWriter
from authz.core.contacts import Contact
from authz.core.decision import Decision
from authz.core.directory import Annex, Tenant
from authz.core.outcome import Outcome
from authz.core.types import Assurance, ContactState, NetworkChoice, Reason, Request, SubjectKey
from tests.policies.shipped import SETS, shipped
from tests.test_answer import TEXTS

NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
WRITER = AnswerWriter(TEXTS)
"""One for all examples, as in a service: a template made for one answer serves another."""


def people(rng: Random, name: str, company: str, role: str) -> tuple[Tenant, Annex, Contact]:
    keys = rng.sample(
        [SubjectKey("ana@acme.example"), SubjectKey("+40213000001"), SubjectKey("login:ana.pop")], rng.randint(1, 3)
    )
    contact = Contact(name, role, tuple(keys), rng.choice(list(ContactState)))
    annex = Annex(rng.randint(1, 9), dt.date(2026, 1, 1), dt.date(2026, 1, 1), NetworkChoice.DECLARED, [contact])
    languages = rng.choice([(), ("ro", "en"), ("fr",), ("uk", "ru")])
    return Tenant("acme", "any", company, [annex], languages), annex, contact


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**63), name=NAMES, company=NAMES)
def test_an_answer_from_pieces_is_the_answer(seed: int, name: str, company: str) -> None:
    rng = Random(seed)
    generation = shipped(rng.choice(sorted(SETS))).generation
    role = rng.choice(list(generation.definition.roles))
    action = rng.choice(list(generation.definition.actions))
    tenant, annex, contact = people(rng, name, company, role)
    cell = generation.table.cell("acme", role, action)
    assert cell is not None
    mask = rng.randrange(len(cell.answers))
    answer = cell.answers[mask]
    reason = Reason.PERMITTED if answer.allowed else rng.choice([one for one in Reason if one is not Reason.PERMITTED])
    fact = rng.choice([name for _, name in cell.others]) if cell.others and rng.random() < 0.5 else ""
    known = rng.random() < 0.8
    decision = Decision(
        answer.allowed, reason, action, tenant, annex, contact, generation, cell, mask, 0, answer.rule,
        rng.choice(["", "any/networks/acme.csv:2"]), fact, cell.missing[mask],
    ) if known or answer.allowed else Decision(False, reason)  # fmt: skip
    request = Request("contact", "ana@acme.example", action, assurance=rng.choice(list(Assurance)))
    outcome = Outcome(
        decision, request, f"{rng.getrandbits(128):032x}", 0.0, "sha256:1", "sha256:2", rng.randrange(1 << 40),
    )  # fmt: skip

    for explain in (True, False):
        assert WRITER.write(outcome, explain) == msgspec.json.encode(answer_document(outcome, TEXTS, explain))


def test_prepared_answers_keep_no_generation_in_memory() -> None:
    """An old one holds the networks of every tenant; it goes when the next one is live."""
    generation = shipped("calltrack").generation
    tenant, annex, contact = people(Random(1), "Ana Pop", "Acme", "admin")
    cell = generation.table.cell("acme", "admin", "error_report")
    assert cell is not None
    decision = Decision(
        True, Reason.PERMITTED, "error_report", tenant, annex, contact, generation, cell, 3, 0, "calltrack/matrix.csv:6"
    )
    request = Request("contact", "ana@acme.example", "error_report")
    outcome = Outcome(decision, request, "00", 0.0, "sha256:of a set", "sha256:of all", 1)
    before = sys.getrefcount(generation)

    writer = AnswerWriter(TEXTS)
    writer.write(outcome, explain=True)

    assert sys.getrefcount(generation) == before

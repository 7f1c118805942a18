"""A record says what its answer said, member by member, in the fixed order, in ASCII."""

from __future__ import annotations

import datetime as dt
import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authz.core.outcome import Outcome
from authz.core.question import request_from_flat
from authz.core.types import Reason
from authz.log.lines.pseudonyms import Pseudonyms
from authz.log.lines.record import MEMBERS, Asking, circumstances, decision_record, instant
from tests.web.world import FLAT, INSIDE, OUTSIDE, World

QUESTIONS: dict[str, dict[str, Any]] = {
    "permitted": {},
    "from elsewhere": {"ip": OUTSIDE},
    "without an address": {"channel": "phone", "assurance": "claimed"} | {"ip": None},
    "never permitted": {"action": "restore"},
    "no such action": {"action": "fly"},
    "suspended": {"contact": "dan@acme.example"},
    "nobody": {"contact": "nobody@elsewhere.example"},
    "no such tenant": {"tenant": "nobody"},
    "about a ticket": {"resource": {"type": "ticket", "id": "T-1", "properties": {"tenant": "acme"}}},
    "about something made up": {"resource": {"type": "spaceship", "id": "1", "properties": {"tenant": "acme"}}},
}
NOW = 1_780_470_000.25


def outcome_of(change: dict[str, Any]) -> Outcome:
    question = {name: value for name, value in {**FLAT, **change}.items() if value is not None}
    return World().pdp.decide(request_from_flat(question))


def written(outcome: Outcome, folder: Path, request_id: str = "r-1", as_of: str = "") -> tuple[dict[str, Any], str]:
    record = decision_record(
        outcome, circumstances(Asking("desk", request_id), "registry", NOW, as_of), Pseudonyms(folder)
    )
    assert record.body.isascii()
    return json.loads(b"{%b}" % record.body), record.network


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_record_says_what_the_answer_said(question: str, tmp_path: Path) -> None:
    outcome = outcome_of(QUESTIONS[question])
    decision, request = outcome.decision, outcome.request
    said, network = written(outcome, tmp_path)

    assert list(said) == [name for name in MEMBERS if name in said]
    assert None not in said.values()
    always = {
        "kind": "decision", "id": outcome.decision_id, "at": "2026-06-03T07:00:00.250000Z", "caller": "desk",
        "channel": request.channel, "assurance": request.assurance, "decision": decision.allowed,
        "reason": decision.reason, "policy": outcome.policy_revision, "registry": 7, "registry_id": "registry",
        "request_id": "r-1", "took_us": outcome.took_us,
    }  # fmt: skip
    sometimes = {
        "set": decision.generation and decision.generation.definition.id, "tenant": decision.tenant and "acme",
        "action": decision.action, "fact": decision.fact, "rule": decision.rule,
        "network_rule": decision.network_rule, "annex": decision.annex and 1,
        "role": decision.contact and decision.contact.role,
        "ip_ref": decision.allowed and decision.network_rule and "203.0.113.0/24",
    }  # fmt: skip
    assert {**always, **{name: value for name, value in sometimes.items() if value}}.items() <= said.items()
    assert not {name for name, value in sometimes.items() if not value} & set(said)
    assert network == ("198.51.100.0/24" if question == "from elsewhere" else network)
    assert ("subject_ref" in said) is (decision.contact is None)  # these contacts have no key
    assert ("resource_ref" in said) is ("resource" in QUESTIONS[question])
    if decision.cell is not None:
        assert said["facts"] == {fact: bool(decision.mask >> at & 1) for at, fact in enumerate(decision.cell.facts)}


def test_a_made_up_resource_type_is_not_kept(tmp_path: Path) -> None:
    said, _ = written(
        outcome_of({"resource": {"type": "ticket", "id": "1", "properties": {"tenant": "acme"}}}), tmp_path
    )
    made_up = outcome_of({})
    other, _ = written(made_up._replace(request=made_up.request._replace(resource_type="secret")), tmp_path)

    assert said["resource_type"] == "ticket"
    assert other["resource_type"] == "other"


def test_unknown_facts_and_the_past_are_told(tmp_path: Path) -> None:
    outcome = outcome_of({"ip": INSIDE})
    unsure = outcome._replace(decision=outcome.decision._replace(unknown=2, allowed=False, reason=Reason.FACT_UNKNOWN))
    said, network = written(unsure, tmp_path, request_id="", as_of="2026-01-01T00:00:00.000000Z")

    assert said["facts"] == {"network_ok": True, "sender_ok": "unknown"}
    assert said["as_of"] == "2026-01-01T00:00:00.000000Z"
    assert "request_id" not in said
    assert network == "203.0.113.0/24"


def test_no_word_breaks_out_of_its_member(tmp_path: Path) -> None:
    outcome = outcome_of({})
    odd = 'a","decision":false,"x":"\n\u2028é\x00'
    said, _ = written(outcome._replace(decision=outcome.decision._replace(rule=odd)), tmp_path, request_id=odd)

    assert (said["rule"], said["request_id"], said["decision"]) == (odd, odd, True)


@given(st.floats(0, 4e9))
def test_an_instant_is_that_of_the_standard_library(seconds: float) -> None:
    read = dt.datetime.fromisoformat(instant(seconds))

    assert abs(read - dt.datetime.fromtimestamp(seconds, dt.UTC)) <= dt.timedelta(microseconds=1)
    assert len(instant(seconds)) == len("2026-06-03T07:00:00.250000Z")


def test_an_instant_is_now() -> None:
    now = time.time()

    assert abs(dt.datetime.fromisoformat(instant(now)).timestamp() - now) < 1e-5

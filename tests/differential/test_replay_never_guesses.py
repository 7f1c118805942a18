"""On random worlds: what replay tells of a recorded question is what the decision point answers under the new rules."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from authz.borne_out import held_against
from authz.core.directory import Directory, Tenant
from authz.core.generation import Generation
from authz.core.outcome import Outcome
from authz.core.types import Request
from authz.legal_holidays import legal_holidays
from authz.log.lines.pseudonyms import Pseudonyms
from authz.log.lines.record import Asking, circumstances, decision_record
from authz.pdp import Pdp
from authz.replay import Verdict, rejudge
from tests.differential.test_decide_equals_reference import generation
from tests.differential.worlds import directory, random_question, random_world, request

QUESTIONS_PER_WORLD = 30
seeds = st.integers(0, 2**63)


class Rules:
    def __init__(self, live: Generation) -> None:
        self._live = {"world": live}

    def current(self) -> Mapping[str, Generation]:
        return self._live


def answered(live: Generation, people: Directory, asked: Request, at: float) -> Outcome:
    return Pdp(Rules(live), lambda: people, legal_holidays).decide(asked, at)


def recorded(rng: Random, outcome: Outcome) -> dict[str, Any]:
    """The record as it is read back: with the network of a refused address, or with that deleted already."""
    record = decision_record(outcome, circumstances(Asking("k1"), "r", outcome.at), Pseudonyms(Path("no such folder")))
    members: dict[str, Any] = json.loads(b"{" + record.body + b"}")
    if record.network:
        members["ip_ref"] = "sum:" + "0" * 32
        if rng.random() < 0.7:
            members["ip_network"] = record.network
    return members


def some_want_mails_confirmed(rng: Random, people: Directory) -> Directory:
    return Directory(
        Tenant(
            one.id, one.set_id, one.name, one.annexes,
            attributes=rng.choice([{}, {"email_requests": "confirm"}, {"email_requests": "deny"}]),
        )
        for one in people.tenants.values()
    )  # fmt: skip


def test_what_replay_tells_is_what_would_be_answered() -> None:
    told: Counter[str] = Counter()

    @settings(deadline=None, suppress_health_check=list(HealthCheck))
    @given(seed=seeds)
    def agree(seed: int) -> None:
        rng = Random(seed)
        world, other = random_world(rng), random_world(rng)
        part = rng.random()
        changed = replace(
            world,
            lines=other.lines if part < 0.7 else world.lines,
            networks=other.networks if part > 0.4 else world.networks,
            high_risk=other.high_risk if rng.random() < 0.5 else world.high_risk,
        )
        then, now = generation(world), generation(changed)
        people = some_want_mails_confirmed(rng, directory(world))
        for _ in range(QUESTIONS_PER_WORLD):
            question = random_question(rng, world)
            asked, at = request(question), question.at.timestamp()
            members = recorded(rng, answered(then, people, asked, at))
            truth = answered(now, people, asked, at).decision.allowed

            for at_hand in (True, False):
                found = rejudge(members, {"world": now}, lambda *_: then if at_hand else None)  # noqa: B023 - used at once
                told[f"{found.verdict} {at_hand}"] += 1
                assert found.was is members["decision"]
                assert found.now in (None, truth), (at_hand, members, found)
                assert (found.now is None) is (found.verdict is Verdict.UNTOLD)
                assert found.verdict is Verdict.UNTOLD or (found.verdict is Verdict.SAME) is (found.was is truth)

    agree()

    assert told["untold True"] <= told["untold False"] <= 0.3 * told.total(), told
    assert told["otherwise True"] >= told["otherwise False"] >= 0.02 * told.total(), told


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=seeds)
def test_rules_that_only_read_differently_change_no_answer(seed: int) -> None:
    rng = Random(seed)
    world = random_world(rng)
    then = generation(world)
    now = generation(replace(world, lines=tuple(reversed(world.lines))))
    people = some_want_mails_confirmed(rng, directory(world))
    for _ in range(QUESTIONS_PER_WORLD):
        question = random_question(rng, world)
        members = recorded(rng, answered(then, people, request(question), question.at.timestamp()))

        found = rejudge(members, {"world": now}, lambda *_: then)

        assert found.verdict is not Verdict.OTHERWISE
        if members["reason"] not in ("action_unknown", "channel_not_allowed"):
            assert found.verdict is Verdict.SAME, (members, found)


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=seeds)
def test_the_rules_of_an_answer_bear_it_out(seed: int) -> None:
    rng = Random(seed)
    world = random_world(rng)
    live, people = generation(world), some_want_mails_confirmed(rng, directory(world))
    for _ in range(QUESTIONS_PER_WORLD):
        question = random_question(rng, world)
        members = recorded(rng, answered(live, people, request(question), question.at.timestamp()))

        assert held_against(members, live).differences == (), members
        if "facts" in members:
            turned = {**members, "decision": not members["decision"]}
            assert held_against(turned, live).differences, turned

"""`decide`, the compiled table and plain `Enforcer.enforce` agree with the reference on random worlds (R1..R7)."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import casbin
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from authz.core.decide import decide
from authz.core.generation import Generation
from authz.core.types import Reason
from authz.policy.bundle import Bundle, bundle_revision
from authz.policy.compile import compile_set
from authz.policy.live import generation_of
from authz.policy.parse import parse_set
from tests.differential import reference
from tests.differential.worlds import (
    ACTIONS,
    FACTS,
    ROLES,
    TENANTS,
    directory,
    policy_files,
    random_question,
    random_world,
    request,
)

MODEL = (Path(__file__).parents[2] / "model.conf").read_bytes()
BUILT_INS = ("network_ok", "sender_ok")
QUESTIONS_PER_WORLD = 40
seeds = st.integers(0, 2**63)


def generation(world: reference.World) -> Generation:
    files = policy_files(world)
    bundle = Bundle("world", files, MODEL, bundle_revision(files, MODEL), "policies/world")
    return generation_of(compile_set(parse_set(bundle)))


def test_decide_gives_the_answer_and_the_reason_of_the_reference() -> None:
    seen: Counter[str] = Counter()

    @settings(deadline=None, suppress_health_check=list(HealthCheck))
    @given(seed=seeds)
    def agree(seed: int) -> None:
        rng = Random(seed)
        world = random_world(rng)
        live, people = generation(world), directory(world)
        for _ in range(QUESTIONS_PER_WORLD):
            question = random_question(rng, world)

            decision = decide(request(question), people, {"world": live}, question.at.timestamp())

            allowed, reason = reference.answer(world, question)
            assert decision.allowed is allowed, (question, decision)
            if reason != "judge":
                assert decision.reason == reason, (question, decision)
            else:
                assert decision.reason not in (Reason.PERMITTED, Reason.ROLE_NOT_PERMITTED), (question, decision)
            seen[reason] += 1

    agree()

    assert seen["permitted"] >= 0.3 * seen.total(), seen


def plain_enforcer(world: reference.World) -> casbin.Enforcer:
    """Casbin as its own documentation would have it used: every line of the set in one enforcer."""
    model = casbin.Model()
    model.load_model_from_text(MODEL.decode())
    enforcer = casbin.Enforcer(model)
    enforcer.add_function("holds", lambda when, facts: when == "-" or set(when.split(" + ")) <= facts)
    enforcer.add_function("inNetwork", lambda _address, _network: False)
    for number, line in enumerate(world.lines):
        when = " + ".join(sorted(line.facts)) or "-"
        model["p"]["p"].policy.append([line.tenant, line.role, line.action, when, line.effect, str(number)])
    return enforcer


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=seeds)
def test_every_cell_of_the_table_is_what_plain_enforce_and_the_reference_answer(seed: int) -> None:
    world = random_world(Random(seed))
    table = generation(world).table
    enforcer = plain_enforcer(world)

    for tenant in (*TENANTS, "nobody-knows"):
        for role in ROLES:
            for action in ACTIONS:
                cell = table.cell(tenant, role, action)
                assert cell is not None
                for true_facts in map(frozenset, reference.subsets([*BUILT_INS, *FACTS])):
                    mask = sum(1 << at for at, fact in enumerate(cell.facts) if fact in true_facts)
                    plain = enforcer.enforce(tenant, role, action, true_facts)
                    assert cell.answers[mask].allowed is plain
                    assert plain is reference.allows(world, tenant, role, action, true_facts)


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=seeds)
def test_what_is_said_to_be_missing_would_indeed_be_enough(seed: int) -> None:
    world = random_world(Random(seed))
    table = generation(world).table

    for role in ROLES:
        for action in ACTIONS:
            cell = table.cell(TENANTS[0], role, action)
            assert cell is not None
            for mask, answer in enumerate(cell.answers):
                if answer.missing:
                    assert cell.answers[(mask | answer.wanted) & ~answer.unwanted].allowed
                elif not answer.allowed:
                    assert not any(other.allowed for other in cell.answers)

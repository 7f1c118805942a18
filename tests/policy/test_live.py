"""A compiled set as a worker loads it."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from pathlib import Path

import pytest

from authz.policy.bundle import read_bundle
from authz.policy.compile import compile_set
from authz.policy.compiled import CompiledSet
from authz.policy.document import decode, encode
from authz.policy.live import generation_of
from authz.policy.parse import parse_set
from tests.policy.small_set import MODEL, NETWORKS, write_set


@pytest.fixture
def compiled(tmp_path: Path) -> CompiledSet:
    return compile_set(parse_set(read_bundle(write_set(tmp_path), MODEL)))


def test_a_generation_decides_alike_before_and_after_it_was_on_disk(compiled: CompiledSet) -> None:
    fresh, loaded = generation_of(compiled), generation_of(decode(encode(compiled)))

    assert loaded.definition == fresh.definition
    assert loaded.revision == fresh.revision == compiled.revision
    assert loaded.words == {"borrow": "borrow", "discard": "discard", "take-out": "borrow"}
    for role in compiled.definition.roles:
        for action in compiled.definition.actions:
            here, there = fresh.table.cell("north", role, action), loaded.table.cell("north", role, action)
            assert here is not None
            assert there is not None
            assert (here.facts, here.answers) == (there.facts, there.answers)
    assert fresh.table.cell("north", "nobody", "borrow") is None


def test_days_and_facts_are_those_of_the_sets_time_zone(compiled: CompiledSet) -> None:
    generation = generation_of(compiled)
    last_second = dt.datetime(2026, 12, 31, 21, 59, 59, tzinfo=dt.UTC).timestamp()

    assert generation.local_day.ordinal(last_second) == dt.date(2026, 12, 31).toordinal()
    assert generation.local_day.ordinal(last_second + 1) == dt.date(2027, 1, 1).toordinal()
    assert generation.facts("card_valid", {"today": 1, "tenant.card.until": 1}) is True
    assert generation.facts("card_valid", {"today": 2, "tenant.card.until": 1}) is False
    assert generation.facts("card_valid", {"today": 2}) is None


def test_networks_of_tenants_whose_lines_are_the_same_are_taken_over(tmp_path: Path, compiled: CompiledSet) -> None:
    before = generation_of(compiled)
    folder = write_set(tmp_path / "next")
    (folder / "networks" / "south.csv").write_text("p2, south, any, allow\n")
    same = generation_of(compile_set(parse_set(read_bundle(folder, MODEL))), before)
    (folder / "networks" / "north.csv").write_text(NETWORKS.replace("/24", "/25"))
    changed = generation_of(compile_set(parse_set(read_bundle(folder, MODEL))), same)

    assert same.networks["north"] is before.networks["north"]
    assert changed.networks["north"] is not same.networks["north"]
    assert changed.networks["south"] is same.networks["south"]
    assert set(generation_of(compiled, changed).networks) == {"north"}


def test_a_compiled_set_that_never_passed_the_checks_does_not_load(compiled: CompiledSet) -> None:
    facts = {"card_valid": compiled.definition.facts["card_valid"]._replace(expression="tenant.card.until")}

    with pytest.raises(ValueError, match="card_valid"):
        generation_of(compiled._replace(definition=compiled.definition._replace(facts=facts)))


def test_a_worker_loads_without_casbin_and_without_the_compiler() -> None:
    question = (
        "import sys, authz.policy.generations.store; "
        "print([name for name in sys.modules if name.partition('.')[0] in ('casbin', 'simpleeval', 'watchfiles') "
        "or name in ('authz.policy.compile', 'authz.policy.parse', 'authz.policy.pipeline')])"
    )
    done = subprocess.run([sys.executable, "-c", question], capture_output=True, check=True, text=True)

    assert done.stdout.strip() == "[]"

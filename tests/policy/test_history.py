"""Which generation was in force when: recorded once, never cleared away, and never guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from authz.policy.compiled import CompiledSet
from authz.policy.generations.files import KEPT, GenerationFiles
from authz.policy.generations.history import BeforeHistory, HistoryDamaged
from authz.policy.generations.past import PastPolicies
from authz.policy.generations.store import PolicyStore
from tests.policy.conftest import Clock, Revise


def publish(data: Path, compiled: CompiledSet, at: float) -> None:
    PolicyStore(data, Clock(at)).publish(compiled)


def record(data: Path) -> Path:
    return data / "generations" / "library" / "history.jsonl"


def revision_at(data: Path, at: float) -> str:
    return PastPolicies(data).in_force(at).generations["library"].revision


def test_each_instant_has_the_generation_that_was_current_then(tmp_path: Path, revise: Revise) -> None:
    for number, at in ((0, 1000.0), (1, 2000.0), (0, 3000.0)):
        publish(tmp_path, revise(number), at)

    assert [revision_at(tmp_path, at) for at in (1000.0, 1999.9, 2000.0, 2999.9, 3000.0, 9e9)] == [
        revise(number).revision for number in (0, 0, 1, 1, 0, 0)
    ]
    assert PastPolicies(tmp_path).in_force(2500.0).since == {"library": 2000.0}


def test_before_the_first_recorded_generation_nothing_is_guessed(tmp_path: Path, revise: Revise) -> None:
    with pytest.raises(BeforeHistory):
        PastPolicies(tmp_path).in_force(5000.0)
    assert PastPolicies(tmp_path).recorded() is False

    publish(tmp_path, revise(0), 1000.0)

    with pytest.raises(BeforeHistory):
        PastPolicies(tmp_path).in_force(999.9)
    assert PastPolicies(tmp_path).recorded() is True


def test_generations_stay_however_many_follow(tmp_path: Path, revise: Revise) -> None:
    for number in range(KEPT + 3):
        publish(tmp_path, revise(number), 1000.0 + number)
    PolicyStore(tmp_path).tidy()

    past = PastPolicies(tmp_path)
    for number in range(KEPT + 3):
        assert past.in_force(1000.0 + number).generations["library"].revision == revise(number).revision


def test_publishing_the_same_again_is_no_new_line(tmp_path: Path, revise: Revise) -> None:
    publish(tmp_path, revise(0), 1000.0)
    before = record(tmp_path).read_bytes()
    publish(tmp_path, revise(0), 2000.0)

    assert record(tmp_path).read_bytes() == before


def test_an_activation_that_a_killed_builder_did_not_record_is_recorded_by_the_next(
    tmp_path: Path, revise: Revise
) -> None:
    publish(tmp_path, revise(0), 1000.0)
    publish(tmp_path, revise(1), 2000.0)
    lines = record(tmp_path).read_bytes().splitlines(keepends=True)
    record(tmp_path).write_bytes(lines[0])

    publish(tmp_path, revise(1), 3000.0)
    assert revision_at(tmp_path, 2500.0) == revise(1).revision

    record(tmp_path).write_bytes(lines[0])
    publish(tmp_path, revise(2), 4000.0)
    assert revision_at(tmp_path, 2500.0) == revise(1).revision
    assert revision_at(tmp_path, 4000.0) == revise(2).revision


def test_a_line_cut_short_is_written_again_and_spoils_nothing(tmp_path: Path, revise: Revise) -> None:
    publish(tmp_path, revise(0), 1000.0)
    publish(tmp_path, revise(1), 2000.0)
    record(tmp_path).write_bytes(record(tmp_path).read_bytes()[:-20])

    with pytest.raises(HistoryDamaged):
        revision_at(tmp_path, 2500.0)

    publish(tmp_path, revise(1), 3000.0)
    assert revision_at(tmp_path, 1500.0) == revise(0).revision
    assert revision_at(tmp_path, 2500.0) == revise(1).revision


def test_where_a_line_is_damaged_only_the_time_it_may_have_been_about_is_unknown(
    tmp_path: Path, revise: Revise
) -> None:
    for number in range(3):
        publish(tmp_path, revise(number), 1000.0 * (number + 1))
    lines = record(tmp_path).read_bytes().splitlines(keepends=True)
    record(tmp_path).write_bytes(lines[0] + lines[1].replace(b"2000.0", b"2500.0") + lines[2])

    assert revision_at(tmp_path, 3500.0) == revise(2).revision
    for at in (1500.0, 2500.0):
        with pytest.raises(HistoryDamaged):
            revision_at(tmp_path, at)
    with pytest.raises(BeforeHistory):
        revision_at(tmp_path, 500.0)


def test_a_generation_that_is_not_what_was_written_is_not_used(tmp_path: Path, revise: Revise) -> None:
    publish(tmp_path, revise(0), 1000.0)
    for number in range(1, KEPT + 2):
        publish(tmp_path, revise(number), 1000.0 + number)
    files = GenerationFiles(tmp_path / "generations", "library")
    entry = files.history.in_force(1000.0)
    kept = tmp_path / "generations" / "library" / "history" / f"{entry.checksum}.json.gz"
    kept.write_bytes(kept.read_bytes()[:-30])

    with pytest.raises(HistoryDamaged):
        revision_at(tmp_path, 1000.0)
    assert revision_at(tmp_path, 1001.0) == revise(1).revision


def test_a_generation_is_found_again_by_its_revision(tmp_path: Path, revise: Revise) -> None:
    for number in (1, 2, 3):
        publish(tmp_path, revise(number), 1000.0 * number)
    past = PastPolicies(tmp_path)
    wanted = revision_at(tmp_path, 1500)

    found = past.of_revision("library", wanted)

    assert found is not None
    assert found.revision == wanted
    assert len(found.networks["north"].lines) + 1 == len(
        past.in_force(2500).generations["library"].networks["north"].lines
    )
    assert past.of_revision("library", "sha256:none") is None
    assert past.of_revision("../library", wanted) is None

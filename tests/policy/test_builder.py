"""The builder's looks, one at a time, with real files and a clock of our own."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from authz.policy.compiled import CompiledSet
from authz.policy.generations.builder import QUIET_S, UNREST_S, Builder, Place
from authz.policy.generations.store import PolicyStore, SetStatus
from tests.policy.small_set import MATRIX, NETWORKS, TESTS, write_checkout, write_set

REST_S = QUIET_S + 0.1
"""Seconds after which files that did not change are at rest."""


class Ticks:
    """Monotonic seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Workshop(NamedTuple):
    """A checkout, a builder that looks at it, and a worker that loads what it publishes."""

    policies: Path
    builder: Builder
    worker: PolicyStore
    ticks: Ticks

    def look(self, seconds: float = 0.0) -> bool:
        """Let `seconds` pass, look once, and let the worker follow."""
        self.ticks.now += seconds
        restless = self.builder.look()
        self.worker.refresh()
        return restless

    def settle(self) -> None:
        """Two looks with a rest between them."""
        self.look()
        assert self.look(REST_S) is False

    def status(self, set_id: str = "library") -> SetStatus:
        return self.worker.status()[set_id]

    def revision(self, set_id: str = "library") -> str:
        return self.worker.current()[set_id].revision


@pytest.fixture
def open_workshop(tmp_path: Path) -> Callable[..., Workshop]:
    def opened(*set_ids: str) -> Workshop:
        policies = write_checkout(tmp_path, *set_ids)
        data, ticks = tmp_path / "data", Ticks()
        builder = Builder(Place(policies, tmp_path / "none.conf"), PolicyStore(data), data / "cache", ticks)
        workshop = Workshop(policies, builder, PolicyStore(data), ticks)
        assert workshop.look() is False
        return workshop

    return opened


@pytest.fixture
def workshop(open_workshop: Callable[..., Workshop]) -> Workshop:
    return open_workshop("library")


def test_what_is_there_at_the_start_is_built_at_the_first_look(workshop: Workshop) -> None:
    assert workshop.status()["stale"] is False
    assert workshop.status()["revision"] == workshop.revision()


def test_a_changed_file_goes_live_once_it_is_at_rest(workshop: Workshop) -> None:
    before = workshop.revision()
    networks = workshop.policies / "library" / "networks" / "north.csv"
    networks.write_text(NETWORKS + "p2, north, 203.0.113.67/32, deny\n")

    assert workshop.look() is True
    assert workshop.revision() == before
    assert workshop.look(REST_S) is False

    assert workshop.revision() != before
    assert workshop.status()["stale"] is False
    assert [line.network for line in workshop.worker.current()["library"].networks["north"].lines][
        -1
    ] == "203.0.113.67/32"


def test_a_file_that_is_being_written_is_not_read_but_reported(workshop: Workshop) -> None:
    before = workshop.revision()
    tests = workshop.policies / "library" / "tests.yaml"
    seconds = 0.0
    for size in range(100, len(TESTS), 60):
        tests.write_text(TESTS[:size])
        assert workshop.look(0.25) is True
        seconds += 0.25
        assert workshop.revision() == before
        assert workshop.status()["problems"] == []
        assert workshop.status()["stale"] is (seconds - 0.25 >= UNREST_S)

    tests.write_text(TESTS)
    workshop.settle()

    assert workshop.revision() == before
    assert workshop.status()["stale"] is False

    tests.write_text(TESTS + "# written to the end\n")
    workshop.settle()

    assert workshop.revision() != before
    assert workshop.status()["stale"] is False


def test_files_that_are_not_fit_never_go_live_and_every_problem_is_told(workshop: Workshop) -> None:
    before = workshop.revision()
    folder = workshop.policies / "library"
    (folder / "matrix.csv").write_text(MATRIX.replace("keeper, discard", "keepr, discard"))
    (folder / "networks" / "north.csv").write_text(NETWORKS.replace("203.0.113.0/24", "203.0.113.7/24"))
    workshop.settle()

    status = workshop.status()
    assert (workshop.revision(), status["stale"]) == (before, True)
    assert any(problem.startswith("policies/library/matrix.csv:5:") for problem in status["problems"])
    assert any(problem.startswith("policies/library/networks/north.csv:1:") for problem in status["problems"])

    (folder / "matrix.csv").write_text(MATRIX)
    (folder / "networks" / "north.csv").write_text(NETWORKS)
    workshop.settle()

    assert workshop.status()["stale"] is False
    assert workshop.status()["problems"] == []
    assert workshop.revision() == before


def test_a_case_that_fails_keeps_the_set_from_going_live(workshop: Workshop) -> None:
    before = workshop.revision()
    deny = "p, *, reader, borrow, -, deny\n"
    (workshop.policies / "library" / "matrix.csv").write_text(MATRIX + deny)
    workshop.settle()

    assert workshop.revision() == before
    assert [problem.partition(" ")[0] for problem in workshop.status()["problems"]]
    assert "policies/library/" in workshop.status()["problems"][0]


def test_a_file_that_was_only_touched_changes_nothing(workshop: Workshop) -> None:
    since = workshop.worker.current()
    (workshop.policies / "library" / "matrix.csv").touch()
    workshop.settle()

    assert workshop.worker.current() is since
    assert workshop.status()["stale"] is False


def test_a_set_that_disappears_keeps_answering_and_is_stale_until_it_is_back(workshop: Workshop) -> None:
    folder, away = workshop.policies / "library", workshop.policies.parent / "away"
    folder.rename(away)
    workshop.look()

    assert "library" in workshop.worker.current()
    assert workshop.status()["stale"] is True
    assert "folder is gone" in workshop.status()["problems"][0]

    away.rename(folder)
    workshop.settle()

    assert workshop.status()["stale"] is False


def test_without_the_policies_folder_every_set_is_stale_and_answers(open_workshop: Callable[..., Workshop]) -> None:
    workshop = open_workshop("library", "archive")
    shutil.rmtree(workshop.policies)
    workshop.look()

    assert set(workshop.worker.current()) == {"library", "archive"}
    assert all(status["stale"] for status in workshop.worker.status().values())


def test_one_sets_mistake_is_no_other_sets_concern(open_workshop: Callable[..., Workshop]) -> None:
    workshop = open_workshop("library", "archive")
    archive = workshop.worker.current()["archive"]
    (workshop.policies / "library" / "set.yaml").write_text("title: [")
    workshop.settle()

    assert workshop.status("library")["stale"] is True
    assert workshop.status("archive")["stale"] is False
    assert workshop.worker.current()["archive"] is archive


def test_a_model_that_is_not_fit_stops_every_set(open_workshop: Callable[..., Workshop]) -> None:
    workshop = open_workshop("library", "archive")
    model = workshop.policies.parent / "model.conf"
    model.write_text(model.read_text().replace("&& !some(where (p.eft == deny))", ""))
    workshop.settle()

    assert {set_id for set_id, status in workshop.worker.status().items() if status["stale"]} == {"library", "archive"}
    assert workshop.status()["problems"][0].startswith("model.conf:")


def test_a_new_set_goes_live_when_it_is_whole(workshop: Workshop) -> None:
    write_set(workshop.policies, "archive")
    assert workshop.look() is True
    assert "archive" not in workshop.worker.current()
    assert workshop.look(REST_S) is False

    assert set(workshop.worker.current()) == {"library", "archive"}


def test_a_set_that_was_never_good_is_reported_and_does_not_answer(workshop: Workshop) -> None:
    (workshop.policies / "Bad Name").mkdir()
    workshop.settle()

    assert set(workshop.worker.current()) == {"library"}
    (unfit,) = [status for set_id, status in workshop.worker.status().items() if set_id != "library"]
    assert unfit["revision"] == ""
    assert unfit["stale"] is True
    assert any("not a set's name" in problem for problem in unfit["problems"])


def test_a_set_that_was_never_good_is_forgotten_with_its_folder(workshop: Workshop) -> None:
    stray = workshop.policies / "stray"
    stray.mkdir()
    workshop.settle()
    assert workshop.status("stray")["stale"] is True

    stray.rmdir()
    workshop.settle()

    assert set(workshop.worker.status()) == {"library"}
    assert workshop.status()["stale"] is False


def test_a_builder_that_starts_again_finds_its_sets_live_and_activates_nothing(
    workshop: Workshop, tmp_path: Path
) -> None:
    before = (tmp_path / "data" / "generations" / "library" / "pointer.json").read_bytes()
    place = Place(workshop.policies, tmp_path / "none.conf")
    Builder(place, PolicyStore(tmp_path / "data"), tmp_path / "data" / "cache").look()

    assert (tmp_path / "data" / "generations" / "library" / "pointer.json").read_bytes() == before


def test_a_change_made_while_no_builder_ran_is_found_at_its_start(workshop: Workshop, tmp_path: Path) -> None:
    before = workshop.revision()
    (workshop.policies / "library" / "networks" / "north.csv").write_text(NETWORKS.replace("/24", "/25"))
    place = Place(workshop.policies, tmp_path / "none.conf")
    Builder(place, PolicyStore(tmp_path / "data"), tmp_path / "data" / "cache").look()
    workshop.worker.refresh()

    assert workshop.revision() != before


def test_every_changed_set_is_known_to_be_stale_before_the_first_is_compiled(
    open_workshop: Callable[..., Workshop], tmp_path: Path
) -> None:
    workshop = open_workshop("archive", "library")
    for set_id in ("archive", "library"):
        (workshop.policies / set_id / "networks" / "north.csv").write_text(NETWORKS.replace("/24", "/25"))
    stale: list[set[str]] = []

    class Watching(PolicyStore):
        def publish(self, compiled: CompiledSet) -> bool:
            workshop.worker.refresh()
            stale.append({set_id for set_id, status in workshop.worker.status().items() if status["stale"]})
            return super().publish(compiled)

    Builder(Place(workshop.policies, tmp_path), Watching(tmp_path / "data"), None).look()

    assert stale == [{"archive", "library"}, {"library"}]


def test_a_data_folder_that_cannot_be_written_is_an_error_of_the_look_and_tried_again(
    workshop: Workshop, tmp_path: Path
) -> None:
    before = workshop.revision()
    generations, aside = tmp_path / "data" / "generations" / "library", tmp_path / "aside"
    generations.rename(aside)
    generations.write_text("a file where the folder was")
    (workshop.policies / "library" / "networks" / "north.csv").write_text(NETWORKS.replace("/24", "/25"))
    workshop.look()
    with pytest.raises(OSError, match="exists|directory"):
        workshop.look(REST_S)

    generations.unlink()
    aside.rename(generations)
    assert workshop.look(REST_S) is False
    assert workshop.revision() != before
    assert workshop.status()["stale"] is False

"""Generations on disk: whole or not there, one step back when damaged, and always with a word on how they stand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from authz.core.generation import Generation
from authz.errors import Problem
from authz.policy.bundle import read_bundle
from authz.policy.disk import sealed, unsealed, write_whole
from authz.policy.generations import store as store_module
from authz.policy.generations.builder_lock import BuilderLock
from authz.policy.generations.files import KEPT, GenerationFiles, known_sets
from authz.policy.generations.store import BUILDER_GRACE_S, BUILDER_SILENCE_S, RETRY_S, PolicyStore
from authz.policy.live import generation_of
from authz.policy.pipeline import build_set
from tests.policy.conftest import Clock, Revise
from tests.policy.small_set import MODEL, write_set


def worker(data: Path, clock: Callable[[], float] | None = None) -> PolicyStore:
    """The store as a worker sees it that starts now."""
    store = PolicyStore(data, clock or Clock())
    store.refresh()
    return store


def pointer(data: Path) -> Path:
    return data / "generations" / "library" / "pointer.json"


def current_content(data: Path) -> Path:
    digest = unsealed(pointer(data).read_bytes())["entries"][0]["checksum"]
    return pointer(data).with_name(f"generation-{digest}.json")


def test_an_empty_data_folder_has_no_policy_and_is_no_error(tmp_path: Path) -> None:
    store = worker(tmp_path / "absent")

    assert dict(store.current()) == {}
    assert store.status() == {}
    assert store.refresh() is False


def test_what_is_published_is_what_workers_load(tmp_path: Path, revise: Revise) -> None:
    compiled = revise(0)

    assert PolicyStore(tmp_path, Clock()).publish(compiled) is True
    store = worker(tmp_path, Clock(1_780_000_060.0))

    generation = store.current()["library"]
    assert generation.revision == compiled.revision
    assert generation.definition == compiled.definition
    assert store.status() == {
        "library": {
            "revision": compiled.revision,
            "since": "2026-05-28T20:26:40+00:00",
            "age_s": 60.0,
            "stale": False,
            "problems": [],
        }
    }


def test_a_running_worker_takes_the_next_generation_at_its_next_look_and_no_other(
    tmp_path: Path, revise: Revise
) -> None:
    builder = PolicyStore(tmp_path)
    builder.publish(revise(0))
    store = worker(tmp_path)
    before = store.current()

    assert store.refresh() is False
    assert store.current() is before

    builder.publish(revise(1))
    assert store.current() is before
    assert store.refresh() is True
    assert store.current()["library"].revision == revise(1).revision
    assert before["library"].revision == revise(0).revision


def test_no_revision_is_told_before_it_answers(tmp_path: Path, revise: Revise) -> None:
    PolicyStore(tmp_path).publish(revise(0))
    ended = BuilderLock(tmp_path)
    ended.take()
    ended.release()
    told: list[str] = []

    class Watching(Clock):
        """A store without a builder reads its clock in the middle of a look; whoever asks at that moment sees this."""

        asking = False

        def __call__(self) -> float:
            if not self.asking:
                self.asking = True
                for set_id, status in store.status().items():
                    if status["revision"]:
                        told.append(status["revision"])
                        assert store.current()[set_id].revision == status["revision"]
                self.asking = False
            return super().__call__()

    store = PolicyStore(tmp_path, Watching())
    store.refresh()

    assert set(told) == {revise(0).revision}


def test_no_set_is_told_to_be_good_while_another_that_was_reported_is_not_known(
    tmp_path: Path, revise: Revise, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that is slow to look: between its list of the sets and what they say the builder has come far."""
    builder = PolicyStore(tmp_path)
    builder.report_pending("library", revise(0).revision)

    def slowly(root: Path) -> list[str]:
        before = known_sets(root)
        builder.report_pending("archive", "sha256:00")
        builder.publish(revise(0))
        return before

    monkeypatch.setattr(store_module, "known_sets", slowly)
    store = worker(tmp_path)

    assert {set_id: bool(status["revision"]) for set_id, status in store.status().items()} == {
        "library": True, "archive": False
    }  # fmt: skip


def test_what_is_reported_of_every_set_is_known_before_the_first_is_loaded(
    tmp_path: Path, revise: Revise, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody may ask for the status in the middle of a look."""
    builder = PolicyStore(tmp_path)
    builder.publish(revise(0))
    builder.report_pending("reserve", "sha256:00")
    told: list[set[str]] = []

    def loaded(*parts: Any) -> Generation:
        told.append(set(store.status()))
        return generation_of(*parts)

    monkeypatch.setattr(store_module, "generation_of", loaded)
    store = PolicyStore(tmp_path)
    store.refresh()

    assert told == [{"library", "reserve"}]


def test_publishing_the_same_again_changes_nothing(tmp_path: Path, revise: Revise) -> None:
    clock = Clock()
    builder = PolicyStore(tmp_path, clock)
    builder.publish(revise(0))
    written = pointer(tmp_path).read_bytes()
    clock.now += 100

    assert builder.publish(revise(0)) is False
    assert pointer(tmp_path).read_bytes() == written


def test_going_back_to_an_earlier_revision_is_an_activation_of_its_own(tmp_path: Path, revise: Revise) -> None:
    clock = Clock()
    builder = PolicyStore(tmp_path, clock)
    for number in (0, 1, 0):
        clock.now += 100
        assert builder.publish(revise(number)) is True

    status = worker(tmp_path, clock).status()["library"]
    assert status["revision"] == revise(0).revision
    assert status["age_s"] == 0.0


def test_only_a_few_generations_are_kept(tmp_path: Path, revise: Revise) -> None:
    builder = PolicyStore(tmp_path)
    for number in range(KEPT + 3):
        builder.publish(revise(number))

    kept = list(pointer(tmp_path).parent.glob("generation-*.json"))
    assert len(kept) <= KEPT + 1
    assert worker(tmp_path).current()["library"].revision == revise(KEPT + 2).revision


# ------------------------------------------------------------------------------------------------ damage


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


def flip_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def empty(path: Path) -> None:
    path.write_bytes(b"")


def remove(path: Path) -> None:
    path.unlink()


DAMAGES = pytest.mark.parametrize("damage", [cut_short, flip_a_byte, empty, remove])


@DAMAGES
@pytest.mark.parametrize("which", [pointer, current_content])
def test_a_damaged_current_generation_costs_one_step_back(
    tmp_path: Path, revise: Revise, damage: Callable[[Path], None], which: Callable[[Path], Path]
) -> None:
    builder = PolicyStore(tmp_path)
    builder.publish(revise(0))
    builder.publish(revise(1))
    damage(which(tmp_path))

    store = worker(tmp_path)

    assert store.current()["library"].revision == revise(0).revision
    status = store.status()["library"]
    assert status["stale"] is True
    assert status["problems"] == [
        "policies/library:0:0: the current generation on disk is damaged; the last one that could be read answers"
    ]


@DAMAGES
@pytest.mark.parametrize("which", [pointer, current_content])
def test_a_worker_that_already_runs_keeps_what_it_has(
    tmp_path: Path, revise: Revise, damage: Callable[[Path], None], which: Callable[[Path], Path]
) -> None:
    builder = PolicyStore(tmp_path)
    builder.publish(revise(0))
    builder.publish(revise(1))
    store = worker(tmp_path)
    damage(which(tmp_path))

    store.refresh()

    assert store.current()["library"].revision == revise(1).revision


@DAMAGES
@pytest.mark.parametrize("which", [pointer, current_content])
def test_the_builder_mends_what_is_damaged(
    tmp_path: Path, revise: Revise, damage: Callable[[Path], None], which: Callable[[Path], Path]
) -> None:
    builder = PolicyStore(tmp_path)
    builder.publish(revise(0))
    builder.publish(revise(1))
    damage(which(tmp_path))
    store = worker(tmp_path)

    assert PolicyStore(tmp_path).publish(revise(1)) is True
    assert store.refresh() is True
    assert store.current()["library"].revision == revise(1).revision
    assert store.status()["library"]["stale"] is False


def test_a_running_worker_steps_forward_to_the_newest_that_can_be_read(tmp_path: Path, revise: Revise) -> None:
    builder = PolicyStore(tmp_path)
    builder.publish(revise(0))
    store = worker(tmp_path)
    builder.publish(revise(1))
    builder.publish(revise(2))
    current_content(tmp_path).write_bytes(b"")

    assert store.refresh() is True
    assert store.current()["library"].revision == revise(1).revision
    assert store.status()["library"]["stale"] is True


def test_a_running_worker_whose_next_generation_is_damaged_says_so(tmp_path: Path, revise: Revise) -> None:
    builder = PolicyStore(tmp_path)
    builder.publish(revise(0))
    store = worker(tmp_path)
    before = store.current()
    builder.publish(revise(1))
    current_content(tmp_path).write_bytes(b"")

    assert store.refresh() is False
    assert store.current() is before
    assert "is damaged" in store.status()["library"]["problems"][0]


def test_a_passing_trouble_is_tried_again(tmp_path: Path, revise: Revise) -> None:
    builder = PolicyStore(tmp_path)
    builder.publish(revise(0))
    builder.publish(revise(1))
    content, away = current_content(tmp_path), tmp_path / "away"
    content.rename(away)
    clock = Clock()
    store = worker(tmp_path, clock)
    assert store.current()["library"].revision == revise(0).revision

    away.rename(content)
    assert store.refresh() is False
    clock.now += RETRY_S
    assert store.refresh() is True
    assert store.current()["library"].revision == revise(1).revision
    assert store.status()["library"]["stale"] is False


def test_with_nothing_left_to_read_there_is_no_answer_and_the_status_says_so(tmp_path: Path, revise: Revise) -> None:
    PolicyStore(tmp_path).publish(revise(0))
    current_content(tmp_path).write_bytes(b"{}")

    store = worker(tmp_path)

    assert "library" not in store.current()
    status = store.status()["library"]
    assert (status["revision"], status["since"], status["age_s"], status["stale"]) == ("", "", None, True)
    assert status["problems"] == ["policies/library:0:0: no generation of this set can be read"]


def test_a_generation_with_the_right_checksum_that_cannot_be_loaded_is_stepped_over(
    tmp_path: Path, revise: Revise
) -> None:
    builder = PolicyStore(tmp_path)
    builder.publish(revise(0))
    unloadable = revise(1)._replace(definition=revise(1).definition._replace(time_zone="Nowhere/Else"))
    builder.publish(unloadable)

    store = worker(tmp_path)

    assert store.current()["library"].revision == revise(0).revision
    assert store.status()["library"]["stale"] is True
    assert "cannot be loaded" in store.status()["library"]["problems"][0]


def test_one_sets_damage_does_not_touch_the_others(tmp_path: Path, revise: Revise) -> None:
    builder = PolicyStore(tmp_path)
    builder.publish(revise(0))
    other = write_set(tmp_path / "policies", "archive")
    builder.publish(build_set(read_bundle(other, MODEL), None))
    current_content(tmp_path).unlink()

    store = worker(tmp_path)

    assert set(store.current()) == {"archive"}
    assert store.status()["archive"]["stale"] is False


# ------------------------------------------------------------------------------------------------ reports


def test_rejected_files_are_stale_with_every_problem_and_the_last_good_ones_answer(
    tmp_path: Path, revise: Revise
) -> None:
    builder = PolicyStore(tmp_path)
    builder.publish(revise(0))
    builder.report_rejected("library", "sha256:new", [Problem("policies/library/matrix.csv", 3, 1, "no such role")])

    store = worker(tmp_path)

    status = store.status()["library"]
    assert store.current()["library"].revision == revise(0).revision
    assert (status["revision"], status["stale"]) == (revise(0).revision, True)
    assert status["problems"] == ["policies/library/matrix.csv:3:1: no such role"]

    builder.publish(revise(0))
    store.refresh()
    assert store.status()["library"]["stale"] is False
    assert store.status()["library"]["problems"] == []


def test_a_set_that_was_never_good_is_known_by_its_problems(tmp_path: Path) -> None:
    PolicyStore(tmp_path).report_rejected("library", "", [Problem("policies/library", 0, 0, "cannot be read")])

    store = worker(tmp_path)

    assert dict(store.current()) == {}
    assert store.status()["library"]["revision"] == ""
    assert store.status()["library"]["stale"] is True
    assert store.status()["library"]["problems"] == ["policies/library:0:0: cannot be read"]


def test_pending_files_are_stale_before_anything_is_known_of_them(tmp_path: Path, revise: Revise) -> None:
    builder = PolicyStore(tmp_path)
    builder.publish(revise(0))
    builder.report_pending("library", "sha256:new")

    status = worker(tmp_path).status()["library"]
    assert (status["revision"], status["stale"], status["problems"]) == (revise(0).revision, True, [])

    builder.report_pending("library", revise(0).revision)
    assert worker(tmp_path).status()["library"]["stale"] is True


def test_a_report_that_could_not_be_read_once_is_read_at_the_next_look(
    tmp_path: Path, revise: Revise, monkeypatch: pytest.MonkeyPatch
) -> None:
    builder = PolicyStore(tmp_path)
    builder.publish(revise(0))
    builder.report_pending("library", "sha256:00")
    store = worker(tmp_path)
    builder.publish(revise(0))
    with monkeypatch.context() as troubled:
        troubled.setattr(GenerationFiles, "report", lambda _: None)
        store.refresh()

    assert store.status()["library"]["stale"] is True

    store.refresh()

    assert store.status()["library"]["stale"] is False


def test_a_set_that_is_gone_keeps_answering_and_is_stale(tmp_path: Path, revise: Revise) -> None:
    builder = PolicyStore(tmp_path)
    builder.publish(revise(0))
    builder.report_gone("library")

    store = worker(tmp_path)

    assert "library" in store.current()
    assert store.status()["library"]["stale"] is True
    assert "folder is gone" in store.status()["library"]["problems"][0]


def test_a_name_that_no_set_may_have_can_be_reported_and_leads_nowhere(tmp_path: Path) -> None:
    name = "..\\Bad Näme"
    PolicyStore(tmp_path).report_rejected(name, "", [Problem(f"policies/{name}", 0, 0, "is not a set's name")])

    store = worker(tmp_path)

    assert [list(status["problems"]) for status in store.status().values()] == [
        [f"policies/{name}:0:0: is not a set's name"]
    ]
    assert [path.name.partition("-")[0] for path in (tmp_path / "generations").iterdir()] == ["unfit"]


# ------------------------------------------------------------------------------------------------ builder's absence


def test_without_a_builder_every_set_becomes_stale_after_a_while(tmp_path: Path, revise: Revise) -> None:
    clock = Clock()
    lock = BuilderLock(tmp_path)
    assert lock.take()
    PolicyStore(tmp_path).publish(revise(0))
    clock.now = lock.last_beat() or 0.0
    store = worker(tmp_path, clock)
    assert store.status()["library"]["stale"] is False

    lock.release()
    store.refresh()
    assert store.status()["library"]["stale"] is False
    clock.now += BUILDER_GRACE_S + 1
    store.refresh()
    assert store.status()["library"]["problems"] == [
        "policies/library:0:0: no builder is running; changed files go unnoticed"
    ]

    assert lock.take()
    store.refresh()
    assert store.status()["library"]["stale"] is False


def test_a_builder_that_does_not_finish_a_look_is_noticed(tmp_path: Path, revise: Revise) -> None:
    lock = BuilderLock(tmp_path)
    assert lock.take()
    PolicyStore(tmp_path).publish(revise(0))
    clock = Clock(lock.last_beat() or 0.0)
    store = worker(tmp_path, clock)

    clock.now += BUILDER_SILENCE_S + 1
    assert store.status()["library"]["stale"] is True
    lock.beat()
    store.refresh()
    clock.now = lock.last_beat() or 0.0
    assert store.status()["library"]["stale"] is False
    lock.release()


def test_a_data_folder_takes_one_builder(tmp_path: Path) -> None:
    first, second = BuilderLock(tmp_path), BuilderLock(tmp_path)

    assert first.take()
    assert not second.take()
    assert first.is_held()
    assert second.is_held()
    first.release()
    assert not second.is_held()
    assert second.take()
    second.release()


# ------------------------------------------------------------------------------------------------ files


def test_a_file_that_cannot_be_written_whole_leaves_the_old_one_and_nothing_beside(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_whole(path, b"old")

    with pytest.raises(TypeError):
        write_whole(path, "not bytes")  # type: ignore[arg-type]

    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"document": 1, "checksum": "x"}', b"\xff", b"[" * 100_000])
def test_what_was_not_sealed_is_not_read(content: bytes) -> None:
    with pytest.raises(ValueError, match="sealed|checksum"):
        unsealed(content)


def test_a_sealed_document_comes_back_and_no_other() -> None:
    content = sealed({"a": [1, "ă"]})

    assert unsealed(content) == {"a": [1, "ă"]}
    with pytest.raises(ValueError, match="checksum"):
        unsealed(content.replace(b"1", b"2", 1))

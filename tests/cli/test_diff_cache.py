"""What was compiled before is never taken from the folders that are judged."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from authz.policy.bundle import Bundle, read_bundle
from authz.policy.document import encode
from authz.policy.pipeline import cache_key, judge_set
from tests.cli.program import Checkout, Ran, authz
from tests.cli.test_diff_unseen import commit


@pytest.fixture
def forged(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A change that opens a cell, and beside it a cache that says that it compiles to what was there before."""

    def bundle() -> Bundle:
        return read_bundle(checkout.set_dir, checkout.root / "model.conf")

    commit(checkout)
    harmless = judge_set(bundle(), None).compiled
    checkout.replace("matrix.csv", "p, beta, keeper, move_box, -,                               deny\n", "")
    now = bundle()
    cache = checkout.root / "data" / "cache"
    cache.mkdir(parents=True)
    forgery = encode(harmless._replace(revision=now.revision))
    (cache / f"storehouse.{cache_key(now)}.json").write_bytes(forgery)
    monkeypatch.delenv("AUTHZ_DATA")
    return cache


def refused_as_wider(ran: Ran) -> bool:
    return ran.status == 5 and ran.out.startswith("WIDER: ")


def test_a_cache_that_lies_in_the_compared_folder_is_not_believed(
    forged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert refused_as_wider(authz("diff", "HEAD", "."))

    monkeypatch.setenv("AUTHZ_DATA", str(forged.parent))
    assert refused_as_wider(authz("diff", "HEAD", "."))
    assert refused_as_wider(authz("diff", "HEAD", "policies/storehouse"))


def test_a_cache_that_a_link_of_the_compared_folder_leads_to_is_not_believed(forged: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    forged.rename(tmp_path / "elsewhere" / "cache")
    forged.parent.rmdir()
    forged.parent.symlink_to(tmp_path / "elsewhere")

    assert refused_as_wider(authz("diff", "HEAD", "."))


def test_a_link_that_stands_in_what_is_compared_is_seen_however_the_way_there_is_written(
    forged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The checkout itself is reached by a link, so neither the written nor the last place lies in it."""
    (tmp_path / "elsewhere").mkdir()
    forged.rename(tmp_path / "elsewhere" / "cache")
    forged.parent.rmdir()
    forged.parent.symlink_to(tmp_path / "elsewhere")
    (tmp_path / "way").symlink_to(tmp_path / "checkout")
    monkeypatch.setenv("AUTHZ_DATA", str(tmp_path / "way" / "data"))

    assert refused_as_wider(authz("diff", "HEAD", "."))
    assert refused_as_wider(authz("diff", "HEAD", str(tmp_path / "way")))


def test_policies_that_are_reached_by_a_link_lie_in_the_checkout_that_holds_the_link(
    forged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout = forged.parents[1]
    (checkout / "policies").rename(tmp_path / "rules")
    (checkout / "policies").symlink_to(tmp_path / "rules")
    subprocess.run(["git", "worktree", "add", "-q", "--detach", str(tmp_path / "before")], check=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AUTHZ_DATA", str(forged.parent))

    assert refused_as_wider(authz("diff", "./before", "./checkout"))


def test_a_link_to_a_cache_that_a_change_brings_is_refused(forged: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    forged.rename(tmp_path / "elsewhere" / "cache")
    forged.parent.rmdir()
    forged.parent.symlink_to(tmp_path / "elsewhere")
    subprocess.run(["git", "add", "-f", "data"], check=True)

    for words in (("diff", "HEAD", "."), ("check", "."), ("matrix", "storehouse")):
        ran = authz(*words)
        assert (ran.status, "`data/cache` is part of the repository" in ran.err) == (2, True), words


def test_a_cache_outside_of_what_is_compared_is_used(
    forged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The forgery is one: where the user's own data folder holds it, it speaks."""
    forged.parent.rename(tmp_path / "data")
    monkeypatch.setenv("AUTHZ_DATA", str(tmp_path / "data"))

    assert authz("diff", "HEAD", ".").out == "NO CHANGE\n"
    assert refused_as_wider(authz("diff", "HEAD", ".", "--no-cache"))


def test_the_users_own_cache_takes_the_place_of_one_in_the_checkout(forged: Path, tmp_path: Path) -> None:
    own = tmp_path / "home" / "authz"
    before = sorted(forged.iterdir())

    for words in (("diff", "HEAD", "."), ("check", "."), ("test", ".")):
        authz(*words)

    assert list(own.glob("storehouse.*.json"))
    assert sorted(forged.iterdir()) == before


def test_a_cache_that_others_can_write_to_is_not_used(forged: Path, tmp_path: Path) -> None:
    own = tmp_path / "home" / "authz"
    own.mkdir(parents=True)
    for path in forged.iterdir():
        path.rename(own / path.name)
    assert authz("diff", "HEAD", ".").out == "NO CHANGE\n"

    own.chmod(0o777)

    assert refused_as_wider(authz("diff", "HEAD", "."))


def test_a_cache_that_a_change_brings_is_refused(forged: Path) -> None:
    subprocess.run(["git", "add", "-f", "data/cache"], check=True)

    for words in (("diff", "HEAD", "."), ("check", "."), ("test", ".")):
        ran = authz(*words)
        assert (ran.status, "`data/cache` is part of the repository" in ran.err) == (2, True), words

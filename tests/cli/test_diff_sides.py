"""What is compared is what was named: no name means two things, and no file of a side is passed over."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.program import Checkout, Ran, authz
from tests.cli.test_diff_unseen import commit

OPENED = ("matrix.csv", "p, beta, keeper, move_box, -,                               deny\n", "")


def run_git(folder: Path, *words: str) -> str:
    named = ["-c", "user.name=T", "-c", "user.email=t@x.example", "-c", "protocol.file.allow=always"]
    return subprocess.run(
        ["git", "-C", folder, *named, *words], capture_output=True, text=True, check=True
    ).stdout.strip()


@pytest.fixture
def widened(checkout: Checkout) -> Checkout:
    """A checkout in git whose working tree lets guests do more than its last commit."""
    commit(checkout)
    checkout.replace(*OPENED)
    return checkout


def a_copy_named(name: str, checkout: Checkout) -> None:
    folder = checkout.root / name
    folder.mkdir(parents=True)
    shutil.copytree(checkout.root / "policies", folder / "policies")
    shutil.copy(checkout.root / "model.conf", folder / "model.conf")


def refused(ran: Ran) -> bool:
    return ran.status == 2 and "NO CHANGE" not in ran.out


def test_a_folder_that_is_named_like_the_revision_is_not_taken_for_it(widened: Checkout) -> None:
    head = run_git(widened.root, "rev-parse", "HEAD")
    run_git(widened.root, "update-ref", "refs/remotes/origin/main", head)
    for name in ("origin/main", head, head[:10], "HEAD~0", f"{head}^{{commit}}"):
        a_copy_named(name, widened)

        ran = authz("diff", name, ".")

        assert refused(ran), (name, ran)
        assert f"write `./{name}`" in ran.err
        shutil.rmtree(widened.root / name)
        assert authz("diff", name, ".").status == 5


def test_a_folder_of_the_change_is_not_taken_for_a_revision_that_was_not_fetched(widened: Checkout) -> None:
    a_copy_named("upstream", widened)
    run_git(widened.root, "add", "upstream")

    assert refused(authz("diff", "upstream", "."))
    assert authz("diff", "./upstream", ".").out == "NO CHANGE\n"


def test_two_folders_that_no_repository_holds_are_compared_by_their_plain_names(widened: Checkout) -> None:
    a_copy_named("before", widened)

    assert authz("diff", "before", ".").out == "NO CHANGE\n"


def test_a_revision_that_means_two_things_is_refused(widened: Checkout) -> None:
    run_git(widened.root, "update-ref", "refs/remotes/origin/main", "HEAD")
    run_git(widened.root, "tag", "origin/main", "HEAD")

    ran = authz("diff", "origin/main", ".")

    assert refused(ran)
    assert "`origin/main` means two things here" in ran.err
    assert authz("diff", "refs/remotes/origin/main", ".").status == 5


@pytest.mark.parametrize("base", ["", " ", ".", "./", "../checkout"])
def test_a_base_that_says_nothing_or_is_head_itself_is_wrong_usage(base: str, widened: Checkout) -> None:
    assert refused(authz("diff", base, "."))


def with_submodule(checkout: Checkout, tmp_path: Path, where: str) -> str:
    """A partner's repository below the set; the commit before it came."""
    partner = tmp_path / "partner"
    partner.mkdir()
    (partner / "acme.csv").write_text("p2, acme, 198.51.0.0/16, allow\n")
    run_git(partner, "init", "-q")
    run_git(partner, "add", "-A")
    run_git(partner, "commit", "-qm", "x")
    commit(checkout)
    before = run_git(checkout.root, "rev-parse", "HEAD")
    run_git(checkout.root, "submodule", "add", "-q", str(partner), where)
    run_git(checkout.root, "commit", "-qm", "y")
    return before


def test_a_submodule_below_the_policies_is_named_and_not_passed_over(checkout: Checkout, tmp_path: Path) -> None:
    before = with_submodule(checkout, tmp_path, "policies/storehouse/networks/partner")

    of_revisions = authz("diff", before, "HEAD")
    assert refused(of_revisions)
    assert "`policies/storehouse/networks/partner` is a submodule" in of_revisions.err

    assert "198.51.0.0/16" in authz("diff", before, ".").out

    run_git(tmp_path, "clone", "-q", str(checkout.root), "clone")
    os.chdir(tmp_path / "clone")
    of_a_clone = authz("diff", before, ".")
    assert refused(of_a_clone)
    assert "networks/partner` is a submodule that is not checked out" in of_a_clone.err


def test_policies_inside_policies_hide_no_set(widened: Checkout) -> None:
    inner = widened.root / "policies" / "policies"
    shutil.copytree(widened.set_dir, inner / "storehouse")

    for verb in (("check",), ("test",), ("diff", "HEAD")):
        ran = authz(*verb, "policies")
        assert ran.status == 2, ran
        assert "holds the policy set `storehouse` beside `policies/`" in ran.err

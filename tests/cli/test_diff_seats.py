"""Where a revision has its policies: at the top, in a folder below it as HEAD has them, or not yet anywhere."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.program import Checkout, authz
from tests.cli.test_diff_approvals import approve
from tests.cli.test_diff_sides import run_git
from tests.cli.test_diff_unseen import commit

WIDENING = ("networks/acme.csv", "203.0.113.0/24", "203.0.112.0/23")
APPROVED = "{tenant: acme, range: 203.0.112.0/23}"
EVERYTHING = """\
approvals:
  - set: storehouse
    because: annex 1
    accepted_by: Mara Ionescu
    expires: 2999-01-01
    cells: [{role: "*", action: "*"}]
    networks: [{tenant: acme, range: 203.0.113.0/24}]
"""


@pytest.fixture
def first(checkout: Checkout) -> Checkout:
    """A repository whose last commit has no policies; they lie in its working tree."""
    shutil.move(checkout.root / "policies", checkout.root.parent / "policies")
    commit(checkout)
    shutil.move(checkout.root.parent / "policies", checkout.root / "policies")
    return checkout


@pytest.fixture
def below(checkout: Checkout) -> Checkout:
    """A repository that has its policies, the model and approvals in the folder `contracts`."""
    folder = checkout.root / "contracts"
    folder.mkdir()
    for name in ("policies", "model.conf"):
        shutil.move(checkout.root / name, folder / name)
    moved = Checkout(folder)
    approve(moved, "{tenant: acme, range: 192.0.2.0/24}", name="old.yaml")
    commit(checkout)
    (folder / "approvals" / "old.yaml").unlink()
    moved.replace(*WIDENING)
    return moved


def test_the_change_that_brings_the_first_policies_is_wider_and_wants_approvals(first: Checkout) -> None:
    before = run_git(first.root, "rev-parse", "HEAD")
    commit(first)

    for head in (".", "policies", "policies/storehouse", "HEAD"):
        ran = authz("diff", "--merge-base", before, head)
        assert ran.status == 5, (head, ran)
        assert ran.out.startswith("WIDER: "), (head, ran)
        assert "the policy set storehouse is new" in ran.out.splitlines()[0], (head, ran)


def test_the_first_policies_are_accepted_by_new_approvals_and_not_by_those_that_were_there(first: Checkout) -> None:
    (first.root / "approvals").mkdir()
    (first.root / "approvals" / "first.yaml").write_text(EVERYTHING)
    assert authz("diff", "HEAD", ".").status == 0
    run_git(first.root, "add", "approvals")
    run_git(first.root, "commit", "-qm", "approvals alone")

    ran = authz("diff", "HEAD", ".")

    assert ran.status == 5
    assert "accepted it before this change already" in ran.out


def test_only_a_base_that_is_there_and_has_nothing_named_policies_counts_as_empty(first: Checkout) -> None:
    assert authz("diff", "v9", ".").status == 2
    assert "has no folder `policies`" in authz("diff", "HEAD", "HEAD").err
    shutil.move(first.root / "policies", first.root / "rules")
    (first.root / "policies").symlink_to("rules")
    commit(first)

    ran = authz("diff", "HEAD", ".")

    assert ran.status == 2
    assert "has no folder `policies`" in ran.err


def test_sets_that_lie_in_no_policies_folder_are_not_all_new(checkout: Checkout) -> None:
    shutil.move(checkout.root / "policies", checkout.root / "conf")
    commit(checkout)

    for head in ("conf", "conf/storehouse"):
        ran = authz("diff", "HEAD", head)
        assert ran.status == 2, head
        assert "has no folder `policies`" in ran.err, head


@pytest.mark.parametrize("head", ["contracts", "contracts/policies", "contracts/policies/storehouse"])
def test_policies_in_a_folder_of_the_repository_are_compared_with_those_that_a_revision_has_there(
    below: Checkout, head: str
) -> None:
    shutil.copytree(below.root / "policies", below.root.parent / "policies")
    ran = authz("diff", "--merge-base", "HEAD", head, "--format", "json")
    assert [one["text"] for one in ran.json["sentences"]] == ["acme gains 256 IPv4 addresses (203.0.112.0/24)"]
    assert ran.status == 5
    annotated = authz("diff", "HEAD", head, "--format", "github").out
    assert "file=contracts/policies/storehouse/networks/acme.csv,line=1," in annotated

    approve(Checkout(below.root.parent), APPROVED)
    assert authz("diff", "HEAD", head).status == 5
    approve(below, APPROVED)
    assert authz("diff", "HEAD", head).status == 0


def test_the_folder_of_the_policies_may_be_the_one_that_the_command_runs_in(
    below: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(below.root)

    assert "203.0.112.0/24" in authz("diff", "HEAD").out


@pytest.mark.parametrize("head", ["contracts", "contracts/policies/storehouse"])
def test_an_approval_that_a_revision_has_beside_policies_in_a_folder_is_an_older_one(
    below: Checkout, head: str
) -> None:
    approve(below, APPROVED)
    below.replace("networks/acme.csv", "203.0.112.0/23", "203.0.113.0/24")
    commit(Checkout(below.root.parent))
    below.replace(*WIDENING)

    ran = authz("diff", "HEAD", head)

    assert ran.status == 5
    assert "accepted it before this change already" in ran.out


def test_an_approval_that_a_revision_has_beside_a_set_outside_of_policies_is_an_older_one(checkout: Checkout) -> None:
    shutil.copytree(checkout.set_dir, checkout.root / "conf" / "storehouse")
    approve(Checkout(checkout.root / "conf"), APPROVED)
    commit(checkout)
    (checkout.root / "conf" / "storehouse" / "networks" / "acme.csv").write_text("p2, acme, 203.0.112.0/23, allow\n")

    ran = authz("diff", "HEAD", "conf/storehouse")

    assert ran.status == 5
    assert "accepted it before this change already" in ran.out


def test_a_folder_of_policies_that_comes_beside_others_is_all_new(checkout: Checkout) -> None:
    commit(checkout)
    shutil.copytree(checkout.root / "policies", checkout.root / "contracts" / "policies")
    run_git(checkout.root, "add", "contracts")

    ran = authz("diff", "HEAD", "contracts")

    assert ran.status == 5
    assert "the policy set storehouse is new" in ran.out.splitlines()[0]


def test_a_copy_that_is_not_gits_is_compared_with_the_top_of_a_revision(checkout: Checkout, tmp_path: Path) -> None:
    commit(checkout)
    for copy in (tmp_path / "copy", checkout.root / "copy"):
        shutil.copytree(checkout.root / "policies", copy / "policies")

        assert authz("diff", "HEAD", str(copy)).out == "NO CHANGE\n"

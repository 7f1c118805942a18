"""Which files and entries of approvals/ count, where each is said to stand, and when none can be told from old ones."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from authz.cli.diff.approvals import read_approvals
from tests.cli.program import Checkout, authz
from tests.cli.test_diff_sides import run_git
from tests.cli.test_diff_unseen import commit

ENTRY = "{set: storehouse, because: annex 2, accepted_by: Mara Ionescu, expires: 2999-01-01, networks: [%s]}"
LOWER = "{tenant: acme, range: 203.0.112.0/24}"
OTHER = "{tenant: acme, range: 192.0.2.0/24}"


@pytest.fixture
def widened(checkout: Checkout) -> Checkout:
    commit(checkout)
    checkout.replace("networks/acme.csv", "203.0.113.0/24", "203.0.112.0/23")
    return checkout


def approve(checkout: Checkout, *entries: str, name: str = "change.yaml") -> Path:
    folder = checkout.root / "approvals"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"approvals: [{', '.join(ENTRY % one for one in entries)}]\n")
    return folder


def moved(checkout: Checkout, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    folder.parent.mkdir(exist_ok=True)
    checkout.root.rename(folder)
    monkeypatch.chdir(folder)
    return Checkout(folder)


WAYS = (".", "policies", "policies/storehouse")


def test_a_checkout_in_a_folder_named_policies_has_approvals_of_its_own(
    widened: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout = moved(widened, tmp_path / "policies" / "policies", monkeypatch)
    approve(checkout, "{tenant: acme, range: 203.0.112.0/23}")

    for head in WAYS:
        assert authz("diff", "HEAD", head).status == 0, head
    checkout.replace("networks/acme.csv", "203.0.112.0/23", "203.0.113.0/24")
    commit(checkout)
    shutil.copytree(checkout.root, tmp_path / "before" / "policies")
    checkout.replace("networks/acme.csv", "203.0.113.0/24", "203.0.112.0/23")
    for base in ("HEAD", "../../before/policies"):
        for head in WAYS:
            ran = authz("diff", base, head)
            assert (ran.status, "accepted it before this change already" in ran.out) == (5, True), (base, head, ran)


def test_a_file_outside_of_the_checkout_accepts_nothing(
    widened: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved(widened, tmp_path / "policies" / "policies", monkeypatch)
    for outside in (tmp_path, tmp_path / "policies"):
        approve(Checkout(outside), "{tenant: acme, range: 203.0.112.0/23}")

    for head in WAYS:
        assert authz("diff", "HEAD", head).status == 5, head


def test_a_file_outside_of_a_repository_that_holds_sets_and_no_policies_folder_accepts_nothing(
    checkout: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(checkout.root, tmp_path / "before")
    (tmp_path / "before" / "approvals").mkdir()
    shutil.move(checkout.root / "model.conf", checkout.root / "policies" / "model.conf")
    shutil.move(checkout.root / "policies", tmp_path / "policies")
    monkeypatch.chdir(tmp_path / "policies")
    run_git(tmp_path / "policies", "init", "-q")
    outside = Checkout(tmp_path)
    outside.replace("networks/acme.csv", "203.0.113.0/24", "203.0.112.0/23")
    approve(outside, "{tenant: acme, range: 203.0.112.0/23}")

    for head in (".", "./storehouse"):
        assert authz("diff", "../before", head).status == 5, head


@pytest.mark.parametrize("name", [".change.yaml", "change.yml", "change.YAML", ".change.yml"])
def test_a_file_that_is_easily_overlooked_is_refused_and_not_passed_over(widened: Checkout, name: str) -> None:
    approve(widened, LOWER, name=name)

    ran = authz("diff", "HEAD", ".")

    assert ran.status == 3
    assert f"approvals/{name}:0:0: is not read; its name has to end in .yaml, and may not begin with a dot" in ran.out


def test_a_folder_among_the_approvals_is_refused_and_not_passed_over(widened: Checkout) -> None:
    approve(widened, LOWER)
    (widened.root / "approvals" / "2026").mkdir()

    ran = authz("diff", "HEAD", ".")

    assert ran.status == 3
    assert "approvals/2026:0:0: is a folder; what stands in it is not read" in ran.out


def test_a_file_that_holds_no_approvals_may_lie_beside_them(widened: Checkout) -> None:
    (approve(widened, LOWER) / "README.md").write_text("who may accept what\n")

    assert authz("diff", "HEAD", ".").status == 0


def test_an_approval_that_is_stated_twice_is_a_finding_at_the_second_place(widened: Checkout) -> None:
    approve(widened, LOWER, LOWER)
    approve(widened, LOWER, name="other.yaml")

    document = authz("diff", "HEAD", ".", "--format", "json").json

    text = "the approval `annex 2` says again what approvals/change.yaml:1:13 says: item 1 of `networks`"
    assert document["exit_code"] == 1
    assert [(one["file"], one["column"], one["text"]) for one in document["findings"]] == [
        ("approvals/change.yaml", 149, text),
        ("approvals/other.yaml", 13, text),
    ]


def test_of_two_approvals_on_one_line_the_idle_one_is_found(widened: Checkout) -> None:
    approve(widened, LOWER, OTHER)

    document = authz("diff", "HEAD", ".", "--format", "json").json

    assert [(one["line"], one["column"]) for one in document["findings"]] == [(1, 149)]
    assert [(one["line"], one["column"]) for one in document["accepted"]] == [(1, 13)]


def test_a_range_that_cannot_be_read_is_named_once(tmp_path: Path) -> None:
    (tmp_path / "change.yaml").write_text(
        f"approvals: [{ENTRY % '{tenant: acme, range: 192.0.2.1/24}'}, {ENTRY % '{tenant: acme}'}]\n"
    )

    _, problems = read_approvals(tmp_path)

    assert [problem.text for problem in problems] == [
        "`192.0.2.1/24` has host bits set; did you mean `192.0.2.0/24`?",
        "`range` is missing",
    ]


def test_a_copy_of_the_policies_without_approvals_cannot_tell_old_ones_from_new(
    widened: Checkout, tmp_path: Path
) -> None:
    before = tmp_path / "before"
    before.mkdir()
    shutil.copytree(widened.root / "policies", before / "policies")
    widened.replace("networks/acme.csv", "203.0.112.0/23", "203.0.112.0/22")
    approve(widened, "{tenant: acme, range: 203.0.112.0/22}")

    ran = authz("diff", str(before), ".")
    (before / "approvals").mkdir()
    with_approvals = authz("diff", str(before), ".")

    assert ran.status == 2
    assert "has no `approvals/`, so nobody can tell which approvals are new" in ran.err
    assert with_approvals.status == 0, with_approvals.out


def test_a_checkout_without_approvals_has_none(widened: Checkout, tmp_path: Path) -> None:
    shutil.copytree(widened.root, tmp_path / "before")
    widened.replace("networks/acme.csv", "203.0.112.0/23", "203.0.112.0/22")
    approve(widened, "{tenant: acme, range: 203.0.112.0/22}")

    assert authz("diff", str(tmp_path / "before"), ".").status == 0


def test_a_remark_on_an_approval_names_its_file_from_the_top_of_the_repository(
    widened: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    approve(widened, LOWER, OTHER)
    shutil.copytree(widened.root, tmp_path / "rules" / "inner", ignore=shutil.ignore_patterns(".git"))
    (tmp_path / "rules" / ".git").mkdir()
    run_git(widened.root, "worktree", "add", "-q", "--detach", str(tmp_path / "before"))
    monkeypatch.chdir(tmp_path / "rules")

    out = authz("diff", "../before", "./inner", "--format", "github").out

    assert "file=inner/approvals/change.yaml,line=1,col=149,title=approval::" in out

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


def test_what_compiles_is_compared_beside_what_does_not(widened: Checkout) -> None:
    second = widened.root / "policies" / "second"
    shutil.copytree(widened.set_dir, second)
    commit(widened)
    widened.replace("networks/acme.csv", "203.0.113.0/24", "203.0.112.0/23")
    (second / "matrix.csv").write_text("nonsense\n")

    ran = authz("diff", "HEAD", ".", "--format", "json")

    assert (ran.status, ran.json["verdict"]) == (3, None)
    assert ran.json["headline"].startswith("NO VERDICT: HEAD (.) does not compile; what does: ")
    assert {one["set"] for one in ran.json["sets"]} == {"storehouse"}
    assert all("second" in one["file"] for one in ran.json["invalid"])


def test_a_change_that_mends_a_broken_base_is_told_that_the_base_is_broken(widened: Checkout) -> None:
    whole = (widened.set_dir / "matrix.csv").read_text()
    (widened.set_dir / "matrix.csv").write_text("nonsense\n")
    commit(widened)
    (widened.set_dir / "matrix.csv").write_text(whole)

    ran = authz("diff", "HEAD", ".", "--format", "markdown")

    assert ran.status == 3
    assert "NO VERDICT: BASE (HEAD) does not compile" in ran.out
    assert "The base is broken: it does not compile, so this change cannot be compared with it." in ran.out
    assert "Do not merge" not in ran.out


def test_what_a_change_of_a_broken_base_gives_elsewhere_holds_it_up(widened: Checkout) -> None:
    second = widened.root / "policies" / "second"
    shutil.copytree(widened.set_dir, second)
    (second / "matrix.csv").write_text("nonsense\n")
    commit(widened)
    shutil.rmtree(second)
    shutil.copytree(widened.set_dir, second)
    widened.replace("networks/acme.csv", "203.0.113.0/24", "203.0.112.0/23")

    ran = authz("diff", "HEAD", ".", "--format", "markdown")

    assert ran.status == 3
    assert "The base is broken" in ran.out
    assert "**Do not merge yet**: this gives access that nobody has accepted" in ran.out


def test_where_head_does_not_compile_it_is_not_to_be_merged_whatever_the_base_is(widened: Checkout) -> None:
    (widened.set_dir / "matrix.csv").write_text("nonsense\n")
    of_head = authz("diff", "HEAD", ".", "--format", "markdown")
    commit(widened)
    (widened.set_dir / "matrix.csv").write_text("other nonsense\n")
    of_both = authz("diff", "HEAD", ".", "--format", "markdown")

    assert (of_head.status, of_both.status) == (3, 3)
    assert "NO VERDICT: HEAD (.) does not compile" in of_head.out
    assert "NO VERDICT: BASE (HEAD) and HEAD (.) do not compile" in of_both.out
    for ran in (of_head, of_both):
        assert "Do not merge: HEAD does not compile" in ran.out
        assert "The base is broken" not in ran.out


def test_a_set_whose_files_cannot_be_read_is_not_taken_for_one_that_is_gone(widened: Checkout) -> None:
    shutil.copytree(widened.set_dir, widened.root / "policies" / "second")
    commit(widened)
    (widened.root / "policies" / "second" / "set.yaml").unlink()

    ran = authz("diff", "HEAD", ".")

    assert ran.status == 3
    assert "is gone" not in ran.out


def test_annotations_name_the_files_of_the_folder_that_was_compared(widened: Checkout) -> None:
    (widened.root / "conf").mkdir()
    shutil.copytree(widened.set_dir, widened.root / "conf" / "storehouse")
    shutil.copy(widened.root / "model.conf", widened.root / "conf" / "model.conf")

    ran = authz("diff", "HEAD", "conf", "--format", "github")

    assert "file=conf/storehouse/matrix.csv,line=" in ran.out


HIDDEN = "\\u202Eannex\\u200b 9\\n::error::boo\\r|<b>~"


def test_what_nobody_would_see_is_shown_in_every_form_and_begins_no_line(widened: Checkout) -> None:
    folder = widened.root / "approvals"
    folder.mkdir()
    (folder / "a [1].yaml").write_text(
        f'approvals:\n  - set: storehouse\n    because: "{HIDDEN}"\n    accepted_by: M\n    expires: 2999-01-01\n'
        "    declared: [word:x]\n"
    )
    for form in ("terminal", "markdown", "github"):
        ran = authz("diff", "HEAD", ".", "--format", form)

        assert "annex" in ran.out, form
        assert not {"\u202e", "\u200b", "\r"} & set(ran.out), form
        assert not any(line.startswith("::error::boo") for line in ran.out.splitlines()), form
    results = authz("diff", "HEAD", ".", "--format", "sarif").json["runs"][0]["results"]
    uris = {one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in results}
    assert "approvals/a%20%5B1%5D.yaml" in uris


def test_a_line_that_is_gone_is_said_to_be_and_annotates_no_line_that_took_its_place(checkout: Checkout) -> None:
    with (checkout.set_dir / "networks" / "acme.csv").open("a") as stream:
        stream.write("p2, acme, 198.51.100.0/24, allow\n")
    commit(checkout)
    checkout.replace("networks/acme.csv", "p2, acme, 198.51.100.0/24, allow\n", "p2, acme, 203.0.113.8/32, allow\n")

    (sentence,) = authz("diff", "HEAD", ".", "--format", "json").json["sentences"]

    assert sentence["text"] == "acme loses 256 IPv4 addresses (198.51.100.0/24)"
    assert sentence["source"] == "storehouse/networks/acme.csv:3"
    assert "storehouse/networks/acme.csv:3 before" in authz("diff", "HEAD", ".").out
    annotated = authz("diff", "HEAD", ".", "--format", "github").out
    assert "file=policies/storehouse/networks/acme.csv,col=1,title=access-lost" in annotated


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("tags: [gate]", "tags: [gate, door]", "    tags: [gate, door]"),
        ("expression: 'tenant.closed'", "expression: '!tenant.closed'", "  gate_closed:"),
        ("tenant.closed: {type: bool}", "tenant.closed: {type: bool, origin: request}", "  tenant.closed: {"),
        ("time_zone: Europe/Bucharest\nphone", "time_zone: Europe/Paris\nphone", "time_zone: Europe/Paris"),
        ("en: sign the book", "en: sign the log", "  - id: sign-book"),
    ],
)
def test_a_declaration_that_differs_is_told_on_its_line(checkout: Checkout, old: str, new: str, line: str) -> None:
    commit(checkout)
    checkout.replace("set.yaml", old, new)

    first = authz("diff", "HEAD", ".", "--format", "json").json["sentences"][0]

    file, _, number = first["source"].rpartition(":")
    assert file == "storehouse/set.yaml"
    assert (checkout.set_dir / "set.yaml").read_text().splitlines()[int(number) - 1].startswith(line)


def test_many_ipv6_addresses_are_not_counted_as_fewer_than_they_are(checkout: Checkout) -> None:
    commit(checkout)
    with (checkout.set_dir / "networks" / "acme.csv").open("a") as stream:
        stream.write("p2, acme, 2001:db8::/64, allow\n")
    assert "gains 2^64 IPv6 addresses" in authz("diff", "HEAD", ".").out

    with (checkout.set_dir / "networks" / "acme.csv").open("a") as stream:
        stream.write("p2, acme, 2001:db8:1::/65, allow\n")
    assert "gains between 2^64 and 2^65 IPv6 addresses" in authz("diff", "HEAD", ".").out


def test_where_git_cannot_say_whose_a_folder_is_it_is_taken_for_the_changes_own(
    widened: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_copy_named("origin/main", widened)
    monkeypatch.delenv("AUTHZ_DATA")
    (widened.root / "data" / "cache").mkdir(parents=True)
    monkeypatch.setenv("PATH", "/nowhere")

    assert refused(authz("diff", "origin/main", "."))
    ran = authz("diff", "./origin/main", ".")
    assert refused(ran)
    assert "git cannot say" in ran.err
    assert authz("test", ".").status == 2


def test_a_folder_of_a_submodule_is_not_taken_for_a_revision(widened: Checkout, tmp_path: Path) -> None:
    partner = tmp_path / "partner"
    shutil.copytree(widened.root / "policies", partner / "main" / "policies")
    run_git(partner, "init", "-q")
    run_git(partner, "add", "-A")
    run_git(partner, "commit", "-qm", "x")
    run_git(widened.root, "submodule", "add", "-q", str(partner), "origin")

    assert refused(authz("diff", "origin/main", "."))


def test_approvals_in_a_submodule_that_is_not_checked_out_are_named(checkout: Checkout, tmp_path: Path) -> None:
    with_submodule(checkout, tmp_path, "approvals")
    run_git(tmp_path, "clone", "-q", str(checkout.root), "clone")

    ran = authz("diff", str(tmp_path / "clone"), str(checkout.root))

    assert refused(ran)
    assert "`approvals` of" in ran.err


def test_the_commit_at_which_a_branch_left_is_what_it_is_compared_with(checkout: Checkout) -> None:
    """What others merged meanwhile is not taken back by it."""
    commit(checkout)
    left = run_git(checkout.root, "rev-parse", "HEAD")
    run_git(checkout.root, "checkout", "-qb", "work")
    checkout.replace(*OPENED)
    commit(checkout)
    run_git(checkout.root, "checkout", "-qb", "trunk", left)
    checkout.replace("networks/acme.csv", "203.0.113.0/24", "203.0.112.0/23")
    commit(checkout)
    run_git(checkout.root, "checkout", "-q", "work")

    assert authz("diff", "trunk", ".").out.startswith("BOTH: 1 change is wider, 1 is narrower")
    for head in (".", "policies/storehouse", "work"):
        ran = authz("diff", "--merge-base", "trunk", head, "--format", "json")
        assert (ran.json["verdict"], ran.json["base"], len(ran.json["sentences"])) == ("wider", left, 1), head


def test_without_a_commit_in_common_there_is_no_merge_base(widened: Checkout, tmp_path: Path) -> None:
    run_git(widened.root, "checkout", "-q", "--orphan", "other")
    run_git(widened.root, "commit", "-qm", "z")

    ran = authz("diff", "--merge-base", "HEAD", "master")
    assert refused(ran)
    assert "no commit in common" in ran.err
    assert "no folder of the checkout" in authz("diff", "--merge-base", "HEAD", str(tmp_path)).err


def test_where_git_cannot_be_asked_an_empty_folder_of_a_set_may_be_a_submodule(
    widened: Checkout, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shutil.copytree(widened.root, tmp_path / "before")
    (widened.set_dir / "networks" / "partner").mkdir()
    assert authz("diff", str(tmp_path / "before"), ".").status == 0
    monkeypatch.setenv("PATH", "/nowhere")

    ran = authz("diff", str(tmp_path / "before"), ".")

    assert refused(ran)
    assert "`storehouse/networks/partner` is a submodule that is not checked out" in ran.err

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from authz.policy.finding import CODES, PROBLEM_CODES, REVIEW_CODES
from tests.cli.program import PROJECT, Checkout, authz, authz_on_terminal, authz_process


def git(root: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=Ana Pop", "-c", "user.email=ana@acme.example", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(root), *identity, *arguments], check=True, capture_output=True)


@pytest.fixture
def committed(checkout: Checkout) -> Checkout:
    """The checkout as a git repository with a second, smaller set beside the first."""
    other = checkout.root / "policies" / "barn"
    shutil.copytree(checkout.set_dir, other)
    (other / "networks" / "beta.csv").write_text("p2, beta, 198.51.100.0/24, allow\n")
    git(checkout.root, "init", "-q")
    git(checkout.root, "add", ".")
    git(checkout.root, "commit", "-qm", "first")
    return checkout


def test_a_fit_set_is_one_line_with_its_revision_and_counts(checkout: Checkout) -> None:
    ran = authz("check")

    assert ran.status == 0
    assert ran.err == ""
    assert ran.out.startswith(
        "✓ storehouse  6 cells, 2 tenants, 6 tests; networks of 1 tenant proven at 11 addresses; "
        "1 finding accepted  sha256:"
    )


@pytest.mark.parametrize("place", [".", "policies", "policies/storehouse"])
def test_a_checkout_a_policies_folder_and_one_set_are_the_same_to_check(checkout: Checkout, place: str) -> None:
    assert authz("check", place).out == authz("check").out


def test_the_model_comes_from_the_setting_where_none_lies_beside(
    checkout: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tmp_path / "elsewhere.conf"
    shutil.move(checkout.root / "model.conf", model)
    assert "model.conf:0:0: error: cannot be read" in authz("check").out

    monkeypatch.setenv("AUTHZ_MODEL", str(model))

    assert authz("check").status == 0


def test_every_problem_of_every_file_is_printed_sorted(checkout: Checkout) -> None:
    checkout.replace("matrix.csv", "p, *, guest,  open_gate,", "p, *, gest,   open_gate,")
    checkout.replace("networks/acme.csv", "203.0.113.0/24", "203.0.113.5/24")
    checkout.replace("set.yaml", "tags: [gate]", "tagz: [gate]")

    ran = authz("check")

    lines = ran.out.splitlines()
    assert ran.status == 3
    assert lines[2] == "✗ storehouse  2 problems"
    assert lines[0].startswith("policies/storehouse/networks/acme.csv:1:11: error: `203.0.113.5/24` has host bits set")
    assert lines[1].startswith("policies/storehouse/set.yaml:13:5: error: `tagz` is not known here")
    assert lines[1].endswith("  [words]")
    assert lines[3] == "what a code means, and what to do: authz check --explain network"


def test_a_failing_case_and_a_broken_guard_are_problems_too(checkout: Checkout) -> None:
    checkout.replace(
        "matrix.csv", "open_gate,  -,                                deny", "open_gate, network_ok + sender_ok, allow"
    )

    ran = authz("check")

    assert ran.status == 4
    assert "breaks the guard `guests-move-nothing`" in ran.out
    assert "policies/storehouse/tests.yaml:17:" in ran.out


def test_a_folder_without_a_set_is_never_a_quiet_success(checkout: Checkout, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()

    ran = authz("check", str(empty))

    assert (ran.status, ran.out) == (2, "")
    assert "holds no policy set" in ran.err
    assert authz("check", str(empty / "nowhere")).status == 2


def test_json_says_the_same_for_a_machine(checkout: Checkout) -> None:
    fit = authz("check", "--json")
    checkout.replace("matrix.csv", "p, *, guest,  open_gate,", "p, *, gest,   open_gate,")
    unfit = authz("check", "--json")

    (one,) = fit.json["sets"]
    assert fit.status == 0
    assert fit.json["ok"] is True
    assert one["revision"].startswith("sha256:")
    assert {name: one[name] for name in ("set", "ok", "cells", "tenants", "tests", "networks")} == {
        "set": "storehouse",
        "ok": True,
        "cells": 6,
        "tenants": 2,
        "tests": 6,
        "networks": {"tenants": 1, "addresses": 11},
    }
    assert unfit.status == unfit.json["exit_code"] == 3
    assert unfit.json["ok"] is False
    assert unfit.json["sets"][0]["ok"] is False
    (problem,) = unfit.json["problems"]
    assert (problem["set"], problem["file"], problem["line"], problem["column"]) == (
        "storehouse",
        "policies/storehouse/matrix.csv",
        3,
        7,
    )


def test_since_looks_only_at_what_changed(committed: Checkout) -> None:
    before = authz("check", "--since", "HEAD", "--json").json
    (committed.set_dir / "networks" / "beta.csv").write_text("p2, beta, 192.0.2.0/24, allow\n")
    networks = authz("check", "--since", "HEAD", "--json").json

    assert before["unchanged"] == ["barn", "storehouse"]
    assert before["sets"] == []
    assert networks["unchanged"] == ["barn"]
    (one,) = networks["sets"]
    assert one["set"] == "storehouse"
    assert one["networks"]["tenants"] == 1


def test_since_sees_what_was_committed_and_what_was_removed(committed: Checkout) -> None:
    (committed.root / "policies" / "barn" / "networks" / "beta.csv").unlink()
    git(committed.root, "commit", "-qam", "second")

    ran = authz("check", "--since", "HEAD~1")

    assert ran.status == 0
    assert ran.out.splitlines()[0].startswith("✓ barn")
    assert ran.out.splitlines()[-1] == "unchanged since HEAD~1, not looked at: storehouse"


def test_since_looks_at_everything_when_the_model_changed(committed: Checkout) -> None:
    model = committed.root / "model.conf"
    model.write_text("# a remark\n" + model.read_text())

    found = authz("check", "--since", "HEAD", "--json").json

    assert [one["set"] for one in found["sets"]] == ["barn", "storehouse"]
    assert [one["networks"]["tenants"] for one in found["sets"]] == [2, 1]


@pytest.mark.parametrize("revision", ["no-such-branch", "--output=/tmp/x", "HEAD:model.conf"])
def test_since_an_unknown_revision_is_a_failure_and_not_a_success(committed: Checkout, revision: str) -> None:
    ran = authz("check", f"--since={revision}")

    assert ran.status == 2
    assert ran.err.startswith("authz: ")
    assert ran.out == ""


def test_since_outside_a_repository_is_a_failure(checkout: Checkout) -> None:
    ran = authz("check", "--since", "HEAD")

    assert ran.status == 2
    assert "not a git repository" in ran.err


def test_colours_are_for_terminals_and_not_with_no_color(checkout: Checkout) -> None:
    assert "\x1b[" not in authz_process("check").out
    assert "\x1b[1;32mstorehouse" in authz_on_terminal("check")
    assert "\x1b[1;32m" not in authz_on_terminal("check", environment={"NO_COLOR": "1"})


def test_piped_lines_are_neither_wrapped_nor_cut(checkout: Checkout) -> None:
    long = "a" * 300
    checkout.replace("matrix.csv", "p, *, guest,  open_gate,", f"p, *, {long}, open_gate,")

    ran = authz_process("check", environment={"COLUMNS": "40"})

    assert any(
        line.startswith("policies/storehouse/matrix.csv:3:7: ") and long in line for line in ran.out.splitlines()
    )
    assert ran.status == 3


def test_every_code_has_a_page_of_the_one_form_and_no_page_is_left_over() -> None:
    folder = PROJECT / "docs" / "findings"
    headings = ["What", "Why it matters", "Example", "How to fix it", "When to accept it"]

    pages = {page.stem: page.read_text() for page in folder.iterdir()}

    assert set(pages) == {*CODES, *PROBLEM_CODES, *REVIEW_CODES}
    assert not [code for code, text in pages.items() if not text.startswith(f"# {code}\n")]
    assert not [code for code, text in pages.items() if re.findall(r"^## (.*)$", text, re.MULTILINE) != headings]
    assert set(re.findall(r"\(findings/([a-z_-]+)\.md\)", folder.with_suffix(".md").read_text())) == set(pages)


def test_a_page_links_to_no_file_that_the_package_does_not_hold() -> None:
    folder = PROJECT / "authz" / "cli" / "check" / "findings"
    held = {page.name for page in folder.iterdir()}

    linked = {to for page in folder.iterdir() for to in re.findall(r"\]\(([^):#]+)[)#]", page.read_text())}

    assert linked <= held


def test_every_code_of_a_problem_in_the_sources_is_known() -> None:
    text = "".join(file.read_text() for file in (PROJECT / "authz" / "policy").glob("*.py"))
    codes = set(re.findall(r'^CODE(?:: Final)? = "([a-z_]+)"', text, re.MULTILINE))
    codes |= set(re.findall(r'Problem\([^\n]*, "([a-z_]+)"\)', text))

    assert codes
    assert codes <= {*PROBLEM_CODES, *REVIEW_CODES}


def test_a_code_is_explained_and_a_near_miss_is_named(checkout: Checkout) -> None:
    explained = authz("check", "--explain", "shared-range")
    unknown = authz("check", "--explain", "shared-rang")

    assert explained.status == 0
    assert explained.out.startswith("# shared-range\n")
    assert (unknown.status, unknown.out) == (2, "")
    assert "did you mean `shared-range`?" in unknown.err


def test_a_finding_is_printed_with_what_to_write_to_accept_it(checkout: Checkout) -> None:
    checkout.replace("networks/acme.csv", "203.0.113.66/32, deny", "198.51.100.66/32, deny")

    ran = authz("check")

    assert ran.status == 1
    lines = ran.out.splitlines()
    assert lines[0] == (
        "policies/storehouse/networks/acme.csv:2:11: warning: `198.51.100.66/32` takes nothing away: no allowed range "
        "of `acme` touches it  [useless-deny: acme 198.51.100.66/32]"
    )
    assert lines[1].startswith("! storehouse  6 cells")
    assert "; 1 finding; 1 finding accepted  " in lines[1]
    assert lines[2] == "what a code means, and what to do: authz check --explain useless-deny"
    assert "`accepted` in set.yaml" in lines[3]


def test_an_accepted_finding_is_fine_and_one_that_is_gone_is_not(checkout: Checkout) -> None:
    checkout.replace("set.yaml", "about: beta,", "about: bet,")

    ran = authz("check", "--json")

    assert ran.status == 1
    assert [(one["code"], one["about"], one["accepted"]) for one in ran.json["findings"]] == [
        ("tenant-without-networks", "beta", None),
        ("unused-acceptance", "tenant-without-networks bet", None),
    ]
    checkout.replace("set.yaml", "about: bet,", "about: beta,")
    (finding,) = authz("check", "--json").json["findings"]
    assert finding["accepted"] == "its ranges come with the next annex"


def test_the_worst_of_several_statuses_speaks_and_advisory_only_says_it(checkout: Checkout) -> None:
    checkout.replace("networks/acme.csv", "203.0.113.66/32, deny", "198.51.100.66/32, deny")
    findings = authz("check", "--advisory")
    checkout.replace("tests.yaml", "reason: role_not_permitted", "reason: fact_not_met")
    failed = authz("check")
    checkout.replace("matrix.csv", "p, *, guest,  open_gate,", "p, *, gest,   open_gate,")
    invalid = authz("check", "--advisory")

    assert (findings.status, findings.err) == (0, "advisory: would fail with exit status 1\n")
    assert failed.status == 4
    assert "[useless-deny: " in failed.out
    assert (invalid.status, invalid.err) == (0, "advisory: would fail with exit status 3\n")

"""`authz diff` on prepared changes: the verdict, the people and the places exactly, and nothing else said."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import subprocess
from pathlib import Path

import jsonschema
import pytest

from authz.cli.diff.forms import Compared, markdown
from authz.cli.diff.people import Person, Touched
from authz.cli.diff.words import Kind, Line
from authz.core.diff.sets import Verdict
from authz.core.types import SubjectKey
from tests.cli.program import PROJECT, Checkout, Ran, authz


@pytest.fixture
def versioned(checkout: Checkout) -> Checkout:
    """The checkout as a commit; what a test changes stands uncommitted beside it. Two lines name the fact `own_box`."""
    with (checkout.set_dir / "matrix.csv").open("a") as stream:
        stream.write("p, gamma, guest, open_gate, own_box, deny\n")
    for words in (
        ["init", "-q"],
        ["add", "-A"],
        ["-c", "user.name=T", "-c", "user.email=t@x.example", "commit", "-qm", "x"],
    ):
        subprocess.run(["git", *words], cwd=checkout.root, check=True)
    return checkout


def diffed(*options: str) -> Ran:
    return authz("diff", "HEAD", ".", *options)


def sentences(*options: str) -> list[str]:
    return [one["text"] for one in diffed("--format", "json", *options).json["sentences"]]


def approve(checkout: Checkout, entry: str, expires: str = "2999-01-01") -> None:
    folder = checkout.root / "approvals"
    folder.mkdir(exist_ok=True)
    (folder / "change.yaml").write_text(
        f"approvals:\n  - set: storehouse\n    because: annex 2 of acme\n    accepted_by: Mara Ionescu\n"
        f"    expires: {expires}\n{entry}"
    )


def test_nothing_changed_is_no_change_and_nothing_is_said(versioned: Checkout) -> None:
    ran = diffed()

    assert (ran.status, ran.out) == (0, "NO CHANGE\n")


def test_a_cell_that_is_opened_names_who_gains_and_where_and_fails_without_approval(versioned: Checkout) -> None:
    versioned.replace(
        "matrix.csv", "p, *, guest,  move_box,   network_ok + sender_ok + own_box, allow",
        "p, *, guest,  move_box,   network_ok + sender_ok, allow",
    )  # fmt: skip

    ran = diffed("--registry", "registry.yaml")

    assert ran.status == 5
    assert ran.out.splitlines()[:5] == [
        "WIDER: 1 change is wider in storehouse; 1 person gains",
        "",
        "Who gains",
        (
            "+ guest of every tenant may now request move_box: network_ok + sender_ok; "
            "before: network_ok + sender_ok + own_box  storehouse/matrix.csv:5"
        ),
        "    gains (1): acme: Dan Rus <dan@acme.example>",
    ]
    assert "  storehouse: guest, move_box" in ran.out.splitlines()


def test_pseudonyms_name_nobody(versioned: Checkout) -> None:
    versioned.replace("matrix.csv", "network_ok + sender_ok + own_box, allow", "network_ok + sender_ok, allow")

    out = diffed("--registry", "registry.yaml", "--pseudonyms").out

    assert "acme: contact 2" in out
    assert "Dan" not in out
    assert "dan@" not in out


def test_a_cell_that_is_closed_is_narrower(versioned: Checkout) -> None:
    versioned.replace("matrix.csv", "p, *, guest,  read_rules, -,                                allow",
                      "p, *, guest,  read_rules, -,                                deny")  # fmt: skip

    document = diffed("--format", "json").json

    assert document["verdict"] == "narrower"
    assert [one["text"] for one in document["sentences"]] == [
        "guest of every tenant may no longer request read_rules; before: always"
    ]
    assert document["sentences"][0]["source"] == "storehouse/matrix.csv:7"


def test_one_bit_of_an_address_range_is_counted(versioned: Checkout) -> None:
    versioned.replace("networks/acme.csv", "203.0.113.0/24", "203.0.112.0/23")

    assert sentences() == ["acme gains 256 IPv4 addresses (203.0.112.0/24)"]
    assert diffed().status == 5


@pytest.mark.parametrize("moved_to", ["198.51.100.0/24", "203.0.114.0/24"], ids=["below", "above"])
def test_an_office_that_moves_names_where_it_goes_and_where_it_was(versioned: Checkout, moved_to: str) -> None:
    versioned.replace(
        "networks/acme.csv", "p2, acme, 203.0.113.0/24, allow\np2, acme, 203.0.113.66/32, deny\n",
        f"# the new house\np2, acme, {moved_to}, allow\n",
    )  # fmt: skip

    lines = diffed().out.splitlines()

    said = "loses 255 IPv4 addresses (203.0.113.0-203.0.113.65, 203.0.113.67-203.0.113.255)"
    places = "storehouse/networks/acme.csv:2, storehouse/networks/acme.csv:1 before"
    assert f"± acme gains 256 IPv4 addresses ({moved_to}) and {said}  {places}" in lines
    assert any(line.startswith("::error file=policies/storehouse/networks/acme.csv,line=2,") for line in
               diffed("--format", "github").out.splitlines())  # fmt: skip


def test_a_set_that_comes_with_refusals_only_is_no_change_and_is_told_in_the_first_line(versioned: Checkout) -> None:
    second = versioned.root / "policies" / "second"
    shutil.copytree(versioned.set_dir, second)
    matrix = second / "matrix.csv"
    cells = [line for line in matrix.read_text().splitlines() if line.startswith(("p, *, keeper", "p, *, guest"))]
    matrix.write_text("".join(f"{', '.join(line.split(',')[:4])}, -, deny\n" for line in cells))
    (second / "networks" / "acme.csv").unlink()
    text = (second / "set.yaml").read_text()
    facts = text.partition("facts:\n")[2].partition("obligations:\n")[0]
    text = text.replace(f"facts:\n{facts}", "").replace("    open_to_any_sender: the rules hang at the gate\n", "")
    (second / "set.yaml").write_text(text.partition("accepted:\n")[0])
    tests, cases = (second / "tests.yaml").read_text().split("cases:\n")
    refused = "  - description: a Guest does not\n" + cases.partition("a Guest does not\n")[2].partition("  - desc")[0]
    (second / "tests.yaml").write_text(f"{tests}cases:\n{refused}")

    ran = diffed()

    assert [line.rstrip() for line in ran.out.splitlines()[:4]] == [
        "NO CHANGE; the policy set second is new",
        "",
        "Other changes",
        (
            "· the policy set second is new: questions about its tenants are answered from now on, and were not before "
            "(`no_active_policy`)"
        ),
    ]


def test_a_range_written_in_two_halves_is_no_change(versioned: Checkout) -> None:
    versioned.replace("networks/acme.csv", "p2, acme, 203.0.113.0/24, allow",
                      "p2, acme, 203.0.113.0/25, allow\np2, acme, 203.0.113.128/25, allow")  # fmt: skip

    assert diffed().out == "NO CHANGE\n"


def test_an_address_that_is_denied_no_more_gains(versioned: Checkout) -> None:
    versioned.replace("networks/acme.csv", "p2, acme, 203.0.113.66/32, deny\n", "")

    assert sentences() == ["acme gains 1 IPv4 address (203.0.113.66/32)"]


def test_an_alias_that_now_means_another_action_is_told_as_both(versioned: Checkout) -> None:
    versioned.replace("set.yaml", "    tags: [gate]\n", "")
    versioned.replace("set.yaml", '    clause: "Table 1, row 2"\n', '    clause: "Table 1, row 2"\n    tags: [gate]\n')
    versioned.replace("tests.yaml", "action: gate}", "action: open_gate}")

    document = diffed("--format", "json").json

    assert document["verdict"] == "both"
    assert [one["text"] for one in document["sentences"]] == ["`gate` now means move_box, before: open_gate"]


def test_a_new_alias_of_an_action_that_somebody_may_request_widens(versioned: Checkout) -> None:
    versioned.replace("set.yaml", "tags: [gate]", "tags: [gate, portcullis]")

    assert diffed().out.startswith("WIDER: 1 change is wider in storehouse\n")


def test_a_fact_that_is_computed_otherwise_counts_as_both(versioned: Checkout) -> None:
    versioned.replace("set.yaml", "'resource.owner in subject.ids'", "'resource.owner in subject.ids || tenant.closed'")

    document = diffed("--format", "json").json

    assert document["verdict"] == "both"
    assert [one["text"] for one in document["sentences"]] == [
        (
            "the fact own_box is computed otherwise: as “resource.owner in subject.ids || tenant.closed”, "
            "before: “resource.owner in subject.ids”; it decides for guest: move_box; "
            "its effect cannot be told from the tables"
        )
    ]
    assert document["unapproved"] == ["storehouse: fact:own_box"]


def test_an_attribute_that_the_request_may_state_from_now_on_counts_as_both(versioned: Checkout) -> None:
    versioned.replace("set.yaml", "tenant.closed: {type: bool}", "tenant.closed: {type: bool, origin: request}")
    (versioned.set_dir / "tests.yaml").write_text((versioned.set_dir / "tests.yaml").read_text())

    assert diffed("--format", "json").json["verdict"] == "both"


def test_a_label_alone_is_no_change_and_is_told(versioned: Checkout) -> None:
    versioned.replace("set.yaml", "en: Move a box", "en: Carry a box")

    ran = diffed()

    assert ran.status == 0
    assert ran.out.splitlines() == [
        "NO CHANGE",
        "",
        "Other changes",
        (
            "· the label of the action move_box reads otherwise: en “Carry a box”, before: “Move a box”  "
            "storehouse/set.yaml:14"
        ),
    ]


def test_an_obligation_and_a_service_term_are_told_and_are_no_access(versioned: Checkout) -> None:
    versioned.replace("set.yaml", "en: sign the book", "en: sign the ledger")
    versioned.replace("set.yaml", "reaction: 1 working hour", "reaction: 2 working hours")

    document = diffed("--format", "json").json

    assert document["verdict"] == "no_change"
    assert [one["text"] for one in document["sentences"]] == [
        "the obligation sign-book differs: property text en “sign the ledger”, before: “sign the book”",
        "the service terms gate differs: reaction 2 working hours, before: 1 working hour",
    ]


def test_a_file_that_is_renamed_is_no_change(versioned: Checkout) -> None:
    networks = versioned.set_dir / "networks"
    (networks / "acme.csv").rename(networks / "acme-and-others.csv")

    assert diffed().out == "NO CHANGE\n"


def test_an_override_for_one_tenant_is_that_tenants_alone(versioned: Checkout) -> None:
    with (versioned.set_dir / "matrix.csv").open("a") as stream:
        stream.write("p, acme, guest, read_rules, -, deny\n")

    assert sentences() == ["guest of acme may no longer request read_rules; before: always"]


def test_many_cells_with_one_cause_are_one_sentence(versioned: Checkout) -> None:
    with (versioned.set_dir / "matrix.csv").open("a") as stream:
        stream.write("p, acme, *, *, gate_closed, deny\n")

    told = sentences()

    assert len(told) <= 4
    assert all("acme" in one for one in told)


def test_a_policy_set_that_is_new_is_wider_and_one_that_goes_is_narrower(versioned: Checkout, tmp_path: Path) -> None:
    empty = tmp_path / "other"
    (empty / "policies").mkdir(parents=True)
    (empty / "model.conf").write_bytes((versioned.root / "model.conf").read_bytes())
    second = empty / "policies" / "second"
    subprocess.run(["cp", "-r", str(versioned.set_dir), str(second)], check=True)
    for file in second.rglob("*"):
        if file.is_file():
            file.write_text(file.read_text().replace("storehouse/", "second/"))

    document = authz("diff", str(versioned.root), str(empty), "--format", "json").json

    assert {one["set"]: one["verdict"] for one in document["sets"]} == {"second": "wider", "storehouse": "narrower"}
    assert document["verdict"] == "both"


def test_an_approval_in_the_same_change_accepts_exactly_what_it_names(versioned: Checkout) -> None:
    versioned.replace("matrix.csv", "network_ok + sender_ok + own_box, allow", "network_ok + sender_ok, allow")
    versioned.replace(
        "tests.yaml", "expect: {decision: false, reason: fact_not_met, fact: own_box}", "expect: {decision: true}"
    )
    versioned.replace(
        "tests.yaml", "expect: {decision: false, reason: fact_unknown, fact: own_box}", "expect: {decision: true}"
    )
    approve(versioned, "    cells: [{role: guest, action: move_box}]\n")

    assert diffed().status == 0

    approve(versioned, "    cells: [{role: guest, action: open_gate}]\n")
    ran = diffed()
    assert ran.status == 5
    assert "accepts what this change does not do" in ran.out


def test_an_approval_for_one_tenant_does_not_accept_what_all_gain(versioned: Checkout) -> None:
    versioned.replace("matrix.csv", "network_ok + sender_ok + own_box, allow", "network_ok + sender_ok, allow")
    approve(versioned, "    cells: [{role: guest, action: move_box, tenant: acme}]\n")

    assert diffed().status == 5


def test_an_approval_of_a_range_must_hold_every_address(versioned: Checkout) -> None:
    versioned.replace("networks/acme.csv", "203.0.113.0/24", "203.0.112.0/23")
    approve(versioned, "    networks: [{tenant: acme, range: 203.0.112.0/25}]\n")
    assert diffed().status == 5

    approve(versioned, "    networks: [{tenant: acme, range: 203.0.112.0/24}]\n")
    assert diffed().status == 0


def test_an_approval_that_base_has_already_accepts_nothing(versioned: Checkout) -> None:
    approve(versioned, "    networks: [{tenant: acme, range: 203.0.112.0/24}]\n")
    for words in (["add", "-A"], ["-c", "user.name=T", "-c", "user.email=t@x.example", "commit", "-qm", "y"]):
        subprocess.run(["git", *words], cwd=versioned.root, check=True)
    versioned.replace("networks/acme.csv", "203.0.113.0/24", "203.0.112.0/23")

    assert diffed().status == 5


RANGE = "    networks: [{tenant: acme, range: 203.0.112.0/24}]\n"


@pytest.mark.parametrize(
    "again",
    [
        ("because: annex 2 of acme", "because: 'Annex  2 of acme '"),
        ("accepted_by: Mara Ionescu", "accepted_by: Radu Ionescu"),
        ("expires: 2999-01-01", "expires: 2999-01-02"),
        (RANGE, RANGE.replace("}]", "}, {tenant: acme, range: 203.0.112.0/24}]")),
        (RANGE, f"{RANGE}    declared: [fact:own_box]\n"),
    ],
    ids=["blanks and letters", "another name", "another day", "said twice", "something added"],
)
def test_yesterdays_approval_is_not_todays_whatever_is_new_about_it(
    versioned: Checkout, again: tuple[str, str]
) -> None:
    approve(versioned, RANGE)
    for words in (["add", "-A"], ["-c", "user.name=T", "-c", "user.email=t@x.example", "commit", "-qm", "y"]):
        subprocess.run(["git", *words], cwd=versioned.root, check=True)
    versioned.replace("networks/acme.csv", "203.0.113.0/24", "203.0.112.0/23")
    path = versioned.root / "approvals" / "change.yaml"
    path.write_text(path.read_text().replace(*again))

    assert diffed().status == 5


def test_the_same_access_is_accepted_again_by_another_paper(versioned: Checkout) -> None:
    approve(versioned, RANGE)
    for words in (["add", "-A"], ["-c", "user.name=T", "-c", "user.email=t@x.example", "commit", "-qm", "y"]):
        subprocess.run(["git", *words], cwd=versioned.root, check=True)
    versioned.replace("networks/acme.csv", "203.0.113.0/24", "203.0.112.0/23")
    path = versioned.root / "approvals" / "change.yaml"
    path.write_text(path.read_text().replace("annex 2 of acme", "annex 3 of acme"))

    assert diffed().status == 0


def test_the_approval_that_accepts_a_gain_is_named_and_that_it_is_as_wide_as_can_be(versioned: Checkout) -> None:
    approve(versioned, "    networks: [{tenant: acme, range: any}]\n")
    versioned.replace("networks/acme.csv", "203.0.113.0/24", "203.0.112.0/23")

    for form in ("terminal", "markdown"):
        said = diffed("--format", form)
        assert said.status == 0
        assert (
            "annex 2 of acme (accepted by Mara Ionescu, until 2999-01-01); as wide as can be: any address" in said.out
        )
    assert diffed("--format", "json").json["accepted"] == [
        {"gain": "storehouse: addresses 203.0.112.0/24 of acme", "because": "annex 2 of acme",
         "accepted_by": "Mara Ionescu", "expires": "2999-01-01", "file": "approvals/change.yaml", "line": 2,
         "column": 5, "member": "networks", "item": 1}
    ]  # fmt: skip


CELL = "    cells: [{role: guest, action: move_box}]\n"


def approved_yesterday(checkout: Checkout, entry: str) -> Path:
    """An approval that BASE has already; its file."""
    approve(checkout, entry)
    for words in (["add", "-A"], ["-c", "user.name=T", "-c", "user.email=t@x.example", "commit", "-qm", "y"]):
        subprocess.run(["git", *words], cwd=checkout.root, check=True)
    return checkout.root / "approvals" / "change.yaml"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("annex 2 of acme", '"annex 2 of\\u200b acme"'),
        ("annex 2 of acme", '"annex 2 of acme\\u3164"'),
        ("annex 2 of acme", "annex 2, of acme."),
        ("annex 2 of acme", '"\\uff41nnex 2 of acme"'),
        ("annex 2 of acme", '"annex 2 of \\u0430\\u0441\\u043c\\u0435"'),
        ("annex 2 of acme", '"annex \\u0662 of acme"'),
        ("annex 2 of acme", "annex 02 of acme"),
        ("move_box}", "move_box, when: network_ok + sender_ok}"),
        ("role: guest", "role: '*'"),
    ],
    ids=[
        "what nobody sees",
        "a letter that nobody sees",
        "signs",
        "wide letters",
        "letters of another alphabet",
        "a digit of another script",
        "a zero before a number",
        "a condition added",
        "made wider",
    ],
)
def test_an_older_approval_that_is_dressed_again_accepts_nothing_and_is_said_to_be_old(
    versioned: Checkout, old: str, new: str
) -> None:
    path = approved_yesterday(versioned, CELL)
    versioned.replace("matrix.csv", "network_ok + sender_ok + own_box, allow", "network_ok + sender_ok, allow")
    path.write_text(path.read_text().replace(old, new))

    ran = diffed()

    assert ran.status == 5
    assert "(approvals/change.yaml:2:5) accepted it before this change already, and is no new approval of it" in ran.out
    assert "Accepted in this change" not in ran.out


def test_what_was_accepted_for_one_tenant_is_not_accepted_for_all_by_the_same_paper(versioned: Checkout) -> None:
    path = approved_yesterday(versioned, "    cells: [{role: guest, action: move_box, tenant: acme}]\n")
    versioned.replace("matrix.csv", "network_ok + sender_ok + own_box, allow", "network_ok + sender_ok, allow")
    path.write_text(path.read_text().replace(", tenant: acme", ""))

    ran = diffed()

    assert ran.status == 5
    assert "accepted it before this change already" in ran.out


def test_a_part_of_the_addresses_that_the_same_paper_accepted_before_is_not_accepted_anew(versioned: Checkout) -> None:
    path = approved_yesterday(versioned, RANGE)
    versioned.replace("networks/acme.csv", "203.0.113.0/24", "203.0.112.0/23")
    path.write_text(path.read_text().replace("203.0.112.0/24", "203.0.112.0/25"))

    assert diffed().status == 5


def test_the_same_paper_may_accept_what_it_did_not_accept_before(versioned: Checkout) -> None:
    path = approved_yesterday(versioned, RANGE.replace("112.0/24", "112.0/25"))
    versioned.replace("networks/acme.csv", "203.0.113.0/24", "203.0.112.0/23")
    path.write_text(path.read_text().replace("112.0/25}", "112.0/25}, {tenant: acme, range: 203.0.112.128/25}"))

    ran = diffed("--format", "json")

    assert ran.json["unapproved"] == [
        (
            "storehouse: addresses 203.0.112.0/25 of acme; `annex 2 of acme` (approvals/change.yaml:2:5) accepted it "
            "before this change already, and is no new approval of it"
        )
    ]
    assert [one["gain"] for one in ran.json["accepted"]] == ["storehouse: addresses 203.0.112.128/25 of acme"]


@pytest.mark.parametrize("because", ["'...'", '"\\u200b"', '"\\u0430nnex 2 of acme"'], ids=["signs", "unseen", "mixed"])
def test_an_approval_that_names_no_paper_is_none(versioned: Checkout, because: str) -> None:
    approve(versioned, CELL)
    path = versioned.root / "approvals" / "change.yaml"
    path.write_text(path.read_text().replace("annex 2 of acme", because))

    ran = diffed()

    assert ran.status == 3
    assert "names no paper, or mixes alphabets" in ran.out


def test_each_gain_is_listed_with_the_item_that_accepts_it(versioned: Checkout) -> None:
    versioned.replace("matrix.csv", "network_ok + sender_ok + own_box, allow", "network_ok + sender_ok, allow")
    versioned.replace("networks/acme.csv", "203.0.113.0/24", "203.0.112.0/23")
    approve(versioned, "    cells: [{role: guest, action: '*'}]\n" + RANGE)

    out = diffed().out.splitlines()

    at = out.index("Accepted in this change")
    paper = (
        "annex 2 of acme (accepted by Mara Ionescu, until 2999-01-01); as wide as can be: every action of guest "
        "of every tenant  approvals/change.yaml:2:5"
    )
    assert out[at + 1 : at + 3] == [
        f"  storehouse: guest, move_box: {paper}, item 1 of `cells`",
        f"  storehouse: addresses 203.0.112.0/24 of acme: {paper}, item 1 of `networks`",
    ]


def test_an_approval_for_another_set_is_no_finding_where_one_set_is_compared(versioned: Checkout) -> None:
    shutil.copytree(versioned.set_dir, versioned.root / "policies" / "second")
    approve(versioned, RANGE)

    text = "the approval `annex 2 of acme` accepts what this change does not do"
    assert text in diffed().out
    assert text not in authz("diff", "HEAD", "policies/second").out


def test_a_registry_file_that_is_not_fit_is_wrong_usage_and_names_nobody_under_pseudonyms(
    versioned: Checkout, tmp_path: Path
) -> None:
    versioned.replace("networks/acme.csv", "203.0.113.0/24", "203.0.113.0/25")
    people = tmp_path / "people.yaml"
    people.write_text(versioned.registry_file.read_text().replace("role: keeper", "role: ana@acme.example", 1))

    ran = diffed("--registry", str(people), "--pseudonyms", "--advisory")

    assert ran.status == 2
    assert "cannot be loaded" in ran.err
    assert "@acme.example" not in ran.err


def test_an_approval_past_its_day_is_a_finding(versioned: Checkout) -> None:
    yesterday = (dt.datetime.now(dt.UTC).date() - dt.timedelta(1)).isoformat()
    approve(versioned, "    cells: [{role: guest, action: move_box}]\n", expires=yesterday)

    ran = diffed()

    assert ran.status == 1
    assert "expired" in ran.out


def test_an_approval_that_cannot_be_read_is_no_approval(versioned: Checkout) -> None:
    approve(versioned, "    cels: [{role: guest, action: move_box}]\n")

    ran = diffed()

    assert ran.status == 3
    assert "approvals/change.yaml:6:5: `cels` is not one of" in ran.out


def test_a_side_that_does_not_compile_has_no_verdict(versioned: Checkout) -> None:
    versioned.replace(
        "matrix.csv", "p, beta, keeper, move_box, -,                               deny", "p, beta, keeper, move_box"
    )

    ran = diffed("--format", "json")

    assert ran.status == 3
    assert ran.json["verdict"] is None
    assert ran.json["invalid"][0]["file"] == "policies/storehouse/matrix.csv"


def test_tests_that_fail_stand_beside_the_verdict(versioned: Checkout) -> None:
    versioned.replace("matrix.csv", "p, *, guest,  read_rules, -,                                allow",
                      "p, *, guest,  read_rules, -,                                deny")  # fmt: skip
    opens = (
        "description: a Keeper opens the gate\n    ask: {contact: ana@acme.example, action: open_gate}\n    expect: "
    )
    versioned.replace("tests.yaml", f"{opens}{{decision: true}}", f"{opens}{{decision: false}}")

    ran = diffed()

    assert ran.status == 4
    assert ran.out.startswith("NARROWER: 1 change is narrower in storehouse\n")
    assert "Guards and tests that fail" in ran.out


def test_advisory_exits_with_0_and_says_that_it_would_fail(versioned: Checkout) -> None:
    versioned.replace("networks/acme.csv", "203.0.113.0/24", "203.0.112.0/23")

    ran = diffed("--advisory")

    assert ran.status == 0
    assert ran.err == "would fail with exit status 5\n"


def test_a_base_that_is_not_there_is_wrong_usage(versioned: Checkout) -> None:
    ran = authz("diff", "no-such-revision", ".")

    assert ran.status == 2
    assert "neither a folder nor a revision" in ran.err


def test_the_json_is_what_its_schema_says(versioned: Checkout) -> None:
    schema = json.loads((PROJECT / "docs/diff.schema.json").read_text())
    versioned.replace("networks/acme.csv", "203.0.113.0/24", "any")
    versioned.replace("set.yaml", "tags: [gate]", "tags: [gate, portcullis]")
    with (versioned.set_dir / "matrix.csv").open("a") as stream:
        stream.write("p, acme, guest, read_rules, -, deny\n")

    document = diffed("--format", "json").json

    jsonschema.validate(document, schema)
    assert next(iter(document)) == "verdict"


def test_sarif_has_the_parts_that_the_standard_requires_and_fingerprints_that_stay(versioned: Checkout) -> None:
    versioned.replace("networks/acme.csv", "203.0.113.0/24", "203.0.112.0/23")
    first = diffed("--format", "sarif").json
    path = versioned.set_dir / "networks" / "acme.csv"
    path.write_text("# moved down\n" + path.read_text())
    second = diffed("--format", "sarif").json

    run = first["runs"][0]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert first["version"] == "2.1.0"
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in {"error", "warning", "note"}
        assert result["locations"][0]["physicalLocation"]["region"]["startLine"] >= 1
        assert not result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].startswith("/")
    prints = [[one["partialFingerprints"] for one in side["runs"][0]["results"]] for side in (first, second)]
    lines = [side["runs"][0]["results"][-1]["locations"][0]["physicalLocation"]["region"] for side in (first, second)]
    assert prints[0] == prints[1]
    assert lines[0] != lines[1]


def test_annotations_stand_on_the_line_with_their_words_escaped(versioned: Checkout) -> None:
    versioned.replace("networks/acme.csv", "203.0.113.0/24", "203.0.112.0/23")

    lines = diffed("--format", "github").out.splitlines()

    assert lines[0] == "WIDER: 1 change is wider in storehouse"
    assert (
        "::warning file=policies/storehouse/networks/acme.csv,line=1,col=1,title=access-gained::"
        "acme gains 256 IPv4 addresses (203.0.112.0/24)"
    ) in lines


def test_the_markdown_is_one_comment_that_says_whether_to_merge(versioned: Checkout) -> None:
    versioned.replace("networks/acme.csv", "203.0.113.0/24", "203.0.112.0/23")

    text = diffed("--format", "markdown", "--summary", "summary.md").out

    assert text.startswith("<!-- authz diff -->\n\n## WIDER: 1 change is wider in storehouse\n\n**Do not merge yet**")
    assert (versioned.root / "summary.md").read_text() == text


def test_the_summary_of_a_guard_that_goes_says_what_that_means(versioned: Checkout) -> None:
    guard = (versioned.set_dir / "set.yaml").read_text().partition("guards:\n")[2].partition("accepted:")[0]
    versioned.replace("set.yaml", f"guards:\n{guard}", "")

    text = diffed("--format", "markdown").out

    assert "## NO CHANGE" in text
    assert "What must never be is stated otherwise (`storehouse/guests-move-nothing`)" in text
    shown = diffed().out
    assert "What must never be is stated otherwise (`storehouse/guests-move-nothing`)" in " ".join(shown.split())
    assert "the guard guests-move-nothing is gone: it forbids open_gate to guest of any tenant; label" in shown


def test_the_summary_of_a_stale_approval_does_not_say_that_all_is_well(versioned: Checkout) -> None:
    approve(versioned, "    cells: [{role: guest, action: open_gate}]\n")

    ran = diffed("--format", "markdown")

    assert ran.status == 1
    assert "**Do not merge yet**: an approval is stale" in ran.out
    assert "Nobody may do anything" not in ran.out


def log_one_question(checkout: Checkout) -> None:
    record = {
        "kind": "decision", "at": "2026-06-03T07:00:00.000000Z", "channel": "web", "assurance": "session",
        "set": "storehouse", "tenant": "acme", "action": "read_rules", "role": "guest", "decision": True,
        "reason": "permitted", "facts": {},
    }  # fmt: skip
    (checkout.root / "log.jsonl").write_text(json.dumps(record) + "\n")


def test_logged_questions_are_put_to_the_new_rules(versioned: Checkout) -> None:
    log_one_question(versioned)
    versioned.replace("matrix.csv", "p, *, guest,  read_rules, -,                                allow",
                      "p, *, guest,  read_rules, -,                                deny")  # fmt: skip

    out = diffed("--replay", "log.jsonl").out

    assert "  1 of 1 logged question would be answered otherwise" in out.splitlines()
    assert (
        "1 question of acme (storehouse): guest, read_rules: allowed, would be refused by storehouse/matrix.csv:7"
        in out
    )


def test_questions_of_a_set_that_is_no_more_are_counted(versioned: Checkout) -> None:
    log_one_question(versioned)
    versioned.set_dir.rename(versioned.root / "policies" / "another")

    out = diffed("--replay", "log.jsonl").out

    assert "  1 of 1 logged question would be answered otherwise" in out.splitlines()
    assert "guest, read_rules: allowed, would be refused: there is no policy set `storehouse` any more" in out


def test_an_approval_whose_member_is_misspelt_does_not_accept_for_all_tenants(versioned: Checkout) -> None:
    versioned.replace("matrix.csv", "network_ok + sender_ok + own_box, allow", "network_ok + sender_ok, allow")
    approve(versioned, "    cells: [{role: guest, action: move_box, tennant: acme}]\n")

    ran = diffed()

    assert ran.status == 3
    assert "`tennant` is not one of role, action, tenant, when" in ran.out


def test_an_approval_may_name_the_condition_that_it_accepts(versioned: Checkout) -> None:
    versioned.replace("matrix.csv", "network_ok + sender_ok + own_box, allow", "network_ok + sender_ok, allow")
    approve(versioned, "    cells: [{role: guest, action: move_box, when: network_ok + sender_ok + gate_closed}]\n")
    assert diffed("--format", "json").json["unapproved"] == ["storehouse: guest, move_box"]

    approve(versioned, "    cells: [{role: guest, action: move_box, when: network_ok + sender_ok}]\n")
    assert diffed("--format", "json").json["unapproved"] == []


def test_an_item_of_an_approval_that_accepts_nothing_is_a_finding(versioned: Checkout) -> None:
    versioned.replace("networks/acme.csv", "203.0.113.0/24", "203.0.112.0/23")
    approve(
        versioned,
        "    cells: [{role: guest, action: read_rules}]\n"
        "    networks: [{tenant: acme, range: 203.0.112.0/24}, {tenant: acme, range: 192.0.2.0/24}]\n",
    )

    document = diffed("--format", "json").json

    assert document["exit_code"] == 1
    assert [one["text"].rpartition(": ")[2] for one in document["findings"]] == [
        "item 1 of `cells`", "item 2 of `networks`",
    ]  # fmt: skip


def test_a_link_is_no_approval(versioned: Checkout, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.yaml").write_text("approvals: []\n")
    (versioned.root / "approvals").mkdir()
    (versioned.root / "approvals" / "change.yaml").symlink_to(tmp_path / "elsewhere.yaml")

    assert "approvals/change.yaml:0:0: is not a regular file" in diffed().out


@pytest.mark.parametrize("side", ["BASE too", "HEAD only"])
def test_a_folder_of_approvals_that_is_a_link_is_none(versioned: Checkout, tmp_path: Path, side: str) -> None:
    approve(versioned, RANGE)
    (versioned.root / "approvals").rename(versioned.root / "elsewhere")
    (versioned.root / "approvals").symlink_to("elsewhere")
    if side == "BASE too":
        for words in (["add", "-A"], ["-c", "user.name=T", "-c", "user.email=t@x.example", "commit", "-qm", "y"]):
            subprocess.run(["git", *words], cwd=versioned.root, check=True)
    versioned.replace("networks/acme.csv", "203.0.113.0/24", "203.0.112.0/23")

    ran = diffed()

    assert ran.status == 3
    assert "approvals:0:0: is not a folder but a symbolic link" in ran.out


def test_an_approval_whose_file_would_not_be_read_is_told(versioned: Checkout) -> None:
    approve(versioned, RANGE)
    (versioned.root / "approvals" / "change.yaml").rename(versioned.root / "approvals" / "change.yml")

    ran = diffed()

    assert ran.status == 3
    assert "approvals/change.yml:0:0: is not read; its name has to end in .yaml" in ran.out


def test_the_error_of_a_gain_that_nobody_accepted_stands_on_the_line_that_gives_it(versioned: Checkout) -> None:
    versioned.replace("networks/acme.csv", "203.0.113.0/24", "203.0.112.0/23")

    assert (
        "::error file=policies/storehouse/networks/acme.csv,line=1,title=unapproved::"
        "widened without an approval: storehouse: addresses 203.0.112.0/24 of acme"
    ) in diffed("--format", "github").out.splitlines()


def test_the_markdown_of_a_large_change_fits_into_one_comment_and_counts_the_rest() -> None:
    people = Touched(
        tuple(
            Person.named(
                f"acme: Contact Number {number} <contact-number-{number}@acme.example>",
                "acme",
                (SubjectKey(str(number)),),
            )
            for number in range(12)
        )
    )
    lines = tuple(
        Line(
            kind, "storehouse", f"guest of tenant-{number} may now request open_gate", "storehouse/matrix.csv:3", people
        )
        for kind in (Kind.GAIN, Kind.LOSS, Kind.BOTH)
        for number in range(300)
    )
    compared = Compared("main", ".", Verdict.BOTH, (), lines, (), (), (), (), 0, (), 0)

    text = markdown(compared)

    assert 30_000 < len(text) <= 65_000
    assert text.count("… and 275 more") == 3
    assert text.endswith("every address.</sub>\n")

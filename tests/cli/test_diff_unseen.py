"""Changes that look harmless, or hide from a comparison: `authz diff` lets none of them pass as no change."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from authz.core.definition import (
    ActionDef,
    AttributeDef,
    FactDef,
    FactPart,
    PolicySet,
    Reading,
    ResourceTypeDef,
    RoleDef,
)
from authz.core.diff.declarations import declared_changes
from authz.core.generation import Generation
from authz.policy.bundle import read_bundle
from authz.policy.compile import compile_set
from authz.policy.live import generation_of
from authz.policy.parse import parse_set
from tests.cli.program import Checkout, Ran, authz


def commit(checkout: Checkout) -> None:
    if not (checkout.root / ".git").exists():
        subprocess.run(["git", "init", "-q"], cwd=checkout.root, check=True)
    for words in (
        ["add", "-A"],
        ["-c", "user.name=T", "-c", "user.email=t@x.example", "commit", "--allow-empty", "-qm", "x"],
    ):
        subprocess.run(["git", *words], cwd=checkout.root, check=True)


@pytest.fixture
def versioned(checkout: Checkout) -> Checkout:
    with (checkout.set_dir / "matrix.csv").open("a") as stream:
        stream.write("p, gamma, guest, open_gate, own_box, deny\n")
    commit(checkout)
    return checkout


def diffed(*options: str) -> Ran:
    return authz("diff", "HEAD", ".", *options)


def told(base: str = "HEAD", head: str = ".") -> tuple[str, list[str]]:
    document = authz("diff", base, head, "--format", "json").json
    return document["verdict"], [one["text"] for one in document["sentences"]]


def test_a_comment_that_swallows_the_rest_of_an_expression_is_another_expression(versioned: Checkout) -> None:
    versioned.replace(
        "set.yaml",
        "expression: 'resource.owner in subject.ids'",
        "expression: |-\n      resource.owner in subject.ids // theirs\n      && !tenant.closed",
    )
    commit(versioned)
    versioned.replace("set.yaml", "// theirs\n      &&", "// theirs &&")

    assert diffed("--format", "json").json["verdict"] == "both"


def test_an_expression_laid_out_otherwise_is_no_change(versioned: Checkout) -> None:
    versioned.replace("set.yaml", "'resource.owner in subject.ids'", "'resource.owner  in\n      subject.ids'")

    assert diffed().out == "NO CHANGE\n"


OWN_BOX = "expression: 'resource.owner in subject.ids'"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('resource.owner == "a b"', 'resource.owner   ==\n      "a b"'),
        ('resource.owner == "a b"', '(resource.owner == "a b") // theirs'),
        ('resource.owner == "a b" && tenant.closed', 'tenant.closed && resource.owner == "a b"'),
        (
            "tenant.closed || (tenant.id == 'x' || !tenant.closed)",
            "(tenant.id == 'x' || tenant.closed) || !tenant.closed",
        ),
        ('resource.owner == "a b"', "resource.owner == 'a b'"),
        ("resource.owner in ['a', \"b\", 'c']", "resource.owner in ['c', 'a', 'b', 'a']"),
        ("!tenant.closed || size(subject.ids) > 1 + 2", "!(tenant.closed) || (size((subject.ids)) > (1 + 2))"),
        ("tenant.closed ? tenant.id == 'x' : false", "(tenant.closed) ? (tenant.id == 'x') : (false)"),
    ],
    ids=[
        "blanks beside a text in quotes",
        "brackets and a comment",
        "another order",
        "another order in brackets",
        "other quotes",
        "another order of a list",
        "needless brackets",
        "needless brackets in a choice",
    ],
)
def test_an_expression_that_says_the_same_is_no_change(versioned: Checkout, before: str, after: str) -> None:
    versioned.replace("set.yaml", OWN_BOX, f"expression: |-\n      {before}")
    commit(versioned)
    versioned.replace("set.yaml", before, after)

    assert told() == ("no_change", [])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('resource.owner == "a b"', 'resource.owner == "a  b"'),
        ("tenant.closed ? tenant.id == 'x' : tenant.id == 'y'", "tenant.closed ? tenant.id == 'y' : tenant.id == 'x'"),
        (
            "tenant.closed && tenant.id == 'x' || tenant.id == 'y'",
            "tenant.closed && (tenant.id == 'x' || tenant.id == 'y')",
        ),
        ('resource.owner == "//" && tenant.closed', 'resource.owner == "//"'),
        ("tenant.id in ['x', 'y']", "tenant.id in ['x']"),
        ("resource.owner == 'tenant.id'", "resource.owner == tenant.id"),
        ("size(subject.ids) - (2 - 1) == 0", "size(subject.ids) - 2 - 1 == 0"),
        ("tenant.id == ['x', 'y'][0]", "tenant.id == ['y', 'x'][0]"),
        ("!(tenant.closed || tenant.id == 'x')", "!tenant.closed || tenant.id == 'x'"),
        ('resource.owner == "x\\\\n"', 'resource.owner == "x\\n"'),
    ],
    ids=[
        "blanks in a text",
        "a choice turned round",
        "brackets that matter",
        "no comment in a text",
        "a list",
        "a text and a name",
        "brackets around a difference",
        "places in a list",
        "a denial of both",
        "another letter",
    ],
)
def test_an_expression_that_says_something_else_counts_as_both(versioned: Checkout, before: str, after: str) -> None:
    versioned.replace("set.yaml", OWN_BOX, f"expression: |-\n      {before}")
    commit(versioned)
    versioned.replace("set.yaml", before, after)

    assert told()[0] == "both"


def test_a_fact_that_is_only_renamed_is_no_change(versioned: Checkout) -> None:
    for name in ("set.yaml", "matrix.csv", "tests.yaml"):
        path = versioned.set_dir / name
        path.write_text(path.read_text().replace("own_box", "his_box"))

    assert told() == ("no_change", ["the fact his_box was named own_box before, and computes the same"])

    versioned.replace("set.yaml", "'resource.owner in subject.ids'", "'resource.owner in subject.ids || tenant.closed'")

    text = (
        "the fact his_box was named own_box before, and is computed otherwise: as “resource.owner in subject.ids || "
        "tenant.closed”, before: “resource.owner in subject.ids”; it decides for guest: move_box; "
        "its effect cannot be told from the tables"
    )
    assert told() == ("both", [text])


def test_two_facts_that_swap_names_in_the_lines_too_are_no_change(versioned: Checkout) -> None:
    for name in ("set.yaml", "matrix.csv", "tests.yaml"):
        path = versioned.set_dir / name
        text = path.read_text().replace("own_box", "other").replace("gate_closed", "own_box")
        path.write_text(text.replace("other", "gate_closed"))

    assert told() == (
        "no_change",
        [
            "the fact gate_closed was named own_box before, and computes the same",
            "the fact own_box was named gate_closed before, and computes the same",
        ],
    )


def test_two_facts_that_swap_names_and_not_the_lines_count_as_both(versioned: Checkout) -> None:
    path = versioned.set_dir / "set.yaml"
    text = path.read_text().replace("own_box:", "other:").replace("gate_closed:", "own_box:")
    path.write_text(text.replace("other:", "gate_closed:"))

    verdict, sentences = told()

    assert verdict == "both"
    assert [one.partition(":")[0] for one in sentences if " computed " in one] == [
        "the fact gate_closed is computed otherwise", "the fact own_box is computed otherwise",
    ]  # fmt: skip


def test_a_fact_that_comes_or_goes_says_what_it_computes(versioned: Checkout) -> None:
    versioned.replace("matrix.csv", "p, gamma, guest, open_gate, own_box, deny", "p, gamma, *, open_gate, shut, deny")
    versioned.replace(
        "set.yaml",
        "  gate_closed:\n",
        "  shut: {expression: tenant.id == 'x', label: {ro: x, en: x}, clause: '4'}\n  gate_closed:\n",
    )

    assert told()[1][-1] == "the fact shut is new: computed as “tenant.id == 'x'”"

    commit(versioned)
    versioned.replace("matrix.csv", "p, gamma, *, open_gate, shut, deny\n", "")
    versioned.replace("set.yaml", "  shut: {expression: tenant.id == 'x', label: {ro: x, en: x}, clause: '4'}\n", "")

    assert told()[1][-1] == "the fact shut is gone: it was computed as “tenant.id == 'x'”"


def test_a_fact_that_decides_for_one_tenant_alone_says_so(versioned: Checkout) -> None:
    versioned.replace(
        "matrix.csv", "p, gamma, guest, open_gate, own_box, deny", "p, gamma, keeper, move_box, gate_closed, deny"
    )
    commit(versioned)
    versioned.replace("set.yaml", "'tenant.closed'", "'!tenant.closed'")

    assert "; it decides for keeper: open_gate; for keeper of gamma: move_box; " in told()[1][0]


def test_an_attribute_that_names_no_contact_any_more_says_so(versioned: Checkout) -> None:
    versioned.replace("set.yaml", "request_over_registry, contact_id: true}", "request_over_registry}")

    text = (
        "the attribute resource.owner is string of request_over_registry, before: string of request_over_registry, the "
        "id of a contact (`contact_id`); read by own_box; it decides for guest: move_box; "
        "its effect cannot be told from the tables"
    )
    assert told() == ("both", [text])


def test_a_line_that_may_leave_out_the_sender_is_told_when_it_may_and_when_it_no_longer_may(
    versioned: Checkout,
) -> None:
    versioned.replace("set.yaml", "    tags: [gate]\n", "    tags: [gate]\n    open_to_any_sender: a trial\n")
    text = "need not name `network_ok` and `sender_ok` now (`open_to_any_sender`: “a trial”)"
    assert told() == ("no_change", [f"the lines of open_gate {text}"])

    commit(versioned)
    versioned.replace("set.yaml", "any_sender: a trial", "any_sender: a test")
    text = "the reason for `open_to_any_sender` reads “a test”, before: “a trial”"
    assert told() == ("no_change", [f"open_gate: {text}"])

    versioned.replace("set.yaml", "    open_to_any_sender: a test\n", "")
    text = "have to name `network_ok` and `sender_ok` again (`open_to_any_sender`)"
    assert told() == ("no_change", [f"the lines of open_gate {text}"])


def test_a_resource_type_that_belongs_to_no_tenant_any_more_only_gives_and_one_that_does_again_only_takes(
    versioned: Checkout,
) -> None:
    """R2: of such a type the tenant is told from the contact where none is named, of any other it is not."""
    versioned.replace(
        "set.yaml",
        'box: {label: {ro: cutie, en: box}, clause: "3"}',
        'box: {label: {ro: cutie, en: box}, clause: "3", tenant_free: true}',
    )
    text = "no longer belong to a tenant: where none is named, it is told from the contact"
    assert told() == ("wider", [f"resources of type box {text}"])

    commit(versioned)
    versioned.replace("set.yaml", ", tenant_free: true", "")
    text = "now belong to a tenant: where none is named, the question is refused"
    assert told() == ("narrower", [f"resources of type box {text}"])


def test_the_parts_of_a_fact_in_another_order_are_no_change_of_access(versioned: Checkout) -> None:
    label = "label: {ro: x, en: x}"
    parts = [
        f"      a: {{expression: tenant.closed, {label}}}\n",
        f"      b: {{expression: tenant.id == 'x', {label}}}\n",
    ]
    versioned.replace("set.yaml", OWN_BOX, f"parts:\n{''.join(parts)}".rstrip())
    commit(versioned)
    versioned.replace("set.yaml", "".join(parts), "".join(reversed(parts)))

    assert told() == ("no_change", ["the fact own_box: parts b, a, before: a, b"])


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        ("tenant.closed: true", "", "narrower"),
        ("tenant.closed: true", "tenant.closed: [true, false]", "narrower"),
        ("tenant.closed: true", "tenant.closed: true, tenant.id: acme", "wider"),
        ("tenant.closed: [true, false]", "tenant.closed: false", "wider"),
        ("tenant.closed: true", "tenant.closed: false", "both"),
        ("tenant.closed: true", "tenant.id: acme", "both"),
        ("", "channel: [web, api, email, phone, chat]", "no_change"),
        ("", "channel: [web, api, email, phone]", "wider"),
        ("", "assurance: [claimed, mail_verified, mail_signed, session, confirmed]", "no_change"),
        ("", "subject.role: [keeper, guest]", "no_change"),
        ("tenant.closed: true", "tenant.closed: true, channel: [chat, web, api, email, phone]", "no_change"),
        ("", "resource.type: [tenant, box]", "wider"),
    ],
)
def test_the_cases_in_which_an_obligation_applies_are_weighed(
    versioned: Checkout, before: str, after: str, verdict: str
) -> None:
    versioned.replace("set.yaml", "    match: {}\n", f"    match: {{{before}}}\n")
    commit(versioned)
    versioned.replace("set.yaml", f"    match: {{{before}}}\n", f"    match: {{{after}}}\n")

    assert told()[0] == verdict


def duty(name: str, match: str) -> str:
    said = f"id: {name}, type: custom, actions: [move_box], match: {{{match}}}, properties: {{kind: x}}, clause: '5'"
    return f"  - {{{said}}}\n"


@pytest.mark.parametrize(
    ("one", "several"),
    [
        ("", ("channel: [web, api]", "channel: [email, phone]", "channel: chat")),
        ("tenant.closed: [true, false]", ("tenant.closed: true", "tenant.closed: false")),
        (
            "tenant.id: [x, y], tenant.closed: true",
            ("tenant.id: x, tenant.closed: true", "tenant.id: y, tenant.closed: true"),
        ),
    ],
    ids=["by channel", "by an attribute", "by one of two"],
)
def test_an_obligation_that_several_ask_for_in_the_same_cases_is_no_change_of_access(
    versioned: Checkout, one: str, several: tuple[str, ...]
) -> None:
    single, split = duty("whole", one), "".join(duty(f"part-{at}", match) for at, match in enumerate(several))
    versioned.replace("set.yaml", "calendars:\n", f"{single}calendars:\n")
    commit(versioned)
    versioned.replace("set.yaml", single, split)
    verdict, sentences = told()
    assert verdict == "no_change"
    assert all(one.endswith("; together with the others it asks the same as before") for one in sentences)

    commit(versioned)
    versioned.replace("set.yaml", split, single)
    assert told()[0] == "no_change"

    versioned.replace("set.yaml", single, split.partition("\n")[0] + "\n")
    assert told()[0] == "wider"


def test_two_values_are_not_all_there_is_for_an_attribute_that_may_be_missing(versioned: Checkout) -> None:
    single = duty("whole", "")
    versioned.replace("set.yaml", "calendars:\n", f"{single}calendars:\n")
    commit(versioned)
    versioned.replace("set.yaml", single, duty("shut", "tenant.closed: true") + duty("open", "tenant.closed: false"))

    assert told()[0] == "wider"


LOCK_GATE = """\
  lock_gate:
    label: {ro: Închidere, en: Lock the gate}
    clause: "Table 1, row 2"
"""
NOBODY_LOCKS = "p, *, keeper, lock_gate, -, deny\np, *, guest, lock_gate, -, deny\n"


def with_an_action_that_nobody_may_request(checkout: Checkout) -> None:
    checkout.replace("set.yaml", "  move_box:\n", f"{LOCK_GATE}  move_box:\n")
    checkout.replace("matrix.csv", "# closed gates", f"{NOBODY_LOCKS}# closed gates")


def test_the_id_of_an_action_that_goes_and_becomes_the_tag_of_another_widens(versioned: Checkout) -> None:
    """Whoever asked for `lock_gate` was refused, and is now let in as `open_gate`."""
    with_an_action_that_nobody_may_request(versioned)
    commit(versioned)
    versioned.replace("set.yaml", LOCK_GATE, "")
    versioned.replace("set.yaml", "tags: [gate]", "tags: [gate, lock_gate]")
    versioned.replace("matrix.csv", NOBODY_LOCKS, "")

    assert told() == ("wider", ["`lock_gate` now means open_gate, before: lock_gate", "the action lock_gate is gone"])


def test_an_action_that_nobody_may_request_is_told_when_it_comes(versioned: Checkout) -> None:
    with_an_action_that_nobody_may_request(versioned)

    assert told() == ("no_change", ["the action lock_gate is new"])


def test_by_mail_network_ok_hangs_on_the_risk_as_well(versioned: Checkout) -> None:
    versioned.replace(
        "set.yaml", "tags: [gate]\n", "tags: [gate]\n    high_risk: true\n    open_to_any_sender: it is watched\n"
    )
    versioned.replace(
        "matrix.csv", "open_gate,  network_ok + sender_ok,           allow", "open_gate, network_ok, allow"
    )
    commit(versioned)
    versioned.replace("set.yaml", "    high_risk: true\n", "")

    assert told() == ("wider", ["open_gate no longer needs a confirmed sender"])


def test_no_attribute_for_archives_hides_a_file_of_a_revision(versioned: Checkout) -> None:
    (versioned.root / ".gitattributes").write_text("policies/storehouse/networks/*.csv export-ignore\n")
    (versioned.set_dir / "networks" / "beta.csv").write_text("p2, beta, 198.51.100.0/24, allow\n")
    commit(versioned)

    assert told("HEAD~1", "HEAD") == ("wider", ["beta gains 256 IPv4 addresses (198.51.100.0/24)"])
    assert diffed().out == "NO CHANGE\n"


@pytest.mark.parametrize(
    "name", ["networks/.hidden.csv", "networks/beta.txt", "networks/b eta.csv", "networks/a/b/c.csv"]
)
def test_a_file_counts_in_a_revision_as_it_does_in_a_folder(versioned: Checkout, name: str) -> None:
    path = versioned.set_dir / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("p2, beta, 198.51.100.0/24, allow\n")
    in_folder = diffed()
    commit(versioned)

    in_revision = authz("diff", "HEAD~1", "HEAD")

    said = in_revision.out.replace("(HEAD)", "(.)").replace("  HEAD: ", "  .: ")
    assert (in_revision.status, said) == (in_folder.status, in_folder.out)


def test_a_set_of_which_a_revision_has_network_files_alone_is_not_passed_over(versioned: Checkout) -> None:
    path = versioned.root / "policies" / "other" / "networks" / "beta.csv"
    path.parent.mkdir(parents=True)
    path.write_text("p2, beta, 198.51.100.0/24, allow\n")
    commit(versioned)

    assert "policies/other/set.yaml:0:0: the file is missing" in authz("diff", "HEAD~1", "HEAD").out


def test_a_link_among_the_files_of_a_revision_is_refused_as_it_is_in_a_checkout(versioned: Checkout) -> None:
    (versioned.set_dir / "networks" / "beta.csv").symlink_to("acme.csv")
    commit(versioned)

    ran = authz("diff", "HEAD~1", "HEAD")

    assert ran.status == 3
    assert "policies/storehouse/networks/beta.csv:0:0: is a symbolic link" in ran.out


def test_ranges_in_place_of_any_let_in_whom_the_choice_of_the_annex_shut_out(versioned: Checkout) -> None:
    """R7: under an annex that says `declared`, a line `any` lets nobody in; ranges do."""
    versioned.replace("networks/acme.csv", "203.0.113.0/24", "any")
    commit(versioned)
    versioned.replace("networks/acme.csv", "any", "198.51.100.0/24")

    verdict, sentences = told()

    assert verdict == "both"
    assert sentences[0].endswith("; where its annex says `declared`, it gains 256 IPv4 addresses (198.51.100.0/24)")
    assert diffed().status == 5


def test_a_tenant_with_another_change_of_its_own_is_not_told_with_all_the_others(versioned: Checkout) -> None:
    with (versioned.set_dir / "matrix.csv").open("a") as stream:
        stream.write("p, acme, guest, move_box, gate_closed, deny\n")
    versioned.replace("matrix.csv", "network_ok + sender_ok + own_box, allow", "network_ok + sender_ok, allow")

    sentences = diffed("--format", "json", "--registry", "registry.yaml").json["sentences"]

    assert [(one["text"].partition(" may ")[0], one["people"]) for one in sentences] == [
        ("guest of every tenant (but acme, with lines of their own)", []),
        ("guest of acme", ["acme: Dan Rus <dan@acme.example>"]),
    ]


def test_one_set_is_compared_with_the_same_set_of_a_revision(versioned: Checkout) -> None:
    second = versioned.root / "policies" / "second"
    shutil.copytree(versioned.set_dir, second)
    commit(versioned)

    assert authz("diff", "HEAD", "policies/storehouse").out == "NO CHANGE\n"
    assert authz("diff", "./policies/storehouse", "HEAD").out == "NO CHANGE\n"


WATCHED = "    open_to_any_sender: it is watched\n"


def test_fewer_addresses_are_more_access_where_a_line_denies_those_inside(versioned: Checkout) -> None:
    versioned.replace("set.yaml", "tags: [gate]\n", f"tags: [gate]\n{WATCHED}")
    versioned.replace(
        "matrix.csv", "open_gate,  network_ok + sender_ok,           allow", "open_gate, sender_ok, allow"
    )
    with (versioned.set_dir / "matrix.csv").open("a") as stream:
        stream.write("p, acme, keeper, open_gate, network_ok, deny\n")
    commit(versioned)
    versioned.replace("networks/acme.csv", "203.0.113.0/24", "203.0.113.0/25")

    ran = diffed("--format", "json")

    assert (ran.status, ran.json["verdict"], ran.json["unapproved"]) == (
        5, "both", ["storehouse: addresses 203.0.113.128/25 of acme"],
    )  # fmt: skip
    assert ran.json["sentences"][0]["text"].endswith("; a line denies where `network_ok` holds, there it opens")


def test_a_surer_sender_asked_for_is_more_access_where_a_line_denies_sure_ones(versioned: Checkout) -> None:
    versioned.replace("set.yaml", "tags: [gate]\n", f"tags: [gate]\n{WATCHED}")
    versioned.replace("matrix.csv", "open_gate,  network_ok + sender_ok,           allow", "open_gate, -, allow")
    with (versioned.set_dir / "matrix.csv").open("a") as stream:
        stream.write("p, acme, keeper, open_gate, sender_ok, deny\n")
    commit(versioned)
    versioned.replace("set.yaml", WATCHED, f"{WATCHED}    high_risk: true\n")

    assert told() == ("wider", ["open_gate now needs a confirmed sender; a line denies where `sender_ok` holds"])


DUTY = '  - {id: duty, type: notification, actions: [open_gate], properties: {channel: email}, clause: "7"}\n'


def test_a_custom_obligation_of_another_kind_is_another_one(versioned: Checkout) -> None:
    versioned.replace("set.yaml", "properties: {kind: sign,", "properties: {kind: nod,")
    assert told()[0] == "both"

    second = "  - {id: nod, type: custom, actions: [move_box], match: {}, properties: {kind: nod}, clause: '5'}\n"
    versioned.replace("set.yaml", "properties: {kind: nod,", "properties: {kind: sign,")
    versioned.replace("set.yaml", "calendars:\n", f"{second}calendars:\n")
    commit(versioned)
    versioned.replace("set.yaml", second, "")
    assert told()[0] == "wider"


def test_an_obligation_that_goes_lets_in_callers_that_cannot_perform_it(versioned: Checkout) -> None:
    versioned.replace("set.yaml", "obligations:\n", f"obligations:\n{DUTY}")

    said = "type notification; of open_gate; applies always; property channel “email”; clause 7"
    assert told() == ("narrower", [f"the obligation duty is new: {said}"])

    commit(versioned)
    versioned.replace("set.yaml", "channel: email", "channel: phone")
    assert told()[0] == "both"

    versioned.replace("set.yaml", "notification, actions: [open_gate]", "notification, actions: [move_box]")
    assert told()[0] == "both"

    versioned.replace("set.yaml", DUTY.replace("email", "phone").replace("open_gate", "move_box"), "")
    ran = diffed("--format", "json")
    assert (ran.status, ran.json["verdict"], ran.json["unapproved"]) == (5, "wider", ["storehouse: obligation:duty"])


CANNOT_TELL = "whether other properties ask for more or for less cannot be told"


@pytest.mark.parametrize(
    ("kind", "before", "after", "said"),
    [
        ("step-up", "acr_values: phishing_resistant", "acr_values: password",
         "property acr_values “password”, before: “phishing_resistant”"),
        ("step-up", "max_age: 60", "max_age: 31536000", "property max_age 31536000, before: 60"),
        ("step-up", "max_age: 60", "", "property max_age none, before: 60"),
        ("step-up", "acr_values: [a, b]", "acr_values: [b, a]", "property acr_values [“b”, “a”], before: [“a”, “b”]"),
        ("step-up", "acr_values: {en: strong}", "acr_values: {en: none}",
         "property acr_values en “none”, before: “strong”"),
        ("step-up", "essential: true", "essential: 1", "property essential 1, before: yes"),
        ("notification", "to: owner, channel: email", "to: nobody, channel: email",
         "property to “nobody”, before: “owner”"),
        ("notification", "", "within: {}", "property within {}, before: none"),
        ("session_termination", "scope: {every: true, ro: x}", "scope: {every: false, ro: x}",
         "property scope every no, before: yes"),
        ("custom", "kind: sign, book: one", "kind: sign, book: other", "property book “other”, before: “one”"),
        ("custom", "kind: sign, text: {ro: x, en: x}", "kind: sign, text: x",
         "property text “x”, before: none; property text ro none, before: “x”; property text en none, before: “x”"),
    ],
)  # fmt: skip
def test_any_property_of_an_obligation_that_differs_counts_as_both_and_wants_an_approval(
    versioned: Checkout, kind: str, before: str, after: str, said: str
) -> None:
    first, second = (DUTY.replace("notification", kind).replace("channel: email", one) for one in (before, after))
    versioned.replace("set.yaml", "obligations:\n", f"obligations:\n{first}")
    commit(versioned)
    versioned.replace("set.yaml", first, second)

    ran = diffed("--format", "json")

    assert (ran.status, ran.json["unapproved"]) == (5, ["storehouse: obligation:duty"])
    assert told() == ("both", [f"the obligation duty differs: {said}; {CANNOT_TELL}"])


def test_a_text_by_language_of_an_obligation_is_no_condition_wherever_it_stands(versioned: Checkout) -> None:
    notice = "notice: {title: {ro: %s, en: y}, urgent: true}"
    versioned.replace("set.yaml", "obligations:\n", f"obligations:\n{DUTY.replace('channel: email', notice % 'x')}")
    commit(versioned)
    versioned.replace("set.yaml", notice % "x", notice % "z")

    said = "property notice title ro “z”, before: “x”"
    assert told() == ("no_change", [f"the obligation duty differs: {said}"])


def test_a_weaker_obligation_does_not_stand_in_for_a_stronger_one_that_goes(versioned: Checkout) -> None:
    strong, weak = (
        DUTY.replace("notification", "step-up").replace("id: duty", f"id: {name}").replace("channel: email", asked)
        for name, asked in (("strong", "acr_values: phishing_resistant"), ("weak", "acr_values: password"))
    )
    versioned.replace("set.yaml", "obligations:\n", f"obligations:\n{strong}{weak}")
    commit(versioned)
    versioned.replace("set.yaml", strong, "")

    assert told()[0] == "wider"


def test_a_role_that_the_caller_may_claim_from_now_on_counts_as_both(versioned: Checkout) -> None:
    """`subject.role` is there without being declared; declared, the request may state it."""
    versioned.replace("set.yaml", "'tenant.closed'", """'subject.role == "guest"'""")
    commit(versioned)
    versioned.replace(
        "set.yaml", "attributes:\n", "attributes:\n  subject.role: {type: string, origin: request_over_registry}\n"
    )

    verdict, sentences = told()

    assert verdict == "both"
    assert sentences[0].startswith("the attribute subject.role is new; without it the annex says what it is")
    commit(versioned)
    versioned.replace("set.yaml", "  subject.role: {type: string, origin: request_over_registry}\n", "")
    assert told()[0] == "both"


def test_an_attribute_is_read_however_its_name_is_laid_out_and_no_longer_name_is_taken_for_it(
    versioned: Checkout,
) -> None:
    versioned.replace("set.yaml", "'resource.owner in subject.ids'", "'resource . owner in subject.ids'")
    versioned.replace("set.yaml", "  tenant.closed:", "  resource.own: {type: bool}\n  tenant.closed:")
    commit(versioned)
    versioned.replace("set.yaml", "resource.own: {type: bool}", "resource.own: {type: string}")
    assert told()[0] == "no_change"

    versioned.replace("set.yaml", "origin: request_over_registry", "origin: request")
    assert told()[0] == "both"


def test_a_subject_type_that_one_set_no_longer_knows_may_let_in_at_a_tenant_of_another(versioned: Checkout) -> None:
    """R2: who was ambiguous between two tenants stands at one from now on."""
    versioned.replace("set.yaml", "resource_types:\n", "subject_types: {staff: login}\nresource_types:\n")
    second = versioned.root / "policies" / "second"
    shutil.copytree(versioned.set_dir, second)
    commit(versioned)
    versioned.replace("set.yaml", "subject_types: {staff: login}\n", "")
    assert told()[0] == "both"

    versioned.replace("set.yaml", "resource_types:\n", "subject_types: {staff: login}\nresource_types:\n")
    shutil.rmtree(second)
    assert told()[0] == "both"


def test_a_range_that_no_line_asks_for_still_opens_the_gate(versioned: Checkout) -> None:
    for cell in (
        "open_gate,  network_ok + sender_ok,           allow",
        "move_box,   network_ok + sender_ok,           allow",
    ):
        versioned.replace("matrix.csv", f"p, *, keeper, {cell}", f"p, *, keeper, {cell.partition(',')[0]}, -, deny")
    versioned.replace("matrix.csv", "move_box,   network_ok + sender_ok + own_box, allow", "move_box, -, deny")
    commit(versioned)
    versioned.replace("networks/acme.csv", "203.0.113.0/24", "203.0.112.0/23")

    assert told() == ("wider", ["acme gains 256 IPv4 addresses (203.0.112.0/24)"])


def test_people_are_named_by_the_sets_of_the_two_sides_alone(
    versioned: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tmp_path / "before"
    shutil.copytree(versioned.root, before)
    versioned.replace("networks/acme.csv", "203.0.113.0/24", "203.0.113.0/25")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.delenv("AUTHZ_POLICIES", raising=False)

    ran = authz(
        "diff", str(before), str(versioned.root), "--registry", str(versioned.registry_file), "--format", "json"
    )

    assert (ran.status, ran.json["verdict"]) == (0, "narrower")
    assert "acme: Dan Rus <dan@acme.example>" in ran.json["sentences"][0]["people"]


OTHERWISE: dict[type, Any] = {
    PolicySet: {
        "time_zone": "Europe/Paris", "phone_region": "FR", "languages": ("ro",), "table_language": "en",
        "title": {"en": "x"}, "source": {"x": "y"}, "channels": (), "subject_types": {"user": "login"},
        "readings": (Reading("1", "x", "y"),), "guards": (),
    },
    ActionDef: {"label": {"en": "x"}, "clause": "9", "tags": ("x",), "high_risk": True, "open_to_any_sender": "x"},
    RoleDef: {"label": {"en": "x"}, "clause": "9"},
    FactDef: {"label": {"en": "x"}, "clause": "9", "expression": "tenant.closed",
              "parts": (FactPart("p", "true", {}),)},
    AttributeDef: {"type": "int", "origin": "request", "contact_id": False, "clause": "9"},
    ResourceTypeDef: {"label": {"en": "x"}, "clause": "9", "tenant_free": True},
}  # fmt: skip
"""Another value for each member of what a set declares; those with an id of their own are changed one by one."""
COLLECTIONS: dict[str, Any] = {
    "roles": RoleDef, "actions": ActionDef, "attributes": AttributeDef, "facts": FactDef,
    "resource_types": ResourceTypeDef,
}  # fmt: skip


def variants(definition: Any) -> Iterator[tuple[str, PolicySet]]:
    for name in PolicySet._fields:
        if name in COLLECTIONS:
            kind, members = COLLECTIONS[name], getattr(definition, name)
            key = next(iter(members))
            for member in kind._fields:
                if member not in {"id", "name"}:
                    changed = members[key]._replace(**{member: OTHERWISE[kind][member]})
                    yield f"{name}.{member}", definition._replace(**{name: {**members, key: changed}})
            yield f"{name} gone", definition._replace(**{name: {k: v for k, v in members.items() if k != key}})
        elif name in {"obligations", "service", "calendars"}:
            yield name, definition._replace(**{name: type(getattr(definition, name))()})
        elif name != "id":
            yield name, definition._replace(**{name: OTHERWISE[PolicySet][name]})


def test_service_terms_that_come_go_or_change_places_are_told(versioned: Checkout) -> None:
    first = (
        '  - {id: gate, actions: [open_gate], class: prompt, calendar: hours, reaction: 1 working hour, clause: "6"}\n'
    )
    second = (
        '  - {id: boxes, actions: [move_box], class: slow, calendar: hours, reaction: 2 working days, clause: "6"}\n'
    )
    versioned.replace("set.yaml", first, first + second)

    said = "of move_box; applies always; class slow; calendar hours; reaction 2 working days; best effort no; clause 6"
    assert told() == ("no_change", [f"the service terms boxes is new: {said}"])

    commit(versioned)
    versioned.replace("set.yaml", first + second, second + first)

    assert told() == ("no_change", ["the rows of the service terms stand in another order"])


def test_whatever_a_set_declares_is_told_when_it_reads_otherwise(versioned: Checkout) -> None:
    """Member by member, so that one which is added to the declarations is not forgotten in the comparison."""
    live = generation_of(compile_set(parse_set(read_bundle(versioned.set_dir, versioned.root / "model.conf"))))

    def other(definition: PolicySet) -> Generation:
        return Generation(definition, live.table, live.networks, live.facts, live.local_day.zone, "sha256:other")

    silent = [name for name, changed in variants(live.definition) if not declared_changes(live, other(changed))]

    assert silent == []

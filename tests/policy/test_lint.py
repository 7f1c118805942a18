"""What is allowed and looks wrong is pointed out with its place, its code and what to do; nothing else is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from authz.policy.finding import CODES, Finding
from authz.policy.lint.linter import lint_set
from authz.policy.lint.spelling import near_pairs, one_letter_apart
from tests.policy import orchard
from tests.policy.findings import POINTED, Pointed

EXPECTED_TEXT = (Path(__file__).parent / "findings.txt").read_text()
"""For the name of each edit, a line per finding: `file:line:column [code: about] text`, without the set's folder."""

EXPECTED = {
    paragraph.splitlines()[0]: paragraph.splitlines()[1:] for paragraph in EXPECTED_TEXT.rstrip("\n").split("\n\n")
}


def found(edits: dict[str, orchard.Edit]) -> list[Finding]:
    """Every finding but the example's own."""
    return [
        finding
        for finding in lint_set(orchard.parsed(edits))
        if (finding.code, finding.about) != ("tenant-without-networks", "valley")
    ]


def shown(finding: Finding) -> str:
    place = f"{finding.file}:{finding.line}:{finding.column}".removeprefix("policies/orchard/")
    return f"{place} [{finding.code}: {finding.about}] {finding.text}"


def test_the_example_has_one_finding() -> None:
    (finding,) = lint_set(orchard.parsed())

    assert shown(finding) == (
        "own_lines.csv:4:4 [tenant-without-networks: valley] tenant `valley` has 1 matrix line and no network line, so "
        "it is refused from every address"
    )


@pytest.mark.parametrize("pointed", POINTED, ids=lambda pointed: pointed.name)
def test_a_likely_mistake_is_pointed_out(pointed: Pointed) -> None:
    assert list(map(shown, found(dict(pointed.edits)))) == EXPECTED[pointed.name]


def test_the_list_of_what_is_expected_is_about_these_edits() -> None:
    assert list(EXPECTED) == [pointed.name for pointed in POINTED]


def test_every_code_is_found_by_some_edit() -> None:
    codes = set(re.findall(r"^\S+ \[([a-z-]+): ", EXPECTED_TEXT, flags=re.MULTILINE))

    assert codes == set(CODES)


def test_an_accepted_finding_carries_its_reason_and_is_no_other_one() -> None:
    entry = "accepted:\n  - {code: tenant-without-networks, about: valley, reason: ranges follow}\nreadings:\n"

    (finding,) = lint_set(orchard.parsed({orchard.SET: [("readings:\n", entry)]}))

    assert finding.accepted == "ranges follow"


def test_an_acceptance_is_of_one_thing_and_not_of_all_of_its_kind() -> None:
    private = "accepted:\n  - {code: private-range, about: hilltop 10.2.0.0/16, reason: a line of ours}\nreadings:\n"
    edits: dict[str, orchard.Edit] = {
        orchard.SET: [("readings:\n", private)],
        orchard.HILLTOP: "p2, hilltop, 10.2.0.0/16, allow\np2, hilltop, 10.3.0.0/16, allow\n",
    }

    assert [(finding.about, finding.accepted) for finding in found(edits)] == [
        ("hilltop 10.2.0.0/16", "a line of ours"),
        ("hilltop 10.3.0.0/16", ""),
    ]


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("{code: x, about: y}", "set.yaml:111:5: `reason` is missing"),
        ("{code: x, about: y, reason: ''}", "set.yaml:111:33: the text is empty"),
        (
            "{code: x, about: y, reason: z}\n  - {code: x, about: y, reason: w}",
            "set.yaml:112:5: `x` about `y` is already accepted",
        ),
    ],
    ids=["without a reason", "with an empty reason", "twice"],
)
def test_an_acceptance_has_a_reason_and_stands_once(entry: str, problem: str) -> None:
    edits: dict[str, orchard.Edit] = {orchard.SET: [("readings:\n", f"accepted:\n  - {entry}\nreadings:\n")]}

    assert orchard.problems(edits) == [problem]


@pytest.mark.parametrize(
    ("word", "other", "near"),
    [
        ("backup", "backups", True),
        ("backup", "bakcup", False),
        ("restore", "restora", True),
        ("restore", "restore", False),
        ("row10", "row11", False),
        ("gate", "gates", True),
    ],
    ids=["a letter more", "two letters exchanged", "another letter", "the same", "another number", "short"],
)
def test_one_letter_apart(word: str, other: str, near: bool) -> None:
    assert one_letter_apart(word, other) is near
    assert one_letter_apart(other, word) is near
    assert list(near_pairs([word, other])) == ([(word, other)] if near and min(len(word), len(other)) >= 5 else [])

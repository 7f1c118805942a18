"""The reports of `check` and `test` as platforms read them: schemas, limits and escaping of the real consumers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from lxml import etree

from authz.cli.reports.junit import JunitCase, JunitSuite, junit
from authz.cli.reports.markdown import code, prose, table
from authz.cli.reports.remark import Level, Remark, fingerprinted
from tests.cli.program import PROJECT, Checkout, authz
from tests.cli.schemas import JUNIT, LOCATED, SARIF
from tests.cli.test_check import git

ANNOTATION = re.compile(r"::(error|warning|notice) file=([^,:]+),line=(\d+),col=(\d+),title=([^,:]+)::(.+)")


@pytest.fixture
def broken(checkout: Checkout) -> Checkout:
    """A failing case, a broken guard, and a range that does nothing."""
    checkout.replace("networks/acme.csv", "203.0.113.66/32, deny", "198.51.100.66/32, deny")
    checkout.replace(
        "matrix.csv", "open_gate,  -,                                deny", "open_gate, network_ok + sender_ok, allow"
    )
    return checkout


def schema(*, located: bool = False) -> etree.XMLSchema:
    return etree.XMLSchema(etree.fromstring(JUNIT.replace("LOCATED", LOCATED if located else "")))


def valid(document: str, *, located: bool = False) -> Any:
    root = etree.fromstring(document.encode())
    schema(located=located).assertValid(root)
    return root


# --------------------------------------------------------------------------------------------------------- JUnit


@pytest.mark.parametrize("located", [False, True], ids=["junit", "junit-located"])
def test_junit_is_valid_and_has_a_case_for_each_case_and_guard(broken: Checkout, located: bool) -> None:
    ran = authz("test", "--format", "junit-located" if located else "junit", "--min-coverage", "100")

    root = valid(ran.out, located=located)
    (suite,) = root
    assert ran.status == 4
    assert {name: suite.get(name) for name in ("name", "tests", "failures", "errors")} == {
        "name": "storehouse", "tests": "8", "failures": "3", "errors": "0",
    }  # fmt: skip
    assert suite.find("properties/property[@name='file']").get("value") == "policies/storehouse/tests.yaml"
    failed = suite.find("testcase[@name='a Guest does not']")
    assert (failed.get("file"), failed.get("line")) == (
        ("policies/storehouse/tests.yaml", "17") if located else (None, None)
    )
    (failure,) = failed
    assert failure.get("message").startswith("expected decision false, reason role_not_permitted; got allow, permitted")
    lines = failure.text.splitlines()
    assert lines[0] == "policies/storehouse/tests.yaml:17"
    assert [line[:2] for line in lines[2:8]] == ["R1", "R2", "R3", "R4", "R5", "R6"]
    guard = suite.find("testcase[@name='guard guests-move-nothing']/failure")
    assert guard.text.splitlines()[1].startswith("policies/storehouse/matrix.csv:3:50: allows role `guest`")
    coverage = suite.find("testcase[@name='at least 100 % of the cells are tested']/failure")
    assert coverage.get("message").endswith("of 6 cells tested, 33 %")


def test_junit_of_a_set_that_does_not_compile_has_an_error_and_not_silence(checkout: Checkout) -> None:
    checkout.replace("matrix.csv", "p, *, guest,  open_gate,", "p, *, gest,   open_gate,")

    ran = authz("test", "--format", "junit")

    (suite,) = valid(ran.out)
    assert ran.status == 3
    assert (suite.get("tests"), suite.get("errors")) == ("1", "1")
    assert suite.find("testcase/error").text.startswith("policies/storehouse/matrix.csv:3\nunknown role `gest`")


def test_junit_holds_no_character_that_xml_may_not_hold() -> None:
    import datetime as dt

    case = JunitCase("bell \x07 & <tag> \ud800", "a\x00.yaml", 3, "failure", "test", 'quote " \x1b', "]]>")
    written = junit([JunitSuite("odd", "a.yaml", (case,))], dt.datetime(2026, 6, 3, tzinfo=dt.UTC), located=True)

    root = valid(written, located=True)

    assert root.find("testsuite/testcase").get("name") == "bell � & <tag> �"
    assert root.find("testsuite").get("timestamp") == "2026-06-03T00:00:00"


# --------------------------------------------------------------------------------------------------------- SARIF


def results(document: Any) -> dict[str, Any]:
    (run,) = document["runs"]
    return {result["partialFingerprints"]["authz/v1"]: result for result in run["results"]}


def test_sarif_is_valid_and_names_rules_that_it_declares(broken: Checkout) -> None:
    document = authz("check", "--format", "sarif").json

    jsonschema.Draft202012Validator(SARIF, format_checker=jsonschema.FormatChecker()).validate(document)
    (run,) = document["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == ["guard", "test", "useless-deny"]
    assert run["tool"]["driver"]["rules"][2]["help"]["markdown"].startswith("# useless-deny\n")
    assert all(rules[result["ruleIndex"]] == result["ruleId"] for result in run["results"])
    assert [(result["ruleId"], result["level"]) for result in run["results"]] == [
        ("guard", "error"), ("test", "error"), ("useless-deny", "warning"),
    ]  # fmt: skip


def test_a_fingerprint_stays_when_its_line_moves_and_goes_when_the_thing_does(checkout: Checkout) -> None:
    checkout.replace("networks/acme.csv", "203.0.113.66/32, deny", "198.51.100.66/32, deny")
    before = results(authz("check", "--format", "sarif").json)
    path = checkout.set_dir / "networks" / "acme.csv"
    path.write_text("# a remark\n#\n" + path.read_text())
    moved = results(authz("check", "--format", "sarif").json)
    checkout.replace("networks/acme.csv", "198.51.100.66/32, deny", "198.51.100.67/32, deny")
    other = results(authz("check", "--format", "sarif").json)

    (one,), (same,) = before.values(), moved.values()
    lines = [result["locations"][0]["physicalLocation"]["region"]["startLine"] for result in (one, same)]
    assert before.keys() == moved.keys()
    assert lines == [2, 4]
    assert before.keys() != other.keys()


def test_the_fingerprints_of_problems_stay_when_lines_move(broken: Checkout) -> None:
    before = results(authz("check", "--format", "sarif").json)
    for name in ("matrix.csv", "set.yaml", "tests.yaml", "networks/acme.csv"):
        path = broken.set_dir / name
        path.write_text("# a remark\n" + path.read_text())

    assert results(authz("check", "--format", "sarif").json).keys() == before.keys()


def test_two_remarks_that_say_the_same_have_fingerprints_of_their_own_which_stay() -> None:
    twice = [
        Remark(Level.ERROR, "test", "`a case`: expected deny, got allow by matrix.csv:4", "tests.yaml", line)
        for line in (12, 30)
    ]
    moved = [one._replace(line=one.line + 2, text=one.text.replace(":4", ":6")) for one in twice]

    before, after = ([print_ for _, print_ in fingerprinted(remarks)] for remarks in (twice, moved))

    assert len(set(before)) == 2
    assert before == after


def test_an_accepted_finding_is_not_in_the_log(checkout: Checkout) -> None:
    assert authz("check", "--format", "sarif").json["runs"][0]["results"] == []


# ----------------------------------------------------------------------------------------------------- annotations


def test_an_annotation_stands_on_the_line_of_the_file(broken: Checkout) -> None:
    ran = authz("check", "--format", "github")

    *lines, last = ran.out.splitlines()
    found = [ANNOTATION.fullmatch(line) for line in lines]
    assert ran.status == 4
    assert [match.groups()[:5] for match in found if match] == [
        ("error", "policies/storehouse/matrix.csv", "3", "50", "guard"),
        ("error", "policies/storehouse/tests.yaml", "17", "5", "test"),
        ("warning", "policies/storehouse/networks/acme.csv", "2", "11", "useless-deny"),
    ]
    assert last == "POLICY CHECK: 2 problems, 1 finding in 1 set"


def test_a_failed_case_is_one_annotation_with_its_rules_on_lines_of_their_own(broken: Checkout) -> None:
    lines = authz("test", "--format", "github").out.splitlines()

    match = ANNOTATION.fullmatch(lines[1])
    assert match is not None
    assert match[2] == "policies/storehouse/tests.yaml"
    assert "%0AR1 identify the contact: passed" in match[6]
    assert lines[-1] == "POLICY TESTS: 1 of 6 cases failed in 1 set"


def test_no_more_annotations_than_the_platform_shows_and_the_rest_is_counted(checkout: Checkout) -> None:
    path = checkout.set_dir / "networks" / "acme.csv"
    path.write_text(
        "p2, acme, 203.0.113.0/24, allow\n" + "".join(f"p2, acme, 10.0.{n}.0/24, allow\n" for n in range(25))
    )

    lines = authz("check", "--format", "github").out.splitlines()

    warnings = [line for line in lines if line.startswith("::warning")]
    assert len(warnings) == 10
    assert warnings[-1] == "::warning::and 16 more, see the summary"


def test_annotations_name_files_from_the_top_of_the_repository(
    checkout: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The checkout is a folder within a repository, and the command runs somewhere below its top."""
    checkout.replace("networks/acme.csv", "203.0.113.66/32, deny", "198.51.100.66/32, deny")
    git(tmp_path, "init", "-q")
    monkeypatch.chdir(checkout.root / "policies")

    (first, *_) = authz("check", ".", "--format", "github").out.splitlines()

    assert first.startswith("::warning file=checkout/policies/storehouse/networks/acme.csv,line=2,")


# -------------------------------------------------------------------------------------------------------- Markdown


def test_the_summary_says_what_to_do_and_is_appended(broken: Checkout, tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("# before\n")

    authz("check", "--summary", str(summary))
    authz("test", "--summary", str(summary), "--min-coverage", "50")

    text = summary.read_text()
    assert text.startswith("# before\n<!-- authz check -->\n## POLICY CHECK: 2 problems, 1 finding in 1 set\n")
    assert "**Do not merge**" in text
    assert '  - {code: useless-deny, about: "acme 198.51.100.66/32", reason: ...}' in text
    assert "<!-- authz test -->\n## POLICY TESTS: 1 of 6 cases failed in 1 set\n" in text
    assert "(**50 % are asked for**)" in text
    assert (
        "| Mutarea unei cutii<br>`move_box · Table 1, row 2` | ✗ allow untested, deny untested | ✓ allow 1, deny 2 |"
        in text
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a | b", r"a \| b"),
        ("`a | b` is <b>", r"`a \| b` is \<b\>"),
        ("one `open", "one `open"),
        ("two\nlines", "two lines"),
        ("![x](y)", r"\!\[x\](y)"),
        ("bell \x07", r"bell \\x07"),
    ],
    ids=["a pipe", "a pipe in code, a tag", "an open backtick", "lines", "an image", "a control character"],
)
def test_nothing_that_came_out_of_a_file_becomes_markup(text: str, shown: str) -> None:
    assert prose(text) == shown


def test_a_table_of_too_many_rows_is_cut_and_counted() -> None:
    lines = table(("n",), ([str(number)] for number in range(130)))

    assert lines[-1] == "… and 30 more"
    assert len(lines) == 104
    assert code("a`b") == "`a'b`"


# ------------------------------------------------------------------------------------------------------- the options


def test_further_formats_are_saved_beside_what_is_printed(checkout: Checkout, tmp_path: Path) -> None:
    report, document = tmp_path / "report.xml", tmp_path / "report.json"

    ran = authz("test", "--save", f"junit={report}", "--save", f"json={document}")

    assert ran.status == 0
    assert ran.out.startswith("✓ storehouse")
    valid(report.read_text())
    assert json.loads(document.read_text())["sets"][0]["coverage"]["percent"] == 50


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("check", "--format", "xml"), "`xml` is none of terminal, json, markdown, github, sarif, gitlab"),
        (("test", "--format", "sarif"), "`sarif` is none of terminal, json, markdown, github, junit, junit-located"),
        (("test", "--save", "junit"), "`junit` is not FORMAT=FILE"),
        (("test", "--json", "--format", "junit"), "--json and --format junit cannot both hold"),
        (("test", "--min-coverage", "101"), "--min-coverage"),
    ],
    ids=["no format of check", "no format of test", "no file", "two formats", "more than all"],
)
def test_an_option_that_cannot_be_meant_is_wrong_usage(
    checkout: Checkout, arguments: tuple[str, ...], said: str
) -> None:
    ran = authz(*arguments)

    assert (ran.status, ran.out) == (2, "")
    assert said in ran.err


# ------------------------------------------------------------------------------------------------------------- JSON


def fits(verb: str, *arguments: str) -> Any:
    """The JSON document of a run, valid under its published schema."""
    published = json.loads((PROJECT / "docs" / f"{verb}.schema.json").read_text())
    document = authz(verb, "--format", "json", *arguments).json
    jsonschema.Draft202012Validator(published).validate(document)
    return document


@pytest.mark.parametrize("verb", ["check", "test"])
def test_json_is_as_its_published_schema_says_fit_broken_or_not_readable(checkout: Checkout, verb: str) -> None:
    git(checkout.root, "init", "-q")
    git(checkout.root, "add", ".")
    git(checkout.root, "commit", "-qm", "first")
    fit = fits(verb)
    if verb == "check":
        assert fits("check", "--since", "HEAD")["unchanged"] == ["storehouse"]
    checkout.replace("networks/acme.csv", "203.0.113.66/32, deny", "198.51.100.66/32, deny")
    checkout.replace(
        "matrix.csv", "open_gate,  -,                                deny", "open_gate, network_ok + sender_ok, allow"
    )
    broken = fits(verb)
    (checkout.set_dir / "set.yaml").write_text("title: [")
    unreadable = fits(verb)

    assert [document["exit_code"] for document in (fit, broken, unreadable)] == [0, 4, 3]

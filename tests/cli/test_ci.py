"""The ready files for CI: their very commands run in a clean repository, with what the platforms put around them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from lxml import etree

from tests.cli.program import PROJECT, Checkout
from tests.cli.test_check import git

pytestmark = pytest.mark.slow

BIN = Path(sys.executable).parent
ACTION: dict[str, Any] = yaml.safe_load((PROJECT / "action.yml").read_text())
GITLAB: dict[str, Any] = yaml.safe_load((PROJECT / "deploy" / "ci" / "gitlab.yml").read_text())
HOOKS: list[dict[str, Any]] = yaml.safe_load((PROJECT / ".pre-commit-hooks.yaml").read_text())
FILES = ("action.yml", "deploy/ci/gitlab.yml", ".pre-commit-hooks.yaml")
EXPRESSION = re.compile(r"\$\{\{ (.+?) \}\}")
ROW = "open_gate,  -,                                deny"
WIDER = "open_gate, network_ok + sender_ok, allow"


@pytest.fixture
def repository(checkout: Checkout) -> Checkout:
    """The checkout as a repository of its own, committed; its cases test half of the cells."""
    git(checkout.root, "init", "-q")
    git(checkout.root, "add", ".")
    git(checkout.root, "commit", "-qm", "first")
    return checkout


class Job(NamedTuple):
    """What a job left behind."""

    status: int
    log: str
    outputs: dict[str, str]
    summary: str


def plain_environment(tmp_path: Path) -> dict[str, str]:
    """Nothing of ours but the search path: neither settings nor a home."""
    return {"PATH": f"{BIN}:{os.environ['PATH']}", "HOME": str(tmp_path), "LANG": "C.UTF-8", "CI": "true"}


def bash(script: str, folder: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """As the platforms run it: a file, with -e and pipefail."""
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    return subprocess.run(
        command, cwd=folder, env=dict(environment), capture_output=True, text=True, timeout=120, check=False
    )


def action(repository: Checkout, tmp_path: Path, base_of_event: str = "", **inputs: str) -> Job:
    """The steps of action.yml, one after the other, until one fails."""
    runner = tmp_path / "runner"
    runner.mkdir(exist_ok=True)
    output, summary = runner / "output", runner / "summary.md"
    output.write_text("")
    summary.write_text("")
    values = {
        **{f"inputs.{name}": str(declared.get("default", "")) for name, declared in ACTION["inputs"].items()},
        "inputs.program": str(BIN / "authz"),
        **{f"inputs.{name.replace('_', '-')}": value for name, value in inputs.items()},
        "github.action_path": str(PROJECT),
        "github.event.pull_request.base.sha": base_of_event,
        "runner.temp": str(runner),
    }
    log, status = "", 0
    for step in ACTION["runs"]["steps"]:
        assert step["shell"] == "bash"
        stated = {name: expanded(value, values) for name, value in step["env"].items()}
        platform = {"GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary), "GITHUB_ACTIONS": "true"}
        ran = bash(step["run"], repository.root, plain_environment(tmp_path) | platform | stated)
        log, status = log + ran.stdout + ran.stderr, ran.returncode
        written = dict(line.split("=", 1) for line in output.read_text().splitlines())
        values |= {f"steps.{step['id']}.outputs.{name}": value for name, value in written.items()}
        if status:
            break
    outputs = {name: expanded(declared["value"], values) for name, declared in ACTION["outputs"].items()}
    return Job(status, log, outputs, summary.read_text())


def expanded(text: str, values: Mapping[str, str]) -> str:
    """The expressions of a workflow that the file uses: names, and `a || b`."""
    return EXPRESSION.sub(
        lambda match: next((found for word in match[1].split(" || ") if (found := values[word])), ""), str(text)
    )


def test_no_file_wants_a_secret_a_token_or_somebody_elses_action() -> None:
    for name in FILES:
        text = (PROJECT / name).read_text()

        assert not re.search(
            r"secrets\.|github\.token|GITHUB_TOKEN|CI_JOB_TOKEN|\buses:|curl|wget|https?://(?!pre-commit)", text
        )


def test_no_input_reaches_a_script_as_text() -> None:
    assert not [step["id"] for step in ACTION["runs"]["steps"] if "${{" in step["run"]]


def test_the_gitlab_job_runs_for_a_folder_of_rules_that_becomes_a_link() -> None:
    changes = GITLAB["policy-review"]["rules"][0]["changes"]

    assert {"policies", "policies/**/*", "approvals", "approvals/**/*", "model.conf"} == set(changes)


def test_no_step_prints_the_annotations_of_two_verbs_which_share_the_platforms_limit() -> None:
    printed = [step["run"].count("--format github") for step in ACTION["runs"]["steps"]]

    assert (sum(printed), max(printed)) == (3, 1)


def test_the_action_passes_a_change_that_is_fine(repository: Checkout, tmp_path: Path) -> None:
    job = action(repository, tmp_path, min_coverage="50", base_of_event="HEAD")

    assert job.status == 0, job.log
    assert job.outputs["verdict"] == "no_change"
    assert job.outputs["exit-code"] == "0"
    reports = Path(job.outputs["reports"])
    assert json.loads((reports / "check.sarif").read_text())["version"] == "2.1.0"
    assert etree.parse(reports / "junit.xml").getroot().tag == "testsuites"
    assert [line for line in job.summary.splitlines() if line.startswith("## ")] == [
        "## POLICY CHECK: fine in 1 set",
        "## POLICY TESTS: 6 cases passed in 1 set",
        "## NO CHANGE",
    ]
    assert not list(repository.root.glob("data*"))


def test_the_action_annotates_and_refuses_a_widening_that_nobody_approved(repository: Checkout, tmp_path: Path) -> None:
    repository.replace("matrix.csv", ROW, WIDER)

    job = action(repository, tmp_path, base_of_event="HEAD")

    assert job.outputs["verdict"] == "wider"
    assert (job.status, job.outputs["exit-code"]) == (5, "5"), job.log
    assert "::error file=policies/storehouse/matrix.csv,line=3," in job.log
    assert "breaks the guard `guests-move-nothing`" in job.summary


def test_an_advisory_action_never_fails_and_says_so(repository: Checkout, tmp_path: Path) -> None:
    repository.replace("matrix.csv", ROW, WIDER)

    job = action(repository, tmp_path, advisory="true")

    assert (job.status, job.outputs["exit-code"], job.outputs["verdict"]) == (0, "4", "")
    assert "::notice::advisory: would fail with exit status 4" in job.log
    assert "::notice::there is no base to compare with" in job.log


def test_a_base_that_is_not_there_is_a_failure_and_not_a_quiet_success(repository: Checkout, tmp_path: Path) -> None:
    job = action(repository, tmp_path, min_coverage="0", base="no-such-revision")

    assert (job.status, job.outputs["exit-code"]) == (2, "2"), job.log


def program(tmp_path: Path, text: str) -> Path:
    """An `authz` of these lines, in a folder of its own."""
    made = tmp_path / "other" / "authz"
    made.parent.mkdir()
    made.write_text(text)
    made.chmod(0o755)
    return made


KILLED_WHILE_COMPARING = f"""#!/bin/sh
[ "$1" != diff ] || kill -9 $$
exec "{BIN / "authz"}" "$@"
"""
KILLED_WHILE_WRITING_JSON = f"""#!/bin/sh
case "$*" in *"--format json"*) kill -9 $$ ;; esac
exec "{BIN / "authz"}" "$@"
"""


def test_the_action_fails_where_the_program_is_not_there(repository: Checkout, tmp_path: Path) -> None:
    job = action(repository, tmp_path, base_of_event="HEAD", program=str(tmp_path / "authz"))

    assert (job.status, job.outputs["exit-code"], job.outputs["verdict"]) == (127, "127", "")
    for verb in ("check", "test", "diff"):
        assert f"::error::authz {verb} did not finish, its exit status is '127'" in job.log


@pytest.mark.parametrize("text", [KILLED_WHILE_COMPARING, KILLED_WHILE_WRITING_JSON], ids=["telling", "saving"])
def test_the_action_fails_where_the_comparison_is_killed(repository: Checkout, tmp_path: Path, text: str) -> None:
    killed = program(tmp_path, text)

    job = action(repository, tmp_path, min_coverage="50", base_of_event="HEAD", program=str(killed))

    assert (job.status, job.outputs["exit-code"]) == (137, "137"), job.log
    assert "::error::authz diff did not finish, its exit status is '137'" in job.log


def test_an_advisory_action_says_too_that_a_verb_did_not_finish(repository: Checkout, tmp_path: Path) -> None:
    job = action(repository, tmp_path, advisory="true", program=str(tmp_path / "authz"))

    assert (job.status, job.outputs["exit-code"]) == (0, "127")
    assert "::error::authz check did not finish" in job.log
    assert "::notice::advisory: would fail with exit status 127" in job.log


@pytest.mark.parametrize(
    ("found", "status"),
    [
        (("0", "0", "0"), 0),
        (("1", "4", "0"), 4),
        (("1", "4", "5"), 5),
        (("3", "4", "5"), 3),
        (("0", "2", "3"), 2),
        (("0", "", "0"), 1),
        (("", "", ""), 1),
        (("0", "0", "6"), 6),
        (("120", "0", "2"), 120),
        (("0", "0", "256"), 1),
        (("0", "0", "-1"), 1),
        (("0", "none", "0"), 1),
        (("0 0", "0", "0"), 1),
    ],
)
def test_the_last_step_passes_only_what_three_verbs_found_fine(
    tmp_path: Path, found: tuple[str, str, str], status: int
) -> None:
    step = ACTION["runs"]["steps"][-1]
    stated = dict(zip(("CHECKED", "TESTED", "COMPARED"), found, strict=True))
    platform = {"GITHUB_OUTPUT": str(tmp_path / "output"), "VERDICT": "", "ADVISORY": "false", "REPORTS": ""}

    ran = bash(step["run"], tmp_path, plain_environment(tmp_path) | platform | stated)

    assert ran.returncode == status
    assert f"exit-code={status}\n" in (tmp_path / "output").read_text()


def gitlab(
    repository: Checkout, tmp_path: Path, base: str, programs: Path = BIN, min_coverage: str = ""
) -> subprocess.CompletedProcess[str]:
    """The one job of the snippet, its variables expanded as the platform does."""
    job = GITLAB["policy-review"]
    known = {"CI_MERGE_REQUEST_DIFF_BASE_SHA": base, "CI_PROJECT_DIR": str(repository.root)}
    stated = {
        name: re.sub(r"\$([A-Z_]+)", lambda match: known[match[1]], value) for name, value in job["variables"].items()
    }
    script = "\n".join([*job["before_script"], *job["script"]])
    if min_coverage:
        stated["MIN_COVERAGE"] = min_coverage
    search = {"PATH": f"{programs}:{os.environ['PATH']}"}
    return bash(script, repository.root, plain_environment(tmp_path) | search | known | stated)


def test_the_gitlab_job_leaves_its_reports_and_the_status(repository: Checkout, tmp_path: Path) -> None:
    repository.replace("networks/acme.csv", "203.0.113.66/32, deny", "198.51.100.66/32, deny")

    ran = gitlab(repository, tmp_path, "HEAD")

    reports = repository.root / "policy-review"
    (finding,) = json.loads((reports / "code-quality.json").read_text())
    assert ran.returncode == 5, ran.stdout + ran.stderr
    assert finding["location"] == {"path": "policies/storehouse/networks/acme.csv", "lines": {"begin": 2}}
    assert (finding["check_name"], finding["severity"]) == ("useless-deny", "major")
    assert etree.parse(reports / "junit.xml").find("testsuite/testcase").get("file") == "policies/storehouse/tests.yaml"
    assert (reports / "summary.md").read_text().startswith("<!-- authz diff -->")
    named = {"policy-review/junit.xml", "policy-review/code-quality.json"}
    assert set(GITLAB["policy-review"]["artifacts"]["reports"].values()) == named


@pytest.mark.parametrize(
    ("text", "verb", "statuses"),
    [
        ("#!/nowhere/python\n", "check", {126, 127}),
        (KILLED_WHILE_COMPARING, "diff", {137}),
    ],
    ids=["cannot be run", "killed"],
)
def test_the_gitlab_job_fails_where_the_program_did_not_finish(
    repository: Checkout, tmp_path: Path, text: str, verb: str, statuses: set[int]
) -> None:
    ran = gitlab(repository, tmp_path, "HEAD", program(tmp_path, text).parent)

    assert ran.returncode in statuses, ran.stdout + ran.stderr
    assert f"authz {verb} did not finish, its exit status is {ran.returncode}" in ran.stdout


def test_the_gitlab_job_passes_a_change_that_is_fine(repository: Checkout, tmp_path: Path) -> None:
    ran = gitlab(repository, tmp_path, "HEAD", min_coverage="50")

    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_a_hook_passes_what_is_fine_refuses_what_is_not_and_leaves_nothing(
    repository: Checkout, tmp_path: Path, hook: dict[str, Any]
) -> None:
    command = " ".join([hook["entry"], *hook["args"]])
    fine = bash(command, repository.root, plain_environment(tmp_path))
    repository.replace("matrix.csv", ROW, WIDER)
    broken = bash(command, repository.root, plain_environment(tmp_path))

    assert fine.returncode == 0, fine.stdout + fine.stderr
    assert broken.returncode == 4, broken.stdout + broken.stderr
    assert sorted(path.name for path in repository.root.iterdir()) == [
        ".git",
        "model.conf",
        "policies",
        "registry.yaml",
    ]
    assert re.match(hook["files"], "policies/storehouse/matrix.csv")
    assert hook["language"] == "python"
    assert hook["pass_filenames"] is False

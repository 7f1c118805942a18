from __future__ import annotations

import pytest

from authz.cli.failures import exit_code_of
from authz.cli.main import VERBS, app, load_verb
from authz.errors import EngineDisagreement, PolicyInvalid, Problem
from tests.cli.program import Checkout, authz, authz_piped, authz_process, python_process


def test_help_lists_every_verb_with_its_summary() -> None:
    ran = authz("--help")

    assert ran.status == 0
    for name, verb in VERBS.items():
        assert f"  {name}" in ran.out
        assert verb.summary in ran.out


@pytest.mark.parametrize("name", VERBS)
def test_the_summary_in_the_overview_is_the_first_line_of_the_verbs_own_help(name: str) -> None:
    assert (load_verb(name).help or "").splitlines()[0] == VERBS[name].summary


@pytest.mark.parametrize("name", VERBS)
def test_the_help_of_every_verb_gives_examples_or_its_own_verbs_and_exit_statuses(name: str) -> None:
    said = authz(name, "--help").out

    assert "Examples:" in said or "Commands:" in said
    assert "Exit status:" in said or "Commands:" in said


def test_the_overview_imports_none_of_the_libraries_behind_the_verbs() -> None:
    code = "import sys; import authz.cli.main; print(*sorted(sys.modules))"
    loaded = python_process(code).out.split()

    heavy = {"casbin", "sqlalchemy", "pydantic", "fastapi", "yaml", "structlog", "rich", "cel_expr_python", "babel"}
    assert "typer" in loaded
    assert not heavy & set(loaded)


def test_no_arguments_show_the_help_and_are_wrong_usage() -> None:
    ran = authz()

    assert ran.status == 2
    assert "Commands:" in ran.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("chekc",), "Did you mean 'check'?"),
        (("ask", "ana@acme.example"), "Missing argument 'ACTION'"),
        (("check", "--frobnicate"), "No such option"),
        (("--frobnicate",), "No such option"),
        (("key",), "Missing command"),
    ],
)
def test_wrong_usage_is_status_2_and_says_what_is_wrong(arguments: tuple[str, ...], said: str) -> None:
    ran = authz(*arguments)

    assert ran.status == 2
    assert said in ran.err
    assert ran.out == ""


def test_the_version_is_printed() -> None:
    assert authz("--version").out.startswith("authz 0.")


def test_a_setting_that_does_not_exist_stops_with_one_line(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTHZ_POLICY", "elsewhere")

    ran = authz("check")

    assert ran.status == 2
    assert ran.err == "authz: `AUTHZ_POLICY` is not a setting; did you mean `AUTHZ_POLICIES`?\n"


def test_a_fault_of_our_own_is_one_line_with_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    def broken() -> None:
        load_verb("no such verb")

    with pytest.raises(KeyError) as caught:
        broken()
    status = exit_code_of(caught.value)

    said = capsys.readouterr().err
    assert status == 2
    assert said.startswith("authz: unexpected error: authz.cli.main:")
    assert said.endswith("KeyError: 'no such verb'\n")
    assert said.count("\n") == 1


def test_problems_of_files_are_findings_and_disagreement_of_the_engines_is_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert exit_code_of(PolicyInvalid([Problem("b", 2, 1, "two"), Problem("a", 1, 1, "one")])) == 1
    assert capsys.readouterr().err == "a:1:1: one\nb:2:1: two\n"
    assert exit_code_of(EngineDisagreement("mask 3")) == 2
    assert exit_code_of(FileNotFoundError(2, "No such file or directory", "missing.yaml")) == 2
    assert capsys.readouterr().err.endswith("authz: missing.yaml: no such file or directory\n")


def test_what_a_file_says_cannot_drive_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    exit_code_of(PolicyInvalid([Problem("a.csv", 1, 1, "unknown role `\x1b[2J\u202e`")]))

    assert capsys.readouterr().err == "a.csv:1:1: unknown role `\\x1b[2J\\u202e`\n"


def test_the_module_runs_as_a_program() -> None:
    ran = authz_process("--version")

    assert ran.status == 0
    assert ran.out.startswith("authz ")


def test_a_reader_that_goes_away_is_no_traceback(checkout: Checkout) -> None:
    ran = authz_piped("matrix", "storehouse", into="head -1")

    assert "Traceback" not in ran.err
    assert "storehouse" in ran.out


def test_the_program_is_the_typer_application_that_tests_run() -> None:
    assert app.info.name == "authz"

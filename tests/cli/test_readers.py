"""A reader that goes away changes no exit status and hears no complaint; a full disk is a failure of every verb."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.program import PROJECT, Checkout
from tests.cli.test_diff_unseen import commit

OPENED = ("open_gate,  -,                                deny", "open_gate, network_ok + sender_ok, allow")


@pytest.fixture
def widened(checkout: Checkout) -> Checkout:
    """Nobody accepted what it opens, and a case that wants a refusal fails."""
    commit(checkout)
    checkout.replace("matrix.csv", *OPENED)
    checkout.replace("networks/acme.csv", "203.0.113.66/32, deny", "198.51.100.66/32, deny")
    return checkout


def unread(*arguments: str, unbuffered: bool = False, errors_too: bool = False) -> tuple[int, str]:
    """Exit status, and what it says on the error stream, of the program whose output nobody reads."""
    read, write = os.pipe()
    os.close(read)
    try:
        ran = subprocess.run(
            [sys.executable, "-m", "authz", *arguments],
            stdout=write,
            stderr=write if errors_too else subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(PROJECT), "PYTHONUNBUFFERED": "1" if unbuffered else ""},
            timeout=60,
            check=False,
        )
    finally:
        os.close(write)
    return ran.returncode, (ran.stderr or b"").decode()


@pytest.mark.parametrize("form", ["terminal", "json", "markdown", "github", "sarif"])
def test_a_comparison_that_nobody_reads_to_its_end_has_the_status_it_earned(widened: Checkout, form: str) -> None:
    assert unread("diff", "HEAD", ".", "--format", form) == (5, "")
    assert unread("diff", "HEAD", ".", "--format", form, unbuffered=True) == (5, "")


@pytest.mark.parametrize("verb", ["check", "test"])
def test_a_check_or_test_that_nobody_reads_has_the_status_it_earned(widened: Checkout, verb: str) -> None:
    assert unread(verb, ".") == (4, "")
    assert unread(verb, ".", "--format", "json") == (4, "")


def test_wrong_usage_that_nobody_reads_is_still_wrong_usage(widened: Checkout) -> None:
    assert unread("diff", "v9", ".", errors_too=True)[0] == 2


def test_further_reports_are_written_though_nobody_reads_the_first(widened: Checkout, tmp_path: Path) -> None:
    unread("check", ".", "--save", f"json={tmp_path / 'check.json'}", "--summary", str(tmp_path / "summary.md"))

    assert (tmp_path / "check.json").read_text().startswith("{")
    assert (tmp_path / "summary.md").read_text().startswith("<!-- authz check -->")


FULL = Path("/dev/full")
"""Each write to it fails as on a full disk."""
VERBS = (
    *(("diff", "HEAD", ".", "--format", form) for form in ("terminal", "json", "markdown", "github", "sarif")),
    ("diff", "HEAD", ".", "--advisory"),
    ("check", ".", "--format", "json"),
    ("test", "."),
    ("check", "--explain", "useless-deny"),
    ("--help",),
    ("--version",),
)


@pytest.mark.skipif(not FULL.exists(), reason="no such device")
@pytest.mark.parametrize("arguments", VERBS, ids=" ".join)
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_what_cannot_be_written_is_a_failure_told_in_one_line(
    widened: Checkout, arguments: tuple[str, ...], unbuffered: str
) -> None:
    assert into_full(*arguments, unbuffered=unbuffered) == (2, "authz: no space left on device\n")


@pytest.mark.skipif(not FULL.exists(), reason="no such device")
@pytest.mark.parametrize("arguments", [("diff", "HEAD", "."), ("diff", "v9", "."), ("diff",), ("check", "--no-such")])
def test_where_errors_cannot_be_written_either_the_status_still_says_it(
    widened: Checkout, arguments: tuple[str, ...]
) -> None:
    assert into_full(*arguments, errors_too=True) == (2, "")


def into_full(*arguments: str, unbuffered: str = "", errors_too: bool = False) -> tuple[int, str]:
    """Exit status and error stream of the program whose output goes to a full disk."""
    with FULL.open("wb") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "authz", *arguments],
            stdout=full,
            stderr=full if errors_too else subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(PROJECT), "PYTHONUNBUFFERED": unbuffered},
            timeout=60,
            check=False,
        )
    return ran.returncode, (ran.stderr or b"").decode()

"""A reader that goes away changes no exit status and hears no complaint."""

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

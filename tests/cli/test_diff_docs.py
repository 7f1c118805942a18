"""The examples of docs/diff.md run as they are printed."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from authz.cli.diff.approvals import read_approvals
from tests.cli.program import PROJECT, Checkout, authz, authz_on_terminal, authz_piped
from tests.cli.test_diff_sides import run_git
from tests.cli.test_diff_unseen import commit

PAGE = (PROJECT / "docs" / "diff.md").read_text()
EXAMPLES = re.findall(r"^authz diff .*?(?=\s*#|$)", PAGE, flags=re.MULTILINE)
REGISTRY_LINE = (
    '{"id": "acme", "set": "calltrack", "name": "Acme", "attributes": {"closed": false}, "annexes": [{"number": 1, '
    '"signed_on": "2026-01-05", "effective_from": "2026-02-01", "network": "declared", "contacts": [{"name": '
    '"Ana Pop", "role": "keeper", "email": "ana@acme.example"}]}]}\n'
)


@pytest.fixture
def released(checkout: Checkout) -> Checkout:
    """A branch that widens a range, `origin/main` where it left, both released; a registry file and a log."""
    shutil.copytree(checkout.set_dir, checkout.root / "policies" / "calltrack")
    (checkout.root / "people.jsonl").write_text(REGISTRY_LINE)
    (checkout.root / "decisions.jsonl").write_text("")
    commit(checkout)
    run_git(checkout.root, "tag", "v1.4")
    run_git(checkout.root, "update-ref", "refs/remotes/origin/main", "HEAD")
    path = checkout.root / "policies" / "calltrack" / "networks" / "acme.csv"
    path.write_text(path.read_text().replace("203.0.113.0/24", "203.0.112.0/23"))
    commit(checkout)
    run_git(checkout.root, "tag", "v1.5")
    return checkout


def test_the_page_has_examples() -> None:
    assert len(EXAMPLES) == 5


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_runs_as_it_is_printed(released: Checkout, example: str) -> None:
    ran = authz(*shlex.split(example)[1:])

    assert ran.status == 5, ran.err
    assert "WIDER: 1 change is wider in calltrack" in ran.out
    assert "acme gains 256 IPv4 addresses" in ran.out
    assert ("gains (1): acme: Ana Pop" in ran.out) is ("--registry" in example)


def test_the_approvals_of_the_page_can_be_read(tmp_path: Path) -> None:
    (text,) = re.findall(r"^```yaml\n(approvals:.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
    (tmp_path / "page.yaml").write_text(text)

    (approval,), problems = read_approvals(tmp_path)

    assert problems == ()
    assert [len(one) for one in (approval.cells, approval.networks, approval.declared)] == [2, 1, 1]


def test_the_sentence_of_the_page_is_what_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (said, place) = re.findall(r"``(user of every tenant may now.*?)\n(calltrack/matrix.csv:\d+)``", PAGE)[0]
    monkeypatch.setenv("AUTHZ_DATA", str(tmp_path / "data"))
    for side in ("before", "after"):
        (tmp_path / side / "policies").mkdir(parents=True)
        shutil.copytree(PROJECT / "policies" / "calltrack", tmp_path / side / "policies" / "calltrack")
        shutil.copy(PROJECT / "model.conf", tmp_path / side)
    matrix = tmp_path / "after" / "policies" / "calltrack" / "matrix.csv"
    lines = matrix.read_text().splitlines()
    number = int(place.rpartition(":")[2])
    assert lines[number - 1].startswith("p, *, user")
    lines[number - 1] = "p, *, user, support_request, network_ok + sender_ok, allow"
    matrix.write_text("\n".join([*lines, ""]))

    out = authz("diff", str(tmp_path / "before"), str(tmp_path / "after")).out

    assert f"+ {said}  {place}" in out.splitlines()


def test_a_reader_who_closes_the_pipe_hears_no_complaint(released: Checkout) -> None:
    for form in ("terminal", "json", "markdown", "github", "sarif"):
        ran = authz_piped("diff", "v1.4", "v1.5", "--format", form, into="true")

        assert (ran.out, ran.err) == ("", ""), form


def test_the_bars_count_files(released: Checkout) -> None:
    shown = authz_on_terminal("diff", "v1.4", "v1.5", environment={"AUTHZ_DATA": str(released.root / "fresh")})

    assert "v1.5: files read" in shown
    assert "v1.5: files compiled" in shown
    assert "5/5" in shown

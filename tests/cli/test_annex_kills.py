"""kill -9 at any moment of an import or approval leaves the old or the new annex whole, and the command repeatable."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from authz.registry.annexes import AnnexRecord, tenant_annexes
from authz.registry.store import RegistryStore
from tests.annex.small import ANY, DECLARED, paper
from tests.annex.word import Box, control_box, paragraph
from tests.registry.conftest import database, postgres_server, postgres_template, sqlite_template
from tests.web.installation import Installation

__all__ = ["database", "postgres_server", "postgres_template", "sqlite_template"]

KILLS = int(os.environ.get("ANNEX_KILLS", "1"))
"""How many annexes are entered and approved, with a kill in either command; `ANNEX_KILLS=100` for the whole proof."""
PEOPLE = 40
DAY = "2025-01-01"


@pytest.mark.e2e
@pytest.mark.slow
def test_a_kill_at_any_moment_leaves_the_old_or_the_new_annex_whole(tmp_path: Path, database: str) -> None:
    installation = Installation(tmp_path)
    installation.settings["AUTHZ_DATABASE_URL"] = database
    installation.load_registry()
    store = RegistryStore(database)
    approved = {1: 2}
    for number in range(2, KILLS + 2):
        document = tmp_path / f"annex-{number}.docx"
        document.write_bytes(form(number))
        entering = ["import", str(document), "--tenant", "acme", "--by", "Mara", "--effective", DAY, "--signed", DAY]

        kill_somewhere(installation, entering)
        found = annexes(store)
        assert found in ({**approved}, {**approved, number: PEOPLE})
        assert in_answers(store) == approved
        if number not in found:
            assert run(installation, entering).returncode == 0
        draft = next(one.id for one in recorded(store) if one.entry.number == number)

        approving = ["approve", str(draft), "--by", "Irina"]
        kill_somewhere(installation, approving)
        assert annexes(store) == {**approved, number: PEOPLE}
        now = in_answers(store)
        assert now in (approved, {**approved, number: PEOPLE})
        if now == approved:
            assert run(installation, approving).returncode == 0
        approved[number] = PEOPLE
        assert in_answers(store) == approved
    store.close()


def form(number: int) -> bytes:
    """A paper of `PEOPLE` contacts."""
    people = [(f"Person {word(at)}", "User", "", f"p{at}@acme.example", "") for at in range(PEOPLE)]
    boxes = [paragraph(control_box(Box.EMPTY), f" {ANY}"), paragraph(control_box(Box.TICKED), f" {DECLARED}")]
    return paper(*people, boxes=boxes, numbers=f"Contract nr. 12/2025 Anexa nr. {number}")


def word(number: int) -> str:
    return "".join("ABCDEFGHIJ"[int(digit)] for digit in str(number))


def kill_somewhere(installation: Installation, words: list[str]) -> None:
    """Begin the command and kill it at a random moment, often while it works on the database."""
    began = time.monotonic()
    run(installation, ["list", "acme"])
    about = time.monotonic() - began
    child = start(installation, words)
    time.sleep(random.uniform(0.6, 1.6) * about)
    child.kill()
    child.communicate()


def run(installation: Installation, words: list[str]) -> subprocess.CompletedProcess[str]:
    return installation.command("annex", *words)


def start(installation: Installation, words: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "authz", "annex", *words],
        env=installation.environment({}),
        cwd=installation.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def annexes(store: RegistryStore) -> dict[int, int]:
    """Number -> how many stand on it, of everything that is recorded, drafts too."""
    return {one.entry.number: len(one.entry.contacts) for one in recorded(store)}


def recorded(store: RegistryStore) -> tuple[AnnexRecord, ...]:
    found = tenant_annexes(store, "acme")
    assert found is not None
    return found.annexes


def in_answers(store: RegistryStore) -> dict[int, int]:
    """The same of what answers are given from."""
    return {annex.number: len(list(annex.contacts)) for annex in store.directory().tenants["acme"].annexes}

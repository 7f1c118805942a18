"""Two services of two workers on one registry: after a revocation is acknowledged, nobody allows, and it stays so."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.registry.conftest import database, postgres_server, postgres_template, sqlite_template
from tests.web.installation import INSIDE, Installation, Serving

__all__ = ["database", "postgres_server", "postgres_template", "sqlite_template"]

RACES = int(os.environ.get("RACES", "2"))
"""How often; `RACES=1000` for the whole proof."""
ASKED_AFTERWARDS = 12
PEOPLE = """\
      - number: {number}
        signed_on: 2020-02-01
        effective_from: 2020-02-01
        network: declared
        contacts:
          - {{name: Ana Pop, role: admin, email: ana@acme.example}}
{people}
"""


@pytest.mark.e2e
@pytest.mark.slow
def test_no_worker_of_any_service_allows_a_second_after_the_revocation_was_acknowledged(
    tmp_path: Path, database: str
) -> None:
    one = Installation(tmp_path / "one")
    other = Installation(tmp_path / "other")
    people = [f"person{number}@acme.example" for number in range(RACES)]
    lines = "\n".join(f"          - {{name: P {at}, role: user, email: {mail}}}" for at, mail in enumerate(people))
    registry = one.folder / "registry.yaml"
    registry.write_text(registry.read_text() + PEOPLE.format(number=2, people=lines))
    one.settings["AUTHZ_DATABASE_URL"] = other.settings["AUTHZ_DATABASE_URL"] = database
    one.load_registry()

    with ExitStack() as stack:
        services = [
            stack.enter_context(each.serving(AUTHZ_WORKERS="2", AUTHZ_LOG_MODE="relaxed")) for each in (one, other)
        ]
        for service in services:
            service.until_ready()
            service.eventually(lambda service=service: allowed(service, people[0]), "the first allow")  # type: ignore[misc]
        for at, person in enumerate(people):
            asked = one if at % 2 else other
            done = asked.command("contact", "revoke", person, "--tenant", "acme", "--by", "Mara Ionescu")
            assert done.returncode == 0, done.stderr
            time.sleep(1.0)
            for service in services:
                answers = [allowed(service, person) for _ in range(ASKED_AFTERWARDS)]
                assert answers == [False] * ASKED_AFTERWARDS, (at, answers)
        one.load_registry()
        assert not any(allowed(service, person) for service in services for person in people)
    with one.serving() as again:
        again.until_ready()
        assert not any(allowed(again, person) for person in people)


def allowed(service: Serving, person: str) -> bool:
    """One question on a connection of its own, so that the workers take turns."""
    url = f"http://127.0.0.1:{service.port}/v1/decision"
    answer = httpx.post(url, json={"contact": person, "action": "report", "ip": INSIDE}, timeout=20)
    assert answer.status_code == 200, answer.text
    return bool(answer.json()["decision"])

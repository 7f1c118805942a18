"""Two services of two workers on one registry: after a revocation is acknowledged, nobody allows, and it stays so."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from authz.core.types import ContactState, SubjectKey
from authz.registry.store import RegistryStore
from authz.registry.suspension import suspend
from tests.registry.conftest import database, postgres_server, postgres_template, sqlite_template
from tests.web.installation import INSIDE, Installation, Serving

__all__ = ["database", "postgres_server", "postgres_template", "sqlite_template"]

RACES = int(os.environ.get("RACES", "21"))
"""How often; `RACES=1000` for the whole proof."""
AT_ONCE = 20
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
        done = one.command("contact", "revoke", people[0], "--tenant", "acme", "--by", "Mara Ionescu")
        assert done.returncode == 0, done.stderr
        store = RegistryStore(database)
        for begin in range(1, RACES, AT_ONCE):
            some = people[begin : begin + AT_ONCE]
            assert any(any_allowed(service, some) for service in services)
            for person in some:
                suspend(store, "acme", SubjectKey(person), "Mara Ionescu", state=ContactState.REVOKED)
            time.sleep(1.0)  # since the last one of them
            for _ in range(ASKED_AFTERWARDS):
                assert not any(any_allowed(service, people[: begin + AT_ONCE]) for service in services), begin
        store.close()
        one.load_registry()
        assert not any(any_allowed(service, people) for service in services)
    with one.serving() as again:
        again.until_ready()
        assert not any_allowed(again, people)


def any_allowed(service: Serving, people: Sequence[str]) -> bool:
    """Questions about all of them, a hundred in a request, each request on a connection of its own."""
    url = f"http://127.0.0.1:{service.port}/access/v1/evaluations"
    common = {"action": {"name": "report"}, "resource": {"type": "tenant", "id": "acme"}, "context": {"ip": INSIDE}}
    found = []
    for begin in range(0, len(people), 100):
        asked = [{"subject": {"type": "contact", "id": person}} for person in people[begin : begin + 100]]
        answer = httpx.post(url, json={**common, "evaluations": asked}, timeout=20)
        assert answer.status_code == 200, answer.text
        found += [one["decision"] for one in answer.json()["evaluations"]]
    assert len(found) == len(people)
    return any(found)


def allowed(service: Serving, person: str) -> bool:
    """One question on a connection of its own, so that the workers take turns."""
    url = f"http://127.0.0.1:{service.port}/v1/decision"
    answer = httpx.post(url, json={"contact": person, "action": "report", "ip": INSIDE}, timeout=20)
    assert answer.status_code == 200, answer.text
    return bool(answer.json()["decision"])

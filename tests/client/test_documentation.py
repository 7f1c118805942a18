"""docs/client.md does what it says, against the real application."""

from __future__ import annotations

import re
import socket
import sys
from types import ModuleType
from typing import Any

import pytest

from tests.architecture.documents import ROOT
from tests.web.sockets import served
from tests.web.world import INSIDE, OUTSIDE, World

EXAMPLES = re.findall(r"```python\n(.*?)```", (ROOT / "docs/client.md").read_text(encoding="utf-8"), flags=re.DOTALL)


def run(example: str, port: int) -> dict[str, Any]:
    """What the example defines, its service being at the port."""
    assert "http://127.0.0.1:8000" in example
    module = sys.modules["example"] = ModuleType("example")  # dataclasses look their module up
    code = compile(example.replace("127.0.0.1:8000", f"127.0.0.1:{port}"), "docs/client.md", "exec")
    exec(code, module.__dict__)  # noqa: S102 - our own page
    return module.__dict__


def test_the_first_example_prints_yes(capsys: pytest.CaptureFixture[str]) -> None:
    with served(World().app(), "httptools") as port:
        defined = run(EXAMPLES[0], port)
        defined["client"].close()

    assert capsys.readouterr().out == "yes\n"


def test_the_desk_files_what_is_permitted_and_nothing_else() -> None:
    with served(World().app(), "httptools") as port:
        desk = run(EXAMPLES[1], port)
        ticket, admit = desk["Ticket"], desk["admit"]
        from_inside = admit(ticket("ana@acme.example", "incidents", address=INSIDE))
        by_mail = admit(ticket("ana@acme.example", "incidents", mail_verified=True))
        refused = [
            admit(ticket("ana@acme.example", "incidents", address=OUTSIDE)),
            admit(ticket("ana@acme.example", "backups", address=INSIDE)),
            admit(ticket("ana@acme.example", "gossip", address=INSIDE)),
            admit(ticket("eve@acme.example", "incidents", address=INSIDE)),
            admit(ticket("dan@acme.example", "incidents", address=INSIDE)),
            admit(ticket("ana@acme.example", "incidents")),
        ]
        desk["authz"].close()

    assert from_inside.file_under_contact
    assert by_mail.file_under_contact
    assert len(from_inside.note.removeprefix("decision ")) == 32
    assert not [verdict for verdict in refused if verdict.file_under_contact or verdict.try_later]
    assert [bool(verdict.answer) for verdict in refused] == [True, True, False, True, True, False]
    assert refused[0].note.startswith("network_not_declared ")


def test_without_the_service_the_desk_tries_later() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    desk = run(EXAMPLES[1], port)

    verdict = desk["admit"](desk["Ticket"]("ana@acme.example", "incidents", address=INSIDE))
    desk["authz"].close()

    assert (verdict.file_under_contact, verdict.try_later) == (False, True)

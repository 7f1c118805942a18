"""A newcomer's first minutes: the README's commands do what it says they do."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.architecture.documents import ROOT

README = (ROOT / "README.md").read_text()
AUTHZ = [sys.executable, "-m", "authz"]
PATIENCE_S = 60


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """As `make demo` leaves it: every file of examples/ loaded, in the order of their names."""
    folder = tmp_path_factory.mktemp("data")
    plain = {name: value for name, value in os.environ.items() if not name.startswith("AUTHZ_")}
    prepared = {**plain, "AUTHZ_DATA": str(folder), "AUTHZ_PORT": "0"}
    for file in sorted((ROOT / "examples").glob("*.yaml")):
        subprocess.run([*AUTHZ, "registry", "load", str(file)], cwd=ROOT, env=prepared, check=True, capture_output=True)
    return prepared


@pytest.fixture(scope="module")
def service(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running service, ready to answer."""
    said = tmp_path_factory.mktemp("said") / "stderr"
    with (
        said.open("wb") as stderr,
        subprocess.Popen([*AUTHZ, "serve"], cwd=ROOT, env=environment, stderr=stderr) as process,
    ):
        try:
            yield _ready(process, said)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE_S)


def _ready(process: subprocess.Popen[bytes], said: Path) -> str:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and process.poll() is None:
        address = re.search(r'"url": "([^"]+)"', said.read_text())
        if address is not None:
            try:
                if httpx.get(address[1] + "/health/ready", trust_env=False).status_code == 200:
                    return address[1]
            except httpx.TransportError:
                pass
        time.sleep(0.1)
    pytest.fail(f"the service was not ready:\n{said.read_text()}")


def _first_curl() -> tuple[str, str]:
    """Path and body of the README's first question."""
    command = re.search(r"^curl .*?(?=\n```)", README, flags=re.MULTILINE | re.DOTALL)
    assert command is not None
    words = shlex.split(command[0].replace("\\\n", " "))
    url = next(word for word in words if word.startswith("http://127.0.0.1:8000/"))
    return url.removeprefix("http://127.0.0.1:8000"), words[words.index("-d") + 1]


def _comparable(answer: dict[str, Any]) -> dict[str, Any]:
    """Without what differs each time or with every edit of a policy file."""
    context = {name: value for name, value in answer["context"].items() if name != "decision_id"}
    return {**answer, "context": {**context, "revision": {**context["revision"], "policy": "sha256:..."}}}


@pytest.mark.e2e
def test_the_first_question_gets_the_printed_answer(service: str) -> None:
    path, body = _first_curl()
    printed = re.search(r"```json\n(.*?)```", README, flags=re.DOTALL)
    assert printed is not None

    answered = httpx.post(service + path, content=body, headers={"content-type": "application/json"}, trust_env=False)

    assert _comparable(answered.json()) == _comparable(json.loads(printed[1]))


@pytest.mark.e2e
@pytest.mark.parametrize("page", ["docs/http.md"])
def test_every_question_of_the_guide_is_answered_with_a_decision(service: str, page: str) -> None:
    commands = re.findall(r"^curl .*?(?=\n```)", (ROOT / page).read_text(), flags=re.MULTILINE | re.DOTALL)
    assert commands
    for command in commands:
        words = shlex.split(command.replace("\\\n", " "))
        url = next(word for word in words if word.startswith("http://127.0.0.1:8000/"))
        address = url.replace("http://127.0.0.1:8000", service)
        headers = {"content-type": "application/json"}

        answered = httpx.post(address, content=words[words.index("-d") + 1], headers=headers, trust_env=False)

        assert answered.json()["decision"] is True, command


@pytest.mark.e2e
def test_the_explained_refusal_is_the_printed_one(service: str, environment: dict[str, str]) -> None:
    command = re.search(r"^\.venv/bin/authz (ask .*)$", README, flags=re.MULTILINE)
    printed = re.search(r"```\n(REFUSED .*?)\n\.\.\.\n```", README, flags=re.DOTALL)
    assert command is not None
    assert printed is not None

    asked = subprocess.run(
        [*AUTHZ, *shlex.split(command[1])],
        cwd=ROOT,
        env={**environment, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )

    shown, said = ([_timeless(line) for line in text.splitlines()] for text in (asked.stdout, printed[1]))
    assert shown[: len(said)] == said, asked.stdout + asked.stderr
    assert asked.returncode == 1


def _timeless(line: str) -> str:
    """The line without blanks at its end, and without the instant at which it was asked."""
    return re.sub(r"^at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+0[23]:00$", "at ...", line.rstrip())

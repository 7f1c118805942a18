"""docs/disputes.md is run against a real service, command by command, and says what really comes out."""

from __future__ import annotations

import datetime as dt
import hashlib
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
from typing import Final
from zoneinfo import ZoneInfo

import httpx
import pytest

from authz.log.signed.receipt import read_receipt
from tests.cli.program import PROJECT, authz

PAGE: Final = PROJECT / "docs" / "disputes.md"
ZONE: Final = ZoneInfo("Europe/Bucharest")
PATIENCE_S: Final = 60
GINA: Final = {"contact": "gina@gamma.example", "action": "backup_restore"}
TICKET: Final = {"type": "ticket", "id": "4711", "properties": {"tenant": "gamma"}}
VARYING: Final = (
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?"), "<instant>"),
    (re.compile(r"\d{4}-\d\d-\d\d"), "<date>"),
    (re.compile(r"\b[0-9a-f]{12,64}\b"), "<hex>"),
    (re.compile(r"\.csv:\d+"), ".csv:<line>"),
)


def steps(page: str) -> list[tuple[str, list[str]]]:
    """Each command of the page with the lines that it prints there."""
    found: list[tuple[str, list[str]]] = []
    for block in re.findall(r"^```console\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], []))
            else:
                found[-1][1].append(line)
    return found


def plain(lines: list[str]) -> list[str]:
    """Without what is another each time: instants, dates, hashes and keys, and numbers of policy lines."""
    text = "\n".join(line.rstrip() for line in lines)
    for varying, name in VARYING:
        text = varying.sub(name, text)
    return text.splitlines()


class Scene:
    """A data folder with the demo registry, and a stand-in for the shell in which the page's commands run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, command: str) -> list[str]:
        """The lines that a command of the page prints, ` > FILE`, `$CHECKOUT` and `$(cat FILE)` as in a shell."""
        command, _, target = command.partition(" > ")
        command = command.replace("$CHECKOUT", str(PROJECT))
        command = re.sub(r"\$\(cat (\S+)\)", lambda found: (self.folder / found[1]).read_text().strip(), command)
        program, *arguments = shlex.split(command)
        if program == "sha256sum":
            return [f"{hashlib.sha256((self.folder / arguments[0]).read_bytes()).hexdigest()}  {arguments[0]}"]
        assert program == "authz"
        ran = authz(*arguments)
        assert ran.status in (0, 1), f"{command}: {ran.err}"
        assert not ran.err, f"{command}: {ran.err}"
        if target:
            (self.folder / target).write_text(ran.out)
            return []
        return ran.out.splitlines()


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    for name in [name for name in os.environ if name.startswith("AUTHZ_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AUTHZ_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("AUTHZ_POLICIES", str(PROJECT / "policies"))
    monkeypatch.setenv("AUTHZ_MODEL", str(PROJECT / "model.conf"))
    monkeypatch.setenv("AUTHZ_PORT", "0")
    monkeypatch.chdir(tmp_path)
    scene = Scene(tmp_path)
    for file in sorted((PROJECT / "examples").glob("*.yaml")):
        scene.run(f'authz registry load "{file}" --by "Mara Ionescu"')
    return scene


@pytest.fixture
def service(scene: Scene) -> Iterator[httpx.Client]:
    said = scene.folder / "stderr"
    command = [sys.executable, "-m", "authz", "serve"]
    with (
        said.open("wb") as stderr,
        subprocess.Popen(
            command, cwd=scene.folder, env={**os.environ, "PYTHONPATH": str(PROJECT)}, stderr=stderr
        ) as process,
    ):
        try:
            with httpx.Client(base_url=_address(process, said), trust_env=False) as client:
                yield client
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE_S)


def _address(process: subprocess.Popen[bytes], said: Path) -> str:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and process.poll() is None:
        found = re.search(r'"url": "([^"]+)"', said.read_text())
        if found is not None:
            try:
                if httpx.get(found[1] + "/health/ready", trust_env=False).status_code == 200:
                    return found[1]
            except httpx.TransportError:
                pass
        time.sleep(0.05)
    raise AssertionError(said.read_text())


def caught_up(service: httpx.Client, revision: int) -> None:
    """The registry's revision is in the service's memory."""
    until = time.monotonic() + PATIENCE_S
    while service.get("/health/ready").json()["registry"]["revision"] < revision:
        assert time.monotonic() < until, "the annex did not come into force"
        time.sleep(0.1)


@pytest.mark.e2e
@pytest.mark.slow
def test_the_five_questions_are_one_command_each_and_print_what_the_page_shows(
    scene: Scene, service: httpx.Client
) -> None:
    page = PAGE.read_text()
    today = dt.datetime.now(ZONE).date()
    dates = {"2026-11-25": str(today - dt.timedelta(days=1)), "2026-11-26": str(today)}
    utc = {"2026-11-26": str(dt.datetime.now(dt.UTC).date())}
    receipt_id = ""
    moment = ""
    printed: list[tuple[str, list[str]]] = []
    for command, _ in steps(page):
        if not moment and command.startswith("authz who"):
            caught_up(service, json.loads("".join(scene.run("authz annex list gamma --json")))["trail"][-1]["revision"])
            inside = service.post("/v1/decision", json={**GINA, "ip": "198.51.100.9", "resource": TICKET})
            receipt_id = inside.json()["context"]["decision_id"]
            service.post("/v1/decision", json={**GINA, "ip": "192.0.2.77"})
            time.sleep(1.1)  # the moment is a whole second after the approval
            moment = dt.datetime.now(ZONE).isoformat(timespec="seconds")
            time.sleep(1.1)
        real = re.sub(r"--at \S+", f"--at {moment}", command)
        real = re.sub(r"receipt [0-9a-f]{32}", f"receipt {receipt_id}", real)
        days = utc if "--since" in command else dates
        for written, meant in days.items():
            real = real.replace(written, meant)
        printed.append((command, scene.run(real)))

    (shown,) = service.get("/v1/decisions", params={"resource": "ticket:4711"}).json()["items"]
    receipt = service.get(f"/v1/decisions/{receipt_id}/receipt")
    assert shown["id"] == receipt_id
    assert read_receipt(receipt.content, bytes.fromhex((scene.folder / "key.hex").read_text())).record == shown
    assert [(command, plain(lines)) for command, lines in printed] == [
        (command, plain(lines)) for command, lines in steps(page)
    ]

"""A whole installation in a temporary folder: a tiny policy set, a registry file, and the real `authz serve`."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0
INSIDE, OUTSIDE = "203.0.113.5", "198.51.100.9"

SET = """\
title: {en: Demo contract}
source: {document: "Demo annex", provider: "Demo SRL"}
languages: [en]
time_zone: Europe/Bucharest
phone_region: RO
roles:
  admin: {label: {en: Admin}, clause: "1"}
  user: {label: {en: User}, clause: "1"}
actions:
  report: {label: {en: Report}, clause: "2"}
  restore: {label: {en: Restore}, clause: "3"}
"""
MATRIX = """\
p, *, admin, report,  network_ok + sender_ok, allow
p, *, user,  report,  network_ok + sender_ok, allow
p, *, admin, restore, network_ok + sender_ok, allow
p, *, user,  restore, -,                      deny
"""
NETWORKS = "p2, acme, 203.0.113.0/24, allow\n"
TESTS = """\
tenants:
  acme:
    networks: ["203.0.113.0/24 allow"]
    network: declared
    contacts:
      - {name: Ana Pop, role: admin, email: ana@acme.example}
      - {name: Dan Rus, role: user, email: dan@acme.example}
defaults: {at: "2026-06-03T10:00:00+03:00", ip: 203.0.113.5}
cases:
  - description: every cell from inside
    each:
      columns: [contact, action, decision]
      rows:
        - [ana@acme.example, report, true]
        - [ana@acme.example, restore, true]
        - [dan@acme.example, report, true]
        - [dan@acme.example, restore, false]
"""
REGISTRY = """\
tenants:
  - id: acme
    set: demo
    name: Acme Distribution SRL
    languages: [en]
    annexes:
      - number: 1
        signed_on: 2020-01-01
        effective_from: 2020-01-01
        network: declared
        contacts:
          - {name: Ana Pop, role: admin, email: ana@acme.example}
          - {name: Dan Rus, role: user, email: dan@acme.example}
"""
SECOND_ANNEX = """\
      - number: 2
        signed_on: 2021-01-01
        effective_from: 2021-01-01
        network: declared
        contacts:
          - {name: Dan Rus, role: user, email: dan@acme.example}
"""
QUESTIONS: Mapping[tuple[str, str, str], bool] = {
    ("ana@acme.example", "report", INSIDE): True,
    ("ana@acme.example", "restore", INSIDE): True,
    ("ana@acme.example", "report", OUTSIDE): False,
    ("dan@acme.example", "report", INSIDE): True,
    ("dan@acme.example", "restore", INSIDE): False,
    ("eve@acme.example", "report", INSIDE): False,
}
"""(contact, action, ip) -> the right decision."""


class Installation:
    """The files of one installation and the commands on them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.set = folder / "policies" / "demo"
        self.data = folder / "data"
        (self.set / "networks").mkdir(parents=True)
        (folder / "model.conf").write_bytes((ROOT / "model.conf").read_bytes())
        for name, text in {
            "set.yaml": SET,
            "matrix.csv": MATRIX,
            "tests.yaml": TESTS,
            "networks/acme.csv": NETWORKS,
        }.items():
            (self.set / name).write_text(text, encoding="utf-8")
        (folder / "registry.yaml").write_text(REGISTRY, encoding="utf-8")
        self.settings = {
            "AUTHZ_POLICIES": str(folder / "policies"),
            "AUTHZ_MODEL": str(folder / "model.conf"),
            "AUTHZ_DATA": str(self.data),
            "AUTHZ_POLL_INTERVAL_S": "0.1",
        }

    def environment(self, settings: Mapping[str, str]) -> dict[str, str]:
        """The environment of a command: ours without any setting, and these settings."""
        around = {name: value for name, value in os.environ.items() if not name.upper().startswith("AUTHZ_")}
        return {**around, "PYTHONPATH": str(ROOT), **self.settings, **settings}

    def command(self, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run `authz WORDS` to its end."""
        return subprocess.run(
            [sys.executable, "-m", "authz", *words],
            env=self.environment(settings),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )

    def load_registry(self) -> None:
        """`authz registry load registry.yaml`."""
        loaded = self.command("registry", "load", "registry.yaml")
        assert loaded.returncode == 0, loaded.stderr

    @contextmanager
    def serving(self, **settings: str) -> Iterator[Serving]:
        """`authz serve` on a free port, ended by SIGTERM."""
        port = free_port()
        errors = self.folder / f"errors-{port}.log"
        with errors.open("wb") as stream:
            process = subprocess.Popen(
                [sys.executable, "-m", "authz", "serve"],
                env=self.environment({"AUTHZ_PORT": str(port), **settings}),
                cwd=self.folder,
                stdout=subprocess.DEVNULL,
                stderr=stream,
            )
        serving = Serving(process, port, errors)
        try:
            yield serving
        finally:
            serving.end()


class Serving:
    """A running service and its client."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, errors: Path) -> None:
        self.process = process
        self.port = port
        self.errors = errors
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S)

    def log(self) -> str:
        """What the service wrote on standard error."""
        return self.errors.read_text(encoding="utf-8")

    def eventually(self, told: Callable[[], bool], what: str) -> None:
        """Wait until something holds."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log()
            try:
                if told():
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"{what} did not come about: {self.log()}")

    def ready(self) -> dict[str, Any]:
        """The document of `/health/ready`."""
        document: dict[str, Any] = self.client.get("/health/ready").json()
        return document

    def until_ready(self) -> None:
        """Wait for 200."""
        self.eventually(lambda: self.client.get("/health/ready").status_code == 200, "readiness")

    def ask(self, contact: str, action: str, ip: str) -> dict[str, Any]:
        """One decision; anything but 200 fails."""
        answer = self.client.post("/v1/decision", json={"contact": contact, "action": action, "ip": ip})
        assert answer.status_code == 200, answer.text
        document: dict[str, Any] = answer.json()
        return document

    def check_all(self) -> None:
        """Every question has its right answer."""
        for question, decision in QUESTIONS.items():
            assert self.ask(*question)["decision"] is decision, question

    def end(self) -> int:
        """SIGTERM, and the exit status."""
        self.client.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


class Process(NamedTuple):
    """A process of the system; `started` tells it from a later one with the same id."""

    pid: int
    parent: int
    started: str
    words: tuple[str, ...]

    @property
    def lives(self) -> bool:
        """Whether it still runs."""
        return process_of(self.pid) == self


def process_of(pid: int) -> Process | None:
    """The process with that id, None where there is none or it has ended."""
    folder = Path("/proc") / str(pid)
    try:
        state, parent, *rest = (folder / "stat").read_text().rpartition(") ")[2].split()
        words = (folder / "cmdline").read_bytes().rstrip(b"\0").split(b"\0")
    except OSError:
        return None
    return None if state in "ZX" else Process(pid, int(parent), rest[17], tuple(word.decode() for word in words))


def descendants(pid: int) -> list[Process]:
    """Children, their children, and so on."""
    pids = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    everybody = [process for process in map(process_of, pids) if process is not None]
    found: list[Process] = []
    waiting = [pid]
    while waiting:
        parent = waiting.pop()
        children = [process for process in everybody if process.parent == parent]
        found += children
        waiting += [child.pid for child in children]
    return found


def all_ended(processes: list[Process]) -> bool:
    """Wait until none of them lives; False after a long while. Python's own bookkeeper of workers is not ours."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if not any(process.lives and "resource_tracker" not in " ".join(process.words) for process in processes):
            return True
        time.sleep(0.05)
    return False


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

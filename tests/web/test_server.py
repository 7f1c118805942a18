"""`authz serve` as it is run: real processes, real files, real changes."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Self

import pytest

from tests.web.installation import (
    INSIDE,
    MATRIX,
    PATIENCE_S,
    QUESTIONS,
    REGISTRY,
    SECOND_ANNEX,
    Installation,
    Process,
    Serving,
    all_ended,
    descendants,
    free_port,
)

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(tmp_path)


@pytest.fixture
def loaded(installation: Installation) -> Installation:
    installation.load_registry()
    return installation


class Load:
    """Asks all questions in turn, from another thread, until told to stop; notes every wrong answer and error."""

    def __init__(self, serving: Serving) -> None:
        self._serving = serving
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self.answers = 0
        self.wrong: list[str] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join(PATIENCE_S)

    def _ask(self) -> None:
        while not self._stopping.is_set():
            for question, decision in QUESTIONS.items():
                try:
                    if self._serving.ask(*question)["decision"] is not decision:
                        self.wrong.append(f"{question} is not {decision}")
                except Exception as error:  # noqa: BLE001 - whatever it is, it is noted
                    self.wrong.append(repr(error))
                self.answers += 1


@pytest.mark.parametrize("parser", ["httptools", "h11"])
def test_the_service_starts_answers_and_ends_cleanly(loaded: Installation, parser: str) -> None:
    with loaded.serving(AUTHZ_HTTP_PARSER=parser) as serving:
        serving.until_ready()
        serving.check_all()
        children = descendants(serving.process.pid)
        serving.eventually(lambda: not serving.ready()["stale"], "what was built is known to be live")
        ready = serving.ready()

        assert serving.end() == 0
        assert list(ready["policy"]) == ["demo"]
        assert ready["registry"]["revision"] >= 1
        assert children
        assert all_ended(children)
        log = [json.loads(line) for line in serving.log().splitlines()]

    events = [entry["event"] for entry in log]
    assert events[:2] == ["service_starting", "keyless_loopback"]
    assert "service_stopped" in events
    assert not [entry for entry in log if entry.get("level") in {"error", "critical"}]


def lost(part: str) -> Callable[[str], str]:
    return lambda text: text.replace(part, "", 1)


def swapped(old: str, new: str) -> Callable[[str], str]:
    return lambda text: text.replace(old, new, 1)


BREAKAGES: list[tuple[str, Callable[[str], str], str]] = [
    ("matrix.csv", lost("p, *, user,  restore, -,                      deny\n"), "policies/demo/"),
    ("matrix.csv", swapped("allow", "alow"), "policies/demo/matrix.csv:1:"),
    ("matrix.csv", swapped("p, *, admin, report,  ", "p, *, admin, rep0rt,  "), "policies/demo/matrix.csv:1:"),
    ("matrix.csv", lambda text: "\ufeff" + text, "policies/demo/matrix.csv:1:1:"),
    ("matrix.csv", lambda text: text + "\0", "policies/demo/matrix.csv:"),
    ("matrix.csv", lambda text: "<<<<<<< HEAD\n" + text, "policies/demo/matrix.csv:1:"),
    ("matrix.csv", lambda _: "", "policies/demo"),
    ("networks/acme.csv", swapped(".0/24", ".5/24"), "policies/demo/networks/acme.csv:1:"),
    ("set.yaml", swapped("admin:", "\u0430dmin:"), "policies/demo/set.yaml:"),
    ("tests.yaml", swapped("report, true", "report, false"), "policies/demo/tests.yaml:"),
]
"""(file, how it is broken, the beginning of the problem that names it)"""


def names_place(serving: Serving, place: str) -> bool:
    return any(problem.startswith(place) for problem in serving.ready()["policy"]["demo"]["problems"])


def test_broken_files_never_change_an_answer_and_are_named(loaded: Installation) -> None:
    with loaded.serving() as serving:
        serving.until_ready()
        revision = serving.ready()["policy"]["demo"]["revision"]
        with Load(serving) as load:
            for name, breaking, place in BREAKAGES:
                path = loaded.set / name
                good = path.read_text(encoding="utf-8")
                path.write_text(breaking(good), encoding="utf-8")
                serving.eventually(partial(names_place, serving, place), f"the naming of {place}")
                status = serving.ready()["policy"]["demo"]
                assert status["stale"] is True
                assert status["revision"] == revision
                path.write_text(good, encoding="utf-8")
                serving.eventually(lambda: not serving.ready()["stale"], "recovery")

        assert load.wrong == []
        assert load.answers > len(QUESTIONS)


def test_a_changed_policy_goes_live_by_itself_and_is_named_in_the_answer(loaded: Installation) -> None:
    question = ("dan@acme.example", "report", INSIDE)
    with loaded.serving() as serving:
        serving.until_ready()
        before = serving.ask(*question)
        matrix = MATRIX.replace(
            "p, *, user,  report,  network_ok + sender_ok, allow", "p, *, user,  report,  -,                      deny"
        )
        tests = (loaded.set / "tests.yaml").read_text(encoding="utf-8")
        (loaded.set / "tests.yaml").write_text(
            tests.replace("dan@acme.example, report, true", "dan@acme.example, report, false"), encoding="utf-8"
        )
        (loaded.set / "matrix.csv").write_text(matrix, encoding="utf-8")
        serving.eventually(lambda: not serving.ask(*question)["decision"], "the refusal")
        after = serving.ask(*question)

    assert before["decision"] is True
    assert after["context"]["reason"] == "role_not_permitted"
    assert after["context"]["revision"]["policy"] != before["context"]["revision"]["policy"]


def test_a_newer_annex_comes_into_force_while_the_service_runs(loaded: Installation) -> None:
    question = ("ana@acme.example", "report", INSIDE)
    with loaded.serving() as serving:
        serving.until_ready()
        assert serving.ask(*question)["decision"] is True
        (loaded.folder / "registry.yaml").write_text(REGISTRY + SECOND_ANNEX, encoding="utf-8")
        loaded.load_registry()
        serving.eventually(lambda: not serving.ask(*question)["decision"], "the refusal")

        assert serving.ask(*question)["context"]["reason"] == "contact_unregistered"


def test_a_service_without_a_good_policy_starts_says_so_and_becomes_ready_by_itself(loaded: Installation) -> None:
    matrix = loaded.set / "matrix.csv"
    good = matrix.read_text(encoding="utf-8")
    matrix.write_text(good.replace("allow", "alow", 1), encoding="utf-8")
    with loaded.serving() as serving:
        serving.eventually(lambda: bool(serving.ready()["policy"].get("demo", {}).get("problems")), "the report")
        refused = serving.client.post("/v1/decision", json={"contact": "ana@acme.example", "action": "report"})
        not_ready = serving.client.get("/health/ready")
        matrix.write_text(good, encoding="utf-8")
        serving.until_ready()
        serving.check_all()

    assert refused.status_code == 503
    assert refused.json()["error"]["code"] == "no_active_policy"
    assert not_ready.status_code == 503
    assert not_ready.json()["policy"]["demo"]["problems"][0].startswith("policies/demo/matrix.csv:1:")


def test_the_last_good_policy_survives_a_restart_with_broken_files(loaded: Installation) -> None:
    with loaded.serving() as serving:
        serving.until_ready()
    (loaded.set / "matrix.csv").write_text("", encoding="utf-8")
    with loaded.serving() as serving:
        serving.until_ready()
        serving.check_all()
        serving.eventually(lambda: serving.ready()["stale"], "staleness")
        serving.check_all()


def test_a_service_whose_database_is_gone_answers_from_its_snapshot(loaded: Installation) -> None:
    database = loaded.data / "registry.sqlite"
    with loaded.serving() as serving:
        serving.until_ready()
        serving.eventually((loaded.data / "registry.snapshot").exists, "the snapshot")
        for path in loaded.data.glob("registry.sqlite*"):
            path.rename(path.with_name("away-" + path.name))
        serving.eventually(lambda: serving.ready()["registry"]["stale"], "staleness")
        serving.check_all()
    with loaded.serving() as serving:
        serving.until_ready()
        serving.check_all()

        assert serving.ready()["registry"]["stale"] is True
        assert not database.exists()
        for path in loaded.data.glob("away-*"):
            path.rename(path.with_name(path.name.removeprefix("away-")))
        serving.eventually(lambda: not serving.ready()["stale"], "recovery")
        serving.check_all()


def test_several_workers_answer_alike_and_end_together(loaded: Installation) -> None:
    with loaded.serving(AUTHZ_WORKERS="2") as serving:
        serving.until_ready()
        for _ in range(5):
            serving.check_all()
        children = descendants(serving.process.pid)

        assert len(children) >= 3
        assert serving.end() == 0
        assert all_ended(children)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_nothing_is_left_when_the_parent_is_killed(loaded: Installation, workers: str) -> None:
    with loaded.serving(AUTHZ_WORKERS=workers) as serving:
        serving.until_ready()
        children = descendants(serving.process.pid)
        serving.process.kill()

        assert children
        assert all_ended(children)


def test_a_builder_that_dies_is_started_again(loaded: Installation) -> None:
    with loaded.serving() as serving:
        serving.until_ready()
        (builder,) = builders_of(serving)
        os.kill(builder.pid, signal.SIGKILL)
        serving.eventually(lambda: builders_of(serving) not in ([], [builder]), "another builder")
        (loaded.set / "matrix.csv").write_text("", encoding="utf-8")
        serving.eventually(lambda: serving.ready()["stale"], "the new builder's report")
        serving.check_all()


def test_ctrl_c_in_a_terminal_reaches_no_process_that_the_parent_still_needs(loaded: Installation) -> None:
    with loaded.serving() as serving:
        serving.until_ready()
        groups = {os.getpgid(child.pid) for child in descendants(serving.process.pid)}
        serving.process.send_signal(signal.SIGINT)

        assert len(groups) >= 3
        assert os.getpgid(serving.process.pid) not in groups
        assert serving.process.wait(PATIENCE_S) == 0
        assert '"error"' not in serving.log()


def builders_of(serving: Serving) -> list[Process]:
    return [child for child in descendants(serving.process.pid) if "authz.policy.generations.builder" in child.words]


def test_requests_under_way_are_answered_before_the_end(loaded: Installation) -> None:
    with loaded.serving() as serving:
        serving.until_ready()
        body = json.dumps({"contact": "ana@acme.example", "action": "report", "ip": INSIDE}).encode()
        with socket.create_connection(("127.0.0.1", serving.port), PATIENCE_S) as client:
            client.sendall(
                b"POST /v1/decision HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n" % len(body)
            )
            time.sleep(0.3)  # the request is under way before the signal
            serving.process.send_signal(signal.SIGTERM)
            time.sleep(0.3)
            client.sendall(body)
            received = b""
            while part := client.recv(65536):
                received += part

        assert received.startswith(b"HTTP/1.1 200 ")
        assert b'"decision":true' in received
        assert serving.end() == 0


def test_a_port_that_is_taken_is_a_clear_message_and_status_2(installation: Installation) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        ended = installation.command("serve", AUTHZ_PORT=str(port))

    assert ended.returncode == 2
    assert f"cannot serve on 127.0.0.1:{port}: address already in use" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_without_a_key_only_loopback_is_served(installation: Installation, host: str) -> None:
    ended = installation.command("serve", AUTHZ_HOST=host, AUTHZ_PORT=str(free_port()))

    assert ended.returncode == 2
    assert "is not a loopback address, and no API key exists" in ended.stderr


def test_a_misspelt_setting_stops_the_start(installation: Installation) -> None:
    ended = installation.command("serve", AUTHZ_DATABASE_URI="sqlite:///canary-7f3e")

    assert ended.returncode == 2
    assert "`AUTHZ_DATABASE_URI` is not a setting; did you mean `AUTHZ_DATABASE_URL`?" in ended.stderr
    assert "canary" not in ended.stderr

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.cli.program import PROJECT, Checkout, authz, authz_process

GRACE_S = 60


@pytest.fixture
def serving(loaded: Checkout) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The service as a process on a free port, and its URL."""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "AUTHZ_DATA": str(loaded.root / "data"), "AUTHZ_PORT": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "authz", "serve", "--port", "0"], stderr=subprocess.PIPE, text=True, env=environment
    )
    watchdog = threading.Timer(GRACE_S, process.kill)
    watchdog.start()
    try:
        yield process, _url(process)
    finally:
        process.kill()
        process.wait()
        watchdog.cancel()
        if process.stderr is not None:
            process.stderr.close()


def _url(process: subprocess.Popen[str]) -> str:
    assert process.stderr is not None
    said: list[str] = []
    for line in process.stderr:
        said.append(line)
        event: dict[str, Any] = json.loads(line) if line.startswith("{") else {}
        if event.get("event") == "service_listening":
            return str(event["url"])
    raise AssertionError("".join(said))


@pytest.mark.e2e
def test_the_service_serves_on_the_stated_port_and_stops_as_told(serving: tuple[subprocess.Popen[str], str]) -> None:
    process, url = serving

    answer = httpx.get(f"{url}/health/live", timeout=GRACE_S)
    process.send_signal(signal.SIGTERM)

    assert answer.status_code == 200
    assert not url.endswith(":1")
    assert process.wait() == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--port", "99999"), "`AUTHZ_PORT`: input should be less than or equal to 65535"),
        (("--workers", "0"), "`AUTHZ_WORKERS`: input should be greater than or equal to 1"),
        (("--port", "any"), "Invalid value for '--port'"),
    ],
)
def test_settings_that_make_no_sense_are_wrong_usage(checkout: Checkout, arguments: tuple[str, ...], said: str) -> None:
    ran = authz("serve", *arguments)

    assert (ran.status, ran.out) == (2, "")
    assert said in ran.err


@pytest.mark.e2e
def test_an_address_of_another_machine_is_one_line(checkout: Checkout) -> None:
    ran = authz_process("serve", "--host", "no.such.host.example", environment={"AUTHZ_LOG_LEVEL": "error"})

    assert ran.status == 2
    assert ran.err == "authz: AUTHZ_HOST `no.such.host.example` is not an address of this machine\n"

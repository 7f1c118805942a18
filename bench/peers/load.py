"""Load from wrk, and what it costs the server: CPU from /proc, which a busy machine falsifies far less than a rate."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from peers.servers import Server

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")

SCRIPT = """
local requests, at = {}, 0
function init(args)
    for line in io.open(args[1], "rb"):lines() do
        requests[#requests + 1] = wrk.format("POST", nil, nil, line)
    end
end
function request()
    at = at % #requests + 1
    return requests[at]
end
function done(summary, latency)
    local bad = summary.errors
    print(string.format('\\n{"requests": %d, "us": %d, "p50": %d, "p99": %d, "bad": %d}', summary.requests,
        summary.duration, latency:percentile(50), latency:percentile(99),
        bad.connect + bad.read + bad.write + bad.status + bad.timeout))
end
"""


class Run(NamedTuple):
    """One run: microseconds of the server's CPU for each request, requests a second, latencies in microseconds."""

    cpu_us: float
    rate: float
    p50_us: float
    p99_us: float


def cpu_seconds(pids: Sequence[int]) -> float:
    """User and system time of the processes so far; a tick is 10 ms."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / _TICKS


def resident_mib(pids: Sequence[int]) -> float:
    """Memory that the processes hold."""
    return sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids) * _PAGE / (1 << 20)


def drive(server: Server, path: str, bodies: Sequence[bytes], connections: int, seconds: float) -> Run:
    """Ask the bodies in turn, over and over; stops the whole measurement at the first answer that is no success."""
    wrk = shutil.which("wrk")
    if wrk is None:
        sys.exit("wrk is not installed; on Debian: apt-get install wrk")
    with tempfile.TemporaryDirectory() as folder:
        script, asked = Path(folder, "ask.lua"), Path(folder, "bodies")
        script.write_text(SCRIPT)
        asked.write_bytes(b"\n".join(bodies) + b"\n")
        headers = [word for name, value in server.headers.items() for word in ("-H", f"{name}: {value}")]
        pids = server.pids()
        before = cpu_seconds(pids)
        ran = subprocess.run(
            [wrk, "-t1", f"-c{connections}", f"-d{seconds:.0f}s", "-s", script.as_posix(), *headers,
             f"http://127.0.0.1:{server.port}{path}", "--", asked.as_posix()],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        used = cpu_seconds(pids) - before
    said = json.loads(ran.stdout.strip().splitlines()[-1])
    if said["bad"] or not said["requests"]:
        sys.exit(f"{server.name}: {said['bad']} of {said['requests']} requests failed")
    return Run(
        used * 1e6 / said["requests"], said["requests"] * 1e6 / said["us"], float(said["p50"]), float(said["p99"])
    )


def ask_all(server: Server, path: str, bodies: Sequence[bytes]) -> list[bytes]:
    """The answers to the bodies, one after the other on one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    answers = []
    for body in bodies:
        connection.request("POST", path, body, dict(server.headers))
        answer = connection.getresponse()
        answers.append(answer.read())
        if answer.status != 200:
            sys.exit(f"{server.name}: status {answer.status}: {answers[-1][:300]!r}")
    connection.close()
    return answers

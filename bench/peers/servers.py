"""Servers that answer questions over HTTP, each started on a free loopback port and ended by its own process id.

A `Server` says how to ask it (path, headers, body of one question and of a batch) and how to read its answer, so that
one load generator drives them all and every answer is held against ours before anything is timed.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from peers.engines import granted, ranges
from world import POLICY_SET, ROOT, Asked, World

BIN = Path(sys.executable).parent
PATIENCE_S = 60.0
JSON = {"Content-Type": "application/json"}


class Server(NamedTuple):
    """A running server. `body`, `batch`: what to send; `allowed`, `all_allowed`: what the answer says."""

    name: str
    pids: Callable[[], list[int]]
    port: int
    path: str
    headers: Mapping[str, str]
    body: Callable[[Asked], bytes]
    allowed: Callable[[bytes], bool] | None
    batch_path: str = ""
    batch: Callable[[Sequence[Asked]], bytes] | None = None
    all_allowed: Callable[[bytes], list[bool]] | None = None


def free_port() -> int:
    """A port of the loopback that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def started(
    command: Sequence[str],
    port: int,
    environment: Mapping[str, str],
    ready: str = "/",
    patience_s: float = PATIENCE_S,
) -> Iterator[int]:
    """The process id of a server that answers on its port; ended, and waited for, on leaving."""
    with tempfile.TemporaryFile() as said:
        running = subprocess.Popen(command, env={**os.environ, **environment}, stdout=said, stderr=said)
        try:
            _wait(running, port, ready, said, patience_s)
            yield running.pid
        finally:
            running.terminate()
            try:
                running.wait(15)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()


def _wait(running: subprocess.Popen[bytes], port: int, ready: str, said: Any, patience_s: float) -> None:
    import http.client

    until = time.monotonic() + patience_s
    while time.monotonic() < until:
        if running.poll() is not None:
            break
        with contextlib.suppress(OSError):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            connection.request("GET", ready)
            status = connection.getresponse().status
            connection.close()
            if status < 500:
                return
        time.sleep(0.05)
    said.seek(0)
    sys.exit(f"a server did not start:\n{said.read().decode(errors='replace')[-2000:]}")


def family(pid: int) -> list[int]:
    """The process and those below it."""
    found, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        found.append(one)
        with contextlib.suppress(OSError):
            for thread in Path(f"/proc/{one}/task").iterdir():
                waiting += [int(child) for child in (thread / "children").read_text().split()]
    return found


def evaluation(asked: Asked) -> dict[str, Any]:
    """The question in AuthZEN's form."""
    return {
        "subject": {"type": "contact", "id": asked.contact},
        "action": {"name": asked.action},
        "resource": {"type": "tenant", "id": asked.tenant},
        "context": {"ip": asked.ip},
    }


def compact(document: object) -> bytes:
    """JSON as encoders write it."""
    return json.dumps(document, separators=(",", ":")).encode()


def says_true(answer: bytes) -> bool:
    """AuthZEN's answer."""
    return json.loads(answer)["decision"] is True


# ----------------------------------------------------------------------------------------------------------------- ours


@contextlib.contextmanager
def ours(world: World, mode: str, folder: Path, workers: int = 1) -> Iterator[Server]:
    """`authz serve` over the same tenants, with an API key that may be told reasons."""
    data = folder / f"data-{mode}-{workers}"
    settings = {
        "AUTHZ_DATA": data.as_posix(),
        "AUTHZ_POLICIES": policies_of(world, folder).as_posix(),
        "AUTHZ_MODEL": (ROOT / "model.conf").as_posix(),
        "AUTHZ_LOG_MODE": mode,
        "AUTHZ_LOG_LEVEL": "warning",
        "AUTHZ_WORKERS": str(workers),
    }
    authz = (BIN / "authz").as_posix()
    subprocess.run([authz, "registry", "load", _people(world, folder)], check=True, env={**os.environ, **settings})
    made = subprocess.run(
        [authz, "key", "create", "bench", "--scope", "decide", "--scope", "explain", "--json"],
        check=True, env={**os.environ, **settings}, capture_output=True,
    )  # fmt: skip
    key = json.loads(made.stdout)["key"]
    port = free_port()
    with started([authz, "serve"], port, {**settings, "AUTHZ_PORT": str(port)}, "/health/ready") as pid:
        yield Server(
            f"authz, {mode} log", lambda: serving(pid), port, "/access/v1/evaluation",
            {**JSON, "Authorization": f"Bearer {key}"}, lambda asked: compact(evaluation(asked)), says_true,
            "/access/v1/evaluations", _batch, _each,
        )  # fmt: skip


def serving(pid: int) -> list[int]:
    """Our processes but for the builder of policies, which has nothing to do with answers."""
    builder = b"authz.policy.generations.builder"
    return [one for one in family(pid) if builder not in Path(f"/proc/{one}/cmdline").read_bytes()]


def _batch(questions: Sequence[Asked]) -> bytes:
    return compact({"evaluations": [evaluation(asked) for asked in questions]})


def _each(answer: bytes) -> list[bool]:
    return [one["decision"] is True for one in json.loads(answer)["evaluations"]]


def policies_of(world: World, folder: Path) -> Path:
    """The shipped set with one network file for each tenant of the world."""
    policies = folder / "policies"
    if not policies.exists():
        made = policies / POLICY_SET
        shutil.copytree(ROOT / "policies" / POLICY_SET, made)
        shutil.rmtree(made / "networks")
        (made / "networks").mkdir()
        for tenant, lines in world.lines.items():
            text = "".join(f"p2, {tenant}, {line.network}, {line.effect.value}\n" for line in lines)
            (made / "networks" / f"{tenant}.csv").write_text(text)
    return policies


def _people(world: World, folder: Path) -> str:
    """The registry as JSON lines."""
    people = folder / "people.jsonl"
    if not people.exists():
        contacts: dict[str, list[dict[str, str]]] = {tenant: [] for tenant in world.lines}
        for email, (tenant, role) in world.roles.items():
            contacts[tenant].append({"name": f"Contact {len(contacts[tenant])}", "role": role, "email": email})
        annex = {"number": 1, "signed_on": "2026-01-01", "effective_from": "2026-01-01", "network": "declared"}
        with people.open("w") as stream:
            for tenant, listed in contacts.items():
                row = {"id": tenant, "set": POLICY_SET, "name": tenant, "annexes": [{**annex, "contacts": listed}]}
                stream.write(json.dumps(row) + "\n")
    return people.as_posix()


# --------------------------------------------------------------------------------------------------------------- limits


NO_OP = """
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    message = await receive()
    while message.get("more_body"):
        message = await receive()
    await send({"type": "http.response.start", "status": 200, "headers": [
        (b"content-type", b"application/json"), (b"content-length", b"17")]})
    await send({"type": "http.response.body", "body": b'{"decision":true}'})
"""


@contextlib.contextmanager
def no_op(folder: Path) -> Iterator[Server]:
    """An ASGI application that reads the body and answers a constant, on the same uvicorn with the same parts."""
    (folder / "no_op.py").write_text(NO_OP)
    port = free_port()
    command = [
        sys.executable, "-m", "uvicorn", "no_op:app", "--app-dir", folder.as_posix(), "--port", str(port),
        "--loop", "uvloop", "--http", "httptools", "--no-access-log", "--no-server-header", "--no-proxy-headers",
        "--interface", "asgi3", "--ws", "none", "--log-level", "warning",
    ]  # fmt: skip
    with started(command, port, {}) as pid:
        yield Server(
            "no-op ASGI application", lambda: family(pid), port, "/", JSON,
            lambda asked: compact(evaluation(asked)), None,
        )  # fmt: skip


BARE = """
import asyncio, signal, sys
import msgspec, uvloop

ANSWER = b'HTTP/1.1 200 OK\\r\\ncontent-type: application/json\\r\\ncontent-length: 17\\r\\n\\r\\n{"decision":true}'
decode = msgspec.json.Decoder().decode

class Bare(asyncio.Protocol):
    def connection_made(self, transport):
        self.write = transport.write

    def data_received(self, data):
        head, _, body = data.partition(b"\\r\\n\\r\\n")
        if body:
            decode(body)
        self.write(ANSWER)

async def main():
    loop = asyncio.get_running_loop()
    await loop.create_server(Bare, "127.0.0.1", int(sys.argv[1]))
    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    await ended.wait()

uvloop.run(main())
"""


@contextlib.contextmanager
def bare(folder: Path) -> Iterator[Server]:
    """What no Python on uvloop can be below: bytes in, the body parsed as JSON, a constant out; nothing is checked."""
    script = folder / "bare.py"
    script.write_text(BARE)
    port = free_port()
    with started([sys.executable, script.as_posix(), str(port)], port, {}) as pid:
        yield Server(
            "bare protocol on uvloop", lambda: family(pid), port, "/", JSON,
            lambda asked: compact(evaluation(asked)), None,
        )  # fmt: skip


NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log stderr crit;
events {{ worker_connections 1024; }}
http {{
    access_log off; keepalive_requests 1000000000;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location / {{ default_type application/json; return 200 '{{"decision":true}}'; }}
    }}
}}
"""


@contextlib.contextmanager
def nginx(folder: Path) -> Iterator[Server]:
    """A real nginx answering a constant: what the kernel and a C server cost."""
    found = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is None:
        sys.exit("nginx is not installed; on Debian: apt-get install nginx-light")
    port = free_port()
    configuration = folder / "nginx.conf"
    configuration.write_text(NGINX.format(folder=folder, port=port))
    with started([found, "-c", configuration.as_posix(), "-p", folder.as_posix()], port, {}) as pid:
        yield Server(
            "nginx, `return 200`", lambda: family(pid), port, "/", JSON,
            lambda asked: compact(evaluation(asked)), None,
        )  # fmt: skip


# --------------------------------------------------------------------------------------------------------------- Cerbos


CERBOS = """
server: {{httpListenAddr: "127.0.0.1:{http}", grpcListenAddr: "127.0.0.1:{grpc}"}}
telemetry: {{disabled: true}}
audit: {{enabled: false}}
storage: {{driver: disk, disk: {{directory: {policies}, watchForChanges: false}}}}
"""


@contextlib.contextmanager
def cerbos(world: World, folder: Path, binary: Path, *, authzen: bool) -> Iterator[Server]:
    """Cerbos, which keeps no people: role and ranges come with each question. No audit, no telemetry, no request log.

    Its work runs on one core (GOMAXPROCS=1), like ours. In a batch, Cerbos 0.55 answers two items with one subject and
    one resource id by the properties of only one of them (9 of 20,000 answers here were wrong, some of them allows), so
    the address is made part of the resource's id.
    """
    policies = folder / "cerbos"
    policies.mkdir(exist_ok=True)
    (policies / "tenant.yaml").write_text(_cerbos_policy())
    http, grpc = free_port(), free_port()
    configuration = folder / "cerbos.yaml"
    configuration.write_text(CERBOS.format(http=http, grpc=grpc, policies=policies))
    command = [binary.as_posix(), "server", f"--config={configuration}", "--log-level=error"]
    sides = {tenant: dict(zip(("allowed", "denied"), ranges(world, tenant), strict=True)) for tenant in world.lines}

    def zen(asked: Asked) -> dict[str, Any]:
        _, role = world.roles[asked.contact]
        return {
            "subject": {"type": "contact", "id": asked.contact, "properties": {"cerbos.roles": [role]}},
            "action": {"name": asked.action},
            "resource": {
                "type": "tenant",
                "id": f"{asked.tenant}/{asked.ip}",
                "properties": {**sides[asked.tenant], "ip": asked.ip},
            },
        }

    def rest(asked: Asked) -> bytes:
        _, role = world.roles[asked.contact]
        resource = {"kind": "tenant", "id": asked.tenant, "attr": {**sides[asked.tenant], "ip": asked.ip}}
        return compact(
            {
                "requestId": "1",
                "principal": {"id": asked.contact, "roles": [role]},
                "resources": [{"actions": [asked.action], "resource": resource}],
            }
        )

    def rest_says(answer: bytes) -> bool:
        return re.search(rb"EFFECT_(ALLOW|DENY)", answer).group(1) == b"ALLOW"  # type: ignore[union-attr]

    def zen_batch(questions: Sequence[Asked]) -> bytes:
        return compact({"evaluations": [zen(asked) for asked in questions]})

    with started(command, http, {"GOMAXPROCS": "1"}, "/_cerbos/health") as pid:
        if authzen:
            yield Server(
                "Cerbos, AuthZEN", lambda: family(pid), http, "/access/v1/evaluation", JSON,
                lambda asked: compact(zen(asked)), says_true, "/access/v1/evaluations", zen_batch, _each,
            )  # fmt: skip
        else:
            yield Server("Cerbos, REST", lambda: family(pid), http, "/api/check/resources", JSON, rest, rest_says)


def _cerbos_policy() -> str:
    rules = [
        {
            "actions": sorted(actions),
            "roles": [role],
            "effect": "EFFECT_ALLOW",
            "condition": {
                "match": {
                    "all": {
                        "of": [
                            {"expr": "R.attr.allowed.exists(n, R.attr.ip.inIPAddrRange(n))"},
                            {"expr": "!R.attr.denied.exists(n, R.attr.ip.inIPAddrRange(n))"},
                        ]
                    }
                }
            },
        }
        for role, actions in sorted(granted().items())
    ]
    policy = {"resource": "tenant", "version": "default", "rules": rules}
    return json.dumps({"apiVersion": "api.cerbos.dev/v1", "resourcePolicy": policy})

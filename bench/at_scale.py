"""The service with a million contacts: ready when, how much memory, how late a suspension is, who waits for a change.

A real `authz serve` on SQLite over TENANTS x 20 contacts, each tenant with a network line of its own. Somebody asks
about a random contact every two milliseconds; meanwhile contacts are suspended, a network file changes, some thousand
tenants are loaded anew, and one more contact is suspended while they are taken over. Says how long the questions of
that time took, beside those of quiet seconds.

Usage: python bench/at_scale.py [TENANTS [WORKERS]]   (50,000 tenants: five minutes, most of it to fill the database)
"""

from __future__ import annotations

import http.client
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from peers.load import resident_mib
from peers.servers import BIN, JSON, compact, family, free_port, started
from world import CONTACTS_PER_TENANT, POLICY_SET, ROOT

from authz.core.types import SubjectKey
from authz.registry.store import RegistryStore
from authz.registry.suspension import suspend

TENANTS: Final = 50_000
SUSPENSIONS: Final = 8
LOADED_ANEW: Final = 20_000
QUIET_S: Final = 8.0
PAUSE_S: Final = 0.002
PATIENCE_S: Final = 300.0
ACTION: Final = "change_ip_address"
AUTHZ: Final = (BIN / "authz").as_posix()


class Client:
    """One kept connection. Not for several threads."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._asked_at = time.monotonic()

    def ask(self, tenant: int, contact: int) -> dict[str, Any]:
        """The answer's context about one contact of one tenant."""
        stated = {"contact": email(tenant, contact), "action": ACTION, "ip": "203.0.113.5"}
        if time.monotonic() - self._asked_at > 2:
            self._connection.close()  # the server ends idle connections
        self._asked_at = time.monotonic()
        self._connection.request("POST", "/v1/decision", compact(stated), JSON)
        answer: dict[str, Any] = json.loads(self._connection.getresponse().read())["context"]
        return answer


class Asking(threading.Thread):
    """Asks about random contacts, and keeps how long each answer took."""

    def __init__(self, port: int, tenants: int) -> None:
        super().__init__(daemon=True)
        self._client, self._tenants = Client(port), tenants
        self._taken: list[tuple[float, float]] = []
        self.ended = threading.Event()

    def run(self) -> None:
        """Until told to end."""
        rng = random.Random(1)
        while not self.ended.wait(PAUSE_S):
            begun = time.perf_counter()
            self._client.ask(rng.randrange(self._tenants), rng.randrange(CONTACTS_PER_TENANT))
            self._taken.append((begun, time.perf_counter() - begun))

    @contextmanager
    def told(self, what: str) -> Iterator[None]:
        """Print the latencies of the questions that are asked while the block runs."""
        begun = time.perf_counter()
        yield
        taken = sorted(one for at, one in self._taken if at >= begun)
        p50, p99 = (taken[int(len(taken) * part)] * 1000 for part in (0.5, 0.99))
        print(f"{what}: {len(taken)} questions, p50 {p50:.1f} ms, p99 {p99:.1f} ms, worst {taken[-1] * 1000:.1f} ms")


def email(tenant: int, contact: int) -> str:
    """The one id of a contact."""
    return f"person{contact}@client{tenant}.example"


def people(path: Path, tenants: range, name: str) -> None:
    """A registry file."""
    annex = {"number": 1, "signed_on": "2026-01-01", "effective_from": "2026-01-01", "network": "any"}
    with path.open("w") as stream:
        for at in tenants:
            contacts = [
                {"name": f"P {k}", "role": "user" if k else "admin", "email": email(at, k)}
                for k in range(CONTACTS_PER_TENANT)
            ]
            row = {
                "id": f"t{at}",
                "set": POLICY_SET,
                "name": f"{name} {at}",
                "annexes": [{**annex, "contacts": contacts}],
            }
            stream.write(json.dumps(row) + "\n")


def policies(folder: Path, tenants: int) -> Path:
    """The shipped set, with a line for each tenant."""
    networks = folder / "policies" / POLICY_SET / "networks"
    shutil.copytree(ROOT / "policies" / POLICY_SET, networks.parent)
    (networks / "many.csv").write_text("".join(f"p2, t{at}, any, allow\n" for at in range(tenants)))
    return networks / "acme.csv"


def until(holds: Callable[[], bool]) -> float:
    """Seconds until something holds."""
    begun = time.perf_counter()
    while not holds():
        if time.perf_counter() - begun > PATIENCE_S:
            sys.exit("it does not come about")
        time.sleep(0.005)
    return time.perf_counter() - begun


def measure(folder: Path, tenants: int, workers: int) -> None:
    """All of it, over one data folder."""
    line = policies(folder, tenants)
    port = free_port()
    environment = {
        "AUTHZ_DATA": (folder / "data").as_posix(),
        "AUTHZ_POLICIES": (folder / "policies").as_posix(),
        "AUTHZ_MODEL": (ROOT / "model.conf").as_posix(),
        "AUTHZ_LOG_LEVEL": "warning",
        "AUTHZ_LOG_MODE": "relaxed",
        "AUTHZ_WORKERS": str(workers),
        "AUTHZ_PORT": str(port),
    }

    def authz(*words: str) -> None:
        subprocess.run([AUTHZ, *words], check=True, env={**os.environ, **environment}, stdout=subprocess.DEVNULL)

    people(folder / "all.jsonl", range(tenants), "Client")
    begun = time.perf_counter()
    authz("registry", "load", (folder / "all.jsonl").as_posix(), "--by", "bench")
    print(
        f"{tenants} tenants x {CONTACTS_PER_TENANT} contacts into the database in {time.perf_counter() - begun:.0f} s"
    )
    with started([AUTHZ, "serve"], port, environment, "/health/ready", PATIENCE_S):
        until((folder / "data/registry.snapshot").exists)  # and the policy is compiled
    begun = time.perf_counter()
    with started([AUTHZ, "serve"], port, environment, "/health/ready", PATIENCE_S) as pid:
        print(f"ready after {time.perf_counter() - begun:.1f} s, with {workers} worker(s)")
        client, asking = Client(port), Asking(port, tenants)
        asking.start()
        with asking.told("quiet"):
            time.sleep(QUIET_S)
        late = []
        with asking.told("while contacts are suspended"):
            for at in range(SUSPENSIONS):
                authz("contact", "suspend", email(at, 0), "--tenant", f"t{at}", "--by", "bench")
                late.append(until(lambda at=at: client.ask(at, 0)["reason"] == "contact_suspended"))  # type: ignore[misc]
        print(f"refused after the suspension's end: {', '.join(f'{one:.2f}' for one in late)} s")
        with asking.told("while a network file changes"):
            before = client.ask(0, 1)["revision"]["policy"]
            line.write_text(line.read_text() + "# changed\n")
            taken = until(lambda: client.ask(0, 1)["revision"]["policy"] != before)
            time.sleep(1)
        print(f"live after {taken:.1f} s")
        people(folder / "some.jsonl", range(min(LOADED_ANEW, tenants)), "Customer")
        authz("registry", "load", (folder / "some.jsonl").as_posix(), "--by", "bench")
        newest = client.ask(0, 1)["revision"]["registry"]
        with asking.told(f"while {min(LOADED_ANEW, tenants)} changed tenants are taken over"):
            begun = time.perf_counter()
            last = tenants - 1
            suspend(
                RegistryStore(f"sqlite:///{folder}/data/registry.sqlite"),
                f"t{last}",
                SubjectKey(email(last, 0)),
                "bench",
            )
            refused = until(lambda: client.ask(last, 0)["reason"] == "contact_suspended")
            until(lambda: client.ask(0, 1)["revision"]["registry"] > newest)
            taken = time.perf_counter() - begun
            time.sleep(1)
        print(f"live after {taken:.1f} s; refused after a suspension that was committed meanwhile: {refused:.2f} s")
        asking.ended.set()
        asking.join()
        for one in family(pid):
            words = Path(f"/proc/{one}/cmdline").read_bytes().decode().split("\0")
            name = next((word for word in words if word.startswith("authz.")), "serving")
            print(f"{name}: {resident_mib([one]):.0f} MiB")


def main(arguments: list[str]) -> None:
    """With the sizes given."""
    sizes = [int(one) for one in arguments]
    tenants, workers = (*sizes, *(TENANTS, 1)[len(sizes) :])
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), tenants, workers)


if __name__ == "__main__":
    main(sys.argv[1:])
